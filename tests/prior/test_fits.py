"""Fits with priors: against blme's criterion, against augmented least squares, on the boundary."""

from __future__ import annotations

import numpy as np
import pytest
from tests.oracle.kernel import kernel_of

import ranef as rn
from ranef.errors import OptionError
from ranef.problem import Problem

HSB = "math ~ ses * sector + (ses | sch.id)"
SLEEP = "Reaction ~ Days + (Days | Subject)"
DYE = "Yield ~ 1 + (1 | Batch)"
PENICILLIN = "diameter ~ 1 + (1 | plate) + (1 | sample)"
P = rn.priors
BOTH = [P.Wishart(), P.Normal((5.0, 0.3))]

# blme 1.0-5: the criterion with the penalty, a function of theta.
BLME = {
    "HSB": (HSB, "hsb", P.Wishart(), True, [0.5, 0.1, 0.2], 46632.7844322489),
    "sleepstudy": (SLEEP, "sleepstudy", P.Wishart(), True, [1, 0.02, 0.2], 1748.90701920343),
    "ML": (SLEEP, "sleepstudy", P.Wishart(), False, [1, 0.02, 0.2], 1757.13090957506),
    "scale": (SLEEP, "sleepstudy", P.Wishart(5, 4), True, [1, 0.02, 0.2], 1773.28506815946),
    "gamma": (DYE, "dyestuff2", P.Gamma(), True, [0.3], 166.345604876903),
    "rate": (DYE, "dyestuff2", P.Gamma(2, 1.5), True, [1], 169.533475573289),
    "normal": (SLEEP, "sleepstudy", P.Normal(), True, [1, 0.02, 0.2], 1768.16992630577),
    "normal, ML": (SLEEP, "sleepstudy", P.Normal(), False, [1, 0.02, 0.2], 1776.38127764979),
    "both": (SLEEP, "sleepstudy", BOTH, True, [1, 0.02, 0.2], 1771.95068656685),
    "two factors": (PENICILLIN, "penicillin", P.Gamma(), True, [1.5, 3], 326.619883865120),
}

# Where blme's default optimiser ends: ours is not above it.
BLME_ENDS = {
    "HSB": 46745.741334024,
    "sleepstudy": 1747.9217423609,
    "ML": 1756.3919624362,
    "scale": 1772.0717066599,
    "gamma": 166.14070711255,
    "rate": 164.36079045918,
    "normal": 1767.699799779,
    "normal, ML": 1776.0096067219,
    "both": 1771.0687088128,
    "two factors": 325.44529560177,
}


def criterion_at(theta, formula, name, prior, reml=True):
    once = rn.Control(max_evaluations=1)
    data = rn.datasets.load(name)
    return rn.lmm(formula, data, prior=prior, reml=reml, start=theta, control=once).criterion


@pytest.mark.parametrize("case", BLME.values(), ids=BLME)
def test_the_criterion_is_that_of_blme(case):
    formula, name, prior, reml, theta, expected = case
    assert criterion_at(theta, formula, name, prior, reml) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", BLME)
def test_the_optimum_is_not_above_that_of_blme(name):
    formula, data, prior, reml, _, _ = BLME[name]
    fit = rn.lmm(formula, rn.datasets.load(data), prior=prior, reml=reml)
    assert fit.criterion <= BLME_ENDS[name] + 1e-6
    assert fit.certificate.certified


def test_hsb_with_the_default_wishart_of_blme():
    """blme's optimisers end between 46581.6398 and 46783.4 on this criterion."""
    fit = rn.lmm(HSB, rn.datasets.load("hsb"), prior=P.Wishart())
    assert fit.criterion <= 46581.6398
    assert fit.certificate.verdict == "interior optimum"
    assert "units of the penalised criterion left to gain" in str(fit.certificate)
    assert fit.prior == {"sch.id": P.Wishart(4.5)}
    assert -2.0 * fit.loglik == pytest.approx(46570.0789, abs=1e-3)


