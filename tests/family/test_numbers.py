"""Numbers of other programs, far tails, and what the variances of Nakagawa and others come to."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats
from tests.family.registered import every

import ranef as rn
from ranef.errors import OptionError
from ranef.family import (
    Family,
    ZeroInflated,
    distribution_variance,
    quantile_residuals,
    variance_methods,
)
from ranef.family.ragged import ragged_sums
from ranef.family.root import increasing_root

Y, MU, W = np.array([0.0, 3.0, 40.0]), np.array([0.5, 7.0, 2.0]), np.array([1.0, 1.0, 2.0])
P, PW = np.array([0.2, 0.7, 0.9]), np.array([1.0, 4.0, 3.0])


@pytest.mark.parametrize(
    ("family", "psi", "y", "mu", "w", "of_r"),
    [
        (
            rn.Binomial(),
            (),
            np.array([0.0, 0.25, 1.0]),
            P,
            PW,
            [0.446287102628420, 3.438505556882613, 0.632163093946958],
        ),
        (rn.Poisson(), (), Y, MU, W, [1.0, 2.91621283767678, 327.31716376863852]),
        (
            rn.Gamma(),
            (0.0,),
            Y + np.array([0.1, 0.0, 0.0]),
            MU,
            W,
            [1.618875824868200, 0.551738577917265, 64.017070905784038],
        ),
        (
            rn.InverseGaussian(),
            (0.0,),
            Y + np.array([0.1, 0.0, 0.0]),
            MU,
            W,
            [6.400000000000001, 0.108843537414966, 18.05],
        ),
        (
            rn.NegativeBinomial(),
            (np.log(1.7),),
            Y,
            MU,
            W,
            [0.876618971627140, 0.704361696955313, 75.299489801655],
        ),
        (rn.Tweedie(), (0.0,), Y, MU, W, [2.82842712474619, 1.26217245981807, 136.39499335329182]),
    ],
    ids=lambda value: value.name if isinstance(value, Family) else "",
)
def test_deviances_are_those_of_r(
    family: Family, psi: tuple[float, ...], y: object, mu: object, w: object, of_r: object
) -> None:
    """``dev.resids`` of R's families, MASS's ``negative.binomial`` and statmod's ``tweedie``."""
    from ranef.family import LINKS

    eta = LINKS[family.link].function(np.asarray(mu))
    made = family.unit_deviance(np.asarray(y), eta, psi, np.asarray(w))
    np.testing.assert_allclose(made, np.asarray(of_r), rtol=1e-12)


def test_inverse_gaussian_tails_are_those_of_statmod() -> None:
    family, psi = rn.InverseGaussian(), (np.log(0.7),)
    eta = np.log(1.3)
    np.testing.assert_allclose(
        family.cdf(np.array([1e-3, 0.5, 20.0]), eta, psi),
        [3.89856493253032e-312, 2.35853561085372e-01, 9.99993277528224e-01],
        rtol=1e-10,
    )
    # Two terms of which the larger is 20 times the difference.
    far = family.survival(np.array([60.0, 90.0]), eta, psi)
    np.testing.assert_allclose(far, [6.60555320813101e-14, 1.14398129775073e-19], rtol=1e-10)


@pytest.mark.parametrize(
    ("family", "psi", "y", "eta", "w", "known"),
    [
        (rn.Poisson(), (), 60.0, np.log(3.0), 1.0, stats.poisson(3.0)),
        (
            rn.NegativeBinomial(),
            (np.log(2.0),),
            300.0,
            np.log(3.0),
            1.0,
            stats.nbinom(2.0, 0.4),
        ),
        (rn.Binomial(), (), 1.0, -12.0, 6.0, stats.binom(6, special.expit(-12.0))),
        (
            rn.BetaBinomial(),
            (np.log(900.0),),
            0.9,
            -3.0,
            100.0,
            stats.betabinom(100, 900.0 * special.expit(-3.0), 900.0 * special.expit(3.0)),
        ),
    ],
    ids=lambda value: value.name if isinstance(value, Family) else "",
)
def test_far_tails_are_sums_of_probabilities(
    family: Family, psi: tuple[float, ...], y: float, eta: float, w: float, known: object
) -> None:
    k = round(y * w) if family.WEIGHTS == "trials" else int(y)
    tail = known.pmf(np.arange(k, k + 2_000)).sum()  # type: ignore[attr-defined]
    assert tail < 1e-12
    made = family.at_least(np.array(y), np.array(eta), psi, np.array(w))
    # SciPy's probabilities are exponentials of sums of log gammas, of some hundreds.
    np.testing.assert_allclose(made, tail, rtol=1e-9)


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_far_residuals_keep_their_digits(sign: float) -> None:
    rng = np.random.default_rng(1)
    r = quantile_residuals(rn.Gaussian(), np.array([30.0 * sign]), np.zeros(1), (0.0,), rng=rng)
    np.testing.assert_allclose(r, 30.0 * sign, rtol=1e-12)


def test_a_size_without_bound_gives_poisson_counts() -> None:
    y, eta = np.arange(60.0), np.log(20.0)
    for psi in (30.0, 60.0, 800.0):
        made = rn.NegativeBinomial().survival(y, eta, (psi,))
        np.testing.assert_allclose(made, rn.Poisson().survival(y, eta), rtol=1e-8)


