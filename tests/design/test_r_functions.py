"""ns, cut, relevel, ordered, dummy and pi: R's numbers, replayed on other rows, and messages."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.design.natural_spline import NaturalSpline

X = np.array([0.3, 1.1, 2.2, 2.9, 4.7, 5.5, 6.1, 8.8, 9.3, 10])


@pytest.fixture(scope="module")
def sleep() -> pd.DataFrame:
    return rn.datasets.load("sleepstudy")


@pytest.fixture(scope="module")
def machines() -> pd.DataFrame:
    return rn.datasets.load("machines")


def test_ns_is_rs() -> None:
    # R 4.2.2, splines: b <- ns(x, df = 3); b[c(1, 5, 10), ]; predict(b, c(-2, 12.5)).
    spline = NaturalSpline.learn(X, 3, None, False, None)
    rows = [
        [0.0, 0.0, 0.0],
        [0.283285031701916, 0.499241192317232, -0.298902029509752],
        [-0.148376379809238, 0.418497481513235, 0.729878898296003],
    ]
    np.testing.assert_allclose(spline.basis(X)[[0, 4, 9]], rows, rtol=1e-13, atol=1e-15)
    outside = [
        [0.224020974727557, -0.631854031282854, 0.407833056555297],
        [-0.875790376165470, 0.547101060979530, 1.328689315185940],
    ]
    np.testing.assert_allclose(spline.basis(np.array([-2, 12.5])), outside, rtol=1e-13)
    # b <- ns(x, knots = c(3, 6), intercept = TRUE, Boundary.knots = c(1, 9)).
    spline = NaturalSpline.learn(X, None, [3, 6], True, [1, 9])
    rows = [
        [-0.5845687500188543, -0.2661896913882685, 0.7985690741648054, -0.5323793827765370],
        [0.4618522317737391, 0.4095115148228987, 0.1705548073831561, -0.0833760444282769],
        [0.0, -0.5, 0.5, 1.0],
    ]
    np.testing.assert_allclose(spline.basis(X)[[0, 4, 9]], rows, rtol=1e-13, atol=2e-15)


def test_a_natural_spline_is_a_line_outside() -> None:
    spline = NaturalSpline.learn(X, 4, None, False, None)
    for ends in (np.array([-3.0, -2.0, -1.0]), np.array([11.0, 12.0, 13.0])):
        basis = spline.basis(ends)
        np.testing.assert_allclose(basis[0] - 2 * basis[1] + basis[2], 0.0, atol=1e-13)
    assert np.isnan(spline.basis(np.array([np.nan]))).all()


# R 4.2.2 with lme4 1.1-31: logLik(lmer(...)) and fixef of the same formula.
R = {
    "Reaction ~ ns(Days, df=3) + (1 | Subject)": (
        -883.710108335611, [255.5253714655025, 50.1779910211423, 100.6506910899686, 80.3087594883]
    ),
    "Reaction ~ cut(Days, c(-Inf, 2, 5, Inf)) + (1 | Subject)": (
        -898.656212943021, [262.1698203703710, 31.2168092592594, 67.4325712962963]
    ),
    "score ~ relevel(Machine, ref='B') + (1 | Worker)": (
        -143.439100988859, [60.32222222222218, -7.96666666666667, 5.95]
    ),
    "score ~ ordered(Machine) + (0 + dummy(Machine, 'B') | Worker) + (1 | Worker)": (
        -125.121953552885, [59.65, 9.840569371512782, -0.823300719101915]
    ),
}  # fmt: skip


@pytest.mark.parametrize("formula", R)
def test_fits_are_lme4s(formula: str, sleep: pd.DataFrame, machines: pd.DataFrame) -> None:
    data = sleep if "Days" in formula else machines
    fit = rn.lmm(formula, data)
    loglik, fixef = R[formula]
    # lme4 stops within 1e-8 of the optimum, relative to a criterion of hundreds.
    assert fit.loglik == pytest.approx(loglik, rel=1e-9)
    np.testing.assert_allclose(fit.fixef, fixef, rtol=1e-8)
    # What the training rows taught serves a few of them alone, also from a file.
    read = pickle.loads(pickle.dumps(fit))
    rows = [2, 7, 31]
    np.testing.assert_allclose(
        read.predict(data.iloc[rows]), np.asarray(fit.fitted)[rows], rtol=1e-12
    )


@pytest.mark.parametrize(
    ("call", "names"),
    [
        # R 4.2.2: levels(cut(x, 3)), levels(cut(x, c(0, 2.5, 5, 10))) and so on.
        ("cut(x, 3)", ["(0.29,3.53]", "(3.53,6.77]", "(6.77,10]"]),
        ("cut(x, c(0, 2.5, 5, 10))", ["(0,2.5]", "(2.5,5]", "(5,10]"]),
        ("cut(x, c(0.3, 5, 10), include.lowest=TRUE)", ["[0.3,5]", "(5,10]"]),
        ("cut(x, c(0.3, 5, 10), right=FALSE, include.lowest=TRUE)", ["[0.3,5)", "[5,10]"]),
        ("cut(x, c(-Inf, 5, Inf))", ["(-Inf,5]", "(5, Inf]"]),
        ("cut(x, c(0, 5.55555, 1e6), dig.lab=4)", ["(0,5.556]", "(5.556,1e+06]"]),
        ("cut(x, c(0, 5, 10), labels=c('low', 'high'))", ["low", "high"]),
        ("cut(x, c(0, 5, 10), labels=FALSE)", ["1", "2"]),
    ],
)
def test_levels_of_cut(call: str, names: list[str]) -> None:
    rng = np.random.default_rng(1)
    data = {"x": X, "y": rng.normal(size=10)}
    fit = rn.lm(f"y ~ 0 + {call}", data)
    assert [name.partition(")[")[2][:-1] for name in fit.fixef.index] == names


def test_contrasts_of_cut_and_relevel(machines: pd.DataFrame, sleep: pd.DataFrame) -> None:
    fit = rn.lmm("Reaction ~ cut(Days, 3) + (1 | Subject)", sleep, contrasts={"Days": "sum"})
    assert fit.fixef.index[1] == "cut(Days, 3)[S.(-0.009,3]]"
    direct = rn.lmm("score ~ C(Machine, contr.treatment(base='B')) + (1 | Worker)", machines)
    fit = rn.lmm("score ~ relevel(Machine, 'B') + (1 | Worker)", machines)
    np.testing.assert_allclose(fit.fixef, direct.fixef, rtol=1e-12)


def test_pi_is_a_number_in_calls_and_a_column_elsewhere(sleep: pd.DataFrame) -> None:
    fit = rn.lm("Reaction ~ sin(2 * pi * Days / 9)", sleep)
    direct = rn.lm("Reaction ~ s", sleep.assign(s=np.sin(2 * np.pi * sleep["Days"] / 9)))
    assert fit.loglik == direct.loglik
    assert fit.fixef.index[1] == "sin(2 * pi * Days / 9)"
    own = sleep.assign(pi=sleep["Days"] ** 2)
    assert "pi" in rn.lm("Reaction ~ pi", own).fixef.index
    named = rn.lm("Reaction ~ I(`pi` / 2)", own)
    assert named.fixef.index[1] == "I(`pi` / 2)"


def test_a_value_outside_of_cuts_predicts_nothing(sleep: pd.DataFrame) -> None:
    fit = rn.lm("Reaction ~ cut(Days, c(-1, 4, 9))", sleep)
    assert np.isnan(fit.predict({"Days": [2.0, 12.0]})).tolist() == [False, True]


@pytest.mark.parametrize(
    ("term", "what"),
    [
        ("cut(Days, c(0, 5, 9))", "outside of its breaks"),
        ("cut(Days)", "takes a column first"),
        ("cut(Days, 1)", "cannot be computed"),
        ("cut(Days, c(0, 'a'))", "cannot be computed"),
        ("cut(Days, c(-1, 4, 9), labels=c('a'))", "cannot be computed"),
        ("cut(Days, c(-1, 4, 9), nothing=1)", "cannot be computed"),
        ("cut(Subject, 3)", "is a category"),
        ("cut(log(Days), 3)", "takes a column first"),
        ("ns(Days, df=0)", "cannot be computed"),
        ("ns(Days, knots=c(20))", "cannot be computed"),
        ("ns(Days, nothing=1)", "cannot be computed"),
        ("relevel(Subject, '3')", "not a level"),
        ("relevel(Subject)", "takes a column first"),
        ("ordered(Subject, levels=c('3'))", "not those of the column"),
        ("dummy(Subject, '3')", "does not name a level"),
        ("dummy(Subject)", "takes a column first"),
    ],
)
def test_what_cannot_be(term: str, what: str, sleep: pd.DataFrame) -> None:
    with pytest.raises(rn.RanefError, match=what):
        rn.lm(f"Reaction ~ {term}", sleep)
