"""What is predicted for each row: which x, which random effects, and the predicted mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ranef.core import TermLabel
from ranef.design import Encoding
from ranef.frame import Table
from ranef.inference.inner_rows import Blocks
from ranef.inference.new_levels import drawn_effects, group_missing, refuse_new_levels
from ranef.inference.prediction_options import PredictionOptions
from ranef.inference.rows import fixed_part, random_part
from ranef.problem import ProblemShape
from ranef.types import Array

__all__ = ["Target", "target_of"]


@dataclass(frozen=True, slots=True)
class Target:
    """The rows to predict.

    Attributes
    ----------
    mean : ndarray, shape (rows,)
        NaN where something is missing, or not estimable.
    drawn : ndarray, shape (rows,), or float
        Random effects drawn for new levels, which the estimate has on top.
    x : ndarray, shape (rows, p)
        Zeros if the fixed part does not count.
    offset : ndarray, shape (rows,), or float
        What of the mean no coefficient moves.
    blocks : sequence of (codes, Z)
        Random effects that count, z = 0 in the other terms.
    fresh : sequence of (codes, Z) or None
        Those of new groups that a new observation has besides.
    broken : ndarray of bool, shape (rows, columns left out)
        Which rows are not estimable, and by which column that was left out of X.
    spread : ndarray, shape (rows,), or float
        Residual variance of a new observation over sigma^2.
    """

    mean: Array
    drawn: Array | float
    x: Array
    offset: Array | float
    blocks: Blocks
    fresh: Blocks | None
    broken: NDArray[np.bool_]
    spread: Array | float = 1.0

    @property
    def estimate(self) -> Array:
        return np.asarray(self.mean + self.drawn)


def target_of(
    table: Table,
    encoding: Encoding,
    problem: ProblemShape,
    beta: Array,
    covariances: Sequence[Array],
    modes: Callable[[], tuple[Array, ...]],
    options: PredictionOptions,
    spread: Array | float = 1.0,
) -> Target:
    """The rows of a table that has the model's predictors.

    `spread` is the residual variance of new observations over sigma^2.

    Raises
    ------
    DataError
        New levels, if these are an error.
    """
    labels: Sequence[TermLabel] = problem.labels
    x, broken = encoding.fixed_and_broken(table)
    known = encoding.offset(table)
    offset: Array | float = 0.0 if known is None else known
    mean = fixed_part(x, beta, known)
    if options.part == "random":
        # A row that cannot be coded stays NaN: 0 times NaN is NaN.
        x, offset, mean = 0.0 * x, 0.0, 0.0 * mean
        broken = np.zeros_like(broken)
    all_blocks: Blocks = ()
    if options.needs_random:
        all_blocks = encoding.random(table, groups=options.terms)
    blocks = _counted(all_blocks, problem, options.terms, x.shape[0])
    drawn: Array | float = 0.0
    if options.terms:
        if options.new_levels == "error":
            refuse_new_levels(all_blocks, labels, table, encoding, options.terms)
        mean = mean + random_part(blocks, modes())
        mean[group_missing(table, encoding, options.terms)] = np.nan
        if options.new_levels == "sample":
            drawn = drawn_effects(
                all_blocks, covariances, table, encoding, options.terms, options.seed
            )
    mean[broken.any(axis=1)] = np.nan
    fresh = None
    if options.interval == "prediction":
        left = [k not in options.terms for k in range(len(labels))]
        fresh = [(c, z * float(new)) for (c, z), new in zip(all_blocks, left, strict=True)]
    return Target(mean, drawn, x, offset, blocks, fresh, broken, spread)


def _counted(blocks: Blocks, problem: ProblemShape, terms: Sequence[int], n: int) -> Blocks:
    """The terms that count; the others have z = 0, and the codes of those on the same factor."""
    none = np.full(n, -1, dtype=np.int32)
    codes = {problem.terms[k].group: blocks[k][0] for k in terms}
    return [
        (
            codes.get(block.group, none),
            blocks[k][1] if k in terms else np.zeros((n, block.q)),
        )
        for k, block in enumerate(problem.terms)
    ]
