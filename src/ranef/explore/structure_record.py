"""The record of the levels of a data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ranef.types import Finding

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["StructureRecord"]


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class StructureRecord:
    """The fields of :class:`~ranef.explore.structure.Structure`, which explains them."""

    variables: pd.DataFrame
    components: pd.DataFrame
    groups: pd.DataFrame
    relations: pd.DataFrame
    findings: tuple[Finding, ...]
    n_rows: int
