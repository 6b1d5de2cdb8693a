"""What happened while a fit was made: structure, path, steps of the search, time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ranef.core import Layout, Step
from ranef.page.html import pre

__all__ = ["FactorShape", "FitLog"]


@dataclass(frozen=True, slots=True)
class FactorShape:
    """One grouping factor: its name, levels, random effects a level."""

    name: str
    levels: int
    columns: int


@dataclass(frozen=True, slots=True)
class FitLog:
    """The record of how a fit was found; prints as a page.

    Attributes
    ----------
    formula : str
    criterion : {"REML", "ML"}
    factors : tuple of FactorShape
        In the order in which `layout` counts them.
    layout : Layout
        Order of elimination: ``chain`` and ``tail`` by position in `factors`, ``dense_columns``,
        ``entries`` kept, and how the exact ``hessian`` is formed.
    status : str
        ``"converged"``, ``"no progress"`` or ``"evaluation limit"``.
    method : str
        What found the optimum, ``"newton"`` or ``"l-bfgs"``.
    steps : tuple of Step
        Of the search that found the optimum: ``criterion`` tried (deviance units),
        ``predicted_gain``, ``radius`` of the trust region, ``accepted``.
    evaluations : int
        Of the criterion, by the search that found the optimum.
    starts, elsewhere, basins : int
        Searches, evaluations by the others of them, and different optima they ended in.
    escapes : int
        Saddle points that were left.
    start_moved : bool
        Whether given start values were moved inside, where the density of a prior is above zero.
    seconds : mapping of str to float
        Wall time by phase.
    """

    formula: str
    criterion: str
    factors: tuple[FactorShape, ...]
    layout: Layout
    status: str
    method: str
    steps: tuple[Step, ...]
    evaluations: int
    starts: int
    elsewhere: int
    basins: int
    escapes: int
    start_moved: bool
    seconds: Mapping[str, float]

    @property
    def path(self) -> str:
        """The way through the sweeps, in words."""
        chain, tail = len(self.layout.chain), len(self.layout.tail)
        if not chain:
            return "dense"
        if not tail:
            return "one factor" if chain == 1 else "nested factors"
        return "one factor and a dense tail" if chain == 1 else "nested factors and a dense tail"

    def __str__(self) -> str:
        return "\n".join(
            [
                f"Log of {self.formula}, {self.criterion}",
                "",
                "Structure",
                *self._structure(),
                "",
                "Search",
                f"  {self.path}, exact Hessian by {self.layout.hessian}",
                f"  {self.status} by {self.method}: {_count(self.evaluations, 'evaluation')}, "
                f"{_count(self.escapes, 'saddle point')} left",
                f"  {_count(self.starts, 'start')}{self._elsewhere()}: "
                f"{_count(self.basins, 'optimum', 'optima')}",
                *self._start(),
                *self._steps(),
                "",
                "Time",
                *(f"  {phase:<20}{1e3 * t:>12.3f} ms" for phase, t in self.seconds.items()),
                f"  {'total':<20}{1e3 * sum(self.seconds.values()):>12.3f} ms",
            ]
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return pre(str(self))

    def _start(self) -> list[str]:
        if not self.start_moved:
            return []
        return ["  start values moved inside: the density of the prior is zero at those given"]

    def _elsewhere(self) -> str:
        if not self.elsewhere:
            return ""
        return f" ({_count(self.elsewhere, 'evaluation')} from elsewhere)"

    def _structure(self) -> list[str]:
        lines = []
        for group in (*self.layout.chain, *self.layout.tail):
            factor = self.factors[group]
            place = "level by level" if group in self.layout.chain else "in the dense tail"
            lines.append(
                f"  {factor.name}: {_count(factor.levels, 'level')} of "
                f"{_count(factor.columns, 'column')}, {place}"
            )
        lines.append(
            f"  {self.layout.entries:,} numbers kept by level, "
            f"{_count(self.layout.dense_columns, 'dense column')}"
        )
        return lines

    def _steps(self) -> list[str]:
        if not self.steps:
            done = self.status == "converged"
            return ["  no steps: the start left nothing to search for"] if done else []
        head = f"  {'step':>4}  {'criterion':>20}  {'predicted gain':>14}  {'radius':>8}  accepted"
        return [
            head,
            *(
                f"  {k:>4}  {step.criterion:>20.8f}  {step.predicted_gain:>14.2e}  "
                f"{step.radius:>8.2g}  {'yes' if step.accepted else 'no'}"
                for k, step in enumerate(self.steps, start=1)
            ),
        ]


def _count(number: int, singular: str, plural: str = "") -> str:
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
