"""Random effects of a generalised fit, with standard deviations of two kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ranef.fit.estimated import Estimated
from ranef.fit.generalised.record import GeneralisedRecord
from ranef.options import one_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["GeneralisedEffects"]


class GeneralisedEffects(GeneralisedRecord, Estimated):
    """The method that lists random effects; it delegates to functions."""

    def ranef(self, condvar: bool | Literal["full"] = True) -> dict[str, pd.DataFrame]:
        """Conditional modes of the random effects by grouping factor, one row a level.

        Parameters
        ----------
        condvar : bool or "full"
            With a column ``<term>_sd`` for each term. True: the conditional standard deviation
            given the data and all parameters, as lme4's ``condVar``. ``"full"``: that of the
            difference between the random effect and its mode, with the uncertainty of the
            coefficients and variances in it, as glmmTMB's ``condVar``. It is the larger one.

        Returns
        -------
        dict of str to DataFrame
            Rows are levels, in their order; columns are terms, in units of the linear predictor
            over the term's.

        Raises
        ------
        OptionError
            Another `condvar`.

        References
        ----------
        Kristensen, Nielsen, Berg, Skaug and Bell (2016), TMB: automatic differentiation and Laplace
        approximation, Journal of Statistical Software 70(5), section 2.

        Examples
        --------
        >>> import ranef as rn
        >>> data = rn.datasets.load("cbpp")
        >>> fit = rn.glmm("incidence / size ~ period + (1 | herd)", data, weights="size")
        >>> fit.ranef()["herd"].iloc[0].round(3).to_dict()
        {'Intercept': 0.59, 'Intercept_sd': 0.348}
        >>> fit.ranef("full")["herd"].iloc[0].round(3).to_dict()
        {'Intercept': 0.59, 'Intercept_sd': 0.394}
        """
        from ranef.inference.generalised.conditional import full_covariances
        from ranef.present.frames.estimates import ranef_frames

        if not isinstance(condvar, str):
            return super().ranef(condvar)
        one_of("condvar", condvar, (True, False, "full"))
        spread = full_covariances(self._solution, self._estimates.joint)
        levels = [term.levels for term in self._design.terms]
        return ranef_frames(self._problem.labels, levels, self._modes, spread)
