"""Ordinary least squares with schools as a fixed factor: what R calls ``lm``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ranef.api import lm
from ranef.types import Array

__all__ = ["LeastSquares", "least_squares"]


@dataclass(frozen=True, slots=True)
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


def least_squares(formula: str, data: Any) -> LeastSquares:
    """Fit a formula without random part by ordinary least squares.

    Parameters
    ----------
    formula : str
        ``"math ~ ses * sector + factor(sch.id)"``.
    data : data frame

    Returns
    -------
    LeastSquares
    """
    fit = lm(formula, data)
    vcov = fit.vcov
    return LeastSquares(
        names=tuple(vcov.index),
        estimates=np.asarray(fit.fixef[vcov.index], dtype=np.float64),
        std_errors=np.sqrt(np.diag(vcov)),
        sigma=fit.sigma,
        n=fit.nobs,
        dropped=fit.dropped,
    )
