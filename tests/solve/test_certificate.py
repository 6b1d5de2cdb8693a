"""The certificate: right at optima of every kind, and not to be had elsewhere."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import optimize
from tests.oracle import evidence as oracle

import ranef as rn
from ranef.core import CoreKernel, Evidence
from ranef.problem.parameters import group_lambdas
from ranef.solve.certificate import certificate, certify
from ranef.solve.face import face_of, hessian
from ranef.solve.start import other_starts


def judge(fit, inner):
    """Certify a fit's problem at another inner theta."""
    kernel = fit._problem.kernel()
    assert kernel.evaluate(group_lambdas(fit._problem, np.asarray(inner, dtype=float)))
    return certify(fit._problem, np.asarray(inner, dtype=float), kernel, 1)


@pytest.fixture(scope="module")
def hsb():
    return rn.lmm("math ~ ses * sector + (ses | sch.id)", rn.datasets.load("hsb"))


def test_hsb_is_at_a_boundary_optimum(hsb):
    c = hsb.certificate
    assert hsb.criterion == pytest.approx(46569.11218732, abs=1e-7)
    assert c.verdict == "boundary optimum"
    assert c.certified
    assert (c.rank, c.dims) == ({"sch.id": 1}, {"sch.id": 2})
    assert c.gain < 1e-9
    assert c.step_se < 1e-4
    assert c.dual_min_eig == pytest.approx(73.398, abs=2e-3)
    assert c.complementarity < 1e-6
    assert c.directions == ("(Intercept) and ses perfectly correlated (+1) in sch.id",)
    assert "rank 1 of 2" in str(c)
    np.testing.assert_allclose(hsb.theta, [0.32231, 0.04541, 0.0], atol=1e-5)
    assert hsb.theta[2] == 0.0


def test_where_lme4_stops_the_predicted_gain_is_the_true_gap(hsb):
    # lme4 1.1-31 stops here and warns with max|grad| = 0.0058; it is 1.778e-5 above the optimum.
    theta = np.array([0.322286347567377, 0.0454109017665681, 0.000482494305012086])
    fit = rn.lmm(
        hsb.formula,
        rn.datasets.load("hsb"),
        start=theta,
        control=rn.Control(max_evaluations=1),
    )
    c = fit.certificate
    assert fit.criterion - hsb.criterion == pytest.approx(1.778e-5, rel=1e-3)
    assert c.verdict == "not at an optimum"
    assert not c.certified
    assert c.gain == pytest.approx(1.778e-5, rel=1e-2)
    assert c.evaluations == 1


def test_scalar_boundary(record_property):
    fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff2"))
    c = fit.certificate
    assert c.verdict == "boundary optimum"
    assert c.rank == {"Batch": 0}
    assert fit.theta.tolist() == [0.0]
    assert c.directions == ("no variance of (Intercept) between levels of Batch",)


def test_zero_is_not_an_optimum_where_there_is_variance():
    # The theta-gradient is zero at theta = 0 whatever the data: only the cone sees the descent.
    fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff"))
    c = judge(fit, [0.0])
    assert c.verdict == "not at an optimum"
    assert c.gain > 0.5
    assert c.dual_min_eig < 0.0
    true_gap = (
        float(
            rn.lmm(
                fit.formula,
                rn.datasets.load("dyestuff"),
                start=[0.0],
                control=rn.Control(max_evaluations=1),
            ).criterion
        )
        - fit.criterion
    )
    assert true_gap > 1.0


def test_the_search_leaves_a_saddle():
    data = rn.datasets.load("dyestuff")
    free = rn.lmm("Yield ~ 1 + (1 | Batch)", data)
    stuck = rn.lmm("Yield ~ 1 + (1 | Batch)", data, start=[0.0], control=rn.Control(restarts=0))
    assert stuck.criterion == pytest.approx(free.criterion, abs=1e-8)
    assert stuck.certificate.verdict == "interior optimum"


def test_the_search_leaves_a_face():
    data = rn.datasets.load("sleepstudy")
    free = rn.lmm("Reaction ~ Days + (Days | Subject)", data)
    for start in ([1.0, 0.0, 0.0], [0.0, 0.0, 0.2], [0.0, 0.0, 0.0], [0.9, 0.1, 0.0]):
        fit = rn.lmm(free.formula, data, start=start, control=rn.Control(restarts=0))
        assert fit.criterion == pytest.approx(free.criterion, abs=1e-7), start
        assert fit.certificate.verdict == "interior optimum"


def test_duplicated_term_is_flat():
    data = rn.datasets.load("sleepstudy")
    fit = rn.lmm("Reaction ~ Days + (1 | Subject) + (1 | Subject)", data)
    one = rn.lmm("Reaction ~ Days + (1 | Subject)", data)
    assert fit.criterion == pytest.approx(one.criterion, abs=1e-6)
    c = fit.certificate
    assert c.verdict == "flat"
    assert not c.certified
    assert len(c.directions) == 1
    assert "Subject" in c.directions[0]
    assert "Subject.1" in c.directions[0]
    assert any(f.code == "flat" for f in fit.findings)


