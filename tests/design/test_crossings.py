"""Combinations of two factors, found without sorting rows where one is nested in the other."""

from __future__ import annotations

import numpy as np
import pytest

from ranef.design.grouping import learn_grouping
from ranef.frame.table import Column, Table

N, FEW, MANY = 3_000, 300, 1_200  # more possible pairs than are put into a table


def table(kind: str, missing: bool) -> Table:
    rng = np.random.default_rng(4)
    fine = rng.integers(0, MANY, N)
    coarse = rng.integers(0, FEW, MANY)[fine]
    if kind == "nearly nested":
        coarse = np.where(rng.random(N) < 0.05, rng.integers(0, FEW, N), coarse)
    if kind == "crossed":
        coarse = rng.integers(0, FEW, N)
    columns = {}
    for name, codes, levels in (("a", coarse, FEW), ("b", fine, MANY)):
        values = codes.astype(np.int32)
        if missing:
            values[rng.random(N) < 0.1] = -1
        columns[name] = Column(name, "factor", values, tuple(f"{name}{k}" for k in range(levels)))
    return Table(columns, N)


@pytest.mark.parametrize("missing", [False, True], ids=["complete", "missing"])
@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
@pytest.mark.parametrize("kind", ["nested", "nearly nested", "crossed"])
def test_levels_are_the_pairs_that_occur_in_order(
    kind: str, order: tuple[str, str], missing: bool
) -> None:
    data = table(kind, missing)
    grouping, codes = learn_grouping(order, data)
    first, second = (data[name].values for name in order)
    known = (first >= 0) & (second >= 0)
    pairs = sorted(set(zip(first[known].tolist(), second[known].tolist(), strict=True)))
    assert grouping.names == tuple(f"{order[0]}{i}:{order[1]}{j}" for i, j in pairs)
    place = {pair: k for k, pair in enumerate(pairs)}
    expected = [
        place[i, j] if i >= 0 and j >= 0 else -1
        for i, j in zip(first.tolist(), second.tolist(), strict=True)
    ]
    assert codes.dtype == np.int32
    assert codes.tolist() == expected