@pytest.mark.parametrize("mu", [1e-12, 1e-7, 1e-6 * (1 - 1e-9), 1e-6 * (1 + 1e-9), 1e-3])
def test_truncated_moments_of_small_means(mu: float) -> None:
    """P(Y = 2) is mu / 2 to first order, and nothing else matters."""
    family, eta = rn.TruncatedPoisson(), np.array(np.log(mu))
    for value in (family.mean_slope(eta), family.variance(eta)):
        # The next term is mu / 3 of it; the branches meet where 1e-6 is the error of both.
        assert float(value) == pytest.approx(mu / 2.0, rel=1e-6 + mu)


def test_ordered_probabilities() -> None:
    family, psi = rn.Cumulative("probit"), (np.array([-1.0, 0.5, 9.0]),)
    eta = np.array([0.3, -2.0])
    p = family.probabilities(eta, psi)
    np.testing.assert_allclose(p.sum(-1), 1.0, rtol=1e-14)
    np.testing.assert_allclose(p[0, 1], special.ndtr(0.2) - special.ndtr(-1.3), rtol=1e-13)
    np.testing.assert_allclose(p[1, 3], special.ndtr(-11.0), rtol=1e-12)
    h = 1e-5
    slopes = (family.probabilities(eta + h, psi) - family.probabilities(eta - h, psi)) / (2 * h)
    np.testing.assert_allclose(family.probability_slopes(eta, psi), slopes, rtol=1e-6, atol=1e-12)


def test_sums_of_rows_of_any_length(monkeypatch: pytest.MonkeyPatch) -> None:
    first, last = np.array([[0.0, 2.0, 5.0], [1.0, 0.0, 3.0]]), np.array([[4.0, 1.0, 5.0]] * 2)
    factor = np.arange(6.0).reshape(2, 3)
    expected = [
        [
            sum(j * factor[a, b] for j in range(int(first[a, b]), int(last[a, b]) + 1))
            for b in range(3)
        ]
        for a in range(2)
    ]
    for at_once in (1, 4, 1_000):
        monkeypatch.setattr("ranef.family.ragged._AT_ONCE", at_once)
        made = ragged_sums(first, last, lambda j, c: j * c, factor)
        np.testing.assert_array_equal(made, expected)


def test_roots_far_from_their_start() -> None:
    target = np.array([-40.0, 0.0, 1e-9, 3.0, 90.0])
    found = increasing_root(
        lambda x: (np.tanh(x - target), 1.0 / np.cosh(np.clip(x - target, -300, 300)) ** 2),
        np.zeros(5),
    )
    np.testing.assert_allclose(found, target, rtol=1e-12, atol=1e-12)


# Nakagawa, Johnson and Schielzeth (2017).


@pytest.mark.parametrize(
    ("family", "psi", "eta", "method", "expected"),
    [
        (rn.Binomial(), (), 0.4, "theoretical", np.pi**2 / 3.0),
        (rn.Binomial("probit"), (), 0.4, "theoretical", 1.0),
        (rn.Binomial("cloglog"), (), 0.4, "theoretical", np.pi**2 / 6.0),
        (rn.Binomial(), (), 0.0, "delta", 4.0),
        (rn.Cumulative(), (np.zeros(1),), 0.0, None, np.pi**2 / 3.0),
        (rn.Poisson(), (), np.log(2.0), "delta", 0.5),
        (rn.Poisson(), (), np.log(2.0), "lognormal", np.log(1.5)),
        (rn.Poisson(), (), np.log(2.0), "trigamma", special.polygamma(1, 2.0)),
        (rn.Poisson("sqrt"), (), 1.7, "delta", 0.25),
        (rn.NegativeBinomial(), (np.log(4.0),), np.log(2.0), "delta", 0.75),
        (rn.NegativeBinomial(), (np.log(4.0),), np.log(2.0), "lognormal", np.log(1.75)),
        (
            rn.NegativeBinomial(),
            (np.log(4.0),),
            np.log(2.0),
            "trigamma",
            special.polygamma(1, 1.0 / 0.75),
        ),
        (rn.Gamma(), (np.log(4.0),), 1.0, "delta", 0.25),
        (rn.Gamma(), (np.log(4.0),), 1.0, "lognormal", np.log(1.25)),
        (rn.Gamma(), (np.log(4.0),), 1.0, "trigamma", special.polygamma(1, 4.0)),
        (rn.Gaussian(), (np.log(9.0),), 1.0, None, 9.0),
    ],
)
def test_variances_of_the_paper(
    family: Family, psi: tuple[object, ...], eta: float, method: str | None, expected: float
) -> None:
    made = distribution_variance(family, np.array(eta), psi, method=method)  # type: ignore[arg-type]
    assert float(made) == pytest.approx(expected, rel=1e-12)


def test_trials_do_not_change_the_variance_of_one() -> None:
    many = distribution_variance(rn.Binomial(), np.array(0.3), (), np.array(50.0), method="delta")
    one = distribution_variance(rn.Binomial(), np.array(0.3), (), method="delta")
    assert many == one


def test_variances_that_do_not_exist() -> None:
    for family in every():
        assert (variance_methods(family) == ()) == (
            family.RESPONSE == "ordered" and family.link == "cauchit"
        )
    with pytest.raises(OptionError, match="has no 'lognormal' variance"):
        distribution_variance(rn.Binomial(), np.array(0.3), method="lognormal")


def test_extra_zeros_add_to_the_variance() -> None:
    plain = distribution_variance(rn.Poisson(), np.array(0.7))
    more = distribution_variance(ZeroInflated(rn.Poisson()), np.array(0.7), (-1.0,))
    assert more > plain
