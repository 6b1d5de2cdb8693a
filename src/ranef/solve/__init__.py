"""Solving: start values, the search, canonical form, and the certificate of what was found.

Four records lead from a search to a fit. `Solved` is what the core hands back, on both scales, with
its `Evidence`: the numbers for and against an optimum. A `Solution` is a problem with what was
found for it. Its `Certificate` reads the evidence in the user's names and gives a verdict.
"""

from ranef.solve.certificate import Certificate
from ranef.solve.control import Control
from ranef.solve.from_data import solve_data
from ranef.solve.solution import Solution, solve

__all__ = [
    "Certificate",
    "Control",
    "Solution",
    "solve",
    "solve_data",
]
