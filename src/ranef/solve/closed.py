"""Models without random effects: nothing is searched for."""

from __future__ import annotations

from time import perf_counter

import numpy as np

from ranef.core import Evidence, Kernel, Solved
from ranef.problem import Problem
from ranef.solve.found import Found

__all__ = ["closed_form"]

# Size of y squared over that of its residuals, from which on sums over rows know more than
# cross-products: as in the core.
LARGE = 1e5


def closed_form(problem: Problem, kernel: Kernel) -> Solved:
    """The criterion of least squares, evaluated once: no parameter is left besides the profiled.

    The certificate's numbers are exact: nothing can be gained where nothing can be changed.
    """
    clock = perf_counter()
    broke = not kernel.evaluate([])
    size = float(problem.products.fixed[problem.p, problem.p])
    nothing = np.zeros(0)
    return Found(
        inner=nothing,
        criterion=float("nan") if broke else kernel.value,
        status="broke down" if broke else "converged",
        evaluations=1,
        escapes=0,
        method="closed form",
        log=np.zeros((0, 4)),
        theta=nothing,
        covariances=[],
        evidence=Evidence(
            gain=0.0,
            step=0.0,
            dual=float("nan"),
            complementarity=0.0,
            curvature=float("nan"),
            rank=[],
            flat=np.zeros((0, 0)),
            loose=[],
            rounding=0.0 if broke else kernel.rounding,
        ),
        starts=1,
        elsewhere=0,
        basins=1,
        loses_digits=broke or not size < LARGE * kernel.r2,
        search_seconds=perf_counter() - clock,
        certificate_seconds=0.0,
    )
