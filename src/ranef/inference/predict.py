"""Predictions for rows: means, standard errors and intervals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ranef.design import Encoding
from ranef.errors import OptionError
from ranef.frame import Table
from ranef.inference.coefficients import check_level
from ranef.inference.ddf import NAMES, Method
from ranef.inference.ddf.constant import Constant
from ranef.inference.ddf.rows import quantiles
from ranef.inference.ddf.satterthwaite import Satterthwaite
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
    "ddf": NAMES,
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
    def needs_random(self) -> bool:
        """Whether the variables of the random part have to be in the data."""
        return self.needs_groups or self.interval == "prediction"

    @property
    def needs_groups(self) -> bool:
        """Whether the grouping factors have to be."""
        return self.level == "conditional"


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
    method: Callable[[], Method],
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
    blocks: Blocks = ()
    if options.needs_random:
        blocks = encoding.random(table, groups=options.needs_groups)
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
    ddf = method()
    if options.level == "conditional":
        variance = variances.conditional(x, blocks)
        of_mean = variance.value
    else:
        variance = variances.fixed(x)
        of_mean = _of_fixed_part(x, ddf)
    std_error = _root(of_mean, mean) if options.se else None
    if options.interval is None:
        return Prediction(estimate, std_error, None, None, broken)
    if options.interval == "confidence" and options.level == "population":
        half = _half_width(of_mean, _df_of_fixed_part(x, ddf), mean, options.confidence)
        return Prediction(estimate, std_error, mean - half, mean + half, broken)
    if options.interval == "prediction":
        variance = variance.plus(variances.residual(mean.size))
        if options.level == "population":
            variance = variance.plus(variances.new_groups(blocks))
    half = _half_width(variance.value, _df(variance, ddf), mean, options.confidence)
    return Prediction(estimate, std_error, mean - half, mean + half, broken)


def predict_average(
    table: Table,
    encoding: Encoding,
    beta: Array,
    weights: Array,
    shift: Array | float,
    method: Method,
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
    mean = fixed_part(x, beta, encoding.offset(table)) + shift
    blocks = table.n_rows // weights.size
    mean = mean.reshape(blocks, -1) @ weights
    x = np.einsum("bkp,k->bp", x.reshape(blocks, weights.size, -1), weights)
    of_block = broken.reshape(blocks, weights.size, broken.shape[1]).any(axis=1)
    mean[np.any(of_block, axis=1)] = np.nan
    half = _half_width(_of_fixed_part(x, method), _df_of_fixed_part(x, method), mean, 0.95)
    return Prediction(mean, None, mean - half, mean + half, np.asarray(of_block))


def _of_fixed_part(x: Array, method: Method) -> Array:
    """Variances of x'beta."""
    return np.asarray(np.einsum("ia,ia->i", x @ method.vcov, x))


def _df_of_fixed_part(x: Array, method: Method) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):  # a row of zeros has no variance
        return method.df(x)


def _df(variance: PredictionVariance, method: Method) -> Array:
    """Degrees of freedom of a variance that holds random effects or the residual.

    Raises
    ------
    OptionError
        The method knows those of fixed effects alone.
    """
    if isinstance(method, Constant):
        return np.full(variance.value.shape, method.value)
    if isinstance(method, Satterthwaite):
        return variance.satterthwaite(method.derivatives.covariance)
    raise OptionError(
        f"ddf={method.name!r} is for intervals of fixed effects alone",
        found="an interval that random effects or the residual take part in",
        fix="use ddf='satterthwaite', or level='population' with interval='confidence'",
    )


def _half_width(variance: Array, df: Array, mean: Array, confidence: float) -> Array:
    width = quantiles(df, confidence) * _root(variance, mean)
    return np.where(variance == 0.0, 0.0, width)


def _root(variance: Array, mean: Array) -> Array:
    """Standard errors; NaN where the mean is."""
    return np.where(np.isnan(mean), np.nan, np.sqrt(variance))