def test_units_play_no_part():
    data = rn.datasets.load("sleepstudy")
    base = rn.lmm("Reaction ~ Days + (Days | Subject)", data)
    for y_unit in (1e-6, 1.0, 1e6):
        for x_unit in (1e-6, 1e6):
            changed = data.assign(Reaction=data.Reaction * y_unit, Days=data.Days * x_unit)
            fit = rn.lmm("Reaction ~ Days + (Days | Subject)", changed)
            assert fit.certificate.certified
            assert fit.certificate.verdict == "interior optimum"
            slope = fit.fixef["Days"] * x_unit / y_unit
            assert slope == pytest.approx(base.fixef["Days"], rel=1e-9)
            sd = fit.varcorr().sd[1] * x_unit / y_unit
            assert sd == pytest.approx(base.varcorr().sd[1], rel=1e-6)


def test_small_interior_variance_is_not_rounded_to_zero():
    """An optimum just inside the boundary: curvature decides, not a threshold."""
    rng = np.random.default_rng(0)
    found = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        g = np.repeat(np.arange(18), 10)
        y = rng.normal(size=180) + 0.05 * rng.normal(size=18)[g]
        fit = rn.lmm("y ~ 1 + (1 | g)", pd.DataFrame({"y": y, "g": g}), reml=False)
        theta = np.concatenate([np.linspace(0.0, 0.05, 26), np.linspace(0.06, 0.6, 28)])
        kernel = fit._problem.kernel()
        grid = []
        for t in theta:
            kernel.evaluate([np.array([[t]])])
            grid.append(kernel.value)
        assert fit.criterion <= min(grid) + 1e-9, seed
        assert fit.certificate.certified
        if 0.0 < fit.theta[0] < 0.1:
            found += 1
            assert fit.certificate.verdict == "interior optimum"
        assert (fit.theta[0] == 0.0) == (fit.certificate.verdict == "boundary optimum")
    assert found >= 3


def test_rank_two_of_four_is_reached_exactly():
    rng = np.random.default_rng(5)
    levels, rows = 60, 12
    g = np.repeat(np.arange(levels), rows)
    x = rng.normal(size=(levels * rows, 3))
    root = np.zeros((4, 2))
    root[:, 0] = [1.0, 0.5, -0.3, 0.2]
    root[:, 1] = [0.0, 0.8, 0.4, -0.6]
    b = rng.normal(size=(levels, 2)) @ root.T
    y = np.einsum("ij,ij->i", np.column_stack([np.ones(len(g)), x]), b[g]) + rng.normal(size=len(g))
    data = pd.DataFrame({"y": y, "g": g, "a": x[:, 0], "b": x[:, 1], "c": x[:, 2]})
    fit = rn.lmm("y ~ a + b + c + (a + b + c | g)", data)
    c = fit.certificate
    assert c.certified
    assert 2 <= c.rank["g"] <= 4
    values = np.linalg.eigvalsh(fit._solution.covariances[0])
    assert np.sum(values > 1e-9 * values[-1]) == c.rank["g"]
    if c.rank["g"] < 4:
        assert c.verdict == "boundary optimum"
        assert c.dual_min_eig >= 0.0
        assert np.sum(np.diag(fit._solution.covariances[0]) == 0) == 0


def test_certificates_hold_against_other_starts():
    """No certified fit is beaten by a search from elsewhere that ends in the same basin."""
    for seed in range(12):
        rng = np.random.default_rng(seed)
        g = rng.integers(0, 10, 90)
        h = rng.integers(0, 6, 90)
        x = rng.normal(size=90)
        y = x + rng.normal(size=10)[g] * rng.choice([0.0, 1.0]) + rng.normal(size=90)
        data = pd.DataFrame({"y": y, "x": x, "g": g, "h": h})
        fit = rn.lmm("y ~ x + (x | g) + (1 | h)", data)
        assert fit.certificate.certified, seed
        for start in other_starts(fit._problem.terms, 3):
            kernel = fit._problem.kernel()
            end = kernel.optimise(fit._problem.terms, start, 500, 1e-11)
            assert end.criterion >= fit.criterion - 1e-6, seed


def test_a_wrong_curvature_would_be_noticed(hsb, monkeypatch):
    """The certificate reads the Hessian: with its sign turned nothing is certified."""
    problem, inner = hsb._problem, hsb._solution.inner
    kernel = problem.kernel()
    assert kernel.evaluate(group_lambdas(problem, inner))
    assert certificate(problem, inner, oracle.evidence(problem, inner, kernel), 1).certified
    real = oracle.hessian

    def turned(problem, face, kernel):
        h, curvature = real(problem, face, kernel)
        return -h, curvature

    monkeypatch.setattr(oracle, "hessian", turned)
    assert not certificate(problem, inner, oracle.evidence(problem, inner, kernel), 1).certified


