"""Ordinary least squares with schools as a fixed factor: what R calls ``lm``."""

from __future__ import annotations

from dataclasses import field
from typing import Any

import numpy as np

from ranef.design import Design, build
from ranef.formula import parse
from ranef.frame import read_table
from ranef.record import record
from ranef.types import Array

__all__ = ["LeastSquares", "least_squares"]


@record(frozen=True, slots=True)
class LeastSquares:
    """An ordinary least-squares fit.

    Attributes
    ----------
    names : tuple of str
        Columns of X that were kept, p of them.
    estimates, std_errors : ndarray, shape (p,)
    sigma : float
        Residual standard deviation, on n - p degrees of freedom.
    n : int
    dropped : tuple of str
        Columns that earlier ones determine: R's ``lm`` prints NA for them.
    """

    names: tuple[str, ...] = field(repr=False)
    estimates: Array = field(repr=False)
    std_errors: Array = field(repr=False)
    sigma: float
    n: int
    dropped: tuple[str, ...]

    def estimate(self, name: str) -> float:
        """The estimate of one column."""
        return float(self.estimates[self.names.index(name)])

    def std_error(self, name: str) -> float:
        """Its standard error."""
        return float(self.std_errors[self.names.index(name)])


def least_squares(fixed: str, data: Any, group: str) -> LeastSquares:
    """Fit a formula without random part by ordinary least squares.

    Parameters
    ----------
    fixed : str
        ``"math ~ ses * sector + factor(sch.id)"``.
    data : data frame
        Complete in the variables of the formula.
    group : str
        A grouping factor, only to complete the formula: it has no part in the fit.

    Returns
    -------
    LeastSquares
    """
    design = _design(f"{fixed} + (1 | {group})", data)
    inverse = np.linalg.inv(design.X.T @ design.X)
    estimates = inverse @ (design.X.T @ design.y)
    residuals = design.y - design.X @ estimates
    sigma = float(np.sqrt(residuals @ residuals / (design.n - design.p)))
    std_errors = sigma * np.sqrt(np.diag(inverse))
    return LeastSquares(design.x_names, estimates, std_errors, sigma, design.n, design.dropped)


def _design(text: str, data: Any) -> Design:
    formula = parse(text)
    response = formula.text.partition("~")[0].strip()
    return build(formula, read_table(data, (response, *formula.predictors())))
