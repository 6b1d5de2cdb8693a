"""What the estimates of linear and generalised fits have in common."""

from __future__ import annotations

from typing import Protocol

from ranef.types import Array

__all__ = ["AnyEstimates"]


class AnyEstimates(Protocol):
    """Numbers on the data's scale.

    `vcov` is that of the fixed effects. `sigma` is None if there is no residual variance.
    `n_parameters` counts everything that was estimated.
    """

    @property
    def beta(self) -> Array: ...
    @property
    def vcov(self) -> Array: ...
    @property
    def covariances(self) -> tuple[Array, ...]: ...
    @property
    def sigma(self) -> float | None: ...
    @property
    def loglik(self) -> float: ...
    @property
    def deviance(self) -> float: ...
    @property
    def criterion(self) -> float: ...
    @property
    def n_parameters(self) -> int: ...
    @property
    def aic(self) -> float: ...
    @property
    def bic(self) -> float: ...
