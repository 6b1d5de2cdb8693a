"""What the judgements ask about a ladder."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ranef.diagnose.ladder.centring import Candidate, candidates
from ranef.diagnose.ladder.rung import Rung, Tried
from ranef.diagnose.ladder.words import number, with_error
from ranef.diagnose.rewrite import centring
from ranef.diagnose.subject import Subject
from ranef.diagnose.words import at_zero
from ranef.formula import to_text
from ranef.formula.naming import factors, without_level
from ranef.formula.nodes import Expr
from ranef.frame.grouping import group_means
from ranef.solve import Certificate

if TYPE_CHECKING:
    from ranef.diagnose.ladder.climb import Climb

__all__ = ["Facts"]

MOVED = 0.5  # standard errors of the asked model


@dataclass(frozen=True)
class Facts:
    """The asked model and the rungs, as sentences need them."""

    subject: Subject = field(repr=False)
    climb: Climb

    @property
    def certificate(self) -> Certificate:
        """Of the asked model, at the lowest optimum met."""
        assert self.climb.best.fit is not None
        return self.climb.best.fit.certificate

    @property
    def boundary(self) -> bool:
        """Whether the asked model is at a boundary optimum."""
        return self.certificate.verdict == "boundary optimum"

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
    def by_group(self) -> dict[str, tuple[Candidate, ...]]:
        """Predictors that vary within and between groups, by grouping factor."""
        return {label: found for label, _, found in self._every}

    @cached_property
    def _every(self) -> tuple[tuple[str, Expr, tuple[Candidate, ...]], ...]:
        return candidates(self.subject, every=True)

    def _part(self, function: str, candidate: Candidate, rung: Rung) -> str:
        """The name of ``within(x, g)`` or ``between(x, g)``, g being the rung's factor."""
        group = next(expr for label, expr, _ in self._every if label == self.group_of(rung))
        return to_text(centring(function, candidate.source, group))

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
        """Whether the asked model is singular and the rung is not."""
        return self.boundary and rung.verdict == "interior optimum" and rung.key != "reduced-rank"

    def _candidates(self, rung: Rung) -> tuple[Candidate, ...]:
        return self.by_group.get(self.group_of(rung), ())

    def raw_names(self, rung: Rung) -> list[str]:
        """Predictors of the rung's group that are not centred in the asked model."""
        return [to_text(c.expr) for c in self._candidates(rung) if not c.centred]

    def source_names(self, rung: Rung) -> list[str]:
        """The variables whose means are in question."""
        return [to_text(c.source) for c in self._candidates(rung)]

    def taken_up(self, rung: Rung) -> list[tuple[str, str, str]]:
        """Coefficients of what is constant within groups that move once the mean is in."""
        with_mean = self.find("centred-mean", self.group_of(rung))
        return [] if with_mean is None else self._moved(rung, with_mean)

    def shifted(self, rung: Rung) -> list[tuple[str, str, str]]:
        """The same between the asked model and a rung."""
        return self._moved(self.asked_rung, rung)

    def _moved(self, a: Rung, b: Rung) -> list[tuple[str, str, str]]:
        there = {effect.name: effect for effect in b.effects}
        group = self.group_of(b)
        moved = []
        for e in a.effects:
            far = e.name in there and abs(there[e.name].change - e.change) > MOVED
            if far and self._constant_within(e.name, group):
                here, later = (number(x, e.std_error) for x in (e.estimate, there[e.name].estimate))
                moved.append((e.name, here, later))
        return moved

    def _constant_within(self, name: str, group: str) -> bool:
        term = next(t for t in self.subject.design.terms if t.factor == group)
        x = self.subject.design.X[:, self.subject.design.x_names.index(name)]
        some = np.empty(term.n_levels)
        some[term.codes] = x
        return bool(np.all(some[term.codes] == x))

    def contextual(self, rung: Rung) -> str:
        """The contextual effect in words, where the rung has one term for it."""
        fit = self.tried(rung).fit
        found = self._candidates(rung)
        if fit is None or len(found) != 1 or found[0].centred:
            return ""
        mean = self._part("between", found[0], rung)
        if mean not in fit.design.x_names:
            return ""
        j = fit.design.x_names.index(mean)
        return (
            f"; the contextual effect of {to_text(found[0].source)} is {_estimate(fit, j)}"
            f"{self._where(fit, mean)}"
        )

    def _where(self, fit: Subject, mean: str) -> str:
        """At which values of the variables it interacts with."""
        others = {
            without_level(factor)
            for name in fit.design.x_names
            if mean in factors(name)
            for factor in factors(name)
            if factor != mean
        }
        return at_zero(others, self.subject.design.encoding.state.categories)

    def within_between(self, rung: Rung) -> list[str]:
        """Slope within and slope between of each predictor, in words."""
        fit = self.tried(rung).fit
        if fit is None:
            return []
        group, names, said = self.group_of(rung), fit.design.x_names, []
        for candidate in self._candidates(rung):
            source = to_text(candidate.source)
            pair = [self._part(kind, candidate, rung) for kind in ("within", "between")]
            if not all(name in names for name in pair):
                continue
            slopes = [_estimate(fit, names.index(name)) for name in pair]
            where = self._where(fit, pair[1])
            said.append(f"{source} {slopes[0]} within {group}, {slopes[1]} between{where}")
        return said

    def kept_off(self, rung: Rung) -> list[str]:
        """What a prior made of each singular covariance matrix, in words."""
        best, fit = self.climb.best.fit, self.tried(rung).fit
        if best is None or fit is None:
            return []
        said = []
        for k, label in enumerate(self.subject.problem.labels):
            full = len(label.names)
            if best.certificate.rank[label.label] == full or full > 2:
                continue
            covariance, before = fit.estimates.covariances[k], best.estimates.covariances[k]
            sds = np.sqrt(np.diag(covariance))
            if full == 1:
                said.append(f"the SD of {label.factor} is {sds[0]:.3g} and not 0")
            elif before[0, 0] > 0.0 and before[1, 1] > 0.0:
                correlation = covariance[0, 1] / (sds[0] * sds[1])
                was = "+1" if before[0, 1] > 0.0 else "-1"
                said.append(f"the correlation in {label.factor} is {correlation:.2f} and not {was}")
            else:
                j = int(before[0, 0] > 0.0)
                said.append(f"the SD of {label.names[j]} by {label.factor} is {sds[j]:.3g}, not 0")
        return said

    def origins(self) -> list[str]:
        """Numbers with a random slope whose zero is arbitrary: zero correlation depends on it."""
        design = self.subject.design
        names = [
            to_text(term.factors[0])
            for bar in self.subject.formula.bars
            if bar.correlated and bar.model.intercept
            for term in bar.model.terms
            if term.degree == 1
        ]
        return [
            name
            for name in dict.fromkeys(names)
            if name in design.x_names and not self._centred(name)
        ]

    def _centred(self, name: str) -> bool:
        """Whether a predictor has mean zero in every group of some factor."""
        x = self.subject.design.X[:, self.subject.design.x_names.index(name)]
        size = float(np.std(x))
        return any(
            bool(np.all(np.abs(group_means(x, term.codes, term.n_levels)) < 1e-6 * size))
            for term in self.subject.design.terms
        )

    def left_out(self, rung: Rung) -> tuple[str, str, str]:
        """What a smaller rung goes without, its verb, and the pronoun."""
        plan = self.tried(rung).plan
        labels = dict.fromkeys(bar.label for bar in self.subject.formula.bars if bar.model.terms)
        between = f"between levels of {plan.group or ' and '.join(labels)}"
        if not plan.dropped:
            return "the slopes", f"vary {between}", "them"
        if plan.dropped in self.subject.design.encoding.state.categories:
            return f"the effects of {plan.dropped}", f"vary {between}", "them"
        return f"the slope of {plan.dropped}", f"varies {between}", "it"


def _estimate(fit: Subject, j: int) -> str:
    return with_error(float(fit.estimates.beta[j]), float(np.sqrt(fit.estimates.vcov[j, j])))
