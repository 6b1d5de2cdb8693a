"""What a fit says of its rows: their fitted values, and what they are labelled by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ranef.fit.mixed_record import MixedRecord
from ranef.types import Array

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ByRow"]


class ByRow(MixedRecord):
    """The methods that answer row by row; each delegates to a function."""

    @property
    def fitted(self) -> Any:
        """Conditional means, one for each row used.

        A Series with the labels of these rows if the data are a pandas frame without repeated
        labels, so that ``data["fitted"] = fit.fitted`` puts each value on its own row; otherwise an
        array in the order of the rows. ``fit.fitted[3]`` of a Series is the row with the *label* 3,
        ``fit.fitted.iloc[3]`` and ``numpy.asarray(fit.fitted)[3]`` the fourth row used.
        """
        return self._on_rows(self._fitted.copy())

    def model_frame(self) -> pd.DataFrame:
        """The model's variables in the rows that were used, with the labels of these rows.

        Rows without labels are numbered by their position in the data, from 0. An offset given as
        an array is the column ``(offset)``.

        Returns
        -------
        DataFrame, nobs rows
            Columns are the variables as the formula names them, not their transformations.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> list(fit.model_frame())
        ['Reaction', 'Days', 'Subject']
        """
        from ranef.present.frames.model_frame import model_frame
        from ranef.present.frames.rows import frame_index

        return model_frame(self._table, frame_index(self._index, self.missing_rows))

    def _on_rows(self, values: Array) -> Any:
        """One value for each row used, labelled if the rows have labels."""
        from ranef.present.frames.rows import on_rows

        return on_rows(values, self._index, self.missing_rows)

    def _population_averages(
        self, rows: Any, weights: Array, linked: bool = False, level: float = 0.95
    ) -> pd.DataFrame:
        """Means of the response at averages of linear predictors over blocks of rows, for plots.

        Parameters
        ----------
        rows : DataFrame
            Blocks of ``len(weights)`` rows, one block after the other.
        weights : ndarray
            Of the rows of a block, adding up to 1.
        level : float
            Of the intervals.

        Returns
        -------
        DataFrame
            One row a block: estimate, conf_low, conf_high; if `linked` on the scale of the linear
            predictor.
        """
        from ranef.fit.new_data import read_for_prediction
        from ranef.inference.predict import predict_average
        from ranef.present.frames.estimates import prediction_frame

        encoding = self._design.encoding
        table, shift = read_for_prediction(
            rows, self._table, encoding, self._data.offset_name, None, False, False
        )
        result = predict_average(
            table, encoding, self._estimates.beta, weights, shift, self._method("auto"), level
        )
        if linked:
            return prediction_frame(result.columns(), 0.0, None)
        scale = self._response_scale
        means = {name: scale.mean(values) for name, values in result.columns().items()}
        return prediction_frame(means, 0.0, None)

    def _average_means(self) -> dict[str, float]:
        """The mean over the rows used of each group mean in the formula, by its column's name."""
        return self._design.encoding.average_means(self._table)
