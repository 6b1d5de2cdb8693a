"""Random effects and what happens to them, in the user's variables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ranef.core import TermLabel
from ranef.solve.direction_names import mostly
from ranef.solve.null_space import null_space
from ranef.types import INTERCEPT, Array

if TYPE_CHECKING:
    from ranef.design.state import Category

__all__ = [
    "at_zero",
    "direction",
    "effect",
    "join",
    "null_sentences",
    "place_of",
    "slope_of",
    "square",
]


def effect(name: str, factor: str) -> str:
    """One random effect.

    Examples
    --------
    >>> effect("Intercept", "school"), effect("ses", "school")
    ('the school intercept', 'the slope of ses')
    """
    return f"the {factor} intercept" if name == INTERCEPT else f"the slope of {name}"


def place_of(factor: str, level: str) -> str:
    """One group, as a finding about it says where: ``school = s017``."""
    return f"{factor} = {level}"


def slope_of(variable: str, factor: str) -> str:
    """One predictor and the groups in question, as a finding says where: ``ses by school``."""
    return f"{variable} by {factor}"


def at_zero(others: Iterable[str], categories: Mapping[str, Category]) -> str:
    """At which values of the variables it interacts with a slope is told; nothing where of none.

    Examples
    --------
    >>> at_zero(["sector"], {}), at_zero([], {})
    (' where sector = 0', '')
    """
    parts = []
    for name in sorted(set(others)):
        known = categories.get(name)
        if known is None:
            parts.append(f"{name} = 0")
        elif known.contrast.kind == "treatment":
            parts.append(f"{name} at its first level")
        else:
            parts.append(f"the contrasts of {name} are 0")
    return " where " + " and ".join(parts) if parts else ""


def join(words: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``; semicolons between parts that have an "and" inside."""
    if len(words) > 1 and any(" and " in word for word in words):
        return "; ".join(words)
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def square(q: int, rank: int) -> str:
    """``the 2x2 covariance has rank 1``."""
    return f"the {q}x{q} covariance has rank {rank}"


def direction(names: Sequence[str], weights: Array) -> str:
    """A combination of effects, each in units of its standard deviation.

    Examples
    --------
    >>> direction(["Intercept", "x", "z"], np.array([0.5, -1.0, 0.001]))
    'x - 0.50 (Intercept)'
    """
    order = np.argsort(-np.abs(weights), kind="stable")
    scaled = weights / weights[order[0]]
    parts = []
    for i in order[np.abs(scaled[order]) >= 0.05].tolist():
        size = "" if abs(scaled[i]) > 0.995 else f"{abs(scaled[i]):.2f} "
        name = f"({INTERCEPT})" if names[i] == INTERCEPT else names[i]
        parts.append(f"{'-' if scaled[i] < 0 else '+'} {size}{name}")
    return " ".join(parts).removeprefix("+ ")


def null_sentences(
    label: TermLabel, covariance: Array, rank: int, units: Array | None = None
) -> list[str]:
    """What a covariance matrix of less than full rank means, one sentence for each fact.

    Parameters
    ----------
    label : TermLabel
    covariance : ndarray, shape (q, q)
        On the data's scale.
    rank : int
        Less than q.
    units : ndarray, shape (q,), optional
        See :func:`~ranef.solve.null_space.null_space`.

    Examples
    --------
    >>> label = TermLabel("school", "school", ("Intercept", "ses"), 160)
    >>> null_sentences(label, np.array([[4.0, 0.0], [0.0, 0.0]]), 1)
    ['the slope of ses has no variance between levels of school']
    """
    effects = [effect(name, label.factor) for name in label.names]
    found = null_space(covariance, rank, units)
    out = []
    for i in found.gone:
        where = "" if label.names[i] == INTERCEPT else f" between levels of {label.factor}"
        out.append(f"{effects[i]} has no variance{where}")
    if not found.missing:
        return out
    shape = square(len(label.names), rank)
    if rank == 1:
        named = join([effects[i] for i in found.left])
        return [*out, f"{named} are perfectly correlated: {shape}"]
    names = [label.names[i] for i in found.left]
    if found.written_out:
        what = f"{direction(names, found.directions[:, 0])} (in SDs) has"
    else:
        what = (
            f"{found.missing} of {len(names)} combinations of effects, mostly of "
            f"{mostly(names, found.directions, label.factor)}, have"
        )
    return [*out, f"{what} no variance between levels of {label.factor}: {shape}"]
