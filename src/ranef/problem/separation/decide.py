"""Whether the fixed effects separate the responses, decided with proof.

Theorem. Let the log-densities of rows be concave in eta, and bounded. X has a recession direction
(:mod:`ranef.problem.separation.direction`) if and only if the likelihood has no finite maximum in
beta, for every covariance of the random effects. If there is one, the likelihood given the random
effects rises along it whatever they are, and so does the integral over them. If there is none, the
integral is log-concave in beta (Prekopa 1973) and falls to 0 along every ray, by dominated
convergence. Random effects neither cause separation nor cure it, and offsets play no part.

Without concavity (zero-inflated rows) a recession direction still proves that there is no maximum.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ranef.page.phrases import share
from ranef.problem.separation.blocks import Mask, Signs, largest, null_space, triangle
from ranef.problem.separation.certificate import certificate
from ranef.problem.separation.direction import Gains, gains, prove
from ranef.problem.separation.program import solve_program
from ranef.problem.separation.record import Limit, Separation
from ranef.problem.separation.surrogate import ascent
from ranef.types import Array

__all__ = ["separation"]

_STEPS = 8
_TRIED = (0, 6)
"""Steps of the search that are tried as directions: the first may follow a search in a sample."""

_STEP_TIGHT = 1e-3
_PROGRAM_TIGHT = 1e-6
"""Of the largest change of a predictor: what is left of 0 by Newton's method, and by HiGHS."""

_MOST_RATIO = 2.0**20
"""Between lengths of directions that are put together."""

_DEPENDENT = 1e-10


def separation(
    X: Array,
    signs: Signs,
    names: Sequence[str],
    scores: Array | None = None,
    direction: Array | None = None,
) -> Separation:
    """Decide whether there is a finite maximum in the coefficients.

    Parameters
    ----------
    X : ndarray, shape (n, p)
    signs : ndarray of int8, shape (n,)
        1 where the likelihood of a row rises for ever with its predictor (all successes), -1 where
        it does as the predictor falls (all failures, a zero count), 0 where it has a maximum.
    names : sequence of str, length p
    scores : ndarray, shape (n,), optional
        Derivatives of the rows' log-densities in eta where beta and the random effects are at their
        joint modes. If they prove that there is a maximum, nothing else is done.
    direction : ndarray, shape (p,), optional
        A change of the coefficients to be tried first, as the last step of a search that did not
        converge.

    Returns
    -------
    Separation

    Examples
    --------
    >>> import numpy as np
    >>> X = np.column_stack([np.ones(6), [0, 0, 0, 0, 1, 1]])
    >>> found = separation(X, np.array([1, -1, 1, -1, 1, 1], dtype=np.int8), ["Intercept", "x"])
    >>> found.exists, found.complete, found.coefficients
    (True, False, {'x': 1.0})
    >>> found.limit.identified
    ('Intercept',)
    """
    X = np.asarray(X, dtype=np.float64)
    signs = np.asarray(signs, dtype=np.int8)
    none = np.zeros(len(X), dtype=bool)
    if scores is not None:
        proof = certificate(X, signs, scores)
        if proof.holds:
            return Separation(False, _words_of_none(proof.bound), proof.bound, predicted=none)
    first = _search(X, signs, direction)
    if not isinstance(first, Gains):
        if first is None:
            return Separation(
                None,
                "no proof was found that there is a finite maximum, nor that there is none",
                np.nan,
                predicted=none,
            )
        return Separation(False, _words_of_none(first), first, predicted=none)
    return _separated(X, signs, names, first)


def _search(X: Array, s: Signs, direction: Array | None = None) -> Gains | float | None:
    """A direction that is a proof, or the bound of a proof of none, or neither."""
    if not np.any(s) or X.shape[1] == 0:
        return 0.0
    scale = largest(X)
    if direction is not None:
        found = prove(X, s, direction, scale, _STEP_TIGHT)
        if found is not None:
            return found
    for k, iterate in enumerate(ascent(X, s, _STEPS)):
        if iterate.settled:
            proof = certificate(X, s, iterate.scores)
            if proof.holds:
                return proof.bound
            continue
        found = gains(X, s, iterate.position)  # complete separation
        if found is None and k in _TRIED:
            found = prove(X, s, iterate.step, scale, _STEP_TIGHT)
        if found is not None:
            return found
    return _by_program(X, s, scale)


