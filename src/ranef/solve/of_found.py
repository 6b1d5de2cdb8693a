"""What a solution of any kind reads from what the core has found."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from ranef.core import Evidence, Solved, Step
from ranef.core.workspace import steps_of
from ranef.types import Array

__all__ = ["OfFound"]


class OfFound:
    """Members that the dataclasses of solutions inherit; `found` is a field of theirs."""

    found: Solved

    @property
    def theta(self) -> Array:
        """Factors of the covariances on the data's scale, or their parameters."""
        return self.found.theta

    @property
    def inner(self) -> Array:
        """Coordinates of the covariances on the inner scale."""
        return self.found.inner

    @property
    def covariances(self) -> tuple[Array, ...]:
        """Of the random effects of each term, shape (q, q)."""
        return tuple(self.found.covariances)

    @property
    def criterion(self) -> float:
        """In deviance units, on the data's scale."""
        return self.found.criterion

    @property
    def log(self) -> tuple[Step, ...]:
        """Steps of the search that found it."""
        return steps_of(self.found.log)

    @property
    def method(self) -> str:
        """What found it, "newton" or "l-bfgs"."""
        return self.found.method

    @property
    def flat_directions(self) -> int:
        """Directions along the face in which the certificate calls the criterion flat.

        Those of smallest curvature. Steps out of the face that cost nothing do not count.
        """
        evidence = Evidence(*self.found.evidence)
        return int(evidence.flat.shape[1]) - len(evidence.loose)

    def __getstate__(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]
