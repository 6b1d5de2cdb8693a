"""Rung of the numerics: searches from elsewhere, and the optima they end in."""

from __future__ import annotations

from dataclasses import dataclass

from ranef.diagnose.subject import Subject
from ranef.problem.parameters import to_data
from ranef.solve.canonical import SAME_BASIN, canonical
from ranef.solve.start import other_starts
from ranef.types import Array

__all__ = ["Searches", "search_elsewhere"]

STARTS = 3
EVALUATIONS = 500


@dataclass(frozen=True, slots=True)
class Searches:
    """What searches from other start values came to.

    Attributes
    ----------
    basins : tuple of (float, int)
        Criterion of each optimum, lowest first, and how many searches ended there, that of the
        fit itself included.
    gain : float
        How far below the fit the lowest one is; 0 where the fit is the lowest.
    theta : ndarray
        Of the lowest optimum, on the data's scale.
    evaluations : int
    """

    basins: tuple[tuple[float, int], ...]
    gain: float
    theta: Array
    evaluations: int

    @property
    def count(self) -> int:
        """Searches made."""
        return sum(count for _, count in self.basins)


def search_elsewhere(subject: Subject) -> Searches:
    """Search again from strong effects, weak ones, and correlated ones.

    Criteria that are estimated differ by their errors alone: these are then one optimum.
    """
    problem, estimation = subject.problem, subject.solution.estimation
    same = SAME_BASIN if estimation is None else SAME_BASIN + 2.0 * estimation.criterion_error
    kernel = problem.kernel()
    fit = subject.solution.criterion
    lowest, theta = fit, subject.solution.theta
    ends, evaluations = [fit], 0
    for start in other_starts(problem.terms, STARTS):
        found = kernel.optimise(problem.terms, start, EVALUATIONS, 1e-11)
        evaluations += found.evaluations
        if found.status in ("broke down", "evaluation limit"):
            continue
        ends.append(found.criterion)
        if found.criterion < lowest - same:
            lowest = found.criterion
            theta, _ = to_data(problem, canonical(problem, found.theta))
    basins: list[tuple[float, int]] = []
    for end in sorted(ends):
        if basins and end - basins[-1][0] <= same:
            basins[-1] = (basins[-1][0], basins[-1][1] + 1)
        else:
            basins.append((end, 1))
    return Searches(tuple(basins), max(0.0, fit - lowest), theta, evaluations)
