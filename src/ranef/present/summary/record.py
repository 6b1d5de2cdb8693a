"""The record of a summary: the model, the verdict of the certificate, and the estimates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ranef.types import Finding

__all__ = ["Component", "FixedEffect", "ResidualLine", "SummaryRecord"]


@dataclass(frozen=True, slots=True)
class Component:
    """One line of the random effects: a variance, and its correlations with those before.

    Lines of a covariance `structure` hold its parameters: a variance for all effects or for one, or
    a correlation. Fields that a line does not have are NaN.
    """

    group: str
    term: str
    variance: float
    sd: float
    correlations: tuple[float, ...] = ()
    structure: str = ""


@dataclass(frozen=True, slots=True)
class ResidualLine:
    """One line of the residuals' structure: a stratum with its SD, or a correlation."""

    label: str
    value: float
    sd: bool


@dataclass(frozen=True, slots=True)
class FixedEffect:
    """One line of the fixed effects."""

    name: str
    estimate: float
    std_error: float
    df: float
    statistic: float
    p_value: float
    ratio: tuple[float, float, float] | None = None
    """exp of the estimate and of the ends of its interval."""


@dataclass(frozen=True, slots=True)
class PartBlock:
    """The coefficients of one part of a model beside the mean."""

    title: str
    effects: tuple[FixedEffect, ...]


@dataclass(frozen=True, slots=True, repr=False)
class SummaryRecord:
    """The fields of :class:`~ranef.present.summary.facade.Summary`, which explains them."""

    title: str
    formula: str
    nobs: int
    groups: tuple[tuple[str, int], ...]
    priors: tuple[str, ...]
    verdict: str
    criteria: tuple[tuple[str, float], ...]
    residual_quantiles: tuple[float, ...]
    components: tuple[Component, ...]
    fixed: tuple[FixedEffect, ...]
    ddf: str
    dropped: tuple[str, ...]
    missing: str
    findings: tuple[Finding, ...]
    errors: str = ""
    zeros: str = ""
    residual: str = ""
    residual_lines: tuple[ResidualLine, ...] = ()
    structures: tuple[str, ...] = ()
    family: str = ""
    ratio: str = ""
    dispersion: str = ""
    parts: tuple[PartBlock, ...] = ()
