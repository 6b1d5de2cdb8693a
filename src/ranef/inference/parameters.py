"""The parameters of a model by name: fixed effects, standard deviations, correlations, sigma."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ranef.core import TermLabel
from ranef.formula.naming import pairs
from ranef.types import Array

__all__ = ["Parameter", "parameters_of", "values_of"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter on the scale it is reported on.

    Attributes
    ----------
    name : str
        A coefficient's name, ``"sd__Days|Subject"``, ``"cor__Intercept.Days|Subject"`` or
        ``"sigma"``.
    kind : {"fixed", "sd", "cor", "sigma"}
    term : int
        Which random-effects term; -1 where it is of none.
    i, j : int
        Coefficients of the fixed part or the term; j of correlations only.
    """

    name: str
    kind: str
    term: int = -1
    i: int = -1
    j: int = -1


def parameters_of(names: Sequence[str], labels: Sequence[TermLabel]) -> tuple[Parameter, ...]:
    """Fixed effects, then each term's standard deviations and correlations, then sigma."""
    out = [Parameter(name, "fixed", i=i) for i, name in enumerate(names)]
    for k, label in enumerate(labels):
        both = list(combinations(range(len(label.names)), 2))
        texts = pairs([(label.names[j], label.names[i]) for j, i in both])
        out += [
            Parameter(f"sd__{name}|{label.label}", "sd", k, i) for i, name in enumerate(label.names)
        ]
        out += [
            Parameter(f"cor__{text}|{label.label}", "cor", k, i, j)
            for text, (j, i) in zip(texts, both, strict=True)
        ]
    return (*out, Parameter("sigma", "sigma"))


def values_of(
    parameters: Sequence[Parameter], beta: Array, covariances: Sequence[Array], sigma: Array
) -> Array:
    """Values of the parameters in many fits, shape (fits, parameters).

    Parameters
    ----------
    beta : ndarray, shape (fits, p)
    covariances : sequence of ndarray, shape (fits, q, q)
    sigma : ndarray, shape (fits,)

    A correlation with an effect that does not vary is NaN.
    """
    sds = [np.sqrt(np.einsum("kii->ki", c)) for c in covariances]
    out = np.empty((sigma.size, len(parameters)))
    for column, parameter in enumerate(parameters):
        if parameter.kind == "fixed":
            out[:, column] = beta[:, parameter.i]
        elif parameter.kind == "sigma":
            out[:, column] = sigma
        else:
            sd = sds[parameter.term]
            out[:, column] = sd[:, parameter.i]
            if parameter.kind == "cor":
                scale = sd[:, parameter.i] * sd[:, parameter.j]
                product = covariances[parameter.term][:, parameter.i, parameter.j]
                out[:, column] = np.divide(
                    product, scale, out=np.full_like(scale, np.nan), where=scale > 0.0
                )
    return out
