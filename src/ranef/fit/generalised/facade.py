"""The fitted generalised model: a frozen facade. Methods delegate; numbers happen in functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from ranef.answers import refuse_unknown_options
from ranef.fit.generalised.checking import GeneralisedChecking
from ranef.fit.generalised.described import Described
from ranef.fit.generalised.diagnosed import GeneralisedDiagnosed
from ranef.fit.generalised.influential import GeneralisedInfluential
from ranef.fit.generalised.predicting import GeneralisedPredicting
from ranef.fit.generalised.random_effects import GeneralisedEffects
from ranef.fit.generalised.reducing import Reducible
from ranef.fit.generalised.residuals import GeneralisedResiduals
from ranef.fit.generalised.shares import GeneralisedShares
from ranef.fit.generalised.simulated_check import GeneralisedSimulatedCheck
from ranef.fit.generalised.simulating import GeneralisedSimulating
from ranef.fit.generalised.updating import GeneralisedUpdating
from ranef.fit.mixed_fit import MixedFit
from ranef.solve import Certificate
from ranef.types import Array

if TYPE_CHECKING:
    import pandas as pd

    from ranef.fit.ratios import Bar, Ratios
    from ranef.inference.ddf import Method

__all__ = ["GeneralisedFit"]


@refuse_unknown_options("fit")
@dataclass(frozen=True, eq=False, repr=False)
class GeneralisedFit(
    GeneralisedPredicting,
    GeneralisedResiduals,
    GeneralisedSimulatedCheck,
    GeneralisedSimulating,
    GeneralisedEffects,
    GeneralisedChecking,
    Reducible,
    GeneralisedUpdating,
    GeneralisedDiagnosed,
    Described,
    GeneralisedShares,
    GeneralisedInfluential,
    MixedFit,
):
    """A fitted generalised linear mixed model.

    Made by :func:`ranef.glmm`; nothing changes it afterwards. What belongs to the rows is in the
    order of the rows that were used (``missing_rows`` lists the others), with their labels if the
    data are a pandas frame.

    Examples
    --------
    >>> import ranef as rn
    >>> data = rn.datasets.load("cbpp")
    >>> fit = rn.glmm("incidence / size ~ period + (1 | herd)", data, weights="size")
    >>> round(fit.loglik, 4), fit.certificate.verdict
    (-92.0263, 'interior optimum')
    """

    _stored_as: ClassVar[str] = "generalised fit"

    # -- what the model is ------------------------------------------------------------------------
    @property
    def family(self) -> str:
        """Name of the family, ``"binomial"``."""
        return self._family.name

    @property
    def link(self) -> str:
        """Name of the link, ``"logit"``."""
        return self._family.link

    @property
    def n_agq(self) -> int:
        """1: Laplace's method; otherwise nodes of adaptive quadrature in each dimension."""
        return self._problem.n_agq

    @property
    def certificate(self) -> Certificate:
        """Whether the fit is at an optimum, of which kind, with the evidence."""
        return self._solution.certificate

    @property
    def _kind(self) -> str:
        return "Generalised linear mixed model"

    @property
    def reml(self) -> bool:
        """False: generalised models are fitted by maximum likelihood."""
        return False

    @property
    def _fitted_by(self) -> str:
        if self.n_agq == 1:
            return "maximum likelihood (Laplace approximation)"
        return f"maximum likelihood (adaptive quadrature, {self.n_agq} nodes)"

    @property
    def _discrete(self) -> bool:
        return self._family.DISCRETE

    # -- estimates --------------------------------------------------------------------------------
    @property
    def deviance(self) -> float:
        """-2 loglik."""
        return self._estimates.deviance

    @property
    def dispersion(self) -> float | None:
        """The family's dispersion as glmmTMB's ``sigma()`` reports it; None if there is none.

        The size of ``nbinom2``, phi of ``nbinom1``, ``beta``, ``betabinomial`` and ``tweedie``,
        the standard deviation of ``gaussian``, the coefficient of variation of ``gamma``. None too
        if it depends on predictors: see :attr:`fixef_dispersion`.
        """
        place = self._problem.part("dispersion")
        if place is None or self._problem.psi[0].names != ("Intercept",):
            return None
        return float(self._family.dispersion(self._estimates.coefficients[place][0]))

    @property
    def theta(self) -> Array:
        """Factors of the covariances of the random effects, in units of the linear predictor."""
        return self._solution.theta.copy()

    @property
    def fixef_dispersion(self) -> pd.Series:
        """Coefficients of the dispersion, on the log scale; empty if there is none."""
        return self._part("dispersion")

    @property
    def fixef_zero(self) -> pd.Series:
        """Coefficients of the log odds of an extra zero; empty if there is none."""
        return self._part("zero")

    @property
    def thresholds(self) -> pd.Series:
        """Cut points between ordered answers, named ``low|high``; empty for other families."""
        return self._part("thresholds")

    def _part(self, name: str) -> pd.Series:
        import pandas as pd

        place = self._problem.part(name)
        if place is None:
            return pd.Series([], index=pd.Index([], dtype=object), dtype=np.float64)
        names = next(part.names for part in self._problem.psi if part.part == name)
        return pd.Series(self._estimates.coefficients[place], index=list(names))

    # -- what the shared methods ask ---------------------------------------------------------------
    def _by_ml(self) -> Self:
        return self

    def _coefficients_of(self, data: Any) -> tuple[Array, Method]:
        other = type(self)._of(self._spec, data)
        return other._estimates.beta, other._method("auto")

    def _ratios(
        self, fits: Sequence[Self], method: str, n: int, seed: int | None, bar: Bar
    ) -> Ratios:
        from ranef.fit.generalised.ratios import ratios_between

        return ratios_between(fits, method, n, seed, bar)

    def _stored_parts(self) -> dict[str, Any]:
        from ranef.fit.generalised.stored import parts_of

        return parts_of(self)
