"""Start values that a user gives: theta alone, or theta and all coefficients."""

from __future__ import annotations

import pytest

import ranef as rn

FORMULA = "incidence / size ~ period + (1 | herd)"


@pytest.fixture(scope="module")
def own():
    return rn.glmm(FORMULA, rn.datasets.load("cbpp"), weights="size")


@pytest.mark.parametrize("start", [[2.0], [0.0], [1.0, -1.0, -0.5, -0.5, -0.5]])
def test_the_search_ends_at_the_same_optimum(own: rn.GeneralisedFit, start: list[float]) -> None:
    fit = rn.glmm(FORMULA, rn.datasets.load("cbpp"), weights="size", start=start)
    assert fit.certificate.certified
    # Both are within the gain that a certificate allows.
    assert fit.loglik == pytest.approx(own.loglik, abs=1e-6)


def test_numbers_that_fit_neither_are_refused() -> None:
    with pytest.raises(rn.OptionError, match="the start values do not fit the model"):
        rn.glmm(FORMULA, rn.datasets.load("cbpp"), weights="size", start=[1.0, 2.0])
