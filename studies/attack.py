"""Does a certified fit keep what it promises on problems drawn to break it?

Every problem is fitted, and the lowest point is looked for by SciPy on a criterion of its own, made
by a QR decomposition. It searches from several starts, in two parametrisations and onwards from the
fit; one parameter is scanned whole. A certified fit promises not to lie above the lowest point by
more than 1e-6 deviance units and its `rounding`. *Broken* is one that does, with no hill between;
*lower valley* one that does, on the far side of a hill. Where double precision leaves anything
open, the points are evaluated in extended precision.

``python -m studies attack --seed S --only K`` fits problem K alone and tells all about it.
"""

from __future__ import annotations

import traceback
import warnings
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from rich.progress import track

import ranef as rn
from studies.attack_problems import KINDS, HardProblem, hard_problem
from studies.oracle import Oracle, Term
from studies.page import replace_block

__all__ = ["Outcome", "judge", "replay", "run", "table"]

PAGE = Path(__file__).parents[1] / "docs" / "certificate.md"

PROMISED = 1e-6
"""Deviance units that a certified fit may leave, beside its rounding."""

VERDICTS = ("flat", "limited by rounding", "not at an optimum", "refused", "crashed")


@dataclass(frozen=True)
class Outcome:
    """What became of one problem.

    ``left`` is how far the fit's point lies above the lowest one found, both by the oracle;
    ``hill`` whether one has to go up in between; ``off`` the fit's own criterion less the oracle's
    at the same point; ``blur`` what rounding theta to double precision does to it.
    """

    number: int
    kind: str
    verdict: str
    certified: bool = False
    left: float = 0.0
    off: float = 0.0
    gain: float = 0.0
    rounding: float = 0.0
    blur: float = 0.0
    hill: bool = False
    said: str = ""

    @property
    def promised(self) -> float:
        return PROMISED + self.rounding + self.blur

    @property
    def above(self) -> bool:
        """Higher than promised."""
        return self.certified and not self.left <= self.promised

    @property
    def broken(self) -> bool:
        return self.above and not self.hill

    @property
    def lower_valley(self) -> bool:
        return self.above and self.hill

    @property
    def misstated(self) -> bool:
        """The fit tells another criterion than its point has: `rounding` is a size, not a bound."""
        return self.certified and not abs(self.off) <= 10.0 * self.promised


def oracle_of(problem: HardProblem, fit: rn.Fit) -> Oracle:
    """The oracle of the model that was fitted: terms in the order of theta, columns that are in."""
    kept = [name for name in problem.fixed if np.isfinite(fit.fixef[name])]
    x = np.column_stack([problem.columns[name] for name in kept])
    terms = [
        Term(
            problem.data[label.factor].to_numpy(),
            np.column_stack([problem.columns[name] for name in label.names]),
        )
        for label in fit._problem.labels
    ]
    y, w = (problem.data[name].to_numpy(dtype=float) for name in "yw")
    return Oracle(terms, x, y, w, problem.reml)


def judge(problem: HardProblem) -> Outcome:
    """Fit a problem and compare it with the oracle."""
    weights = "w" if problem.weighted else None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fit = rn.lmm(problem.formula, problem.data, weights=weights, reml=problem.reml)
    except rn.RanefError as error:
        return Outcome(problem.number, problem.kind, "refused", said=str(error).splitlines()[0])
    except Exception:  # a crash is what is looked for
        return Outcome(problem.number, problem.kind, "crashed", said=traceback.format_exc())
    oracle, theta, c = oracle_of(problem, fit), np.asarray(fit.theta), fit.certificate
    here = oracle(theta)
    lowest, where = oracle.lowest(theta)
    left, off, blur, hill = here - lowest, fit.criterion - here, 0.0, False
    if max(left, abs(off)) > 0.1 * PROMISED:
        precise = oracle.precise(theta)
        left = float(precise - oracle.precise(where))
        off = float(np.longdouble(fit.criterion) - precise)
        blur = oracle.blur(theta)
        hill = left > PROMISED and oracle.hill_between(theta, where, PROMISED)
    return Outcome(
        problem.number,
        problem.kind,
        c.verdict,
        c.certified,
        left,
        off,
        c.gain,
        c.rounding,
        blur,
        hill,
        f"{problem.formula}, {'REML' if problem.reml else 'ML'}, {len(problem.data)} rows; theta "
        f"{theta} against {where}; {c.starts} starts",
    )


def _judged(seed: int, number: int) -> Outcome:
    return judge(hard_problem(seed, number))


def table(outcomes: list[Outcome]) -> str:
    """One line for each kind."""
    lines = [
        "| kind | problems | certified | " + " | ".join(VERDICTS) + " | lower valley | broken |",
        "| --- |" + " --- |" * (len(VERDICTS) + 4),
    ]
    for name in (*KINDS, "all"):
        chosen = [o for o in outcomes if name in (o.kind, "all")]
        if not chosen:
            continue
        verdicts = Counter(o.verdict for o in chosen)
        counts = " | ".join(str(verdicts[v]) for v in VERDICTS)
        certified, valleys, broken = (
            sum(getattr(o, what) for o in chosen)
            for what in ("certified", "lower_valley", "broken")
        )
        lines.append(f"| {name} | {len(chosen)} | {certified} | {counts} | {valleys} | {broken} |")
    return "\n".join(lines)


def described(o: Outcome) -> str:
    """An outcome with all its numbers."""
    faults = ("broken", "lower_valley", "misstated")
    marks = "".join(f" {fault.upper()}" for fault in faults if getattr(o, fault))
    numbers = (
        f"{o.left:.2g} left, promised {o.promised:.2g}; criterion off {o.off:.2g}, gain "
        f"{o.gain:.2g}, rounding {o.rounding:.2g}, blur {o.blur:.2g}; "
    )
    if o.verdict in ("refused", "crashed"):
        numbers = ""
    return f"{o.number}:{marks} {o.kind}, {o.verdict}; {numbers}{o.said}"


def replay(seed: int, number: int) -> None:
    """Print one problem and what becomes of it."""
    problem = hard_problem(seed, number)
    print(problem.formula, problem.data.describe(), described(judge(problem)), sep="\n\n")


def run(n: int | None, seed: int, write: bool) -> None:
    outcomes = []
    count = n or 2000
    with ProcessPoolExecutor() as pool:
        judged = pool.map(partial(_judged, seed), range(count))
        try:
            for o in track(judged, "attack", total=count):
                outcomes.append(o)
                if o.above or o.misstated or not o.certified:
                    print(f"--seed {seed} --only {described(o)}", flush=True)
        except BrokenProcessPool:
            print(f"the interpreter ended: --seed {seed} --only {len(outcomes)} or one of the next")
            raise
    text = table(outcomes)
    print(text)
    kept = [o.left - o.rounding - o.blur for o in outcomes if o.certified and not o.above]
    print(f"largest height of those that keep their promise {max(kept, default=0.0):.2g}")
    print(f"{sum(o.misstated for o in outcomes)} state another criterion than that of their point")
    if write:
        head = f"{len(outcomes):,} problems, `--seed {seed}`:\n\n"
        replace_block(PAGE, "attack", head + text)
