"""The problem: a frozen record of what is minimised, and maps between its two scales."""

from ranef.problem.exact import check_fixed_part, check_residual_variance, hardly_explained
from ranef.problem.parameters import covariances, lower_triangles, theta_of_covariances
from ranef.problem.problem import (
    Problem,
    make_problem,
    nearly_collinear,
    problem_of,
)
from ranef.problem.unbounded import check_bounded

__all__ = [
    "Problem",
    "check_bounded",
    "check_fixed_part",
    "check_residual_variance",
    "covariances",
    "hardly_explained",
    "lower_triangles",
    "make_problem",
    "nearly_collinear",
    "problem_of",
    "theta_of_covariances",
]
