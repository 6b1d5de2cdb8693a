"""Data frames in, plain columns out; the missing-row rule.

Centring and the structure of the data are in `ranef.explore`.
"""

from ranef.frame.factors import as_factor, interaction
from ranef.frame.missing import complete_rows, refuse_missing, take_rows
from ranef.frame.read import read_table
from ranef.frame.table import Column, Table

__all__ = [
    "Column",
    "Table",
    "as_factor",
    "complete_rows",
    "interaction",
    "read_table",
    "refuse_missing",
    "take_rows",
]
