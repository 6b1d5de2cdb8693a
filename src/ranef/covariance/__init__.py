"""Covariance structures of random effects: their names and words, and their numbers.

Each structure has a file here for its words, and one in ``cpp/structure`` for its numbers.
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
