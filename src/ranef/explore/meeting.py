"""Findings about how two grouping factors meet: the same groups, or sets that never meet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from ranef.frame.grouping import relate
from ranef.frame.table import Column
from ranef.page import phrases
from ranef.types import Finding

__all__ = ["meeting_findings"]


def meeting_findings(factors: Sequence[Column]) -> Iterator[Finding]:
    """Each pair of factors under two names for the same groups, or in sets that never meet."""
    for a, b in combinations(factors, 2):
        relation = relate(a, b)
        if relation.kind == "one-to-one":
            yield Finding(
                code="same-groups",
                severity="problem",
                message=f"'{a.name}' and '{b.name}' are the same groups under two names: their "
                "variances cannot be told apart",
                evidence=f"{phrases.count(relation.cells, 'group')} in both",
                where=f"{a.name}, {b.name}",
                fix=f"keep one of them in the random part, '{a.name}' or '{b.name}'",
            )
        elif relation.kind == "partially crossed":
            sets = _components(a, b)
            if sets > 1:
                yield Finding(
                    code="disconnected-groups",
                    severity="note",
                    message=f"'{a.name}' and '{b.name}' fall into {sets} sets that never meet",
                    evidence=phrases.share(relation.cells, relation.possible, "combination")
                    + " occur",
                    where=f"{a.name}, {b.name}",
                    fix="levels of different sets are compared through the fixed part and the "
                    "random-effects distribution alone; nothing to do where that is meant",
                )


def _components(first: Column, second: Column) -> int:
    """Connected components of the graph whose edges are the combinations that occur."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    here = (first.values >= 0) & (second.values >= 0)
    rows, columns = first.values[here].astype(np.int64), second.values[here].astype(np.int64)
    occurring_rows, rows = np.unique(rows, return_inverse=True)
    occurring_columns, columns = np.unique(columns, return_inverse=True)
    size = occurring_rows.size + occurring_columns.size
    edges = coo_array(
        (np.ones(rows.size), (rows, occurring_rows.size + columns)), shape=(size, size)
    )
    count, _ = connected_components(edges, directed=False)
    return int(count)
