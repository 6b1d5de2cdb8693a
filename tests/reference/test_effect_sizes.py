"""R2 and ICC against the package performance, and against the mean of diag(Z V Z')."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CONTENT = gzip.decompress((Path(__file__).parent / "effect_sizes.json.gz").read_bytes())
# `agrees` tells whether performance 0.10.2 gives what the definition gives at R's estimates: it
# leaves out the second term of (x || g), and all random variance of singular fits.
MODELS: dict[str, dict[str, Any]] = json.loads(CONTENT)


@pytest.mark.parametrize("name", MODELS)
def test_as_performance(name: str, fitted_model: Callable[[str], Any]) -> None:
    """R's theta is good to 1e-7 or so; shares move with it to first order."""
    fit, theirs = fitted_model(name), MODELS[name]
    r2, icc = fit.r2(), fit.icc()
    for ours, key in (
        (r2.marginal, "r2_marginal"),
        (r2.conditional, "r2_conditional"),
        (icc.adjusted, "icc_adjusted"),
        (icc.unadjusted, "icc_unadjusted"),
    ):
        assert ours == pytest.approx(theirs[key], abs=1e-6)
    variance = r2.frame["variance"]
    total = theirs["random"] + theirs["fixed"] + theirs["residual"]
    assert variance.sum() == pytest.approx(total, rel=1e-5)
    assert variance["residual"] == pytest.approx(theirs["residual"], rel=1e-5)


def test_is_complete() -> None:
    assert len(MODELS) == 55
    assert sum(model["agrees"] for model in MODELS.values()) == 47
