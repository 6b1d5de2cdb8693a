"""A generalised problem whose rows are not there: that of a fit from a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, cast

from ranef.core.generalised import GeneralisedKernel
from ranef.problem.generalised import GeneralisedProblem

__all__ = ["ProblemWithoutRows", "without_rows"]


@dataclass(frozen=True, slots=True, eq=False)
class ProblemWithoutRows(GeneralisedProblem):
    """What is known of a problem without its rows, offset and channels.

    Attributes
    ----------
    n_rows : int
    group_sizes : tuple of (int, int)
        Levels and columns of each grouping factor.
    """

    n_rows: int = 0
    group_sizes: tuple[tuple[int, int], ...] = ()

    @property
    def n(self) -> int:
        return self.n_rows

    @property
    def sizes(self) -> Sequence[tuple[int, int]]:
        return self.group_sizes

    def kernel(self, threads: int = 1, held: Sequence[tuple[int, float]] = ()) -> GeneralisedKernel:
        """There is none: what stands for the rows says so."""
        absent: Any = self.rows
        return cast("GeneralisedKernel", absent.missed())


def without_rows(problem: GeneralisedProblem, absent: Any) -> ProblemWithoutRows:
    """The problem with `absent` in place of what belongs to rows."""
    if isinstance(problem, ProblemWithoutRows):
        return problem
    own = {f.name: getattr(problem, f.name) for f in fields(GeneralisedProblem)}
    own |= {"rows": absent, "channels": absent}
    own |= {"offset": None if problem.offset is None else absent}
    return ProblemWithoutRows(
        **own, n_rows=problem.n, group_sizes=tuple((int(a), int(b)) for a, b in problem.sizes)
    )
