"""Covariance structures of random effects: what they are called, and their numbers.

A structure is a file here for its words, and one in ``cpp/structure`` for its numbers.
No other place knows how a covariance matrix follows from its parameters.
"""

from ranef.covariance.cholesky import semidefinite_cholesky
from ranef.covariance.entries import Entries, belongs, entries_of, parameters_of
from ranef.covariance.kind import Kind, Limit
from ranef.covariance.registry import KINDS, kind_of, structure_of

__all__ = [
    "KINDS",
    "Entries",
    "Kind",
    "Limit",
    "belongs",
    "entries_of",
    "kind_of",
    "parameters_of",
    "semidefinite_cholesky",
    "structure_of",
]
