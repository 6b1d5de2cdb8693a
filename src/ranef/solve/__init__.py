"""Solving: start values, the search, canonical form, and the certificate of what was found.

Four records lead from a search to a fit. `Solved` is the result of the core, on both scales. Its
`Evidence` has the numbers for and against an optimum. A `Solution` is a problem with its `Solved`.
Its `Certificate` reads the evidence in the user's names and gives a verdict.
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
