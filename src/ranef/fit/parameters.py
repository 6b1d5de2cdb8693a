"""All parameters of a fit together, and the matrices behind it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ranef.fit.all_parameters import AllParameters
from ranef.fit.record import FitRecord
from ranef.present.progress import progress
from ranef.types import Array

if TYPE_CHECKING:
    from ranef.inference.parameters import Parameter
    from ranef.present.results.matrices import ModelMatrices

__all__ = ["Parameters"]


class Parameters(AllParameters, FitRecord):
    """Members about parameters and matrices; each delegates to a function."""

    @cached_property
    def _parameters(self) -> tuple[Parameter, ...]:
        from ranef.inference.parameters import parameters_of

        return parameters_of(self._design.x_names, self._problem.labels, self._problem.terms)

    @cached_property
    @progress("computing the covariances of all parameters")
    def _full_covariance(self) -> Array:
        from ranef.inference.full_covariance import full_covariance

        return full_covariance(
            self._problem, self._solution, self._estimates, self._derivatives, self._parameters
        )

    @property
    def _parameter_values(self) -> Array:
        """Estimates in the order of the parameters."""
        from ranef.inference.parameters import values_of

        values = values_of(
            self._parameters,
            self._estimates.beta[None, :],
            [c[None, :, :] for c in self._estimates.covariances],
            np.array([self._estimates.sigma]),
        )
        return np.asarray(values[0])

    def matrices(self) -> ModelMatrices:
        """The matrices of the model, as ``getME`` of lme4 gives them, in SciPy's sparse form.

        Returns
        -------
        ModelMatrices
            ``X``, ``Z``, ``Lambda``, ``L``, ``permutation``, ``theta``, ``y``, ``offset``,
            ``weights``, ``x_names``, ``z_names``.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> m = fit.matrices()
        >>> m.X.shape, m.Z.shape, m.Lambda.shape, m.z_names[1]
        ((180, 2), (180, 36), (36, 36), ('Subject', '308', 'Days'))
        """
        from ranef.present.results.matrices import model_matrices

        self._need_independent("fit.matrices()", "fit without residual=")

        return model_matrices(self._design, self._solution.theta, self._weights, self._data.offset)
