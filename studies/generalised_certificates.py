"""Are verdicts on generalised fits right, whatever the family, the layout and the rank?

The truth about separation comes from a linear programme with all rows. Where there is none, the
criterion of the fit is compared with the lowest value that SciPy's L-BFGS finds from several
starts, far from the estimates and near them, in theta and the coefficients.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from rich.progress import track
from scipy.optimize import linprog, minimize

import ranef as rn
from ranef.core.family_rows import log_concave
from ranef.problem.generalised import GeneralisedProblem
from ranef.problem.parameters import covariance_chart, group_lambdas
from ranef.problem.signed_rows import signed_rows
from ranef.types import Array
from studies.generalised_problems import FAMILIES, LAYOUTS, generalised_problem

__all__ = ["Outcome", "judge", "lowest", "run", "separated"]

TOLERANCE = 1e-4  # deviance units
STARTS = 3
FAR = 12.0  # predictors beyond which a search is on its way to infinity
STEEP = 1.0  # deviance units; at the end of a search that has not come to an optimum
NOTHING = 1e-7  # of the programme, in units in which columns are at most 1


@dataclass(frozen=True)
class Outcome:
    """What became of one problem."""

    seed: int
    kind: str
    layout: str
    planted: bool
    separated: bool
    verdict: str
    certified: bool
    by_separation: bool
    by_variances: bool
    excess: float
    seconds: float

    @property
    def wrong(self) -> bool:
        """Certified though there is a lower value, or none; or no maximum where there is one."""
        if self.certified:
            return self.separated or self.excess > TOLERANCE
        return self.by_separation and not self.separated

    @property
    def withheld(self) -> bool:
        """Not certified though nothing speaks against it, or separated without a word."""
        if self.separated:
            return not self.by_separation
        return not self.certified and not self.by_variances


def separated(problem: GeneralisedProblem) -> bool:
    """Whether there is a recession direction, by a linear programme with all rows."""
    signed = signed_rows(problem)
    if signed is None:
        return False
    X, s = signed.X, signed.signs.astype(float)
    X = X / np.maximum(np.abs(X).max(axis=0), 1e-300)
    one = s != 0
    equal = {"A_eq": X[~one], "b_eq": np.zeros(int(np.sum(~one)))} if np.any(~one) else {}
    found = linprog(
        -(s @ X) / len(X),
        A_ub=-(s[one, None] * X[one]),
        b_ub=np.zeros(int(np.sum(one))),
        bounds=[(-1.0, 1.0)] * X.shape[1],
        method="highs",
        **equal,
    )
    return bool(found.fun is not None and -found.fun > NOTHING)


def lowest(problem: GeneralisedProblem, at: Array, seed: int) -> float:
    """The lowest optimum of the criterion that L-BFGS finds from several starts, `at` among them.

    Where rows are not log-concave, Laplace's criterion falls without bound as a mode of the random
    effects is about to vanish. A search that ends on such a slope has found no optimum.
    """
    kernel = problem.kernel()
    k = problem.n_theta

    def value(v: Array) -> tuple[float, Array]:
        if not np.all(np.abs(v) < 1e3) or not kernel.evaluate(
            group_lambdas(problem, v[:k]), np.ascontiguousarray(v[k:])
        ):
            return 1e10, np.zeros(v.size)
        first, _ = covariance_chart(problem, v[:k])
        gammas = kernel.gamma()
        own = sum(np.einsum("kij,ij->k", d, gamma) for d, gamma in zip(first, gammas, strict=True))
        return kernel.value, np.concatenate([np.asarray(own), kernel.slopes])

    family = problem.family
    concave = log_concave(family.core_name, family.link, family.core_constants(problem.n_answers))
    rng = np.random.default_rng(seed)
    starts = [at + rng.normal(0.0, scale, at.size) for scale in (0.05, 0.5, 1.0)[:STARTS]]
    best = value(at)[0]
    for start in starts:
        found = minimize(value, start, jac=True, method="L-BFGS-B", options={"maxiter": 300})
        if not concave and np.max(np.abs(found.jac)) > STEEP:
            continue
        if np.all(np.abs(found.x) < FAR) or found.fun < best:
            best = min(best, float(found.fun))
    return best


def judge(seed: int) -> Outcome:
    """Fit the problem of a seed and compare with the truth."""
    case = generalised_problem(seed)
    begun = perf_counter()
    fit = rn.glmm(case.formula, case.data, case.family, **case.options)
    seconds = perf_counter() - begun
    problem, solution = fit._problem, fit._solution
    certificate = fit.certificate
    none = separated(problem)
    excess = 0.0
    if not none and certificate.variances is None:
        whole = solution.coefficients.copy()
        for end in certificate.ends:
            whole[problem.part(end.part)] = end.sign * 9.0
        coefficients = problem.inner(whole)
        excess = fit.criterion - lowest(
            problem, np.concatenate([solution.inner, coefficients]), seed
        )
    return Outcome(
        seed,
        case.kind,
        case.layout,
        case.planted,
        none,
        certificate.verdict,
        certificate.certified,
        certificate.separation is not None and certificate.separation.exists is True,
        certificate.variances is not None,
        excess,
        seconds,
    )


def table(outcomes: Sequence[Outcome]) -> str:
    """One line for each family and each layout."""
    lines = [
        "| | problems | interior | boundary | no finite maximum | other | wrong | withheld |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name in (*FAMILIES, *LAYOUTS, "all"):
        chosen = [o for o in outcomes if name in (o.kind, o.layout, "all")]
        verdicts = Counter(o.verdict for o in chosen)
        known = [verdicts[f"{v}"] for v in _KNOWN]
        lines.append(
            f"| {name} | {len(chosen)} | {' | '.join(map(str, known))} "
            f"| {len(chosen) - sum(known)} | {sum(o.wrong for o in chosen)} "
            f"| {sum(o.withheld for o in chosen)} |"
        )
    return "\n".join(lines)


_KNOWN = ("interior optimum", "boundary optimum", "no finite maximum")


def run(n: int | None, seed: int, write: bool) -> None:
    seeds = range(1000 * seed, 1000 * seed + (n or 1000))
    outcomes = [judge(s) for s in track(seeds, "certificates of generalised fits")]
    print(table(outcomes))
    for o in outcomes:
        if o.wrong or o.withheld:
            print(
                f"seed {o.seed}: {o.kind}, {o.layout}, {o.verdict}, "
                f"{'' if o.separated else 'not '}separated, {o.excess:+.3g} above the truth"
            )
    worst = max(o.excess for o in outcomes if o.certified)
    print(f"separated {sum(o.separated for o in outcomes)}, largest excess {worst:.3g}")
