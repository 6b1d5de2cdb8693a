"""Are certified fits at the optimum, whatever the scale, the size and the rank?

Every problem is fitted on a wild scale, a fifth of them with up to 300,000 rows. The truth is found
on the plain scale, by the dense NumPy kernel, whose cost does not depend on the rows: SciPy's
trust-region search from several starts. The two criteria differ by a constant known from algebra.
As a control, a search that is stopped after three evaluations must be refused unless it was there
already.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from rich.progress import track
from tests.oracle.kernel import kernel_of

import ranef as rn
from ranef.problem import Problem
from studies.page import replace_block
from studies.random_problems import STRUCTURES, RandomProblem, random_problem

__all__ = ["Outcome", "judge", "run", "size_table", "true_minimum"]

PAGE = Path(__file__).parents[1] / "docs" / "certificate.md"
# Criteria near 1e3 to 1e6 are known to about 1e-10 relative after sums and shifts; a wrong optimum
# is off by far more than this.
TOLERANCE = 1e-4  # deviance units
STARTS = 6
EARLY = 3  # evaluations
DECADES = (25, 100, 1_000, 10_000, 100_000, 300_001)  # of rows


@dataclass(frozen=True)
class Outcome:
    """What became of one problem: its verdict, and how far its criterion is above the truth."""

    seed: int
    structure: str
    n: int
    verdict: str
    plain_verdict: str
    certified: bool
    plain_certified: bool
    excess: float
    stopped_certified: bool
    stopped_excess: float

    @property
    def wrong(self) -> bool:
        return (self.certified and self.excess > TOLERANCE) or (
            self.stopped_certified and self.stopped_excess > TOLERANCE
        )

    @property
    def refused(self) -> bool:
        """Stopped short of the optimum, and told so."""
        return self.stopped_excess > TOLERANCE and not self.stopped_certified

    @property
    def withheld(self) -> bool:
        """Not certified on the wild scale though it is on the plain one."""
        return self.plain_certified and not self.certified


def true_minimum(problem: Problem, seed: int) -> float:
    """Smallest criterion that a dense search from several starts finds."""
    kernel = kernel_of(problem)
    rng = np.random.default_rng(seed)
    diagonal = np.concatenate([np.eye(t.q)[np.triu_indices(t.q)] for t in problem.terms])
    starts = [diagonal * s for s in (1.0, 0.1, 3.0)]
    starts += [rng.normal(size=diagonal.size) for _ in range(STARTS - len(starts))]
    return min(kernel.optimise(problem.terms, s, 200, 1e-9).criterion for s in starts)


def judge(seed: int) -> Outcome:
    """Fit the problem of a seed on both scales and compare with the truth."""
    case: RandomProblem = random_problem(seed)
    wild = rn.lmm(case.formula, case.wild, reml=case.reml)
    stopped = rn.lmm(
        case.formula, case.wild, reml=case.reml, control=rn.Control(max_evaluations=EARLY)
    )
    plain = rn.lmm(case.formula, case.plain, reml=case.reml)
    truth = true_minimum(plain._problem, seed) + case.offset
    return Outcome(
        seed,
        case.structure,
        len(case.plain),
        wild.certificate.verdict,
        plain.certificate.verdict,
        wild.certificate.certified,
        plain.certificate.certified,
        wild.criterion - truth,
        stopped.certificate.certified,
        stopped.criterion - truth,
    )


def table(outcomes: list[Outcome]) -> str:
    """One line for each structure."""
    lines = [
        "| structure | problems | interior | boundary | not certified | wrong | withheld for scale "
        "| stopped short, refused |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name in (*STRUCTURES, "all"):
        chosen = [o for o in outcomes if name in (o.structure, "all")]
        verdicts = Counter(o.verdict for o in chosen)
        lines.append(
            f"| {name} | {len(chosen)} | {verdicts['interior optimum']} | "
            f"{verdicts['boundary optimum']} | {sum(not o.certified for o in chosen)} | "
            f"{sum(o.wrong for o in chosen)} | {sum(o.withheld for o in chosen)} | "
            f"{sum(o.refused for o in chosen)} |"
        )
    return "\n".join(lines)


def size_table(outcomes: list[Outcome]) -> str:
    """One line for each decade of rows."""
    lines = [
        "| rows | problems | certified | not certified | wrong | withheld for scale "
        "| largest excess | stopped short, refused |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for low, high in pairwise(DECADES):
        chosen = [o for o in outcomes if low <= o.n < high]
        if not chosen:
            continue
        certified = sum(o.certified for o in chosen)
        lines.append(
            f"| {low:,} to {high - 1:,} | {len(chosen)} | {certified} | {len(chosen) - certified} "
            f"| {sum(o.wrong for o in chosen)} | {sum(o.withheld for o in chosen)} "
            f"| {max(o.excess for o in chosen):.1g} | {sum(o.refused for o in chosen)} |"
        )
    return "\n".join(lines)


def run(n: int | None, seed: int, write: bool) -> None:
    seeds = range(1000 * seed, 1000 * seed + (n or 1000))
    outcomes = [judge(s) for s in track(seeds, "certificates")]
    text = table(outcomes)
    sizes = size_table(outcomes)
    print(text, sizes, sep="\n\n")
    for o in outcomes:
        if o.wrong or o.withheld or not o.certified:
            print(
                f"seed {o.seed}: {o.structure}, {o.verdict} (plain: {o.plain_verdict}), "
                f"{o.excess:+.3g} above the truth"
            )
    lowest = min(o.excess for o in outcomes)
    print(f"largest excess {max(o.excess for o in outcomes):.3g}, smallest {lowest:.3g}")
    if write:
        replace_block(PAGE, "random-problems", text)
        replace_block(PAGE, "random-problems-rows", sizes)
