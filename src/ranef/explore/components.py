"""Variance within and between groups by the one-way analysis of variance."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ranef.frame.grouping import group_means, group_sizes
from ranef.frame.table import Column

__all__ = ["Components", "anova_components"]


class Components(NamedTuple):
    """Variance components of one variable in one grouping, in squared units of the variable."""

    within_var: float
    between_var: float
    icc: float


def anova_components(column: Column, factor: Column) -> Components:
    """Components of a number column over the rows where it and the group are present.

    Returns
    -------
    Components
        See :func:`ranef.explore.structure` for the formulas. NaN for a factor, with fewer than two
        groups, or without a group of two rows.

    References
    ----------
    Searle, S. R., Casella, G. and McCulloch, C. E. (1992) Variance Components, Wiley, section 3.6.
    """
    unknown = Components(np.nan, np.nan, np.nan)
    if column.kind == "factor":
        return unknown
    present = np.isfinite(column.values) & (factor.values >= 0)
    x, codes = column.values[present], factor.values[present]
    sizes = group_sizes(codes, len(factor.levels))
    n, k = int(x.size), int(np.count_nonzero(sizes))
    if k < 2 or n == k:
        return unknown
    means = group_means(x, codes, len(factor.levels))
    occurring = sizes > 0
    deviations = means[occurring] - x.mean()
    within = float(np.sum((x - means[codes]) ** 2)) / (n - k)
    mean_square = float(np.sum(sizes[occurring] * deviations**2)) / (k - 1)
    n0 = (n - float(np.sum(sizes.astype(np.float64) ** 2)) / n) / (k - 1)
    between = (mean_square - within) / n0
    total = between + within
    return Components(within, between, between / total if total > 0 else np.nan)
