"""Changes of a call: R's update of formulas, and refits that equal direct fits."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.formula import parse
from ranef.formula.update import updated

FORMULA = "Reaction ~ Days + (Days | Subject)"


@pytest.fixture(scope="module")
def sleep() -> pd.DataFrame:
    return rn.datasets.load("sleepstudy")


@pytest.fixture(scope="module")
def fit(sleep: pd.DataFrame) -> Any:
    return rn.lmm(FORMULA, sleep)


# Fixed parts as R 4.2.2 has them: update(y ~ x + z, . ~ . - z) and so on, and -1 as 0 +.
CASES = [
    ("y ~ x + z + (x | g)", "~ . + w", "y ~ x + z + w + (x | g)"),
    ("y ~ x + z + (x | g)", ". ~ . - z", "y ~ x + (x | g)"),
    ("y ~ x * z + (1 | g)", "~ . - x:z", "y ~ x + z + (1 | g)"),
    ("y ~ x * z + (1 | g)", "~ . + w", "y ~ x * z + w + (1 | g)"),
    ("y ~ x + (1 | g)", "~ . - x", "y ~ 1 + (1 | g)"),
    ("y ~ x + (1 | g)", "~ . - 1", "y ~ 0 + x + (1 | g)"),
    ("y ~ 0 + x + (1 | g)", "~ . + 1", "y ~ 0 + x + 1 + (1 | g)"),
    ("y ~ x + (1 | g)", "log(.) ~ .", "log(y) ~ x + (1 | g)"),
    ("log(y) ~ x + (1 | g)", "exp(.) ~ .", "exp(log(y)) ~ x + (1 | g)"),
    ("y ~ x + (1 | g)", "w ~ .", "w ~ x + (1 | g)"),
    ("y ~ x + (1 | g)", "~ . * w", "y ~ x * w + (1 | g)"),
    ("y ~ x + z + (1 | g)", "~ (.)^2", "y ~ (x + z) ** 2 + (1 | g)"),
    ("y ~ 0 + x + (1 | g)", "~ . * w", "y ~ 0 + x * w + (1 | g)"),
    ("y ~ x + (x | g)", "~ . - (x | g) + (x || g)", "y ~ x + (x || g)"),
    ("y ~ x + (1 | g) + (1 | h)", "~ . - (1|h)", "y ~ x + (1 | g)"),
    ("y ~ x + (1 | g)", "~ . + (1 | h)", "y ~ x + (1 | g) + (1 | h)"),
    ("y ~ x + (1 | g)", "~ w + (1 | h)", "y ~ w + (1 | h)"),
    ("y ~ x + offset(k) + (1 | g)", "~ . - offset(k)", "y ~ x + (1 | g)"),
    ("y ~ x + offset(k) + (1 | g)", "~ . + z", "y ~ x + z + offset(k) + (1 | g)"),
    ("y ~ `a b` + (1 | `g h`)", "~ . + z", "y ~ `a b` + z + (1 | `g h`)"),
    ("y ~ within(x, g) + (1 | a/b)", "~ . + z", "y ~ within(x, g) + z + (1 | a / b)"),
    ("y ~ x + (1 | g)", "~ . + x", "y ~ x + (1 | g)"),
]


@pytest.mark.parametrize(("old", "change", "new"), CASES)
def test_the_formula_becomes(old: str, change: str, new: str) -> None:
    assert updated(parse(old), change) == new
    parse(new)


@pytest.mark.parametrize(("old", "change", "new"), CASES)
def test_a_change_of_nothing_means_the_same_model(old: str, change: str, new: str) -> None:
    again = parse(updated(parse(old), ". ~ ."))
    before = parse(old)
    assert [t.name for t in again.fixed] == [t.name for t in before.fixed]
    assert (again.intercept, [b.text for b in again.bars]) == (
        before.intercept, [b.text for b in before.bars]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("~ . - (1 | Subject)", "no random part \\(1 | Subject\\)"),
        ("~ . - offset(z)", "no offset"),
        ("~ . +", "nothing stands after"),
        (". + x", "no ~"),
        (3, "must be a text"),
        ("~ . + (0 + . | Subject)", "'.' does not stand for"),
        ("~ . + nothing", "unknown column 'nothing'"),
    ],
)
def test_a_change_that_cannot_be(change: Any, what: str, fit: Any) -> None:
    with pytest.raises(rn.RanefError, match=what):
        fit.update(change)


@pytest.mark.parametrize(
    ("change", "formula"),
    [
        ("~ . + I(Days^2)", "Reaction ~ Days + I(Days^2) + (Days | Subject)"),
        ("~ . - (Days | Subject) + (1 | Subject)", "Reaction ~ Days + (1 | Subject)"),
        ("log(.) ~ .", "log(Reaction) ~ Days + (Days | Subject)"),
    ],
)
def test_a_changed_fit_is_the_direct_one(
    change: str, formula: str, fit: Any, sleep: pd.DataFrame
) -> None:
    made, direct = fit.update(change), rn.lmm(formula, sleep)
    assert made.loglik == direct.loglik
    assert made.fixef.equals(direct.fixef)


def test_arguments_stay_or_change(sleep: pd.DataFrame) -> None:
    data = sleep.assign(w=np.linspace(0.5, 2.0, 180), k=np.sin(sleep["Days"]), f=list("abc") * 60)
    fit = rn.lmm(
        "Reaction ~ Days + f + (1 | Subject)", data, weights="w", offset="k", reml=False,
        contrasts={"f": "sum"}, subset="Days > 1",
    )  # fmt: skip
    same = fit.update()
    assert same.loglik == fit.loglik
    assert fit.update("~ . - f").loglik == rn.lmm(
        "Reaction ~ Days + (1 | Subject)", data, weights="w", offset="k", reml=False,
        subset="Days > 1",
    ).loglik  # fmt: skip
    assert (
        fit.update(weights=None, subset=None, reml=True).loglik
        == rn.lmm(
            "Reaction ~ Days + f + (1 | Subject)", data, offset="k", contrasts={"f": "sum"}
        ).loglik
    )
    assert fit.with_reml(True).update("~ . + I(Days^2)").reml


def test_random_effects_come_and_go(fit: Any, sleep: pd.DataFrame) -> None:
    plain = fit.update("~ . - (Days | Subject)")
    assert plain.loglik == rn.lm("Reaction ~ Days", sleep).loglik
    assert plain.update("~ . + (Days | Subject)").loglik == fit.loglik


def test_other_data(fit: Any, sleep: pd.DataFrame) -> None:
    half = sleep[:90]
    assert fit.update(data=half).loglik == rn.lmm(FORMULA, half).loglik
    weighted = fit.update(weights=np.ones(180))
    with pytest.raises(rn.OptionError, match="weights of the fit are an array"):
        weighted.update(data=half)
    assert weighted.update(data=half, weights=None).nobs == 90


def test_data_that_are_not_there_or_not_the_same(fit: Any, sleep: pd.DataFrame) -> None:
    read = pickle.loads(pickle.dumps(fit))
    for stranger in (read, fit.refit(2 * sleep["Reaction"])):
        with pytest.raises(rn.OptionError, match="does not know its data") as caught:
            stranger.update("~ . + I(Days^2)")
        assert "data=" in caught.value.fix
        assert stranger.update(data=sleep).loglik == fit.loglik
    data = sleep.copy()
    mine = rn.lmm(FORMULA, data)
    data.loc[3, "Days"] = 99.0
    with pytest.raises(rn.OptionError, match="changed after the model was fitted") as caught:
        mine.update(reml=False)
    assert "'Days'" in caught.value.found
    assert mine.update(data=data).nobs == 180


def test_a_pickle_holds_no_data_besides_the_models(sleep: pd.DataFrame) -> None:
    small = rn.lmm(FORMULA, sleep)
    large = rn.lmm(FORMULA, sleep.assign(other=["text"] * 180, more=np.arange(180.0)))
    assert abs(len(pickle.dumps(large)) - len(pickle.dumps(small))) < 500


def test_the_prior_of_a_fit_stays(fit: Any, sleep: pd.DataFrame) -> None:
    prior = rn.priors.Wishart()
    penalised = fit.update(prior=prior)
    assert penalised.criterion == rn.lmm(FORMULA, sleep, prior=prior).criterion
    assert penalised.update(reml=False).prior is not None
    assert penalised.update(prior=None).criterion == fit.criterion
    hsb = rn.lmm("math ~ ses * sector + (ses | sch.id)", rn.datasets.load("hsb"))
    weakest = rn.priors.smallest(hsb).fit
    assert weakest.update().criterion == pytest.approx(weakest.criterion, rel=1e-12)
