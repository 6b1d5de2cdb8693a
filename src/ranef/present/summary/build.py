"""From a fitted model to its summary."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ranef.errors import RanefError
from ranef.options import boolean
from ranef.page.phrases import whole
from ranef.present.distribution import Distribution, PartTable
from ranef.present.protocol import (
    FittedModel,
    coefficients_of,
    residual_sd,
)
from ranef.present.ratios import need_ratio
from ranef.present.structured import legends
from ranef.present.summary.components import component_lines
from ranef.present.summary.facade import Summary
from ranef.present.summary.record import FixedEffect, PartBlock, ResidualLine
from ranef.present.text.names import prior_phrases, spell
from ranef.present.text.numbers import decimals_for, estimate_text, figure
from ranef.types import Array

__all__ = ["residual_quantiles", "summarize"]


def summarize(
    model: FittedModel, ddf: str = "auto", vcov: Any = None, exponentiate: bool = False
) -> Summary:
    """Collect what the summary of `model` shows.

    Parameters
    ----------
    model : FittedModel
    ddf : str
        Degrees of freedom of the tests, as in ``Fit.coefficients``.
    vcov : str or mapping, optional
        Standard errors, as in ``Fit.coefficients``.
    exponentiate : bool
        With columns of ratios.
    """
    ratio = need_ratio(model) if boolean("exponentiate", exponentiate) else ""
    table = coefficients_of(model, ddf, vcov=vcov)
    distribution = model._distribution
    t_tests = bool((table["df"].dropna() < math.inf).any())
    method = model._fitted_by
    criterion = "REML criterion" if model.reml else "deviance"
    if model.prior is not None:
        method, criterion = f"penalised {method}", "penalised criterion"
    columns = ["estimate", "std_error", "df", "statistic", "p_value", "conf_low", "conf_high"]
    return Summary(
        title=f"{model._kind} fitted by {method}",
        formula=model.formula,
        nobs=model.nobs,
        groups=tuple((str(g), int(k)) for g, k in model.ngroups.items()),
        priors=prior_phrases(model.prior),
        verdict=_verdict(model),
        criteria=(
            ("AIC", model.aic),
            ("BIC", model.bic),
            ("logLik", model.loglik),
            (criterion, model.criterion),
            ("df resid", model.df_resid),
        ),
        residual_quantiles=residual_quantiles(model),
        components=component_lines(model),
        fixed=tuple(
            _effect(str(name), row, bool(ratio))
            for name, row in zip(table.index, table[columns].to_numpy(dtype=float), strict=True)
            if name not in model.dropped
        ),
        ddf=ddf if t_tests else "",
        dropped=tuple(model.dropped),
        missing=model.missing_rows.in_short,
        findings=tuple(model._findings_to_show),
        errors="" if vcov is None else model._errors_in_words(vcov),
        zeros=model._df_in_words(ddf, vcov) or _apart(model, table["df"].dropna().tolist()),
        residual=model._residual_text,
        residual_lines=tuple(ResidualLine(*line) for line in model._residual_lines),
        structures=legends(model._covariances),
        family="" if distribution is None else distribution.sentence,
        ratio=ratio,
        dispersion="" if distribution is None else dispersion_text(distribution),
        parts=() if distribution is None else tuple(_block(part) for part in distribution.parts),
    )


def _verdict(model: FittedModel) -> str:
    """The certificate, and how crossed factors were solved if that left an error."""
    crossed = getattr(model, "_crossed_text", "")
    if not crossed or not getattr(model.certificate, "estimated", False):
        return str(model.certificate)
    return f"{model.certificate}; crossed factors {crossed}"


def dispersion_text(distribution: Distribution) -> str:
    """The dispersion and its standard error: ``"size 1.83 (SE 0.52)"``; empty without."""
    if not distribution.dispersion_name:
        return ""
    value, error = distribution.dispersion, distribution.dispersion_error
    known = math.isfinite(error)
    decimals = decimals_for([error if known else value], 2)
    text = f"{distribution.dispersion_name} {estimate_text(value, error, decimals)}"
    return f"{text} (SE {figure(error, decimals)})" if known else text


def _block(part: PartTable) -> PartBlock:
    of = f" {part.formula}" if part.formula else ""
    tests = "" if part.part == "thresholds" else ", z tests"
    rows = part.frame.to_numpy(dtype=float).tolist()
    effects = (
        FixedEffect(spell(str(name)), estimate, error, math.inf, z, p)
        for name, (estimate, error, z, p) in zip(part.frame.index, rows, strict=True)
    )
    return PartBlock(f"{part.title}{of} ({part.scale}{tests})", tuple(effects))


def _effect(name: str, row: Array, ratio: bool) -> FixedEffect:
    """From estimate, std_error, df, statistic, p_value, conf_low and conf_high."""
    estimate, error, df, statistic, p, *_ = row.tolist()
    shown = _exp(row[[0, 5, 6]]) if ratio else None
    return FixedEffect(spell(name), estimate, error, df, statistic, p, shown)


def _exp(values: Array) -> tuple[float, float, float]:
    with np.errstate(over="ignore"):
        estimate, low, high = np.exp(values).tolist()
    return estimate, low, high


def _apart(model: FittedModel, df: list[float]) -> str:
    """Why tests on rows less coefficients have other degrees of freedom than the fit."""
    n, p = model.nobs, len(df)
    if not df or any(value != n - p for value in df) or n - p == model.df_resid:
        return ""
    return (
        f"df of the tests: rows less coefficients, {whole(n)} - {p}. df resid: rows less all "
        f"parameters, {whole(n)} - {n - model.df_resid}; it counts the variances too."
    )


def residual_quantiles(model: FittedModel) -> tuple[float, ...]:
    """Smallest, quartiles and largest of the scaled residuals; none if nobody kept the rows."""
    kept = getattr(model, "_kept", None)  # by a fit from a file
    if kept is not None:
        return tuple(kept.residual_quantiles)
    try:
        scaled: Array = np.asarray(model.residuals("pearson"), dtype=float)
    except RanefError:  # a fit of streamed data keeps no rows
        return ()
    if model._has_residual:
        scaled = scaled / residual_sd(model)
    # Between two infinite ones there is no interpolating: they are the largest numbers meanwhile.
    most = float(np.finfo(np.float64).max) / 4.0
    found = np.quantile(np.clip(scaled, -most, most), (0.0, 0.25, 0.5, 0.75, 1.0))
    return tuple(q if abs(q) < 0.5 * most else math.copysign(math.inf, q) for q in found.tolist())
