"""Sums over rows: the same numbers where cross-products suffice, right ones where they do not."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from problems import STRUCTURES, lambdas, rows

import ranef as rn
from ranef import priors as P
from ranef.core import CoreKernel, Direction, cross_products

everywhere = pytest.mark.parametrize("structure", STRUCTURES)


def both(data, reml=True):
    products = cross_products(data)
    plain, refined = CoreKernel(products, reml), CoreKernel(products, reml)
    refined.refine(data)
    return plain, refined


@everywhere
@pytest.mark.parametrize("reml", [False, True], ids=["ML", "REML"])
@pytest.mark.parametrize("rank", [None, 1, 0], ids=["full rank", "rank 1", "rank 0"])
def test_ordinary_data_give_the_same_numbers(structure, reml, rank):
    data = rows(structure, seed=2, weighted=reml)
    plain, refined = both(data, reml)
    blocks = lambdas(data, seed=3, rank=rank)
    assert plain.evaluate(blocks)
    assert refined.evaluate(blocks)
    assert refined.value == pytest.approx(plain.value, rel=1e-11)
    assert refined.r2 == pytest.approx(plain.r2, rel=1e-10)
    assert refined.beta == pytest.approx(plain.beta, rel=1e-8, abs=1e-10)
    assert refined.xx_inverse == pytest.approx(plain.xx_inverse, rel=1e-8, abs=1e-11)
    assert refined.rounding < 1e-6
    for mine, theirs in zip(refined.gamma(), plain.gamma(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-7, atol=1e-8 * np.abs(theirs).max())
    for mine, theirs in zip(refined.modes(), plain.modes(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-7, atol=1e-9)
    directions = [Direction(g, np.eye(len(group.columns))) for g, group in enumerate(data.groups)]
    ours, oracle = refined.hessian(directions).hessian, plain.hessian(directions).hessian
    np.testing.assert_allclose(ours, oracle, rtol=1e-7, atol=1e-7 * np.abs(oracle).max())
    ours, oracle = (k.average_information(directions) for k in (refined, plain))
    np.testing.assert_allclose(ours, oracle, rtol=1e-7, atol=1e-7 * np.abs(oracle).max())


@pytest.mark.parametrize("structure", ["one factor", "slopes", "nested", "crossed", "islands"])
def test_a_large_multiple_of_x_and_of_known_effects_takes_no_digits(structure):
    """y + c X b changes beta by c b and nothing else; cross-products lose 2 log10(c) digits."""
    data = rows(structure, seed=4)
    blocks = lambdas(data, seed=5)
    plain, _ = both(data)
    assert plain.evaluate(blocks)
    ones = np.ones(data.y.size)
    size = 2.0**30
    x = [
        ((ones if c is None else c) - shift) / scale
        for c, shift, scale in zip(data.x, data.x_shifts, data.x_scales, strict=True)
    ]
    moved = data.replace(y=data.y + data.y_scale * size * x[-1])
    coarse, refined = both(moved)
    assert refined.evaluate(blocks)
    assert refined.value == pytest.approx(plain.value, abs=1e-4)
    assert refined.beta[-1] - size == pytest.approx(plain.beta[-1], abs=1e-5)
    coarse.evaluate(blocks)
    assert not abs(coarse.value - plain.value) < 1e-2  # what the refinement is for


def test_rows_of_another_problem_are_refused():
    data = rows("crossed", seed=1)
    kernel = CoreKernel(cross_products(data), True)
    for other in (rows("one factor"), rows("crossed", seed=1, n=200)):
        with pytest.raises(ValueError, match="other rows"):
            kernel.refine(other)


@pytest.mark.parametrize(
    "prior",
    [P.Wishart(), [P.Wishart(), P.Normal(sd=20.0)]],
    ids=["of covariances", "of coefficients too"],
)
def test_priors_stay_what_they_are(prior):
    fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"), prior=prior)
    problem = fit._problem
    y, weights = fit._design.y, None
    plain, refined = problem.kernel(), problem.with_rows(fit._design, y, weights).kernel()
    theta = fit._solution.inner
    block = np.array([[theta[0], 0.0], [theta[1], theta[2]]])
    assert plain.evaluate([block])
    assert refined.evaluate([block])
    assert refined.value == pytest.approx(plain.value, rel=1e-12)
    assert refined.beta == pytest.approx(plain.beta, rel=1e-9)
    np.testing.assert_allclose(refined.gamma()[0], plain.gamma()[0], atol=1e-8)


def test_a_fit_from_the_rows_predicts_and_pickles():
    import pickle

    rng = np.random.default_rng(8)
    g = np.repeat(np.arange(10), 6)
    data = pd.DataFrame({"y": 1e5 * rng.normal(size=10)[g] + rng.normal(size=60), "g": g})
    fit = rn.lmm("y ~ 1 + (1 | g)", data)
    assert fit._problem.rows is not None
    again = pickle.loads(pickle.dumps(fit))
    assert again.criterion == fit.criterion
    means = data.groupby("g").y.transform("mean")
    # Shrunk by 1 / (1 + 6 theta^2): by less than a millionth of sigma.
    np.testing.assert_allclose(again.fitted, means, atol=1e-4)
    np.testing.assert_allclose(
        fit.ranef()["g"].iloc[:, 0] + fit.fixef.iloc[0], data.groupby("g").y.mean(), atol=1e-4
    )
