"""From a fitted model to its column: numbers by row, and the words for the rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from ranef.present.distribution import Distribution
from ranef.present.frames.tidy import tidy
from ranef.present.protocol import Criteria, FittedModel, criterion_error, term_ranks
from ranef.present.ratios import need_ratio
from ranef.present.structured import legends
from ranef.present.table.gof import measured, names_of
from ranef.present.table.options import TableOptions
from ranef.present.table.record import Coefficient, InformationCriteria, ModelColumn
from ranef.present.table.spreads import spreads_of
from ranef.present.text.names import one_line, prior_phrases, response_of, spell
from ranef.present.text.words import Words

__all__ = ["model_columns", "shown_models"]

_NAN = math.nan
_NUMBERS = ("estimate", "std_error", "p_value", "statistic", "df", "conf_low", "conf_high")


def shown_models(models: Sequence[FittedModel], options: TableOptions) -> list[FittedModel]:
    """The models whose numbers are shown: fitted again to standardised numbers if asked for."""
    if options.standardize != "refit":
        return list(models)
    return [model._standardised() for model in models]


def model_columns(
    models: Sequence[FittedModel], options: TableOptions, ml: Sequence[Criteria | None]
) -> tuple[ModelColumn, ...]:
    """One column a model.

    Parameters
    ----------
    models : sequence of FittedModel
        What `shown_models` gives.
    options : TableOptions
    ml : sequence of Criteria or None
        For each REML model the criteria of its ML fit, if they are known.
    """
    measures = measured(models, [name for name, _ in names_of(options.gof)])
    words = _words(models, options.words)
    return tuple(
        _column(i, model, options, refit, words[i], measures[i])
        for i, (model, refit) in enumerate(zip(models, ml, strict=True))
    )


def _words(models: Sequence[FittedModel], labels: Mapping[str, str]) -> list[Words]:
    """The words of each model, with the labels of all: a variable has one name in a table."""
    known: dict[str, str] = {}
    for model in reversed(models):
        known |= model._words.labels
    return [replace(model._words, labels={**known, **labels}) for model in models]


def _column(
    place: int,
    model: FittedModel,
    options: TableOptions,
    refit: Criteria | None,
    words: Words,
    measures: Mapping[str, Any],
) -> ModelColumn:
    ratio = need_ratio(model) if options.exponentiate else ""
    coefficients, parts, said = _coefficients(model, options, options.vcov[place], words)
    spreads = spreads_of(model, options.scale, words, options.style.spread_words)
    groups = {group: words.group(group) for group in model.ngroups}
    own = _criteria(model)
    distribution = model._distribution
    return ModelColumn(
        label=options.headings[place],
        formula=model.formula,
        reml=model.reml,
        coefficients=coefficients,
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
        error=criterion_error(model),
        priors=prior_phrases(model.prior),
        ratio=ratio,
        parts=parts,
        number=place + 1,
        response=one_line(words.variable(response_of(model.formula))),
        words={**said, **spreads.words, **{f"Num. groups: {g}": w for g, w in groups.items()}},
        measures=measures,
        singular=tuple(
            f"rank {rank} of {full} for {words.group(group)}"
            for group, rank, full in term_ranks(model)
            if rank < full
        ),
        **({} if distribution is None else _of_distribution(distribution)),
    )


def _coefficients(
    model: FittedModel, options: TableOptions, vcov: Any, words: Words
) -> tuple[dict[str, Coefficient], dict[str, Coefficient], dict[str, str]]:
    """Those of the mean by name, those of other parts by label, and the words for both."""
    frame = tidy(
        model,
        "fixed",
        options.ddf,
        options.level,
        vcov,
        None if options.standardize == "refit" else options.standardize,
        options.exponentiate,
    )
    means: dict[str, Coefficient] = {}
    parts: dict[str, Coefficient] = {}
    said: dict[str, str] = {}
    for row in frame[["effect", "term", *_NUMBERS]].itertuples(index=False):
        effect, name = str(row[0]), str(row[1])
        made = Coefficient(*(float(cast("float", x)) for x in row[2:]))
        if effect == "fixed":
            if not math.isnan(made.estimate) or name in model.dropped:
                means[name], said[name] = made, words.coefficient(name)
        else:
            word = "Threshold" if effect == "thresholds" else effect.capitalize()
            label = f"{word}: {spell(name)}"
            parts[label] = made
            said[label] = label if effect == "thresholds" else f"{word}: {words.coefficient(name)}"
    for name in model.dropped:
        means[name], said[name] = Coefficient(_NAN, _NAN, _NAN), words.coefficient(name)
    return means, parts, said


def _of_distribution(distribution: Distribution) -> dict[str, Any]:
    """Entries of a column that only generalised models have."""
    name = distribution.dispersion_name
    return {
        "family": distribution.family.replace("_", " "),
        "link": distribution.link,
        "approximation": distribution.approximation,
        "dispersion": {f"Dispersion: {name}": distribution.dispersion} if name else {},
    }


def _criteria(fit: Criteria) -> InformationCriteria:
    return InformationCriteria(float(fit.aic), float(fit.bic), float(fit.loglik))
