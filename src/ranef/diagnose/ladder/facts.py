"""What the judgements ask about a ladder."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from ranef.diagnose.ladder.candidates import Candidate, candidates
from ranef.diagnose.ladder.rung import Rung, Tried
from ranef.diagnose.subject import AnySubject
from ranef.formula.nodes import Expr
from ranef.solve import Certificate

if TYPE_CHECKING:
    from ranef.diagnose.ladder.climb import Climb

__all__ = ["Facts"]


@dataclass(frozen=True)
class Facts:
    """The asked model and the rungs, as sentences need them."""

    subject: AnySubject = field(repr=False)
    climb: Climb

    @property
    def certificate(self) -> Certificate:
        """Of the asked model, at the lowest optimum met."""
        assert self.climb.best.fit is not None
        return self.climb.best.fit.certificate

    @property
    def boundary(self) -> bool:
        """Whether the asked model is at an optimum with a singular covariance matrix."""
        return self.certificate.verdict == "boundary optimum" and self.certificate.singular

    @property
    def directions(self) -> tuple[str, ...]:
        """What has no variance, or is not identified, in the asked model."""
        return self.certificate.directions

    @property
    def best_criterion(self) -> float:
        """Of the asked model at the lowest optimum met, by the data alone."""
        assert self.climb.best.fit is not None
        return self.climb.best.fit.solution.criterion

    @property
    def asked_rung(self) -> Rung:
        """The first rung."""
        return self.climb.rungs[0]

    @cached_property
    def candidates(self) -> tuple[tuple[str, Expr, tuple[Candidate, ...]], ...]:
        """Predictors that vary within and between groups: label, grouping factor, predictors."""
        return candidates(self.subject, every=True)

    def tried(self, rung: Rung) -> Tried:
        """The fits behind a rung."""
        if rung is self.asked_rung or rung.key == "as-asked":
            return self.climb.asked
        return next(
            t for t in self.climb.tried if (t.plan.key, t.plan.title) == (rung.key, rung.title)
        )

    def find(self, key: str, group: str = "") -> Rung | None:
        """The fitted rung of that key, about that grouping factor where one is given."""
        for rung in self.climb.rungs:
            if rung.key == key and rung.fitted and (not group or self.group_of(rung) == group):
                return rung
        return None

    def group_of(self, rung: Rung) -> str:
        """The grouping factor a rung is about."""
        return self.tried(rung).plan.group

    def directions_of(self, rung: Rung) -> tuple[str, ...]:
        """What has no variance in a rung."""
        fit = self.tried(rung).fit
        return () if fit is None else fit.certificate.directions

    def cures(self, rung: Rung) -> bool:
        """Whether the asked model is singular and the rung is not, nor of reduced rank."""
        if not self.boundary or rung.verdict != "interior optimum":
            return False
        fit = self.tried(rung).fit
        return (
            fit is not None
            and bool(fit.problem.terms)
            and all(label.structure != "rr" for label in fit.problem.labels)
        )
