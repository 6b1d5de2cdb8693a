"""Whether another pass over rows that are elsewhere meets the rows of the fit."""

from __future__ import annotations

import numpy as np

from ranef.errors import DataError
from ranef.frame import Table
from ranef.page.phrases import count
from ranef.streams.values import inner_values, values_of, weights_of
from ranef.sums import Moments
from ranef.sums.sums import column_of_sums

__all__ = ["Seen", "check_pass"]

SAME = 1e-7
"""Of the spread of a variable: what means of the same rows may differ by."""


class Seen:
    """The rows of a pass so far.

    Parameters
    ----------
    moments : Moments
        The sums of the fit.
    """

    def __init__(self, moments: Moments) -> None:
        self.moments = moments
        self.rows = 0
        self.totals = np.zeros(len(moments.plan.columns))

    def add(self, table: Table) -> None:
        """Take a batch of complete rows."""
        moments, plan = self.moments, self.moments.plan
        values = inner_values(plan, values_of(plan, table), moments.shifts, moments.scales)
        weights = weights_of(plan, table)
        self.rows += table.n_rows
        self.totals += [float(v.sum() if weights is None else weights @ v) for v in values]

    def check(self) -> None:
        """Refuse rows that are others than those of the fit.

        Raises
        ------
        DataError
        """
        _check_counts(self.moments.n, self.rows)
        cells = self.moments.cells[0]
        weight = float(np.sum(np.asarray(column_of_sums(cells, 0, 0))))
        for k, column in enumerate(self.moments.plan.columns):
            first, square = column_of_sums(cells, 0, k), column_of_sums(cells, k, k)
            if first is None or square is None:
                continue
            size = float(np.sqrt(weight * square.sum()))
            if abs(self.totals[k] - float(first.sum())) > SAME * size:
                raise _others(f"another mean of {column.text}" if k else "another sum of weights")


def check_pass(before: Moments, now: Moments) -> None:
    """Refuse sums of another pass that are of other rows.

    Parameters
    ----------
    before : Moments
        The sums of the fit.
    now : Moments
        Of another formula, or without the weights.

    Raises
    ------
    DataError
    """
    _check_counts(before.missing.n_total, now.missing.n_total, " in all")
    if {*before.plan.formula.variables()} != {*now.plan.formula.variables()}:
        return  # other rows may be complete
    _check_counts(before.n, now.n)
    for name, own in before.numbers.items():
        other = now.numbers.get(name)
        if other is not None and abs(own.mean - other.mean) > SAME * max(
            own.high - own.low, 1e-300
        ):
            raise _others(f"a mean of {name} of {own.mean:.6g}, and now {other.mean:.6g}")


def _check_counts(before: int, now: int, of: str = "") -> None:
    if before != now:
        raise _others(f"{count(before, 'row')}{of} in the fit, and now {now:,}")


def _others(found: str) -> DataError:
    return DataError(
        "the rows are no longer those of the fit",
        found=found,
        fix="fit the data again as they are now, or give back the rows of the fit",
    )
