"""From fitted models to the table: which rows there are and what stands in them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from ranef.errors import OptionError
from ranef.inference.ddf.registry import in_words
from ranef.options import boolean, name_list, one_of, whole
from ranef.present.distribution import Distribution
from ranef.present.protocol import Criteria, FittedModel, coefficients_of
from ranef.present.ratios import need_ratio
from ranef.present.structured import legends
from ranef.present.table.comparability import comparability
from ranef.present.table.facade import ComparisonTable
from ranef.present.table.notes import notes_for
from ranef.present.table.record import (
    Block,
    Cell,
    Coefficient,
    InformationCriteria,
    ModelColumn,
    Row,
)
from ranef.present.table.spreads import SCALES, Scale, spreads_of
from ranef.present.text.names import prior_phrases, spell
from ranef.present.text.numbers import LEGEND, decimals_for, stars

__all__ = ["build_table"]

_CORRELATION_DECIMALS = 3
_NUMBERS = ("estimate", "std_error", "p_value", "statistic", "df", "conf_low", "conf_high")


def build_table(
    models: Sequence[FittedModel],
    labels: Sequence[str] | None = None,
    scale: Scale = "variance",
    ic: Literal["ml", "as-fitted"] = "ml",
    ml: Sequence[Criteria | None] | None = None,
    ddf: str = "auto",
    digits: int = 2,
    vcov: Any = None,
    exponentiate: bool = False,
) -> ComparisonTable:
    """Arrange fitted models side by side.

    Parameters
    ----------
    models : sequence of FittedModel
        At least one.
    labels : sequence of str, optional
        Column heads; ``Model 1``, ``Model 2``, ... by default.
    scale : {"variance", "sd"}
        Variances and covariances, or standard deviations and correlations.
    ic : {"ml", "as-fitted"}
        With ``"ml"``, AIC, BIC and log-likelihood of the ML fits are added wherever those of
        the fits themselves cannot be compared.
    ml : sequence of Criteria or None, optional
        For each REML model the criteria of its ML fit (or that fit), else None.
    ddf : str
        Method for the degrees of freedom behind the stars.
    vcov : str or mapping, optional
        Standard errors, as in ``Fit.coefficients``.
    exponentiate : bool
        Ratios in place of coefficients, with standard errors by the delta method.
    digits : int
        Least decimals. A row gets more where its smallest standard error, variance or covariance
        needs them for two significant digits; beyond five decimals it is in scientific notation.

    Raises
    ------
    OptionError
        No models; labels or ml of another length; an unknown scale, ic or number of digits;
        coefficients that are not logarithms of ratios.
    """
    labels = None if labels is None else name_list("labels", labels, "model")
    _check(models, labels, scale, ic, ml, digits)
    ratios = [
        need_ratio(model) if boolean("exponentiate", exponentiate) else "" for model in models
    ]
    heads = list(labels) if labels else [f"Model {i}" for i in range(1, len(models) + 1)]
    refits = list(ml) if ml else [None] * len(models)
    frames = [coefficients_of(model, ddf, vcov=vcov) for model in models]
    errors = [] if vcov is None else [model._errors_in_words(vcov) for model in models]
    columns = tuple(
        _column(model, head, _coefficients(frame, bool(ratio)), refit, scale, ratio)
        for model, head, frame, refit, ratio in zip(
            models, heads, frames, refits, ratios, strict=True
        )
    )
    status = comparability(models)
    with_ml = (
        ic == "ml"
        and status in ("same fixed part", "same method")
        and any(column.ml for column in columns)
    )
    blocks = (
        _coefficient_block(columns, digits),
        _fit_block(columns, digits, with_ml),
        _variance_block(columns, digits),
    )
    t_tests = [bool((f["df"].dropna() < math.inf).any()) for f in frames]
    return ComparisonTable(
        columns=columns,
        blocks=tuple(block for block in blocks if block.rows),
        legend=_legend(columns, ddf, t_tests),
        notes=notes_for(columns, status, with_ml, errors),
    )


def _check(
    models: Sequence[FittedModel],
    labels: Sequence[str] | None,
    scale: str,
    ic: str,
    ml: Sequence[Criteria | None] | None,
    digits: int,
) -> None:
    if not models:
        raise OptionError("no models to put in a table", fix="give at least one fitted model")
    for name, values in (("labels", labels), ("ml", ml)):
        if values and len(values) != len(models):
            raise OptionError(
                f"{name} must have one entry for each model",
                found=f"{len(values)} for {len(models)} models",
                fix=f"give {len(models)} of them in a list, or none",
            )
    one_of("scale", scale, SCALES)
    one_of("ic", ic, ("ml", "as-fitted"))
    whole("digits", digits, least=0, most=12, of="the number of decimals")


def _coefficients(frame: object, ratios: bool = False) -> dict[str, Coefficient]:
    whole = frame.reindex(columns=list(_NUMBERS))  # type: ignore[attr-defined]
    each = {str(r[0]): Coefficient(*map(float, r[1:])) for r in whole.itertuples()}
    return {name: _exp(c) for name, c in each.items()} if ratios else each


def _exp(coefficient: Coefficient) -> Coefficient:
    """The ratio, its standard error by the delta method, and the test of the coefficient."""
    ratio = float(np.exp(coefficient.estimate))
    return replace(
        coefficient,
        estimate=ratio,
        std_error=ratio * coefficient.std_error,
        conf_low=float(np.exp(coefficient.conf_low)),
        conf_high=float(np.exp(coefficient.conf_high)),
    )


def _parts(distribution: Distribution, ratios: bool) -> dict[str, Coefficient]:
    """Zeros, dispersion and thresholds; exp of what has a ratio."""
    out: dict[str, Coefficient] = {}
    for part in distribution.parts:
        word = "Threshold" if part.part == "thresholds" else part.part.capitalize()
        each = _coefficients(part.frame, ratios and bool(part.ratio))
        out |= {f"{word}: {spell(name)}": c for name, c in each.items()}
    return out


def _column(
    model: FittedModel,
    label: str,
    coefficients: dict[str, Coefficient],
    refit: Criteria | None,
    scale: Scale,
    ratio: str,
) -> ModelColumn:
    own = _criteria(model)
    distribution = model._distribution
    spreads = spreads_of(model, scale)
    aliased = {name: Coefficient(math.nan, math.nan, math.nan) for name in model.dropped}
    return ModelColumn(
        label=label,
        formula=model.formula,
        reml=model.reml,
        coefficients={**coefficients, **aliased},
        as_fitted=own,
        ml=(_criteria(refit) if refit is not None else None) if model.reml else own,
        nobs=model.nobs,
        ngroups=dict(model.ngroups),
        components=spreads.components,
        covariances=spreads.covariances,
        correlations=spreads.correlations,
        residual=spreads.residual,
        structures=legends(model._covariances),
        verdict=model.certificate.verdict,
        certified=model.certificate.certified,
        certificate=str(model.certificate),
        priors=prior_phrases(model.prior),
        ratio=ratio,
        **({} if distribution is None else _of_distribution(distribution, bool(ratio))),
    )


def _of_distribution(distribution: Distribution, ratios: bool) -> dict[str, Any]:
    """Entries of a column that only generalised models have."""
    name = distribution.dispersion_name
    return {
        "family": distribution.family.replace("_", " "),
        "link": distribution.link,
        "approximation": distribution.approximation,
        "parts": _parts(distribution, ratios),
        "dispersion": {f"Dispersion: {name}": distribution.dispersion} if name else {},
    }


def _criteria(fit: Criteria) -> InformationCriteria:
    return InformationCriteria(float(fit.aic), float(fit.bic), float(fit.loglik))


def _coefficient_block(columns: Sequence[ModelColumn], digits: int) -> Block:
    rows = _coefficient_rows([column.coefficients for column in columns], digits)
    return Block("coefficients", (*rows, *_coefficient_rows([c.parts for c in columns], digits)))


def _coefficient_rows(maps: Sequence[Mapping[str, Coefficient]], digits: int) -> list[Row]:
    rows = []
    for name in _union(maps):
        found = [coefficients.get(name) for coefficients in maps]
        cells = tuple(
            Cell(c.estimate, None if math.isnan(c.estimate) else c.std_error, stars(c.p_value))
            if c
            else Cell()
            for c in found
        )
        decimals = decimals_for([c.std_error for c in found if c], digits)
        rows.append(Row(spell(name), cells, decimals))
    return rows


def _fit_block(columns: Sequence[ModelColumn], digits: int, with_ml: bool) -> Block:
    def row(label: str, value: Callable[[ModelColumn], float | int | str | None]) -> Row:
        return Row(label, tuple(Cell(value(column)) for column in columns), digits)

    families = {column.family for column in columns}
    links = {column.link for column in columns}
    rows = [row("Family", lambda c: c.family)] if len(families) > 1 else []
    rows += [row("Link", lambda c: c.link)] if len(links) > 1 else []
    rows += [
        row("AIC", lambda c: c.as_fitted.aic),
        row("BIC", lambda c: c.as_fitted.bic),
        row("Log Likelihood", lambda c: c.as_fitted.loglik),
    ]
    if with_ml:
        rows += [
            row("AIC (ML)", lambda c: c.ml.aic if c.ml else None),
            row("BIC (ML)", lambda c: c.ml.bic if c.ml else None),
            row("Log Likelihood (ML)", lambda c: c.ml.loglik if c.ml else None),
        ]
    rows.append(row("Num. obs.", lambda c: c.nobs))
    for group in _union(column.ngroups for column in columns):
        rows.append(row(f"Num. groups: {group}", lambda c, g=group: c.ngroups.get(g)))  # type: ignore[misc]
    return Block("fit", tuple(rows))


def _variance_block(columns: Sequence[ModelColumn], digits: int) -> Block:
    rows = []
    for part in ("components", "covariances", "correlations", "residual", "dispersion"):
        maps: list[Mapping[str, float]] = [getattr(column, part) for column in columns]
        least = max(digits, _CORRELATION_DECIMALS) if part == "correlations" else digits
        for label in _union(maps):
            values = [m.get(label) for m in maps]
            decimals = decimals_for([v for v in values if v is not None], least)
            rows.append(Row(label, tuple(Cell(v) for v in values), decimals))
    return Block("variances", tuple(rows))


def _union(maps: Iterable[Mapping[str, object]]) -> list[str]:
    """Keys in order of first appearance."""
    return list(dict.fromkeys(key for m in maps for key in m))


def _legend(columns: Sequence[ModelColumn], ddf: str, t_tests: Sequence[bool]) -> str:
    maps = [m for column in columns for m in (column.coefficients, column.parts)]
    used = any(stars(c.p_value) for m in maps for c in m.values())
    if not used:
        return ""
    tests = f"t tests, {in_words(ddf)}" if any(t_tests) else "z tests"
    others = [c.label for c, by_t in zip(columns, t_tests, strict=True) if not by_t]
    if any(t_tests) and others:
        tests += f"; z tests of {', '.join(others)}"
    return "; ".join(f"{mark} p < {bound:g}" for bound, mark in LEGEND) + f" ({tests})"
