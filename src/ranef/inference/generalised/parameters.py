"""All parameters of a generalised model by name, and the covariance of their estimates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ranef.inference.full_covariance import BOUNDARY, slopes_of
from ranef.inference.generalised.estimates import GeneralisedEstimates
from ranef.inference.parameters import Parameter, parameters_of, values_of
from ranef.problem.generalised import GeneralisedProblem
from ranef.types import Array

__all__ = ["covariance_of_parameters", "generalised_parameters", "parameter_values"]


def generalised_parameters(problem: GeneralisedProblem) -> tuple[Parameter, ...]:
    """Fixed effects, standard deviations and correlations by term, then the other coefficients.

    A dispersion without predictors is called ``"dispersion"`` and is on the scale of
    ``fit.dispersion``; other coefficients have the name of their part before a colon.
    """
    others = []
    place = problem.p
    for part in problem.psi:
        for name in part.names:
            if part.part == "dispersion" and part.names == ("Intercept",):
                sigma = problem.family.SIGMA
                rate = 1.0 if sigma is None else sigma[1]
                others.append(Parameter("dispersion", "dispersion", i=place, rate=rate))
            else:
                others.append(Parameter(f"{part.part}:{name}", "other", i=place))
            place += 1
    return parameters_of(problem.x_names, problem.labels, problem.terms, others)


def parameter_values(
    parameters: Sequence[Parameter], coefficients: Array, covariances: Sequence[Array]
) -> Array:
    """Their values in one fit, shape (m,)."""
    return np.asarray(
        values_of(parameters, coefficients[None, :], [c[None, :, :] for c in covariances])[0]
    )


def covariance_of_parameters(
    problem: GeneralisedProblem,
    estimates: GeneralisedEstimates,
    parameters: Sequence[Parameter],
) -> Array:
    """Covariance matrix of the estimates, shape (m, m), by the delta method.

    NaN for a standard deviation of zero, for a correlation at a bound or with an effect that does
    not vary, and for what the data do not determine.
    """
    joint = estimates.joint
    k = joint.n_face
    rows = np.zeros((len(parameters), joint.covariance.shape[0]))
    changes = _changes(problem, estimates)
    for row, parameter in zip(rows, parameters, strict=True):
        if parameter.kind in ("fixed", "other"):
            row[k + parameter.i] = 1.0
        elif parameter.kind == "dispersion":
            value = np.exp(parameter.rate * estimates.coefficients[parameter.i])
            row[k + parameter.i] = parameter.rate * value
        else:
            at = parameter.term
            units = np.linalg.norm(problem.scaling.B[at], axis=1)
            c = estimates.covariances[at]
            row[:k] = slopes_of(parameter, c, (BOUNDARY * units) ** 2, changes[at])
    unknown = np.isnan(np.diag(joint.covariance))
    moves = np.array([k > 0 or p.kind not in ("sd", "cor") for p in parameters])
    known = moves & np.isfinite(rows).all(axis=1) & ~np.any((rows != 0.0) & unknown, axis=1)
    out = np.full((len(parameters),) * 2, np.nan)
    kept = rows[known]
    made = kept @ np.where(np.isnan(joint.covariance), 0.0, joint.covariance) @ kept.T
    out[np.ix_(known, known)] = 0.5 * (made + made.T)
    return out


def _changes(problem: GeneralisedProblem, estimates: GeneralisedEstimates) -> list[Array]:
    """dC of each term, data's scale, along the coordinates of the face; (k, q, q) each."""
    face = estimates.joint.face
    out = []
    for place, (term, b) in enumerate(zip(problem.terms, problem.scaling.B, strict=True)):
        changes = np.zeros((len(face.coordinates), term.q, term.q))
        own = slice(term.offset, term.offset + term.q)
        for s, at in enumerate(face.coordinates):
            if at.term == place:
                changes[s] = b @ np.asarray(face.directions[s].d)[own, own] @ b.T
        out.append(changes)
    return out
