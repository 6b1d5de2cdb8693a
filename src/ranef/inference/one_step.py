"""All levels of the only grouping factor left out at once, by one Newton step each.

Per level j, with G = Z'V^-1 Z, W = Z'V^-1 [X y] and P = [X y]'V^-1 [X y] over sigma^2, the tensors

    tr(G E_k),  tr(G E_k G E_l),  W'E_k W,  W'E_k G E_l W,  P

along directions E of the covariance D add up over levels. Those of all levels less those of j are
those of the criterion without j, whose gradient and Hessian in D follow with v = (-b, 1), e = W v:

    d_k = -v'W1_k v,    g_k = S0_k + nu d_k / r2 - [REML] tr(Q^-1 W1_k^xx),
    H_kl = -S1_kl + (2 nu / r2) (v'W2_kl v - c_k'Q^-1 c_l) - nu d_k d_l / r2^2
           + [REML] tr(Q^-1 (W2_kl + W2_lk)^xx) - tr(Q^-1 W1_k Q^-1 W1_l),    c_k = (W1_k v)^x.

The step is taken in theta: in D it would leave the cone of covariances. P at the new D follows to
second order from the same tensors, W1 and W2, and the coefficients and sigma from P: no second pass
over the levels.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ranef.inference.ddf.directions import all_directions
from ranef.kernel.downdate import Downdate
from ranef.problem import Problem
from ranef.problem.parameters import covariance_chart, group_lambdas
from ranef.types import Array

__all__ = ["OneStep", "one_step"]

BYTES = 2e8  # of the tensors of a chunk of levels


class OneStep(NamedTuple):
    """Without each level, on the inner scale.

    ``covariance`` (J, q, q) over sigma^2, ``beta`` (J, p), ``variance`` (J,), ``xx_inverse``
    (J, p, p); ``gain`` (J,) the predicted decrease of the criterion, deviance units: NaN where a
    step cannot be taken.
    """

    covariance: Array
    beta: Array
    variance: Array
    xx_inverse: Array
    gain: Array


class _Tensors(NamedTuple):
    s0: Array
    s1: Array
    w1: Array
    w2: Array
    p: Array

    def total(self) -> _Tensors:
        return _Tensors(*(t.sum(axis=0) for t in self))

    def plus(self, other: _Tensors) -> _Tensors:
        return _Tensors(*(a + b for a, b in zip(self, other, strict=True)))

    def taken_off(self, total: _Tensors) -> _Tensors:
        return _Tensors(*(b - a for a, b in zip(self, total, strict=True)))


def one_step(problem: Problem, inner: Array, downdate: Downdate) -> OneStep:
    """One Newton step from the estimates of all rows, for each level.

    Parameters
    ----------
    problem : Problem
        With one grouping factor, whose levels are the units of `downdate`; without a prior.
    inner : ndarray, shape (k,)
        Its estimates, off the boundary.
    """
    width = problem.products.sizes[0][1]
    basis = np.stack([d.d for d in all_directions(problem.terms, [width])])
    lambda_ = group_lambdas(problem, inner)[0]
    first, second = covariance_chart(problem, inner)
    n_levels, k, m = downdate.rows_of_unit.size, len(basis), problem.p + 1
    each = 8.0 * (k * k * (m * m + width * m) + k * m * m)
    chunk = max(1, int(BYTES / each))
    parts = [slice(a, min(a + chunk, n_levels)) for a in range(0, n_levels, chunk)]
    kept = len(parts) == 1
    made = [_tensors(downdate, lambda_ @ lambda_.T, basis, part) for part in parts[:1]]
    total = made[0].total()
    for part in parts[1:]:
        total = total.plus(_tensors(downdate, lambda_ @ lambda_.T, basis, part).total())
    # Coordinates of the derivatives of D in the basis.
    flat = np.linalg.pinv(basis.reshape(k, -1))
    jacobian = first[0].reshape(-1, width * width) @ flat
    bend = second[0].reshape(*second[0].shape[:2], -1) @ flat
    found = []
    for part in parts:
        own = made[0] if kept else _tensors(downdate, lambda_ @ lambda_.T, basis, part)
        nu: Array = problem.nu - downdate.rows_of_unit[part].astype(np.float64)
        found.append(_stepped(problem, inner, own.taken_off(total), nu, basis, jacobian, bend))
    return OneStep(*(np.concatenate(column) for column in zip(*found, strict=True)))


def _tensors(downdate: Downdate, d: Array, basis: Array, part: slice) -> _Tensors:
    """Of some of the levels."""
    a, c, p0 = downdate.own_sums(part)
    q = d.shape[0]
    t = np.linalg.solve(np.eye(q) + d @ a, np.broadcast_to(d, a.shape))
    g = a - a @ t @ a
    w = c - a @ (t @ c)
    p = p0 - c.transpose(0, 2, 1) @ t @ c
    ge = np.einsum("jab,kbc->jkac", g, basis)
    ew = np.einsum("kab,jbx->jkax", basis, w)
    gew = np.einsum("jab,jkbx->jkax", g, ew)
    return _Tensors(
        np.einsum("jkaa->jk", ge),
        np.einsum("jkab,jlba->jkl", ge, ge),
        np.einsum("jax,jkay->jkxy", w, ew),
        np.einsum("jkax,jlay->jklxy", ew, gew),
        p,
    )


def _stepped(
    problem: Problem,
    inner: Array,
    without: _Tensors,
    nu: Array,
    basis: Array,
    jacobian: Array,
    bend: Array,
) -> tuple[Array, Array, Array, Array, Array]:
    levels = nu.size
    nothing = np.full(levels, np.nan)
    try:
        gradient, hessian = _derivatives(without, nu, problem.p, problem.reml)
        slope = gradient @ jacobian.T
        curved = jacobian @ hessian @ jacobian.T + np.einsum("jk,stk->jst", gradient, bend)
        values, vectors = np.linalg.eigh(curved)
        turned = np.einsum("jab,ja->jb", vectors, slope)
        with np.errstate(divide="ignore", invalid="ignore"):
            gain = 0.5 * np.sum(turned**2 / values, axis=1)
            step = -np.einsum("jab,jb->ja", vectors, turned / values)
        gain[(values[:, 0] <= 0.0) | ~np.isfinite(gain)] = np.nan
        theta = inner + np.where(np.isnan(gain)[:, None], 0.0, step)
        stepped = _profiled(problem, theta, inner, without, nu, basis)
    except np.linalg.LinAlgError:  # a level that some coefficient rests on: all are refitted
        p, q = problem.p, basis.shape[1]
        empty = np.full((levels, p), np.nan), nothing, np.full((levels, p, p), np.nan)
        return np.full((levels, q, q), np.nan), *empty, nothing
    return *stepped, gain


def _derivatives(t: _Tensors, nu: Array, p: int, reml: bool) -> tuple[Array, Array]:
    """Gradient (J, k) and Hessian (J, k, k) in the coordinates of D."""
    xx, xy = t.p[:, :p, :p], t.p[:, :p, p]
    inverse = np.linalg.inv(xx)
    beta = np.einsum("jab,jb->ja", inverse, xy)
    r2 = t.p[:, p, p] - np.einsum("ja,ja->j", xy, beta)
    v = np.concatenate([-beta, np.ones((len(nu), 1))], axis=1)
    moved = np.einsum("jkxy,jy->jkx", t.w1, v)
    d = -np.einsum("jkx,jx->jk", moved, v)
    ratio = nu / r2
    gradient = t.s0 + ratio[:, None] * d
    square = np.einsum("jx,jklxy,jy->jkl", v, t.w2, v)
    c = moved[:, :, :p]
    hessian = (
        -t.s1
        + ratio[:, None, None]
        * (square + square.transpose(0, 2, 1) - 2.0 * np.einsum("jka,jab,jlb->jkl", c, inverse, c))
        - (ratio / r2)[:, None, None] * d[:, :, None] * d[:, None, :]
    )
    if reml:
        first = np.einsum("jab,jkbc->jkac", inverse, t.w1[:, :, :p, :p])
        gradient = gradient - np.einsum("jkaa->jk", first)
        twice = np.einsum("jab,jklba->jkl", inverse, t.w2[:, :, :, :p, :p])
        hessian = hessian + twice + twice.transpose(0, 2, 1)
        hessian -= np.einsum("jkab,jlba->jkl", first, first)
    return gradient, hessian


def _profiled(
    problem: Problem, theta: Array, inner: Array, t: _Tensors, nu: Array, basis: Array
) -> tuple[Array, Array, Array, Array]:
    """D, coefficients, sigma^2 and (X'V^-1 X)^-1 at the stepped theta."""
    k, q = len(basis), basis.shape[1]
    flat = np.linalg.pinv(basis.reshape(k, -1))
    before = group_lambdas(problem, inner)[0]
    after = np.stack([group_lambdas(problem, row)[0] for row in theta])
    covariance = after @ after.transpose(0, 2, 1)
    change = (covariance - before @ before.T).reshape(-1, q * q) @ flat
    moved = t.p - np.einsum("jk,jkxy->jxy", change, t.w1)
    moved += np.einsum("jk,jl,jklxy->jxy", change, change, t.w2)
    p = problem.p
    inverse = np.linalg.inv(moved[:, :p, :p])
    beta = np.einsum("jab,jb->ja", inverse, moved[:, :p, p])
    r2 = moved[:, p, p] - np.einsum("ja,ja->j", moved[:, :p, p], beta)
    return covariance, beta, r2 / nu, inverse
