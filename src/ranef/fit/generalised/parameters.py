"""All parameters of a generalised fit together."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from ranef.fit.all_parameters import AllParameters
from ranef.fit.generalised.record import GeneralisedRecord
from ranef.types import Array

if TYPE_CHECKING:
    from ranef.inference.parameters import Parameter

__all__ = ["GeneralisedParameters"]


class GeneralisedParameters(AllParameters, GeneralisedRecord):
    """Members about all parameters; each delegates to a function."""

    @cached_property
    def _parameters(self) -> tuple[Parameter, ...]:
        from ranef.inference.generalised.parameters import generalised_parameters

        return generalised_parameters(self._problem)

    @cached_property
    def _full_covariance(self) -> Array:
        from ranef.inference.generalised.parameters import covariance_of_parameters

        return covariance_of_parameters(self._problem, self._estimates, self._parameters)

    @property
    def _parameter_values(self) -> Array:
        from ranef.inference.generalised.parameters import parameter_values

        estimates = self._estimates
        return parameter_values(self._parameters, estimates.coefficients, estimates.covariances)
