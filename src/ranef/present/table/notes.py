"""What stands under a table: what may be compared, how it was fitted, the verdict on each fit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

from ranef.present.table.comparability import Comparability
from ranef.present.table.fit_rows import criteria_shown
from ranef.present.table.options import TableOptions
from ranef.present.table.record import ModelColumn
from ranef.present.text.names import one_line

__all__ = ["legend_for", "notes_for"]

_ML = "The rows marked (ML), from maximum likelihood fits of the same models, are comparable."
_NO_ML = "Fit the models by ML to compare them."

_STANDARDISED = {
    "refit": "Standardised: fitted to the response and the numeric predictors, each less its mean "
    "over its standard deviation.",
    "basic": "Standardised: coefficients times the standard deviation of their column over that "
    "of the response.",
    "within": "Standardised: coefficients times the standard deviation of their column over that "
    "of the response, both within groups if the column varies within groups, else between groups.",
}


def notes_for(
    columns: Sequence[ModelColumn],
    status: Comparability,
    with_ml: bool,
    errors: Sequence[str],
    options: TableOptions,
) -> tuple[str, ...]:
    """The notes, most important first; `errors` are standard errors in words, by column."""
    if not options.automatic_notes:
        return ()
    notes = (
        *_comparison(columns, status, with_ml, criteria_shown(options)),
        *_shown(options),
        *_ratios(columns),
        *_standardised(options),
        *_priors(columns),
        *_errors(columns, errors, options),
        *_methods(columns),
        *(_estimates(columns) if criteria_shown(options) else ()),
        *_structures(columns),
        *_verdicts(columns, options),
        *options.notes,
    )
    return tuple(map(one_line, notes))


def legend_for(
    used: bool,
    tests: str,
    columns: Sequence[ModelColumn],
    normal: Sequence[bool],
    options: TableOptions,
) -> str:
    """What the marks mean, the strictest first; empty if there are none.

    Parameters
    ----------
    used : bool
        Whether a coefficient has a mark.
    tests : str
        The degrees of freedom in words.
    columns : sequence of ModelColumn
    normal : sequence of bool
        Which columns have z tests.
    options : TableOptions
    """
    if not used or not options.automatic_notes:
        return ""
    kind = "z tests" if all(normal) else f"t tests, {tests}"
    if any(normal) and not all(normal):
        others = [c.label for c, by_z in zip(columns, normal, strict=True) if by_z]
        kind += f"; z tests of {', '.join(others)}"
    zero = "" if options.style.leading_zero else "0"
    marks = [f"{mark} p < {f'{bound:g}'.removeprefix(zero)}" for mark, bound in options.stars]
    return f"{'; '.join(marks)} ({kind})"


def _whose(members: Iterable[ModelColumn], options: TableOptions) -> str:
    """The columns by heading, or by number if these are their headings: ``"2 to 6"``."""
    chosen = list(members)
    if options.own_headings:
        return ", ".join(column.label for column in chosen)
    runs: list[list[int]] = []
    for column in chosen:
        if runs and column.number == runs[-1][-1] + 1:
            runs[-1].append(column.number)
        else:
            runs.append([column.number])
    texts = [f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs]
    return ", ".join(texts)


def _by(
    columns: Sequence[ModelColumn], texts: Sequence[str], options: TableOptions
) -> tuple[tuple[str, str], ...]:
    """Each text once, with the columns it is about."""
    return tuple(
        (text, _whose((c for c, t in zip(columns, texts, strict=True) if t == text), options))
        for text in dict.fromkeys(texts)
    )


def _shown(options: TableOptions) -> tuple[str, ...]:
    """What stands in brackets."""
    presets = {template.preset for template in options.statistic}
    level = f"{100 * options.level:g}% confidence intervals"
    said = []
    if "se" in presets and (presets != {"se"} or options.style.symbols):
        said.append("Standard errors are in parentheses")
    if "ci" in presets:
        said.append(f"{level} are in brackets")
    elif any("conf_low" in t.fields or "conf_high" in t.fields for t in options.statistic):
        said.append(f"Confidence intervals are at the {100 * options.level:g}% level")
    return (f"{'; '.join(said)}.",) if said else ()


def _errors(
    columns: Sequence[ModelColumn], errors: Sequence[str], options: TableOptions
) -> tuple[str, ...]:
    if not any(errors):
        return ()
    if len(set(errors)) == 1:
        return (f"{errors[0]}.",)
    said = [text or "standard errors of the model" for text in errors]
    each = "; ".join(f"{text} ({whose})" for text, whose in _by(columns, said, options))
    return (f"{each[:1].upper()}{each[1:]}.",)


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


def _standardised(options: TableOptions) -> tuple[str, ...]:
    return (_STANDARDISED[options.standardize],) if options.standardize else ()


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
    columns: Sequence[ModelColumn],
    status: Comparability,
    with_ml: bool,
    criteria: Sequence[str],
) -> tuple[str, ...]:
    """Which of the criteria that are shown may be compared."""
    if len(columns) == 1 or status == "all" or not criteria:
        return ()
    they = f"{', '.join(criteria[:-1])} and {criteria[-1]}" if criteria[1:] else criteria[0]
    are = "are" if criteria[1:] else "is"
    if status == "different response":
        return (f"The models have different responses: their {they} {are} not comparable.",)
    if status == "different rows":
        return (
            f"The models are fitted to different rows of data: their {they} {are} not "
            "comparable, by REML or by ML.",
        )
    if status == "different measure":
        return (
            "The likelihoods of counts are made of probabilities, those of measurements of "
            f"densities: {they} {'do' if criteria[1:] else 'does'} not compare between the two.",
        )
    if status == "same method":
        problem = (
            f"REML and ML criteria do not compare with each other: {they} {are} "
            "comparable only between models fitted by the same method."
        )
    else:
        problem = (
            "REML criteria compare only models with the same fixed effects: these differ, so "
            f"{they} of the REML fits {are} not comparable here."
        )
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
    responses = dict.fromkeys(column.response for column in columns)
    if len(responses) == 1:
        method = f"Response: {columns[0].response}. {method}"
    aliased = [
        f"{column.label}: {column.words.get(name, name)}"
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


def _estimates(columns: Sequence[ModelColumn]) -> tuple[str, ...]:
    """The errors of estimated likelihoods, and the models whose AIC they do not tell apart."""
    known = [column for column in columns if column.error > 0.0]
    if not known:
        return ()
    each = ", ".join(f"{c.label}: {c.error:.1g}" for c in known)
    note = f"AIC, BIC and -2 Log Likelihood are estimates (crossed factors), within ({each})."
    ranked = sorted(columns, key=lambda column: column.as_fitted.aic)
    close = [
        f"{a.label} and {b.label}"
        for a, b in pairwise(ranked)
        if math.hypot(a.error, b.error) > b.as_fitted.aic - a.as_fitted.aic
    ]
    if close:
        note += f" Which AIC is smaller is not decided: {'; '.join(close)}."
    return (note,)


def _verdicts(columns: Sequence[ModelColumn], options: TableOptions) -> tuple[str, ...]:
    """The verdicts, each once with the models that have it; where a fit is singular."""
    if all(column.certified and column.verdict == "interior optimum" for column in columns):
        every = "Each fit is" if len(columns) > 1 else "The fit is"
        return (f"{every} certified: interior optimum.",)
    sentences = []
    for word, wanted in (("Certified", True), ("Not certified", False)):
        group = [column for column in columns if column.certified is wanted]
        group.sort(key=lambda column: column.verdict != "interior optimum")
        each = _by(group, [column.verdict for column in group], options)
        texts = [f"{verdict} ({whose})" if len(columns) > 1 else verdict for verdict, whose in each]
        sentences += [f"{word}: {'; '.join(texts)}."] if texts else []
    lacking = [column for column in columns if column.singular and column.certified]
    if lacking:
        each = _by(lacking, ["; ".join(column.singular) for column in lacking], options)
        texts = [f"{text} ({whose})" if len(columns) > 1 else text for text, whose in each]
        sentences.append(f"Singular covariance matrices: {'; '.join(texts)}.")
    return (" ".join(sentences),)
