"""The rows of a generalised problem as :mod:`ranef.problem.separation` reads them.

A coefficient with a proper prior cannot go to infinity: its column is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ranef.core.family_rows import row_signs
from ranef.core.generalised import GeneralisedKernel
from ranef.priors.covariance import LKJ, CovariancePrior, Gamma, Wishart
from ranef.problem.generalised import GeneralisedProblem
from ranef.problem.separation import RandomPart, cumulative_rows
from ranef.types import Array

__all__ = ["SignedRows", "fixed_columns", "random_parts", "signed_rows", "without_prior"]


@dataclass(frozen=True, slots=True, eq=False)
class SignedRows:
    """Rows with signs, and the coefficients that may go to infinity.

    Attributes
    ----------
    X : ndarray, shape (m, k)
        On the data's scale.
    signs : ndarray of int8, shape (m,)
    names : tuple of str, length k
    rows : ndarray of int64, shape (m,)
        The row of the problem that each belongs to: twice for an ordered answer in the middle.
    upper : int
        Of ordered answers: so many first rows are upper ends, the others lower ends. 0 otherwise.
    """

    X: Array = field(repr=False)
    signs: NDArray[np.int8] = field(repr=False)
    names: tuple[str, ...]
    rows: NDArray[np.int64] = field(repr=False)
    upper: int = 0

    def scores(self, kernel: GeneralisedKernel) -> Array:
        """Derivatives of the rows' log-densities where the kernel stands, shape (m,)."""
        if self.upper == 0:
            by_eta, _ = kernel.row_derivatives(2)
            return np.asarray(by_eta[1][self.rows])
        _, by_psi = kernel.row_derivatives(3)
        above, below = by_psi[0][0], by_psi[1][0]
        own = self.rows
        return np.concatenate([above[own[: self.upper]], below[own[self.upper :]]])


def signed_rows(problem: GeneralisedProblem) -> SignedRows | None:
    """The rows of a problem; None if no row has its supremum at infinity."""
    if problem.part("thresholds") is not None:
        return _ordered(problem)
    family = problem.family
    y, weights = problem.rows.y, problem.rows.weights
    signs = row_signs(family.core_name, family.link, family.core_constants(), y, weights)
    if not np.any(signs):
        return None
    free = without_prior(problem)
    X = fixed_columns(problem)[:, free]
    names = tuple(name for name, is_free in zip(problem.x_names, free, strict=True) if is_free)
    return SignedRows(X, signs, names, np.arange(problem.n))


def _ordered(problem: GeneralisedProblem) -> SignedRows:
    place = problem.part("thresholds")
    assert place is not None
    cuts = place.stop - place.start
    free = without_prior(problem)
    answers = np.asarray(problem.rows.y, dtype=np.int64) - 1
    X, signs, rows = cumulative_rows(fixed_columns(problem)[:, free], answers, cuts)
    names = tuple(name for name, is_free in zip(problem.x_names, free, strict=True) if is_free)
    cut_names = problem.coefficient_names[place]
    own = tuple(name.removeprefix("thresholds:") for name in cut_names)
    return SignedRows(X, signs, own + names, rows, int(np.sum(answers < cuts)))


def without_prior(problem: GeneralisedProblem) -> NDArray[np.bool_]:
    """Which fixed effects have no proper prior, shape (p,)."""
    if problem.prior is None or problem.prior.fixed is None:
        return np.ones(problem.p, dtype=bool)
    return np.asarray(~np.isfinite(problem.prior.fixed.sds(problem.x_names)))


def fixed_columns(problem: GeneralisedProblem) -> Array:
    """X on the data's scale, shape (n, p)."""
    constant = np.ones(problem.n)
    if problem.p == 0:
        return np.zeros((problem.n, 0))
    columns = problem.rows.x if problem.given is None else problem.given
    return np.column_stack([constant if c is None else c for c in columns]).astype(np.float64)


def random_parts(problem: GeneralisedProblem) -> list[RandomPart]:
    """Random effects whose variances no prior keeps finite, by term, on the data's scale."""
    out = []
    for k, (term, label) in enumerate(zip(problem.terms, problem.labels, strict=True)):
        if problem.prior is not None and any(map(_falls, problem.prior.terms[k])):
            continue
        group = problem.rows.groups[term.group]
        columns = group.columns[term.offset : term.offset + term.q]
        constant = np.ones(problem.n)
        Z = np.column_stack([constant if c is None else c for c in columns]).astype(np.float64)
        out.append(RandomPart(label.factor, group.codes, group.n_levels, Z))
    return out


def _falls(prior: CovariancePrior) -> bool:
    """Whether the density falls to zero as standard deviations go to infinity."""
    match prior:
        case LKJ():
            return False
        case Gamma():
            return prior.rate > 0.0
        case Wishart():
            return bool(np.all(np.isfinite(np.asarray(prior.scale, dtype=np.float64))))
        case _:
            return True
