"""What the data still determine where the coefficients go to infinity.

Along a direction in which the likelihood rises for ever, rows that are predicted perfectly have a
likelihood of 1 in the limit. The others have a maximum in the coefficients that they determine, and
in all other parameters: it is found by a fit to them, with the dependent columns of X left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ranef.core import Rows, RowsGroup
from ranef.core.generalised import Channel
from ranef.problem.generalised import GeneralisedProblem
from ranef.problem.separation import Separation
from ranef.problem.signed_rows import fixed_columns, without_prior
from ranef.source.part_scaling import part_scaling
from ranef.types import Array

__all__ = ["limit_problem"]


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Some rows of a problem, and some columns of its X."""

    problem: GeneralisedProblem = field(repr=False)
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]

    def of(self, values: Array | None) -> Array | None:
        return None if values is None else np.ascontiguousarray(values[self.rows])

    def group(self, group: RowsGroup) -> RowsGroup:
        levels, codes = np.unique(group.codes[self.rows], return_inverse=True)
        return group.replace(
            codes=np.ascontiguousarray(codes, dtype=np.int32),
            n_levels=int(levels.size),
            columns=[self.of(column) for column in group.columns],
        )

    def channel(self, channel: Channel) -> Channel:
        which = None if channel.which is None else np.ascontiguousarray(channel.which[self.rows])
        columns = tuple(self.of(column) for column in channel.columns)
        return replace(channel, columns=columns, which=which)


def limit_problem(problem: GeneralisedProblem, found: Separation) -> GeneralisedProblem | None:
    """The problem that is left in the limit.

    Parameters
    ----------
    problem : GeneralisedProblem
    found : Separation
        That of this problem.

    Returns
    -------
    GeneralisedProblem or None
        None if the rows that are left do not determine the random effects, and for ordered answers,
        which may lose a cut point and keep the row.
    """
    limit = found.limit
    if limit is None or not np.any(limit.rows) or problem.part("thresholds") is not None:
        return None
    names = problem.x_names
    own = [name for name, free in zip(names, without_prior(problem), strict=True) if free]
    kept = {own[k] for k in limit.columns} | (set(names) - set(own))
    columns = np.array([k for k, name in enumerate(names) if name in kept], dtype=np.int64)
    kept_names = tuple(names[int(k)] for k in columns)
    part = _Part(problem, np.flatnonzero(limit.rows), columns)
    groups = [part.group(group) for group in problem.rows.groups]
    if any(group.n_levels < 2 for group in groups):
        return None
    X = fixed_columns(problem)[np.ix_(part.rows, part.columns)]
    given = problem.rows.x if problem.given is None else problem.given
    constant = [given[int(k)] is None for k in columns]
    scaled = part_scaling(
        [None if c else np.ascontiguousarray(X[:, k]) for k, c in enumerate(constant)]
    )
    psi = problem.change[problem.p :, problem.p :]
    size = len(columns) + len(psi)
    change = np.zeros((size, size))
    change[: len(columns), : len(columns)] = scaled.change
    change[len(columns) :, len(columns) :] = psi
    rows = Rows(
        groups=groups,
        x=list(scaled.columns),
        y=np.ascontiguousarray(problem.rows.y[part.rows]),
        weights=part.of(problem.rows.weights),
    )
    return replace(
        problem,
        rows=rows,
        offset=part.of(problem.offset),
        channels=tuple(part.channel(channel) for channel in problem.channels),
        change=change,
        scaling=replace(problem.scaling, orthogonal=None),
        given=None,
        x_names=kept_names,
        labels=tuple(
            replace(label, n_levels=groups[term.group].n_levels)
            for label, term in zip(problem.labels, problem.terms, strict=True)
        ),
        prior=None if problem.prior is None else replace(problem.prior, x_names=kept_names),
    )
