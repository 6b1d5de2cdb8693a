"""Whether two fits are of the same data, in whatever order their rows stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ranef.design import Design
from ranef.errors import OptionError
from ranef.frame import Table
from ranef.types import Array

__all__ = ["Data", "row_order"]

SAME = 1e-8  # of the spread of the values: they are computed again for each fit


@dataclass(frozen=True, slots=True)
class Data:
    """What a fit was made from.

    Attributes
    ----------
    text : str
        The formula, for messages.
    design : Design
    table : Table
    predictors : tuple of str
        Columns of the table besides those of the response alone.
    weights, offset : ndarray or None, shape (n,)
    """

    text: str
    design: Design
    table: Table
    predictors: tuple[str, ...]
    weights: Array | None
    offset: Array | None

    @property
    def y(self) -> Array:
        """Response less offset."""
        return self.design.y if self.offset is None else self.design.y - self.offset


def row_order(one: Data, other: Data) -> NDArray[np.int64] | None:
    """For each row of `other` the row of `one` that it is; None if they stand in the same order.

    Rows are told apart by the response, the weights, the offset and the variables that both fits
    have. Rows that agree in all of them are the same to a model nested in the other.

    Raises
    ------
    OptionError
        Another response, other rows, weights or offsets.
    """
    if one.design.response != other.design.response:
        raise _differ(
            "the models have different responses",
            f"{one.design.response} and {other.design.response}",
            "compare models of one response",
        )
    if one.design.n != other.design.n:
        raise _differ(
            "the models are fitted to different rows",
            f"{one.design.n:,} rows of {one.text}; {other.design.n:,} rows of {other.text}",
            "leave out rows with a missing value in any of the variables, then fit all models",
        )
    ours, theirs = _columns(one, other), _columns(other, one)
    if all(_close(a, b) for a, b in zip(ours, theirs, strict=True)):
        return None
    first, second = (np.lexsort([_rounded(c) for c in columns]) for columns in (ours, theirs))
    if not all(_close(a[first], b[second]) for a, b in zip(ours, theirs, strict=True)):
        names = [one.design.response, "weights", "offset", *_shared(one, other)]
        differ = [
            name
            for name, a, b in zip(names, ours, theirs, strict=True)
            if not _close(np.sort(a), np.sort(b))
        ]
        raise _differ(
            f"the models have different {differ[0]}" if differ[:1] in (["weights"], ["offset"])
            else "the models are fitted to different rows",
            f"other values of {', '.join(differ) or 'the variables together'} in {one.text} than "
            f"in {other.text}",
            "fit both models to the same data, with the same weights= and offset=",
        )  # fmt: skip
    out = np.empty(first.size, dtype=np.int64)
    out[second] = first
    return out


def _differ(what: str, found: str, fix: str) -> OptionError:
    return OptionError(what, found=found, fix=fix)


def _shared(one: Data, other: Data) -> list[str]:
    """Variables of both, those of the same kind; the others tell no rows apart."""
    return sorted(
        name
        for name in {*one.predictors} & {*other.predictors}
        if one.table[name].kind == other.table[name].kind
    )


def _columns(data: Data, other: Data) -> Sequence[Array]:
    n = data.design.n
    weights = np.ones(n) if data.weights is None else data.weights
    offset = np.zeros(n) if data.offset is None else data.offset
    shared = (_values(data.table, name) for name in _shared(data, other))
    return [data.design.y, weights, offset, *shared]


def _values(table: Table, name: str) -> Array:
    """Numbers as they are, levels by the place of their names in the alphabet."""
    column = table[name]
    if column.kind == "number":
        return np.asarray(column.values, dtype=np.float64)
    place = np.argsort(np.argsort(np.array(column.levels, dtype=object)))
    return np.asarray(np.append(place, -1)[column.values], dtype=np.float64)


def _close(a: Array, b: Array) -> bool:
    spread = float(np.std(a)) or float(np.abs(a[0])) or 1.0
    return bool(np.allclose(a, b, rtol=SAME, atol=SAME * spread, equal_nan=True))


def _rounded(values: Array) -> Array:
    """To digits that both fits have, so that ties are broken alike."""
    spread = float(np.nanstd(values)) or 1.0
    return np.asarray(np.round(values / spread, 7))
