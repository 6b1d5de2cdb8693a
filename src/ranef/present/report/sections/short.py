"""In short: at most five sentences, each with its numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ranef.formula.naming import factors
from ranef.page.html import escaped
from ranef.page.phrases import one_of_them, percent, whole
from ranef.present.report.blocks import Missing, bullet, prose
from ranef.present.report.figures import estimate, interval, table_decimals
from ranef.present.report.material import Coefficient, Material, asked
from ranef.types import INTERCEPT

__all__ = ["body", "left_over"]

_MOST = 5
_MOST_COEFFICIENTS = 3
_NOTHING = 0.0005
_HERE = "\0"
_STARTS = ("one unit", "the slope", "the difference", "the intercept", "the mean of")
"""What a sentence begins with if it is not a name, which stays as it is."""


def body(material: Material) -> str:
    """The sentences as a list."""
    said = _doubts(material)
    if not said:
        said = _coefficients(material)
        said += map(prose, _chosen(material, _MOST - len(said))[0])
    if len(said) < _MOST and material.model.certificate.certified:
        said += map(prose, _shares(material))
    return bullet(said[:_MOST])


def left_over(material: Material) -> list[str]:
    """What the other models say, as far as there is not room for it among the first sentences."""
    if not material.model.certificate.certified:
        return []
    return _chosen(material, _MOST - len(_coefficients(material)))[1]


def _chosen(material: Material, room: int) -> tuple[list[str], list[str]]:
    """The sentences of the diagnosis that are said, those on conclusions among them; the others."""
    facts, conclusions = _of_ladder(material)
    kept = min(len(conclusions), room - bool(facts))
    first = facts[: room - kept]
    return first + conclusions[:kept], facts[room - kept :] + conclusions[kept:]


def _doubts(material: Material) -> list[str]:
    """What comes first if the estimates are not those of an optimum."""
    if material.model.certificate.certified:
        return []
    said = ["The estimates on this page are not those of an optimum: do not report them."]
    diagnosis = material.diagnosis
    if diagnosis is not None and not isinstance(diagnosis, Missing):
        said += diagnosis.ladder.summary
    return [prose(text) for text in said]


def _coefficients(material: Material) -> list[str]:
    """The focal coefficients, products with what they change; of many, those that stand out."""
    table = material.coefficients
    names = material.focal or list(table)
    names = [name for name in names if math.isfinite(table[name].std_error)]
    if len(names) <= _MOST_COEFFICIENTS:
        return _joined(names, [_sentence(material, name) for name in names])
    clear = [name for name in names if table[name].clear]
    have = one_of_them(
        len(clear), "has a 95% interval that excludes", "have 95% intervals that exclude"
    )
    first = f"Of {whole(len(names))} coefficients, {whole(len(clear))} {have} zero."
    ranked = sorted(clear, key=lambda name: -abs(table[name].statistic))
    shown = [f"{_capital(_sentence(material, name))}." for name in ranked[:1]]
    return [prose(first), *shown]


def _joined(names: Sequence[str], sentences: Sequence[str]) -> list[str]:
    """Each product after the first of its factors that has a sentence of its own."""
    place = {name: k for k, name in enumerate(names) if len(factors(name)) == 1}
    parts: dict[int, list[str]] = {}
    for k, name in enumerate(names):
        own = [place[part] for part in factors(name) if part in place]
        parts.setdefault(own[0] if own else k, []).append(sentences[k])
    return [f"{_capital('; '.join(some))}." for some in parts.values()]


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}" if text.startswith(_STARTS) else text


def _sentence(material: Material, name: str) -> str:
    one = material.coefficients[name]
    b, error, low, high = one.estimate, one.std_error, one.conf_low, one.conf_high
    decimals = material.decimals[name]
    ratio = material.model._response_scale.ratio
    if ratio and name != INTERCEPT:
        factor = math.exp(min(b, 700.0))
        decimals = table_decimals([factor * error])[0]
        size = estimate(factor, factor * error, decimals)
        ends = interval(math.exp(min(low, 700.0)), math.exp(min(high, 700.0)), decimals)
        sentence = f"{prose(_change(material, name))}: {escaped(ratio)} <b>{size}</b>"
        return f"{sentence} (95% interval {ends}){_open(one, 'one')}"
    size = estimate(abs(b), error, decimals)
    said = f"(95% interval {interval(low, high, decimals)})"
    before, after = _told(material, name, b < 0.0).split(_HERE)
    shown = f"{prose(before)}<b>{size}</b>{prose(after)}"
    return f"{shown} {said}{_open(one, 'zero')}"


def _open(one: Coefficient, nothing: str) -> str:
    return "" if one.clear else f", which includes {nothing}"


def _change(material: Material, name: str) -> str:
    """The change that a ratio is about."""
    parts, meanings = factors(name), material.meanings
    if len(parts) == 1 and meanings.kind(name) == "number" and name not in meanings.two_valued:
        return f"One unit more of {material.words.variable(name)}{meanings.where(name)}"
    told = meanings.of(name)
    return f"{material.name(name)}{f' ({told})' if told else ''}"


def _told(material: Material, name: str, below: bool) -> str:
    """A coefficient in a clause of its own; its size stands where `_HERE` is."""
    size = _HERE
    meanings, words = material.meanings, material.words
    linear = material.model._distribution is None
    outcome = material.response if linear else f"the {meanings.outcome}"
    less = "lower" if below else "higher"
    signed = f"−{size}" if below else size
    if name == INTERCEPT:
        if not material.focal:
            return f"the mean of {outcome} is {signed}" if linear else f"{outcome} is {signed}"
        told = meanings.of(name)
        return f"{told or f'the intercept of {outcome}'}: {signed}"
    parts = factors(name)
    kinds = [meanings.kind(part) for part in parts]
    if "other" in kinds or "cell" in kinds or len(parts) > 2:
        return f"{material.name(name)}: {signed}"
    if len(parts) == 1:
        where = meanings.where(name)
        if kinds[0] == "level":
            one, base = meanings.levels(name)
            label = meanings.label(name)
            return f"{outcome} is {size} {less} if {label} is {one} than if it is {base}{where}"
        if name in meanings.two_valued:
            label = words.variable(name)
            return f"{outcome} is {size} {less} if {label} is 1 than if it is 0{where}"
        more = "less" if below else "more"
        return (
            f"one unit more of {words.variable(name)} goes with {size} {more} of {outcome}{where}"
        )
    first, second = sorted(parts, key=meanings.switches)
    if meanings.switches(first):
        one, other = meanings.difference(second)
        return (
            f"the difference of {meanings.contrast(first)} is {size} {less} where {one} than "
            f"where {other}"
        )
    slope = words.variable(first)
    if not meanings.switches(second):
        return (
            f"the slope of {slope} is {size} {less} for one unit more of {words.variable(second)}"
        )
    one, other = meanings.difference(second)
    return f"the slope of {slope} is {size} {less} where {one} than where {other}"


def _of_ladder(material: Material) -> tuple[list[str], list[str]]:
    """What the other models show, without what the verdict says already; and what then holds.

    A likely cause stands with the fact that it is the cause of.
    """
    diagnosis = material.diagnosis
    if diagnosis is None or isinstance(diagnosis, Missing):
        return [], []
    ladder = diagnosis.ladder
    end = len(ladder.summary) - ladder.about_coefficients
    facts: list[str] = []
    for told in ladder.summary[ladder.about_optimum : end]:
        if facts and told.startswith("The likely cause"):
            facts[-1] += f" {told}"
        else:
            facts.append(told)
    return facts, list(ladder.summary[end:])


def _shares(material: Material) -> list[str]:
    """How much of the variance the model explains."""
    fit = material.any()
    found = asked("Explained variance", fit.r2) if material.model.ngroups else None
    if found is None or isinstance(found, Missing) or not math.isfinite(found.conditional):
        return []
    scale = material.model._response_scale
    linear = material.model._distribution is None
    what = material.response if linear else f"the {scale.predictor or 'linear predictor'}"
    fixed, both = found.marginal, found.conditional
    if both < _NOTHING:
        return []
    if not material.focal:
        return [f"The groups account for {percent(both)} of the variance of {what}."]
    return [
        f"The predictors account for {percent(fixed)} of the variance of {what}, predictors and "
        f"groups together for {percent(both)}."
    ]
