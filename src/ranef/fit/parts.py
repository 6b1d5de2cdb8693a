"""What the records of both kinds of fit are made of, as far as methods for both read it.

A linear mixed model has ``ModelSpec``, ``Problem``, ``Solution`` and ``Estimates`` in these places.
A generalised one has parts of its own with the same members.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from ranef.core import TermBlock, TermLabel
from ranef.design import Design
from ranef.design.data import Elsewhere
from ranef.formula import Formula
from ranef.frame import Table
from ranef.types import Array, MissingRows

if TYPE_CHECKING:
    import pandas as pd

    from ranef.solve import Control

__all__ = [
    "AnyData",
    "AnyPrior",
    "AnyProblem",
    "AnySolution",
    "AnySpec",
    "AnyVerdict",
]


class AnySpec(Protocol):
    """What was asked for; a dataclass with a field `given`, which is not pickled."""

    @property
    def formula(self) -> Formula: ...
    @property
    def control(self) -> Control: ...


class AnyData(Protocol):
    """The rows of the model."""

    @property
    def design(self) -> Design: ...
    @property
    def table(self) -> Table:
        """The model's variables in the rows used."""
        ...

    @property
    def missing(self) -> MissingRows: ...
    @property
    def weights(self) -> Array | None: ...
    @property
    def own_weights(self) -> Array | None:
        """Weights without those of a structure of the residuals."""
        ...

    @property
    def offset(self) -> Array | None: ...
    @property
    def offset_name(self) -> str | None: ...
    @property
    def left_out(self) -> Table | None: ...
    @property
    def index(self) -> pd.Index | None:
        """Labels of all rows of the data, if they have any."""
        ...

    @property
    def elsewhere(self) -> Elsewhere | None:
        """What is known of the rows, if they are not here."""
        ...


class AnyPrior(Protocol):
    """The priors of a fit."""

    def by_name(self) -> dict[str, Any]:
        """By random-effects term and ``"fixed"``, as `prior=` takes them."""
        ...


class AnyProblem(Protocol):
    """What was minimised."""

    @property
    def n(self) -> int:
        """Rows."""
        ...

    @property
    def p(self) -> int:
        """Coefficients of the fixed part."""
        ...

    @property
    def terms(self) -> tuple[TermBlock, ...]: ...
    @property
    def labels(self) -> tuple[TermLabel, ...]: ...
    @property
    def prior(self) -> AnyPrior | None: ...


class AnyVerdict(Protocol):
    """The certificate of a fit. ``str()`` is one sentence."""

    @property
    def verdict(self) -> str: ...
    @property
    def certified(self) -> bool: ...
    @property
    def gain(self) -> float: ...
    @property
    def error_criterion(self) -> float:
        """Of the criterion, deviance units; 0 where it is exact."""
        ...

    @property
    def rank(self) -> Mapping[str, int]:
        """Of each random-effects term, by its label."""
        ...


class AnySolution(Protocol):
    """Where it is smallest."""

    @property
    def theta(self) -> Array:
        """Covariance parameters on the data's scale, relative to `_covariance_scale`."""
        ...

    @property
    def certificate(self) -> AnyVerdict: ...
