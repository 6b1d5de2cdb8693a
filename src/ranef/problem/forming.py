"""From data to a problem, with everything decided that can be before the search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ranef.design import Data
from ranef.problem.exact import check_fixed_part, hardly_explained
from ranef.problem.problem import Problem, make_problem
from ranef.problem.unbounded import check_bounded

if TYPE_CHECKING:
    from ranef.priors.assign import Assigned

__all__ = ["form_problem", "settled"]


def form_problem(
    data: Data, reml: bool, prior: Assigned | None = None, threads: int | None = None
) -> Problem:
    """Sum the cross-products of the data and describe what is to be minimised.

    It is decided here, and nowhere else, whether there is an estimate, whether X is so nearly
    collinear that its columns have to be orthogonalised first, whether X fits the response
    exactly, and whether cross-products can tell what X leaves of it.

    Raises
    ------
    DataError
        A column whose values are too small or too large to be squared.
    DesignError
        The criterion is not bounded, or the fixed part fits the response exactly.
    """
    check_bounded(data.design, data.y, reml, penalised=prior is not None)
    problem = make_problem(
        data.design, data.y, data.weights, reml, prior, threads, data.residual
    )
    return _with_what_x_leaves(problem, data)


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
