"""Grouping variables that look like measurements."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ranef.frame.table import Column
from ranef.page.phrases import count, share
from ranef.types import Finding

__all__ = ["numeric_group"]


def numeric_group(source: Column) -> Iterator[Finding]:
    """A grouping variable that holds decimal or infinite numbers."""
    if source.kind != "number" or source.stored.dtype.kind != "f":
        return
    present = source.values[~np.isnan(source.values)]
    infinite = int(np.count_nonzero(np.isinf(present)))
    if infinite:
        yield Finding(
            "numeric-group",
            "warning",
            f"'{source.name}' is used as a grouping factor but is infinite somewhere",
            f"{share(infinite, present.size, 'row')}, which form groups of their own",
            source.name,
            "see where the infinite values come from; make them missing if they are not a group",
        )
        return
    decimals = int(np.count_nonzero(present != np.round(present)))
    if decimals:
        yield Finding(
            "numeric-group",
            "warning",
            f"'{source.name}' is used as a grouping factor but holds decimal numbers",
            f"{np.unique(present).size} different values in {count(present.size, 'row')}, "
            f"from {present.min():g} to {present.max():g}",
            source.name,
            f"if '{source.name}' is a measurement, use it as a predictor; if it is an identifier, "
            "nothing is wrong, but numbers that differ in the last digit are different groups",
        )
