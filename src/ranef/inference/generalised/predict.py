"""Predictions for rows of a generalised model: estimates, standard errors and intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ranef.family import Family, Psi
from ranef.inference.generalised.estimates import GeneralisedEstimates
from ranef.inference.generalised.joint import known_variances
from ranef.inference.generalised.new_response import quantiles_of_new
from ranef.inference.generalised.over_groups import averaged
from ranef.inference.generalised.prediction_options import GeneralisedOptions
from ranef.inference.generalised.predictor_law import (
    PredictorLaw,
    law_of_rows,
    new_groups,
    new_groups_slopes,
    quadratic,
)
from ranef.inference.generalised.quantity import Quantity, psi_slopes
from ranef.inference.predict import Prediction
from ranef.inference.prediction_target import Target
from ranef.solve.generalised import GeneralisedSolution
from ranef.types import Array

__all__ = ["RowsAsked", "linear_predictors", "predict_quantity"]


@dataclass(frozen=True, slots=True, eq=False)
class RowsAsked:
    """The rows to predict.

    Attributes
    ----------
    target : Target
        x, z and the linear predictor without `shift`.
    shift : ndarray, shape (rows,), or float
        The part of the offset that no formula holds.
    psi : sequence of ndarray or float
        Of each part that is needed; 0 stands for one that is not.
    designs : mapping of str to (int, ndarray or None)
        By part: see :func:`~ranef.inference.generalised.quantity.psi_slopes`.
    weights : ndarray, shape (rows,), or None
        Of new observations.
    """

    target: Target
    shift: Array | float
    psi: Psi
    designs: Mapping[str, tuple[int, Array | None]] = field(repr=False)
    weights: Array | None = None

    @property
    def eta(self) -> Array:
        """The linear predictor, without random effects that were drawn for new levels."""
        return np.asarray(self.target.mean + self.shift)


class _Uncertain(NamedTuple):
    """The law of the linear predictors, and what the parameters' covariance is taken to be."""

    law: PredictorLaw
    covariance: Array


class _Value(NamedTuple):
    """A quantity, and its derivatives in eta, the variance over the groups, and psi."""

    value: Array
    by_eta: Array
    by_variance: Array | None


def linear_predictors(
    rows: RowsAsked,
    solution: GeneralisedSolution,
    estimates: GeneralisedEstimates,
    asked: GeneralisedOptions,
) -> Prediction:
    """Predictions on the scale of the linear predictor, with Wald intervals."""
    target = rows.target
    eta = rows.eta
    if asked.alone:
        return Prediction(eta + target.drawn, None, None, None, target.broken)
    sd = _root(_uncertain(rows, solution, estimates, asked), eta)
    error = sd if asked.se else None
    if asked.interval is None:
        return Prediction(eta + target.drawn, error, None, None, target.broken)
    half = _normal(asked.confidence) * sd
    return Prediction(eta + target.drawn, error, eta - half, eta + half, target.broken)


def predict_quantity(
    rows: RowsAsked,
    quantity: Quantity,
    linked: bool,
    family: Family,
    solution: GeneralisedSolution,
    estimates: GeneralisedEstimates,
    asked: GeneralisedOptions,
) -> Prediction:
    """Predictions of a quantity of the response's distribution.

    Standard errors are by the delta method. A confidence interval is formed on the scale of the
    linear predictor and transformed; if the quantity depends on other parameters too, or is an
    average over the groups, it is formed on `quantity.scale` by the delta method and transformed.

    Parameters
    ----------
    rows : RowsAsked
    quantity : Quantity
    linked : bool
        Whether it is the inverse link of eta, times a number that does not depend on eta.
    family : Family
    solution, estimates
    asked : GeneralisedOptions
        With kind ``"link"`` it is the quantity on its scale that is predicted.
    """
    target, eta = rows.target, rows.eta
    spread = None
    if asked.marginal:
        assert target.fresh is not None
        spread = new_groups(target.fresh, estimates.covariances)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        now = _value(rows, quantity, linked, family, eta, spread)
        estimate = now.value
        if spread is None and np.any(target.drawn):
            estimate = quantity.value(_inside(family, eta + target.drawn), rows.psi)
        on_scale = asked.kind == "link"
        if on_scale:
            estimate = quantity.scale(estimate)
        if asked.alone:
            return Prediction(estimate, None, None, None, target.broken)
        uncertain = _uncertain(rows, solution, estimates, asked)
        if asked.interval == "prediction":
            sd = _root(uncertain, eta)
            assert target.fresh is not None
            whole = np.sqrt(sd**2 + new_groups(target.fresh, estimates.covariances))
            low, high = quantiles_of_new(
                family, eta, whole, rows.psi, rows.weights, asked.confidence
            )
            error = _sd_of(now, rows, quantity, linked, family, solution, estimates, uncertain)
            return Prediction(estimate, error if asked.se else None, low, high, target.broken)
        error = _sd_of(now, rows, quantity, linked, family, solution, estimates, uncertain)
        width = _normal(asked.confidence)
        if spread is None and not quantity.parts:
            half = width * _root(uncertain, eta)
            ends = [quantity.value(_inside(family, e), rows.psi) for e in (eta - half, eta + half)]
        else:
            middle = quantity.scale(now.value)
            slope = np.abs(quantity.back_slope(middle))
            on = np.where(error == 0.0, 0.0, error / slope)
            ends = [middle - width * on, middle + width * on]
            if not on_scale:
                ends = [quantity.back(e) for e in ends]
            else:
                error = on
    if asked.interval is None:
        return Prediction(estimate, error, None, None, target.broken)
    low, high = np.minimum(*ends), np.maximum(*ends)
    return Prediction(estimate, error if asked.se else None, low, high, target.broken)


