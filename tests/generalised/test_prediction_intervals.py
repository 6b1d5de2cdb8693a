"""Intervals for new observations: quantiles of the response over the uncertainty of its mean."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from tests.generalised.fits import cbpp, grouped, of_groups

import ranef as rn
from ranef.errors import DataError, OptionError, UnknownColumnError
from ranef.family import Family, Psi, parse_family
from ranef.inference.generalised.new_response import quantiles_of_new

CASES: list[tuple[str, Psi, float | None]] = [
    ("poisson", (), None),
    ("nbinom2", (np.log(1.5),), None),
    ("nbinom1", (np.log(0.5),), None),
    ("truncated_poisson", (), None),
    ("hurdle_poisson", (0.3,), None),
    ("gamma", (np.log(2.0),), None),
    ("gaussian", (np.log(0.3),), 2.0),
    ("inverse_gaussian", (np.log(0.4),), None),
    ("beta", (np.log(5.0),), None),
    ("binomial", (), 12.0),
    ("betabinomial", (np.log(4.0),), 12.0),
    ("tweedie(1.5)", (np.log(1.2),), None),
]


@pytest.mark.parametrize(("name", "psi", "weight"), CASES)
@pytest.mark.parametrize("sd", [0.0, 0.6])
def test_quantiles_are_those_of_draws(name: str, psi: Psi, weight: float | None, sd: float) -> None:
    family: Family = parse_family(name)
    eta = np.array([0.4, 1.5])
    weights = None if weight is None else np.full(2, weight)
    low, high = quantiles_of_new(family, eta, np.full(2, sd), psi, weights, 0.9)
    rng = np.random.default_rng(8)
    n = 200_000
    for row in range(2):
        etas = eta[row] + sd * rng.standard_normal(n)
        w = None if weight is None else np.full(n, weight)
        y = family.simulate(rng, etas, psi, w)
        # P(Y <= low) >= 0.05 > P(Y < low); a share of draws is within 5 standard errors.
        off = 5.0 * np.sqrt(0.05 * 0.95 / n)
        for end, tail in ((low[row], 0.05), (high[row], 0.95)):
            slack = 1e-9 * (1.0 + abs(end))
            assert (y <= end + slack).mean() > tail - off
            assert (y < end - slack).mean() < tail + off


def test_large_counts_whose_noise_is_small() -> None:
    # 1e6 and 0.5 of a log: the law of the mean is all there is.
    poisson = parse_family("poisson")
    low, high = quantiles_of_new(poisson, np.array([np.log(1e6)]), np.array([0.5]), (), None, 0.95)
    wanted = 1e6 * np.exp(0.5 * 1.959964 * np.array([-1, 1]))
    # Nodes are as near as they are allowed to be: 0.015 standard deviations.
    np.testing.assert_allclose([low[0], high[0]], wanted, rtol=0.01)
    assert low[0] == np.rint(low[0])


def test_new_observations_are_of_new_groups() -> None:
    """Random effects that do not count are drawn anew: D joins the uncertainty of the mean."""
    fit = of_groups("amount", "gaussian", "x")
    new = {"x": [1.5]}
    mean = fit.predict(new, "population", kind="link", se=True)
    d = float(np.array([1.0, 1.5]) @ fit._estimates.covariances[0] @ [1.0, 1.5])
    sd = np.sqrt(mean["std_error"] ** 2 + d + fit.dispersion**2)
    for level in ("population", "marginal"):
        frame = fit.predict(new, level, interval="prediction", confidence=0.8)  # type: ignore[arg-type]
        # 2e-9 of the law of the predictor is left out.
        np.testing.assert_allclose(
            frame["conf_low"], mean["estimate"] - stats.norm.ppf(0.9) * sd, atol=2e-8
        )


def test_intervals_hold_new_observations_of_new_groups() -> None:
    """90% of what the true model makes, in fits to other samples of it (a parametric bootstrap)."""
    data = grouped(groups=15, size=6)
    truth = rn.glmm("count ~ x + (1 | g)", data, family="nbinom2")
    again = truth.simulate(60, seed=4)
    new = truth.simulate(60, seed=5)
    rows = data.drop_duplicates("g")
    held = []
    for k in range(60):
        fit = rn.glmm("count ~ x + (1 | g)", data.assign(count=again[k]), family="nbinom2")
        frame = fit.predict(rows, "population", interval="prediction", confidence=0.9)
        held.append(new.loc[rows.index, k].between(frame["conf_low"], frame["conf_high"]).mean())
    # Counts are discrete, so that intervals hold more than 90%; estimated variances take some away.
    assert 0.88 < np.mean(held) < 0.96


def test_confidence_intervals_hold_the_means_of_the_groups() -> None:
    data = grouped(groups=15, size=6)
    truth = rn.glmm("count ~ x + (1 | g)", data, family="poisson")
    rows = data.drop_duplicates("g")
    held = []
    for k in range(80):
        rng = np.random.default_rng(k)
        b = rng.normal(size=15) * np.sqrt(truth._estimates.covariances[0][0, 0])
        codes = truth._design.terms[0].codes
        eta = truth._mean + b[codes]
        fit = rn.glmm("count ~ x + (1 | g)", data.assign(count=rng.poisson(np.exp(eta))), "poisson")
        frame = fit.predict(rows, interval="confidence", kind="link")
        own = eta[data.index.isin(rows.index)]
        held.append(((frame["conf_low"] <= own) & (own <= frame["conf_high"])).mean())
    # 1200 intervals, correlated within a sample: some 1% either way.
    assert 0.92 < np.mean(held) < 0.975


def test_trials_of_new_observations() -> None:
    fit = cbpp()
    new = {"period": ["1", "1"], "size": [5, 50]}
    frame = fit.predict(new, "population", interval="prediction")
    counts = frame[["conf_low", "conf_high"]].to_numpy() * [[5.0], [50.0]]
    np.testing.assert_allclose(counts, np.rint(counts), atol=1e-9)
    given = fit.predict(new, "population", interval="prediction", weights=[5, 50])
    pd.testing.assert_frame_equal(frame, given)
    with pytest.raises(DataError, match="whole numbers"):
        fit.predict(new, "population", interval="prediction", weights=2.5)
    with pytest.raises(UnknownColumnError, match="no column 'size' for the weights"):
        fit.predict({"period": ["1"]}, "population", interval="prediction")
    data = rn.datasets.load("cbpp")
    counted = rn.glmm("cbind(incidence, size - incidence) ~ period + (1 | herd)", data)
    with pytest.raises(OptionError, match="numbers of trials"):
        counted.predict(new, "population", interval="prediction")
    pd.testing.assert_frame_equal(
        counted.predict(new, "population", interval="prediction", weights="size"), frame
    )


def test_dispersion_of_new_rows_is_modelled() -> None:
    data = grouped()
    fit = rn.glmm("amount ~ x + (1 | g)", data, family="gamma", dispersion="~ z")
    new = pd.DataFrame({"x": [0.0, 0.0], "z": ["a", "b"], "g": ["0", "0"]})
    frame = fit.predict(new, interval="prediction")
    shape = np.exp(fit.fixef_dispersion["Intercept"] + [0.0, fit.fixef_dispersion["z[T.b]"]])
    narrow = (frame["conf_high"] / frame["conf_low"]).to_numpy()
    assert (np.argsort(narrow) == np.argsort(-shape)).all()
    with pytest.raises(UnknownColumnError, match="z"):
        fit.predict(new[["x", "g"]], interval="prediction")
    fit.predict(new[["x", "g"]], interval="confidence")  # the mean does not need it


def test_a_gaussian_interval_is_the_normal_one() -> None:
    fit = of_groups("amount", "gaussian", "1")
    frame = fit.predict(interval="prediction", confidence=0.8)
    link = fit.predict(kind="link", se=True)
    sd = np.sqrt(link["std_error"] ** 2 + fit.dispersion**2)
    # 2e-9 of the law of the predictor is left out.
    np.testing.assert_allclose(
        frame["conf_high"], link["estimate"] + stats.norm.ppf(0.9) * sd, atol=2e-8
    )
