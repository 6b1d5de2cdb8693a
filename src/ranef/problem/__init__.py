"""The problem: a frozen record of what is minimised, and maps between its two scales."""

from ranef.problem.exact import check_residual_variance
from ranef.problem.forming import form_problem, problem_of, settled
from ranef.problem.parameters import covariances, nearest, roots
from ranef.problem.problem import Problem, make_problem
from ranef.problem.shape import ProblemShape

__all__ = [
    "Problem",
    "ProblemShape",
    "check_residual_variance",
    "covariances",
    "form_problem",
    "make_problem",
    "nearest",
    "problem_of",
    "roots",
    "settled",
]
