"""Does a certified fit with structured covariances keep what it promises?

Every problem is fitted, and a lower point is looked for: members of the structures are drawn by
their definition, near the fit and far from it, and SciPy searches on from there, along the
structures' coordinates. A certified fit promises not to lie above what is found by more than 1e-6
deviance units and its `rounding`. *Broken* is one that does where the search began beside the fit;
*lower valley* one that does from further away.

``python -m studies structures --seed S --only K`` fits problem K alone and tells all about it.
"""

from __future__ import annotations

import time
import traceback
import warnings
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from rich.progress import track
from scipy.optimize import minimize

import ranef as rn
from ranef.core import Kernel, TermBlock
from ranef.covariance import structure_of
from ranef.problem import Problem
from ranef.problem.parameters import group_lambdas, joined, parts, place
from studies.structured_problems import KINDS, StructuredProblem, member, structured_problem

__all__ = ["Outcome", "judge", "replay", "run"]

Array = NDArray[np.float64]

PROMISED = 1e-6
"""Deviance units that a certified fit may leave, beside its rounding."""

NEAR = (1e-4, 1e-3, 1e-2)
FAR = 8
SCANNED = 60

VERDICTS = ("flat", "limited by rounding", "not at an optimum", "refused", "crashed")


@dataclass(frozen=True)
class Outcome:
    """What became of one problem: `near` and `far` are how far lower points were found."""

    number: int
    kind: str
    verdict: str
    certified: bool = False
    boundary: bool = False
    near: float = 0.0
    far: float = 0.0
    seconds: float = 0.0
    rounding: float = 0.0
    said: str = ""

    @property
    def broken(self) -> bool:
        return self.certified and self.near > PROMISED + self.rounding

    @property
    def lower_valley(self) -> bool:
        return self.certified and not self.broken and self.far > PROMISED + self.rounding


def _ends(block: TermBlock, x: Array) -> list[float]:
    """How far the covariance changes where each coordinate goes to another place."""
    structure = structure_of(block)
    here, out = structure.root(x) @ structure.root(x).T, []
    for k in range(x.size):
        there = x.copy()
        there[k] += 0.9
        root = structure.root(there)
        out.append(float(np.abs(root @ root.T - here).max()))
    return out


class Rival:
    """Criterion and gradient along the coordinates of the structures, and searches with them."""

    def __init__(self, problem: Problem, rng: np.random.Generator) -> None:
        self.problem, self.rng = problem, rng
        self.kernel: Kernel = problem.kernel()
        self.lowest, self.where = np.inf, np.zeros(0)

    def roots(self, x: Array) -> list[Array]:
        return group_lambdas(self.problem, x)

    def value(self, x: Array) -> float:
        fine = self.kernel.evaluate(self.roots(x))
        return float(self.kernel.value) if fine else 1e10

    def of_covariances(self, matrices: Sequence[Array]) -> float:
        """At covariances on the inner scale, whatever their structure."""
        roots = []
        for d in matrices:
            values, vectors = np.linalg.eigh(d)
            half = np.linalg.qr((vectors * np.sqrt(values.clip(0.0))).T, mode="r")
            roots.append(np.asarray(half.T, dtype=np.float64))
        widths = [q for _, q in self.problem.products.sizes]
        fine = self.kernel.evaluate(place(self.problem.terms, roots, widths))
        return float(self.kernel.value) if fine else 1e10

    def both(self, x: Array) -> tuple[float, Array]:
        value = self.value(x)
        if value >= 1e10:
            return value, np.zeros_like(x)
        gammas, out = self.kernel.gamma(), []
        for block, own in zip(self.problem.terms, parts(self.problem.terms, x), strict=True):
            s = slice(block.offset, block.offset + block.q)
            gamma = gammas[block.group][s, s]
            changes = structure_of(block).directions(own)
            out.append(np.array([np.sum(gamma * change) for change in changes]))
        return value, joined(out)

    def descend(self, x: Array) -> float:
        found = minimize(
            self.both, x, jac=True, method="L-BFGS-B", options={"maxiter": 300, "ftol": 1e-15}
        )
        if found.fun < self.lowest:
            self.lowest, self.where = float(found.fun), found.x
        return float(found.fun)

    def beside(self, x: Array, size: float) -> Array:
        """A point at such a distance; what makes no difference at x may be anything."""
        out = x + size * self.rng.normal(size=x.size)
        changes = [
            change
            for block, own in zip(self.problem.terms, parts(self.problem.terms, x), strict=True)
            for change in _ends(block, own)
        ]
        inert = np.array(changes) < 1e-12
        out[inert] += self.rng.uniform(-1.6, 1.6, int(inert.sum()))
        return out

    def random(self) -> Array:
        """Coordinates near random members, off the folds."""
        out = []
        for block in self.problem.terms:
            d = member(self.rng, block.structure, block.q, block.rank or 2, block.positions)
            structure = structure_of(block)
            x = structure.nearest(np.asfortranarray(d))
            out.append(x + 0.1 * self.rng.normal(size=x.size))
        return joined(out)

    def scan(self) -> float:
        """The lowest of random members by their definition."""
        values = []
        for _ in range(SCANNED):
            size = np.exp(self.rng.normal())
            values.append(
                self.of_covariances(
                    [
                        size * member(self.rng, b.structure, b.q, b.rank or 2, b.positions)
                        for b in self.problem.terms
                    ]
                )
            )
        return min(values)


