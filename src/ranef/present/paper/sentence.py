"""A sentence about a fixed effect in APA style."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal, cast

from ranef.errors import OptionError
from ranef.options import boolean, confidence, shown
from ranef.present.frames.tidy import tidy
from ranef.present.paper.apa import (
    apa_df,
    apa_p,
    apa_test,
    estimate_with_error,
    interval_text,
    number,
)
from ranef.present.paper.estimation_words import errors_words
from ranef.present.paper.model_words import response_words
from ranef.present.paper.random_words import singular_words
from ranef.present.paper.subject import clause, condition, term_clause
from ranef.present.paper.terms import Asked, asked_for, variables_of
from ranef.present.protocol import FittedModel
from ranef.present.ratios import need_ratio
from ranef.present.request import Request
from ranef.present.text.numbers import decimals_for
from ranef.present.text.prose import Italic, Piece, Prose, listed
from ranef.present.text.words import Words
from ranef.solve import Certificate

__all__ = ["Sentence", "sentence"]


class Sentence(Prose):
    """A sentence about a coefficient or term, and what has to be said with it. It is a string."""


def sentence(
    model: FittedModel,
    request: Request,
    term: Any,
    *,
    interval: bool = True,
    ddf: str = "auto",
    vcov: Any = None,
    level: float = 0.95,
    exponentiate: bool = False,
    standardize: Literal["refit", "within", "basic"] | None = None,
    labels: Mapping[str, str] | None = None,
) -> Sentence:
    """The estimate and test of a fixed effect in words; see ``Fit.sentence``."""
    confidence("level", level)
    boolean("interval", interval)
    words = model._words.also(labels)
    terms = [own.name for own in request.formula.fixed]
    asked = asked_for(model, term, terms, words)
    lost = _without_estimate(model, asked)
    if lost:
        response = response_words(model, words)
        names = listed([words.coefficient(name) for name in lost])
        are = "has no estimate" if len(lost) == 1 else "have no estimates"
        return Sentence(
            [[f"The likelihood has no finite maximum: {names} {are} in the model for {response}."]]
        )
    if asked.term:
        if exponentiate or standardize is not None:
            raise OptionError(
                f"{asked.name!r} has several coefficients, which are tested together",
                found=f"coefficients {', '.join(asked.coefficients)}",
                fix="leave exponentiate and standardize out, or name one coefficient",
            )
        pieces = _of_term(model, request, asked, ddf, vcov, level, words)
    else:
        ratio = need_ratio(model) if boolean("exponentiate", exponentiate) else ""
        frame = tidy(model, "fixed", ddf, level, vcov, standardize, exponentiate)
        row = frame[(frame["effect"] == "fixed") & (frame["term"] == asked.name)].iloc[0]
        values = {key: float(row[key]) for key in _NUMBERS}
        if not math.isfinite(values["estimate"]):
            raise OptionError(
                f"{asked.name!r} has no estimate with standardize={standardize!r}",
                found=f"term={shown(term)}",
                fix="leave standardize out, or name another coefficient",
            )
        letter = "β" if standardize is not None else "b"
        significant = values["p_value"] < 1.0 - level
        start = clause(asked.name, response_words(model, words), significant, words)
        whole = ddf == "residual" or not model.ngroups
        pieces = [start, *_numbers(values, letter, ratio, interval, level, whole), "."]
    notes = _notes(model, request, asked, vcov, words)
    return Sentence([[*pieces, *(f" {note}" for note in notes)]])


_NUMBERS = ("estimate", "std_error", "df", "statistic", "p_value", "conf_low", "conf_high")


def _numbers(
    values: Mapping[str, float],
    letter: str,
    ratio: str,
    interval: bool,
    level: float,
    whole: bool,
) -> list[Piece]:
    """``b = 2.96, SE = 0.14, 95% CI [2.68, 3.24], t(1358.2) = 20.67, p < .001``."""
    x, error = values["estimate"], values["std_error"]
    ends = values["conf_low"], values["conf_high"]
    if ratio:
        decimals = decimals_for([x, *ends], 2)
        out: list[Piece] = [f"{ratio} = {number(f'{x:.{decimals}f}')}, "]
        if interval:
            low, high = (number(f"{end:.{decimals}f}") for end in ends)
            out.append(f"{100.0 * level:.4g}% CI [{low}, {high}], ")
    else:
        estimate, shown_error, decimals = estimate_with_error(x, error)
        out = [Italic(letter), f" = {estimate}, ", Italic("SE"), f" = {shown_error}, "]
        if interval:
            out.append(f"{interval_text(*ends, error, decimals, level)}, ")
    return [*out, *apa_test(values["statistic"], values["df"], values["p_value"], whole)]


def _of_term(
    model: FittedModel,
    request: Request,
    asked: Asked,
    ddf: str,
    vcov: Any,
    level: float,
    words: Words,
) -> list[Piece]:
    """A test of all coefficients of a term."""
    frame = cast("Any", model).anova(ddf=ddf, vcov=vcov)
    row = frame.loc[asked.name]
    p = float(row["p_value"])
    start = term_clause(asked.name, response_words(model, words), p < 1.0 - level, words)
    value = f"{float(row['statistic']):.2f}"
    if request.family is not None:
        test: list[Piece] = [Italic("χ"), f"²({int(row['df'])}) = {value}, "]
    else:
        num, den = int(row["num_df"]), float(row["den_df"])
        if math.isinf(den):
            chi = f"{num * float(row['statistic']):.2f}"
            test = [Italic("χ"), f"²({num}) = {chi}, "]
        else:
            whole = ddf == "residual" or not model.ngroups
            test = [Italic("F"), f"({num}, {apa_df(den, whole)}) = {value}, "]
    return [start, *test, Italic("p"), f" {apa_p(p)}."]


def _without_estimate(model: FittedModel, asked: Asked) -> list[str]:
    """Coefficients that the likelihood drives to infinity, of those asked for."""
    certificate: Any = model.certificate
    found = getattr(certificate, "separation", None)
    if certificate.verdict != "no finite maximum" or found is None or found.exists is not True:
        return []
    if found.complete:
        return list(asked.coefficients)
    return [name for name in asked.coefficients if name in found.coefficients]


def _notes(
    model: FittedModel, request: Request, asked: Asked, vcov: Any, words: Words
) -> list[str]:
    """What the numbers must not be read without."""
    names = [str(name) for name in model.fixef.dropna().index]
    notes = []
    if not asked.term:
        notes.append(condition(asked.name, names, request.states[0], words))
    elif any(_contains(name, asked) for name in names):
        notes.append(
            "The test is of type III: it averages over the levels of the other categories with "
            "equal weights, and holds where numeric predictors in its interactions are 0."
        )
    if vcov is not None:
        notes.append(f"The test uses {errors_words(model, vcov, words)}.")
    if model.prior and "fixed" in model.prior:
        notes.append("The estimate is penalised by a prior of the fixed effects.")
    notes.append(_verdict(model, words))
    return [note for note in notes if note]


def _contains(name: str, asked: Asked) -> bool:
    """Whether a coefficient is of an interaction that the term is part of."""
    return set(variables_of(asked.coefficients[0])) < set(variables_of(name))


def _verdict(model: FittedModel, words: Words) -> str:
    c: Any = model.certificate
    assert isinstance(c, Certificate)
    if c.verdict == "no finite maximum":
        return (
            "The likelihood has no finite maximum in other parameters: these numbers are where "
            "the search stopped."
        )
    if not c.certified:
        what = "a parameter is not identified" if c.verdict == "flat" else "not at a maximum"
        text = what if c.verdict == "flat" else f"the estimates are {what} of the likelihood"
        return f"The fit is not certified ({text}), and these numbers should not be reported."
    singular = singular_words(model, words, short=True)
    if not singular:
        return ""
    return (
        f"The fit is singular ({'; '.join(singular)}): its maximum lies on the boundary of the "
        "parameter space."
    )
