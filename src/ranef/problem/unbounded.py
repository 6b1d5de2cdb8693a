"""Models whose likelihood grows without end, so that there is no estimate.

Let V = Z (I (x) D) Z' + s W^-1 (D and s on the response's scale), and let Z_B = Z (I (x) B) for a
subspace B of the random effects of each term. The criterion by ML is, but for constants,

    f(D, s) = log|V| + min_beta (y - X beta)' V^-1 (y - X beta).

Take D = B B' fixed and let s go to zero. Then log|V| = (n - rank Z_B) log s + O(1), and the second
summand stays bounded if and only if y lies in the span of [X, Z_B]. So f falls to minus infinity if

    y is in span [X, Z_B]   and   rank Z_B < n                                   (ML)

for some B. By REML, V is replaced by K'VK with K'X = 0, and the conditions become

    y is in span [X, Z_B]   and   rank [X, Z_B] < n.                             (REML)

Conversely, let f be unbounded below. But for constants min_c f(cD, cs) is the logarithm of
g = |V| q^n, with q the second summand, and g does not change with c: let trace V = 1. Then g goes
to zero along a curve on which D and s are power series of some t > 0 that goes to zero (curve
selection in a semialgebraic set): q is of the order t^-a, a >= 0, and some eigenvalue of V of an
order smaller than t^a. Let B(t) be the directions of D of order t^a and larger. Then s is of
smaller order than t^a, rank Z_B(t) < n, and the distance of y from the span of [X, Z_B(t)] goes to
zero: the conditions hold in the limit. Known weights change no span and no rank.

When does it happen? Of covariances without structure, the B of given dimensions d_k of q_k form a
family with sum d_k (q_k - d_k) degrees of freedom; those of structures are fewer
(:mod:`ranef.problem.spans`). If n - rank [X, Z_B] is not larger, the family sweeps over an open
set of responses: a search in it finds the B that has y in its span. So it takes few rows with many
coefficients and random effects,

    n <= p + sum levels_k d_k + degrees of freedom,

which is looked at first. A response that lies in a smaller span by its values is not looked for: it
is fitted exactly, and the residual variance of the fit shows that (`ranef.problem.exact`). The
larger B, the sooner y is in the span, so dimensions are taken off only where the rank is too high.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ranef.design import Design
from ranef.errors import DesignError
from ranef.page.phrases import count
from ranef.problem.spans import Span, span_of
from ranef.types import Array, Codes

__all__ = ["check_bounded"]

_RANK = 1e-10
"""Singular value below which a direction is dependent; columns have unit length."""

_FOUND = 1e-8
"""Length of what a search has left of the response, of unit length, that counts as nothing."""

_STARTS = 5

_MOST_ROWS = 400
"""Up to which a search is made."""

_MOST_WORK = 5e9
"""Operations up to which the ranks are looked at."""

_Block = tuple[Codes, int, Array]
"""Level of each row, number of levels, columns."""

_Chart = Callable[[Array], Array]
"""From numbers to a basis of a subspace."""


def check_bounded(design: Design, y: Array, reml: bool, penalised: bool) -> None:
    """Raise if the criterion is not bounded below.

    Parameters
    ----------
    design : Design
    y : ndarray, shape (n,)
        Response less offset.
    reml : bool
    penalised : bool
        Whether there is a prior: it may hold the criterion, and nothing is looked at.

    Raises
    ------
    DesignError
    """
    if penalised:
        return
    found = _unbounded(design, y, reml)
    if found is not None:
        raise _no_estimate(design, found, reml, reml or _unbounded(design, y, True) is not None)


def _unbounded(design: Design, y: Array, reml: bool) -> _Ranks | None:
    """Subspaces that meet the conditions; None if none are found."""
    full = tuple(span_of(block) for block in design.plan.blocks)
    if design.n <= design.p or not _can_fit(design, full):
        return None
    waiting, seen = [full], {full}
    while waiting:
        spans = waiting.pop(0)
        found = _search(design, spans, y, reml)
        if found is not None and found.low_rank(reml, design.n):
            return found
        if found is None:
            continue
        for k, span in enumerate(spans):
            for part in span.smaller():
                smaller = (*spans[:k], part, *spans[k + 1 :])
                if smaller not in seen and _can_fit(design, smaller):
                    seen.add(smaller)
                    waiting.append(smaller)
    return None


def _can_fit(design: Design, spans: Sequence[Span]) -> bool:
    """Whether the number of rows lets such subspaces fit a response in general position."""
    columns = sum(t.n_levels * span.dims for t, span in zip(design.terms, spans, strict=True))
    return design.n <= design.p + columns + _freedom(spans)


def _freedom(spans: Sequence[Span]) -> int:
    return sum(span.freedom for span in spans)


def _search(design: Design, spans: Sequence[Span], y: Array, reml: bool) -> _Ranks | None:
    """Ranks at subspaces whose span holds y; None if none are found, or it would take long."""
    rng = np.random.default_rng(20)
    freedom = _freedom(spans)
    if reml and not freedom:
        return _Ranks(design.n, design.n, 0.0)  # y in general position: the span is the whole space
    charts = [span.chart(rng) for span in spans]
    blocks = _blocks(design, _bases(spans, charts, np.zeros(freedom)))
    width = design.p + 1 + sum(levels * z.shape[1] for _, levels, z in blocks[1:])
    if design.n * width * min(design.n, width) > _MOST_WORK:
        return None
    x = design.X
    at = _ranks(blocks, x, y)
    if at.missed < _RANK:
        return at
    if design.n - at.rank_with_x > freedom or design.n > _MOST_ROWS:
        return None
    from scipy.optimize import least_squares

    for _ in range(_STARTS):
        charts = [span.chart(rng) for span in spans]

        def missed(chart: Array, charts: list[_Chart] = charts) -> Array:
            return _ranks(_blocks(design, _bases(spans, charts, chart)), x, y).residual

        ended = least_squares(missed, np.zeros(freedom), xtol=1e-15, ftol=1e-15, gtol=1e-15)
        at = _ranks(_blocks(design, _bases(spans, charts, ended.x)), x, y)
        if at.missed < _FOUND:
            return at
    return None


def _bases(spans: Sequence[Span], charts: Sequence[_Chart], chart: Array) -> list[Array]:
    """Bases of subspaces, (q, d) by term, from the numbers of all terms."""
    ends = np.cumsum([span.freedom for span in spans])
    own = np.split(chart, ends)[:-1]
    return [basis(numbers) for basis, numbers in zip(charts, own, strict=True)]


def _no_estimate(design: Design, found: _Ranks, reml: bool, neither: bool) -> DesignError:
    by = "REML" if reml else "maximum likelihood"
    other = "fewer predictors, a smaller random part, or more rows"
    if not neither:
        other = f"REML (reml=True), {other}"
    return DesignError(
        f"fixed and random effects together fit '{design.response}' exactly: there is no estimate "
        f"by {by}",
        found=f"{count(design.n, 'row')}, {count(design.p, 'coefficient')}, random effects in "
        f"{count(found.rank, 'dimension')}: the likelihood grows without end as the residual "
        "variance goes to zero",
        fix=f"use {other}",
    )


def _blocks(design: Design, bases: Sequence[Array]) -> list[_Block]:
    """Z_B by grouping factor, the one with most columns first."""
    made: dict[int, list[Array]] = {}
    levels: dict[int, tuple[Codes, int]] = {}
    for term, basis in zip(design.terms, bases, strict=True):
        z = term.Z
        z /= np.maximum(np.abs(z).max(axis=0), np.finfo(np.float64).tiny)
        made.setdefault(id(term.codes), []).append(z @ basis)
        levels[id(term.codes)] = (term.codes, term.n_levels)
    blocks = [(*levels[key], np.hstack(parts)) for key, parts in made.items()]
    return sorted(blocks, key=lambda block: -block[1] * block[2].shape[1])


@dataclass(frozen=True, slots=True)
class _Ranks:
    """Ranks of Z_B and of [X, Z_B], and the part of y (of unit length) outside of the span."""

    rank: int
    rank_with_x: int
    missed: float
    residual: Array = field(default_factory=lambda: np.zeros(0))

    def low_rank(self, reml: bool, n: int) -> bool:
        return (self.rank_with_x if reml else self.rank) < n


def _ranks(blocks: Sequence[_Block], x: Array, y: Array) -> _Ranks:
    """The first factor is projected out level by level, what is left is dense."""
    others = [_spread(block) for block in blocks[1:]]
    z = np.hstack(others) if others else np.empty((y.size, 0))
    first, projected = _project_out(blocks[0], np.hstack([_unit(np.hstack([z, x])), _unit(y)]))
    rest, response = projected[:, :-1], projected[:, -1]
    rank = first + _span(rest[:, : z.shape[1]]).shape[1]
    basis = _span(rest)
    for _ in range(2):
        response = response - basis @ (basis.T @ response)
    return _Ranks(rank, first + basis.shape[1], float(np.linalg.norm(response)), response)


def _unit(columns: Array) -> Array:
    columns = columns.reshape(columns.shape[0], -1)
    columns = columns / np.maximum(np.abs(columns).max(axis=0), np.finfo(np.float64).tiny)
    lengths = np.sqrt(np.einsum("ij,ij->j", columns, columns))
    return np.asarray(columns / np.where(lengths > 0.0, lengths, 1.0))


def _spread(block: _Block) -> Array:
    """The columns of each level side by side, shape (n, levels * columns)."""
    codes, levels, z = block
    out = np.zeros((codes.size, levels, z.shape[1]))
    out[np.arange(codes.size), codes] = z
    return out.reshape(codes.size, -1)


def _project_out(block: _Block, rest: Array) -> tuple[int, Array]:
    """The rank of a factor's columns, and what is left of others orthogonal to them."""
    codes, levels, z = block
    out = rest.copy()
    order = np.argsort(codes, kind="stable")
    sizes = np.bincount(codes, minlength=levels)
    starts = np.cumsum(sizes) - sizes
    rank = 0
    for size in np.unique(sizes[sizes > 0]):
        rows = order[starts[sizes == size][:, None] + np.arange(size)]  # levels of this size, rows
        u, values, _ = np.linalg.svd(z[rows], full_matrices=False)
        kept = values > _RANK
        rank += int(np.count_nonzero(kept))
        u = u * kept[:, None, :]
        out[rows] -= u @ (u.transpose(0, 2, 1) @ rest[rows])
    return rank, out


def _span(columns: Array) -> Array:
    """An orthonormal basis of the span, shape (n, rank)."""
    if columns.shape[1] == 0:
        return columns
    u, values, _ = np.linalg.svd(columns, full_matrices=False)
    return np.asarray(u[:, values > _RANK])
