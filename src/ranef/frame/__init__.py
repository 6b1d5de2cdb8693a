"""Data frames in, plain columns out; the missing-row rule; centring; the structure of the data."""

from ranef.frame.center import center
from ranef.frame.factors import as_factor, interaction
from ranef.frame.missing import complete_rows, refuse_missing, take_rows
from ranef.frame.read import read_table
from ranef.frame.structure import Structure, structure
from ranef.frame.table import Column, Table

__all__ = [
    "Column",
    "Structure",
    "Table",
    "as_factor",
    "center",
    "complete_rows",
    "interaction",
    "read_table",
    "refuse_missing",
    "structure",
    "take_rows",
]
