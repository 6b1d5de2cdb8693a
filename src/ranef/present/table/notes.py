"""What stands under a table: what may be compared, and the verdict on each fit."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ranef.present.table.comparability import Comparability
from ranef.present.table.record import ModelColumn

__all__ = ["notes_for"]

_REML = (
    "REML criteria compare only models with the same fixed effects: these differ, so "
    "AIC, BIC and Log Likelihood of the REML fits are not comparable here."
)
_METHODS = (
    "REML and ML criteria do not compare with each other: AIC, BIC and Log Likelihood are "
    "comparable only between models fitted by the same method."
)
_ML = "The rows marked (ML), from maximum likelihood fits of the same models, are comparable."
_NO_ML = "Fit the models by ML to compare them."


def notes_for(
    columns: Sequence[ModelColumn],
    status: Comparability,
    with_ml: bool,
    errors: Sequence[str] = (),
) -> tuple[str, ...]:
    """The notes, most important first; `errors` are standard errors in words, by column."""
    return (
        *_comparison(columns, status, with_ml),
        *_ratios(columns),
        *_priors(columns),
        *_errors(columns, errors),
        *_methods(columns),
        *_structures(columns),
        *_verdicts(columns),
    )


def _errors(columns: Sequence[ModelColumn], errors: Sequence[str]) -> tuple[str, ...]:
    if len(set(errors)) < 2:
        return tuple(f"{text}." for text in errors[:1])
    each = zip(columns, errors, strict=True)
    return tuple(f"{column.label}: {text}." for column, text in each)


def _ratios(columns: Sequence[ModelColumn]) -> tuple[str, ...]:
    """What stands in place of coefficients."""
    if not any(column.ratio for column in columns):
        return ()
    named = dict.fromkeys(column.ratio for column in columns)
    if len(named) == 1:
        what = f"The coefficients are shown as {_plural(columns[0].ratio)}"
    else:
        whose = {r: ", ".join(c.label for c in columns if c.ratio == r) for r in named}
        each = "; ".join(f"{_plural(ratio)} ({labels})" for ratio, labels in whose.items())
        what = f"The coefficients are shown as {each}"
    parts = {name.partition(":")[0] for column in columns for name in column.parts}
    if "Zero" in parts:
        what += ", those of the zero part as odds ratios"
    if parts - {"Zero"}:
        words = " and ".join(sorted(f"{word.lower()} coefficients" for word in parts - {"Zero"}))
        what += f"; {words} are as estimated"
    return (f"{what}. Standard errors are by the delta method, tests are of the coefficients.",)


def _plural(ratio: str) -> str:
    """``"odds ratios"``, ``"ratios of means"``."""
    first, space, rest = ratio.partition(" of ")
    return f"{first}s{space}{rest}"


def _priors(columns: Sequence[ModelColumn]) -> tuple[str, ...]:
    penalised = [column for column in columns if column.priors]
    if not penalised:
        return ()
    each = "; ".join(f"{column.label}: {', '.join(column.priors)}" for column in penalised)
    return (
        f"Fitted with priors: {each}. AIC, BIC and Log Likelihood are the likelihood's alone, at "
        "estimates that do not maximise it: they do not compare with those of other fits.",
    )


def _comparison(
    columns: Sequence[ModelColumn], status: Comparability, with_ml: bool
) -> tuple[str, ...]:
    if len(columns) == 1 or status == "all":
        return ()
    if status == "different response":
        return (
            "The models have different responses: their AIC, BIC and Log Likelihood "
            "are not comparable.",
        )
    if status == "different rows":
        return (
            "The models are fitted to different rows of data: their AIC, BIC and "
            "Log Likelihood are not comparable, by REML or by ML.",
        )
    if status == "different measure":
        return (
            "The likelihoods of counts are made of probabilities, those of measurements of "
            "densities: AIC, BIC and Log Likelihood do not compare between the two.",
        )
    problem = _METHODS if status == "same method" else _REML
    if not with_ml:
        return (f"{problem} {_NO_ML}",)
    unknown = [column.label for column in columns if column.ml is None]
    gap = f" Not known for {', '.join(unknown)}." if unknown else ""
    return (f"{problem} {_ML}{gap}",)


def _methods(columns: Sequence[ModelColumn]) -> tuple[str, ...]:
    by_reml = [column.label for column in columns if column.reml]
    approximations = dict.fromkeys(column.approximation for column in columns)
    if len(approximations) == 1 and columns[0].approximation:
        method = f"Fitted by maximum likelihood ({columns[0].approximation})."
    elif len(approximations) > 1:
        each = "; ".join(
            f"{how or 'exact'}: {', '.join(c.label for c in columns if c.approximation == how)}"
            for how in approximations
        )
        method = f"Likelihoods are not computed in the same way ({each})."
        if by_reml:
            method += f" Fitted by REML: {', '.join(by_reml)}; the others by maximum likelihood."
    elif not by_reml:
        method = "Fitted by maximum likelihood."
    elif len(by_reml) == len(columns):
        method = "Fitted by REML."
    else:
        method = f"Fitted by REML: {', '.join(by_reml)}; the others by maximum likelihood."
    aliased = [
        f"{column.label}: {name}"
        for column in columns
        for name, coefficient in column.coefficients.items()
        if math.isnan(coefficient.estimate)
    ]
    if aliased:
        method += f" Dropped as linear combinations of other columns: {'; '.join(aliased)}."
    return (method,)


def _structures(columns: Sequence[ModelColumn]) -> tuple[str, ...]:
    """What the structures of all models mean, each once."""
    known = dict.fromkeys(text for column in columns for text in column.structures)
    return (f"Structures of covariances. {'; '.join(known)}.",) if known else ()


def _verdicts(columns: Sequence[ModelColumn]) -> tuple[str, ...]:
    if all(column.certified and column.verdict == "interior optimum" for column in columns):
        every = "Each fit is" if len(columns) > 1 else "The fit is"
        return (f"{every} certified: interior optimum.",)
    return tuple(f"{column.label}: {column.certificate}" for column in columns)
