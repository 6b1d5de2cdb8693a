"""What a fitted model must offer to be presented.

The presentation layer reads these members and nothing else, so that it can be tested without
fitting anything and so that every kind of fit is printed by the same code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from ranef.core import TermBlock, TermLabel
from ranef.covariance import structure_of
from ranef.inference.means.response import ResponseScale
from ranef.present.distribution import Distribution
from ranef.residual.base import Line
from ranef.types import Array, Finding, MissingRows

if TYPE_CHECKING:
    import pandas as pd

    from ranef.inference.checks.record import ModelCheck
    from ranef.inference.checks.simulated import SimulatedData
    from ranef.inference.no_pooling import NoPooling
    from ranef.present.text.words import Words

__all__ = [
    "Certificate",
    "Criteria",
    "FittedModel",
    "Profiled",
    "TermCovariance",
    "coefficients_of",
    "criterion_error",
    "residual_sd",
    "term_ranks",
]


@dataclass(frozen=True, slots=True)
class TermCovariance:
    """The covariance matrix of a random-effects term, and its names.

    Attributes
    ----------
    label : TermLabel
    matrix : ndarray, shape (q, q)
        In units of the response squared over those of the columns.
    block : TermBlock, optional
        Its covariance structure; a free covariance if it is not given.
    parameters : ndarray, optional
        Of the structure: standard deviations in the units of the data, and then correlations; the
        entries of a root T by column if the covariance is free.
    """

    label: TermLabel
    matrix: Array
    block: TermBlock | None = None
    parameters: Array | None = None

    @property
    def sds(self) -> Array:
        """Standard deviations, shape (q,)."""
        return np.asarray(np.sqrt(np.diag(self.matrix)))

    @property
    def full_rank(self) -> int:
        """The highest rank that the structure allows."""
        return self.matrix.shape[0] if self.block is None else structure_of(self.block).most_rank

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Positions (earlier, later) of each covariance, in the order of ``varcorr``."""
        q = len(self.label.names)
        return [(j, i) for j in range(q) for i in range(j + 1, q)]

    def covariance(self, i: int, j: int) -> float:
        """From the lower triangle, whichever of the two is first."""
        return float(self.matrix[max(i, j), min(i, j)])

    def correlation(self, i: int, j: int) -> float:
        """NaN if one of the variances is zero."""
        scale = self.sds[i] * self.sds[j]
        return float(self.covariance(i, j) / scale) if scale > 0.0 else float("nan")


class Criteria(Protocol):
    """Likelihood criteria of one fit; a fitted model is one itself."""

    @property
    def aic(self) -> float: ...
    @property
    def bic(self) -> float: ...
    @property
    def loglik(self) -> float: ...


class Certificate(Protocol):
    """The verdict on the optimum. ``str()`` is one sentence."""

    @property
    def verdict(self) -> str: ...
    @property
    def certified(self) -> bool: ...
    @property
    def gain(self) -> float: ...
    @property
    def rank(self) -> Mapping[str, int] | Sequence[int]:
        """Rank of the covariance matrix of each random-effects term, in ``varcorr`` order."""
        ...


class Profiled(Protocol):
    """The deviance along each parameter."""

    @property
    def parameters(self) -> tuple[str, ...]: ...
    @property
    def frame(self) -> pd.DataFrame:
        """One row a point: parameter, value, zeta and others."""
        ...

    def confint(self, level: float = 0.95) -> pd.DataFrame: ...


