"""Whether two fits are of the same data, in whatever order their rows stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ranef.design import Design
from ranef.design.data import Elsewhere
from ranef.errors import OptionError
from ranef.formula import Formula
from ranef.frame import Table
from ranef.page.phrases import count
from ranef.types import Array

__all__ = ["AnyRows", "row_order"]


class AnyRows(Protocol):
    """The data of a linear or a generalised fit."""

    @property
    def design(self) -> Design: ...
    @property
    def table(self) -> Table: ...
    @property
    def own_weights(self) -> Array | None:
        """Weights that the user gave."""
        ...

    @property
    def offset(self) -> Array | None: ...

    @property
    def elsewhere(self) -> Elsewhere | None: ...


SAME = 1e-8  # of the spread of the values: they are computed again for each fit


def row_order(
    one: AnyRows, other: AnyRows, formulas: tuple[Formula, Formula]
) -> NDArray[np.int64] | None:
    """For each row of `other` the row of `one` that it is; None if they stand in the same order.

    Rows are told apart by the response, the weights, the offset and the variables that both fits
    have. Rows that agree in all of them are the same to a model nested in the other. `formulas`
    are those of the two.

    Raises
    ------
    OptionError
        Another response, other rows, weights or offsets.
    """
    first_text, second_text = (formula.text for formula in formulas)
    if one.elsewhere is not None or other.elsewhere is not None:
        _check_sums(one, other, formulas)
        return None
    if one.design.response != other.design.response:
        raise _differ(
            "the models have different responses",
            f"{one.design.response} and {other.design.response}",
            "compare models of one response",
        )
    if one.design.n != other.design.n:
        raise _differ(
            "the models are fitted to different rows",
            f"{count(one.design.n, 'row')} of {first_text}; "
            f"{count(other.design.n, 'row')} of {second_text}",
            "leave out rows with a missing value in any of the variables, then fit all models",
        )
    shared = _shared(one.table, other.table, formulas)
    ours, theirs = _columns(one, shared), _columns(other, shared)
    if all(_close(a, b) for a, b in zip(ours, theirs, strict=True)):
        return None
    first, second = (np.lexsort([_rounded(c) for c in columns]) for columns in (ours, theirs))
    if not all(_close(a[first], b[second]) for a, b in zip(ours, theirs, strict=True)):
        names = [one.design.response, "weights", "offset", *shared]
        differ = [
            name
            for name, a, b in zip(names, ours, theirs, strict=True)
            if not _close(np.sort(a), np.sort(b))
        ]
        raise _differ(
            f"the models have different {differ[0]}" if differ[:1] in (["weights"], ["offset"])
            else "the models are fitted to different rows",
            f"other values of {', '.join(differ) or 'the variables together'} in {first_text} than "
            f"in {second_text}",
            "fit both models to the same data, with the same weights= and offset=",
        )  # fmt: skip
    out = np.empty(first.size, dtype=np.int64)
    out[second] = first
    return out


def _check_sums(one: AnyRows, other: AnyRows, formulas: tuple[Formula, Formula]) -> None:
    """Refuse fits whose sums are not of the same rows.

    Raises
    ------
    OptionError
    """
    first_text, second_text = (formula.text for formula in formulas)
    if one.elsewhere is None or other.elsewhere is None:
        in_rows = one if one.elsewhere is None else other
        len(in_rows.table.names)  # of a loaded fit: says that it has neither rows nor sums
        raise _differ(
            "one of the models was fitted to rows and the other to sums of rows",
            f"sums in {second_text if one.elsewhere is None else first_text}",
            "fit both to the rows, or both to the sums",
        )
    if one.design.response != other.design.response:
        raise _differ(
            "the models have different responses",
            f"{one.design.response} and {other.design.response}",
            "compare models of one response",
        )
    ours, theirs = one.elsewhere.totals, other.elsewhere.totals
    differ = [
        name
        for name, value in ours.items()
        if name in theirs and abs(value - theirs[name]) > SAME * (abs(value) or 1.0)
    ]
    differ += sorted(name for name in {*ours} ^ {*theirs} if name.startswith("the "))
    if differ:
        raise _differ(
            "the models are fitted to different rows",
            f"{', '.join(differ)}: not the same in the sums of {first_text} as in those of "
            f"{second_text}",
            "fit both models to the same data, with the same weights= and offset=",
        )


def _differ(what: str, found: str, fix: str) -> OptionError:
    return OptionError(what, found=found, fix=fix)


def _shared(one: Table, other: Table, formulas: tuple[Formula, Formula]) -> list[str]:
    """Variables of both, those of the same kind; the others tell no rows apart."""
    ours, theirs = (formula.predictors() for formula in formulas)
    return sorted(name for name in {*ours} & {*theirs} if one[name].kind == other[name].kind)


def _columns(data: AnyRows, names: Sequence[str]) -> Sequence[Array]:
    n = data.design.n
    weights = np.ones(n) if data.own_weights is None else data.own_weights
    offset = np.zeros(n) if data.offset is None else data.offset
    return [data.design.y, weights, offset, *(_values(data.table, name) for name in names)]


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
