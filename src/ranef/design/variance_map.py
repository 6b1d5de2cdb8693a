"""The linear map from variance parameters to the variance of the response, and its rank.

For the random effects on one grouping factor, Q columns Z in blocks of its terms,

    V(D, s) = Z (I (x) D) Z' + s W^-1,

with D symmetric and block-diagonal (P free entries), s the residual variance and W the precision
weights. The block of a term with a covariance structure moves in the span of the structure's
derivatives (`ranef.design.tangent`), which has fewer entries. V is linear in (D, s). Two different
sets of parameters give the same V exactly if their difference lies in the null space of this map:
then, and only then, no response can tell them apart (Rothenberg 1971, Identification in parametric
models, Econometrica 39, Theorem 1; the feasible set has inner points, so every null direction can
be taken from some of them). With other factors the rank can only fall, since their parameters add
columns to the map.

Rank without a matrix of n x n. Multiply by a random vector u with independent normal entries: the
map (D, s) -> V(D, s) u has n rows, needs sums over levels alone (Z'u), and

1. its null space N(u) contains that of the map to V: if it is empty, the map has full rank;
2. if V(D, s) is not zero, V(D, s) u is not zero with probability one. So a second vector, drawn
   independently of N(u), makes N(u) smaller unless N(u) is already the null space of the map.

Vectors are drawn until one changes nothing. Some rows of the data give a principal submatrix of V,
whose map has a null space that contains the one sought: a few levels decide the usual case.

Numbers. The map is taken of sqrt(W) V sqrt(W), which has the same null space. The columns of a term
are centred where an intercept stands beside them and made orthonormal, which changes the basis of
its D and not the rank; each column of the map is divided by its size. A combination counts as
null where its image is 1e-10 of that size. Rounding leaves about 1e-14, so that what is only nearly
flat counts as identified, and the certificate judges it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from ranef.design.matrix import ModelColumns
from ranef.types import Array, Codes

__all__ = ["TAKES_PART", "FlatDirection", "flat_directions"]

TAKES_PART = 1e-6
"""Size of a parameter that takes part in a flat direction, whose largest one has size 1."""

_NULL = 1e-10
"""Relative size of the image below which a combination of parameters is null."""

_DEPENDENT = 1e-12
"""Relative length of what is left of a column below which others of its term determine it."""

_FIRST_ROWS, _FIRST_LEVELS = 4096, 64
_CHUNK = 1 << 14


@dataclass(frozen=True, slots=True)
class FlatDirection:
    """A change of the parameters that leaves the variance of the response as it is.

    Attributes
    ----------
    covariance : ndarray, shape (Q, Q)
        Of the random effects, each in units of one over the size of its column.
    residual : float
        Of the residual variance (for the mean weight).
    """

    covariance: Array
    residual: float

    @property
    def moves_residual(self) -> bool:
        """Whether the residual variance takes part."""
        return abs(self.residual) > TAKES_PART


def flat_directions(
    blocks: Sequence[ModelColumns],
    codes: Codes,
    n_levels: int,
    weights: Array | None = None,
    spans: Sequence[Array | None] | None = None,
) -> tuple[FlatDirection, ...]:
    """A basis of the null space for the terms on one grouping factor.

    Parameters
    ----------
    blocks : sequence of ModelColumns
        Columns of each term; a None among them is the intercept.
    codes : ndarray of int32, shape (n,)
        Level of each row.
    n_levels : int
    weights : ndarray, shape (n,), optional
        Precision weights.
    spans : sequence of (ndarray, shape (P, q, q), or None), optional
        For each term, symmetric matrices whose span is what its covariance can change, if it has a
        structure; None for all symmetric matrices.

    Returns
    -------
    tuple of FlatDirection
        Empty where the variances are identified.

    Examples
    --------
    One row a level: the variance of the intercept and the residual variance are the same thing.

    >>> intercept = ModelColumns((None,), 3)
    >>> found = flat_directions([intercept], np.arange(3, dtype=np.int32), 3)
    >>> [round(float(f.covariance[0, 0] / f.residual), 6) for f in found]
    [-1.0]
    """
    spans = spans or [None] * len(blocks)
    rows = _first_rows(codes, n_levels)
    if 4 * rows.size < codes.size:
        few = [_rows_of(block, rows) for block in blocks]
        some = None if weights is None else weights[rows]
        if not flat_directions(few, codes[rows], n_levels, some, spans):
            return ()
    root = None if weights is None else np.sqrt(weights / weights.mean())
    made = [
        _orthonormal(block, root) if span is None else _scaled(block, root)
        for block, span in zip(blocks, spans, strict=True)
    ]
    widths = [len(block) for block in blocks]
    for k, (basis, null, _) in enumerate(made):
        if null is not None:
            return (FlatDirection(_placed(widths, k, np.outer(null, null)), 0.0),)
        assert basis is not None
    Z = np.hstack([basis for basis, _, _ in made if basis is not None])
    free = _free(widths, blocks, spans)
    sizes = _sizes(Z, codes, n_levels, free)
    null_space = _null_space(Z, codes, n_levels, free, sizes)
    change = np.zeros((Z.shape[1], Z.shape[1]))
    for k, (_, _, block) in enumerate(made):
        change += _placed(widths, k, block)
    out = []
    for column in null_space.T:
        d, s = free.unpacked(column / sizes)
        covariance = change @ d @ change.T
        largest = max(float(np.abs(covariance).max()), abs(s))
        out.append(FlatDirection(covariance / largest, s / largest))
    return tuple(out)


def _rows_of(block: ModelColumns, rows: NDArray[np.intp]) -> ModelColumns:
    return ModelColumns(tuple(c if c is None else c[rows] for c in block.columns), rows.size)


def _orthonormal(
    block: ModelColumns, root: Array | None
) -> tuple[Array | None, Array | None, Array]:
    """Columns of unit mean square, what is null in their place, and the change of basis.

    Returns
    -------
    basis : ndarray, shape (n, q), or None
        Orthogonal combinations of the columns, if these are independent.
    null : ndarray, shape (q,), or None
        Otherwise a combination of the columns over their sizes that is zero in all rows.
    change : ndarray, shape (q, q)
        basis = columns over their sizes @ change.
    """
    n, q = block.n_rows, len(block)
    Z = block.matrix()
    sizes = np.abs(Z).max(axis=0)
    if not sizes.all():
        return None, np.eye(q)[int(np.flatnonzero(sizes == 0.0)[0])], np.eye(q)
    change = np.diag(1.0 / sizes)
    constant = next((j for j, column in enumerate(block.columns) if column is None), None)
    order = list(range(q))
    if constant is not None:
        order.insert(0, order.pop(constant))  # the others are made orthogonal to it
        for j in order[1:]:
            # Taken off before anything is divided: the differences of large numbers are exact.
            mean = float((Z[:, j] / sizes[j]).mean() * sizes[j])
            Z[:, j] -= mean
            spread = float(np.abs(Z[:, j]).max()) or sizes[j]
            Z[:, j] /= spread
            change[constant, j], change[j, j] = -mean / spread, 1.0 / spread
    else:
        Z /= sizes
    change = sizes[:, None] * change[:, order]
    Z = Z[:, order] if root is None else Z[:, order] * root[:, None]
    lengths = np.sqrt(np.einsum("ij,ij->j", Z, Z))
    basis, r = np.linalg.qr(Z)
    for j in range(q):
        if j >= n or abs(r[j, j]) <= _DEPENDENT * lengths[j]:
            null = np.zeros(q)
            null[j] = 1.0
            null[:j] = -np.linalg.solve(r[:j, :j], r[:j, j])
            return None, change @ null, change
    return basis * np.sqrt(n), None, change @ np.linalg.inv(r / np.sqrt(n))


def _scaled(block: ModelColumns, root: Array | None) -> tuple[Array, None, Array]:
    """As :func:`_orthonormal`, with the columns over their sizes as they are."""
    Z = block.matrix() / _largest(block)
    return Z if root is None else Z * root[:, None], None, np.eye(len(block))


def _largest(block: ModelColumns) -> Array:
    """The sizes of columns: their largest absolute values, 1 for a column of zeros."""
    sizes = [1.0 if c is None else float(np.abs(c).max()) for c in block.columns]
    return np.array([size or 1.0 for size in sizes])


def _placed(widths: Sequence[int], k: int, block: Array) -> Array:
    out = np.zeros((sum(widths), sum(widths)))
    place = slice(sum(widths[:k]), sum(widths[: k + 1]))
    out[place, place] = block
    return out


@dataclass(frozen=True, slots=True)
class _Free:
    """The parameters (D, s), P of them and the residual variance behind.

    Attributes
    ----------
    pairs : list of (int, int)
        Free entries of D.
    along : list of (slice, ndarray)
        A block of D, and the matrix along which it moves.
    width : int
        Q.
    """

    pairs: list[tuple[int, int]]
    along: list[tuple[slice, Array]]
    width: int

    def __len__(self) -> int:
        return len(self.pairs) + len(self.along) + 1

    def unpacked(self, parameters: Array) -> tuple[Array, float]:
        d = np.zeros((self.width, self.width))
        for (a, b), value in zip(self.pairs, parameters, strict=False):
            d[a, b] = d[b, a] = value
        for (place, matrix), value in zip(
            self.along, parameters[len(self.pairs) : -1], strict=True
        ):
            d[place, place] += value * matrix
        return d, float(parameters[-1])


def _free(
    widths: Sequence[int], blocks: Sequence[ModelColumns], spans: Sequence[Array | None]
) -> _Free:
    pairs: list[tuple[int, int]] = []
    along: list[tuple[slice, Array]] = []
    start = 0
    for width, block, span in zip(widths, blocks, spans, strict=True):
        if span is None:
            pairs += combinations_with_replacement(range(start, start + width), 2)
        else:
            units = np.outer(_largest(block), _largest(block))
            moves = span * (units / units.max())
            along += [(slice(start, start + width), move) for move in moves]
        start += width
    return _Free(pairs, along, start)


def _sizes(Z: Array, codes: Codes, n_levels: int, free: _Free) -> Array:
    """Frobenius norms of the columns of the map; of a covariance, the most that it can be."""
    squares = np.column_stack([np.bincount(codes, z * z, n_levels) for z in Z.T])
    norms = np.sqrt(np.einsum("la,la->a", squares, squares))
    of_pairs = [np.sqrt(norms[a] * norms[b]) for a, b in free.pairs]
    of_moves = [
        np.sqrt(np.sum(np.square(move) * np.outer(norms[place], norms[place])))
        for place, move in free.along
    ]
    return np.array([*of_pairs, *of_moves, np.sqrt(codes.size)])


def _null_space(Z: Array, codes: Codes, n_levels: int, free: _Free, sizes: Array) -> Array:
    """Orthonormal basis of the null space in units of the sizes, shape (P + 1, r)."""
    rng = np.random.default_rng(20)
    null = np.eye(len(free))
    rows = _first_rows(codes, n_levels)
    null = null @ _null_of(Z[rows], codes[rows], n_levels, free, null / sizes[:, None], rng)
    while null.shape[1]:
        kept = _null_of(Z, codes, n_levels, free, null / sizes[:, None], rng)
        if kept.shape[1] == null.shape[1]:
            break
        null = null @ kept
    return null


def _first_rows(codes: Codes, n_levels: int) -> NDArray[np.intp]:
    """Rows of some levels, all of them where the levels are small."""
    wanted = np.zeros(n_levels, dtype=bool)
    step = max(1, codes.size // _FIRST_LEVELS)
    wanted[codes[::step]] = True
    return np.flatnonzero(wanted[codes])[:_FIRST_ROWS]


def _null_of(
    Z: Array,
    codes: Codes,
    n_levels: int,
    free: _Free,
    candidates: Array,
    rng: np.random.Generator,
) -> Array:
    """The combinations of candidates, (P + 1, r), with V u = 0 for a new random u; (r, k)."""
    r = candidates.shape[1]
    u = rng.normal(size=codes.size)
    d = np.empty((Z.shape[1], Z.shape[1], r))
    s = np.empty(r)
    for j in range(r):
        d[:, :, j], s[j] = free.unpacked(candidates[:, j])
    sums = np.column_stack([np.bincount(codes, z * u, n_levels) for z in Z.T])
    effects = np.tensordot(sums, d, axes=(1, 0))  # levels, Q, r
    triangle: Array = np.zeros((0, r))
    for start in range(0, codes.size, _CHUNK):
        part = slice(start, start + _CHUNK)
        image = np.einsum("iq,iqr->ir", Z[part], effects[codes[part]])
        image += u[part, None] * s
        triangle = np.asarray(np.linalg.qr(np.vstack([triangle, image]), mode="r"))
    _, values, vectors = np.linalg.svd(triangle)
    rank = int(np.count_nonzero(values > _NULL))
    return np.asarray(vectors[rank:].T)
