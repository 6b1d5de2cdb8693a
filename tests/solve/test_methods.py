"""The two ways to search: they meet, and the outcome says which one it was."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ranef as rn


def data(seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 12, 300), rng.integers(0, 7, 300)
    x = rng.normal(size=300)
    y = x + rng.normal(size=12)[a] + rng.normal(size=12)[a] * x + rng.normal(size=7)[b]
    return pd.DataFrame({"y": y + rng.normal(size=300), "x": x, "a": a, "b": b}).astype(
        {"a": str, "b": str}
    )


# The last one has a variance of zero: its optimum is on the boundary.
FORMULAS = ["y ~ x + (x | a)", "y ~ x + (x | a) + (1 | b)", "y ~ x + (x | a) + (x | b)"]


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("reml", [False, True], ids=["ML", "REML"])
def test_both_methods_end_in_the_same_certified_optimum(formula, reml):
    newton = rn.lmm(formula, data(), reml=reml)
    other = rn.lmm(formula, data(), reml=reml, control=rn.Control(method="l-bfgs"))
    assert newton._solution.method == "newton"
    assert other._solution.method == "l-bfgs"
    assert other.certificate.certified
    assert other.criterion == pytest.approx(newton.criterion, abs=1e-7)
    assert other.certificate.evaluations > newton.certificate.evaluations


def test_a_search_by_gradients_stops_at_its_limit():
    fit = rn.lmm(
        FORMULAS[1],
        data(),
        start=[3.0, 0.0, 3.0, 3.0],
        control=rn.Control(method="l-bfgs", max_evaluations=3, restarts=0),
    )
    assert fit.certificate.evaluations == 3
    assert not fit.certificate.certified


def test_an_unknown_method_is_refused():
    with pytest.raises(rn.OptionError, match="no such method"):
        rn.Control(method="bobyqa")
