"""The columns of the fixed part, for the rows of the fit or new ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ranef.fit.mixed_record import MixedRecord

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Coded"]


class Coded(MixedRecord):
    """The method that codes rows; it delegates to functions."""

    def model_matrix(self, newdata: Any = None) -> pd.DataFrame:
        """The fixed part's model matrix, a column for each coefficient that was estimated.

        Its rows times the coefficients are population predictions, without the offset. A difference
        of rows is a hypothesis for :meth:`test`. Categories, bases and group means are those of the
        fit.

        Parameters
        ----------
        newdata : data frame or mapping of columns, optional
            With the variables of the fixed part; by default the rows used in the fit.

        Returns
        -------
        DataFrame
            One row a row, with its label; NaN in rows that are not estimable.

        Raises
        ------
        UnknownColumnError
            A variable is missing.
        DataError
            A level that the fit has not seen.

        Warns
        -----
        NotEstimableWarning
            The data of the fit do not determine the mean of a row.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("score ~ Machine + (1 | Worker)", rn.datasets.load("machines"))
        >>> rows = fit.model_matrix({"Machine": ["A", "B", "C"]})
        >>> rows
           Intercept  Machine[T.B]  Machine[T.C]
        0        1.0           0.0           0.0
        1        1.0           1.0           0.0
        2        1.0           0.0           1.0
        >>> fit.test(rows.loc[2] - rows.loc[[0, 1]].mean()).frame["estimate"].round(2).to_list()
        [9.93]
        """
        import pandas as pd

        from ranef.fit.new_data import read_for_prediction, warn_not_estimable
        from ranef.frame.open import open_frame
        from ranef.present.frames.rows import frame_index

        encoding = self._design.encoding
        table, _ = read_for_prediction(newdata, self._table, encoding, None, None, False, False)
        x, broken = encoding.fixed_and_broken(table)
        x[broken.any(axis=1)] = float("nan")
        warn_not_estimable(broken, encoding)
        if newdata is None:
            index = frame_index(self._index, self.missing_rows)
        else:
            index = open_frame(newdata).index
        return pd.DataFrame(x, index=index, columns=list(self._design.x_names))
