"""What happened while a fit was made: structure, path, steps of the search, time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ranef.core import Layout, Step
from ranef.page import grid, paragraph
from ranef.page.html import pre
from ranef.page.phrases import count
from ranef.page.shown import Sentence

__all__ = ["EXACT", "ITERATIVE", "FactorShape", "FitLog"]

EXACT, ITERATIVE = "exactly", "by iterations"
"""How crossed factors are eliminated, at the beginning of what the log says of it."""


@dataclass(frozen=True, slots=True, repr=False)
class FactorShape(Sentence):
    """One grouping factor: its name, levels, random effects a level."""

    name: str
    levels: int
    columns: int

    def __str__(self) -> str:
        return f"{self.name}: {count(self.levels, 'level')} of {count(self.columns, 'column')}"


@dataclass(frozen=True, slots=True, repr=False)
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
    crossed : str
        How crossed factors are eliminated, and why; empty if there are none.
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
    crossed: str = ""

    @property
    def path(self) -> str:
        """The way through the sweeps, in words."""
        chain, tail = len(self.layout.chain), len(self.layout.tail)
        if not chain:
            return "dense"
        if not tail:
            return "one factor" if chain == 1 else "nested factors"
        tail_words = "a tail by iterations" if self.iterative else "a dense tail"
        return f"{'one factor' if chain == 1 else 'nested factors'} and {tail_words}"

    @property
    def iterative(self) -> bool:
        """Whether crossed factors were solved by iterations."""
        return self.crossed.startswith(ITERATIVE)

    def __str__(self) -> str:
        search = [
            f"{self.path}, {self._hessian()}",
            f"{self.status} by {self.method}: {count(self.evaluations, 'evaluation')}, "
            f"{count(self.escapes, 'saddle point')} left",
            f"{count(self.starts, 'start')}{self._elsewhere()}: "
            f"{count(self.basins, 'optimum', 'optima')}",
            *self._start(),
        ]
        sections = [
            paragraph(f"Log of {self.formula}, {self.criterion}", "", "    "),
            ["Structure", *_wrapped(self._structure())],
            ["Search", *_wrapped(search), *self._steps()],
            ["Time", *self._times()],
        ]
        return "\n\n".join("\n".join(lines) for lines in sections)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return pre(str(self))

    def _hessian(self) -> str:
        exact = self.layout.hessian != "average information"
        return f"exact Hessian by {self.layout.hessian}" if exact else self.layout.hessian

    def _start(self) -> list[str]:
        if not self.start_moved:
            return []
        return ["start values moved inside: the density of the prior is zero at those given"]

    def _elsewhere(self) -> str:
        if not self.elsewhere:
            return ""
        return f" ({count(self.elsewhere, 'evaluation')} from elsewhere)"

    def _structure(self) -> list[str]:
        lines = []
        for group in (*self.layout.chain, *self.layout.tail):
            factor = self.factors[group]
            inside = "by iterations" if self.iterative else "in the dense tail"
            place = "level by level" if group in self.layout.chain else inside
            lines.append(f"{factor}, {place}")
        if self.crossed:
            lines.append(self.crossed)
        if self.iterative:
            return lines
        lines.append(
            f"{count(self.layout.entries, 'number')} kept by level, "
            f"{count(self.layout.dense_columns, 'dense column')}"
        )
        return lines

    def _steps(self) -> list[str]:
        if not self.steps:
            done = self.status == "converged"
            return ["  no steps: the start left nothing to search for"] if done else []
        rows = [["step", "criterion", "predicted gain", "radius", "accepted"]]
        rows += [
            [
                str(k),
                f"{step.criterion:.8f}",
                f"{step.predicted_gain:.2e}",
                f"{step.radius:.2g}",
                "yes" if step.accepted else "no",
            ]
            for k, step in enumerate(self.steps, start=1)
        ]
        return grid(rows, (4,), fold=True).lines

    def _times(self) -> list[str]:
        seconds = {**self.seconds, "total": sum(self.seconds.values())}
        rows = [[phase, f"{1e3 * t:.3f} ms"] for phase, t in seconds.items()]
        return grid(rows, least=20).lines


def _wrapped(texts: list[str]) -> list[str]:
    return [line for text in texts for line in paragraph(text, "  ", "    ")]
