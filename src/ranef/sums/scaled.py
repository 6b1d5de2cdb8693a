"""``scale(x)``, ``center(x)`` and ``standardize(x)`` of a variable that was summed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ranef.errors import DataError
from ranef.formula.literals import literal
from ranef.formula.nodes import Call, Name
from ranef.formula.position import pointer
from ranef.formula.render import to_text
from ranef.sums.products import Product
from ranef.sums.record import MomentsRecord
from ranef.sums.sums import sum_of

__all__ = ["learned", "moved_and_scaled"]

_OPTIONS = {
    "center": (),
    "scale": ("center", "scale", "ddof"),
    "standardize": ("center", "rescale", "ddof"),
}


def learned(call: Call, moments: MomentsRecord) -> dict[str, Any]:
    """What the function keeps of the rows that it has seen, as it keeps it of rows in memory.

    Raises
    ------
    DataError
        An expression whose sums without weights are not there.
    """
    names = _OPTIONS[call.function]
    given = dict(zip(names, map(literal, call.args[1:]), strict=False))
    given |= {key: literal(value) for key, value in call.keywords}
    centre = given.get("center", True)
    size = given.get("scale", given.get("rescale", call.function != "center"))
    ddof = given.get("ddof", 0 if call.function == "standardize" else 1)
    n, mean, squares = _sums(call, moments)
    middle = mean if centre is True else 0.0 if centre is False else float(centre)
    about = squares + n * (mean - middle) ** 2
    return {
        "ddof": ddof,
        "center": None if centre is False else np.float64(middle),
        "scale": np.sqrt(about / (n - ddof))
        if size is True
        else None
        if size is False
        else np.float64(size),
    }


def moved_and_scaled(memory: Mapping[str, Any], shift: float, scale: float) -> tuple[float, float]:
    """The shift and scale of the function's values, from those of what it is of."""
    middle = memory["center"] or 0.0
    size = memory["scale"] or 1.0
    return float((shift - middle) / size), float(scale / size)


def _sums(call: Call, moments: MomentsRecord) -> tuple[int, float, float]:
    """Rows, mean, and sum of squares about it."""
    (x, *_), plan = call.args, moments.plan
    if isinstance(x, Name) and x.name in moments.numbers:
        own = moments.numbers[x.name]
        return own.count, own.mean, own.squares - own.total**2 / own.count
    place = plan.position(Product((x,)))
    assert place is not None, f"{to_text(x)} was not summed"
    if plan.weights is not None:
        raise DataError(
            f"{to_text(call)} needs the mean of {to_text(x)} without weights, which is not summed",
            where=pointer(plan.formula.text, call.span),
            fix=f"make {to_text(x)} a column of the data",
        )
    cells: Any = moments.cells[0]
    first, second = sum_of(cells, 0, place), sum_of(cells, place, place)
    n, shift, scale = moments.n, float(moments.shifts[place]), float(moments.scales[place])
    return n, shift + scale * first / n, scale**2 * (second - first**2 / n)
