"""Averages over rows that are not in memory: one pass, a batch at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ranef.fit.passes import complete_batches
from ranef.fit.record import FitRecord
from ranef.frame import Table
from ranef.inference.means.averages import average
from ranef.inference.means.cells import cells_of
from ranef.inference.means.quantities import Observed, Quantity
from ranef.inference.means.rows import MeanRows
from ranef.types import Array

__all__ = ["averages_of_pass"]


def averages_of_pass(
    fit: FitRecord, quantities: Sequence[Quantity], by: Any
) -> tuple[dict[str, list[Any]], list[MeanRows]]:
    """The averages of quantities that are linear in the coefficients.

    Parameters
    ----------
    fit : FitRecord
        Whose rows are elsewhere.
    quantities : sequence of Quantity
    by : str, list of str or None
        Variables of the model, as in ``Fit.predictions``.

    Returns
    -------
    labels : dict of str to list
        The values of each variable, one a combination.
    rows : list of MeanRows
        By quantity.

    Raises
    ------
    DataError
        The rows cannot be read again.
    """
    elsewhere = fit._elsewhere
    assert elsewhere is not None
    if elsewhere.source is None:
        elsewhere.missed("the rows that are averaged over")
    names = None
    found: dict[tuple[Any, ...], tuple[float, list[Array], list[float]]] = {}
    for used, _ in complete_batches(fit, elsewhere.rows()):
        cells = cells_of(by, used)
        names = tuple(cells.labels)
        counts = np.bincount(cells.codes, minlength=cells.count).astype(float)
        of = Observed(fit._design.encoding, elsewhere.stand_in, _offsets(fit, used))
        made = [
            average(used, cells.codes, cells.count, _linear(q, of), q.total) for q in quantities
        ]
        for k, key in enumerate(zip(*cells.labels.values(), strict=True) if names else [()]):
            count, sums, shifts = found.get(
                key, (0.0, [np.zeros(1)] * len(made), [0.0] * len(made))
            )
            found[key] = (
                count + counts[k],
                [s + counts[k] * m.full[k] for s, m in zip(sums, made, strict=True)],
                [s + counts[k] * m.shift[k] for s, m in zip(shifts, made, strict=True)],
            )
    keys = sorted(found, key=lambda key: _place(fit, names or (), key))
    labels = {name: [key[j] for key in keys] for j, name in enumerate(names or ())}
    rows = []
    for i, quantity in enumerate(quantities):
        full = np.array([found[key][1][i] / found[key][0] for key in keys])
        shift = np.array([found[key][2][i] / found[key][0] for key in keys])
        rows.append(MeanRows(full, shift, np.full(len(keys), quantity.total)))
    return labels, rows


def _linear(quantity: Quantity, of: Observed) -> Any:
    return lambda rows, place: quantity.linear(of, rows, place)


def _offsets(fit: FitRecord, used: Table) -> Any:
    """The offsets of rows: those of the formula, and the column of the argument."""
    encoding, name = fit._design.encoding, fit._data.offset_name

    def offsets(rows: Table, place: slice) -> Array:
        own = encoding.offset(rows)
        total = np.zeros(rows.n_rows) if own is None else own
        return total if name is None else np.asarray(total + used[name].values[place])

    return offsets


def _place(fit: FitRecord, names: Sequence[str], key: tuple[Any, ...]) -> tuple[Any, ...]:
    """Levels in the order that somebody has chosen, else by value."""
    elsewhere = fit._elsewhere
    assert elsewhere is not None
    orders = elsewhere.moments.orders
    return tuple(
        orders[name].index(value) if name in orders else value
        for name, value in zip(names, key, strict=True)
    )
