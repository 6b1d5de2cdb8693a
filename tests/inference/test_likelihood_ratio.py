"""One likelihood-ratio test: of the ladder, of rn.anova and of ranova."""

from __future__ import annotations

import math

import pytest

import ranef as rn
from ranef.inference.chi_bar_square import chi_bar_square
from ranef.inference.likelihood_ratio import fixed_part_ratio, statistic_of


@pytest.mark.parametrize(
    ("gained", "statistic"), [(2.5, 2.5), (0.0, 0.0), (-0.99e-4, 0.0), (-1.01e-4, math.nan)]
)
def test_a_larger_model_may_stay_behind_by_what_a_search_leaves(
    gained: float, statistic: float
) -> None:
    assert statistic_of(gained) == pytest.approx(statistic, nan_ok=True)


def test_fixed_effects_have_one_chi_square() -> None:
    ratio = fixed_part_ratio(3.0, 2)
    assert (ratio.law, ratio.exact, ratio.note) == ("chi2(2)", True, "")
    assert ratio.p_low == ratio.p_high == chi_bar_square(3.0, {2: 1.0})


@pytest.mark.parametrize(
    ("formula", "smaller", "row", "rung"),
    [
        (
            "Reaction ~ Days + (Days | Subject)",
            "Reaction ~ Days + (1 | Subject)",
            "Days in (Days | Subject)",
            "random-intercepts",
        ),
        # The smaller model is singular itself: bounds.
        (
            "Reaction ~ Days + (Days | Subject) + (1 | odd)",
            "Reaction ~ Days + (1 | Subject) + (1 | odd)",
            "Days in (Days | Subject)",
            "random-intercepts",
        ),
    ],
    ids=["exact", "bounds"],
)
def test_ladder_anova_and_ranova_agree(formula: str, smaller: str, row: str, rung: str) -> None:
    data = rn.datasets.load("sleepstudy")
    data["odd"] = data.index.to_numpy() * 7 % 5
    large, small = rn.lmm(formula, data), rn.lmm(smaller, data)
    told = large.diagnose().remedies.set_index("rung").loc[rung]
    reduced = large.ranova().loc[row]
    if small.certificate.verdict == "boundary optimum":
        with pytest.warns(UserWarning, match="an upper bound"):
            between = rn.anova(small, large).iloc[1]
    else:
        between = rn.anova(small, large).iloc[1]
    for other in (reduced, between):
        assert other["statistic"] == pytest.approx(told["statistic"], abs=1e-6)
        assert other["p_value"] == pytest.approx(told["p_value"], rel=1e-5)
    assert reduced["law"] == between["law"]
    if told["p_low"] == told["p_value"]:
        assert told["test"].endswith(between["law"])
