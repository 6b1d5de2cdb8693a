"""Far predictors, large counts, sizes without end: finite, and with their digits."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from tests.core.family.registered import CASES, Case, Rows

EVERY = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}-{case.link}")
FAR = (-700.0, -40.0, -3.0, 0.0, 3.0, 40.0, 700.0)
LOG_SIZES = (np.log(1e-6), -3.0, 0.0, 5.0, np.log(1e12))


def responses(case: Case) -> list[float]:
    if case.trials:
        return [0.0, 0.25, 1.0]
    if case.name == "cumulative":
        return [1.0, 2.0, 4.0]
    if case.name == "beta":
        return [1e-12, 0.5, 1 - 1e-12]
    if case.name in ("gamma", "inverse_gaussian"):
        return [1e-12, 1.0, 1e9]
    if case.name == "gaussian":
        return [-1e6, 0.0, 1e6]
    smallest = 1.0 if "truncated" in case.name else 0.0
    return [smallest, 1.0, 1e4, 1e9]


@EVERY
@pytest.mark.parametrize("weight", [1.0, 1e6])
def test_numbers_are_finite_inside_of_the_domain(case: Case, weight: float) -> None:
    eta = [abs(one) + 1e-3 for one in FAR] if case.positive else FAR
    psi = [LOG_SIZES] * case.channels
    if case.name == "cumulative":
        psi = [(-5.0, 2.0, 20.0), (-30.0, -5.0 - 1e-9)]
    grid = np.array(list(product(eta, responses(case), *psi)), float).T
    weights = np.full(grid.shape[1], 4.0 * weight if case.trials else weight)
    rows = Rows(grid[0].copy(), [one.copy() for one in grid[2:]], grid[1].copy(), weights)
    for table in case.rows(4, rows):
        for derivatives in table:
            assert np.all(np.isfinite(derivatives))
    expected = case.expected(rows)
    assert np.all(np.isfinite(expected) & (expected >= 0))


@EVERY
def test_numbers_outside_of_the_domain_are_not_finite(case: Case) -> None:
    psi = [np.array([-1.0]), np.array([0.5])][: case.channels]  # cut points out of order
    rows = Rows(np.array([-0.5]), psi, np.array([2.0]), None)
    outside = case.positive or case.name == "cumulative"
    if outside:
        assert not np.any(np.isfinite(case.rows(2, rows)[0]))


# Computed with 80 digits (mpmath): the log-density and its first derivative, where the terms are
# some 1e10. Log-gamma functions would leave 1e-5 of them.
MANY = [
    ("poisson", "log", 20.7233, [], 1e9, 1.0),
    ("nbinom2", "log", 20.7233, [np.log(1e12)], 1e9, 1.0),
    ("nbinom2", "log", 20.5, [2.0], 1e9, 1.0),
    ("binomial", "logit", 0.4, [], 0.598, 1e6),
    ("binomial", "probit", 0.25, [], 0.598, 1e6),
    ("betabinomial", "logit", 0.4, [np.log(1e12)], 0.598, 1e6),
]
KNOWN = [
    (-11.864135212380568, -34163.637150882102),
    (-11.864051968502744, -34129.506478415611),
    (-20.852145231401594, 1.8483935459655023),
    (-8.0978653576226527, -687.6601124520057),
    (-8.1520143206895585, -1136.7558573376456),
    (-8.0978648738157704, -687.65942469777718),
]


@pytest.mark.parametrize(("row", "known"), list(zip(MANY, KNOWN, strict=True)))
def test_large_counts_keep_their_digits(row, known) -> None:
    name, link, eta, psi, y, weight = row
    case = Case(name, link, len(psi))
    rows = Rows(np.array([eta]), [np.array([p]) for p in psi], np.array([y]), np.array([weight]))
    value, score, _ = case.rows(2, rows)[0][:, 0]
    # The logarithm of a billion is rounded by 2e-15.
    assert value == pytest.approx(known[0], rel=1e-12, abs=1e-11 + 4e-15 * abs(known[1]))
    assert score == pytest.approx(known[1], rel=1e-12, abs=4e-15 * max(y, weight))


@pytest.mark.parametrize("y", [0.0, 1.0, 7.0, 1e4, 1e9])
def test_nbinom2_has_the_poisson_limit(y: float) -> None:
    eta = np.log(max(y, 1.0)) + np.linspace(-0.1, 0.1, 5)
    ones = np.ones(5)
    size = 1e12
    poisson = Case("poisson", "log").rows(2, Rows(eta, [], y * ones, None))[0]
    psi = [np.log(size) * ones]
    found, by_psi, _ = Case("nbinom2", "log", 1).rows(3, Rows(eta, psi, y * ones, None))
    mean = np.exp(eta)
    # To first order in 1/size the density has changed by this: the rest is of order 1/size^2.
    change = ((y - mean) ** 2 - y) / (2 * size)
    error = 2 * (y + mean) * ((y - mean) ** 2 + y + mean) / size**2
    np.testing.assert_allclose(found[0] - poisson[0], change, rtol=0,
                               atol=3e-15 * np.abs(poisson[0]).max() + error.max())  # fmt: skip
    np.testing.assert_allclose(by_psi[0][0], -change, rtol=1e-9, atol=2 * error.max())


@pytest.mark.parametrize("wide", [0.999, 1.001])
def test_tweedie_is_smooth_where_its_series_gives_way(wide: float) -> None:
    """From b j0 = 1e6 on, the normaliser is an asymptotic series."""
    a, b, y = 0.6, 0.4, 2.0
    scale = wide * 1e6 / b * a
    psi = np.array([a * np.log(y) - np.log(scale)])
    rows = Rows(np.array([np.log(y)]), [psi], np.array([y]), None)
    eta, by_psi, _ = Case("tweedie", "log", 1, (1 + b,)).rows(3, rows)
    j0 = scale / a
    saddle = 0.5 * np.log(scale / (2 * np.pi)) - np.log(y) - (b / 24 + 1 / (12 * a)) / j0
    # The next term of the series is of order 1/j0^2.
    assert eta[0][0] == pytest.approx(saddle, abs=1e-11)
    assert by_psi[0][0][0] == pytest.approx(-0.5 - (b / 24 + 1 / (12 * a)) / j0, abs=1e-10)
