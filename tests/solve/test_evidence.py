"""The compiled solver and certificate against their NumPy oracle."""

from __future__ import annotations

import numpy as np
import pytest
from tests.oracle.evidence import evidence
from tests.oracle.search import solve as solve_densely

import ranef as rn
from ranef.problem.parameters import group_lambdas
from ranef.solve import solve

MODELS = {
    "one factor": ("Reaction ~ Days + (Days | Subject)", "sleepstudy"),
    "two terms": ("Reaction ~ Days + (Days || Subject)", "sleepstudy"),
    "on the boundary": ("Yield ~ 1 + (1 | Batch)", "dyestuff2"),
    "nested": ("strength ~ 1 + (1 | batch/cask)", "pastes"),
    "crossed": ("diameter ~ 1 + (1 | plate) + (1 | sample)", "penicillin"),
}


@pytest.fixture(scope="module", params=MODELS, ids=list(MODELS))
def problem(request):
    formula, data = MODELS[request.param]
    return rn.lmm(formula, rn.datasets.load(data))._problem


def inner_points(problem):
    """Thetas inside, on faces of every rank, and at an indefinite Hessian."""
    rng = np.random.default_rng(1)
    size = problem.n_theta
    yield rng.normal(size=size)
    yield np.zeros(size)
    yield 0.1 * rng.normal(size=size)
    singular = rng.normal(size=size)
    singular[-1] = 0.0  # the last pivot of the last term
    yield singular
    yield 30.0 + np.arange(size)


def test_both_give_the_same_evidence(problem):
    core = problem.kernel()
    for theta in inner_points(problem):
        assert core.evaluate(group_lambdas(problem, theta))
        ours = core.evidence(problem.terms, theta, problem.scaling.B)
        oracle = evidence(problem, theta, core)
        assert list(ours.rank) == oracle.rank
        for name in ("gain", "step", "dual", "complementarity", "curvature"):
            mine, theirs = getattr(ours, name), getattr(oracle, name)
            assert mine == pytest.approx(theirs, rel=1e-7, abs=1e-9, nan_ok=True), name
        assert ours.flat.shape == oracle.flat.shape
        # Signs of eigenvectors are free.
        np.testing.assert_allclose(np.abs(ours.flat), np.abs(oracle.flat), rtol=1e-6, atol=1e-9)


def test_both_solve_alike(problem):
    ours = solve(problem)
    oracle = solve_densely(problem)
    assert ours.criterion <= oracle.criterion + 1e-8
    assert ours.criterion == pytest.approx(oracle.criterion, abs=1e-6)
    np.testing.assert_allclose(ours.theta, oracle.theta, atol=1e-4 * max(1.0, ours.theta.max()))
    assert ours.certificate.rank == oracle.certificate.rank
    assert ours.certificate.starts == oracle.certificate.starts
    assert ours.certificate.basins == oracle.certificate.basins
    for mine, theirs in zip(ours.covariances, oracle.covariances, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-3 * max(1.0, np.abs(theirs).max()))


def test_signs_of_columns_are_free(problem):
    """A search from a start with turned signs ends at the same non-negative diagonals."""
    kernel = problem.kernel()
    there = kernel.solve(problem.scaling.core, None, 500, 1e-11, 0)
    turned = kernel.solve(problem.scaling.core, -there.inner, 500, 1e-11, 0)
    np.testing.assert_allclose(turned.inner, there.inner, atol=1e-6)
    assert not np.signbit(turned.inner).all()
    assert turned.criterion == pytest.approx(there.criterion, abs=1e-9)
