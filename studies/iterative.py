"""Does the error that an iterative fit reports cover the exact fit?

A data set is drawn for each graph and fitted exactly. Then it is fitted by iterations with many
seeds of the probes, and the intervals of theta and of the criterion are counted that cover the
exact ones: with a fixed number of directions that are taken out of the probes, and as fits go, with
more directions or probes until the errors are small.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial

import numpy as np
from rich.progress import track

import ranef as rn
from ranef.core import CrossedSolver
from ranef.core.arguments import core_terms
from ranef.problem.parameters import group_lambdas
from ranef.solve.solution import solve
from studies.rating_graphs import GRAPHS, rated

__all__ = ["run"]

ROWS = 20_000
NAMES = ("heavy tails", "communities", "ring", "employers")
STARTS = {
    "16": CrossedSolver(0, 16, 8, np.inf, np.inf),
    "24": CrossedSolver(0, 24, 8, np.inf, np.inf),
    "as fitted": CrossedSolver(0, 16, 8, 0.01, 0.05),
}
"""Seed, directions, probes and the errors to come to, of theta and of the criterion."""
EXACT = rn.Control(crossed="exact")


def exact_fit(name: str, seed: int) -> rn.Fit:
    """The data of one graph, fitted exactly by ML."""
    rng = np.random.default_rng((seed, list(GRAPHS).index(name)))
    data = rated(rng, GRAPHS[name](rng, ROWS))
    return rn.lmm("y ~ x + (1 | u) + (1 | v)", data, reml=False, control=EXACT)


def judge(fit: rn.Fit, start: CrossedSolver, k: int) -> tuple[list[bool], bool, float]:
    """Whether the intervals cover theta and the criterion, and the error of theta told."""
    solver = start._replace(seed=k)
    problem = replace(fit._problem, solver=solver, path="a study")
    kernel = problem.kernel()
    found = solve(problem, fit._control, kernel=kernel)
    kernel.evaluate(group_lambdas(problem, found.inner))
    told = kernel.workspace.estimation(core_terms(problem.terms), found.inner)
    apart = np.abs(found.inner - fit._solution.inner)
    covers = (apart <= np.asarray(told[5])).tolist()
    return covers, abs(found.criterion - fit._solution.criterion) <= told[1], told[0]


def run(n: int | None = None, seed: int = 1, write: bool = False) -> None:
    """Print the share of seeds whose intervals cover, by graph and directions taken out."""
    del write
    seeds = n or 1000
    print("graph                directions  theta covered  criterion covered  error told, SE")
    for name in NAMES:
        fit = exact_fit(name, seed)
        for directions, start in STARTS.items():
            task = partial(judge, fit, start)
            with ProcessPoolExecutor(2) as pool:
                done = list(track(pool.map(task, range(seeds)), name, seeds, transient=True))
            theta = np.array([covers for covers, _, _ in done])
            criterion = np.mean([covered for _, covered, _ in done])
            told = np.median([error for _, _, error in done])
            shares = " ".join(f"{100 * share:5.1f}" for share in theta.mean(axis=0))
            print(
                f"{name:<20} {directions:>10}  {shares:>13}  {100 * criterion:>17.1f}  {told:.4f}"
            )
