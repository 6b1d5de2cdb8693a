"""Expected information of the variance parameters, and what it adds to vcov.

The parameters are the covariances D_t in which V is linear, V_t = Z (I x E_t) Z', and the scale of
V itself in place of sigma^2: both methods that use them are invariant under a linear change of the
parameters, and V lies in the span. With G = Z'V^-1 Z, H = Z'V^-1 X Phi^1/2,

    P_t = -H'E_t H,   Q_tu = H'E_t G E_u H,
    I_tu = tr(E_t G E_u G) - 2 tr Q_tu + tr(P_t P_u),   u_t = tr(E_t G) + tr P_t,
    W = 2 [I, u; u', n - p]^-1,
    adjusted = Phi + 2 Phi^1/2 (sum of W_tu (Q_tu - P_t P_u)) Phi^1/2'.

The scale drops out of the adjustment. Kenward and Roger (1997), Small sample inference for fixed
effects from restricted maximum likelihood, Biometrics 53, 983-997, equations 3 to 5.

If V is not linear in its parameters, its second derivatives V_tu count too, through R_tu in the
same place (their equation 3). The part of V_tu along the first derivatives is cancelled by the bias
of the estimated parameters. Only the rest counts, which does not depend on the parameterisation
(Kenward and Roger 2009, An improved approximation to the precision of fixed effects
from restricted maximum likelihood, Computational Statistics & Data Analysis 53, 2583-2595): with
V_m = sum of W_tu V_tu and c its coefficients on the V_t in the metric of the information,

    adjusted = ... - 1/2 Phi^1/2 (H'E_m H - sum of c_t H'E_t H) Phi^1/2'.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ranef.core import Direction
from ranef.errors import NumericalError
from ranef.inference.ddf.gram import Gram
from ranef.types import Array

__all__ = ["Expected", "along", "curved", "expected"]

# Of the largest eigenvalue of the information in natural sizes: below, the data say nothing.
NOTHING = 1e-10

Columns = tuple[Array, Array]


class _Sums(NamedTuple):
    """Sums over the directions; the scale is the last in `changes` and `information`."""

    moved: list[Columns]
    answers: list[Columns]
    changes: Array
    information: Array


class Expected(NamedTuple):
    """In the metric of Phi^1/2, and with V over sigma^2.

    Attributes
    ----------
    changes : ndarray, shape (T + 1, p, p)
        -P_t, by which Phi changes along each direction; the scale is the last.
    covariance : ndarray, shape (T + 1, T + 1)
        W.
    adjustment : ndarray, shape (p, p)
        What the adjusted covariance has on top of Phi.
    """

    changes: Array
    covariance: Array
    adjustment: Array


def expected(
    gram: Gram, directions: Sequence[Direction], root: Array, n: int, traces: Array
) -> Expected:
    """Sums over the levels.

    Parameters
    ----------
    gram : Gram
    directions : sequence of Direction
    root : ndarray, shape (p, p)
        Phi^1/2.
    n : int
        Rows.
    traces : ndarray, shape (T, T + 1)
        tr(E_t G E_u G), then tr(E_t G): see :func:`~ranef.inference.ddf.traces.traces`.
    """
    p, count = root.shape[0], len(directions)
    moved, answers, changes, information = _sums(gram, directions, root, n, traces)
    covariance = 2.0 * _inverse(information)
    adjustment = np.zeros((p, p))
    for t, x in enumerate(moved):
        for u in range(count):
            w = covariance[t, u]
            adjustment += w * (_inner(x, answers[u]) - changes[t] @ changes[u])
    return Expected(changes, covariance, adjustment + adjustment.T)


def curved(
    gram: Gram,
    directions: Sequence[Direction],
    bends: Sequence[Direction],
    root: Array,
    n: int,
    traces: Array,
) -> Array:
    """The part of the adjustment from second derivatives of V, shape (p, p).

    Parameters
    ----------
    gram, directions, root, n
        As for :func:`expected`.
    bends : sequence of Direction
        The sums of W_tu d2D_tu.
    traces : ndarray
        Of `directions` and then `bends`.
    """
    count = len(directions)
    sums = _sums(gram, [*directions, *bends], root, n, traces)
    own = np.r_[:count, sums.information.shape[0] - 1]
    second = slice(count, count + len(bends))
    onto = _inverse(sums.information[np.ix_(own, own)]) @ sums.information[own, second]
    total = sums.changes[second].sum(axis=0)
    tangent = np.tensordot(onto.sum(axis=1), sums.changes[own], 1)
    return np.asarray(-0.5 * (total - tangent))


def _sums(gram: Gram, directions: Sequence[Direction], root: Array, n: int, traces: Array) -> _Sums:
    p, count = root.shape[0], len(directions)
    h = gram.h1 @ root, gram.h2 @ root
    moved = [along(gram, d, h) for d in directions]
    answers = [gram.times(*x) for x in moved]
    changes = np.empty((count + 1, p, p))
    for t, x in enumerate(moved):
        changes[t] = _inner(h, x)
    changes[count] = np.eye(p)
    trace_q = np.array([[_dot(x, y) for y in answers] for x in moved]).reshape(count, count)
    own = changes[:count]
    information = np.empty((count + 1, count + 1))
    information[:count, :count] = (
        traces[:, :count] - 2.0 * trace_q + np.einsum("tab,uba->tu", own, own)
    )
    border = traces[:, count] - np.einsum("taa->t", own)
    information[:count, count] = information[count, :count] = border
    information[count, count] = n - p
    return _Sums(moved, answers, changes, information)


def along(gram: Gram, direction: Direction, x: Columns) -> Columns:
    """(I x E) x on the levels of the direction's factor, zero on the others."""
    if direction.group == gram.largest:
        return direction.d @ x[0], np.zeros_like(x[1])
    out = np.zeros_like(x[1])
    part = next(part for part in gram.parts if part.group == direction.group)
    own = x[1][part.place]
    blocks = own.reshape(part.levels, part.q, own.shape[1])
    out[part.place] = (direction.d @ blocks).reshape(own.shape)
    return np.zeros_like(x[0]), out


def _inner(x: Columns, y: Columns) -> Array:
    return np.asarray(np.tensordot(x[0], y[0], ((0, 1), (0, 1))) + x[1].T @ y[1])


def _dot(x: Columns, y: Columns) -> float:
    return float(np.vdot(x[0], y[0]) + np.vdot(x[1], y[1]))


def _inverse(information: Array) -> Array:
    """In natural sizes, without the directions of which the data say nothing."""
    if not np.all(np.isfinite(information)):
        raise NumericalError(
            "the information of the variances has overflowed",
            found="values that are not finite in the sums for Kenward-Roger",
            fix='use ddf="satterthwaite"',
        )
    sizes = np.sqrt(np.maximum(np.diag(information), 0.0))
    sizes[sizes == 0.0] = 1.0
    values, vectors = np.linalg.eigh(information / np.outer(sizes, sizes))
    kept = values > NOTHING * values[-1]
    vectors = vectors[:, kept] / sizes[:, None]
    return np.asarray((vectors / values[kept]) @ vectors.T)
