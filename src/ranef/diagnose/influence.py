"""Single groups on which the variance components rest.

The gradient of the criterion in the covariance along the range of T and in log sigma is a sum over
groups: group j gives tr[S (I - K_j)] - u_j' S u_j / sigma^2 for a change D + T S T', and
2 (n_j - r_j^2 / sigma^2) for log sigma. Without the group the estimates move, to first order, by
H^-1 times its share; the criterion of all rows then rises by half the share's norm in H^-1 (the
likelihood displacement of Cook 1986, in deviance units). How large the largest displacement gets
when all groups come from the model is simulated: u_j ~ N(0, sigma^2 (I - K_j)). Groups beyond that
are left out in earnest, and the change of the standard deviations reported.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ranef.core import Direction
from ranef.diagnose.effects import Evaluated, GroupEffects, group_effects
from ranef.diagnose.subject import AnySubject, Subject
from ranef.diagnose.words import effect, place_of
from ranef.errors import RanefError
from ranef.inference.satterthwaite import covariance_with_log_sigma
from ranef.page.phrases import figures, percent
from ranef.types import Array, Finding

Places = tuple[NDArray[np.intp], NDArray[np.intp]]

__all__ = [
    "Displacement",
    "displacements",
    "influence_findings",
    "standard_deviations",
    "without_group",
]

LEVEL = 0.01
DRAWS = 2000
SEED = 20150415

WORTH_A_LOOK = 0.07
"""First-order change of a standard deviation, relative, below which no group is looked at."""

HEAVY = 0.10
"""Relative change of a standard deviation when the group is left out."""

MOST = 3
"""Groups left out in earnest."""


@dataclass(frozen=True, slots=True)
class Displacement:
    """First-order influence of the groups of one factor.

    Attributes
    ----------
    value : ndarray, shape (levels,)
        Likelihood displacement, deviance units.
    sd_change : ndarray, shape (levels, q + 1)
        Relative change of the standard deviation of each effect, and of sigma last.
    critical : float
        Upper 1% point of the largest displacement when the model holds.
    """

    value: Array
    sd_change: Array
    critical: float


def displacements(subject: Subject, at: Evaluated, effects: GroupEffects) -> Displacement:
    """Displacement by each group of one factor, and what is to be expected."""
    n_levels, r = effects.u.shape
    basis, at_ones = _basis(r)
    directions = [Direction(effects.group, effects.root @ s @ effects.root.T) for s in basis]
    curvature = at.kernel.hessian(directions)
    k = len(basis)
    of_profile = np.linalg.pinv(curvature.hessian, rcond=1e-10, hermitian=True)
    inverse = covariance_with_log_sigma(
        np.asarray(of_profile, dtype=np.float64), curvature.r2 / at.kernel.r2, subject.problem.nu
    )

    rows = np.bincount(effects.codes, minlength=n_levels).astype(np.float64)
    products = at.marginal * at.residuals
    squares = np.bincount(effects.codes, weights=products, minlength=n_levels).astype(np.float64)
    share = _share(at_ones, effects.spread, effects.u, rows, squares)
    value = _half_norm(share, inverse)
    step = share @ inverse
    d = effects.root @ effects.root.T
    moved = np.array([np.diag(direction.d) for direction in directions])
    sd_change = np.empty((n_levels, d.shape[0] + 1))
    variances = np.diag(d)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative_change = np.where(variances > 0, (step[:, :k] @ moved) / variances, 0.0)
    sd_change[:, :-1] = 0.5 * relative_change + step[:, k:]
    sd_change[:, -1] = step[:, k]
    critical = np.inf
    if float(np.abs(sd_change).max()) >= WORTH_A_LOOK:
        most = float(value.max())
        critical = _critical(at_ones, effects.spread, rows, inverse, most)
    return Displacement(value, sd_change, critical)


def _basis(r: int) -> tuple[Array, Places]:
    """Symmetric r x r matrices that span all, and the rows and columns of their ones."""
    columns, rows = np.triu_indices(r)
    out = np.zeros((rows.size, r, r))
    out[np.arange(rows.size), rows, columns] = 1.0
    out[np.arange(rows.size), columns, rows] = 1.0
    return out, (rows, columns)


def _share(at: Places, spread: Array, u: Array, rows: Array, squares: Array) -> Array:
    """Each group's share of the gradient; `u` and `squares` may have a leading axis of draws."""
    a, b = at
    twice = np.where(a == b, 1.0, 2.0)
    form = twice * (spread[:, a, b] - u[..., a] * u[..., b])
    return np.concatenate([form, 2.0 * (rows - squares)[..., None]], axis=-1)


