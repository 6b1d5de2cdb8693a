"""Predictions for new rows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ranef.design import Encoding
from ranef.errors import DataError, OptionError
from ranef.frame import Table
from ranef.inference.coefficients import check_level
from ranef.inference.estimates import Estimates
from ranef.inference.rows import fixed_part
from ranef.problem import TermLabel
from ranef.problem.parameters import semidefinite_cholesky
from ranef.types import Array, Codes

__all__ = ["Prediction", "predict"]

LEVELS = ("conditional", "population")
NEW_LEVELS = ("error", "population", "sample")
INTERVALS = (None, "confidence", "prediction")


class Prediction(NamedTuple):
    """Predicted means; limits where an interval was asked for."""

    estimate: Array
    conf_low: Array | None
    conf_high: Array | None


def predict(
    table: Table,
    encoding: Encoding,
    estimates: Estimates,
    labels: tuple[TermLabel, ...],
    level: str,
    new_levels: str,
    interval: str | None,
    confidence: float,
    seed: int | None,
) -> Prediction:
    """Predict rows of a table that has the model's predictors.

    The interval of a population prediction treats the variances as known: ``confidence`` is for
    the mean, x' vcov x; ``prediction`` for a new observation in a new group, which adds z'Sigma z
    and sigma^2.
    """
    _check_options(level, new_levels, interval)
    check_level(confidence)
    x = encoding.fixed(table)
    mean = fixed_part(x, estimates.beta, encoding.offset(table))
    if level == "conditional":
        if interval is not None:
            raise OptionError(
                "intervals are for population predictions",
                found=f"level='conditional', interval='{interval}'",
                fix="use level='population'",
            )
        blocks = encoding.random(table)
        rng = np.random.default_rng(seed)
        for (codes, z), modes, covariance, label in zip(
            blocks, estimates.modes, estimates.covariances, labels, strict=True
        ):
            mean = mean + _term(codes, z, modes, covariance, label, new_levels, rng)
        return Prediction(mean, None, None)
    if interval is None:
        return Prediction(mean, None, None)
    variance = np.einsum("ij,jk,ik->i", x, estimates.vcov, x)
    if interval == "prediction":
        variance = variance + estimates.sigma**2
        for (_, z), covariance in zip(encoding.random(table), estimates.covariances, strict=True):
            variance = variance + np.einsum("ij,jk,ik->i", z, covariance, z)
    from scipy import special

    half = special.ndtri(0.5 + 0.5 * confidence) * np.sqrt(variance)
    return Prediction(mean, mean - half, mean + half)


def _term(
    codes: Codes,
    z: Array,
    modes: Array,
    covariance: Array,
    label: TermLabel,
    new_levels: str,
    rng: np.random.Generator,
) -> Array:
    known = codes >= 0
    part = np.einsum("ij,ij->i", z, modes[np.where(known, codes, 0)])
    if bool(np.all(known)):
        return np.asarray(part)
    if new_levels == "error":
        rows = np.flatnonzero(~known)
        raise DataError(
            f"levels of '{label.factor}' that were not in the data of the fit",
            found=f"{rows.size} of {known.size} rows, the first is row {rows[0]} (from 0)",
            fix="new_levels='population' predicts them with random effects of zero, "
            "new_levels='sample' draws their random effects",
        )
    if new_levels == "population":
        return np.asarray(np.where(known, part, 0.0))
    root = semidefinite_cholesky(covariance)
    drawn = rng.standard_normal((known.size, covariance.shape[0])) @ root.T
    return np.asarray(np.where(known, part, np.einsum("ij,ij->i", z, drawn)))


def _check_options(level: str, new_levels: str, interval: str | None) -> None:
    for name, value, accepted in (
        ("level", level, LEVELS),
        ("new_levels", new_levels, NEW_LEVELS),
        ("interval", interval, INTERVALS),
    ):
        if value not in accepted:
            raise OptionError(
                f"unknown {name} {value!r}",
                fix="use one of " + ", ".join(repr(v) for v in accepted),
            )
