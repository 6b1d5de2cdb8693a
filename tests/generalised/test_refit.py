"""Generalised models fitted again: to other responses, and with other arguments."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
import pandas as pd
import pytest
from tests.generalised.fits import ANSWERS, answers, cbpp, contraception, grouped, of_groups

import ranef as rn
from ranef.fit.generalised import GeneralisedFit


@cache
def herds() -> GeneralisedFit:
    data = rn.datasets.load("cbpp")
    return rn.glmm("cbind(incidence, size - incidence) ~ period + (1 | herd)", data)


@pytest.fixture(scope="module", autouse=True)
def fits_are_let_go() -> Iterator[None]:
    """As in the folder's conftest."""
    yield
    herds.cache_clear()


def test_own_responses_give_the_fit_again() -> None:
    data = rn.datasets.load("cbpp")
    misses = data["size"] - data["incidence"]
    pairs = [
        (cbpp(), data["incidence"] / data["size"]),
        (herds(), data["incidence"]),
        (herds(), np.column_stack([data["incidence"], misses])),
        (contraception(), rn.datasets.load("contraception")["use"]),
        (of_groups("count", "nbinom2", "1"), grouped()["count"].to_numpy()),
        (of_groups("amount", "gamma(log)", "1"), grouped()["amount"].to_list()),
        (answers(), grouped()["answer"]),
        (answers(), grouped()["answer"].cat.codes + 1),
    ]
    for fit, y in pairs:
        again = fit.refit(y)
        assert again.loglik == pytest.approx(fit.loglik, abs=1e-7)
        errors = np.sqrt(np.diag(fit.vcov))
        np.testing.assert_allclose((again.fixef - fit.fixef) / errors, 0.0, atol=1e-3)
        assert again.certificate.certified


def test_simulated_responses_come_in_this_form() -> None:
    for fit in (cbpp(), herds(), contraception(), answers(), of_groups("count", "poisson", "1")):
        again = fit.refit(fit.simulate(1, seed=2)[0])
        assert again.nobs == fit.nobs
        assert again.certificate.certified


def test_a_series_is_put_in_order() -> None:
    data = rn.datasets.load("cbpp")
    y = (data["incidence"] / data["size"]).sample(frac=1.0, random_state=1)
    assert cbpp().refit(y).loglik == pytest.approx(cbpp().loglik, abs=1e-7)


def test_other_trials() -> None:
    """Twice the hits and misses are a model of other weights."""
    data = rn.datasets.load("cbpp")
    twice = 2 * np.column_stack([data["incidence"], data["size"] - data["incidence"]])
    doubled = data.assign(incidence=twice[:, 0], size=twice.sum(axis=1))
    expected = rn.glmm(herds().formula, doubled)
    found = herds().refit(twice)
    assert found.loglik == pytest.approx(expected.loglik, abs=1e-7)


def test_numbered_answers() -> None:
    data = grouped().assign(answer=lambda d: d["answer"].cat.codes)  # from 0
    fit = rn.glmm("answer ~ x + (1 | g)", data, family="cumulative")
    assert fit.refit(data["answer"]).loglik == pytest.approx(fit.loglik, abs=1e-7)
    named = answers().refit([ANSWERS[k] for k in data["answer"]])
    assert named.loglik == pytest.approx(answers().loglik, abs=1e-7)


@pytest.mark.parametrize(
    ("fit", "y", "text"),
    [
        (cbpp, [0.5, 0.5], "does not fit the rows"),
        (cbpp, np.full(56, 0.123), "whole number of successes"),
        (cbpp, np.full(56, np.nan), "not finite"),
        (cbpp, ["a"] * 56, "not numbers"),
        (herds, np.full(56, 1000), "successes and failures"),
        (contraception, ["Maybe"] * 1934, "does not know"),
        (answers, np.full(240, 5.0), "answers of the model"),
        (answers, np.full(240, 2.0), "constant"),
        (answers, np.resize([1.0, 2.0, 4.0], 240), "lacks answers"),
        (answers, np.resize([1.0, 2.0], 240), "lacks answers"),
        (lambda: of_groups("count", "poisson", "1"), np.full(240, -1.0), "negative"),
    ],
)
def test_other_responses_are_refused(fit: object, y: object, text: str) -> None:
    with pytest.raises(rn.DataError, match=text):
        fit().refit(y)  # type: ignore[operator]


def test_a_response_without_the_last_answer_has_an_infinite_cut_point() -> None:
    again = answers().refit(np.resize([1.0, 2.0, 3.0], 240))
    assert again.certificate.verdict == "no finite maximum"


def test_update_of_each_argument() -> None:
    fit = cbpp()
    assert fit.update("~ . - period").formula == "incidence / size ~ 1 + (1 | herd)"
    assert fit.update(n_agq=9).n_agq == 9
    assert fit.update(family="binomial(probit)").link == "probit"
    assert fit.update(n_agq=9).update(family="betabinomial", n_agq=1).family == "betabinomial"
    smaller = fit.update(data=rn.datasets.load("cbpp").query("herd != '1'"))
    assert smaller.nobs < fit.nobs
    assert fit.update(prior=rn.priors.Normal(2.5)).prior is not None
    same = fit.update()
    assert same.loglik == pytest.approx(fit.loglik, abs=1e-9)


def test_other_parts_are_kept_and_changed() -> None:
    fit = of_groups("inflated", "poisson", "1", zero_inflation="~ 1")
    assert fit.update(zero_inflation=None).family == "poisson"
    assert fit.update(family="nbinom2").family == "zero_inflated_nbinom2"
    assert list(fit.update(zero_inflation="~ x").fixef_zero.index) == ["Intercept", "x"]
    spread = of_groups("count", "nbinom2", "1", dispersion="~ x")
    assert list(spread.update("~ 1 + (1 | g)").fixef_dispersion.index) == ["Intercept", "x"]
    assert spread.update(dispersion=None).dispersion is not None
    assert spread.update(family="poisson", dispersion=None).family == "poisson"
    # A formula that was not asked for again goes with the part.
    assert spread.update(family="poisson").family == "poisson"
    with pytest.raises(rn.OptionError, match="has no dispersion"):
        cbpp().update(dispersion="~ period")


def test_update_needs_the_data() -> None:
    again = cbpp().refit(cbpp().simulate(1, seed=1)[0])
    with pytest.raises(rn.OptionError, match="does not know its data"):
        again.update(n_agq=5)
    with pytest.raises(rn.RanefError, match="random part"):
        cbpp().update("~ . - (1 | herd)")


def test_changed_data_are_noticed() -> None:
    data = pd.DataFrame(rn.datasets.load("cbpp"))
    fit = rn.glmm("incidence / size ~ period + (1 | herd)", data, weights="size")
    data.loc[0, "incidence"] += 1
    with pytest.raises(rn.OptionError, match="changed"):
        fit.update(n_agq=5)
