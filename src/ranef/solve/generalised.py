"""From a generalised problem to a certified solution."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from ranef.core import CoreSolved, Evidence
from ranef.core.generalised import GeneralisedKernel
from ranef.errors import NumericalError, OptionError
from ranef.page.phrases import count
from ranef.problem.generalised import GeneralisedProblem, PsiNames
from ranef.problem.parameters import group_lambdas, to_inner
from ranef.solve.certificate import Certificate, certificate
from ranef.solve.control import Control
from ranef.solve.ending import search_to_ends, with_ending
from ranef.solve.family_ends import INSIDE, FamilyEnd, watched
from ranef.solve.finite import Finite, decide_finite
from ranef.solve.limit import limit_problem
from ranef.solve.of_found import OfFound
from ranef.solve.other_modes import may_have_other_modes
from ranef.solve.standing import Standing
from ranef.types import Array

__all__ = ["GeneralisedSolution", "solve_generalised"]


@dataclass(frozen=True, eq=False)
class GeneralisedSolution(OfFound):
    """Where -2 log of the marginal likelihood is smallest, and the proof.

    Attributes
    ----------
    problem : GeneralisedProblem
        Of the family that the estimates belong to: at an end of the family that was asked for, the
        simpler one.
    found : CoreSolved
    ends : tuple of FamilyEnd
        Ends of the family that was asked for at which the estimates lie.
    parts : tuple of PsiNames
        Parts of the coefficients after beta of the family that was asked for.
    finite : Finite
        What is known about a finite maximum.
    other_modes : bool
        See :class:`~ranef.solve.Certificate`.
    spent : int
        Evaluations by all searches that led here.
    """

    problem: GeneralisedProblem = field(repr=False)
    found: CoreSolved = field(repr=False)
    ends: tuple[FamilyEnd, ...] = ()
    parts: tuple[PsiNames, ...] = ()
    finite: Finite = field(default_factory=Finite)
    other_modes: bool = False
    spent: int = 0

    @property
    def inner_coefficients(self) -> Array:
        """Of `problem`."""
        return np.asarray(self.found.coefficients)

    @property
    def coefficients(self) -> Array:
        """All coefficients of the family that was asked for on the data's scale, beta first.

        Those at an end are infinite.
        """
        return self.whole(self.problem.coefficients(self.inner_coefficients))

    def whole(self, coefficients: Array) -> Array:
        """Coefficients of `problem` on the data's scale, those at ends put between them.

        Shape (..., p + others) to (..., m); those at ends are infinite.
        """
        out = self.spread(coefficients)
        for end, place in self._places():
            out[..., place] = end.sign * np.inf
        return out

    @property
    def n_coefficients(self) -> int:
        """Of the family that was asked for."""
        return self.problem.p + self.problem.n_psi + len(self.ends)

    @property
    def determined(self) -> NDArray[np.bool_]:
        """Which of these are not at an end, shape (m,)."""
        out = np.ones(self.n_coefficients, dtype=bool)
        for _, place in self._places():
            out[place] = False
        return out

    def part(self, name: str) -> slice | None:
        """Where the coefficients of a part stand among all of them; None at an end."""
        at = self.problem.p
        for part in self.parts:
            if part.part == name:
                ended = any(end.part == name for end in self.ends)
                return None if ended else slice(at, at + len(part.names))
            at += len(part.names)
        return None

    def spread(self, columns: Array) -> Array:
        """Columns for the coefficients of `problem` with zeros for those at ends between them."""
        out = np.zeros((*columns.shape[:-1], self.n_coefficients))
        out[..., self.determined] = columns
        return out

    def _places(self) -> list[tuple[FamilyEnd, int]]:
        """Where the coefficients at ends stand."""
        by_part = {end.part: end for end in self.ends}
        at, out = self.problem.p, []
        for part in self.parts:
            if part.part in by_part:
                out.append((by_part[part.part], at))
            at += len(part.names)
        return out

    @cached_property
    def certificate(self) -> Certificate:
        found = self.found
        own = certificate(
            self.problem,
            found.inner,
            Evidence(*found.evidence),
            self.spent or found.evaluations,
            found.starts,
            found.basins,
        )
        return with_ending(own, self.finite, self.ends, self.other_modes)

    @cached_property
    def limit(self) -> GeneralisedSolution | None:
        """The solution for what the data still determine if the fixed effects separate them."""
        found = self.finite.separation
        problem = None if found is None else limit_problem(self.problem, found)
        return None if problem is None else solve_generalised(problem, Control())

    @cached_property
    def standing(self) -> Standing[GeneralisedKernel]:
        """The kernel at the solution, kept for later questions; never pickled."""
        return Standing(self.problem.kernel, partial(_stand, self))


def _stand(solution: GeneralisedSolution, kernel: GeneralisedKernel) -> None:
    lambdas = group_lambdas(solution.problem, solution.inner)
    if not kernel.evaluate(lambdas, solution.inner_coefficients):
        raise NumericalError(
            "the likelihood cannot be computed at the estimates",
            found=f"theta {np.array2string(solution.theta, precision=4)}",
            fix="check the data for values of wildly different size",
        )


def solve_generalised(
    problem: GeneralisedProblem, control: Control, start: Array | None = None
) -> GeneralisedSolution:
    """Minimise the criterion, and certify the result or say why there is none.

    Parameters
    ----------
    problem : GeneralisedProblem
    control : Control
    start : ndarray, optional
        Theta on the data's scale, or theta and then all coefficients.

    Raises
    ------
    NumericalError
        The likelihood cannot be computed at the start values.
    OptionError
        Start values of another length, or not finite.
    """
    first = None if start is None else _given_start(problem, start)
    ended = search_to_ends(problem, control, first)
    finite, other_modes, moves = Finite(), False, ended.kernel.moves
    if control.max_evaluations > 1:
        finite = decide_finite(ended.problem, ended.kernel, ended.found)
        other_modes = may_have_other_modes(ended.problem, ended.kernel, ended.found)
    solution = GeneralisedSolution(
        problem=ended.problem,
        found=ended.found,
        ends=ended.ends,
        parts=problem.psi,
        finite=finite,
        other_modes=other_modes,
        spent=ended.spent,
    )
    # The search ends with an evaluation at what it has found.
    solution.standing.take(ended.kernel, standing=not ended.ends and ended.kernel.moves == moves)
    return solution


def _given_start(problem: GeneralisedProblem, start: Array) -> Array:
    values = np.array(start, dtype=np.float64).ravel()
    k, rest = problem.n_theta, problem.p + problem.n_psi
    if values.size == k + rest:
        # Estimates at an end of the family: a search begins inside.
        for end in watched(problem):
            if values[k + end.index] == end.boundary.sign * np.inf:
                values[k + end.index] = end.psi(INSIDE)
    if values.size not in (k, k + rest) or not np.all(np.isfinite(values)):
        raise OptionError(
            "the start values do not fit the model",
            found=f"{count(values.size, 'value')}: {np.array2string(values, precision=4)}",
            fix=f"give {count(k, 'finite number')}, theta in the order of `fit.theta`, or "
            f"{k + rest}: theta and then all coefficients",
        )
    inner = to_inner(problem, values[:k])
    return inner if values.size == k else np.concatenate([inner, problem.inner(values[k:])])
