"""How prediction error variances move with the covariances of the random effects, row by row.

The predictor of x'beta + z'u is w'y, and w makes the error's variance as small as it can be. So the
derivative of that variance with respect to D is what it would be with w held (the envelope
theorem): with delta = z - Z'w, one vector for each level of each factor,

    d PEV / d D_t = sigma^2 sum over the levels of delta_i delta_i'.

With G = Z'V^-1 Z, H = Z'V^-1 X, M = (X'V^-1 X)^-1, all over sigma^2, r = D z and c = M (x - H'r),

    delta = z - G r - H c.

Levels beside those of the row count too. Their sums are tables made once, so that a row costs as
much as its own levels do. A level without data has delta = z.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ranef.core import Direction
from ranef.inference.ddf.expected import Columns, along
from ranef.inference.ddf.gram import Gram, Part, by_columns
from ranef.inference.ddf.information import VarianceInformation
from ranef.inference.inner_rows import InnerRows
from ranef.types import Array, Codes

__all__ = ["Held", "deltas", "envelope_gradient", "held"]

CHUNK = 1 << 14  # rows at a time
NUMBERS = 1 << 22  # in an array, at a time
FEW = 1.0  # rows for each column of the dense block, below which tables do not pay


class Square(NamedTuple):
    """A matrix of levels by levels, without the blocks between levels of the largest factor."""

    own: Array  # (J, k, k)
    across: Array  # (J, k, m)
    rest: Array  # (m, m)


class Held(NamedTuple):
    """What a row's own levels contribute, and its x."""

    known: tuple[Array, ...]
    """Whether the fit has seen the level of each factor, as 0.0 and 1.0 in a column."""
    codes: tuple[Codes, ...]
    r: tuple[Array, ...]
    c: Array


