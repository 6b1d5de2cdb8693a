"""The data that a generalised model is fitted to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ranef.design.design import Design
from ranef.design.fixed_part import FixedPart
from ranef.family import Family
from ranef.frame.table import Table
from ranef.types import Array, MissingRows

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["GeneralisedData"]


@dataclass(frozen=True, eq=False)
class GeneralisedData:
    """The rows of a generalised model: its arrays, and the table that they were made from.

    Attributes
    ----------
    design : Design
        Its response is what the family takes: the proportion of a binomial one, 1 to K of ordered
        answers.
    family : Family
    table : Table
        The model's variables in the n rows used.
    missing : MissingRows
        Which rows of the data were left out.
    weights : ndarray or None, shape (n,)
        Of the family: trials of a binomial one.
    offset : ndarray or None, shape (n,)
        Known part of the linear predictor: ``offset()`` terms of the formula and the argument.
    offset_name : str or None
        The column of `table` that holds the argument.
    left_out : Table or None
        The model's variables in the rows that `missing` lists.
    index : pandas.Index or None
        Labels of all rows of the data, if they have any.
    weights_name : str or None
        The column of the data that holds the weights.
    parts : mapping of str to FixedPart
        Columns of the family's other predictors, ``"dispersion"`` and ``"zero"``.
    """

    design: Design
    family: Family
    table: Table = field(repr=False)
    missing: MissingRows
    weights: Array | None = field(default=None, repr=False)
    offset: Array | None = field(default=None, repr=False)
    offset_name: str | None = None
    left_out: Table | None = field(default=None, repr=False)
    index: pd.Index | None = field(default=None, repr=False)
    weights_name: str | None = None
    parts: Mapping[str, FixedPart] = field(default_factory=dict, repr=False)

    @property
    def y(self) -> Array:
        """The response as the family takes it, shape (n,)."""
        return self.design.y

    @property
    def elsewhere(self) -> None:
        """Generalised models read their rows in each evaluation: they are always here."""
        return None

    @property
    def own_weights(self) -> Array | None:
        """The same as `weights`: residuals have no structure."""
        return self.weights
