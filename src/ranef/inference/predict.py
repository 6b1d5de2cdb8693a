"""Predictions for rows: means, standard errors and intervals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ranef.design import Encoding
from ranef.errors import OptionError
from ranef.frame import Table
from ranef.inference.coefficients import DDF, check_level
from ranef.inference.new_levels import Blocks, drawn_effects, group_missing, refuse_new_levels
from ranef.inference.prediction_variance import PredictionVariance, RowVariances
from ranef.inference.rows import fixed_part, random_part
from ranef.problem import TermLabel
from ranef.record import record
from ranef.types import Array

__all__ = ["Prediction", "PredictionOptions", "predict", "predict_average"]

ACCEPTED: dict[str, tuple[Any, ...]] = {
    "level": ("conditional", "population"),
    "new_levels": ("error", "population", "sample"),
    "interval": (None, "confidence", "prediction"),
    "ddf": DDF,
    "se": (False, True),
}


@record(frozen=True, slots=True)
class PredictionOptions:
    """What is predicted, what happens to new levels, and what goes with it."""

    level: str = "conditional"
    new_levels: str = "error"
    interval: str | None = None
    confidence: float = 0.95
    seed: int | None = None
    se: bool = False
    ddf: str = "satterthwaite"

    def __post_init__(self) -> None:
        check_level(self.confidence)
        for name, accepted in ACCEPTED.items():
            if getattr(self, name) not in accepted:
                raise OptionError(
                    f"unknown {name} {getattr(self, name)!r}",
                    fix="use one of " + ", ".join(repr(value) for value in accepted),
                )

    @property
    def needs_groups(self) -> bool:
        """Whether the grouping factors have to be in the data."""
        return self.level == "conditional" or self.interval == "prediction"


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
    table: Table,
    encoding: Encoding,
    modes: Callable[[], tuple[Array, ...]],
    labels: tuple[TermLabel, ...],
    variances: RowVariances,
    options: PredictionOptions,
) -> Prediction:
    """Predict the rows of a table that has the model's predictors.

    Standard errors and ``confidence`` intervals are for the mean: x'beta, or x'beta + z'b with the
    random effects of the row's groups. ``prediction`` intervals are for a new observation with
    weight 1. Their variance has sigma^2 besides, and in population predictions z'Sigma z, as the
    groups are new. Quantiles are of t with the degrees of freedom of that variance.

    A row whose x'beta the data do not determine is NaN.

    Notes
    -----
    With ``new_levels="sample"`` the estimate of a row in a new level is x'beta + z'd, d drawn. The
    interval stands around x'beta all the same. The new group's own effect b is independent of d:
    around the draw the error has the variances of both, and an interval that counts b and the
    residual covers too little, 83 % instead of 95 % if there is hardly a residual.
    """
    beta, sampled = variances.estimates.beta, None
    x, broken = encoding.fixed_and_broken(table)
    mean = fixed_part(x, beta, encoding.offset(table))
    blocks: Blocks = encoding.random(table) if options.needs_groups else ()
    if options.level == "conditional":
        if options.new_levels == "error":
            refuse_new_levels(blocks, labels, table, encoding)
        mean = mean + random_part(blocks, modes())
        mean[group_missing(table, encoding)] = np.nan
        if options.new_levels == "sample":
            covariances = variances.estimates.covariances
            sampled = drawn_effects(blocks, covariances, table, encoding, options.seed)
    mean[broken.any(axis=1)] = np.nan
    estimate = mean if sampled is None else mean + sampled
    if options.interval is None and not options.se:
        return Prediction(estimate, None, None, None, broken)
    if options.level == "conditional":
        of_mean = variances.conditional(x, blocks)
    else:
        of_mean = variances.fixed(x)
    std_error = _sqrt(of_mean.value, mean) if options.se else None
    if options.interval is None:
        return Prediction(estimate, std_error, None, None, broken)
    variance = of_mean
    if options.interval == "prediction":
        variance = variance.plus(variances.residual(mean.size))
        if options.level == "population":
            variance = variance.plus(variances.new_groups(blocks))
    half = _half_width(variance, mean, variances, options)
    return Prediction(estimate, std_error, mean - half, mean + half, broken)


def predict_average(
    table: Table, encoding: Encoding, weights: Array, shift: Array | float, variances: RowVariances
) -> Prediction:
    """Population means averaged over blocks of rows, with 95% confidence intervals.

    Parameters
    ----------
    table : Table
        Blocks of ``len(weights)`` rows, one block after the other.
    weights : ndarray, shape (k,)
        Of the rows of a block; they add up to 1.
    shift : ndarray, shape (rows,), or float
        Known part of the mean that `encoding` does not hold.

    Returns
    -------
    Prediction
        One entry a block.
    """
    x, broken = encoding.fixed_and_broken(table)
    mean = fixed_part(x, variances.estimates.beta, encoding.offset(table)) + shift
    blocks = table.n_rows // weights.size
    mean = mean.reshape(blocks, -1) @ weights
    x = np.einsum("bkp,k->bp", x.reshape(blocks, weights.size, -1), weights)
    of_block = broken.reshape(blocks, weights.size, broken.shape[1]).any(axis=1)
    mean[np.any(of_block, axis=1)] = np.nan
    half = _half_width(variances.fixed(x), mean, variances, PredictionOptions())
    return Prediction(mean, None, mean - half, mean + half, np.asarray(of_block))


def _half_width(
    variance: PredictionVariance, mean: Array, variances: RowVariances, options: PredictionOptions
) -> Array:
    from scipy import special

    upper = 0.5 + 0.5 * options.confidence
    if options.ddf == "satterthwaite":
        df = variance.satterthwaite(variances.derivatives().covariance)
    elif options.ddf == "residual":
        df = np.full(mean.shape, float(variances.problem.n - variances.problem.p))
    else:
        df = np.full(mean.shape, np.inf)
    return np.asarray(special.stdtrit(df, upper) * _sqrt(variance.value, mean))


def _sqrt(variance: Array, mean: Array) -> Array:
    """Standard errors; NaN where the mean is."""
    return np.where(np.isnan(mean), np.nan, np.sqrt(variance))
