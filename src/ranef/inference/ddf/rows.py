"""t tests and intervals of rows of a hypothesis, and what joint tests share."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ranef.inference.ddf.method import Method
from ranef.types import Array

__all__ = [
    "RowTests",
    "independent_rows",
    "one_sided",
    "quantiles",
    "row_covariance",
    "row_errors",
    "row_tests",
    "two_sided",
]


class RowTests(NamedTuple):
    """One entry for each row; NaN if the data do not determine it."""

    estimate: Array
    std_error: Array
    df: Array
    statistic: Array
    p_value: Array
    conf_low: Array
    conf_high: Array


def row_tests(
    rows: Array, beta: Array, method: Method, level: float = 0.95, null: Array | float = 0.0
) -> RowTests:
    """The t test (z if the degrees of freedom are infinite) of each row, two-sided.

    Parameters
    ----------
    rows : ndarray, shape (m, p)
    beta : ndarray, shape (p,)
    method : Method
    level : float
        Of the intervals.
    null : float or ndarray, shape (m,)
        Values under the null hypothesis.
    """
    estimate = rows @ beta
    std_error = row_errors(rows, method.vcov)
    df = method.df(rows) if rows.shape[0] else np.zeros(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = (estimate - null) / std_error
    half = quantiles(df, level) * std_error
    p_value = two_sided(statistic, df)
    return RowTests(estimate, std_error, df, statistic, p_value, estimate - half, estimate + half)


def row_errors(rows: Array, vcov: Array) -> Array:
    """Standard errors of L beta, with NaN in V as in :func:`row_covariance`."""
    if np.isnan(vcov).any():
        return np.asarray(np.sqrt(np.diag(row_covariance(rows, vcov))))
    return np.asarray(np.sqrt(np.einsum("ma,ma->m", rows @ vcov, rows)))


def row_covariance(rows: Array, vcov: Array) -> Array:
    """L V L', where coefficients without an estimate have NaN in V.

    Rows that such a coefficient takes part in are NaN, and the others are as if it were not there.
    """
    known = np.isfinite(np.diag(vcov))
    if known.all():
        return np.asarray(rows @ vcov @ rows.T)
    own = rows[:, known]
    out = np.asarray(own @ vcov[np.ix_(known, known)] @ own.T)
    # Rows of hypotheses about terms are computed: a zero of them can be rounding error.
    least = 1e-10 * np.abs(rows).max(axis=1, initial=0.0)
    without = (np.abs(rows[:, ~known]) > least[:, None]).any(axis=1)
    out[without, :] = out[:, without] = np.nan
    return out


def two_sided(statistic: Array, df: Array) -> Array:
    """P(abs(t) >= abs(statistic)); the normal law where df is infinite."""
    from scipy import special

    size = -np.abs(statistic)
    return np.asarray(
        np.where(np.isinf(df), 2.0 * special.ndtr(size), 2.0 * special.stdtr(df, size))
    )


def one_sided(tests: RowTests, level: float, greater: bool) -> RowTests:
    """The same with the alternative on one side: the intervals have one end.

    Their end is where the test at 1 - `level` stops rejecting.
    """
    from scipy import special

    sign = 1.0 if greater else -1.0
    against = -sign * tests.statistic
    p_value = np.where(np.isinf(tests.df), special.ndtr(against), special.stdtr(tests.df, against))
    end = tests.estimate - sign * quantiles(tests.df, 2.0 * level - 1.0) * tests.std_error
    open_end = np.full(end.size, sign * np.inf)
    low, high = (end, open_end) if greater else (open_end, end)
    return tests._replace(p_value=p_value, conf_low=low, conf_high=high)


def quantiles(df: Array, level: float) -> Array:
    """Half the width of an interval in standard errors."""
    from scipy import special

    upper = 0.5 + 0.5 * level
    return np.asarray(np.where(np.isinf(df), special.ndtri(upper), special.stdtrit(df, upper)))


def independent_rows(rows: Array, difference: Array, vcov: Array) -> tuple[Array, Array, Array]:
    """Orthogonal rows that ask the same as `rows`, with their differences and variances.

    The eigenvectors of L vcov L' turn the rows, as in lmerTest's ``contestMD``. How many of them
    count is decided on rows scaled to unit standard errors, whose dependence has no units: an
    eigenvalue below the root of the rounding unit, beside the largest, is a row that depends on
    the others. Where the eigenvalues of L vcov L' itself do not tell the same number, because its
    rows have very different standard errors, the scaled rows are turned in its place.

    Returns
    -------
    rows : ndarray, shape (q, p)
    difference : ndarray, shape (q,)
    variances : ndarray, shape (q,)
        In descending order.
    """
    size = np.sqrt(np.maximum(np.einsum("ma,ab,mb->m", rows, vcov, rows), 0.0))
    size[size == 0.0] = 1.0
    scaled = rows / size[:, None], difference / size
    own, unit = _turned(rows, difference, vcov), _turned(*scaled, vcov)
    return own if own[2].size == unit[2].size else unit


def _turned(rows: Array, difference: Array, vcov: Array) -> tuple[Array, Array, Array]:
    values, vectors = np.linalg.eigh(rows @ vcov @ rows.T)
    kept = values > np.sqrt(np.finfo(float).eps) * max(float(values[-1]), 0.0)
    order = np.flatnonzero(kept)[::-1]
    turned = vectors[:, order].T
    return turned @ rows, turned @ difference, values[order]