def _by_program(X: Array, s: Signs, scale: Array) -> Gains | float | None:
    solved = solve_program(X, s, scale)
    if solved.direction is not None:
        return prove(X, s, solved.direction, scale, _PROGRAM_TIGHT)
    if solved.scores is not None:
        proof = certificate(X, s, solved.scores)
        if proof.holds:
            return proof.bound
    return None


def _separated(X: Array, s: Signs, names: Sequence[str], first: Gains) -> Separation:
    """All rows that some direction predicts perfectly: those of one direction after the other.

    A direction of the remaining rows, added to a large multiple of the first, is one of all rows.
    """
    together, rows, proven = first, ~first.rows, False
    predicted = first.rows.copy()
    while True:
        left = np.flatnonzero(rows)
        found = _search(X[left], s[left])
        if not isinstance(found, Gains):
            proven = found is not None
            break
        gained = left[found.rows]
        predicted[gained] = True
        rows[gained] = False
        together = _sum(X, s, together, found) or together
    scale = largest(X)
    gamma = together.direction
    if not together.exact:
        gamma = gamma / np.abs(gamma * scale).max()
    limit = _limit(X, rows, names, scale, proven)
    return Separation(
        True,
        _words_of(together, s),
        together.margin,
        direction=gamma,
        coefficients={names[int(k)]: float(gamma[k]) for k in np.flatnonzero(gamma)},
        predicted=predicted,
        exact=together.exact,
        limit=limit,
    )


def _sum(X: Array, s: Signs, first: Gains, second: Gains) -> Gains | None:
    """A direction along which the rows of both gain."""
    before, after = X @ first.direction, X @ second.direction
    against = first.rows & (s * after < 0.0)
    needed = 2.0 * float(np.max(np.abs(after[against] / before[against]), initial=0.0))
    ratio = 2.0 ** np.ceil(np.log2(max(needed, 1.0)))
    if ratio > _MOST_RATIO:
        return None
    found = gains(X, s, ratio * first.direction + second.direction)
    both = int(np.count_nonzero(first.rows)) + int(np.count_nonzero(second.rows))
    return found if found is not None and np.count_nonzero(found.rows) == both else None


def _limit(X: Array, rows: Mask, names: Sequence[str], scale: Array, proven: bool) -> Limit:
    left = X[rows] / scale
    kept: list[int] = []
    basis = np.zeros((X.shape[1], 0))
    if len(left):
        R = triangle(left)
        for k in range(X.shape[1]):
            column = R[:, k]
            length = float(np.linalg.norm(column))
            rest = column - basis[: len(R)] @ (basis[: len(R)].T @ column)
            rest = rest - basis[: len(R)] @ (basis[: len(R)].T @ rest)
            if float(np.linalg.norm(rest)) > _DEPENDENT * max(1.0, length):
                unit = np.zeros((X.shape[1], 1))
                unit[: len(R), 0] = rest / np.linalg.norm(rest)
                basis = np.hstack([basis, unit])
                kept.append(k)
        free = null_space(left, np.ones(X.shape[1]))
        sure = np.flatnonzero(np.all(np.abs(free) < 1e-8, axis=1))
    else:
        sure = np.zeros(0, dtype=np.int64)
    return Limit(rows, tuple(kept), tuple(names[int(k)] for k in sure), proven)


def _words_of_none(bound: float) -> str:
    return (
        "a finite maximum exists: scores of the rows add up to zero after relative changes of at "
        f"most {bound:.1e}, so that every change of the coefficients lowers the likelihood of some "
        "row"
    )


def _words_of(found: Gains, s: Signs) -> str:
    count = int(np.count_nonzero(found.rows))
    how = "in exact arithmetic" if found.exact else "up to the rounding of the data"
    return (
        "no finite maximum exists: along the direction the likelihood of "
        f"{share(count, s.size, 'row')} rises for ever and that of none falls, {how}"
    )
