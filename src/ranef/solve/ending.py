"""How searches for a generalised model end: inside, or at an end of the family."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ranef.core import CoreSolved, Evidence
from ranef.core.columns import row_threads
from ranef.core.family_rows import log_concave
from ranef.core.generalised import GeneralisedKernel
from ranef.errors import NumericalError
from ranef.family import Family
from ranef.problem.generalised import GeneralisedProblem
from ranef.problem.parameters import group_lambdas
from ranef.solve.certificate import Certificate, certificate
from ranef.solve.control import Control
from ranef.solve.family_ends import (
    INSIDE,
    NOTHING,
    FamilyEnd,
    Watched,
    slope_at_end,
    start_inside,
    watched,
)
from ranef.solve.finite import Finite
from ranef.types import Array

__all__ = ["Ended", "search_to_ends", "with_ending"]


@dataclass(frozen=True, slots=True, eq=False)
class Ended:
    """Where a search has ended.

    Attributes
    ----------
    problem : GeneralisedProblem
        Of the simpler family at an end.
    kernel : GeneralisedKernel
        It stands at the solution.
    found : CoreSolved
    ends : tuple of FamilyEnd
    spent : int
        Evaluations by all searches.
    """

    problem: GeneralisedProblem = field(repr=False)
    kernel: GeneralisedKernel = field(repr=False)
    found: CoreSolved = field(repr=False)
    ends: tuple[FamilyEnd, ...] = ()
    spent: int = 0


def search_to_ends(
    problem: GeneralisedProblem, control: Control, start: Array | None = None
) -> Ended:
    """Search, and settle at an end of the family if the search comes to one.

    Parameters
    ----------
    problem : GeneralisedProblem
    control : Control
    start : ndarray, optional
        Inner coordinates of the covariances, or these and all inner coefficients.

    Raises
    ------
    NumericalError
        The likelihood cannot be computed at the start values.
    """
    ends = watched(problem) if control.max_evaluations > 1 else []
    own = _ended(problem, control, start, ends)
    if ends and own.problem is problem and not _log_concave(problem) and not _certified(own):
        return _from_simpler(own, ends, control)
    return own


def _ended(
    problem: GeneralisedProblem, control: Control, start: Array | None, ends: Sequence[Watched]
) -> Ended:
    own = _search(problem, control, start, ends)
    for end in ends:
        if end.reached(problem, own.found):
            return _settled(own, end, control)
    return own


def _search(
    problem: GeneralisedProblem,
    control: Control,
    start: Array | None,
    ends: Sequence[Watched] = (),
) -> Ended:
    kernel = problem.kernel(row_threads(problem.n, control.threads))
    if start is not None and start.size == problem.n_theta:
        start = np.concatenate([start, _first_coefficients(problem, kernel, control)])
    found = kernel.solve(
        problem.scaling.core,
        start,
        control.max_evaluations,
        control.gain,
        control.restarts,
        control.method,
        [end.limit for end in ends],
    )
    if found.status == "broke down":
        raise NumericalError(
            "the likelihood cannot be computed at the start values",
            found=f"inner theta {np.array2string(found.inner, precision=4)}",
            fix="check the response and the offset for extreme values, or give other start values",
        )
    return Ended(problem, kernel, found, spent=found.evaluations)


def _first_coefficients(
    problem: GeneralisedProblem, kernel: GeneralisedKernel, control: Control
) -> Array:
    """The coefficients that a search without given values begins with."""
    found = kernel.solve(problem.scaling.core, None, 1, control.gain, 0, control.method, [])
    return found.coefficients


def _settled(own: Ended, end: Watched, control: Control) -> Ended:
    """The optimum at an end, or the one inside if the criterion falls away from the end."""
    problem, found = own.problem, own.found
    begin = np.concatenate([found.inner, np.delete(found.coefficients, end.index)])
    simpler = search_to_ends(problem.at_boundary(end.boundary), control, begin)
    spent = own.spent + simpler.spent
    stopped = found.status == "at an end"
    if not stopped and found.criterion < simpler.found.criterion - NOTHING:
        return replace(own, spent=spent)
    whole = _with_ends(problem, simpler, end)
    slope = slope_at_end(problem, end, simpler.found.inner, whole)
    if slope is not None and not slope.inside:
        boundary = end.boundary
        at = FamilyEnd(
            part=boundary.part,
            sign=boundary.sign,
            becomes=_plain(boundary.becomes),
            family=_plain(problem.family),
            words=boundary.words,
            slope=slope.first,
        )
        return replace(simpler, ends=(at, *simpler.ends), spent=spent)
    if not stopped:
        return replace(own, spent=spent)
    whole[end.index] = end.psi(INSIDE) if slope is None else start_inside(end, slope)
    for k in np.flatnonzero(~np.isfinite(whole)):
        whole[k] = found.coefficients[k]
    inside = _search(problem, control, np.concatenate([simpler.found.inner, whole]))
    return replace(inside, spent=spent + inside.spent)


def _plain(family: Family) -> str:
    """The family as in a sentence, without the formula of its variance."""
    return family.title.partition(" (")[0]


def _log_concave(problem: GeneralisedProblem) -> bool:
    family = problem.family
    return log_concave(family.core_name, family.link, family.core_constants(problem.n_answers))


def _certified(ended: Ended) -> bool:
    found = ended.found
    return certificate(ended.problem, found.inner, Evidence(*found.evidence), ended.spent).certified


def _stands(ended: Ended) -> bool:
    """Whether the modes at the estimates are found without those of the search before."""
    found = ended.found
    lambdas = group_lambdas(ended.problem, found.inner)
    return ended.problem.kernel().evaluate(lambdas, np.asarray(found.coefficients))


def _from_simpler(own: Ended, ends: Sequence[Watched], control: Control) -> Ended:
    """Search again from the optimum of the simpler family at each end, until one is certified.

    Laplace's criterion falls without bound where a mode of the random effects is about to vanish,
    and only rows that are not log-concave let modes vanish. A search can run into such a place.
    Without zero inflation rows are log-concave, so the optimum there is a good start.
    """
    best, spent = own, own.spent
    for end in ends:
        simpler = search_to_ends(own.problem.at_boundary(end.boundary), control)
        whole = _with_ends(own.problem, simpler, end)
        slope = slope_at_end(own.problem, end, simpler.found.inner, whole)
        whole[end.index] = end.psi(INSIDE) if slope is None else start_inside(end, slope)
        spent += simpler.spent
        if not np.all(np.isfinite(whole)):
            continue
        start = np.concatenate([simpler.found.inner, whole])
        again = _ended(own.problem, control, start, ends)
        spent += again.spent
        if _certified(again):
            return replace(again, spent=spent)
        if not _stands(best):
            best = again
    return replace(best, spent=spent)


def _with_ends(problem: GeneralisedProblem, simpler: Ended, end: Watched) -> Array:
    """All inner coefficients of a problem; infinite where the simpler one is at an end."""
    infinite = {at.part: at.sign * np.inf for at in simpler.ends}
    infinite[end.boundary.part] = end.boundary.sign * np.inf
    out = [np.asarray(simpler.found.coefficients[: problem.p])]
    at = problem.p
    for part in problem.psi:
        if part.part in infinite:
            out.append(np.array([infinite[part.part]]))
            continue
        out.append(np.asarray(simpler.found.coefficients[at : at + len(part.names)]))
        at += len(part.names)
    return np.concatenate(out)


def with_ending(
    own: Certificate, finite: Finite, ends: tuple[FamilyEnd, ...], other_modes: bool
) -> Certificate:
    """The certificate of the search with what is known about its ending."""
    verdict, certified = own.verdict, own.certified
    if finite.none:
        verdict, certified = "no finite maximum", False
    elif ends and certified:
        verdict = "boundary optimum"
    return replace(
        own,
        verdict=verdict,
        certified=certified,
        separation=finite.separation,
        variances=finite.variances,
        ends=ends,
        other_modes=other_modes,
    )
