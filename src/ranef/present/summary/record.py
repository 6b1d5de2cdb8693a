"""The record of a summary: the model, the verdict of the certificate, and the estimates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ranef.page.phrases import count, figures, one_of_them
from ranef.page.phrases import p_value as p_said
from ranef.page.shown import Sentence

if TYPE_CHECKING:
    from ranef.types import Finding

__all__ = ["Component", "FixedEffect", "ResidualLine", "SummaryRecord"]


@dataclass(frozen=True, slots=True, repr=False)
class Component(Sentence):
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

    def __str__(self) -> str:
        name = f"{self.group} {self.term}".rstrip()
        parts = [] if math.isnan(self.sd) else [f"SD {figures(self.sd)}"]
        if self.correlations:
            noun = one_of_them(len(self.correlations), "correlation", "correlations")
            parts.append(f"{noun} {', '.join(f'{r:.2f}' for r in self.correlations)}")
        return f"{name}: {', '.join(parts)}" if parts else name


@dataclass(frozen=True, slots=True, repr=False)
class ResidualLine(Sentence):
    """One line of the residuals' structure: a stratum with its SD, or a correlation."""

    label: str
    value: float
    sd: bool

    def __str__(self) -> str:
        return f"{self.label}: {'SD' if self.sd else 'correlation'} {figures(self.value)}"


@dataclass(frozen=True, slots=True, repr=False)
class FixedEffect(Sentence):
    """One line of the fixed effects."""

    name: str
    estimate: float
    std_error: float
    df: float
    statistic: float
    p_value: float
    ratio: tuple[float, float, float] | None = None
    """exp of the estimate and of the ends of its interval."""

    def __str__(self) -> str:
        said = [f"{self.name} {figures(self.estimate)} (SE {figures(self.std_error, 2)})"]
        if math.isfinite(self.df):
            said.append(f"t({self.df:.1f}) = {self.statistic:.2f}")
        elif math.isfinite(self.statistic):
            said.append(f"z = {self.statistic:.2f}")
        return ", ".join([*said, *filter(None, [p_said(self.p_value)])])


@dataclass(frozen=True, slots=True, repr=False)
class PartBlock(Sentence):
    """The coefficients of one part of a model beside the mean."""

    title: str
    effects: tuple[FixedEffect, ...]

    def __str__(self) -> str:
        return f"{self.title}: {count(len(self.effects), 'coefficient')}"


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
