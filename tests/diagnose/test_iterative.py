"""Crossed factors that are solved by iterations: what takes leverages is left out, and says so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.core.crossed import needs_exact


@pytest.fixture(scope="module")
def fit() -> rn.Fit:
    rng = np.random.default_rng(0)
    n = 1500
    user, item, x = rng.integers(0, 90, n), rng.integers(0, 60, n), rng.normal(size=n)
    y = x + rng.normal(size=90)[user] + rng.normal(size=60)[item] + rng.normal(size=n)
    data = pd.DataFrame({"y": y, "x": x, "user": user, "item": item})
    return rn.lmm("y ~ x + (1 | user) + (1 | item)", data, control=rn.Control(crossed="iterative"))


@pytest.fixture
def many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The core refuses leverages, as it does for hundreds of thousands of rows."""

    def refuse(*_: object) -> None:
        raise needs_exact("variances of so many rows")

    monkeypatch.setattr("ranef.inference.rows.row_variances", refuse)


def codes(fit: rn.Fit) -> set[str]:
    return {finding.code for finding in fit.diagnose().findings}


def test_the_diagnosis_leaves_out_the_spread(fit: rn.Fit, many_rows: None) -> None:
    diagnosis = fit.diagnose()
    assert "unchecked-spread" in {finding.code for finding in diagnosis.findings}
    assert len(diagnosis.remedies) > 2
    assert "was not checked" in str(diagnosis)


def test_errors_of_the_criterion_are_no_other_optimum(fit: rn.Fit) -> None:
    """Searches from elsewhere end within the error of the estimate."""
    diagnosis = fit.diagnose()
    assert not any("search from elsewhere found" in text for text in diagnosis.summary)


def test_few_rows_are_checked(fit: rn.Fit) -> None:
    assert "unchecked-spread" not in codes(fit)


@pytest.mark.parametrize("calibrate", [True, False])
def test_tests_of_residuals_are_refused_at_once(
    fit: rn.Fit, many_rows: None, calibrate: bool
) -> None:
    with pytest.raises(rn.TooLargeError, match="a test of residuals needs the leverage") as caught:
        fit.check_residuals(9, calibrate=calibrate)
    assert "fewer rows" not in caught.value.fix
