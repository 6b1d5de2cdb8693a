"""Power by simulation: responses drawn from the assumed model, each fitted and tested."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ranef.core.columns import available_cores
from ranef.covariance import semidefinite_cholesky
from ranef.design import Design
from ranef.errors import RanefError
from ranef.inference.ddf import Fitted, method_of
from ranef.inference.ddf.rows import row_tests
from ranef.inference.estimates import estimate
from ranef.inference.power.assumed import Assumed
from ranef.inference.power.result import TermPower
from ranef.inference.satterthwaite import variance_derivatives
from ranef.inference.simulate import SimulatedTerm, simulate_response
from ranef.problem import Problem
from ranef.problem.parameters import nearest, parameters
from ranef.solve import Control, solve
from ranef.types import Array

__all__ = ["simulated_power"]


def simulated_power(
    problem: Problem,
    design: Design,
    offset: Array | None,
    truth: Assumed,
    n: int,
    alpha: float,
    ddf: str,
    key: int,
    tick: Callable[[int], None],
) -> tuple[TermPower, ...]:
    """Fit the model to `n` responses and test each coefficient that is asked about.

    Each test is that of :meth:`ranef.Fit.coefficients`: exact derivatives, along the face where a
    covariance matrix is singular. Replicate k is drawn from a stream of its own.

    Parameters
    ----------
    problem : Problem
        By REML, of any response.
    key : int
        Of the random streams.
    tick : callable
        Told how many replicates are done.
    """
    mean = design.X @ truth.beta + (0.0 if offset is None else offset)
    roots = [semidefinite_cholesky(c) for c in truth.covariances]
    terms = [SimulatedTerm(t.codes, t.Z, t.n_levels) for t in design.terms]
    rows = np.eye(design.p)[list(truth.asked.values())]
    at = nearest(problem.terms, [c / truth.sigma**2 for c in truth.covariances])
    start = parameters(problem.terms, at)
    inside = all(np.all(np.diag(root) > 0.0) for root in roots)
    done = 0

    def one(k: int) -> Array | None:
        """Reject, standard error, df of each row, and whether the fit is singular."""
        nonlocal done
        done += 1
        tick(done)
        y = simulate_response(terms, mean, roots, truth.sigma, key, k)
        y = y if offset is None else y - offset
        try:
            own = problem.with_response(design, y, None, 1)
            kernel = own.kernel()
            solution = solve(own, Control(threads=1), start if inside else None, kernel)
            estimates = estimate(own, solution, kernel)
            method = method_of(
                ddf,
                Fitted(
                    own,
                    solution,
                    design,
                    estimates,
                    y,
                    None,
                    lambda: variance_derivatives(own, solution),
                ),
            )
            tests = row_tests(rows, estimates.beta, method)
        except (RanefError, np.linalg.LinAlgError):
            return None
        flag = np.full(tests.df.size, float(solution.certificate.singular))
        return np.array([tests.p_value < alpha, tests.std_error, tests.df, flag])

    with ThreadPoolExecutor(min(available_cores(), n)) as pool:
        found = [result for result in pool.map(one, range(n)) if result is not None]
    failed = n - len(found)
    if not found:
        nan = float("nan")
        return tuple(
            TermPower(term, float(truth.beta[place]), nan, nan, nan, nan, nan, failed)
            for term, place in truth.asked.items()
        )
    table = np.array(found)  # replicates x (reject, error, df, singular) x rows
    power = table[:, 0].sum(axis=0) / n
    out = []
    for k, (term, place) in enumerate(truth.asked.items()):
        p = float(power[k])
        out.append(
            TermPower(
                term,
                float(truth.beta[place]),
                p,
                float(np.sqrt(p * (1.0 - p) / n)),
                float(np.median(table[:, 1, k])),
                float(np.median(table[:, 2, k])),
                float(np.mean(table[:, 3, k])),
                failed,
            )
        )
    return tuple(out)
