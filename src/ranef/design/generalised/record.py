"""The response of a generalised model."""

from __future__ import annotations

from dataclasses import dataclass, field

from ranef.types import Array, Finding

__all__ = ["GeneralisedResponse"]


@dataclass(frozen=True, slots=True)
class GeneralisedResponse:
    """A coded response.

    Attributes
    ----------
    name : str
        As the formula has it: ``"passed"``, ``"cbind(hits, misses)"``.
    y : ndarray, shape (n,)
        Proportions of successes, counts, amounts, or the codes 1 to K of ordered answers.
    weights : ndarray or None, shape (n,)
        Numbers of trials if the family is one of successes, else the weights given; None if all
        are 1.
    levels : tuple of str
        Of two categories: the failure and the success. Of ordered answers: the K categories, the
        lowest first. Empty for numbers.
    notes : tuple of Finding
        What was decided on the way, and a user should know.
    """

    name: str
    y: Array = field(repr=False)
    weights: Array | None = field(default=None, repr=False)
    levels: tuple[str, ...] = ()
    notes: tuple[Finding, ...] = field(default=(), repr=False)

    @property
    def n(self) -> int:
        """Rows."""
        return int(self.y.size)
