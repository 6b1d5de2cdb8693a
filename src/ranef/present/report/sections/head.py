"""The head of the page: what was fitted, and the verdict with its evidence."""

from __future__ import annotations

import math
from typing import Any

from ranef.diagnose.words import join
from ranef.formula.naming import factors, without_level
from ranef.page.html import escaped
from ranef.page.phrases import whole
from ranef.present.report.blocks import prose
from ranef.present.report.figures import plain
from ranef.present.report.material import Material
from ranef.present.text.words import Words

__all__ = ["head", "title_of"]

_MOST_TERMS = 4
_SMALL = 1e-9
"""Deviance units below which what is left to gain is rounding."""
_MATTERS = "3.84 is what one parameter needs at the 5% level"


def title_of(material: Material) -> str:
    """The title asked for, or the formula in words."""
    if material.title:
        return material.title
    words, model = material.words, material.model
    terms = _terms(material)
    by = join(terms) if len(terms) <= _MOST_TERMS else f"{len(terms)} predictors"
    groups = join([words.group(group) for group in model.ngroups])
    text = f"{material.response} by {by}" if terms else f"The mean of {material.response}"
    return f"{text} across {groups}" if groups else text


def head(material: Material) -> str:
    """Kicker, title, formula, verdict."""
    return (
        f'<p class="kicker">{_kicker(material)}</p>'
        f"<h1>{escaped(title_of(material))}</h1>"
        f'<p class="formula"><code>{escaped(material.model.formula)}</code></p>'
        f"{_verdict(material)}{_notes(material)}"
    )


def _terms(material: Material) -> list[str]:
    """The variables of the fixed part."""
    found: dict[str, None] = {}
    for name in material.focal:
        for part in factors(name):
            variable = without_level(part)
            category = material.words.categories.get(variable)
            found[material.words.variable(category.column if category else variable)] = None
    return list(found)


def _kicker(material: Material) -> str:
    model = material.model
    family = "" if model._distribution is None else f", {model._distribution.sentence}"
    parts = [f"{model._kind}{family}", f"by {model._fitted_by}", f"{whole(model.nobs)} rows"]
    if model.ngroups:
        groups = [f"{whole(n)} of {material.words.group(g)}" for g, n in model.ngroups.items()]
        parts.append(f"groups: {join(groups)}")
    if model.prior is not None:
        parts.append("with a prior")
    return '<span class="sep" aria-hidden="true"> · </span>'.join(map(escaped, parts))


def _notes(material: Material) -> str:
    if not material.notes:
        return ""
    shown = "".join(f"<p>{escaped(text)}</p>" for text in material.notes)
    return f'<div class="author" role="note" aria-label="Notes of the author">{shown}</div>'


def _verdict(material: Material) -> str:
    certificate: Any = material.model.certificate
    good = certificate.certified
    bold, rest = verdict_words(certificate)
    rows = "".join(
        f"<dt>{escaped(term)}</dt><dd>{prose(told)}</dd>"
        for term, told in evidence(certificate, material.words)
    )
    opened = (
        f'<details><summary>The evidence</summary><dl class="ev">{rows}</dl></details>'
        if rows
        else ""
    )
    return (
        f'<div class="verdict {"sound" if good else "unsound"}">'
        f'<span class="mark" aria-hidden="true">{"✓" if good else "!"}</span>'
        f'<div><p class="said"><b>{prose(bold)}</b> {prose(rest)}</p>{opened}</div></div>'
    )


def verdict_words(certificate: Any) -> tuple[str, str]:
    """The verdict in a few words, and a sentence or two about it."""
    searched = getattr(certificate, "starts", 1) > 1 and getattr(certificate, "basins", 1) == 1
    nothing = (
        "No other search found a better fit, and nothing is left to gain."
        if searched
        else "Nothing is left to gain."
    )
    if certificate.verdict == "interior optimum":
        if not certificate.dims:
            return "At its optimum.", "Least squares gives it in closed form."
        return "At its optimum.", nothing
    if certificate.verdict == "boundary optimum":
        ends = [end.words for end in getattr(certificate, "ends", ())]
        where = _capital(join([*certificate.directions, *ends]))
        fact = "This is a finding about this model and these data, not a failure."
        return "At its optimum, on the boundary.", f"{nothing} {where}. {fact}"
    if certificate.verdict == "flat":
        where = _capital(join(list(certificate.directions)))
        return (
            "Not identified.",
            f"Many values fit equally well: {where[:1].lower()}{where[1:]}. Do not report these "
            "estimates. A smaller model will do.",
        )
    if certificate.verdict == "no finite maximum":
        why = str(certificate).removeprefix("no finite maximum: ")
        return "No finite maximum.", f"{_capital(why)}."
    if certificate.verdict == "not at an optimum":
        return (
            "Not at an optimum.",
            f"At least {plain(certificate.gain)} deviance units can be gained ({_MATTERS}). Do not "
            "report these estimates.",
        )
    return "Not certified.", f"{_capital(str(certificate))}."


def evidence(certificate: Any, words: Words) -> list[tuple[str, str]]:
    """What the verdict rests on: terms, and what is known about each."""
    rows: list[tuple[str, str]] = []
    if not certificate.dims and certificate.certified:
        return rows
    if certificate.verdict == "no finite maximum":
        if certificate.separation is not None:
            rows.append(("separation", certificate.separation.proof))
        if certificate.variances is not None:
            rows.append(("variances", certificate.variances.proof))
        return [*rows, ("evaluations of the criterion", whole(certificate.evaluations))]
    gain = certificate.gain
    if not math.isnan(gain):
        size = "less than 1e-9" if gain < _SMALL else f"{gain:.1g}"
        units = (
            "deviance units of the penalised criterion"
            if certificate.penalised
            else "deviance units"
        )
        rows.append(("left to gain", f"{size} {units} ({_MATTERS})"))
    if math.isfinite(certificate.step_se) and certificate.certified:
        step = certificate.step_se
        size = "less than 1e-6" if step < 1e-6 else f"{step:.1g}"
        rows.append(("largest step left", f"{size} standard errors"))
    for label, rank in certificate.rank.items():
        full = certificate.full.get(label, certificate.dims[label])
        rows.append((f"rank of the covariance, {words.group(label)}", f"{rank} of {full}"))
    if math.isfinite(certificate.dual_min_eig):
        rises = "the criterion rises" if certificate.dual_min_eig >= 0 else "the criterion falls"
        rows.append(
            (
                "if there were more variance",
                f"{rises}: dual eigenvalue {certificate.dual_min_eig:+.3g}",
            )
        )
    rows += [
        (f"end of the {end.family} family", f"{end.becomes} ({end.words})")
        for end in certificate.ends
    ]
    searches, optima = certificate.starts, certificate.basins
    if searches > 1:
        met = "all ended in the same optimum" if optima == 1 else f"they met {optima} optima"
        rows.append(("searches", f"{searches}, and {met}"))
    rows.append(("evaluations of the criterion", whole(certificate.evaluations)))
    if certificate.rounding > 1e-6:
        rows.append(("the criterion is known to", f"{certificate.rounding:.1g} deviance units"))
    return rows


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
