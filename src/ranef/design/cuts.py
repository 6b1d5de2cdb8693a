"""Intervals of a number as a category: ``cut(x, breaks)``."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.design.levels import Levels
from ranef.errors import DataError, DesignError
from ranef.formula.literals import literal
from ranef.formula.position import pointer
from ranef.types import Array, Codes

if TYPE_CHECKING:
    from ranef.formula.nodes import Call
    from ranef.frame.table import Column

__all__ = ["Cuts", "cuts_of"]


@dataclass(frozen=True, slots=True)
class Cuts:
    """Breaks between intervals, and which of these occur in the training rows.

    Attributes
    ----------
    breaks : tuple of float
        In order.
    kept : tuple of int
        The intervals that are levels.
    levels : Levels
        Their names.
    right : bool
        Whether an interval holds its right end.
    lowest : bool
        Whether the first interval (the last, if not `right`) holds its other end too.
    """

    breaks: tuple[float, ...]
    kept: tuple[int, ...]
    levels: Levels
    right: bool
    lowest: bool

    def encode(self, values: Array) -> Codes:
        """The level of each value; -1 where it is missing or in no interval."""
        found = _interval(values, np.array(self.breaks), self.right, self.lowest)
        table = np.full(len(self.breaks), -1, dtype=np.int32)
        table[list(self.kept)] = np.arange(len(self.kept), dtype=np.int32)
        return np.asarray(table[found], dtype=np.int32)


def _interval(values: Array, breaks: Array, right: bool, lowest: bool) -> Any:
    """The number of the interval of each value, -1 if none."""
    side = "left" if right else "right"
    found = np.searchsorted(breaks, values, side=side) - 1  # type: ignore[call-overload]
    found[(found < 0) | (found >= breaks.size - 1) | np.isnan(values)] = -1
    if lowest:
        edge, own = (breaks[0], 0) if right else (breaks[-1], breaks.size - 2)
        found[values == edge] = own
    return found


def cuts_of(call: Call, column: Column, text: str) -> Cuts:
    """Learn the intervals of ``cut(x, breaks, labels=, right=, include.lowest=)``, as R's.

    Raises
    ------
    DesignError
        Breaks or labels that cannot be used, fewer than two intervals with values.
    DataError
        A column of categories, or values in no interval.
    """
    options: dict[str, Any] = dict(
        zip(
            ("breaks", "labels", "include.lowest", "right"),
            map(literal, call.args[1:]),
            strict=False,
        )
    )
    options |= {key: literal(value) for key, value in call.keywords}
    lowest = bool(options.pop("include.lowest", options.pop("include_lowest", False)))
    right, labels = bool(options.pop("right", True)), options.pop("labels", None)
    digits = options.pop("dig.lab", 3)
    breaks = options.pop("breaks", None)
    where = pointer(text, call.span)
    if options or not isinstance(digits, int):
        raise _wrong(f"no argument '{next(iter(options), 'dig.lab')}' of that kind", where)
    if column.kind != "number":
        raise DataError(
            f"cut() needs a number, and '{column.name}' is a category",
            where=where,
            fix="use the category itself",
        )
    values = column.values
    edges = _edges(breaks, values, where)
    found = _interval(values, edges, right, lowest)
    lost = np.flatnonzero((found < 0) & ~np.isnan(values))
    if lost.size:
        raise DataError(
            f"cut() leaves values of '{column.name}' outside of its breaks",
            where=where,
            found=f"{values[lost[0]]:g} first in row {lost[0]} (from 0, of the rows used), "
            f"{lost.size} in all",
            fix="add breaks, as in c(-Inf, 5, Inf), use include.lowest=TRUE, or leave these rows "
            "out with subset=",
        )
    names = _names(edges, right, lowest, digits)
    if isinstance(labels, list):
        names = [str(label) for label in labels]
        if len(set(names)) != edges.size - 1 or len(names) != edges.size - 1:
            raise _wrong(f"{len(names)} labels for {edges.size - 1} intervals", where)
    elif labels is False:
        names = [str(k + 1) for k in range(edges.size - 1)]
    elif labels not in (None, True):
        raise _wrong("labels that are not a list of texts", where)
    kept = tuple(np.unique(found[found >= 0]).tolist())
    if len(kept) < 2:
        raise _wrong(f"{len(kept)} interval with values", where)
    return Cuts(tuple(edges.tolist()), kept, Levels(tuple(names[k] for k in kept)), right, lowest)


def _edges(breaks: Any, values: Array, where: str) -> Array:
    if isinstance(breaks, list) and len(breaks) == 1:
        breaks = breaks[0]
    if isinstance(breaks, (int, float)) and not isinstance(breaks, bool):
        if breaks < 2 or breaks != int(breaks) or breaks > 10_000:
            raise _wrong(f"breaks={breaks}", where)
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        width = high - low
        if not width > 0.0:
            raise _wrong("one value in the column", where)
        edges = np.linspace(low, high, int(breaks) + 1)
        edges[[0, -1]] = low - width / 1000.0, high + width / 1000.0
        return edges
    try:
        edges = np.sort(np.array(breaks, dtype=np.float64))
    except (TypeError, ValueError):
        raise _wrong("breaks that are not numbers", where) from None
    if edges.ndim != 1 or edges.size < 3 or np.any(np.diff(edges) == 0.0) or np.isnan(edges).any():
        raise _wrong(f"breaks {breaks}", where)
    return edges


def _names(edges: Array, right: bool, lowest: bool, digits: int) -> list[str]:
    texts: list[str] = []
    for precision in range(digits, max(12, digits) + 1):
        texts = [_edge_text(edge, max(precision, 1)) for edge in edges]
        if len(set(texts)) == len(texts):
            break
    opens, closes = ("(", "]") if right else ("[", ")")
    names = [f"{opens}{a},{b}{closes}" for a, b in pairwise(texts)]
    if lowest and right:
        names[0] = "[" + names[0][1:]
    elif lowest:
        names[-1] = names[-1][:-1] + "]"
    return names


def _edge_text(edge: float, digits: int) -> str:
    """As R writes it: infinity has a blank before it, minus infinity has none."""
    if np.isinf(edge):
        return " Inf" if edge > 0 else "-Inf"
    return f"{edge:.{digits}g}"


def _wrong(found: str, where: str) -> DesignError:
    return DesignError(
        "cut() cannot be computed",
        where=where,
        found=found,
        fix="write cut(x, breaks=c(0, 5, 10)), or cut(x, 3) for three intervals of equal width",
    )
