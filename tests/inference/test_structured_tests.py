"""Degrees of freedom and adjusted covariances of models with covariance structures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import ranef as rn
from ranef.covariance import entries_of, kind_of
from ranef.inference.ddf.kenward_roger import at_parameters
from ranef.inference.ddf.off_face import off_the_face
from ranef.inference.satterthwaite import satterthwaite_df, variance_derivatives
from ranef.problem.parameters import parts
from ranef.solve.face import face_of, moved
from ranef.solve.solution import evaluate_at
from ranef.types import Array

from .structures import INTERIOR, ON_BOUND, data, fitted, on_bound


def covariance_of(fit: rn.Fit) -> Callable[[Array], Array]:
    """V of all rows as a function of log variances, correlations on a scale without bounds, and
    sigma^2: not the parameters that the methods use."""
    m = fit.matrices()
    z = m.Z.toarray()
    terms = fit._problem.terms

    def at(chart: Array) -> Array:
        v = chart[-1] * np.eye(z.shape[0])
        start, column = 0, 0
        for term, label in zip(terms, fit._problem.labels, strict=True):
            if kind_of(term).free:
                matrix = np.array([[np.exp(chart[start])]])
                start += 1
            else:
                entries = entries_of(term)
                own = chart[start : start + entries.count].copy()
                n = kind_of(term).n_sds(term.q)
                own[:n] = np.exp(0.5 * own[:n])
                own[n:] = np.tanh(own[n:])
                matrix = entries.expansion(own)[0]
                start += entries.count
            wide = term.q * label.n_levels
            block = z[:, column : column + wide]
            column += wide
            v = v + block @ np.kron(np.eye(label.n_levels), matrix) @ block.T
        return v

    return at


def chart_of(fit: rn.Fit) -> Array:
    out = []
    for term, own in zip(
        fit._problem.terms, parts(fit._problem.terms, fit._solution.theta), strict=True
    ):
        n = 1 if kind_of(term).free else kind_of(term).n_sds(term.q)
        out += [2.0 * np.log(fit.sigma * own[:n]), np.arctanh(own[n:])]
    return np.concatenate([*out, [fit.sigma**2]])


def dense(fit: rn.Fit) -> tuple[Array, Array]:
    """Kenward and Roger's covariance by rows and its W, with all derivatives by differences.

    The bias of the estimates of the parameters is Cox and Snell's: -1/2 of the inverse information
    times the sum of W_ij tr(P V_l P V_ij) / 2.
    """
    at, chart, x = covariance_of(fit), chart_of(fit), fit._design.X
    k, h = chart.size, 1e-3
    unit = np.diag(h * np.maximum(1.0, np.abs(chart)))
    steps = np.diag(unit)
    v = at(chart)
    first, second = [], np.empty((k, k), dtype=object)
    for i in range(k):
        near = at(chart + unit[i]) - at(chart - unit[i])
        far = at(chart + 2 * unit[i]) - at(chart - 2 * unit[i])
        first.append((8.0 * near - far) / (12.0 * steps[i]))
        for j in range(i + 1):
            a, b = unit[i], unit[j]
            across = at(chart + a + b) - at(chart + a - b) - at(chart - a + b) + at(chart - a - b)
            second[i, j] = second[j, i] = across / (4.0 * steps[i] * steps[j])
    inverse = np.linalg.inv(v)
    phi = np.linalg.inv(x.T @ inverse @ x)
    project = inverse - inverse @ x @ phi @ x.T @ inverse
    pv = [project @ f for f in first]
    information = 0.5 * np.array([[np.trace(a @ b) for b in pv] for a in pv])
    w = np.linalg.inv(information)
    curve = sum(w[i, j] * second[i, j] for i in range(k) for j in range(k))
    bias = -0.5 * w @ np.array([0.5 * np.trace(a @ project @ curve) for a in pv])
    q = np.zeros_like(phi)
    for i in range(k):
        for j in range(k):
            left, right = x.T @ inverse @ first[i], first[j] @ inverse @ x
            p_i, p_j = -left @ inverse @ x, -x.T @ inverse @ right
            q += w[i, j] * (left @ inverse @ right - p_i @ phi @ p_j)
    r = x.T @ inverse @ curve @ inverse @ x
    drift = sum(b * x.T @ inverse @ f @ inverse @ x for b, f in zip(bias, first, strict=True))
    # E Phi-hat = Phi + sum b_i dPhi_i + 1/2 sum W_ij d2Phi_ij, and beta-hat varies by Lambda.
    return phi + phi @ (2.0 * q - 0.5 * r - drift) @ phi, w


@pytest.mark.parametrize("model", [name for name in INTERIOR if name != "rr"])
def test_kenward_roger_against_the_formula_by_rows(model: str) -> None:
    fit = fitted(model)
    found = at_parameters(fit._problem, fit._solution.inner, fit.sigma)
    wanted, _ = dense(fit)
    np.testing.assert_allclose(found.vcov, wanted, rtol=2e-6)
    assert not np.allclose(found.vcov, fit._estimates.vcov, rtol=1e-4)


def test_kenward_roger_of_a_reduced_rank_knows_no_order_of_effects() -> None:
    """The entries of a root are other parameters of the same covariances in another order."""
    fit = fitted("rr")
    turned = data().assign(t=data()["t"].cat.reorder_categories(["t2", "t0", "t3", "t1"]))
    other = rn.lmm(fit.formula, turned)
    one, two = (at_parameters(f._problem, f._solution.inner, f.sigma) for f in (fit, other))
    np.testing.assert_allclose(one.vcov, two.vcov, rtol=1e-6)
    assert not np.allclose(one.vcov, fit._estimates.vcov, rtol=1e-4)


def test_kenward_roger_refuses_a_rank_below_the_model_s() -> None:
    low = on_bound("rr")
    assert low.certificate.rank["g"] == 2
    with pytest.raises(rn.OptionError, match="reduced rank"):
        low.tidy(ddf="kenward-roger")


@pytest.mark.parametrize("model", [*INTERIOR, *(f"{name} bound" for name in ON_BOUND)])
def test_derivatives_of_vcov_along_the_face(model: str) -> None:
    name, _, bound = model.partition(" ")
    fit = (on_bound if bound else fitted)(name)
    problem, inner = fit._problem, fit._solution.inner
    face = face_of(problem, inner)
    found = variance_derivatives(problem, fit._solution)

    def vcov(step: Array) -> Array:
        """At the sigma of the fit."""
        kernel = problem.kernel()
        evaluate_at(problem, kernel, moved(face, step))
        change = fit.sigma * problem.scaling.R
        return np.asarray(change @ kernel.xx_inverse @ change.T)

    np.testing.assert_allclose(found.vcov, vcov(np.zeros(len(face.coordinates))), rtol=1e-10)
    for k, scale in enumerate(face.scales() if face.coordinates else ()):
        step = np.zeros(len(face.coordinates))
        step[k] = 1e-3 * scale
        near, far = (vcov(s * step) - vcov(-s * step) for s in (1.0, 2.0))
        by_differences = (8.0 * near - far) / 12e-3
        size = np.abs(found.jacobian[k]).max()
        np.testing.assert_allclose(found.jacobian[k], by_differences, atol=1e-7 * max(size, 1e-3))


def test_a_variance_of_zero_is_not_taken_as_known() -> None:
    """The degrees of freedom of a fit on a bound are those off it, close by."""
    fit = on_bound("homcs")
    assert fit.certificate.rank["g"] == 1
    problem, inner = fit._problem, fit._solution.inner
    row = np.eye(problem.p)[-1:]
    at = satterthwaite_df(off_the_face(problem, inner, fit.sigma).derivatives, row)
    beside = satterthwaite_df(off_the_face(problem, inner + 1e-4, fit.sigma).derivatives, row)
    np.testing.assert_allclose(at, beside, rtol=1e-2)
