"""All levels of the outermost grouping factor left out at once, by one Newton step each.

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

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ranef.core.blocks import factor_blocks, pair_blocks, response_blocks
from ranef.core.downdate import Downdate
from ranef.inference.ddf.directions import all_directions
from ranef.inference.nested_blocks import Bucket, NestedBlocks
from ranef.problem import Problem
from ranef.problem.parameters import covariance_chart, group_lambdas
from ranef.types import Array

__all__ = ["OneStep", "one_step"]

BYTES = 2e8  # of the tensors of a chunk of levels


class OneStep(NamedTuple):
    """Without each level, on the inner scale.

    ``covariances`` (J, q, q) over sigma^2 by factor, ``beta`` (J, p), ``variance`` (J,),
    ``xx_inverse`` (J, p, p); ``gain`` (J,) the predicted decrease of the criterion, deviance units:
    NaN where a step cannot be taken.
    """

    covariances: list[Array]
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


def one_step(problem: Problem, inner: Array, blocks: NestedBlocks, downdate: Downdate) -> OneStep:
    """One Newton step from the estimates of all rows, for each level.

    Parameters
    ----------
    problem : Problem
        Without a prior; its factors are nested in that whose levels are the units of `downdate`.
    inner : ndarray, shape (k,)
        Its estimates, off the boundary.
    blocks : NestedBlocks
        By the levels of that factor.
    """
    chart = _Chart.at(problem, inner)
    k, width = chart.k, problem.p + 1
    n_levels = downdate.rows_of_unit.size
    sums = _Sums(problem, downdate)

    def most(m: int) -> int:
        each = k * k * (m + width * width) + k * (2 * m * m + 2 * m * width + width * width)
        return int(BYTES / (8.0 * each))

    buckets = list(blocks.buckets(chart.widths, most))
    total: _Tensors | None = None
    own = None
    for bucket in buckets:
        own = _tensors(sums, chart, bucket)
        total = own.total() if total is None else total.plus(own.total())
    assert total is not None
    out = OneStep(
        [np.full((n_levels, q, q), np.nan) for q in chart.widths],
        np.full((n_levels, problem.p), np.nan),
        np.full(n_levels, np.nan),
        np.full((n_levels, problem.p, problem.p), np.nan),
        np.full(n_levels, np.nan),
    )
    for bucket in buckets:
        if own is None or len(buckets) > 1:
            own = _tensors(sums, chart, bucket)
        nu: Array = problem.nu - downdate.rows_of_unit[bucket.members].astype(np.float64)
        covariances, *rest = _stepped(problem, inner, own.taken_off(total), nu, chart)
        for whole, part in zip(out.covariances, covariances, strict=True):
            whole[bucket.members] = part
        for whole, part in zip(out[1:], rest, strict=True):
            whole[bucket.members] = part
    return out


class _Sums:
    """Z'W[Z X y] by level of each factor, [X y]'W[X y] by unit."""

    def __init__(self, problem: Problem, downdate: Downdate) -> None:
        products = problem.products
        self.squares = [block.random for block in factor_blocks(products)]
        self.beside = response_blocks(products)
        self.pairs = {
            key: (p.first, p.second, p.values) for key, p in pair_blocks(products).items()
        }
        self.fixed = downdate.unit_fixed


@dataclass(frozen=True, slots=True)
class _Chart:
    """D of each factor at theta, a basis of its changes, and derivatives of D in that basis."""

    widths: tuple[int, ...]
    covariances: tuple[Array, ...]
    basis: tuple[tuple[Array, ...], ...]  # k times one matrix for each factor
    flat: Array  # pseudo-inverse of the basis: matrices of all factors to k coordinates
    jacobian: Array
    bend: Array

    @property
    def k(self) -> int:
        return len(self.basis)

    @classmethod
    def at(cls, problem: Problem, inner: Array) -> _Chart:
        widths = [q for _, q in problem.products.sizes]
        basis = [
            tuple(d.d if d.group == g else np.zeros((q, q)) for g, q in enumerate(widths))
            for d in all_directions(problem.terms, widths)
        ]
        flat = np.linalg.pinv(np.stack([_joined(matrices) for matrices in basis]))
        first, second = covariance_chart(problem, inner)
        return cls(
            tuple(widths),
            tuple(lam @ lam.T for lam in group_lambdas(problem, inner)),
            tuple(basis),
            flat,
            _joined(first) @ flat,
            _joined(second) @ flat,
        )


def _joined(matrices: Sequence[Array]) -> Array:
    """Matrices (..., q, q) of all factors as one vector."""
    return np.concatenate([m.reshape(*m.shape[:-2], -1) for m in matrices], axis=-1)


def _tensors(sums: _Sums, chart: _Chart, bucket: Bucket) -> _Tensors:
    """Of some of the levels."""
    a, c = bucket.gram(sums.squares, sums.pairs), bucket.stack(sums.beside)
    d = bucket.expand(chart.covariances)
    basis = np.stack([bucket.expand(matrices) for matrices in chart.basis])
    t = np.linalg.solve(np.eye(bucket.m) + d @ a, np.broadcast_to(d, a.shape))
    g = a - a @ t @ a
    w = c - a @ (t @ c)
    p = sums.fixed[bucket.members] - c.transpose(0, 2, 1) @ t @ c
    ge = g[:, None] @ basis
    ew = basis @ w[:, None]
    gew = g[:, None] @ ew
    return _Tensors(
        np.einsum("jkaa->jk", ge),
        np.einsum("jkab,jlba->jkl", ge, ge, optimize=True),
        np.einsum("jax,jkay->jkxy", w, ew, optimize=True),
        np.einsum("jkax,jlay->jklxy", ew, gew, optimize=True),
        p,
    )


def _stepped(
    problem: Problem,
    inner: Array,
    without: _Tensors,
    nu: Array,
    chart: _Chart,
) -> tuple[list[Array], Array, Array, Array, Array]:
    levels = nu.size
    nothing = np.full(levels, np.nan)
    try:
        gradient, hessian = _derivatives(without, nu, problem.p, problem.reml)
        slope, curved = _in_theta(chart, gradient, hessian)
        values, vectors = np.linalg.eigh(curved)
        turned = np.einsum("jab,ja->jb", vectors, slope)
        with np.errstate(divide="ignore", invalid="ignore"):
            gain = 0.5 * np.sum(turned**2 / values, axis=1)
            step = -np.einsum("jab,jb->ja", vectors, turned / values)
        gain[(values[:, 0] <= 0.0) | ~np.isfinite(gain)] = np.nan
        theta = inner + np.where(np.isnan(gain)[:, None], 0.0, step)
        stepped = _profiled(problem, theta, chart, without, nu)
    except np.linalg.LinAlgError:  # a level that some coefficient rests on: all are refitted
        p = problem.p
        empty = np.full((levels, p), np.nan), nothing, np.full((levels, p, p), np.nan)
        return [np.full((levels, q, q), np.nan) for q in chart.widths], *empty, nothing
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


def _in_theta(chart: _Chart, gradient: Array, hessian: Array) -> tuple[Array, Array]:
    """Gradient and Hessian in the coordinates of D as those in theta."""
    curved = chart.jacobian @ hessian @ chart.jacobian.T
    return gradient @ chart.jacobian.T, curved + np.einsum("jk,stk->jst", gradient, chart.bend)


def _profiled(
    problem: Problem, theta: Array, chart: _Chart, t: _Tensors, nu: Array
) -> tuple[list[Array], Array, Array, Array]:
    """D, coefficients, sigma^2 and (X'V^-1 X)^-1 at the stepped theta."""
    lambdas = [group_lambdas(problem, row) for row in theta]
    covariances = []
    for g in range(len(chart.widths)):
        after = np.stack([row[g] for row in lambdas])
        covariances.append(after @ after.transpose(0, 2, 1))
    change = (_joined(covariances) - _joined(chart.covariances)) @ chart.flat
    moved = t.p - np.einsum("jk,jkxy->jxy", change, t.w1)
    moved += np.einsum("jk,jl,jklxy->jxy", change, change, t.w2, optimize=True)
    p = problem.p
    inverse = np.linalg.inv(moved[:, :p, :p])
    beta = np.einsum("jab,jb->ja", inverse, moved[:, :p, p])
    r2 = moved[:, p, p] - np.einsum("ja,ja->j", moved[:, :p, p], beta)
    return covariances, beta, r2 / nu, inverse