def test_a_normal_prior_is_rows_of_data():
    """ML: the mode of beta solves least squares with one more row for each coefficient."""
    data = rn.datasets.load("sleepstudy")
    fit = rn.lmm(SLEEP, data, prior=P.Normal((5.0, 0.3)), reml=False)
    days = data["Days"].to_numpy(float)
    x = np.column_stack([np.ones(180), days])
    z = np.zeros((180, 36))
    for row, code in enumerate(np.unique(data["Subject"], return_inverse=True)[1]):
        z[row, 2 * code : 2 * code + 2] = x[row]
    t = np.array([[fit.theta[0], 0.0], fit.theta[1:]])
    v = np.eye(180) + z @ np.kron(np.eye(18), t @ t.T) @ z.T
    precision = np.diag([5.0**-2, 0.3**-2])
    y, vi = data["Reaction"].to_numpy(float), np.linalg.inv(v)
    q = x.T @ vi @ x + precision
    beta = np.linalg.solve(q, x.T @ vi @ y)
    r = y - x @ beta
    s2 = (r @ vi @ r + beta @ precision @ beta) / 182.0
    assert fit.fixef.to_numpy() == pytest.approx(beta, rel=1e-10)
    assert fit.sigma == pytest.approx(np.sqrt(s2), rel=1e-10)
    assert fit.vcov.to_numpy() == pytest.approx(s2 * np.linalg.inv(q), rel=1e-9)
    log_lik = -0.5 * (180 * np.log(2 * np.pi * s2) + np.linalg.slogdet(v)[1] + r @ vi @ r / s2)
    assert fit.loglik == pytest.approx(log_lik, rel=1e-12)
    log_prior = -0.5 * (
        2.0 * np.log(2 * np.pi * s2)
        - np.linalg.slogdet(precision)[1]
        + beta @ precision @ beta / s2
    )
    assert fit.criterion == pytest.approx(-2.0 * (log_lik + log_prior), rel=1e-12)


def test_a_normal_prior_under_reml_integrates_the_fixed_effects_out():
    data = rn.datasets.load("sleepstudy")
    fit = rn.lmm("Reaction ~ Days + (1 | Subject)", data, prior=P.Normal((5.0, 0.3)))
    x = np.column_stack([np.ones(180), data["Days"].to_numpy(float)])
    same = np.equal.outer(data["Subject"].to_numpy(), data["Subject"].to_numpy())
    v = np.eye(180) + fit.theta[0] ** 2 * same + x @ np.diag([25.0, 0.09]) @ x.T
    y = data["Reaction"].to_numpy(float)
    form = y @ np.linalg.solve(v, y) / fit.sigma**2
    expected = 180 * np.log(2 * np.pi * fit.sigma**2) + np.linalg.slogdet(v)[1] + form
    assert fit.criterion == pytest.approx(expected, rel=1e-12)
    assert fit.sigma**2 == pytest.approx(form * fit.sigma**2 / 180.0, rel=1e-9)


def test_a_prior_that_says_nothing_changes_nothing():
    data = rn.datasets.load("sleepstudy")
    plain = rn.lmm(SLEEP, data)
    for prior in (P.LKJ(1), P.Normal(np.inf), P.Wishart(df=3)):
        fit = rn.lmm(SLEEP, data, prior=prior)
        assert fit.fixef.to_numpy() == pytest.approx(plain.fixef.to_numpy(), rel=1e-9)
        assert fit.theta == pytest.approx(plain.theta, rel=1e-6)
        assert fit.loglik == pytest.approx(plain.loglik, rel=1e-11)


