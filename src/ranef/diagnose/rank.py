"""How many dimensions of a random-effects covariance the data support, and what one less costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ranef.core import Kernel, TermBlock
from ranef.covariance import kind_of, structure_of
from ranef.diagnose.subject import Subject
from ranef.diagnose.words import direction, effect
from ranef.inference.chi_bar_square import chi_bar_square, one_variance
from ranef.page.phrases import figures, percent
from ranef.problem import Problem, covariances, nearest, roots
from ranef.problem.parameters import group_lambdas, place
from ranef.solve.direction_names import mostly
from ranef.solve.null_space import FEW
from ranef.types import Array, Finding

__all__ = [
    "Support",
    "cost_of_rank",
    "principal_components",
    "rank_findings",
    "supported_ranks",
]

LEVEL = 0.05

CLOSE = 1e-4  # deviance units left to gain at which a fit of lower rank is close enough
EVALUATIONS = 200

# Numbers read by one evaluation times squared parameters, up to which the constrained model is
# fitted; above it the cost is bounded by one evaluation.
AFFORDABLE = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Reduced:
    """The model with the covariance of one term at a lower rank."""

    rank: int
    cost: float
    exact: bool


def principal_components(problem: Problem, inner: Array, k: int) -> Array:
    """Standard deviations of the principal components of a term's covariance, largest first.

    Relative to sigma, and of the covariance scaled by the columns of Z: each effect in units of
    what it contributes to the response (Bates, Kliegl, Vasishth and Baayen 2015, Parsimonious
    mixed models, arXiv:1506.04967, with columns centred and scaled first, so that neither units
    nor origin matter).
    """
    t = roots(problem.terms, inner)[k]
    return np.asarray(np.linalg.svd(t, compute_uv=False))


@dataclass(frozen=True, slots=True)
class Support:
    """What the data support of a term's covariance matrix.

    Attributes
    ----------
    term : int
    rank : int
        The lowest rank whose cost the likelihood ratio does not hold against it.
    reduced : Reduced or None
        The fit at that rank; None where it is the rank of the fit itself.
    """

    term: int
    rank: int
    reduced: Reduced | None


def supported_ranks(subject: Subject, kernel: Kernel) -> tuple[Support, ...]:
    """For each term the lowest rank that fits as well; empty for a model with priors.

    A term with a structure has all of its dimensions or none.
    """
    problem, solution = subject.problem, subject.solution
    if not subject.certificate.certified or problem.prior is not None:
        return ()
    out = []
    for k, (block, label) in enumerate(zip(problem.terms, problem.labels, strict=True)):
        rank = subject.certificate.rank[label.label]
        best = None
        for lower in _lower_ranks(block, rank):
            reduced = cost_of_rank(problem, kernel, solution.inner, k, lower)
            if reduced.cost > _critical(block, rank, lower):
                break
            best = reduced
        out.append(Support(k, rank if best is None else best.rank, best))
    return tuple(out)


def _lower_ranks(block: TermBlock, rank: int) -> Sequence[int]:
    if kind_of(block).free:
        return range(rank - 1, -1, -1)
    return (0,) if rank else ()


def rank_findings(subject: Subject, supports: Sequence[Support]) -> Iterator[Finding]:
    """Directions that are there but cheap to do without, and the rank that is left."""
    for support in supports:
        term = subject.problem.terms[support.term]
        if not kind_of(term).free:
            continue  # a lower rank is not a model with that structure
        full = structure_of(term).most_rank
        if support.reduced is not None:
            yield _nearly_singular(subject, support.term, support.reduced)
        if support.rank < full and term.q > 1:
            yield _supported(subject, support.term, support.rank)


def cost_of_rank(problem: Problem, kernel: Kernel, inner: Array, k: int, rank: int) -> Reduced:
    """What the criterion loses when the covariance of term k has at most this rank.

    The fit with that rank starts from the covariance without its smallest principal directions. If
    it would take long, the cost is bounded by the criterion at this start.
    """
    kernel.evaluate(group_lambdas(problem, inner))
    before = kernel.value
    matrices = covariances(problem.terms, inner)
    held = list(problem.terms)
    if rank:
        held[k] = held[k]._replace(structure="rr", rank=rank)
    else:
        del held[k], matrices[k]
    first = nearest(held, matrices)
    exact = kernel.work * problem.n_theta**2 < AFFORDABLE
    if held and exact:
        value = kernel.optimise(held, first, EVALUATIONS, CLOSE).criterion
    else:
        widths = [q for _, q in problem.products.sizes]
        kernel.evaluate(place(held, roots(held, first), widths))
        value = kernel.value
    kernel.evaluate(group_lambdas(problem, inner))
    return Reduced(rank, max(0.0, value - before), exact)


def _critical(block: TermBlock, rank: int, lower: int) -> float:
    """Upper 5% point of the likelihood ratio of a lower rank against a higher one.

    The freed parameters less one and all of them, in equal parts: exact for one variance and for
    a slope (Self and Liang 1987; Stram and Lee 1994), a good guess for the others. A structure is
    compared with one variance, since its correlations have no meaning without one.
    """
    freed = sum(block.q - r for r in range(lower, rank)) if kind_of(block).free else 1
    weights = one_variance(freed)
    low, high = 0.0, 100.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if chi_bar_square(middle, weights) > LEVEL else (low, middle)
    return high


def _nearly_singular(subject: Subject, k: int, reduced: Reduced) -> Finding:
    label = subject.problem.labels[k]
    covariance = subject.solution.covariances[k]
    names = label.names
    sds = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    if reduced.rank == 0:
        what = (
            f"{effect(names[0], label.factor)} has"
            if len(names) == 1
            else f"the effects of '{label.label}' have"
        )
        message = f"{what} a variance that cannot be told from zero"
    elif len(names) == 2:
        correlation = covariance[0, 1] / (sds[0] * sds[1])
        message = (
            f"{effect(names[0], label.factor)} and {effect(names[1], label.factor)} cannot be told "
            f"from perfectly correlated: the correlation is {correlation:.2f}"
        )
    else:
        u, _, _ = np.linalg.svd(covariance / np.outer(sds, sds).clip(1e-300))
        if len(names) > FEW:
            weakest = f"varies least in {mostly(names, u[:, reduced.rank :], label.factor)}"
        else:
            weakest = f"its weakest direction is {direction(names, u[:, -1])} (in SDs)"
        message = (
            f"the covariance by '{label.label}' cannot be told from one of rank {reduced.rank}; "
            f"{'it ' if len(names) > FEW else ''}{weakest}"
        )
    most = "" if reduced.exact else "at most "
    free = kind_of(subject.problem.terms[k]).free
    what_less = f"rank {reduced.rank} of {len(names)}" if free else "to leave it out"
    return Finding(
        code="nearly-singular",
        severity="note",
        message=message,
        evidence=f"{what_less} costs {most}{figures(reduced.cost, 2)} deviance units",
        where=label.label,
        fix="if you report this covariance, say that it is nearly singular; a smaller random part "
        "fits equally well. Nothing to do if the fixed effects are the question",
    )


def _supported(subject: Subject, k: int, supported: int) -> Finding:
    label = subject.problem.labels[k]
    components = principal_components(subject.problem, subject.solution.inner, k)
    total = float(np.sum(components**2))
    shares = ", ".join(map(percent, components**2 / total)) if total > 0 else "none"
    q = len(label.names)
    return Finding(
        code="supported-rank",
        severity="note",
        message=f"the data support {supported} of the {q} dimensions of the random effects by "
        f"'{label.label}'",
        evidence=f"principal components take {shares} of the variance",
        where=label.label,
        fix="a random part of that rank fits equally well; the larger one is not an error",
    )
