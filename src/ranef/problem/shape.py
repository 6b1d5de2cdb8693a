"""What a certificate and its words need to know of a problem, linear or generalised."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from ranef.core import TermBlock, TermLabel
from ranef.source.scaling import Scaling
from ranef.types import Array

if TYPE_CHECKING:
    from ranef.priors.assign import Assigned

__all__ = ["ProblemShape"]


class ProblemShape(Protocol):
    """Random-effects terms, their scaling and priors, and what is searched for beside them."""

    @property
    def terms(self) -> tuple[TermBlock, ...]: ...
    @property
    def labels(self) -> tuple[TermLabel, ...]: ...
    @property
    def scaling(self) -> Scaling: ...
    @property
    def prior(self) -> Assigned | None: ...

    @property
    def n_theta(self) -> int:
        """Coordinates of all covariances."""
        ...

    @property
    def sizes(self) -> Sequence[tuple[int, int]]:
        """Levels, and columns of all terms, by grouping factor."""
        ...

    def other_sizes(self, step: Array) -> Array:
        """A step of these parameters in units of the sizes that they have."""
        ...

    @property
    def other_words(self) -> Sequence[str]:
        """A phrase for each parameter that is searched for beside the covariances."""
        ...
