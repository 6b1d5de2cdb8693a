r"""The linear programme for either proof, solved by HiGHS with few of its rows at a time.

    maximise  sum s_i x_i'gamma   subject to   s_i x_i'gamma >= 0,  x_i'gamma = 0 where s_i = 0,
                                               |gamma_k| <= 1 / max_i |x_ik|.

It is 0 if and only if there is no recession direction (Konis 2007). The sum is over all rows from
the beginning; constraints are added where the solution without them breaks them most. Leaving some
out can only raise the maximum: if that is 0, so is the maximum with all. Then the dual variables mu
of the constraints give Stiemke's numbers, s_i (1 + mu_i).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ranef.problem.separation.blocks import Signs, row_blocks
from ranef.types import Array

__all__ = ["Program", "solve_program"]

_FIRST, _ADDED = 400, 200
"""Constraints to begin with, and added each time."""

_ROUNDS = 60

_NOTHING = 1e-9
"""Maximum per row, in units in which columns are at most 1, that may be 0."""

_BROKEN = 1e-9
"""A constraint is broken by more than this."""


@dataclass(frozen=True, slots=True)
class Program:
    """Attributes
    ----------
    direction : ndarray of shape (p,), or None
        The solution if the maximum is not 0.
    scores : ndarray of shape (n,), or None
        Stiemke's numbers if it is.
    """

    direction: Array | None = None
    scores: Array | None = None


def solve_program(X: Array, s: Signs, scale: Array) -> Program:
    """Solve it up to the tolerance of the solver; neither proves anything by itself."""
    from scipy.optimize import linprog

    n, p = X.shape
    signed = np.flatnonzero(s)
    goal = np.zeros(p)
    for rows in row_blocks(n):
        goal += s[rows] @ X[rows]
    goal = goal / scale / max(1, signed.size)
    active = np.unique(np.linspace(0, n - 1, min(n, _FIRST)).astype(np.int64))
    for _ in range(_ROUNDS):
        x = X[active] / scale
        one_sided = s[active] != 0
        found = linprog(
            -goal,
            A_ub=-(s[active, None] * x)[one_sided],
            b_ub=np.zeros(int(one_sided.sum())),
            A_eq=x[~one_sided],
            b_eq=np.zeros(int((~one_sided).sum())),
            bounds=[(-1.0, 1.0)] * p,
            method="highs",
        )
        if found.x is None or found.fun is None:
            return Program()
        if -found.fun <= _NOTHING:
            scores = s.astype(np.float64)
            own = active[one_sided]
            scores[own] = s[own] * (1.0 - signed.size * found.ineqlin.marginals)
            scores[active[~one_sided]] = signed.size * found.eqlin.marginals
            return Program(scores=scores)
        gamma = found.x / scale
        change = X @ gamma
        broken = np.where(s == 0, np.abs(change), np.maximum(-s * change, 0.0))
        count = min(n, _ADDED)
        worst = np.argpartition(broken, n - count)[n - count :]
        worst = np.setdiff1d(worst[broken[worst] > _BROKEN], active)
        if worst.size == 0:
            return Program(direction=gamma)
        active = np.union1d(active, worst)
    return Program()
