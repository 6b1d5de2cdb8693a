"""scale() and its like learn a mean and a standard deviation, which sums hold."""

from __future__ import annotations

import numpy as np
import pytest

import ranef as rn

SLEEP = rn.datasets.load("sleepstudy")


@pytest.mark.parametrize(
    "formula",
    [
        "Reaction ~ scale(Days) + (1 | Subject)",
        "Reaction ~ center(Days) + (center(Days) | Subject)",
        "Reaction ~ standardize(Days) * Days + (1 | Subject)",
        "Reaction ~ scale(log(Days + 1), scale=2) + (scale(Days, center=False) | Subject)",
        "Reaction ~ scale(Days, False, True, 0) + (1 | Subject)",
        "Reaction ~ scale(Days, center=5, scale=False) + (1 | Subject)",
    ],
)
def test_sums_of_two_parts_are_the_rows_in_memory(formula: str) -> None:
    parts = [SLEEP[SLEEP["Days"] < 4], SLEEP[SLEEP["Days"] >= 4]]
    summed = rn.lmm(formula, rn.moments(formula, parts[0]) + rn.moments(formula, parts[1]))
    memory = rn.lmm(formula, SLEEP)
    assert summed.criterion == pytest.approx(memory.criterion, abs=1e-8)
    np.testing.assert_allclose(summed.fixef, memory.fixef, rtol=1e-9)
    new = SLEEP.head(12).assign(Days=np.linspace(0.0, 20.0, 12))
    np.testing.assert_allclose(summed.predict(new), memory.predict(new), rtol=1e-9)


def test_with_weights_an_expression_has_no_mean() -> None:
    weighted = SLEEP.assign(w=1.0 + SLEEP["Days"] % 3)
    formula = "Reaction ~ scale(Days) + (1 | Subject)"
    summed = rn.lmm(formula, rn.moments(formula, weighted, weights="w"))
    memory = rn.lmm(formula, weighted, weights="w")
    np.testing.assert_allclose(summed.fixef, memory.fixef, rtol=1e-9)
    formula = "Reaction ~ scale(log(Days + 1)) + (1 | Subject)"
    with pytest.raises(rn.DataError, match="without weights, which is not summed"):
        rn.lmm(formula, rn.moments(formula, weighted, weights="w"))
