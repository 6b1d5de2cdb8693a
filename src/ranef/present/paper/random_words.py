"""The random part and the residuals in sentences."""

from __future__ import annotations

import math

from ranef.covariance import Kind
from ranef.formula.naming import factors, without_level
from ranef.present.paper.model_words import group_words
from ranef.present.protocol import FittedModel, TermCovariance, term_ranks
from ranef.present.request import Request
from ranef.present.structured import kind_of_term
from ranef.present.text.prose import listed
from ranef.present.text.words import Words
from ranef.types import INTERCEPT

__all__ = ["effects_words", "random_part", "residual_part", "singular_words"]

_NO_VARIANCE = 1e-9  # of the largest standard deviation of a term


def random_part(model: FittedModel, words: Words) -> list[str]:
    """What varies between the levels of each grouping factor, and how it covaries."""
    out = []
    by_factor: dict[str, list[TermCovariance]] = {}
    for term in model._covariances:
        by_factor.setdefault(term.label.factor, []).append(term)
    alone: dict[str, list[str]] = {}
    for factor, terms in by_factor.items():
        group = group_words(factor, model, words)
        if len(terms) == 1 and len(terms[0].label.names) == 1:
            alone.setdefault(effects_words(terms[0].label.names, words), []).append(group)
        elif all(len(term.label.names) == 1 for term in terms) and len(terms) > 1:
            effects = listed([effects_words(term.label.names, words) for term in terms])
            out.append(
                f"{_capital(effects)} varied between levels of {group}, independently of each "
                "other."
            )
        else:
            out += [_sentence(term, group, words) for term in terms]
            if len(terms) > 1:
                out.append(f"These terms of {group} were independent of each other.")
    for effects, groups in alone.items():
        levels = listed([f"between levels of {group}" for group in groups])
        out.append(f"{_capital(effects)} varied {levels}.")
    if out:
        out.append("Random effects were taken as normally distributed with mean zero.")
    return out


def _sentence(term: TermCovariance, group: str, words: Words) -> str:
    names, kind = term.label.names, kind_of_term(term)
    effects = _capital(effects_words(names, words))
    return f"{effects} varied between levels of {group}{_covariance(term, kind)}."


def _covariance(term: TermCovariance, kind: Kind | None) -> str:
    q = len(term.label.names)
    if kind is None:
        if q == 1:
            return ""
        return ", with their correlation" if q == 2 else ", with all of their correlations"
    if kind.name == "rr":
        assert term.block is not None
        return f", with a covariance matrix of rank {term.block.rank} for {q} effects"
    return f", with a covariance structure ({kind.name}): {kind.words}"


def effects_words(names: tuple[str, ...], words: Words) -> str:
    """The random effects of a term, those of one category together.

    >>> effects_words(("Intercept", "x"), Words())
    'intercepts and slopes of x'
    """
    said: dict[str, None] = {}
    for name in names:
        parts = [without_level(part) for part in factors(name)]
        if name != INTERCEPT and any(part in words.categories for part in parts):
            shown = " × ".join(
                words.labels.get(p, words.categories[p].column)
                if p in words.categories
                else words.variable(p)
                for p in parts
            )
            said[f"effects of {shown}"] = None
        else:
            said[words.effect(name)] = None
    return listed(list(said))


def residual_part(model: FittedModel, request: Request, words: Words) -> str:
    """What was assumed of the residuals; empty for generalised models."""
    if not model._has_residual or request.family is not None:
        return ""
    spec = request.residual
    weighted = request.weights is not None
    if spec is None:
        one = "a variance inversely proportional to the weights" if weighted else "one variance"
        return f"Residuals were taken as independent and normal with {one}."
    variables = listed([words.variable(name.name) for name in spec.variables])
    if spec.kind == "strata":
        text = (
            f"Residuals were independent and normal with a variance for each level of {variables}"
        )
    else:
        groups = " × ".join(words.group(name.name) for name in spec.group)
        text = (
            "Residuals were normal with one variance and a first-order autoregressive correlation "
            f"along {variables} within {groups}"
        )
    return f"{text}.{' The variance of a row was divided by its weight.' if weighted else ''}"


def singular_words(model: FittedModel, words: Words, short: bool = False) -> list[str]:
    """What is singular in the covariance matrix of each term; empty if nothing is."""
    return [
        _of_singular_term(term, rank, full, words).partition(", with" if short else "\0")[0]
        for term, (_, rank, full) in zip(model._covariances, term_ranks(model), strict=True)
        if rank < full
    ]


def _of_singular_term(term: TermCovariance, rank: int, full: int, words: Words) -> str:
    group = words.group(term.label.factor)
    sds, names = term.sds, term.label.names
    scale = float(sds.max(initial=0.0))
    gone = tuple(
        name for name, sd in zip(names, sds.tolist(), strict=True) if sd <= _NO_VARIANCE * scale
    )
    if len(gone) == len(names):
        return f"the variance of {effects_words(names, words)} of {group} is estimated as zero"
    text = f"the covariance matrix of {group} has rank {rank} of {full}"
    if gone:
        text += f", with an estimated variance of zero for {effects_words(gone, words)}"
    elif len(names) == 2 and math.isfinite(r := term.correlation(0, 1)):
        sign = "+1" if r > 0.0 else "−1"
        one, other = (effects_words((name,), words) for name in names)
        text += f", with an estimated correlation of {sign} between {one} and {other}"
    return text


def _capital(text: str) -> str:
    return (
        text[:1].upper() + text[1:]
        if text.startswith(("intercepts", "slopes", "effects"))
        else text
    )