def _value(
    rows: RowsAsked,
    quantity: Quantity,
    linked: bool,
    family: Family,
    eta: Array,
    spread: Array | None,
    psi: Psi | None = None,
) -> _Value:
    own = rows.psi if psi is None else psi
    if spread is None:
        return _Value(quantity.value(eta, own), quantity.slope(eta, own), None)
    return _Value(*averaged(family, quantity, linked, eta, own, spread))


def _sd_of(
    now: _Value,
    rows: RowsAsked,
    quantity: Quantity,
    linked: bool,
    family: Family,
    solution: GeneralisedSolution,
    estimates: GeneralisedEstimates,
    uncertain: _Uncertain,
) -> Array:
    """Standard errors of a quantity by the delta method in all parameters."""
    law = uncertain.law
    face = estimates.joint.face
    k = len(face.coordinates)
    gradient = now.by_eta[:, None] * law.gradient
    spread = None
    if now.by_variance is not None:
        assert rows.target.fresh is not None
        spread = new_groups(rows.target.fresh, estimates.covariances)
        moves = new_groups_slopes(solution, face, rows.target.fresh)
        gradient[:, :k] += now.by_variance[:, None] * moves
    # Predictors at an end of the family are known there.
    designs: dict[str, tuple[int, Array | None]] = {
        p: rows.designs[p] for p in quantity.parts if solution.part(p) is not None
    }

    def value(eta: Array, psi: Psi) -> Array:
        return _value(rows, quantity, linked, family, eta, spread, psi).value

    for part, (_, slopes) in zip(
        designs, psi_slopes(value, rows.eta, rows.psi, designs), strict=True
    ):
        place = solution.part(part)
        assert place is not None
        gradient[:, k + place.start : k + place.stop] += slopes
    variance = now.by_eta**2 * law.own + quadratic(gradient, uncertain.covariance)
    return np.where(np.isnan(now.value), np.nan, np.sqrt(variance))


def _uncertain(
    rows: RowsAsked,
    solution: GeneralisedSolution,
    estimates: GeneralisedEstimates,
    asked: GeneralisedOptions,
) -> _Uncertain:
    target, joint = rows.target, estimates.joint
    law = law_of_rows(solution, joint.face, estimates.covariances, target.x, target.blocks)
    if not asked.known_variances:
        return _Uncertain(law, joint.covariance)
    covariance = np.zeros_like(joint.covariance)
    k = joint.n_face
    with solution.standing.ask() as kernel:
        covariance[k:, k:] = known_variances(solution, kernel)
    return _Uncertain(law, covariance)


def _root(uncertain: _Uncertain, eta: Array) -> Array:
    """Standard deviations of linear predictors; NaN where the predictor is."""
    variance = uncertain.law.variance(uncertain.covariance)
    return np.where(np.isnan(eta), np.nan, np.sqrt(variance))


def _inside(family: Family, eta: Array) -> Array:
    """Linear predictors, those beyond the end of their range at the end."""
    return np.clip(eta, *family.predictors)


def _normal(confidence: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(0.5 + 0.5 * confidence))
