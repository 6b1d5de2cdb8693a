"""Moments: sums over rows that add up, are saved, and say what they tell about single rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ranef.sums.merge import merged
from ranef.sums.record import MomentsRecord
from ranef.sums.small import small_cells
from ranef.sums.writing import write_moments

__all__ = ["Moments"]


@dataclass(frozen=True, eq=False, repr=False)
class Moments(MomentsRecord):
    """Sums over the rows of a model: all that a linear mixed model needs of its data.

    They add: ``a + b`` is as if the rows of both had been summed together. Levels are known by
    name, so that batches, months or sites may have different ones. ``rn.lmm(formula, moments)``
    fits models whose columns they hold.

    Attributes
    ----------
    plan : Plan
        What is summed.
    shifts, scales : ndarray, shape (c,)
        The column u that is summed is (value - shift) / scale.
    cells : tuple of pyarrow.Table
        By grouping factor: the rows and the sums of u_i u_j in each cell of the factor and the
        categories. Without grouping factors one table, by the categories.
    pairs : tuple of pyarrow.Table
        By pair of grouping factors: the sums of the products of their random effects.
    means : tuple of pyarrow.Table
        By group mean: the rows and the sum of u, without weights.
    orders : mapping of str to tuple of str
        Levels of the categories whose order somebody has chosen.
    missing : MissingRows
        How many rows were left out, and why.
    sum_log_weights : float
    numbers : mapping of str to NumberSums
        Where the values of each variable of numbers lie.
    settled : mapping of str to frozenset
        Levels of the categories of a fit: moments with other levels cannot be added.

    Examples
    --------
    >>> import ranef as rn
    >>> data = rn.datasets.load("sleepstudy")
    >>> sums = rn.moments("Reaction ~ Days + (Days | Subject)", data)
    >>> sums.n, len(sums.shifts), sums.cells[0].num_rows
    (180, 3, 18)
    """

    def __add__(self, other: object) -> Moments:
        """The moments of the rows of both.

        Raises
        ------
        DataError
            The two do not hold the same sums; the message names what differs.
        """
        if not isinstance(other, Moments):
            return NotImplemented
        return merged([self, other])

    def __radd__(self, other: Any) -> Moments:
        return self if other == 0 else NotImplemented  # so that sum(sites) works

    def save(self, path: Any) -> None:
        """Write the moments to a Parquet file, which does not hold code.

        :func:`ranef.load_moments` reads it, and has an example.

        Parameters
        ----------
        path : str or path
            A file of this name is replaced. It is never half-written.

        Raises
        ------
        OptionError
            The file cannot be written.
        """
        write_moments(self, path)

    def small_cells(self, k: int = 10) -> Any:
        """Cells with fewer than `k` rows: sums of a single row are the data of that row.

        Parameters
        ----------
        k : int
            Number of rows.

        Returns
        -------
        DataFrame
            One row for each table of sums. Columns: ``cells``, how many there are; ``below``, cells
            with fewer than `k` rows; ``single``, cells of one row.

        Examples
        --------
        >>> import ranef as rn
        >>> data = rn.datasets.load("sleepstudy")
        >>> rn.moments("Reaction ~ Days + (1 | Subject)", data).small_cells(k=11)
                 cells  below  single
        Subject     18     18       0
        """
        return small_cells(self, k)
