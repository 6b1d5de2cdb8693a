"""Bootstrap: the model fitted again to responses, or groups, drawn from the fitted model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranef.core import Kernel
from ranef.core.columns import available_cores
from ranef.core.replicates import EffectPool, RefitPlan, Refits, Replicator
from ranef.covariance import structure_of
from ranef.design import Design
from ranef.errors import OptionError
from ranef.inference.bootstrap_sums import cluster_refits
from ranef.inference.parameters import Parameter, parameters_of, values_of
from ranef.inference.simulate import draw_key
from ranef.options import one_of, shown, threads, whole
from ranef.options import seed as checked_seed
from ranef.problem import Problem, ProblemShape, roots
from ranef.problem.parameters import joined, parts
from ranef.solve import Control, Solution
from ranef.solve.solution import at_solution
from ranef.sums.inner import LevelProducts
from ranef.types import Array

__all__ = ["GAIN", "KINDS", "BootstrapDraws", "BootstrapPlan", "bootstrap_draws", "lifted_start"]

KINDS = ("parametric", "conditional", "residual", "cluster")

# A refit ends when less than this can be gained, deviance units. Its last step is taken all the
# same and squares the error, so that little is left of this.
GAIN = 1e-7

# Relative variances below this are lifted for a start: at zero the criterion has no slope in theta.
LEAST_START = 2.5e-3


def nobody(done: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class BootstrapPlan:
    """What a user asks for: ``seed`` None draws one, ``threads`` None takes all cores."""

    n: int
    kind: str
    seed: int | None
    threads: int | None
    tick: Callable[[int], None] = field(default=nobody, repr=False)

    def __post_init__(self) -> None:
        whole("n", self.n, of="the number of replicates")
        what = f"unknown kind of bootstrap {shown(self.kind)}"
        one_of("kind", self.kind, (*KINDS, "cases"), what=what)
        checked_seed("seed", self.seed)
        threads("threads", self.threads)


@dataclass(frozen=True, slots=True)
class BootstrapDraws:
    """The refits on the data's scale; NaN where the arithmetic broke down.

    Attributes
    ----------
    parameters : tuple of Parameter
    values : ndarray, shape (n, parameters)
    criterion : ndarray, shape (n,)
    singular : ndarray of bool, shape (n,)
        Whether a covariance matrix has not full rank.
    converged : ndarray of bool, shape (n,)
        Whether the refit is at an optimum.
    evaluations : ndarray of int, shape (n,)
    kind : str
    seed : int
    unbounded : ndarray of bool, shape (n,), optional
        Of a generalised model: replicates that are proven to have no finite maximum, among those
        that did not converge.
    """

    parameters: tuple[Parameter, ...]
    values: Array = field(repr=False)
    criterion: Array = field(repr=False)
    singular: NDArray[np.bool_] = field(repr=False)
    converged: NDArray[np.bool_] = field(repr=False)
    evaluations: NDArray[np.int64] = field(repr=False)
    kind: str
    seed: int
    unbounded: NDArray[np.bool_] | None = None


def bootstrap_draws(
    problem: Problem,
    solution: Solution,
    design: Design,
    y: Array,
    weights: Array | None,
    control: Control,
    plan: BootstrapPlan,
    levels: LevelProducts | None = None,
) -> BootstrapDraws:
    """Draw replicates of a fit and refit each.

    ``parametric``: random effects and errors from the model. ``conditional``: errors alone, the
    random effects kept at their conditional modes. ``residual``: random effects and residuals
    drawn with replacement, centred and rescaled to the estimated variances (Carpenter, Goldstein
    & Rasbash 2003, section 3). ``cluster`` (also ``cases``): whole levels of the only grouping
    factor drawn with replacement (van der Leeden, Meijer & Busing 2008, section 3.3).

    Responses are drawn as cross-products, exactly and without rows, by the first two; by the
    others with a pass over the rows, one in all for ``cluster``.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Response less offset.
    levels : LevelProducts, optional
        Replace the rows of ``cluster``, if these are not in memory.
    """
    kind = "cluster" if plan.kind == "cases" else plan.kind
    seed = draw_key(plan.seed)
    with at_solution(problem, solution) as kernel:
        sigma = float(np.sqrt(kernel.r2 / problem.nu))
        asked: dict[str, Any] = {
            "seed": seed,
            "count": int(plan.n),
            "start": lifted_start(problem, solution.inner),
            "max_evaluations": control.max_evaluations,
            "gain": max(GAIN, control.gain),
            "tick": plan.tick,
        }
        cores = int(plan.threads or control.threads or available_cores())
        work = RefitPlan(threads=cores, **asked)
        replicator = Replicator(problem.products, problem.reml, problem.terms, problem.penalty())
        if kind == "parametric":
            refits = replicator.parametric(work, solution.inner, kernel.beta, sigma)
        elif kind == "conditional":
            refits = replicator.conditional(work, kernel.beta, sigma, kernel.modes())
        elif kind == "residual":
            pools, errors = _pools(problem, solution.inner, kernel, design, y, weights, sigma)
            rows = problem.rows_of(design, y, weights)
            refits = replicator.residual(work, rows, kernel.beta, pools, errors)
        elif levels is not None:
            refits = cluster_refits(problem, levels, **asked)
        else:
            if len(problem.products.sizes) != 1:
                factors = ", ".join(f"'{label.factor}'" for label in problem.labels)
                raise OptionError(
                    "clusters are drawn from a single grouping factor",
                    found=f"grouping factors {factors}",
                    fix="use kind='parametric' or kind='residual'",
                )
            refits = replicator.cluster(work, problem.rows_of(design, y, weights))
        return _on_data_scale(problem, design, refits, kind, seed)


def lifted_start(problem: ProblemShape, inner: Array) -> Array:
    """Theta of the fit, lifted off the boundary of the parameter space where it lies there."""
    out = []
    for block, x in zip(problem.terms, parts(problem.terms, inner), strict=True):
        structure = structure_of(block)
        if structure.face(x).rank == structure.most_rank:
            out.append(x)
            continue
        root = structure.root(x)
        values, vectors = np.linalg.eigh(root @ root.T)
        values = np.maximum(values, LEAST_START)
        out.append(structure.nearest((vectors * values) @ vectors.T))
    return joined(out)


def _pools(
    problem: Problem,
    inner: Array,
    kernel: Kernel,
    design: Design,
    y: Array,
    weights: Array | None,
    sigma: float,
) -> tuple[list[EffectPool], Array]:
    """What random effects and errors are drawn from, with the estimated variances."""
    scaling = problem.scaling
    modes = kernel.modes()
    residual = y - design.X @ scaling.beta(kernel.beta)
    pools = []
    blocks = roots(problem.terms, inner)
    for place, term, b, t in zip(problem.terms, design.terms, scaling.B, blocks, strict=True):
        own = modes[place.group][:, place.offset : place.offset + place.q]
        data = scaling.y_scale * own @ b.T
        residual -= np.einsum("ij,ij->i", term.Z, data[term.codes])
        centred = own - own.mean(axis=0)
        spread = centred.T @ centred / own.shape[0]
        pools.append(EffectPool(place, centred @ _transport(spread, sigma**2 * (t @ t.T))))
    errors = residual / scaling.y_scale
    if weights is not None:
        errors = errors * np.sqrt(weights)
    errors = errors - errors.mean()
    return pools, errors * (sigma / float(np.sqrt(np.mean(errors**2))))


def _transport(spread: Array, wanted: Array) -> Array:
    """The symmetric A with A `spread` A = `wanted`, on the space where there is any spread."""
    root, inverse = _roots(spread)
    middle, _ = _roots(root @ wanted @ root)
    return np.asarray(inverse @ middle @ inverse)


def _roots(matrix: Array) -> tuple[Array, Array]:
    """Symmetric root of a positive semidefinite matrix and its pseudo-inverse."""
    values, vectors = np.linalg.eigh(matrix)
    positive = values > 1e-12 * max(float(values[-1]), 0.0)
    roots = np.sqrt(np.where(positive, values, 0.0))
    inverse = np.divide(1.0, roots, out=np.zeros_like(roots), where=positive)
    return (vectors * roots) @ vectors.T, (vectors * inverse) @ vectors.T


def _on_data_scale(
    problem: Problem, design: Design, refits: Refits, kind: str, seed: int
) -> BootstrapDraws:
    scaling = problem.scaling
    sigma = scaling.y_scale * refits.sigma
    beta = scaling.y_scale * (refits.beta.T @ scaling.R.T)
    if scaling.intercept is not None:
        beta[:, scaling.intercept] += scaling.y_shift
    covariances = []
    singular = np.zeros(sigma.size, dtype=bool)
    start = 0
    for term, b in zip(problem.terms, scaling.B, strict=True):
        structure = structure_of(term)
        own = refits.theta[start : start + structure.size].T
        t = np.array([structure.root(x) for x in own]).reshape(sigma.size, term.q, term.q)
        singular |= np.array(
            [structure.face(x).rank < structure.most_rank for x in own], dtype=bool
        )
        root = sigma[:, None, None] * (b @ t)
        covariances.append(root @ np.swapaxes(root, 1, 2))
        start += structure.size
    nu = refits.rows + (problem.nu - problem.n)
    free = scaling.criterion_constant(0.0, problem.reml)
    per_row = scaling.criterion_constant(1.0, problem.reml) - free
    if problem.prior is not None:
        free += problem.prior.fixed_constant()
    parameters = parameters_of(design.x_names, problem.labels, problem.terms)
    return BootstrapDraws(
        parameters=parameters,
        values=values_of(parameters, beta, covariances, sigma),
        criterion=refits.criterion + free + per_row * nu,
        singular=singular,
        converged=refits.converged,
        evaluations=refits.evaluations,
        kind=kind,
        seed=seed,
    )
