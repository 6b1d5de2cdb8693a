"""Every family and link: values against SciPy, derivatives against differences."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate
from tests.core.family.registered import CASES, Case, Rows, rows_of

from ranef.types import Array

EVERY = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}-{case.link}")
PAIRS = [(0, 0), (0, 1), (1, 1)]


@EVERY
def test_value_is_the_log_density_with_its_constants(case: Case) -> None:
    rows = rows_of(case)
    eta, _, _ = case.rows(2, rows)
    # SciPy's log-densities subtract log-gamma functions: some 1e-13 of what is large in them.
    np.testing.assert_allclose(eta[0], case.density(rows), rtol=2e-12, atol=2e-12)


def richardson(f: Callable[[float], Array], h: float = 0.02) -> Array:
    """The derivative at 0; errors of order h^8 are left."""
    table = [(f(h / 2**k) - f(-h / 2**k)) / (2 * h / 2**k) for k in range(4)]
    for power in (4, 16, 64):
        pairs = zip(table[1:], table[:-1], strict=True)
        table = [(power * fine - rough) / (power - 1) for fine, rough in pairs]
    return table[0]


@EVERY
def test_each_derivative_is_that_of_the_one_below(case: Case) -> None:
    rows = rows_of(case)
    eta, psi, pair = case.rows(4, rows)

    def compare(found: Array, lower: Callable[[float], Array]) -> None:
        # Rounding of what the numbers below are summed up from, over a step of 0.0025.
        size = 1.0 + np.abs(found)
        np.testing.assert_allclose(found / size, richardson(lower) / size, rtol=0, atol=5e-9)

    compare(eta[1:], lambda h: case.rows(4, rows.moved(h))[0][:-1])
    for c in range(case.channels):
        one = [float(c == k) for k in range(case.channels)]
        to = [lambda h, one=one: rows.moved(psi=[h * by for by in one])]
        compare(psi[c], lambda h, to=to: case.rows(4, to[0](h))[0][:-1])
        for k, (first, second) in enumerate(PAIRS[: len(pair)]):
            if second == c:
                compare(pair[k], lambda h, to=to, f=first: case.rows(4, to[0](h))[1][f][:-1])


@EVERY
def test_lower_orders_give_the_same_numbers(case: Case) -> None:
    rows = rows_of(case)
    eta, psi, _ = case.rows(4, rows)
    # A constant takes a shorter way where derivatives are not asked for: some units in the last
    # places of what the density is summed up from.
    for order in (2, 3):
        fewer, by_psi, _ = case.rows(order, rows)
        np.testing.assert_allclose(fewer, eta[: order + 1], rtol=1e-12, atol=1e-13)
        for c in range(len(by_psi)):
            np.testing.assert_allclose(by_psi[c], psi[c][:order], rtol=1e-12, atol=1e-13)


def part(rows: Rows, where: slice) -> Rows:
    weights = None if rows.weights is None else rows.weights[where]
    return Rows(rows.eta[where], [one[where] for one in rows.psi], rows.y[where], weights)


@EVERY
@pytest.mark.parametrize("order", [2, 3, 4])
def test_rows_in_parts_have_the_same_bits(case: Case, order: int) -> None:
    rows = rows_of(case)
    cuts = [0, 1, 6, 7, 31, len(rows.y)]
    parts = [case.rows(order, part(rows, slice(a, b))) for a, b in pairwise(cuts)]
    for whole, cut in zip(case.rows(order, rows), zip(*parts, strict=True), strict=True):
        np.testing.assert_array_equal(np.asarray(whole), np.concatenate(cut, axis=-1))


@EVERY
def test_weights_of_one_are_those_left_out(case: Case) -> None:
    rows = rows_of(case)
    y = np.rint(rows.y) if case.trials else rows.y
    ones = rows._replace(y=y, weights=np.ones_like(y))
    for given, left_out in zip(
        case.rows(4, ones), case.rows(4, ones._replace(weights=None)), strict=True
    ):
        np.testing.assert_array_equal(np.asarray(given), np.asarray(left_out))


@EVERY
def test_a_search_begins_inside(case: Case) -> None:
    rows = rows_of(case)
    start, _ = case.start(rows)
    concave, psi = case.facts()
    assert len(psi) == case.channels
    there = rows._replace(eta=start, psi=[np.full_like(start, value) for value in psi])
    eta, _, _ = case.rows(2, there)
    assert np.all(np.isfinite(eta))
    assert not concave or np.all(eta[2] <= 0)
    assert np.all(case.expected(there) >= 0)


@EVERY
def test_concave_families_are_concave(case: Case) -> None:
    concave, _ = case.facts()
    worst = -np.inf
    for seed in range(5):
        rows = rows_of(case, seed)
        for scale in (1.0, 3.0):
            worst = max(worst, case.rows(2, rows._replace(eta=scale * rows.eta))[0][2].max())
    # Truncated NB2 is not claimed to be concave, though no example says that it is not.
    assert concave == (worst <= 0) or case.name == "truncated_nbinom2"


@EVERY
def test_recession_is_where_the_density_has_its_supremum(case: Case) -> None:
    rows = rows_of(case)
    _, sign = case.start(rows)
    if case.positive:
        assert not sign.any()
        return
    moving = sign != 0
    far = rows._replace(eta=np.where(moving, 25.0 * sign, rows.eta))
    further = rows._replace(eta=np.where(moving, 26.0 * sign, rows.eta))
    at, beyond = case.rows(2, far)[0][0], case.rows(2, further)[0][0]
    assert np.all(beyond[moving] >= at[moving])
    assert np.all(at[moving] >= case.rows(2, rows)[0][0][moving])
    steep = case.rows(2, far)[0][1]
    assert np.all(np.abs(steep[moving]) < 1.0)
    grid = np.linspace(-25.0, 25.0, 201)
    along = [case.rows(2, rows._replace(eta=np.full_like(rows.y, eta)))[0][0] for eta in grid]
    still = ~moving
    if case.name.startswith("hurdle"):
        flat = rows.y == 0.0  # a zero does not depend on eta
        assert not np.ptp(np.array(along)[:, flat], axis=0).any()
        still &= ~flat
    best = np.argmax(along, axis=0)[still]
    assert np.all((best > 0) & (best < grid.size - 1))


COUNTS = ("poisson", "nbinom2", "truncated_poisson", "truncated_nbinom2", "zero_inflated_poisson",
          "zero_inflated_nbinom2", "binomial", "zero_inflated_binomial")  # fmt: skip


@pytest.mark.parametrize(
    "case", [c for c in CASES if c.name in COUNTS], ids=lambda case: f"{case.name}-{case.link}"
)
def test_expected_information_of_counts_is_a_sum_over_them(case: Case) -> None:
    trials = 7.0
    counts = np.arange(trials + 1) / trials if case.trials else np.arange(400.0)
    counts = counts[1:] if "truncated" in case.name else counts
    ones = np.ones_like(counts)
    for eta in (0.4, 1.3):
        rows = Rows(eta * ones, [0.3 * ones, -0.6 * ones][: case.channels], counts,
                    trials * ones if case.trials else None)  # fmt: skip
        value, _, second = case.rows(2, rows)[0]
        assert np.exp(value).sum() == pytest.approx(1.0, abs=1e-12)
        # Tails beyond 400 counts are below 1e-15.
        assert case.expected(rows)[0] == pytest.approx(-np.exp(value) @ second, rel=1e-10)


@pytest.mark.parametrize(
    "case",
    [c for c in CASES if c.name in ("gaussian", "gamma", "inverse_gaussian", "beta")],
    ids=lambda case: f"{case.name}-{case.link}",
)
def test_expected_information_of_amounts_is_an_integral(case: Case) -> None:
    lower = -np.inf if case.name == "gaussian" else 0.0
    upper = 1.0 if case.name == "beta" else np.inf

    # Weights multiply the log-density of beta, which leaves no density.
    weights = None if case.name == "beta" else np.array([1.5])

    def rows(y: float) -> Rows:
        return Rows(np.array([0.7]), [np.array([1.2])], np.array([y]), weights)

    def share(y: float) -> float:
        value, _, second = case.rows(2, rows(y))[0][:, 0]
        return -float(np.exp(value) * second)

    # The integral is good to 1e-8; what is beyond its ends is less.
    found = integrate.quad(share, lower, upper, limit=300, epsabs=1e-10)[0]
    assert case.expected(rows(0.5))[0] == pytest.approx(found, rel=1e-6)
