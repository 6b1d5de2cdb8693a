"""What a coefficient is multiplied by to be one standard deviation for one standard deviation."""

from __future__ import annotations

import numpy as np

from ranef.design import Design
from ranef.inference.effect_sizes.parts import VarianceParts, level_means
from ranef.types import Array

__all__ = ["coefficient_units"]

# Of the variance of a column: what varies less within the levels of a factor is constant there.
CONSTANT = 1e-12


def coefficient_units(design: Design, parts: VarianceParts | None) -> Array:
    """Standard deviation of each column of X over that of the response; NaN for the intercept.

    Parameters
    ----------
    design : Design
    parts : VarianceParts or None
        None takes both over all rows. With parts, a column that varies within the levels of
        ``parts.by`` has its standard deviation within them, over the model's within them; one that
        does not those between.

    Returns
    -------
    ndarray, shape (p,)
    """
    out = np.full(design.p, np.nan)
    n = design.n - 1
    codes, counts = None, np.zeros(0)
    if parts is not None:
        term = next(term for term in design.terms if term.factor == parts.by)
        codes, counts = term.codes, np.bincount(term.codes, minlength=term.n_levels).astype(float)
    for j, column in enumerate(design.columns.columns):
        if column is None:
            continue
        centred = column - column.mean()
        if parts is None or codes is None:
            out[j] = np.std(centred, ddof=1) / np.std(design.y, ddof=1)
            continue
        means = level_means(centred, codes, counts)
        within = float(np.sum((centred - means[codes]) ** 2)) / n
        between = float(counts @ means**2) / n
        if within > CONSTANT * (within + between):
            out[j] = np.sqrt(within / parts.within)
        else:
            out[j] = np.sqrt(between / parts.between) if parts.between > 0.0 else np.nan
    return out
