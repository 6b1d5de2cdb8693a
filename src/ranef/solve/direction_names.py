"""Null and flat directions of the random-effects covariances in the user's words."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from ranef.core import TermBlock, TermFace, TermLabel
from ranef.covariance import Kind, kind_of, structure_of
from ranef.page.phrases import figures
from ranef.problem import ProblemShape
from ranef.problem.parameters import parts
from ranef.solve.face import Face, face_of
from ranef.solve.null_space import GONE, null_space
from ranef.types import INTERCEPT, Array

__all__ = ["bounds_of", "flat_directions", "mostly", "null_directions"]

ZERO = 1e-9  # of a standard deviation in sigma; of a correlation's distance from its bounds
WORTH_NAMING = 0.15  # share of a direction
MOST_NAMED = 3


def null_directions(problem: ProblemShape, theta: Array) -> tuple[str, ...]:
    """One phrase for each combination of effects that has no variance at an inner theta."""
    out: list[str] = []
    own = parts(problem.terms, theta)
    for block, label, x, base in zip(
        problem.terms, problem.labels, own, problem.scaling.B, strict=True
    ):
        structure = structure_of(block)
        face = structure.face(x)
        if not kind_of(block).free:
            out += bounds_of(block, label, x)
        elif face.rank < structure.most_rank:
            out += _of_term(label, face, base, structure.most_rank)
    return tuple(out)


def bounds_of(block: TermBlock, label: TermLabel, x: Array) -> list[str]:
    """One phrase for each parameter of a structure that is at a bound, at inner coordinates."""
    structure = structure_of(block)
    return _of_family(label, kind_of(block), structure.parameters(x), structure.face(x).rank)


def _of_family(label: TermLabel, kind: Kind, parameters: Array, rank: int) -> list[str]:
    """Parameters of a structure that are at a bound."""
    q, factor = len(label.names), label.factor
    sds = kind.sds(parameters, q)
    largest = float(sds.max(initial=0.0))
    if largest <= ZERO:
        return [f"no variance between levels of {factor}"]
    gone = [name for name, sd in zip(label.names, sds, strict=True) if sd <= GONE * largest]
    out = [f"no variance of {_spell(name)} between levels of {factor}" for name in gone]
    lowest = kind.lowest(q)
    correlations = zip(kind.correlations(label.names), parameters[kind.n_sds(q) :], strict=True)
    for name, value in correlations:
        text = name.replace("cor", "the correlation", 1)
        if value >= 1.0 - ZERO:
            out.append(f"{text} is 1 in {factor}")
        elif value <= lowest + ZERO:
            out.append(f"{text} is at its lowest, {figures(lowest)}, in {factor}")
    if not out and rank < q:
        out.append(f"the covariance matrix in {factor} is singular: rank {rank} of {q}")
    return out


def _of_term(label: TermLabel, term: TermFace, change: Array, most: int) -> list[str]:
    names = [_spell(name) for name in label.names]
    covariance = change @ term.covariance @ change.T
    found = null_space(covariance, term.rank, np.linalg.norm(change, axis=1))
    out = [f"no variance of {names[i]} between levels of {label.factor}" for i in found.gone]
    if min(len(found.left), most) <= term.rank:
        return out
    if most < len(names):
        return [*out, f"rank {term.rank} of the {most} allowed in {label.factor}"]
    if len(found.left) == 2:
        i, j = found.left
        sign = "+1" if covariance[i, j] > 0 else "-1"
        return [*out, f"{names[i]} and {names[j]} perfectly correlated ({sign}) in {label.factor}"]
    if not found.written_out:
        terms = mostly([label.names[i] for i in found.left], found.directions, label.factor)
        part = f"{found.missing} of {len(found.left)} combinations of effects"
        return [*out, f"no variance in {part} between levels of {label.factor}, mostly of {terms}"]
    combination = _combination([names[i] for i in found.left], found.directions[:, 0])
    return [*out, f"no variance of {combination} (in SDs) between levels of {label.factor}"]


def mostly(names: Sequence[str], vectors: Array, factor: str) -> str:
    """The terms that bear most on some directions.

    Parameters
    ----------
    names : sequence of str
        Coefficients.
    vectors : ndarray, shape (len(names), k)
        Orthonormal directions, each effect in units of its standard deviation.
    factor : str

    Examples
    --------
    >>> mostly(["Intercept", "a[T.2]", "a[T.3]"], np.array([[0.1], [0.8], [-0.6]]), "g")
    'the slope of a'
    >>> mostly(list("abcdefgh"), np.full((8, 1), 8**-0.5), "g")
    'the slope of a, the slope of b and the slope of c'
    """
    shares: dict[str, float] = {}
    for name, weights in zip(names, vectors, strict=True):
        term = re.sub(r"\[[^\]]*\]", "", name)
        effect = f"the {factor} intercept" if term == "Intercept" else f"the slope of {term}"
        shares[effect] = shares.get(effect, 0.0) + float(weights @ weights)
    total = sum(shares.values())
    largest = max(shares.values())
    # In quarters of the largest: effects that bear about as much stay in the model's order, and
    # rounding error does not choose among them.
    ordered = sorted(shares, key=lambda effect: -round(4.0 * shares[effect] / largest))
    named = [effect for effect in ordered if shares[effect] >= WORTH_NAMING * total][:MOST_NAMED]
    named = named or ordered[:MOST_NAMED]  # many effects bear a little each
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"


def _combination(names: list[str], weights: Array) -> str:
    weights = weights / weights[np.argmax(np.abs(weights))]
    parts = [
        f"{'-' if w < 0 else '+'} {abs(w):.2f} {name}"
        for name, w in zip(names, weights, strict=True)
        if abs(w) >= 0.005
    ]
    return " ".join(parts).removeprefix("+ ")


def flat_directions(
    problem: ProblemShape, theta: Array, steps: Array, loose: Sequence[int] = ()
) -> tuple[str, ...]:
    """One phrase for each column of steps along the coordinates of the face at no cost.

    With the last of them the variance by the `loose` terms leaves the face.
    """
    face = face_of(problem, theta)
    leaving = [-1] * (steps.shape[1] - len(loose)) + list(loose)
    return tuple(
        _flat_direction(problem, face, step, term)
        for step, term in zip(steps.T, leaving, strict=True)
    )


def _flat_direction(problem: ProblemShape, face: Face, step: Array, leaving: int) -> str:
    """The random-effects parameters that can move together at no cost."""
    own = len(face.coordinates)
    step = np.concatenate([step[:own], problem.other_sizes(step[own:])])
    weights = np.abs(step) / np.max(np.abs(step), initial=1e-300)
    named = []
    if leaving >= 0:
        label = problem.labels[leaving]
        names = " and ".join(_spell(name) for name in label.names)
        named.append(f"the variance of {names} by {label.label}")
    for coordinate, weight in zip(face.coordinates, weights, strict=False):
        if weight < 0.1:
            continue
        label = problem.labels[coordinate.term]
        row, column = coordinate.row, coordinate.column
        if column < 0:
            text = _of_parameter(kind_of(problem.terms[coordinate.term]), label, row)
        elif row == column:
            text = f"the variance of {_spell(label.names[row])} by {label.label}"
        else:
            text = (
                f"the covariance of {_spell(label.names[column])} and "
                f"{_spell(label.names[row])} by {label.label}"
            )
        if text not in named:
            named.append(text)
    # Other parameters stand behind the coordinates of the face.
    others = zip(problem.other_words, weights[len(face.coordinates) :], strict=False)
    for text, weight in others:
        if weight >= 0.1:
            named.append(text)
    if len(named) == 1:
        return f"the data say nothing about {named[0]}"
    return "the data do not tell apart " + " and ".join(named)


def _of_parameter(kind: Kind, label: TermLabel, at: int) -> str:
    """A parameter of a structure that is not a triangle."""
    q = len(label.names)
    if at >= kind.n_sds(q):
        name = kind.correlations(label.names)[at - kind.n_sds(q)]
        return f"{name.replace('cor', 'the correlation', 1)} by {label.label}"
    if kind.one_variance:
        return f"the variance by {label.label}"
    return f"the variance of {_spell(label.names[at])} by {label.label}"


def _spell(name: str) -> str:
    return f"({INTERCEPT})" if name == INTERCEPT else name