def test_units_of_predictor_and_response_change_nothing_but_the_prior_scale():
    data = rn.datasets.load("sleepstudy")
    other = data.assign(Days=1000.0 * data["Days"] + 5.0, Reaction=0.01 * data["Reaction"])
    formula = "Reaction ~ 1 + (0 + Days | Subject)"
    shifted = "Reaction ~ 1 + (0 + I(Days - 5) | Subject)"
    fit = rn.lmm(formula, data, prior=P.HalfT(3, 0.01))
    same = rn.lmm(shifted, other, prior=P.HalfT(3, 0.01 / 1000.0))
    assert same.sigma == pytest.approx(0.01 * fit.sigma, rel=1e-9)
    assert same.theta == pytest.approx(fit.theta / 1000.0, rel=1e-6)
    # A Wishart prior of infinite scale has no units at all; nor does LKJ's, where zero stays.
    for prior in (P.Wishart(), P.LKJ(3)):
        a = rn.lmm(SLEEP, data, prior=prior)
        b = rn.lmm(SLEEP, data.assign(Days=1000.0 * data["Days"]), prior=prior)
        correlation = [f.varcorr()["sd"].iloc[2] for f in (a, b)]
        assert correlation[1] == pytest.approx(correlation[0], abs=1e-6)


@pytest.mark.parametrize("eta", [2, 4])
def test_an_sd_of_zero_where_correlations_have_a_prior(eta):
    """Half-t pulls the slope's SD to zero: the boundary optimum is that of a random intercept."""
    data = rn.datasets.load("hsb")
    fit = rn.lmm(HSB, data, prior=[P.LKJ(eta), P.HalfT(3, 0.01)])
    assert fit.certificate.verdict == "boundary optimum"
    assert fit.certificate.directions == ("no variance of ses between levels of sch.id",)
    alone = rn.lmm("math ~ ses * sector + (1 | sch.id)", data, prior=P.HalfT(3, 0.01))
    slope = P.HalfT(3, 0.01).penalty(1).constant + P.LKJ(eta).penalty(2).constant
    assert fit.criterion == pytest.approx(alone.criterion + slope, abs=1e-7)
    assert fit.theta[0] == pytest.approx(alone.theta[0], rel=1e-6)


def test_refits_keep_the_prior():
    fit = rn.lmm(SLEEP, rn.datasets.load("sleepstudy"), prior=P.Wishart())
    again = fit.refit(fit.simulate(1, seed=1)[0])
    assert again.prior == fit.prior == fit.with_reml(False).prior


def test_priors_by_factor_and_label():
    data = rn.datasets.load("penicillin")
    formula = "diameter ~ 1 + (1 | plate) + (1 | sample)"
    fit = rn.lmm(formula, data, prior={"sample": P.Gamma(), "fixed": P.Normal()})
    assert fit.prior == {"plate": [], "sample": P.Gamma(), "fixed": P.Normal()}
    assert rn.lmm(formula, data, prior=fit.prior).criterion == fit.criterion
    assert rn.lmm(formula, data, prior=P.Gamma()).prior == {
        "plate": P.Gamma(),
        "sample": P.Gamma(),
    }


@pytest.mark.parametrize(
    ("prior", "text"),
    [
        ("wishart", "that is not a prior"),
        (P.Wishart, "missing its brackets"),
        (P.Gamma(), "single standard deviation"),
        ({"Subjekt": P.Wishart()}, "no grouping factor 'Subjekt'"),
        ({"Subject": P.Normal()}, "one of fixed effects"),
        ({"fixed": P.Wishart()}, "prior of covariances stands"),
        ([P.Wishart(), P.Wishart(5)], "two priors of one kind"),
        ([P.Normal(), P.Normal(1)], "more than one prior"),
        (P.Normal({"Dayz": 1.0}), "no coefficient 'Dayz'"),
        (P.HalfT(scale=(1, 1, 1)), "another number of scales"),
        (P.Wishart(df=2), "no mode"),
    ],
)
def test_what_does_not_fit_says_so(prior, text):
    with pytest.raises(OptionError, match=text) as caught:
        rn.lmm(SLEEP, rn.datasets.load("sleepstudy"), prior=prior)
    assert caught.value.fix


def test_both_kernels_see_the_same_problem():
    fit = rn.lmm(SLEEP, rn.datasets.load("sleepstudy"), prior=[P.Wishart(), P.Normal()])
    problem: Problem = fit._problem
    oracle = kernel_of(problem)
    from ranef.problem.parameters import group_lambdas

    assert oracle.evaluate(group_lambdas(problem, fit._solution.inner))
    assert oracle.value == pytest.approx(fit.criterion, rel=1e-12)
