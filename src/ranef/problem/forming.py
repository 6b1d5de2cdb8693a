"""From data to a problem, with all decisions that can be made before the search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ranef.design import Data
from ranef.problem.exact import check_fixed_part, hardly_explained
from ranef.problem.problem import Problem, make_problem
from ranef.problem.unbounded import check_bounded
from ranef.residual import learn_residual
from ranef.residual.base import GroupCodes

if TYPE_CHECKING:
    from ranef.priors.assign import Assigned

__all__ = ["form_problem", "problem_of", "settled"]


def form_problem(
    data: Data, reml: bool, prior: Assigned | None = None, threads: int | None = None
) -> Problem:
    """Sum the cross-products of the data and describe what is to be minimised.

    It is decided here, and nowhere else, whether there is an estimate, whether X is so nearly
    collinear that its columns have to be orthogonalised first, whether X fits the response
    exactly, and whether cross-products have enough digits for its residuals.

    Raises
    ------
    DataError
        A column whose values are too small or too large to be squared.
    DesignError
        The criterion is not bounded, or the fixed part fits the response exactly.
    """
    check_bounded(data.design, data.y, reml, penalised=prior is not None)
    problem = make_problem(data.design, data.y, data.weights, reml, prior, threads, data.residual)
    return _with_what_x_leaves(problem, data)


def problem_of(data: Data, reml: bool) -> Problem:
    """The problem of the data of a fit, with its residual structure, perhaps with another design.

    Raises
    ------
    DesignError
        Groups of correlated residuals are not nested in a grouping factor of the design.
    """
    if data.residual is None or data.phi is None:
        return make_problem(data.design, data.y, data.weights, reml)
    groups = {term.factor: GroupCodes(term.factor, term.codes) for term in data.design.terms}
    structure = learn_residual(data.residual.spec, data.table, tuple(groups.values()))
    problem = make_problem(data.design, data.y, data.given_weights, reml, residual=structure)
    return problem.at_residual(data.phi)


def settled(problem: Problem, data: Data) -> Problem:
    """A changed problem of the same rows, with the same decided again.

    Raises
    ------
    DesignError
        The criterion is not bounded, or the fixed part fits the response exactly.
    """
    check_bounded(data.design, data.y, problem.reml, penalised=problem.prior is not None)
    return _with_what_x_leaves(problem, data)


def _with_what_x_leaves(problem: Problem, data: Data) -> Problem:
    check_fixed_part(problem, data.design, data.y, data.weights)
    if hardly_explained(problem) and problem.searched is None:
        return problem.with_rows(data.design, data.y, data.weights)
    return problem
