"""Random effects and what happens to them, in the user's variables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ranef.core import TermLabel
from ranef.solve.direction_names import FEW, mostly
from ranef.types import INTERCEPT, Array

if TYPE_CHECKING:
    from ranef.design.state import Category

__all__ = [
    "at_zero",
    "direction",
    "effect",
    "joined",
    "null_sentences",
    "place_of",
    "slope_of",
    "square",
]

GONE = 1e-9
"""Standard deviation, relative to the largest, below which an effect has no variance."""


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


def joined(parts: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


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


def null_sentences(label: TermLabel, covariance: Array, rank: int) -> list[str]:
    """What a covariance matrix of less than full rank means, one sentence for each fact.

    Parameters
    ----------
    label : TermLabel
    covariance : ndarray, shape (q, q)
        On the data's scale.
    rank : int
        Less than q.

    Examples
    --------
    >>> label = TermLabel("school", "school", ("Intercept", "ses"), 160)
    >>> null_sentences(label, np.array([[4.0, 0.0], [0.0, 0.0]]), 1)
    ['the slope of ses has no variance between levels of school']
    """
    q = len(label.names)
    effects = [effect(name, label.factor) for name in label.names]
    sds = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    gone = [i for i in range(q) if sds[i] <= GONE * max(GONE, float(sds.max()))]
    left = [i for i in range(q) if i not in gone]
    if rank == 0:
        gone, left = list(range(q)), []
    out = []
    for i in gone:
        where = "" if label.names[i] == INTERCEPT else f" between levels of {label.factor}"
        out.append(f"{effects[i]} has no variance{where}")
    if len(left) > rank:
        shape = square(q, rank)
        if rank == 1:
            named = joined([effects[i] for i in left])
            out.append(f"{named} are perfectly correlated: {shape}")
        else:
            spread = np.outer(sds[left], sds[left])
            _, vectors = np.linalg.eigh(covariance[np.ix_(left, left)] / spread)
            names, missing = [label.names[i] for i in left], len(left) - rank
            if missing > 1 or len(left) > FEW:
                what = (
                    f"{missing} of {len(left)} combinations of effects, mostly of "
                    f"{mostly(names, vectors[:, :missing], label.factor)}, have"
                )
            else:
                what = f"{direction(names, vectors[:, 0])} (in SDs) has"
            out.append(f"{what} no variance between levels of {label.factor}: {shape}")
    return out
