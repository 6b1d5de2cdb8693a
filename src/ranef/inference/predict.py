"""Predictions for rows: means, standard errors and intervals."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ranef.design import Encoding
from ranef.errors import ApproximationWarning, OptionError, TooLargeError, warn
from ranef.frame import Table
from ranef.inference.ddf import Method
from ranef.inference.ddf.constant import Constant
from ranef.inference.ddf.rows import quantiles
from ranef.inference.ddf.satterthwaite import Satterthwaite
from ranef.inference.prediction_options import PredictionOptions
from ranef.inference.prediction_target import Target
from ranef.inference.prediction_variance import PredictionVariance, RowVariances
from ranef.inference.rows import fixed_part
from ranef.types import Array

__all__ = ["Prediction", "predict", "predict_average"]

LEAST_DF = 2.0
"""Satterthwaite's degrees of freedom fall below 1 near a variance of zero: an interval is then
several times too wide. With at least 2 all simulated cells cover 93.5% or more."""


class Prediction(NamedTuple):
    """Predicted means, shape (rows,), and what was asked for besides.

    `broken` says which rows are not estimable, and by which column that was left out of X:
    shape (rows, columns left out).
    """

    estimate: Array
    std_error: Array | None
    conf_low: Array | None
    conf_high: Array | None
    broken: NDArray[np.bool_]

    def columns(self) -> dict[str, Array]:
        """Estimates, standard errors and limits by name, those that there are."""
        named = self._asdict()
        del named["broken"]
        return {name: values for name, values in named.items() if values is not None}


def predict(
    target: Target,
    variances: RowVariances,
    method: Callable[[], Method],
    options: PredictionOptions,
) -> Prediction:
    """Predicted means with standard errors and intervals from the prediction error variance.

    Standard errors and ``confidence`` intervals are for the mean: x'beta, or x'beta + z'b with the
    random effects that count. ``prediction`` intervals are for a new observation with weight 1:
    their variance has sigma^2 besides, and z'Sigma z of the random effects that do not count, as
    the groups are new. Quantiles are of t with the degrees of freedom of that variance.

    A row whose x'beta the data do not determine is NaN.

    Notes
    -----
    With ``new_levels="sample"`` the estimate of a row in a new level is x'beta + z'd, d drawn. The
    interval stands around x'beta all the same. The new group's own effect b is independent of d:
    around the draw the error has the variances of both, and an interval that counts b and the
    residual covers too little, 83% instead of 95% if there is hardly a residual.
    """
    estimate, mean = target.estimate, target.mean
    ddf = method()
    if options.terms:
        variance = variances.conditional(target.x, target.blocks)
        of_mean = variance.value
    else:
        variance = variances.fixed(target.x)
        of_mean = _of_fixed_part(target.x, ddf)
    std_error = None
    if options.se == "corrected":
        more = variances.estimation_error(target.x, target.blocks)
        std_error = _root(variance.value + 2.0 * more, mean)
    elif options.se:
        std_error = _root(of_mean, mean)
    if options.interval is None:
        return Prediction(estimate, std_error, None, None, target.broken)
    if options.interval == "confidence" and not options.terms:
        half = _half_width(of_mean, _df_of_fixed_part(target.x, ddf), mean, options.confidence)
        return Prediction(estimate, std_error, mean - half, mean + half, target.broken)
    if target.fresh is not None:
        variance = variance.plus(variances.residual(mean.size, target.spread))
        variance = variance.plus(variances.new_groups(target.fresh))
    df = _df(variance, target, variances, ddf, options)
    half = _half_width(variance.value, df, mean, options.confidence)
    return Prediction(estimate, std_error, mean - half, mean + half, target.broken)


def predict_average(
    table: Table,
    encoding: Encoding,
    beta: Array,
    weights: Array,
    shift: Array | float,
    method: Method,
    level: float = 0.95,
) -> Prediction:
    """Population means averaged over blocks of rows, with confidence intervals.

    Parameters
    ----------
    table : Table
        Blocks of ``len(weights)`` rows, one block after the other.
    weights : ndarray, shape (k,)
        Of the rows of a block; they add up to 1.
    shift : ndarray, shape (rows,), or float
        Known part of the mean that `encoding` does not hold.
    level : float
        Of the intervals.

    Returns
    -------
    Prediction
        One entry a block.
    """
    x, broken = encoding.fixed_and_broken(table)
    mean = fixed_part(x, beta, encoding.offset(table)) + shift
    blocks = table.n_rows // weights.size
    mean = mean.reshape(blocks, -1) @ weights
    x = np.einsum("bkp,k->bp", x.reshape(blocks, weights.size, -1), weights)
    of_block = broken.reshape(blocks, weights.size, broken.shape[1]).any(axis=1)
    mean[np.any(of_block, axis=1)] = np.nan
    half = _half_width(_of_fixed_part(x, method), _df_of_fixed_part(x, method), mean, level)
    return Prediction(mean, None, mean - half, mean + half, np.asarray(of_block))


def _of_fixed_part(x: Array, method: Method) -> Array:
    """Variances of x'beta."""
    return np.asarray(np.einsum("ia,ia->i", x @ method.vcov, x))


def _df_of_fixed_part(x: Array, method: Method) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):  # a row of zeros has no variance
        return method.df(x)


def _df(
    variance: PredictionVariance,
    target: Target,
    variances: RowVariances,
    method: Method,
    options: PredictionOptions,
) -> Array:
    """Degrees of freedom of a variance that holds random effects or the residual.

    Raises
    ------
    OptionError
        The method knows those of fixed effects alone.
    """
    if isinstance(method, Constant):
        return np.full(variance.value.shape, method.value)
    if not isinstance(method, Satterthwaite):
        raise OptionError(
            f"ddf={method.name!r} is for intervals of fixed effects alone",
            found="an interval that random effects or the residual take part in",
            fix="use ddf='satterthwaite', or level='population' with interval='confidence'",
        )
    if options.uncertainty == "all":
        try:
            whole = variances.enveloped(target.x, target.blocks, target.fresh, variance.value)
            df = whole.satterthwaite(variances.information().covariance)
            return np.maximum(df, LEAST_DF)
        except TooLargeError:
            _warn_too_large()
    return variance.satterthwaite(variances.derivatives().covariance)


def _warn_too_large() -> None:
    warn(
        ApproximationWarning,
        "the degrees of freedom of these intervals take variances of zero as known",
        found="crossed factors with so many levels that the expected information of the variances "
        "does not fit in memory; the observed information serves instead",
        fix="uncertainty='known variances' gives the same intervals without this warning",
    )


def _half_width(variance: Array, df: Array, mean: Array, confidence: float) -> Array:
    width = quantiles(df, confidence) * _root(variance, mean)
    return np.where(variance == 0.0, 0.0, width)


def _root(variance: Array, mean: Array) -> Array:
    """Standard errors; NaN where the mean is."""
    return np.where(np.isnan(mean), np.nan, np.sqrt(variance))
