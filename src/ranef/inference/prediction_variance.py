"""Variances of conditional predictions: fixed effects and random effects predicted together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ranef.inference.estimates import Estimates
from ranef.inference.quadratic import quadratic_forms
from ranef.kernel import CoreKernel, Rows, RowsGroup, row_variances
from ranef.problem import Problem
from ranef.solve import Solution
from ranef.solve.solution import evaluate_at
from ranef.types import Array, Codes

__all__ = ["conditional_variances_of_rows"]


def conditional_variances_of_rows(
    problem: Problem,
    solution: Solution,
    estimates: Estimates,
    x: Array,
    blocks: Sequence[tuple[Codes, Array]],
) -> Array:
    """Variance of x'beta + z'b less its prediction, variances taken as known, shape (rows,).

    Henderson's (1975) prediction error variance, sigma^2 a' C a with C the inverse of the mixed
    model equations. A level without data brings the full variance of its random effects.

    Parameters
    ----------
    x : ndarray, shape (rows, p)
    blocks : sequence of (codes, Z)
        Of the terms; a code of -1 is a level that the fit has not seen.
    """
    kernel = problem.kernel()
    assert isinstance(kernel, CoreKernel)
    evaluate_at(problem, kernel, solution.inner)
    x_inner = np.asfortranarray(x @ problem.scaling.R)
    columns: list[list[Array]] = [[] for _ in problem.products.sizes]
    codes: list[Codes] = [np.zeros(0, np.int32)] * len(columns)
    variance = np.zeros(x.shape[0])
    for (code, z), term, b, covariance in zip(
        blocks, problem.terms, problem.scaling.B, estimates.covariances, strict=True
    ):
        codes[term.group] = np.ascontiguousarray(code, dtype=np.int32)
        columns[term.group] += list(np.ascontiguousarray((z @ b).T))
        variance += np.where(code < 0, quadratic_forms(z, covariance), 0.0)
    groups = tuple(
        RowsGroup(c, levels, tuple(z), (0.0,) * q, (1.0,) * q)
        for c, z, (levels, q) in zip(codes, columns, problem.products.sizes, strict=True)
    )
    rows = Rows(
        groups=groups,
        x=tuple(x_inner[:, j] for j in range(x.shape[1])),
        x_shifts=(0.0,) * x.shape[1],
        x_scales=(1.0,) * x.shape[1],
        y=np.zeros(x.shape[0]),
        y_shift=0.0,
        y_scale=1.0,
        weights=None,
    )
    return np.asarray(variance + estimates.sigma**2 * row_variances(kernel, rows))
