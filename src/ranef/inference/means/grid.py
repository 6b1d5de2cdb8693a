"""The grid of a marginal mean: which rows of X are averaged, with which weights.

Every category stands at all of its levels and every number at its mean (or where the user wants
it); the rows of X of all combinations are averaged over those variables that the means are not of
(Searle, Speed and Milliken 1980, Population marginal means in the linear model, The American
Statistician 34, 216-221). Group means in the formula stand at their mean over the rows used.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ranef.design import Encoding
from ranef.errors import TooLargeError
from ranef.frame import Column, Table
from ranef.inference.means.rows import MeanRows
from ranef.inference.means.variables import Variable
from ranef.page import phrases
from ranef.types import Array, Codes

__all__ = ["WEIGHTS", "Grid", "grid_of"]

WEIGHTS = ("equal", "proportional", "cells", "outer")

_AT_ONCE = 100_000
"""Rows of the grid that are coded together."""

_MOST = 20_000_000
"""Rows of a grid."""

Make = Callable[[Table], tuple[Array, Array]]


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Means, and the values of the variables they are of.

    Attributes
    ----------
    rows : MeanRows
    labels : mapping of str to tuple
        One label a mean.
    averaged : tuple of str
        Variables that were averaged over.
    held : mapping of str to value
        Numbers that stand at one value.
    """

    rows: MeanRows
    labels: Mapping[str, tuple[Any, ...]]
    averaged: tuple[str, ...]
    held: Mapping[str, Any]


def grid_of(
    encoding: Encoding,
    training: Table,
    variables: Mapping[str, Variable],
    focal: Sequence[str],
    weights: str,
    make: Make,
    frequencies: Array | None = None,
) -> Grid:
    """The rows of X of each combination of the focal variables, averaged over the others.

    Parameters
    ----------
    encoding : Encoding
    training : Table
        The rows used: group means and weights come from them.
    variables : mapping of str to Variable
    focal : sequence of str
        The first one varies fastest.
    weights : {"equal", "proportional", "cells", "outer"}
    make : callable
        From a table to rows of the whole X, and what is to be added to their means.
    frequencies : ndarray, optional
        How often each row of `training` counts.

    Raises
    ------
    TooLargeError
        The grid has more than 20 million rows.
    """
    others = [name for name in variables if name not in focal and len(variables[name]) > 1]
    fixed = [name for name in variables if name not in focal and len(variables[name]) == 1]
    sizes = [len(variables[name]) for name in others]
    cells = math.prod(sizes)
    points = list(itertools.product(*[range(len(variables[n])) for n in reversed(focal)]))
    points = [tuple(reversed(point)) for point in points]
    if cells * len(points) > _MOST:
        listed = ", ".join(f"{name} ({len(variables[name])})" for name in (*focal, *others))
        raise TooLargeError(
            "the grid of the means has too many rows",
            found=f"{phrases.count(cells * len(points), 'combination')} of {listed}",
            fix="hold some variables at chosen values: at={'name': value}",
        )
    inner = np.array(list(itertools.product(*[range(size) for size in sizes])), dtype=np.int64)
    inner = inner.reshape(cells, len(others))
    shares = _shares(weights, variables, focal, others, points, inner, frequencies)
    means = encoding.average_means(training)
    full, shifts = [], []
    step = max(1, _AT_ONCE // cells)
    for start in range(0, len(points), step):
        some = np.array(points[start : start + step], dtype=np.int64)
        some = some.reshape(len(some), len(focal))
        count = some.shape[0] * cells
        columns: dict[str, Column] = {}
        for j, name in enumerate(focal):
            columns[name] = _column(variables[name], np.repeat(some[:, j], cells), training)
        for j, name in enumerate(others):
            columns[name] = _column(variables[name], np.tile(inner[:, j], len(some)), training)
        for name in fixed:
            columns[name] = _column(variables[name], np.zeros(count, dtype=np.int64), training)
        for name, mean in means.items():
            columns[name] = Column(name, "number", np.full(count, mean))
        x, shift = make(Table(columns, count, training.threads))
        share = shares[start : start + step]
        full.append(np.einsum("bkp,bk->bp", x.reshape(len(some), cells, -1), share))
        shifts.append(np.einsum("bk,bk->b", shift.reshape(len(some), cells), share))
    labels = {
        name: tuple(variables[name].labels[point[j]] for point in points)
        for j, name in enumerate(focal)
    }
    held = {name: variables[name].labels[0] for name in fixed}
    rows = MeanRows(np.concatenate(full), np.concatenate(shifts), np.ones(len(points)))
    return Grid(rows, labels, tuple(others), held)


def _column(variable: Variable, places: Any, training: Table) -> Column:
    name = variable.name
    if variable.is_factor:
        codes = variable.values[places].astype(np.int32)
        return Column(name, "factor", codes, training[name].levels)
    return Column(name, "number", variable.values[places].astype(np.float64))


def _shares(
    weights: str,
    variables: Mapping[str, Variable],
    focal: Sequence[str],
    others: Sequence[str],
    points: Sequence[tuple[int, ...]],
    inner: Any,
    frequencies: Array | None,
) -> Array:
    """The share of each combination of the others in each mean, shape (means, combinations).

    Frequencies are those of rows. A number at values of the user's own has no frequencies: its
    values have equal shares. A mean whose cell is empty has NaN.
    """
    cells = inner.shape[0]
    counted = [j for j, name in enumerate(others) if variables[name].codes is not None]
    if weights == "equal" or not counted:
        return np.full((len(points), cells), 1.0 / cells)
    sizes = [len(variables[others[j]]) for j in counted]
    place = np.ravel_multi_index(tuple(inner[:, j] for j in counted), sizes)
    codes = [_codes_of(variables[others[j]]) for j in counted]
    if weights == "outer":
        share = np.ones(cells)
        for j, code, size in zip(counted, codes, sizes, strict=True):
            share = share * _counts(code, code >= 0, size, frequencies)[inner[:, j]]
        return np.tile(share / share.sum(), (len(points), 1))
    known = np.all([code >= 0 for code in codes], axis=0)
    joint = np.zeros(known.size, dtype=np.int64)
    joint[known] = np.ravel_multi_index(tuple(code[known] for code in codes), sizes)
    if weights == "proportional":
        share = _counts(joint, known, math.prod(sizes), frequencies)[place]
        with np.errstate(invalid="ignore"):
            return np.tile(share / share.sum(), (len(points), 1))
    out = np.empty((len(points), cells))
    for k, point in enumerate(points):
        own = known.copy()
        for name, position in zip(focal, point, strict=True):
            focal_codes = variables[name].codes
            if focal_codes is not None:
                own &= focal_codes == position
        share = _counts(joint, own, math.prod(sizes), frequencies)[place]
        with np.errstate(invalid="ignore"):
            out[k] = share / share.sum()
    return out


def _counts(codes: Any, rows: Any, size: int, frequencies: Array | None) -> Array:
    """How often each code occurs in some rows."""
    weights = None if frequencies is None else frequencies[rows]
    return np.bincount(codes[rows], weights, minlength=size).astype(np.float64)


def _codes_of(variable: Variable) -> Codes:
    assert variable.codes is not None
    return variable.codes
