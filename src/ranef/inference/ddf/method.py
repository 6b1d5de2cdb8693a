"""What a method for degrees of freedom is, and what it is told of a fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from ranef.design import Design
from ranef.inference.ddf.p_values import f_p_value
from ranef.inference.estimates import Estimates
from ranef.inference.satterthwaite import VarianceDerivatives
from ranef.problem import Problem
from ranef.solve import Solution
from ranef.types import Array

__all__ = ["Fitted", "Joint", "Method"]


@dataclass(frozen=True, slots=True)
class Fitted:
    """What a method may ask of a fit.

    Attributes
    ----------
    y : ndarray, shape (n,)
        Response less offset.
    derivatives : callable
        Exact derivatives of vcov and the information of the variance parameters, computed once.
    """

    problem: Problem
    solution: Solution
    design: Design
    estimates: Estimates
    y: Array
    weights: Array | None
    derivatives: Callable[[], VarianceDerivatives]


class Joint(NamedTuple):
    """A test of several rows.

    Attributes
    ----------
    statistic : float
        F, already scaled by `scale`; or chi-squared.
    num_df : int
    den_df : float
        Infinite for chi-squared.
    scale : float
    chi_squared : bool
        Whether the statistic is not divided by `num_df`.
    """

    statistic: float
    num_df: int
    den_df: float
    scale: float = 1.0
    chi_squared: bool = False

    @property
    def p_value(self) -> float:
        """P(as large or larger) if all rows hold."""
        f = self.statistic / self.num_df if self.chi_squared and self.num_df else self.statistic
        return f_p_value(f, self.num_df, self.den_df)


class Method(Protocol):
    """How a hypothesis about the fixed effects is judged.

    A row is a vector l of length p; it asks about l'beta. Coefficients are those kept in the fit.
    """

    @property
    def normal(self) -> bool:
        """Whether tests are called z and chi-squared, and pages show no degrees of freedom."""
        ...

    @property
    def name(self) -> str:
        """The word that selects it."""
        ...

    @property
    def vcov(self) -> Array:
        """Covariance matrix of beta that the method uses, shape (p, p)."""
        ...

    def df(self, rows: Array) -> Array:
        """Degrees of freedom of each row, shape (m,); infinite for a normal law."""
        ...

    def joint(self, rows: Array, difference: Array) -> Joint:
        """The test that all rows hold at once.

        Parameters
        ----------
        rows : ndarray, shape (m, p)
            May be linearly dependent: then fewer degrees of freedom count.
        difference : ndarray, shape (m,)
            L beta - r.
        """
        ...
