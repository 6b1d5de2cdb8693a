"""Data, estimation, tests and the verdict in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ranef.formula.nodes import Call
from ranef.formula.render import to_text
from ranef.present.paper.random_words import singular_words
from ranef.present.paper.references import cited
from ranef.present.protocol import FittedModel
from ranef.present.request import Request
from ranef.present.text.names import prior_phrases
from ranef.present.text.prose import listed
from ranef.present.text.words import Words
from ranef.solve import Certificate

__all__ = [
    "Cited",
    "dropped",
    "errors_words",
    "estimation",
    "known_parts",
    "priors",
    "rows_left_out",
    "verdict",
]

Cited = tuple[str, tuple[str, ...]]
"""Sentences, and what they cite."""

_PRIORS = {
    "Wishart": "wishart",
    "Gamma": "gamma",
    "HalfT": "half",
    "HalfNormal": "half",
    "LKJ": "lkj",
}


def rows_left_out(model: FittedModel, request: Request, words: Words) -> str:
    """Missing values and the subset."""
    record = model.missing_rows
    out = []
    if request.subset or record.outside:
        which = f" ({request.subset})" if request.subset else ""
        out.append(
            f"The analysis was of a subset of the data{which}: {record.outside:,} of "
            f"{record.n_total:,} rows were outside of it."
        )
    missing = len(record) - record.outside
    if not missing:
        return " ".join([*out, "No row was left out because of missing values."])
    counts = [
        f"{words.variable(name)} {count:,}" for name, count in record.by_column.items() if count
    ]
    where = f" ({', '.join(counts)})" if counts else ""
    were = "row was" if missing == 1 else "rows were"
    of = "" if record.outside else f" of {record.n_total:,}"
    out.append(f"{missing:,}{of} {were} left out because of missing values{where}.")
    return " ".join(out)


def known_parts(request: Request, words: Words) -> list[str]:
    """Weights of generalised models, and offsets."""
    out = []
    response = request.formula.response
    family = request.family
    if isinstance(response, Call) and response.function == "cbind" and family is not None:
        first, second = (words.variable(to_text(arg)) for arg in response.args[:2])
        out.append(f"In each row {first} counts the successes, and {second} the failures.")
    elif family is not None and request.weights is not None:
        name = f" ({words.variable(request.weights)})" if request.weights else ""
        out.append(
            {
                "trials": f"The response was a proportion of a known number of trials{name}.",
                "dispersion": f"Weights{name} divided the variance of the response.",
                "density": f"Weights{name} multiplied the log-likelihood of each row.",
            }[family.WEIGHTS]
        )
    elif request.weights:
        out.append(f"The weights were {words.variable(request.weights)}.")
    offsets = [words.variable(to_text(offset)) for offset in request.formula.offsets]
    offsets += [words.variable(request.offset_column)] if request.offset_column else []
    if request.offset is not None and not request.offset_column:
        offsets.append("a known quantity")
    if offsets:
        scale = "the linear predictor" if family is not None else "the prediction"
        out.append(f"As offset, with a coefficient of 1, {scale} had {listed(offsets)}.")
    return out


def dropped(model: FittedModel, words: Words) -> str:
    """Coefficients that were left out."""
    if not model.dropped:
        return ""
    names = [words.coefficient(name) for name in model.dropped]
    one = len(names) == 1
    return (
        f"The coefficient{'' if one else 's'} of {listed(names)} {'was' if one else 'were'} left "
        "out, because the other predictors determine "
        f"{'this column' if one else 'these columns'} exactly."
    )


def errors_words(model: FittedModel, vcov: Any, words: Words) -> str:
    """Robust standard errors in words, with the label of the clusters."""
    text = model._errors_in_words(vcov)
    start, of, clusters = text.rpartition(" of ")
    return f"{start}{of}{words.group(clusters)}" if clusters in words.labels else text


def estimation(model: FittedModel, request: Request, version: str) -> Cited:
    """What was maximised, and by which program."""
    by = f"with ranef {version} for Python"
    if request.family is not None:
        if request.n_agq == 1:
            how = f"Laplace's approximation {cited('laplace')}"
            keys: tuple[str, ...] = ("laplace",)
        else:
            how = f"adaptive quadrature with {request.n_agq} nodes {cited('quadrature')}"
            keys = ("quadrature",)
        text = f"by maximum likelihood, the likelihood computed by {how}"
    elif not model.ngroups:
        text = "by weighted least squares" if request.weights is not None else "by least squares"
        text += ", the residual variance by " + ("REML" if model.reml else "maximum likelihood")
        keys = ()
    elif model.reml:
        text, keys = f"by restricted maximum likelihood (REML) {cited('reml')}", ("reml",)
    else:
        text, keys = "by maximum likelihood (ML)", ()
    return f"The model was estimated {text}, {by}.", keys


def priors(model: FittedModel) -> Cited:
    """The penalty, if there is one."""
    given: Mapping[str, Any] = model.prior or {}
    if not given:
        return "", ()
    each = [
        one for value in given.values() for one in (value if isinstance(value, list) else [value])
    ]
    names = dict.fromkeys(type(one).__name__ for one in each)
    keys = tuple(dict.fromkeys(_PRIORS[name] for name in names if name in _PRIORS))
    phrases = listed(list(prior_phrases(given)))
    source = f" {cited(*keys)}" if keys else ""
    return (
        f"The estimates maximise the {'restricted ' if model.reml else ''}likelihood times prior "
        f"densities (penalised likelihood): {phrases}{source}.",
        keys,
    )


def verdict(model: FittedModel, words: Words) -> Cited:
    """Whether this is an optimum and of which kind, in words that a paper can print."""
    c: Any = model.certificate
    assert isinstance(c, Certificate)
    what = "penalised likelihood" if c.penalised else "likelihood"
    what = f"restricted {what}" if model.reml and not c.penalised else what
    if c.verdict == "no finite maximum":
        return _no_maximum(c, what, words), ()
    if c.verdict == "flat":
        which = listed(list(c.directions), "and")
        return (
            f"The data do not identify all parameters: the {what} does not change with {which}. "
            "Estimates of these parameters are arbitrary and should not be interpreted.",
            (),
        )
    if not c.certified:
        return (
            f"The estimates are not certified as a maximum of the {what} ({c}): they should not be "
            "reported as maximum likelihood estimates before this is resolved.",
            (),
        )
    if not c.dims:
        return "", ()
    left = "less than 1e-9" if c.gain < 1e-9 else f"about {c.gain:.0e}".replace("e-0", "e-")
    text = (
        f"The estimates meet the conditions of a maximum of the {what}, as its exact first and "
        f"second derivatives show ({left} deviance units are left to gain)"
    )
    if c.other_modes:
        text += ", with the modes of the random effects that were found"
    out = [f"{text}."]
    for end in c.ends:
        out.append(
            f"The estimate lies at the boundary of the {end.family} family, where it is "
            f"{end.becomes} ({end.words})."
        )
    singular = _singular(model, words)
    if singular:
        out += singular
    return " ".join(out), ("boundary",) if singular else ()


def _no_maximum(c: Certificate, what: str, words: Words) -> str:
    """Why there are no estimates."""
    found = c.separation
    if found is not None and found.exists is True:
        if found.complete:
            why = "the fixed effects separate the responses completely, and"
            which = "the coefficients have no estimates"
        else:
            names = listed([words.coefficient(name) for name in found.coefficients])
            have = "has no estimate" if len(found.coefficients) == 1 else "have no estimates"
            why, which = "the fixed effects separate some of the responses, and", f"{names} {have}"
        return f"The {what} has no finite maximum: {why} {which}."
    terms = [words.group(name) for name in c.variances.terms] if c.variances else []
    return (
        f"The {what} has no finite maximum: it rises with the variance of the random effects of "
        f"{listed(terms)}, which has no estimate."
    )


def _singular(model: FittedModel, words: Words) -> list[str]:
    """What is singular, and what that means."""
    found = singular_words(model, words)
    if not found:
        return []
    return [
        f"The fit is singular: {'; '.join(found)}. This is where the maximum lies, on the boundary "
        f"of the parameter space {cited('boundary')}, and not a failure to converge: the data "
        "support fewer dimensions of variation between groups than the model allows for. "
        "Estimates at this boundary are not evidence that a variance is exactly zero or a "
        "correlation exactly one."
    ]
