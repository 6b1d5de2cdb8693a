"""Formulas from formulas: what stands in each rung, as a user would type it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.diagnose.ladder.kind import Asked, Kind
from ranef.diagnose.ladder.rung import Plan
from ranef.diagnose.ladder.rungs import (
    centred,
    centred_mean,
    drop_slope,
    drop_term,
    group_mean,
    random_intercepts,
    zero_correlation,
)
from ranef.diagnose.larger import Larger
from ranef.diagnose.rewrite import parts_of
from ranef.diagnose.subject import Subject
from ranef.fit.subject import subject_of
from ranef.formula import parse, to_text
from ranef.formula.render import to_source

FORMULAS = [
    "y ~ x + (x | g)",
    "log(y) ~ 0 + x * f + I(x^2) + offset(z) + (1 + x || g/h) + (0 + f | sch.id)",
    "y ~ `my x` * f - f + (`my x` | `the group`) + (1 | a:b)",
    "y ~ 1 + (1 | g)",
    "y ~ -1 + poly(x, 2) + C(f, contr.sum) + (1 | factor(g))",
    "cbind(a, b) ~ (x + z)^2 + x %in% z + within(x, g:h) + (1 | g) + (`TRUE` | h)",
    "y ~ x + cs(0 + f | g/h) + rr(x + z | g) + ar1(0 + x | `the group`) + diag(z | h)",
]


CENTRING = (centred.KIND, group_mean.KIND, centred_mean.KIND)
SMALLER = (zero_correlation.KIND, drop_slope.KIND, drop_term.KIND, random_intercepts.KIND)


def planned(subject: Subject, kinds: Sequence[Kind]) -> list[Plan]:
    """Their plans, in the order of the ladder."""
    asked = Asked(subject, (), (), Larger())
    plans = [(kind.place, plan.order, plan) for kind in kinds for plan in kind.plans(asked)]
    return [plan for *_, plan in sorted(plans, key=lambda each: each[:2])]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_taken_apart_and_put_together_reads_the_same(text: str) -> None:
    formula = parse(text)
    again = parse(parts_of(formula).text)
    assert again.response == formula.response
    assert (again.intercept, again.fixed) == (formula.intercept, formula.fixed)
    assert again.offsets == formula.offsets
    assert [(b.model, b.factors, b.correlated, b.structure, b.rank) for b in again.bars] == [
        (b.model, b.factors, b.correlated, b.structure, b.rank) for b in formula.bars
    ]
    assert to_text(parse(f"{to_source(formula.response)} ~ 1 + (1 | g)").response) == to_text(
        formula.response
    )


@pytest.fixture(scope="module")
def subject() -> Callable[[str], Subject]:
    """A fit to data in which x and z vary within and between groups, and c between alone."""
    rng = np.random.default_rng(8)
    n = 240
    data = pd.DataFrame({"g": np.repeat(np.arange(24), 10), "h": np.tile(np.arange(8), 30)})
    data["top"] = data["g"] // 4
    centre = rng.normal(size=24)[data["g"]]
    data["x"], data["my x"], data["z"] = (centre + rng.normal(size=n) for _ in range(3))
    data["c"], data["f"] = centre, rng.choice(["a", "b", "c"], size=n)
    data["y"] = data["x"] * (1 + rng.normal(size=24)[data["g"]]) + centre + rng.normal(size=n)

    def make(formula: str) -> Subject:
        control = rn.Control(max_evaluations=1)
        return subject_of(rn.lmm(formula, data, control=control))

    return make


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (
            "y ~ x*c + (x | g)",
            [
                ("centred", "y ~ within(x, g) * c + (within(x, g) | g)"),
                ("group-mean", "y ~ x * c + between(x, g) * c + (x | g)"),
                (
                    "centred-mean",
                    "y ~ within(x, g) * c + between(x, g) * c + (within(x, g) | g)",
                ),
            ],
        ),
        (
            "y ~ within(x, g) + c + (within(x, g) | g)",
            [("group-mean", "y ~ within(x, g) + c + between(x, g) + (within(x, g) | g)")],
        ),
        # The mean is there already, under its own name or by another.
        ("y ~ x + between(x, g) + (x | g)", []),
        ("y ~ within(x, g) + between(x, g) + (1 | g)", []),
        ("y ~ c + f + (1 | g)", []),
        (
            "y ~ log(exp(`my x`)) + f + (1 | g)",
            [
                ("centred", "y ~ within(log(exp(`my x`)), g) + f + (1 | g)"),
                (
                    "group-mean",
                    "y ~ log(exp(`my x`)) + f + between(log(exp(`my x`)), g) + (1 | g)",
                ),
                (
                    "centred-mean",
                    "y ~ within(log(exp(`my x`)), g) + f + between(log(exp(`my x`)), g) + (1 | g)",
                ),
            ],
        ),
    ],
    ids=["raw", "centred", "with-mean", "both", "none", "function"],
)
def test_centring(
    subject: Callable[[str], Subject], formula: str, expected: list[tuple[str, str]]
) -> None:
    plans = planned(subject(formula), CENTRING)
    assert [(plan.key, plan.formula) for plan in plans] == expected


def test_several_predictors_are_averaged_together(subject: Callable[[str], Subject]) -> None:
    plans = {p.key: p.formula for p in planned(subject("y ~ x:z + x + (1 | g)"), CENTRING)}
    assert plans["group-mean"] == (
        "y ~ x:z + x + between(x, g):between(z, g) + between(x, g) + (1 | g)"
    )


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        (
            "y ~ x + (x | g)",
            ["y ~ x + (x || g)", "y ~ x + (1 | g)"],
        ),
        (
            "y ~ x + z + (x + z || g)",
            [
                "y ~ x + z + (z || g)",
                "y ~ x + z + (x || g)",
                "y ~ x + z + (1 | g)",
            ],
        ),
        (
            "y ~ x + (x | top/g)",
            [
                "y ~ x + (x || top / g)",
                "y ~ x + (1 | g:top) + (x | top)",
                "y ~ x + (x | g:top) + (1 | top)",
                "y ~ x + (1 | g:top) + (1 | top)",
            ],
        ),
        (
            "y ~ x * z + (x * z | g)",
            [
                "y ~ x * z + (x * z || g)",
                "y ~ x * z + (x + z | g)",
                "y ~ x * z + (1 | g)",
            ],
        ),
        (
            "y ~ x + (1 | g) + (0 + x | g)",
            ["y ~ x + (1 | g)"],
        ),
        ("y ~ x + (1 | g) + (1 | h)", []),
        (
            "y ~ f + (0 + f | h)",
            ["y ~ f + (0 + f || h)", "y ~ f + (1 | h)"],
        ),
    ],
    ids=["slope", "uncorrelated", "nested", "interaction", "two-bars", "intercepts", "category"],
)
def test_smaller_random_parts(
    subject: Callable[[str], Subject], formula: str, expected: list[str]
) -> None:
    plans = planned(subject(formula), SMALLER)
    made = [plan.formula for plan in plans if plan.key != "drop-term"]
    assert made == expected
