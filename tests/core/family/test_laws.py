"""Laws between families and rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import gammaln
from tests.core.family.registered import Case, Rows

from ranef import _core

ETA = st.floats(-6.0, 6.0)
LINKS = ("logit", "probit", "cloglog", "cauchit")


def single(case: Case, eta: float, y: float, weight: float = 1.0, psi: tuple[float, ...] = ()):
    rows = Rows(np.array([eta]), [np.array([p]) for p in psi], np.array([y]), np.array([weight]))
    return case.rows(4, rows)


@given(ETA, st.integers(0, 9), st.integers(1, 9), st.sampled_from(LINKS))
def test_trials_are_a_sum_of_single_ones(eta: float, k: int, rest: int, link: str) -> None:
    case = Case("binomial", link)
    n = k + rest
    together = single(case, eta, k / n, n)[0][:, 0]
    apart = k * single(case, eta, 1.0)[0][:, 0] + rest * single(case, eta, 0.0)[0][:, 0]
    apart[0] += gammaln(n + 1) - gammaln(k + 1) - gammaln(rest + 1)
    np.testing.assert_allclose(together, apart, rtol=1e-11, atol=1e-12)


@given(ETA, st.sampled_from([0.0, 0.3, 1.0]), st.sampled_from(("logit", "probit", "cauchit")))
def test_outcomes_exchanged_turn_the_predictor_round(eta: float, y: float, link: str) -> None:
    case = Case("binomial", link)
    found = single(case, eta, y, 10.0)[0][:, 0]
    turned = single(case, -eta, 1.0 - y, 10.0)[0][:, 0]
    np.testing.assert_allclose(found, turned * [1, -1, 1, -1, 1], rtol=1e-11, atol=1e-13)


@given(ETA, st.integers(0, 40), st.sampled_from(("logit", "probit", "cloglog")))
def test_two_ordered_answers_are_binary(eta: float, scale: int, link: str) -> None:
    """P(y <= 1) = F(c - eta): a success is the lower answer."""
    cut = scale / 10 - 2
    ordered = Case("cumulative", link, 2, (2.0,))
    binary = Case("binomial", link)
    for answer, y in ((1.0, 1.0), (2.0, 0.0)):
        found = single(ordered, eta, answer, psi=(cut, cut))[0][:, 0]
        plain = single(binary, cut - eta, y)[0][:, 0]
        np.testing.assert_allclose(found, plain * [1, -1, 1, -1, 1], rtol=1e-11, atol=1e-14)


@given(ETA, st.floats(-4.0, 4.0), st.sampled_from(("logit", "probit", "cloglog")))
def test_one_trial_with_a_beta_probability_is_binary(eta: float, psi: float, link: str) -> None:
    case = Case("betabinomial", link, 1)
    for y in (0.0, 1.0):
        mixed, by_psi, _ = single(case, min(eta, 2.0), y, psi=(psi,))
        plain = single(Case("binomial", link), min(eta, 2.0), y)[0]
        np.testing.assert_allclose(mixed, plain, rtol=1e-10, atol=1e-12)
        # Fourth powers of exp(2) are some 3000.
        np.testing.assert_allclose(by_psi[0], 0.0, atol=1e-11)


@given(ETA, st.floats(-3.0, 3.0), st.integers(0, 30))
def test_both_negative_binomials_agree_where_size_is_mean_over_phi(
    eta: float, psi: float, y: int
) -> None:
    first = single(Case("nbinom1", "log", 1), eta, y, psi=(psi,))[0][0]
    second = single(Case("nbinom2", "log", 1), eta, y, psi=(eta - psi,))[0][0]
    np.testing.assert_allclose(first, second, rtol=1e-12, atol=1e-13)


@given(st.floats(-599.0, 599.0))
def test_the_loop_has_the_digits_of_the_c_library(eta: float) -> None:
    """Loops of their own for exp and log: within a unit in the last place."""
    mean = -single(Case("poisson", "log"), eta, 0.0)[0][2, 0]
    assert mean == pytest.approx(np.exp(eta), rel=2.3e-16)
    value = single(Case("binomial", "logit"), eta, 0.0)[0][0, 0]
    assert value == pytest.approx(-np.logaddexp(0.0, eta), rel=4e-16, abs=1e-300)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("poison", "log", []), "not a family"),
        (("poisson", "logit", []), "not a link"),
        (("tweedie", "log", []), "a power from 1.001 to 1.999"),
        (("tweedie", "log", [2.0]), "a power from 1.001 to 1.999"),
        (("cumulative", "logit", [1.0]), "number of answers"),
    ],
)
def test_unknown_families_are_refused(arguments, message) -> None:
    with pytest.raises(ValueError, match=message):
        _core.family_facts(*arguments)


@pytest.mark.parametrize(
    ("order", "lengths", "message"),
    [
        (1, (3, 3, 3), "not 2, 3 or 4"),
        (5, (3, 3, 3), "not 2, 3 or 4"),
        (2, (2, 3, 3), "different lengths"),
        (2, (3, 2, 3), "different lengths"),
        (2, (3, 3, 2), "different lengths"),
        (2, (3, None, 3), "one psi"),
    ],
)
def test_columns_have_to_agree(order, lengths, message) -> None:
    eta, psi, weights = (None if n is None else np.ones(n) for n in lengths)
    with pytest.raises(ValueError, match=message):
        _core.family_rows(
            "gamma", "log", [], order, eta, [] if psi is None else [psi], np.ones(3), weights
        )


def test_small_counts_by_hand_are_what_the_formula_gives() -> None:
    """nbinom2 has small counts and sizes by hand; inflated by no zeros it takes the formula."""
    y, size, eta = (
        grid.ravel()
        for grid in np.meshgrid(
            [0.0, 1.0, 2.0, 17.0, 64.0, 65.0, 2.5],
            np.log([1e-3, 0.4, 7.0, 1e3, np.exp(6.999), np.exp(7.001)]),
            [-6.0, -1.0, 0.3, 4.0, 6.0],
        )
    )
    rare = np.full(y.size, -600.0)  # the logit of an extra zero
    weights = np.linspace(0.5, 2.0, y.size)
    own = _core.family_rows("nbinom2", "log", [], 4, eta, [size], y, weights)
    same = _core.family_rows("zero_inflated_nbinom2", "log", [], 4, eta, [size, rare], y, weights)
    # What vanishes as the size grows is a difference of numbers of the size of y or mu, times it.
    rounding = 1e-13 * (1.0 + y + np.exp(eta)) * (1.0 + np.exp(size))
    for ours, theirs in ((own[0], same[0]), (own[1][0], same[1][0]), (own[2][0], same[2][0])):
        away = np.abs(np.asarray(ours) - np.asarray(theirs))
        assert np.all(away <= 1e-11 * np.abs(theirs) + rounding)
