"""The parameters of a model by name: fixed effects, standard deviations, correlations, and others.

Others are sigma of a linear model. A generalised model has the coefficients of the family's other
predictors; a dispersion without predictors is on the scale that it is reported on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np

from ranef.core import TermBlock, TermLabel
from ranef.covariance import entries_of, kind_of
from ranef.formula.naming import pairs
from ranef.types import Array

__all__ = ["SIGMA", "Parameter", "Shown", "parameters_of", "shown_of", "values_of"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter on the scale it is reported on.

    Attributes
    ----------
    name : str
        A coefficient's name, ``"sd__Days|Subject"``, ``"cor__Intercept.Days|Subject"``,
        ``"sd|Subject"`` or ``"cor|Subject"`` where all effects of a term share one, ``"sigma"``,
        ``"dispersion"``, ``"zero:Intercept"``.
    kind : {"fixed", "sd", "cor", "sigma", "dispersion", "other"}
        ``"dispersion"`` is a function of one coefficient, ``"other"`` a coefficient itself.
    term : int
        Which random-effects term; -1 where it is of none.
    i, j : int
        Coefficients of the fixed part or the term; j of correlations only. Of a dispersion and
        of others: the place among all coefficients.
    place : int
        Among the parameters of the term's structure; -1 for a covariance without structure.
    pairs : tuple of (int, int)
        All pairs of effects that a structure gives the same correlation.
    power : int
        The power of the parameter that this correlation is.
    lowest : float
        The lower bound of a correlation.
    rate : float
        A dispersion is exp(rate times its coefficient).
    """

    name: str
    kind: str
    term: int = -1
    i: int = -1
    j: int = -1
    place: int = -1
    pairs: tuple[tuple[int, int], ...] = ()
    power: int = 1
    lowest: float = -1.0
    rate: float = 1.0


SIGMA = Parameter("sigma", "sigma")


def parameters_of(
    names: Sequence[str],
    labels: Sequence[TermLabel],
    terms: Sequence[TermBlock],
    others: Sequence[Parameter] = (SIGMA,),
) -> tuple[Parameter, ...]:
    """Fixed effects, then each term's standard deviations and correlations, then the others."""
    out = [Parameter(name, "fixed", i=i) for i, name in enumerate(names)]
    for k, (label, term) in enumerate(zip(labels, terms, strict=True)):
        out += _of_free(label, k) if kind_of(term).free else _of_structure(label, term, k)
    return (*out, *others)


def _of_free(label: TermLabel, k: int) -> list[Parameter]:
    both = list(combinations(range(len(label.names)), 2))
    texts = pairs([(label.names[j], label.names[i]) for j, i in both])
    sds = [Parameter(f"sd__{name}|{label.label}", "sd", k, i) for i, name in enumerate(label.names)]
    return sds + [
        Parameter(f"cor__{text}|{label.label}", "cor", k, i, j, pairs=((i, j),))
        for text, (j, i) in zip(texts, both, strict=True)
    ]


def _of_structure(label: TermLabel, term: TermBlock, k: int) -> list[Parameter]:
    kind, entries = kind_of(term), entries_of(term)
    sds = ["sd"] if kind.one_variance else [f"sd__{name}" for name in label.names]
    out = [Parameter(f"{sd}|{label.label}", "sd", k, i, place=i) for i, sd in enumerate(sds)]
    for place, name in enumerate(kind.correlations(label.names), start=len(sds)):
        same, power = entries.pairs(place)
        i, j = same[0]
        lowest = kind.lowest(term.q) if power % 2 else 0.0
        text = f"{name}|{label.label}"
        out.append(Parameter(text, "cor", k, i, j, place, same, power, lowest))
    return out


def values_of(
    parameters: Sequence[Parameter],
    coefficients: Array,
    covariances: Sequence[Array],
    sigma: Array | None = None,
) -> Array:
    """Values of the parameters in many fits, shape (fits, parameters).

    Parameters
    ----------
    coefficients : ndarray, shape (fits, m)
        beta, and of a generalised model the coefficients of the family's other predictors.
    covariances : sequence of ndarray, shape (fits, q, q)
    sigma : ndarray, shape (fits,), optional
        Of a linear model.

    A correlation with an effect that does not vary is NaN.
    """
    sds = [np.sqrt(np.einsum("kii->ki", c)) for c in covariances]
    out = np.empty((coefficients.shape[0], len(parameters)))
    for column, parameter in enumerate(parameters):
        if parameter.kind in ("fixed", "other"):
            out[:, column] = coefficients[:, parameter.i]
        elif parameter.kind == "dispersion":
            out[:, column] = np.exp(parameter.rate * coefficients[:, parameter.i])
        elif parameter.kind == "sigma":
            out[:, column] = sigma
        elif parameter.kind == "sd":
            out[:, column] = sds[parameter.term][:, parameter.i]
        else:
            own = covariances[parameter.term], sds[parameter.term]
            out[:, column] = _correlations(parameter, *own)
    return out


def _correlations(parameter: Parameter, covariances: Array, sds: Array) -> Array:
    """Each from the pair of effects that vary the most."""
    i, j = np.array(parameter.pairs).T
    scales = sds[:, i] * sds[:, j]
    each, best = np.arange(sds.shape[0]), np.argmax(scales, axis=1)
    scale, product = scales[each, best], covariances[each, i[best], j[best]]
    out = np.divide(product, scale, out=np.full_like(scale, np.nan), where=scale > 0.0)
    if parameter.power > 1:
        out = np.copysign(np.abs(out) ** (1.0 / parameter.power), out)
    return np.asarray(np.clip(out, parameter.lowest, 1.0))


class Shown(NamedTuple):
    """A standard deviation or correlation of single effects: a power of a parameter."""

    name: str
    place: int
    power: int


def shown_of(
    parameters: Sequence[Parameter], labels: Sequence[TermLabel], terms: Sequence[TermBlock]
) -> list[Shown]:
    """Parameters of each effect and pair of a structured term, with the names of a free term.

    `place` is that of the parameter among `parameters`. A correlation that the structure does not
    have is left out.
    """
    out = []
    for k, (label, term) in enumerate(zip(labels, terms, strict=True)):
        if kind_of(term).free:
            continue
        entries = entries_of(term)
        place = {p.place: at for at, p in enumerate(parameters) if p.term == k}
        free = _of_free(label, k)
        for p in free:
            if p.kind == "sd":
                out.append(Shown(p.name, place[int(entries.size[p.i])], 1))
            elif entries.place[p.i, p.j] >= 0:
                at = place[int(entries.place[p.i, p.j])]
                out.append(Shown(p.name, at, int(entries.power[p.i, p.j])))
    return out
