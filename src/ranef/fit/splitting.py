"""Data beside simulated data, and the variable that divides the rows for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.design.levels import learn_levels
from ranef.fit.units import factors_of, units_of
from ranef.frame.factors import as_factor
from ranef.options import name, one_of
from ranef.types import Array

if TYPE_CHECKING:
    from ranef.inference.checks.simulated import Responses, SimulatedData, Split

__all__ = ["compared"]

MANY_VALUES = 20  # of a number: more are put into bins
BINS = 10
FEW_VALUES = 4  # are levels, and no axis


def compared(
    record: Any,
    responses: Callable[[Array], Responses],
    statistic: Any,
    by: str | None,
    n: int | None,
    level: float,
    seed: int | None,
    random: str,
    many: int,
) -> SimulatedData:
    """Draw responses from a fit of any kind and compare the data with them.

    Parameters
    ----------
    record : MixedRecord
        A fit that simulates.
    responses : callable
        Puts draws, shape (n, draws), beside the response.
    statistic, by, n, level, seed, random
        As in ``fit.plot.simulated``.
    many : int
        Levels of a grouping factor, above which their distribution is compared.
    """
    from ranef.inference.checks.simulated import SimulatedData, compare_simulated, draws_for
    from ranef.inference.checks.statistics import named_statistic
    from ranef.inference.simulate import draw_key

    one_of("random", random, ("new", "conditional"))
    words = ""
    if not isinstance(statistic, str) or statistic not in ("density", "ecdf"):
        words = named_statistic(statistic).words
    count = draws_for(n, statistic, level, record._problem.n)
    split = None if by is None else _split(record, by)
    key = draw_key(seed)
    found = responses(record._draws(count, key, random))
    parts = compare_simulated(found, split, statistic, level, many)
    by_name = "" if split is None else split.by
    return SimulatedData(tuple(parts), words, by_name, found.what, count, level, key)


def _split(record: Any, by: str) -> Split:
    """The levels of a grouping factor or of a variable; many values of a number are binned."""
    from ranef.inference.checks.simulated import Split

    factors = factors_of(record)
    of = "grouping factor or variable of the model"
    by = name("by", by, [*factors, *(v for v in record._table.names if v not in factors)], of=of)
    if by in factors:
        units = units_of(record, by)
        return Split(by, units.codes, tuple(map(str, units.levels)), factor=True)
    column = record._table[by]
    if column.kind == "factor" or column.holds_truth:
        levels, known = learn_levels(as_factor(column))
        used, codes = np.unique(known, return_inverse=True)
        return Split(by, codes.astype(np.int32), tuple(levels.names[k] for k in used))
    values = np.asarray(column.values, dtype=np.float64)
    distinct, codes = np.unique(values, return_inverse=True)
    if distinct.size > MANY_VALUES:
        inner = np.unique(np.quantile(values, np.linspace(0.0, 1.0, BINS + 1)[1:-1]))
        _, codes = np.unique(np.searchsorted(inner, values), return_inverse=True)
    x = np.bincount(codes, weights=values) / np.bincount(codes)
    names = tuple(f"{v:.3g}" if distinct.size > MANY_VALUES else f"{v:g}" for v in x)
    return Split(by, codes.astype(np.int32), names, x if x.size > FEW_VALUES else None)