def _half_norm(share: Array, inverse: Array) -> Array:
    return np.asarray(0.5 * np.sum((share @ inverse) * share, axis=-1))


def _critical(at: Places, spread: Array, rows: Array, inverse: Array, most: float) -> float:
    """Upper 1% point of the largest displacement over groups drawn from the model.

    Infinite where a tenth of the draws shows already that `most` is nothing special.
    """
    n_levels, r = spread.shape[:2]
    values, vectors = np.linalg.eigh(spread)
    root = vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]
    rng = np.random.default_rng(SEED)
    largest = np.empty(DRAWS)
    block = max(1, min(DRAWS // 10, 400_000 // (n_levels * r)))
    for first in range(0, DRAWS, block):
        if first >= DRAWS // 10 and float(np.mean(largest[:first] > most)) > 5.0 * LEVEL:
            return np.inf
        count = min(block, DRAWS - first)
        z = rng.standard_normal((count, n_levels, r))
        u = np.matmul(root, z[..., None])[..., 0]
        squares = np.einsum("dja,dja->dj", z, z) + rng.chisquare(
            np.maximum(rows - r, 1e-3), size=(count, n_levels)
        )
        share = _share(at, spread, u, rows, squares)
        largest[first : first + count] = _half_norm(share, inverse).max(axis=1)
    return float(np.quantile(largest, 1.0 - LEVEL))


def without_group(subject: Subject, effects: GroupEffects, level: int) -> Subject | None:
    """The model without the rows of one group; None where it cannot be fitted."""
    try:
        return subject.refit(rows=effects.codes != level)
    except RanefError:
        return None


def influence_findings(subject: Subject, at: Evaluated) -> Iterator[Finding]:
    """Groups that move a variance component by a tenth and more than chance would have it."""
    if not subject.certificate.certified:
        return
    for effects in group_effects(subject, at):
        if len(effects.levels) < 4:
            continue
        found = displacements(subject, at, effects)
        beyond = np.flatnonzero(found.value > found.critical)
        for level in beyond[np.argsort(-found.value[beyond], kind="stable")][:MOST].tolist():
            finding = _left_out(subject, effects, found, level)
            if finding is not None:
                yield finding


def standard_deviations(subject: AnySubject) -> dict[str, float]:
    """Standard deviations by what they are of: terms may come in another order in another fit."""
    out = {}
    for label, covariance in zip(
        subject.problem.labels, subject.estimates.covariances, strict=True
    ):
        for name, sd in zip(label.names, np.sqrt(np.diag(covariance)).tolist(), strict=True):
            out[f"the SD of {effect(name, label.factor)}"] = float(sd)
    sigma = subject.estimates.sigma
    return out if sigma is None else {**out, "sigma": sigma}


def _left_out(
    subject: Subject, effects: GroupEffects, found: Displacement, level: int
) -> Finding | None:
    other = without_group(subject, effects, level)
    if other is None:
        return None
    with_it, without = standard_deviations(subject), standard_deviations(other)
    changes = [(without[what] / sd - 1.0, what) for what, sd in with_it.items() if sd > 0.0]
    change, what = max(changes, key=lambda item: abs(item[0]))
    a, b = with_it[what], without[what]
    if abs(change) < HEAVY:
        return None
    name = effects.levels[level]
    before, after = subject.certificate, other.certificate
    verdict = "" if before.verdict == after.verdict else f", and the verdict is {after.verdict}"
    return Finding(
        code="influential-group",
        severity="warning",
        message=f"'{name}' of '{effects.factor}' carries much of the variance: without it {what} "
        f"goes from {figures(a)} to {figures(b)}{verdict}",
        evidence=f"{'+' if change > 0.0 else ''}{percent(change)}; likelihood displacement "
        f"{figures(found.value[level], 2)}, of which chance exceeds {figures(found.critical, 2)} "
        "once in a hundred data sets",
        where=place_of(effects.factor, name),
        fix="look at its rows for errors of recording; if they are right, report the fit with and "
        "without it",
    )
