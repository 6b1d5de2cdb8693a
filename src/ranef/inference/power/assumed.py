"""What a planned study is assumed to find: coefficients, variances, and which are asked about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ranef.core import TermBlock, TermLabel
from ranef.covariance import belongs, entries_of, kind_of
from ranef.errors import OptionError, suggestion
from ranef.options import numbers, real, shown
from ranef.types import INTERCEPT, Array

__all__ = ["Assumed", "assumed"]

RESIDUAL = "Residual"


@dataclass(frozen=True, slots=True)
class Assumed:
    """The truth that responses are drawn from.

    Attributes
    ----------
    beta : ndarray, shape (p,)
    covariances : tuple of ndarray, shape (q, q)
        Of each random-effects term.
    sigma : float
    asked : dict of str to int
        The coefficients whose power is asked about, and their places.
    """

    beta: Array
    covariances: tuple[Array, ...]
    sigma: float
    asked: dict[str, int] = field(repr=False)


def assumed(
    names: Sequence[str],
    labels: Sequence[TermLabel],
    terms: Sequence[TermBlock],
    effects: Any,
    variances: Any,
) -> Assumed:
    """Read effects and variances.

    Parameters
    ----------
    names : sequence of str
        Coefficients of the design.
    labels : sequence of TermLabel
    terms : sequence of TermBlock
    effects : mapping of str to float
        Coefficients that are not named are zero. All but the intercept are asked about.
    variances : mapping
        By grouping factor, and ``"Residual"``: see :func:`ranef.power`.

    Raises
    ------
    OptionError
        A name that the model does not have, a variance that is missing or negative.
    """
    beta, asked = _effects(names, effects)
    given = _mapping("variances", variances, 'as in {"g": 0.2, "Residual": 1}')
    known = [label.label for label in labels]
    for name in given:
        if name not in (*known, RESIDUAL):
            raise OptionError(
                f"the model has no random effects of {shown(name)}",
                found=f"variances of {', '.join(map(str, given))}",
                fix=suggestion(str(name), [*known, RESIDUAL])
                or f"give those of {', '.join(known)} and {RESIDUAL}",
            )
    absent = [name for name in (*known, RESIDUAL) if name not in given]
    if absent:
        raise OptionError(
            f"the variance of {', '.join(absent)} is not given",
            found=f"variances of {', '.join(map(str, given)) or 'nothing'}",
            fix=f"give those of {', '.join(known)} and {RESIDUAL}",
        )
    what = f"variances of '{RESIDUAL}' are numbers above zero"
    residual = real("variances", given[RESIDUAL], above=0.0, what=what, fix="as in 1.0")
    covariances = tuple(
        _covariance(label, term, given[label.label])
        for label, term in zip(labels, terms, strict=True)
    )
    return Assumed(beta, covariances, float(np.sqrt(residual)), asked)


def _effects(names: Sequence[str], effects: Any) -> tuple[Array, dict[str, int]]:
    beta = np.zeros(len(names))
    asked: dict[str, int] = {}
    for name, value in _mapping("effects", effects, 'as in {"x": 0.3}').items():
        if name not in names:
            raise OptionError(
                f"the model has no coefficient {shown(name)}",
                found=f"coefficients {', '.join(names)}",
                fix=suggestion(str(name), names) or "name one of these",
            )
        place = list(names).index(name)
        what = f"the effect of '{name}' is a finite number"
        beta[place] = real("effects", value, what=what, fix=f'as in {{"{name}": 0.3}}')
        if name != INTERCEPT:
            asked[name] = place
    if not asked:
        raise OptionError(
            "no effect is asked about",
            found=f"effects={shown(effects)}",
            fix=f"give the effect of one of {', '.join(n for n in names if n != INTERCEPT)}",
        )
    return beta, asked


def _covariance(label: TermLabel, term: TermBlock, value: Any) -> Array:
    """A number, variances of effects with correlations, parameters of a structure, or a matrix."""
    names, q = label.names, len(label.names)
    free = kind_of(term).free
    example = "as in " + (_example(names) if free else _example_of_structure(label, term))
    if isinstance(value, Mapping):
        if free:
            matrix = _by_name(label, value, example)
        else:
            matrix = _by_parameter(label, term, value, example)
    elif np.ndim(value) == 0 and q == 1:
        what = f"the variance of '{label.label}' is a number of at least 0"
        matrix = np.array([[real("variances", value, least=0.0, what=what, fix=example)]])
    else:
        wrong = f"'{label.label}' has the random effects {', '.join(names)}"
        matrix = numbers("variances", value, what=wrong, fix=example)
        if matrix.shape != (q, q) or not np.all(np.isfinite(matrix)):
            raise OptionError(wrong, found=f"variances of shape {matrix.shape}", fix=example)
    lowest = float(np.linalg.eigvalsh(0.5 * (matrix + matrix.T))[0])
    if not np.allclose(matrix, matrix.T) or lowest < -1e-10 * float(np.trace(np.abs(matrix))):
        raise OptionError(
            f"the variances of '{label.label}' are not a covariance matrix",
            found=f"a smallest eigenvalue of {lowest:.3g}"
            if np.allclose(matrix, matrix.T)
            else "a matrix that is not symmetric",
            fix="make variances larger or correlations smaller",
        )
    matrix = 0.5 * (matrix + matrix.T)
    if not belongs(term, matrix):
        raise OptionError(
            f"the variances of '{label.label}' are not those of {kind_of(term).name}(...)",
            found=f"another matrix than one with {kind_of(term).words}",
            fix=example,
        )
    return np.asarray(matrix)


def _by_parameter(
    label: TermLabel, term: TermBlock, value: Mapping[Any, Any], example: str
) -> Array:
    """A covariance from the standard deviations, or variances, and correlations of a structure."""
    kind, entries = kind_of(term), entries_of(term)
    sds = ("sd",) if kind.one_variance else tuple(f"sd__{name}" for name in label.names)
    known = [*sds, *kind.correlations(label.names)]
    found = np.full(entries.count, np.nan)
    for name, number in value.items():
        if name in label.names and not kind.one_variance:
            what = f"the variance of '{name}' is a number of at least 0"
            variance = real("variances", number, least=0.0, what=what)
            found[label.names.index(name)] = np.sqrt(variance)
        elif name in sds:
            what = f"'{name}' is a number of at least 0"
            found[known.index(name)] = real("variances", number, least=0.0, what=what)
        elif name in known:
            low = kind.lowest(term.q)
            what = f"the correlation '{name}' lies between {low:.3g} and 1"
            r = real("variances", number, least=low, what=what)
            if r > 1.0:
                raise OptionError(what, found=f"{name}: {r:g}", fix="as in 0.3")
            found[known.index(name)] = r
        else:
            raise OptionError(
                f"{kind.name}(...) of '{label.label}' has no parameter {shown(name)}",
                found=f"parameters {', '.join(known)}",
                fix=example,
            )
    if np.any(np.isnan(found)):
        absent = [name for name, number in zip(known, found, strict=True) if np.isnan(number)]
        raise OptionError(
            f"{', '.join(absent)} of '{label.label}' is not given",
            found=f"values of {', '.join(map(str, value)) or 'nothing'}",
            fix=example,
        )
    return entries.expansion(found)[0]


def _example_of_structure(label: TermLabel, term: TermBlock) -> str:
    kind = kind_of(term)
    sds = ("sd",) if kind.one_variance else tuple(f"sd__{name}" for name in label.names)
    given = [f'"{name}": 0.5' for name in sds]
    given += [f'"{name}": 0.3' for name in kind.correlations(label.names)]
    return "{" + ", ".join(given) + "}"


def _by_name(label: TermLabel, value: Mapping[Any, Any], example: str) -> Array:
    names, q = label.names, len(label.names)
    sd = np.full(q, np.nan)
    correlation = np.eye(q)
    pairs = {
        f"cor__{a}.{b}": (i, j) for i, a in enumerate(names) for j, b in enumerate(names) if i != j
    }
    for name, number in value.items():
        if name in names:
            what = f"the variance of '{name}' is a number of at least 0"
            sd[names.index(name)] = np.sqrt(real("variances", number, least=0.0, what=what))
        elif isinstance(name, str) and name.removeprefix("sd__") in names:
            what = f"'{name}' is a number of at least 0"
            sd[names.index(name.removeprefix("sd__"))] = real(
                "variances", number, least=0.0, what=what
            )
        elif name in pairs:
            i, j = pairs[name]
            what = f"the correlation '{name}' lies between -1 and 1"
            r = real("variances", number, least=-1.0, what=what)
            if r > 1.0:
                raise OptionError(what, found=f"{name}: {r:g}", fix="as in 0.3")
            correlation[i, j] = correlation[j, i] = r
        else:
            raise OptionError(
                f"'{label.label}' has no random effect {shown(name)}",
                found=f"random effects {', '.join(names)}",
                fix=example,
            )
    if np.any(np.isnan(sd)):
        absent = [name for name, size in zip(names, sd, strict=True) if np.isnan(size)]
        raise OptionError(
            f"the variance of {', '.join(absent)} of '{label.label}' is not given",
            found=f"variances of {', '.join(map(str, value)) or 'nothing'}",
            fix=example,
        )
    return np.asarray(correlation * np.outer(sd, sd))


def _example(names: Sequence[str]) -> str:
    if len(names) == 1:
        return "0.2"
    inner = ", ".join(f'"{name}": 0.2' for name in names)
    return f'{{{inner}, "cor__{names[0]}.{names[1]}": 0.3}}'


def _mapping(option: str, value: Any, example: str) -> dict[Any, Any]:
    """A dict, or what converts to one by name: a Series."""
    if not isinstance(value, Mapping) and not hasattr(value, "to_dict"):
        raise OptionError(
            f"{option} are given by name", found=f"{option}={shown(value)}", fix=example
        )
    try:
        return dict(value)
    except (TypeError, ValueError):
        raise OptionError(
            f"{option} are given by name", found=f"{option}={shown(value)}", fix=example
        ) from None
