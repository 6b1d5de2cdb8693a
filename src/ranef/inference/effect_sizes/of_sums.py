"""The variance of a row in parts, and standard deviations of columns, from sums over the rows.

The formulas are those of :mod:`ranef.inference.effect_sizes.parts`: sums of squares and sums by
level are all that they need.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ranef.inference.effect_sizes.parts import VarianceParts
from ranef.inference.effect_sizes.units import CONSTANT
from ranef.sums.cells import Cells
from ranef.sums.fixed import gram
from ranef.sums.forms import Form, cross
from ranef.sums.inner import InnerColumns
from ranef.sums.random import by_level
from ranef.types import Array, Codes

__all__ = ["coefficient_units_of_sums", "variance_parts_of_sums"]

ONE = Form({0: 1.0})


def variance_parts_of_sums(
    columns: InnerColumns,
    covariances: Sequence[Array],
    beta: Array,
    by: int,
    residual: float,
) -> VarianceParts:
    """The parts at the estimates.

    Parameters
    ----------
    columns : InnerColumns
        Of sums without weights.
    covariances : sequence of ndarray, shape (q, q)
        By term, on the data's scale.
    beta : ndarray, shape (p,)
    by : int
        A grouping factor.
    residual : float
        The mean over the rows.
    """
    model = columns.model
    n = float(model.moments.n)
    at = columns.of_group(by)
    counts = by_level(at.cells.counts, at.codes, at.n_levels)
    scales = np.asarray(columns.fixed.scaling.scales)
    slopes = beta * scales
    if columns.fixed.scaling.intercept >= 0:
        slopes[columns.fixed.scaling.intercept] = 0.0
    x = columns.x(model.first)
    mean = float(slopes @ gram(x, [ONE], model.first)[:, 0]) / n
    total = float(slopes @ gram(x, x, model.first) @ slopes) - n * mean**2
    of_levels = _sums(columns.x(at.cells), at.cells, at.codes, at.n_levels)
    between = float(counts @ (of_levels @ slopes / counts - mean) ** 2)
    random, apart = dict.fromkeys(map(columns.factor, range(len(columns.groups))), 0.0), 0.0
    for g, members in enumerate(columns.groups):
        d = _inner(columns, members, covariances)
        own = columns.of_group(g)
        z = columns.z(g, own.cells)
        random[columns.factor(g)] += float(np.vdot(d, gram(z, z, own.cells))) / n
        cells, inside, outside = _meetings(columns, g, by)
        key = outside.astype(np.int64) * own.n_levels + inside
        found, meeting = np.unique(key, return_inverse=True)
        sums = _sums(columns.z(g, cells), cells, meeting.astype(np.int32), found.size)
        each = np.einsum("ka,ab,kb->k", sums, d, sums)
        apart += float(each @ (1.0 / counts[found // own.n_levels])) / n
    within = max(sum(random.values()) - apart, 0.0)
    fixed = (max(total - between, 0.0) / (n - 1.0), between / (n - 1.0))
    return VarianceParts(columns.factor(by), *fixed, within, apart, residual, random)


def coefficient_units_of_sums(
    columns: InnerColumns, parts: VarianceParts | None, by: int | None
) -> Array:
    """As :func:`~ranef.inference.effect_sizes.units.coefficient_units`, shape (p,)."""
    model = columns.model
    n = float(model.moments.n)
    y = model.response.scaled(*columns.fixed.response)
    x = [*columns.x(model.first), y]
    means = gram(x, [ONE], model.first)[:, 0] / n
    squares = np.array([float(np.sum(cross(form, form, model.first))) for form in x])
    totals = np.maximum(squares - n * means**2, 0.0) / (n - 1.0)
    scales = np.append(columns.fixed.scaling.scales, columns.fixed.response[1])
    out = np.full(len(x) - 1, np.nan)
    between = np.zeros(len(x))
    if parts is not None and by is not None:
        at = columns.of_group(by)
        counts = by_level(at.cells.counts, at.codes, at.n_levels)
        sums = _sums([*columns.x(at.cells), y], at.cells, at.codes, at.n_levels)
        between = counts @ (sums / counts[:, None] - means) ** 2 / (n - 1.0)
    for j in range(out.size):
        if j == columns.fixed.scaling.intercept:
            continue
        if parts is None:
            out[j] = scales[j] * np.sqrt(totals[j]) / (scales[-1] * np.sqrt(totals[-1]))
            continue
        within = totals[j] - between[j]
        if within > CONSTANT * totals[j]:
            out[j] = scales[j] * np.sqrt(within / parts.within)
        elif parts.between > 0.0:
            out[j] = scales[j] * np.sqrt(between[j] / parts.between)
    return out


def _meetings(columns: InnerColumns, g: int, by: int) -> tuple[Cells, Codes, Codes]:
    """Cells with the level of a factor, and that of the factor of interest, in each."""
    if g == by:
        at = columns.of_group(g)
        return at.cells, at.codes, at.codes
    cells, first, second = columns.meeting(min(g, by), max(g, by))
    return (cells, first, second) if g < by else (cells, second, first)


def _sums(forms: Sequence[Form], cells: Cells, codes: Codes, n_levels: int) -> Array:
    """Sums of columns by level, shape (levels, columns)."""
    made = [by_level(cross(form, ONE, cells), codes, n_levels) for form in forms]
    return np.column_stack(made) if made else np.zeros((n_levels, 0))


def _inner(columns: InnerColumns, members: Sequence[int], covariances: Sequence[Array]) -> Array:
    """The covariance of the effects of a level on the inner columns, terms side by side."""
    blocks = []
    for k in members:
        scaling = columns.terms[k].scaling
        # A column is shift + scale * inner: effects on the inner columns are M'b.
        m = np.diag(np.asarray(scaling.scales, dtype=np.float64))
        if scaling.intercept >= 0:
            m[:, scaling.intercept] += np.asarray(scaling.shifts)
        blocks.append(m.T @ covariances[k] @ m)
    q = sum(block.shape[0] for block in blocks)
    d, start = np.zeros((q, q)), 0
    for block in blocks:
        end = start + block.shape[0]
        d[start:end, start:end] = block
        start = end
    return d
