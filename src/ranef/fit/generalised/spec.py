"""The specification of a generalised fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ranef.family import Family
from ranef.formula import Formula
from ranef.solve import Control

if TYPE_CHECKING:
    from ranef.fit.given import Given
    from ranef.priors.assign import Assigned

__all__ = ["GeneralisedSpec"]


@dataclass(frozen=True, slots=True)
class GeneralisedSpec:
    """A generalised model and how it is to be fitted, apart from the data.

    Attributes
    ----------
    formula : Formula
    family : Family
    n_agq : int
        1 for Laplace's method, otherwise nodes of adaptive quadrature.
    parts : mapping of str to Formula
        Of the family's other predictors, ``"dispersion"`` and ``"zero"``.
    prior : Assigned or None
    control : Control
    given : Given or None
        The arguments of the user's call that asks for this, if there is one. They hold the user's
        data and are never pickled.
    """

    formula: Formula
    family: Family
    n_agq: int = 1
    parts: Mapping[str, Formula] = field(default_factory=dict)
    prior: Assigned | None = None
    control: Control = field(default_factory=Control)
    given: Given | None = field(default=None, repr=False)
