"""Solving: start values, the search, canonical form, and the certificate of what was found."""

from ranef.solve.certificate import Certificate
from ranef.solve.control import Control
from ranef.solve.design import SolvedDesign, solve_checked, solve_design
from ranef.solve.solution import Solution, solve

__all__ = [
    "Certificate",
    "Control",
    "Solution",
    "SolvedDesign",
    "solve",
    "solve_checked",
    "solve_design",
]
