"""Likelihoods without a maximum: which covariances a structure allows decides."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.design import build
from ranef.formula import parse
from ranef.frame import read_table
from ranef.problem.unbounded import check_bounded

COLUMNS = 4


def data(shape: list[float], noise: float = 0.0) -> pd.DataFrame:
    """Two groups of four occasions: all effects of a group are one, times a shape."""
    rng = np.random.default_rng(4)
    g, t = np.repeat([0, 1], COLUMNS), np.tile(np.arange(COLUMNS), 2)
    x, w = rng.normal(size=(2, g.size))
    y = 1.0 + x - w + np.array(shape)[t] * np.array([2.0, -1.0])[g]
    y += noise * rng.normal(size=g.size)
    labels = pd.Series(t).map(lambda k: f"t{k}").astype("category")
    return pd.DataFrame({"y": y, "x": x, "w": w, "g": g, "t": labels})


def check(structure: str, frame: pd.DataFrame, reml: bool) -> None:
    design = build(parse(f"y ~ x + w + {structure}(0 + t | g)"), read_table(frame))
    check_bounded(design, design.y, reml, penalised=False)


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize(
    ("structure", "shape"),
    [
        ("us", [1.0, 2.0, -0.5, 0.7]),
        ("cs", [1.0, 2.0, 0.5, 0.7]),
        ("hetar1", [1.0, 2.0, 0.5, 0.7]),
        ("hetar1", [1.0, -2.0, 0.5, -0.7]),
        ("toep", [1.0, -2.0, 0.5, -0.7]),
    ],
)
def test_effects_at_a_bound_that_fit_all_rows(
    structure: str, shape: list[float], reml: bool
) -> None:
    with pytest.raises(rn.DesignError, match="the likelihood grows without end"):
        check(structure, data(shape), reml)


@pytest.mark.parametrize(
    ("structure", "shape", "reml"),
    [
        ("cs", [1.0, -2.0, 0.5, 0.7], True),
        ("hetar1", [1.0, 2.0, -0.5, 0.7], True),
        ("homcs", [1.0, 2.0, 0.5, 0.7], True),
        ("ar1", [1.0, 2.0, 0.5, 0.7], True),
        ("ar1", [1.0, 2.0, 0.5, 0.7], False),
        ("homdiag", [1.0, 2.0, 0.5, 0.7], True),
        ("homdiag", [1.0, 2.0, 0.5, 0.7], False),
    ],
)
def test_shapes_that_a_structure_cannot_have(
    structure: str, shape: list[float], reml: bool
) -> None:
    check(structure, data(shape), reml)


def test_the_lowest_correlation_leaves_one_dimension_less() -> None:
    """By ML effects in three dimensions and the predictors fit all rows."""
    with pytest.raises(rn.DesignError, match="in 6 dimensions"):
        check("homcs", data([1.0, 2.0, 0.5, 0.7]), False)


def test_by_maximum_likelihood_the_fixed_part_counts() -> None:
    """Random effects in fewer dimensions than rows, all rows fitted with the predictors."""
    rng = np.random.default_rng(1)
    frame = data([1.0, 2.0, 0.5, 0.7], noise=0.5)
    extra = frame.iloc[:2].assign(y=rng.normal(size=2), x=rng.normal(size=2), w=rng.normal(size=2))
    more = pd.concat([frame, extra], ignore_index=True)
    for structure in ("homdiag", "homcs", "ar1"):
        with pytest.raises(rn.DesignError, match="by maximum likelihood"):
            check(structure, more, reml=False)
        check(structure, more, reml=True)


def test_a_reduced_rank_is_no_more_than_that() -> None:
    """Two dimensions in each of two groups and three coefficients, with any shapes, fit 8 rows."""
    frame = data([1.0, 2.0, 0.5, 0.7], noise=1.0)
    with pytest.raises(rn.DesignError, match="the likelihood grows without end"):
        check("us", frame, True)
    more = pd.concat([frame, frame.assign(g=frame.g + 2, y=-(frame.y**2))], ignore_index=True)
    design = build(parse("y ~ x + w + rr(0 + t | g, 1)"), read_table(more))
    check_bounded(design, design.y, True, penalised=False)
