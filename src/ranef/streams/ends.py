"""The ends of what is summed: a pass that does not depend on the order of the rows."""

from __future__ import annotations

import numpy as np

from ranef.design.evaluate import evaluate
from ranef.frame import Table
from ranef.streams.fixed_point import Bounds
from ranef.streams.values import complete, state_of, values_of, weights_of
from ranef.sums.plan import Plan
from ranef.types import Array

__all__ = ["Ends"]


class Ends:
    """Ends of the summed columns in the rows so far.

    Parameters
    ----------
    plan : Plan
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        c = len(plan.columns)
        self.low, self.high = np.full(c, np.inf), np.full(c, -np.inf)
        self.numbers: dict[str, tuple[float, float]] = {}
        self.weight = 0.0

    def add(self, table: Table) -> None:
        """Take the rows of a batch, complete ones or not."""
        used, _ = complete(table, self.plan.reads())
        if used.n_rows:
            values_of(self.plan, used)  # says which are infinite
            weights_of(self.plan, used)
        for k, column in enumerate(self.plan.columns):
            if len(column.factors) != 1:
                continue
            made = evaluate(column.factors[0], table, state_of(self.plan))
            self.low[k], self.high[k] = _widened((self.low[k], self.high[k]), made)
        for name in self.plan.numbers:
            known = self.numbers.get(name, (np.inf, -np.inf))
            self.numbers[name] = _widened(known, np.asarray(table[name].values, np.float64))
        if self.plan.weights is not None:
            weights = np.asarray(table[self.plan.weights].values, dtype=np.float64)
            self.weight = _widened((0.0, self.weight), weights)[1]

    def merge(self, other: Ends) -> None:
        """Take the rows of another."""
        self.low = np.minimum(self.low, other.low)
        self.high = np.maximum(self.high, other.high)
        self.weight = max(self.weight, other.weight)
        for name, (low, high) in other.numbers.items():
            mine = self.numbers.get(name, (low, high))
            self.numbers[name] = (min(mine[0], low), max(mine[1], high))

    def found(self) -> Bounds:
        there = self.low <= self.high
        return Bounds(
            np.where(there, self.low, 0.0),
            np.where(there, self.high, 0.0),
            dict(self.numbers),
            self.weight,
        )


def _widened(known: tuple[float, float], values: Array) -> tuple[float, float]:
    there = values[np.isfinite(values)]
    if not there.size:
        return known
    return min(known[0], float(there.min())), max(known[1], float(there.max()))
