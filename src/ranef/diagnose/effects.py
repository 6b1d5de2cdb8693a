"""The predicted effects of single groups in coordinates that a singular covariance leaves free.

With D = T T' the relative covariance of a grouping factor (terms side by side, T of full column
rank), b_j = T u_j and Cov(b_j | y) = sigma^2 T K_j T', the predicted u_j have covariance
sigma^2 (I - K_j) over data from the model, whatever the other random effects are (the fixed effects
taken as known).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ranef.core import Kernel
from ranef.diagnose.subject import Subject
from ranef.inference.conditional import conditional_modes
from ranef.inference.rows import fixed_part, random_part
from ranef.solve.face import face_of
from ranef.solve.solution import evaluate_at
from ranef.types import Array, Codes

__all__ = ["Evaluated", "GroupEffects", "evaluated", "group_effects"]


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A kernel at the solution, and what rows have left; inner scale.

    Attributes
    ----------
    kernel : Kernel
    variance : float
        sigma^2.
    residuals : ndarray, shape (n,)
        y less fitted values, times the root of the weights, over sigma. If they are
        correlated in time, the part of each that the one before does not predict.
    marginal : ndarray, shape (n,)
        y less X beta likewise.
    """

    kernel: Kernel = field(repr=False)
    variance: float
    residuals: Array = field(repr=False)
    marginal: Array = field(repr=False)


@dataclass(frozen=True, slots=True)
class GroupEffects:
    """One grouping factor.

    Attributes
    ----------
    factor : str
    group : int
        Its place among the grouping factors of the problem.
    levels : tuple of str
    codes : ndarray, shape (n,)
    root : ndarray, shape (q, r)
        T, inner scale.
    terms : tuple of int
        The terms of the factor.
    u : ndarray, shape (levels, r)
        Over sigma.
    spread : ndarray, shape (levels, r, r)
        I - K_j.
    """

    factor: str
    group: int
    levels: tuple[str, ...] = field(repr=False)
    codes: Codes = field(repr=False)
    root: Array
    terms: tuple[int, ...]
    u: Array = field(repr=False)
    spread: Array = field(repr=False)


def evaluated(subject: Subject) -> Evaluated:
    """Evaluate once what several findings read."""
    problem, design = subject.problem, subject.design
    kernel = problem.kernel()
    evaluate_at(problem, kernel, subject.solution.inner)
    marginal = subject.data.y - fixed_part(design.X, subject.estimates.beta, None)
    blocks = [(term.codes, term.Z) for term in design.terms]
    modes = conditional_modes(problem, subject.solution, kernel)
    rest = marginal - random_part(blocks, modes)
    root = 1.0 if subject.weights is None else np.sqrt(subject.weights)
    scale = root / subject.estimates.sigma
    residuals, outer = scale * rest, scale * marginal
    whitening = None if problem.residual is None else problem.residual.whitening
    if whitening is not None:
        residuals, outer = whitening.independent(residuals), whitening.independent(outer)
    return Evaluated(kernel, kernel.r2 / problem.nu, residuals, outer)


def group_effects(subject: Subject, at: Evaluated) -> list[GroupEffects]:
    """One record for each grouping factor that has any variance."""
    problem, design = subject.problem, subject.design
    face = face_of(problem, subject.solution.inner)
    modes, conditional = at.kernel.modes(), at.kernel.conditional_variances()
    out = []
    for group, (n_levels, q) in enumerate(problem.products.sizes):
        members = [k for k, term in enumerate(problem.terms) if term.group == group]
        root = np.zeros((q, sum(face.terms[k].rank for k in members)))
        column = 0
        for k in members:
            term, block = face.terms[k], problem.terms[k]
            rows = slice(block.offset, block.offset + block.q)
            root[rows, column : column + term.rank] = term.root
            column += term.rank
        if column == 0:
            continue
        inverse = np.linalg.pinv(root)
        k_matrix = inverse @ conditional[group] @ inverse.T
        out.append(
            GroupEffects(
                factor=design.terms[members[0]].factor,
                group=group,
                levels=design.terms[members[0]].levels,
                codes=design.terms[members[0]].codes,
                root=root,
                terms=tuple(members),
                u=modes[group].reshape(n_levels, q) @ inverse.T / np.sqrt(at.variance),
                spread=np.eye(column) - k_matrix,
            )
        )
    return out
