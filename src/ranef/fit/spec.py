"""The specification of a fit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ranef.formula import Formula
from ranef.residual import ResidualSpec
from ranef.solve import Control

if TYPE_CHECKING:
    from ranef.fit.given import Given
    from ranef.priors.assign import Assigned

__all__ = ["ModelSpec"]


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model and how it is to be fitted, apart from the data.

    Attributes
    ----------
    formula : Formula
    reml : bool
    prior : Assigned or None
        Whose parameters are filled in.
    control : Control
    residual : ResidualSpec or None
    given : Given or None
        The arguments of the user's call that asks for this, if there is one. They hold the user's
        data and are never pickled.
    """

    formula: Formula
    reml: bool
    prior: Assigned | None = None
    control: Control = field(default_factory=Control)
    given: Given | None = field(default=None, repr=False)
    residual: ResidualSpec | None = None

    def with_prior(self, prior: Assigned | None) -> ModelSpec:
        """The same model with other priors."""
        given = self.given
        if given is not None:
            given = replace(given, prior=None if prior is None else prior.by_name())
        return replace(self, prior=prior, given=given)