class FittedModel(Protocol):
    """The members of a fit that the presentation layer uses."""

    @property
    def fixef(self) -> pd.Series[float]: ...
    @property
    def vcov(self) -> pd.DataFrame: ...
    @property
    def sigma(self) -> float | None:
        """None if there is no residual variance."""
        ...

    @property
    def loglik(self) -> float: ...
    @property
    def deviance(self) -> float: ...
    @property
    def aicc(self) -> float: ...
    def caic(self) -> float:
        """An error of ranef if there is none; so are r2 and icc."""
        ...

    def r2(self) -> Any: ...
    def icc(self) -> Any: ...
    @property
    def criterion(self) -> float: ...
    @property
    def aic(self) -> float: ...
    @property
    def bic(self) -> float: ...
    @property
    def nobs(self) -> int: ...
    @property
    def ngroups(self) -> Mapping[str, int]: ...
    @property
    def df_model(self) -> int: ...
    @property
    def df_resid(self) -> int: ...
    @property
    def reml(self) -> bool: ...
    @property
    def prior(self) -> Mapping[str, Any] | None:
        """Priors by random-effects term and ``"fixed"``; None where there are none."""
        ...

    @property
    def formula(self) -> str: ...
    @property
    def dropped(self) -> tuple[str, ...]: ...
    @property
    def missing_rows(self) -> MissingRows: ...
    @property
    def fitted(self) -> Any:
        """An array, or a Series with the labels of the rows; so are leverage and residuals."""
        ...

    @property
    def leverage(self) -> Any: ...
    @property
    def certificate(self) -> Certificate: ...
    @property
    def findings(self) -> tuple[Finding, ...]: ...
    @property
    def _findings_to_show(self) -> tuple[Finding, ...]: ...

    @property
    def _covariances(self) -> Sequence[TermCovariance]:
        """Of the random-effects terms, in the order of ``varcorr``."""
        ...

    @property
    def _residual_text(self) -> str:
        """The structure of the residuals as it was asked for; empty without."""
        ...

    @property
    def _residual_lines(self) -> Sequence[Line]:
        """Its parameters in words, one by one."""
        ...

    @property
    def _has_residual(self) -> bool:
        """Whether there is a residual variance; generalised models have none."""
        ...

    @property
    def _words(self) -> Words:
        """What readers call its variables, coefficients and variances."""
        ...

    @property
    def _kind(self) -> str:
        """What a page calls the model: "Linear mixed model"."""
        ...

    @property
    def _fitted_by(self) -> str:
        """What the estimates maximise: "REML", or "maximum likelihood"."""
        ...

    @property
    def _discrete(self) -> bool:
        """Whether the likelihood is made of probabilities, and not of densities."""
        ...

    @property
    def _response_scale(self) -> ResponseScale:
        """From the linear predictor to the mean of the response."""
        ...

    @property
    def _distribution(self) -> Distribution | None:
        """The response's distribution and the model's other parts; None for linear models."""
        ...

    def ranef(self, condvar: bool = True) -> Mapping[str, pd.DataFrame]:
        """By group: indexed by level, one column a term, then ``<term>_sd`` with `condvar`."""
        ...

    def coef(self) -> Mapping[str, pd.DataFrame]: ...

    def residuals(
        self,
        kind: Literal["response", "pearson", "deviance", "working", "quantile"] = "response",
    ) -> Any: ...

    def coefficients(
        self, ddf: str = "auto", level: float = 0.95, vcov: Any = None
    ) -> pd.DataFrame:
        """Indexed by name: estimate, std_error, df, statistic, p_value, conf_low, conf_high."""
        ...

    def _errors_in_words(self, vcov: Any) -> str:
        """Which standard errors `vcov` asks for; empty for the model's own."""
        ...

    def _df_in_words(self, ddf: str, vcov: Any) -> str:
        """How degrees of freedom treat a variance of zero; empty where none is."""
        ...

    def _standardised(self) -> FittedModel:
        """The fit to standardised numbers."""
        ...

    def _coefficient_units(self, within: bool) -> Array:
        """What standardises each coefficient."""
        ...

    def predict(
        self,
        newdata: Any = None,
        level: Literal["conditional", "population"] = "conditional",
        new_levels: Literal["error", "population", "sample"] = "error",
        interval: Literal["confidence", "prediction"] | None = None,
    ) -> Any:
        """An array; with `interval`, a frame with estimate, conf_low, conf_high."""
        ...

    def model_frame(self) -> pd.DataFrame:
        """The model's variables in the rows that were used, as the user named them."""
        ...

    def _population_averages(
        self, rows: Any, weights: Array, linked: bool = False, level: float = 0.95
    ) -> pd.DataFrame:
        """Population means averaged over blocks of rows: estimate, conf_low, conf_high."""
        ...

    def _average_means(self) -> dict[str, float]:
        """The average of ``between(x, g)`` for each group mean in the fixed part."""
        ...

    def _without_pooling(self, group: str) -> NoPooling:
        """Effects of each level of a grouping factor by least squares on its own rows."""
        ...

    def profile(self, level: float = 0.95) -> Profiled:
        """The deviance along each parameter."""
        ...

    def _check(self, n: int | None, level: float, seed: int | None) -> ModelCheck:
        """Residuals, effects and influence beside those of `n` simulated responses."""
        ...

    def _compared(
        self,
        statistic: Any,
        by: str | None,
        n: int | None,
        level: float,
        seed: int | None,
        random: str,
        many: int,
    ) -> SimulatedData:
        """The response beside simulated responses, in the form in which they are drawn."""
        ...


def coefficients_of(
    model: FittedModel, ddf: str, level: float = 0.95, vcov: Any = None
) -> pd.DataFrame:
    """Tests of the fixed effects; a model with errors of its own alone is not asked for others."""
    if vcov is None:
        return model.coefficients(ddf=ddf, level=level)
    return model.coefficients(ddf=ddf, level=level, vcov=vcov)


def residual_sd(model: FittedModel) -> float:
    """sigma of a model that has a residual variance."""
    assert model.sigma is not None
    return model.sigma


def criterion_error(model: FittedModel) -> float:
    """How far -2 log-likelihood may be from the exact one; 0 for fits that are not estimates."""
    return float(getattr(model.certificate, "error_criterion", 0.0))


def term_ranks(model: FittedModel) -> tuple[tuple[str, int, int], ...]:
    """``(group, rank, highest rank)`` of the covariance matrix of each random-effects term.

    The highest rank is that which its structure allows: the number of effects, or less in ``rr()``.
    """
    terms, rank = model._covariances, model.certificate.rank
    ranks = [rank[t.label.label] for t in terms] if isinstance(rank, Mapping) else list(rank)
    return tuple((t.label.label, int(r), t.full_rank) for t, r in zip(terms, ranks, strict=True))
