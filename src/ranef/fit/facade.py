"""The fitted linear model: a frozen facade. Methods delegate; numbers happen in functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

from ranef.answers import refuse_unknown_options
from ranef.errors import OptionError
from ranef.fit.additive import Additive
from ranef.fit.checking import Checking
from ranef.fit.compared import Compared
from ranef.fit.diagnosed import Diagnosed
from ranef.fit.drop_tests import DropTests
from ranef.fit.effect_sizes import EffectSizes
from ranef.fit.influential import Influential
from ranef.fit.mixed_fit import MixedFit
from ranef.fit.parameters import Parameters
from ranef.fit.predicting import Predicting
from ranef.fit.refitting import Refitting
from ranef.fit.residual_variance import ResidualVariance
from ranef.fit.residuals import Residuals
from ranef.fit.robustly import Robustly
from ranef.fit.simulating import Simulating
from ranef.fit.stored_linear import StoredLinear
from ranef.fit.updating import Updating
from ranef.options import boolean, one_of, shown
from ranef.present.progress import progress
from ranef.solve import Certificate

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Fit"]


@refuse_unknown_options("fit")
@dataclass(frozen=True, eq=False, repr=False)
class Fit(
    ResidualVariance,
    Residuals,
    Predicting,
    DropTests,
    Compared,
    Robustly,
    EffectSizes,
    Diagnosed,
    Influential,
    Refitting,
    Checking,
    Simulating,
    Updating,
    Additive,
    Parameters,
    StoredLinear,
    MixedFit,
):
    """A fitted linear mixed model.

    Made by :func:`ranef.lmm`, or without random effects by :func:`ranef.lm`; nothing changes it
    afterwards. What belongs to the rows is in the order of the rows that were used
    (``missing_rows`` lists the others), with their labels if the data are a pandas frame. Labelled
    results are pandas objects and the caller's to change.

    Examples
    --------
    >>> import ranef as rn
    >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
    >>> round(fit.criterion, 4)
    1743.6283
    >>> fit.certificate.verdict
    'interior optimum'
    """

    # -- what the model is ------------------------------------------------------------------------
    @property
    def certificate(self) -> Certificate:
        """Whether the fit is at an optimum, of which kind, with the evidence."""
        return self._solution.certificate

    @property
    def _kind(self) -> str:
        """What a page calls the model."""
        return "Linear mixed model" if self.ngroups else "Linear model without random effects"

    @property
    def reml(self) -> bool:
        """Whether REML was used."""
        return self._problem.reml

    @property
    def _fitted_by(self) -> str:
        """What the estimates maximise."""
        return "REML" if self.reml else "maximum likelihood"

    @property
    def _discrete(self) -> bool:
        """A normal distribution has a density."""
        return False

    # -- intervals --------------------------------------------------------------------------------
    def confint(
        self,
        method: Literal["wald", "profile", "bootstrap"] = "wald",
        level: float = 0.95,
        ddf: str = "auto",
        *,
        n: int = 1000,
        seed: int | None = None,
        kind: Literal["parametric", "conditional", "residual", "cluster", "cases"] = "parametric",
        type: Literal["percentile", "basic", "normal", "hdi"] = "percentile",
        vcov: Any = None,
    ) -> pd.DataFrame:
        """Confidence intervals.

        Parameters
        ----------
        method : {"wald", "profile", "bootstrap"}
            Wald intervals are of the fixed effects alone; the others also of standard deviations,
            correlations and sigma: see :meth:`profile` and :meth:`bootstrap`.
        level : float
        ddf : str
            Degrees of freedom of Wald intervals, as in :meth:`coefficients`.
        n, seed, kind, type
            Of the bootstrap: replicates, seed, kind, and type of interval.
        vcov : str or mapping, optional
            Standard errors of Wald intervals, as in :meth:`coefficients`.

        Returns
        -------
        DataFrame
            Columns conf_low, conf_high; one row a parameter.

        Raises
        ------
        OptionError
            Another `method`, or an option outside of what it accepts.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> fit.confint(method="profile").loc["sigma"].round(2).to_list()
        [22.9, 28.86]
        """
        named = isinstance(method, str) and method in self._design.x_names
        row = f"one coefficient is fit.confint().loc[{method!r}]" if named else ""
        one_of("method", method, ("wald", "profile", "bootstrap"), fix=row)
        if method == "wald":
            return self.coefficients(ddf, level, vcov)[["conf_low", "conf_high"]]
        if vcov is not None:
            raise OptionError(
                "vcov is for Wald intervals",
                found=f"vcov={shown(vcov)} with method={method!r}",
                fix='use method="wald", or leave vcov out',
            )
        if method == "profile":
            return self.profile(level).confint(level)
        return self.bootstrap(n, kind, seed).confint(level, type)

    @progress("fitting the model by the other criterion")
    def with_reml(self, reml: bool) -> Self:
        """The same model and data by REML or by ML: this fit where it is so already.

        Parameters
        ----------
        reml : bool

        Returns
        -------
        Fit

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> round(fit.with_reml(False).loglik, 4)
        -875.9697
        """
        reml = boolean("reml", reml, fix="with_reml(False) fits by ML")
        return self if self.reml == reml else self._again(reml=reml)

    def _by_ml(self) -> Self:
        """The fit by maximum likelihood: this one if it is so already."""
        return self.with_reml(False)
