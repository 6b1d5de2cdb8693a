"""The summary of one fit: what it is, whether it can be trusted, and the estimates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import RanefError
from .names import RESIDUAL, has_residual, prior_phrases, spell
from .protocol import FittedModel, coefficients_of

if TYPE_CHECKING:
    from ..types import Array, Finding

__all__ = ["Component", "FixedEffect", "Summary", "summarize"]


@dataclass(frozen=True, slots=True)
class Component:
    """One line of the random effects: a variance, and its correlations with those before."""

    group: str
    term: str
    variance: float
    sd: float
    correlations: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class FixedEffect:
    """One line of the fixed effects."""

    name: str
    estimate: float
    std_error: float
    df: float
    statistic: float
    p_value: float


@dataclass(frozen=True, slots=True, repr=False)
class Summary:
    """The summary of a fit. ``str()`` is the text form, at most 100 columns wide.

    Attributes
    ----------
    title : str
    formula : str
    nobs : int
    groups : tuple of (str, int)
        Grouping factors with their numbers of levels.
    priors : tuple of str
        One phrase for each prior, empty without.
    verdict : str
        The certificate as one sentence.
    criteria : tuple of (str, float)
        AIC, BIC, log-likelihood, criterion and residual degrees of freedom.
    residual_quantiles : tuple of float
        Minimum, quartiles and maximum of the Pearson residuals over sigma; empty where the fit
        keeps no rows.
    components : tuple of Component
    fixed : tuple of FixedEffect
    ddf : str
        Method for the degrees of freedom; empty for z tests.
    dropped : tuple of str
        Aliased columns.
    missing : str
        Which rows were left out, empty if none.
    findings : tuple of Finding
    errors : str
        Which standard errors, empty for the model's own.
    zeros : str
        How degrees of freedom treat a variance of zero, empty where none is.
    """

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

    def __str__(self) -> str:
        from .summary_text import render_text

        return render_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from .summary_html import render_html

        return render_html(self)


def summarize(model: FittedModel, ddf: str = "auto", vcov: Any = None) -> Summary:
    """Collect what the summary of `model` shows.

    Parameters
    ----------
    model : FittedModel
    ddf : str
        Degrees of freedom of the tests, as in ``Fit.coefficients``.
    vcov : str or mapping, optional
        Standard errors, as in ``Fit.coefficients``.
    """
    linear = has_residual(model.varcorr())
    table = coefficients_of(model, ddf, vcov=vcov)
    t_tests = bool((table["df"].dropna() < math.inf).any())
    kind = "Linear mixed model" if linear else "Generalised linear mixed model"
    if not model.ngroups:
        kind = "Linear model without random effects"
    method = "REML" if model.reml else "maximum likelihood"
    criterion = "REML criterion" if model.reml else "deviance"
    if model.prior is not None:
        method, criterion = f"penalised {method}", "penalised criterion"
    columns = ["estimate", "std_error", "df", "statistic", "p_value"]
    return Summary(
        title=f"{kind} fitted by {method}",
        formula=model.formula,
        nobs=model.nobs,
        groups=tuple((str(g), int(k)) for g, k in model.ngroups.items()),
        priors=prior_phrases(model.prior),
        verdict=str(model.certificate),
        criteria=(
            ("AIC", model.aic),
            ("BIC", model.bic),
            ("logLik", model.loglik),
            (criterion, model.criterion),
            ("df resid", model.df_resid),
        ),
        residual_quantiles=residual_quantiles(model),
        components=_components(model),
        fixed=tuple(
            FixedEffect(spell(str(name)), *(float(x) for x in row))
            for name, row in zip(table.index, table[columns].to_numpy(dtype=float), strict=True)
            if name not in model.dropped
        ),
        ddf=ddf if t_tests else "",
        dropped=tuple(model.dropped),
        missing=_missing(model),
        findings=tuple(model.findings),
        errors="" if vcov is None else model._errors_in_words(vcov),
        zeros=model._df_in_words(ddf, vcov),
    )


def residual_quantiles(model: FittedModel) -> tuple[float, ...]:
    """Smallest, quartiles and largest of the scaled residuals; none if nobody kept the rows."""
    kept = getattr(model, "_kept", None)  # by a fit from a file
    if kept is not None:
        return tuple(kept.residual_quantiles)
    try:
        scaled: Array = np.asarray(model.residuals("pearson"), dtype=float) / model.sigma
    except RanefError:  # a fit of streamed data keeps no rows
        return ()
    return tuple(float(q) for q in np.quantile(scaled, (0.0, 0.25, 0.5, 0.75, 1.0)))


def _components(model: FittedModel) -> tuple[Component, ...]:
    frame = model.varcorr()[["group", "term1", "term2", "variance", "sd"]]
    rows = list(frame.itertuples(index=False, name=None))
    correlation = {(g, a, b): float(r) for g, a, b, _, r in rows if isinstance(b, str)}
    seen: dict[str, list[str]] = {}
    lines = []
    for group, term, other, variance, sd in rows:
        if isinstance(other, str):
            continue
        before = seen.setdefault(group, [])
        pairs = [
            (correlation.get((group, a, term)), correlation.get((group, term, a))) for a in before
        ]
        row = tuple(next((r for r in pair if r is not None), math.nan) for pair in pairs)
        before.append(term)
        name = "" if group == RESIDUAL else spell(term)
        lines.append(Component(group, name, float(variance), float(sd), row))
    return tuple(lines)


def _missing(model: FittedModel) -> str:
    record = model.missing_rows
    if not len(record):
        return ""
    by_column = ", ".join(f"{name} {count}" for name, count in record.by_column.items() if count)
    details = [f"outside of the subset: {record.outside}"] if record.outside else []
    details += [f"missing values: {by_column}"] if by_column else []
    detail = f" ({'; '.join(details)})" if details else ""
    return f"{len(record)} of {record.n_total} rows left out{detail}"
