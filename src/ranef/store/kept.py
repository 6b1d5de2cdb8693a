"""Answers of a few numbers that need the data: a file keeps them instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ranef.types import Finding

if TYPE_CHECKING:
    from ranef.inference.generalised.laplace_error import ErrorEstimate
    from ranef.inference.term_hypotheses import TermHypotheses

__all__ = ["Kept"]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a loaded fit knows of the data that it was fitted to.

    Attributes
    ----------
    hypotheses : mapping of int to TermHypotheses
        What F tests of the terms ask, by type.
    residual_quantiles : tuple of float
        Of the scaled residuals: smallest, quartiles, largest.
    group_level : tuple of str
        Parts of coefficient names that do not vary within the groups of the only factor: files of
        older versions have this instead of `levels`.
    laplace : ErrorEstimate or None
        What the approximation of the likelihood of a generalised fit is off by, if that was known
        or costs little.
    laplace_finding : Finding or None
        What a page says of it.
    levels : mapping of str to tuple of str
        For the equation of nested factors, the inner one first: parts of coefficient names that do
        not vary within their groups.
    weights : str or None
        The column of the weights, empty if they were an array; None without weights.
    subset : str
        The condition of ``subset=``, empty without one.
    """

    hypotheses: Mapping[int, TermHypotheses]
    residual_quantiles: tuple[float, ...]
    group_level: tuple[str, ...]
    laplace: ErrorEstimate | None = None
    laplace_finding: Finding | None = None
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    weights: str | None = None
    subset: str = ""