@pytest.mark.parametrize("limit", range(1, 12))
@pytest.mark.parametrize("start", [[5.0, 3.0, 0.01], [0.01, 0.0, 4.0], [0.0, 0.0, 0.0]])
def test_an_unfinished_search_reports_the_point_it_returns(limit, start):
    """Estimates and certificate belong to the returned theta, also after a rejected step."""
    data = rn.datasets.load("sleepstudy")
    control = rn.Control(max_evaluations=limit, restarts=0)
    fit = rn.lmm("Reaction ~ Days + (Days | Subject)", data, start=start, control=control)
    assert fit.certificate.evaluations <= limit
    there = rn.lmm(
        fit.formula, data, start=fit.theta, control=rn.Control(max_evaluations=1, restarts=0)
    )
    assert fit.criterion == pytest.approx(there.criterion, rel=1e-12)
    assert fit.sigma == pytest.approx(there.sigma, rel=1e-9)
    np.testing.assert_allclose(fit.fixef, there.fixef, rtol=1e-9)
    np.testing.assert_allclose(fit.fitted, there.fitted, rtol=1e-9)
    assert fit.certificate.verdict == there.certificate.verdict
    assert fit.certificate.gain == pytest.approx(there.certificate.gain, rel=1e-3, abs=1e-9)


# -- the compiled certificate, which users get --------------------------------------------------
@pytest.mark.parametrize(
    ("formula", "name"),
    [
        ("Reaction ~ Days + (Days | Subject)", "sleepstudy"),
        ("diameter ~ 1 + (1 | plate) + (1 | sample)", "penicillin"),
    ],
)
@pytest.mark.parametrize(("errors", "certified"), [(3e-4, True), (3e-3, False), (0.1, False)])
def test_a_point_beside_the_optimum_is_refused(formula, name, errors, certified):
    """A step of s standard errors along a parameter costs s^2 deviance units: 1e-6 are allowed."""
    fit = rn.lmm(formula, rn.datasets.load(name))
    problem, inner = fit._problem, fit._solution.inner
    kernel = problem.kernel()
    assert isinstance(kernel, CoreKernel)
    assert kernel.evaluate(group_lambdas(problem, inner))
    face = face_of(problem, inner)
    h, _ = hessian(problem, face, kernel)
    for k, curvature in enumerate(np.diag(h)):
        there = inner.copy()
        there[k] += errors * np.sqrt(2.0 / curvature)
        c = judge(fit, there)
        assert c.certified is certified
        assert c.gain == pytest.approx(errors**2, rel=0.2)


@pytest.mark.parametrize("wrong", [[0.5, 0.1, 0.2], [0.0, 0.0, 0.2], [0.0, 0.0, 0.0]])
def test_a_kernel_that_stands_elsewhere_is_noticed(wrong):
    """Gamma of one point is no evidence for another."""
    fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
    problem, inner = fit._problem, fit._solution.inner
    kernel = problem.kernel()
    assert kernel.evaluate(group_lambdas(problem, np.array(wrong)))
    assert not certify(problem, inner, kernel, 1).certified


def hill():
    """A fit of one parameter with two valleys, and the top between them."""
    rng = np.random.default_rng(3)
    a = np.concatenate([np.repeat(np.arange(5), 6), np.arange(5, 12)])
    w = np.where(a < 5, 1.0, 0.036)
    y = rng.normal(size=a.size)
    means = pd.Series(y).groupby(a).transform("mean").to_numpy()
    y = np.where(a < 5, y - means + 0.1 * rng.normal(size=12)[a], 90.0 * y)
    fit = rn.lmm("y ~ 1 + (1 | a)", pd.DataFrame({"y": y, "a": a, "w": w}), weights="w", reml=False)
    kernel = fit._problem.kernel()

    def slope(theta):
        assert kernel.evaluate([np.array([[theta]])])
        return float(kernel.gamma()[0][0, 0])

    grid = np.geomspace(1e-2, 1e2, 200)
    slopes = np.array([slope(theta) for theta in grid])
    (at,) = np.flatnonzero((slopes[:-1] > 0.0) & (slopes[1:] < 0.0))
    top = optimize.brentq(slope, grid[at], grid[at + 1], xtol=1e-14)
    return fit, top, slope


def test_a_point_with_no_slope_but_the_wrong_curvature_is_refused():
    """At the top of a hill nothing but the curvature speaks against an optimum."""
    fit, top, slope = hill()
    assert abs(slope(top)) < 1e-8
    c = judge(fit, [top])
    assert c.min_curvature < -1e-3
    assert not c.certified
    assert c.gain > 1e-3


# -- its thresholds -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("gain", "step", "certified"),
    [
        (0.99e-6, 0.99e-3, True),
        (1.01e-6, 0.99e-3, False),
        (0.99e-6, 1.01e-3, False),
        (np.nan, 0.0, False),
        (0.0, np.nan, False),
    ],
)
def test_what_an_optimum_may_leave(gain, step, certified):
    """1e-6 deviance units and 1e-3 standard errors; what is not a number is too much."""
    fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
    problem, inner = fit._problem, fit._solution.inner
    found = Evidence(*fit._solution.found.evidence)
    judged = certificate(problem, inner, found._replace(gain=gain, step=step), 1)
    assert judged.certified is certified
    assert judged.verdict == ("interior optimum" if certified else "not at an optimum")
