"""When the fit of a source is the fit of the same rows in memory."""

from __future__ import annotations

import numpy as np
import pytest

import ranef as rn

__all__ = ["agrees"]


def agrees(streamed: rn.Fit, memory: rn.Fit) -> None:
    """Compare what a fit says; errors of estimates count in standard errors."""
    assert streamed.nobs == memory.nobs
    assert len(streamed.missing_rows) == len(memory.missing_rows)
    assert streamed.missing_rows.by_column == memory.missing_rows.by_column
    assert streamed.criterion == pytest.approx(memory.criterion, rel=1e-10)
    np.testing.assert_allclose(streamed.theta, memory.theta, rtol=1e-7, atol=1e-9)
    assert list(streamed.fixef.index) == list(memory.fixef.index)
    se = np.sqrt(np.diag(memory.vcov))
    assert np.abs((streamed.fixef - memory.fixef) / se).max() < 1e-8
    np.testing.assert_allclose(streamed.vcov, memory.vcov, rtol=1e-8, atol=1e-12)
    for group, frame in memory.ranef().items():
        other = streamed.ranef()[group]
        assert other.index.astype(str).tolist() == frame.index.astype(str).tolist()
        np.testing.assert_allclose(other, frame, rtol=1e-6, atol=1e-8)
    assert streamed.certificate.verdict == memory.certificate.verdict