def judge(problem: StructuredProblem) -> Outcome:
    """Fit a problem and look for lower points."""
    clock = time.perf_counter()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fit = rn.lmm(problem.formula, problem.data, reml=problem.reml)
    except rn.RanefError as error:
        return Outcome(problem.number, problem.kind, "refused", said=str(error).splitlines()[0])
    except Exception:  # a crash is what is looked for
        return Outcome(problem.number, problem.kind, "crashed", said=traceback.format_exc())
    seconds = time.perf_counter() - clock
    c, inner = fit.certificate, fit._solution.inner
    rival = Rival(fit._problem, np.random.default_rng(problem.number))
    here = rival.value(inner)
    near = far = here
    if c.certified:
        for size in NEAR:
            for _ in range(2):
                near = min(near, rival.descend(rival.beside(inner, size)))
        far = min([near, rival.scan(), *(rival.descend(rival.random()) for _ in range(FAR))])
    said = (
        f"{problem.formula}, {'REML' if problem.reml else 'ML'}, {len(problem.data)} rows; "
        f"theta {fit.theta}; {'; '.join(c.directions)}; gain {c.gain:.2g}; {c.starts} starts; "
        f"inner {inner} against {rival.where}"
    )
    return Outcome(
        problem.number,
        problem.kind,
        c.verdict,
        c.certified,
        c.verdict.startswith("boundary"),
        here - near,
        here - far,
        seconds,
        c.rounding,
        said,
    )


def _judged(seed: int, number: int) -> Outcome:
    return judge(structured_problem(seed, number))


def table(outcomes: list[Outcome]) -> str:
    """One line for each kind."""
    lines = [
        "| kind | problems | certified | boundary | "
        + " | ".join(VERDICTS)
        + " | lower valley | broken | seconds |",
        "| --- |" + " --- |" * (len(VERDICTS) + 6),
    ]
    for name in (*KINDS, "all"):
        chosen = [o for o in outcomes if name in (o.kind, "all")]
        if not chosen:
            continue
        verdicts = Counter(o.verdict for o in chosen)
        counts = " | ".join(str(verdicts[v]) for v in VERDICTS)
        sums = [
            sum(getattr(o, what) for o in chosen)
            for what in ("certified", "boundary", "lower_valley", "broken")
        ]
        seconds = sum(o.seconds for o in chosen) / len(chosen)
        lines.append(
            f"| {name} | {len(chosen)} | {sums[0]} | {sums[1]} | {counts} | {sums[2]} | "
            f"{sums[3]} | {seconds:.3f} |"
        )
    return "\n".join(lines)


def described(o: Outcome) -> str:
    """An outcome with its numbers."""
    marks = "".join(
        f" {fault.upper()}" for fault in ("broken", "lower_valley") if getattr(o, fault)
    )
    return (
        f"{o.number}:{marks} {o.kind}, {o.verdict}; lower nearby by {o.near:.2g}, elsewhere by "
        f"{o.far:.2g}, rounding {o.rounding:.2g}; {o.said}"
    )


def replay(seed: int, number: int) -> None:
    """Print one problem and what becomes of it."""
    problem = structured_problem(seed, number)
    print(problem.formula, problem.data.describe(), described(judge(problem)), sep="\n\n")


def run(n: int | None, seed: int, write: bool) -> None:
    del write
    count = n or 500
    outcomes = []
    with ProcessPoolExecutor() as pool:
        judged = pool.map(partial(_judged, seed), range(count))
        for o in track(judged, "structures", total=count):
            outcomes.append(o)
            if o.broken or o.lower_valley or not o.certified:
                print(f"--seed {seed} --only {described(o)}", flush=True)
    print(table(outcomes))
