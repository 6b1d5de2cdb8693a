"""Predictions for new rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ranef.design import Encoding
from ranef.errors import DataError, OptionError
from ranef.frame import Table
from ranef.inference.coefficients import check_level
from ranef.inference.estimates import Estimates
from ranef.inference.quadratic import quadratic_forms
from ranef.inference.rows import fixed_part, random_part
from ranef.problem import TermLabel
from ranef.problem.parameters import semidefinite_cholesky
from ranef.record import record
from ranef.types import Array, Codes

__all__ = ["Prediction", "PredictionOptions", "predict"]

Blocks = Sequence[tuple[Codes, Array]]

ACCEPTED: dict[str, tuple[Any, ...]] = {
    "level": ("conditional", "population"),
    "new_levels": ("error", "population", "sample"),
    "interval": (None, "confidence", "prediction"),
}


@record(frozen=True, slots=True)
class PredictionOptions:
    """What is predicted, what happens to new levels, and which interval goes with it."""

    level: str = "conditional"
    new_levels: str = "error"
    interval: str | None = None
    confidence: float = 0.95
    seed: int | None = None

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
    """Predicted means; limits where an interval was asked for."""

    estimate: Array
    conf_low: Array | None
    conf_high: Array | None


def predict(
    table: Table,
    encoding: Encoding,
    estimates: Estimates,
    modes: Callable[[], tuple[Array, ...]],
    labels: tuple[TermLabel, ...],
    conditional_variance: Callable[[Array, Blocks], Array],
    options: PredictionOptions,
) -> Prediction:
    """Predict the rows of a table that has the model's predictors.

    Intervals are normal and take the variances as known. ``confidence`` is for the mean: x'beta, or
    x'beta + z'b with the random effects of the row's groups. ``prediction`` is for a new
    observation with weight 1: it adds sigma^2, and for population predictions z'Sigma z, as its
    groups are new.
    """
    x = encoding.fixed(table)
    mean = fixed_part(x, estimates.beta, encoding.offset(table))
    blocks = encoding.random(table) if options.needs_groups else ()
    if options.level == "conditional":
        if options.new_levels == "error":
            _refuse_new_levels(blocks, labels, table, encoding)
        mean = mean + random_part(blocks, modes())
        mean[_group_missing(table, encoding)] = np.nan
        if options.new_levels == "sample":
            mean = mean + _drawn(blocks, estimates, np.random.default_rng(options.seed))
    if options.interval is None:
        return Prediction(mean, None, None)
    if options.level == "conditional":
        variance = conditional_variance(x, blocks)
    else:
        variance = quadratic_forms(x, estimates.vcov)
    if options.interval == "prediction":
        variance = variance + estimates.sigma**2
        if options.level == "population":
            for (_, z), covariance in zip(blocks, estimates.covariances, strict=True):
                variance = variance + quadratic_forms(z, covariance)
    from scipy import special

    half = special.ndtri(0.5 + 0.5 * options.confidence) * np.sqrt(variance)
    return Prediction(mean, mean - half, mean + half)


def _group_missing(table: Table, encoding: Encoding) -> NDArray[np.bool_]:
    """Rows where a grouping variable is missing."""
    missing = np.zeros(table.n_rows, dtype=np.bool_)
    for coding in encoding.random_codings:
        for name in coding.grouping.columns:
            values = table[name].values
            missing |= values < 0 if table[name].kind == "factor" else np.isnan(values)
    return missing


def _refuse_new_levels(
    blocks: Blocks, labels: tuple[TermLabel, ...], table: Table, encoding: Encoding
) -> None:
    missing = _group_missing(table, encoding)
    for (codes, _), label, coding in zip(blocks, labels, encoding.random_codings, strict=True):
        rows = np.flatnonzero((codes < 0) & ~missing)
        if rows.size:
            level = ":".join(_text(table, name, rows[0]) for name in coding.grouping.columns)
            raise DataError(
                f"levels of '{label.factor}' that were not in the data of the fit",
                found=f"'{level}' in row {rows[0]} (from 0)"
                + (f", new levels in {rows.size} of {codes.size} rows" if rows.size > 1 else ""),
                fix="new_levels='population' predicts them with random effects of zero, "
                "new_levels='sample' draws their random effects",
            )


def _text(table: Table, name: str, row: int) -> str:
    column = table[name]
    if column.kind == "factor":
        return column.levels[int(column.values[row])]
    return f"{column.values[row]:.15g}"


def _drawn(blocks: Blocks, estimates: Estimates, rng: np.random.Generator) -> Array:
    """Random effects drawn for new levels, one draw a row; zero for known ones."""
    total = np.zeros(blocks[0][0].shape[0])
    for (codes, z), covariance in zip(blocks, estimates.covariances, strict=True):
        root = semidefinite_cholesky(covariance)
        b = rng.standard_normal((codes.size, covariance.shape[0])) @ root.T
        total += np.where(codes < 0, np.einsum("ij,ij->i", z, b), 0.0)
    return total
