"""The problem: a frozen record of what is minimised, and maps between its two scales."""

from ranef.problem.exact import check_residual_variance
from ranef.problem.forming import form_problem, settled
from ranef.problem.parameters import covariances, lower_triangles, theta_of_covariances
from ranef.problem.problem import Problem, make_problem

__all__ = [
    "Problem",
    "check_residual_variance",
    "covariances",
    "form_problem",
    "lower_triangles",
    "make_problem",
    "settled",
    "theta_of_covariances",
]