def envelope_gradient(information: VarianceInformation, rows: InnerRows) -> Array:
    """Derivatives of the variances over sigma^2 along each direction of D, shape (rows, T)."""
    out = np.empty((rows.x.shape[0], len(information.directions)))
    gram = information.gram
    h = gram.h1, gram.h2
    if out.shape[0] < FEW * gram.h2.shape[0]:
        for part, chunk in rows.chunks(max(1, NUMBERS // (h[0].size + h[1].size + 1))):
            _directly(information, chunk, out[part])
        return out
    g = Square(gram.alone - gram.shared(), gram.g12, gram.g22)
    for t, direction in enumerate(information.directions):
        spread = _sandwich(gram, direction)
        moved = along(gram, direction, h)
        answer = gram.times(*moved)
        phi = _inner(h, moved)
        for part, chunk in rows.chunks(CHUNK):
            at = held(information, chunk)
            out[part, t] = _quadratic(gram, direction, chunk, at, g, h, spread, answer, phi)
    return out


def _directly(information: VarianceInformation, rows: InnerRows, out: Array) -> None:
    """The sums from delta itself, on every level: for few rows."""
    gram = information.gram
    delta = deltas(information, rows)
    for t, direction in enumerate(information.directions):
        moved = along(gram, direction, delta)
        out[:, t] = np.einsum("jqn,jqn->n", delta[0], moved[0])
        out[:, t] += np.einsum("mn,mn->n", delta[1], moved[1])
        z = rows.z[direction.group] * (rows.codes[direction.group] < 0)[:, None]
        out[:, t] += np.einsum("nq,nq->n", z @ direction.d, z)


def held(information: VarianceInformation, rows: InnerRows) -> Held:
    """r = D z of the levels that the fit has seen, and c = M (x - H'r)."""
    gram = information.gram
    known = tuple((code >= 0).astype(np.float64)[:, None] for code in rows.codes)
    codes = tuple(np.maximum(code, 0) for code in rows.codes)
    r = tuple(k * (z @ d) for k, z, d in zip(known, rows.z, information.relative, strict=True))
    a = np.array(rows.x)
    for group, code in enumerate(codes):
        a -= np.einsum("nqp,nq->np", _columns(gram, (gram.h1, gram.h2), group, code), r[group])
    return Held(known, codes, r, a @ information.xx_inverse)


def deltas(information: VarianceInformation, rows: InnerRows) -> Columns:
    """z - G r - H c on all levels of the fit: one column a row.

    Levels that the fit has not seen have none: nothing is estimated from them.
    """
    gram, at = information.gram, held(information, rows)
    r = _placed(gram, rows, at.r)
    shrunk = gram.times(*r)
    z = _placed(gram, rows, tuple(k * z for k, z in zip(at.known, rows.z, strict=True)))
    return (
        z[0] - shrunk[0] - gram.h1 @ at.c.T,
        z[1] - shrunk[1] - gram.h2 @ at.c.T,
    )


def _placed(gram: Gram, rows: InnerRows, values: tuple[Array, ...]) -> Columns:
    """Values of the row's own levels as columns on all levels."""
    levels, k, _ = gram.h1.shape
    n = rows.x.shape[0]
    each = np.arange(n)
    largest, others = np.zeros((levels, k, n)), np.zeros((gram.h2.shape[0], n))
    code = np.maximum(rows.codes[gram.largest], 0)
    largest[code, :, each] = values[gram.largest]
    for part in gram.parts:
        code = np.maximum(rows.codes[part.group], 0).astype(np.int64)
        places = part.place.start + code[:, None] * part.q + np.arange(part.q)
        others[places, each[:, None]] = values[part.group]
    return largest, others


def _taken(gram: Gram, group: int, at: Held, g: Square, h: Columns) -> Array:
    taken = np.einsum("nqp,np->nq", _columns(gram, h, group, at.codes[group]), at.c)
    for other, r in enumerate(at.r):
        block = _block(gram, g, group, at.codes[group], other, at.codes[other])
        taken += np.einsum("nab,nb->na", block, r)
    return np.asarray(taken)


def _quadratic(
    gram: Gram,
    direction: Direction,
    rows: InnerRows,
    at: Held,
    g: Square,
    h: Columns,
    spread: Square,
    answer: Columns,
    phi: Array,
) -> Array:
    """delta'(I x E) delta of each row."""
    e = direction.group
    turned = rows.z[e] @ direction.d
    total = np.einsum("nq,nq->n", turned, rows.z[e])
    total -= 2.0 * at.known[e][:, 0] * np.einsum("nq,nq->n", turned, _taken(gram, e, at, g, h))
    total += np.einsum("np,np->n", at.c @ phi, at.c)
    for one, r in enumerate(at.r):
        columns = _columns(gram, answer, one, at.codes[one])
        right = 2.0 * np.einsum("nqp,np->nq", columns, at.c)
        for other, s in enumerate(at.r):
            block = _block(gram, spread, one, at.codes[one], other, at.codes[other])
            right += np.einsum("nab,nb->na", block, s)
        total += np.einsum("nq,nq->n", r, right)
    return np.asarray(total)


def _sandwich(gram: Gram, direction: Direction) -> Square:
    """G (I x E) G."""
    d = direction.d
    moved = along(gram, direction, (gram.g12, gram.g22))
    if gram.parts:
        across, rest = gram.times(*moved)
    else:
        across, rest = gram.g12, gram.g22
    if direction.group != gram.largest:
        return Square(gram.g12 @ _others(gram, direction, gram.g12), across, rest)
    own = gram.alone @ d @ gram.alone
    if gram.parts:
        shared = gram.shared()
        crossed = gram.alone @ d @ shared
        own -= crossed + crossed.transpose(0, 2, 1)
        middle = np.tensordot(gram.across, d @ gram.across, ((0, 1), (0, 1)))
        inside = gram.between @ middle @ gram.between
        own += by_columns(gram.across, inside) @ gram.across.transpose(0, 2, 1)
    return Square(own, across, rest)


def _others(gram: Gram, direction: Direction, g12: Array) -> Array:
    """(I x E) G_21 for each level of the largest factor, shape (J, m, k)."""
    levels, k, m = g12.shape
    flat = np.ascontiguousarray(g12.reshape(levels * k, m).T)
    _, moved = along(gram, direction, (g12, flat))
    return np.asarray(moved.reshape(m, levels, k).transpose(1, 0, 2))


def _inner(x: Columns, y: Columns) -> Array:
    return np.asarray(np.tensordot(x[0], y[0], ((0, 1), (0, 1))) + x[1].T @ y[1])


def _part(gram: Gram, group: int) -> Part:
    return next(part for part in gram.parts if part.group == group)


def _places(part: Part, codes: Codes) -> NDArray[np.int64]:
    """Columns of the dense block that belong to the level of each row, shape (rows, q)."""
    first = part.place.start + codes.astype(np.int64) * part.q
    return np.asarray(first[:, None] + np.arange(part.q))


def _columns(gram: Gram, x: Columns, group: int, codes: Codes) -> Array:
    """What columns have at the level of each row, shape (rows, q, columns)."""
    if group == gram.largest:
        return np.asarray(x[0][codes])
    return np.asarray(x[1][_places(_part(gram, group), codes)])


def _block(gram: Gram, x: Square, one: int, codes: Codes, other: int, others: Codes) -> Array:
    """A symmetric matrix between the levels that each row has of two factors."""
    if one == gram.largest and other == gram.largest:
        return np.asarray(x.own[codes])
    if other == gram.largest:
        return _block(gram, x, other, others, one, codes).transpose(0, 2, 1)
    columns = _places(_part(gram, other), others)
    if one == gram.largest:
        width = x.across.shape[1]
        return np.asarray(
            x.across[codes[:, None, None], np.arange(width)[None, :, None], columns[:, None, :]]
        )
    rows = _places(_part(gram, one), codes)
    return np.asarray(x.rest[rows[:, :, None], columns[:, None, :]])
