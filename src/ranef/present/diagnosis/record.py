"""The record of a diagnosis: findings, and a ladder of remedies that have been tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ranef.diagnose.ladder import Ladder
from ranef.present.text.words import Words
from ranef.types import Finding

__all__ = ["DiagnosisRecord"]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class DiagnosisRecord:
    """The fields of :class:`~ranef.present.diagnosis.facade.Diagnosis`, which explains them."""

    formula: str
    reml: bool
    nobs: int
    groups: Mapping[str, int]
    findings: tuple[Finding, ...]
    ladder: Ladder = field(repr=False)
    model: str = ""
    words: Words = field(default_factory=Words, repr=False)

    @property
    def fitted_by(self) -> str:
        """The family of a generalised model, and by what the fit was made."""
        return self.model or ("REML" if self.reml else "ML")

    @property
    def summary(self) -> tuple[str, ...]:
        """What the rungs say together, in sentences."""
        return self.ladder.summary
