"""Start values: how far from the optimum they are, what they mean, and where they come from."""

from __future__ import annotations

import numpy as np
import pytest
from tests.marginal.models import Model, model, published

from ranef import _core

N = 400
RNG = np.random.default_rng(5)
G = np.repeat(np.arange(40), 10)
X1 = RNG.normal(size=N)
X = np.column_stack([np.ones(N), X1])
B = 0.5 * RNG.normal(size=40)
ETA = 0.5 + 0.3 * X1 + B[G]
MEAN = 1.0 / (1.0 + np.exp(0.5 - ETA))
ONE = [(np.ones((N, 1)), G)]
SLOPE = [(X, G)]
COUNTS = RNG.poisson(np.exp(ETA)).astype(float)


def certified(one: Model, most: int, restarts: int = 0) -> None:
    """From the core's own start to a certified optimum in at most so many evaluations."""
    found = one.solve(restarts)
    gain, step = found.evidence[:2]
    assert found.status == "converged"
    assert gain < 1e-8
    assert step < 1e-3
    assert found.evaluations <= most


# The most evaluations of each: the number that was measured, and one to spare.
PUBLISHED = {
    "cbpp logit": 6,
    "cbpp probit": 5,
    "cbpp cloglog": 6,
    "cbpp rows": 8,
    "contraception intercept": 5,
    "contraception slope": 6,
    "verbagg": 6,
    "grouseticks poisson": 6,
    "grouseticks poisson3": 6,
    "grouseticks nbinom2": 6,
    "grouseticks nbinom1": 7,
    "mmmec nested": 6,
    "mmmec slope": 6,
    "mmmec nbinom2": 7,
    "sleepstudy intercept": 5,
    "sleepstudy slope": 6,
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_few_evaluations_lead_to_a_certified_optimum(name: str) -> None:
    certified(published(name), PUBLISHED[name])


def ordered(cuts: int, link: str, **parts: object) -> Model:
    latent = ETA + np.random.default_rng(3).logistic(size=N)
    answer = (latent[:, None] > np.linspace(-1.5, 2.0, cuts)).sum(axis=1)
    channels = [
        _core.Channel([], coefficients=[], which=which.astype(np.int32))
        for which in (np.where(answer < cuts, answer, -1), answer - 1)
    ]
    return model(
        answer + 1.0, X[:, 1:] + 3.0, ONE, "cumulative", link, channels=channels, others=cuts,
        constants=[cuts + 1], **parts,
    )  # fmt: skip


def amounts(shape: float, mean: np.ndarray) -> np.ndarray:
    return np.random.default_rng(4).gamma(shape, mean / shape)


FAMILIES = {
    "beta": lambda: model(
        np.random.default_rng(1).beta(8.0 * MEAN, 8.0 * (1.0 - MEAN)), X, SLOPE, "beta", "logit"
    ),
    "ordered, logit": lambda: ordered(3, "logit"),
    "ordered, nine answers": lambda: ordered(8, "probit"),
    "ordered, cloglog": lambda: ordered(3, "cloglog"),
    "ordered, offset": lambda: ordered(3, "logit", offset=np.full(N, 50.0)),
    "gamma, inverse": lambda: model(
        amounts(4.0, 1.0 / (2.0 + 0.2 * np.clip(ETA, -4, 4))), X, ONE, "gamma", "inverse"
    ),
    "gamma, identity": lambda: model(amounts(4.0, 5.0 + ETA), X, ONE, "gamma", "identity"),
    "poisson, square root": lambda: model(COUNTS, X, ONE, "poisson", "sqrt"),
    "gaussian, log": lambda: model(
        1e6 * np.exp(ETA) + 3e5 * RNG.normal(size=N), X, ONE, "gaussian", "log"
    ),
    "tweedie": lambda: model(COUNTS * 0.7, X, ONE, "tweedie", "log", constants=[1.5]),
    "extra zeros": lambda: model(
        np.where(np.arange(N) % 3 == 0, 0.0, COUNTS), X, ONE, "zero_inflated_poisson", "log"
    ),
    "betabinomial": lambda: model(
        np.random.default_rng(2).binomial(12, MEAN) / 12, X, ONE, "betabinomial", "logit",
        weights=np.full(N, 12.0),
    ),
    "nodes": lambda: model(COUNTS, X, ONE, "poisson", "log", n_agq=7),
    "compound symmetry": lambda: model(
        COUNTS, X, [(np.eye(3)[np.arange(N) % 3], G)], "poisson", "log", structure="cs"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAMILIES)
def test_other_families_and_structures_start_as_near(name: str) -> None:
    certified(FAMILIES[name](), 8)


def wide() -> np.ndarray:
    """Twelve decades."""
    return np.exp(28.0 * (np.random.default_rng(6).random(N) - 0.5) + ETA)


EXTREMES = {
    "a billion counts": lambda: model(
        RNG.poisson(np.exp(ETA + 20.7)), X, ONE, "poisson", "log"
    ),
    "a million trials": lambda: model(
        RNG.binomial(10**6, MEAN) / 1e6, X, ONE, "binomial", "logit", weights=np.full(N, 1e6)
    ),
    "offset 50": lambda: model(COUNTS, X, ONE, "poisson", "log", offset=np.full(N, 50.0)),
    "offset -50": lambda: model(COUNTS, X, ONE, "poisson", "log", offset=np.full(N, -50.0)),
    "three events": lambda: model(
        np.arange(N) % 133 == 5, X, ONE, "binomial", "logit"
    ),
    "half of the groups are zero": lambda: model(
        np.where(G < 20, 0.0, COUNTS), X, ONE, "poisson", "log"
    ),
    "amounts over twelve decades": lambda: model(wide(), X, ONE, "gamma", "log"),
    "a row a level": lambda: model(
        COUNTS, X, [(np.ones((N, 1)), np.arange(N))], "poisson", "log"
    ),
    "columns in millions": lambda: model(
        COUNTS, X * [1.0, 1e6] + [0.0, 3e6], SLOPE, "poisson", "log"
    ),
    "no variance": lambda: model(
        RNG.poisson(np.exp(ETA - B[G])), X, ONE, "poisson", "log"
    ),
    "no fixed effects": lambda: model(MEAN > 0.4, X[:, :0], ONE, "binomial", "logit"),
}  # fmt: skip


@pytest.mark.parametrize("name", EXTREMES)
def test_extreme_data_start_as_near(name: str) -> None:
    certified(EXTREMES[name](), 8)


def test_covariances_are_moments_where_the_data_are_balanced() -> None:
    # One step of Fisher scoring is then exact: D = mean square of the levels' means - sigma^2/n.
    one = model(ETA + RNG.normal(size=N), X[:, :1], ONE, "gaussian", "identity")
    one.solve()
    (sd,), (mean, log_variance) = one.kernel.start
    means = one.y.reshape(40, 10).mean(axis=1) - mean
    assert sd**2 == pytest.approx(np.mean(means**2) - np.exp(log_variance) / 10, rel=1e-8)


def test_cut_points_without_effects_are_quantiles_of_the_shares() -> None:
    # With a prior that leaves nothing else free, the first cut points are the last.
    answer = np.repeat([1.0, 2.0, 3.0], [100, 60, 240])
    cuts = [np.where(answer < 3, answer - 1, -1), answer - 2]
    precision = np.diag([1e12, 0.0, 0.0])
    one = model(
        answer, RNG.permutation(X1)[:, None], [(np.ones((N, 1)), RNG.permutation(G))],
        "cumulative", "logit", others=2, constants=[3],
        channels=[_core.Channel([], coefficients=[], which=k.astype(np.int32)) for k in cuts],
        normal=(np.asfortranarray(precision), np.zeros(3), 0.0),
    )  # fmt: skip
    one.solve(evaluations=1)
    shares = np.array([0.25, 0.4])
    # Newton's steps at random effects that are nearly 0 move them by less than 0.2.
    np.testing.assert_allclose(one.kernel.start[1][1:], np.log(shares / (1 - shares)), atol=0.2)


def test_a_given_start_is_used_and_not_replaced() -> None:
    one = model(COUNTS, X, ONE, "poisson", "log")
    one.solve()
    assert one.kernel.start is not None
    one.kernel.solve(one.scaling, np.array([0.3, 0.1, 0.1]), 100, 1e-9, 0, True)
    assert one.kernel.start is None
    assert one.kernel.suspected_direction is None
    assert one.kernel.joint_scores() is None
    assert np.isnan(one.kernel.separation_margin)


def many_rows(levels: int, threads: int = 1, sd: float = 0.8) -> Model:
    rng = np.random.default_rng(8)
    n = 150_000
    codes = np.sort(np.arange(n) % levels)
    x = np.column_stack([np.ones(n), rng.normal(size=n)])
    offset = rng.normal(size=n)
    eta = offset + x @ [0.2, 0.5] + sd * rng.normal(size=levels)[codes]
    y = rng.random(n) < 1.0 / (1.0 + np.exp(-eta))
    group = [(np.ones((n, 1)), codes)]
    return model(y, x, group, "binomial", "logit", offset=offset, threads=threads)


def test_many_rows_start_at_the_optimum_of_a_part_of_them() -> None:
    starts = []
    for threads in (1, 2):
        one = many_rows(3_000, threads)
        found = one.solve()
        assert found.evaluations <= 5
        starts.append(np.concatenate(one.kernel.start))
    np.testing.assert_array_equal(*starts)
    # Standard errors of all 150,000 rows are below 0.02, those of a quarter of them twice that.
    theta = np.concatenate([found.inner, found.coefficients])
    assert 1e-6 < np.abs(starts[0] - theta).max() < 0.1
    assert one.kernel.start_looks == 1  # at all rows
    # At these conditional modes there is something left to gain in beta, but the signs of the
    # scores prove that there is a maximum: any number below 1 does.
    assert one.kernel.separation_margin < 0.1


def test_many_rows_in_few_levels_are_all_read_from_the_beginning() -> None:
    one = many_rows(200)
    assert one.solve().evaluations <= 5
    assert one.kernel.start_looks > 5


def test_a_search_does_not_begin_at_the_boundary_because_a_part_of_the_rows_is_there() -> None:
    """No variance at all: the part has its optimum at zero or just above it."""
    one = many_rows(3_000, sd=0.0)
    found = one.solve()
    assert one.kernel.start[0][0] > 0.01
    assert found.inner[0] < 0.1
