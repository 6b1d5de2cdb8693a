"""The structure of the residuals in a problem."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from ranef.core import CrossProducts, Residual, combine
from ranef.residual import ResidualStructure, Whitening
from ranef.types import Array

__all__ = ["ResidualPart"]


@dataclass(frozen=True, eq=False)
class ResidualPart:
    """A structure with its cross-products, and its parameters if they are known.

    Attributes
    ----------
    structure : ResidualStructure
    basis : tuple of CrossProducts
        The A_k, of inner columns.
    sum_log_weights : float
        Of the known weights alone.
    phi : ndarray or None, shape (k,)
        Coordinates; None if they are to be searched for.
    """

    structure: ResidualStructure
    basis: tuple[CrossProducts, ...] = field(repr=False)
    sum_log_weights: float
    phi: Array | None = None

    @property
    def core(self) -> Residual:
        """The numbers of the structure."""
        return self.structure.core

    @property
    def size(self) -> int:
        """Parameters."""
        return int(self.core.size)

    @property
    def whitening(self) -> Whitening | None:
        """The transformation to independent residuals, if weights are not enough; needs phi."""
        return None if self.phi is None else self.structure.whitening(self.phi)

    def start(self) -> Array:
        """Coordinates of independent residuals with one variance."""
        return np.zeros(self.size)

    def products(self, phi: Array) -> CrossProducts:
        """A(phi), with the determinant of the residuals' covariance."""
        core = self.core
        logs = self.sum_log_weights - core.log_determinant(phi)
        return combine(self.basis, core.coefficients(phi), logs)

    def at(self, phi: Array | None) -> ResidualPart:
        """The same at known parameters, or at parameters to be searched for."""
        return replace(self, phi=phi)
