"""What a fit says of its rows: fitted values, residuals and leverages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ranef.fit.record import FitRecord
from ranef.present.progress import progress
from ranef.types import Array

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ByRow"]


class ByRow(FitRecord):
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

    def residuals(
        self,
        kind: Literal[
            "response",
            "pearson",
            "deviance",
            "working",
            "marginal",
            "normalized",
            "standardized",
            "whitened",
        ] = "response",
        rows: Literal["used", "all"] = "used",
    ) -> Any:
        """Residuals, one for each row used.

        Parameters
        ----------
        kind : str
            ``"response"``, also ``"working"``: response minus :attr:`fitted`. ``"pearson"``, also
            ``"deviance"``: these times the root of the weights, and over the ratio of the SD of
            their stratum to sigma. ``"normalized"``: Pearson residuals over sigma; of residuals
            that are correlated in time, what each has beside the one before (nlme's
            ``"normalized"``). ``"standardized"``: normalised residuals over their own standard
            deviation, (1 - leverage)^1/2; NaN where the leverage is 1. ``"marginal"``: response
            minus the fixed part and the offset, so that the random effects are in them.
            ``"whitened"``: marginal residuals times the symmetric root V^-1/2 of their inverse
            covariance matrix: independent and of variance 1 if the model holds. They need one
            grouping factor, or nested ones.
        rows : {"used", "all"}
            ``"all"`` gives a value for each row of the data, NaN in the rows that were left out.

        Returns
        -------
        Series or ndarray
            As :attr:`fitted`: with the labels of the rows if these have labels. Standardised and
            whitened residuals have no unit, the others that of the response.

        Raises
        ------
        OptionError
            Another kind, or whitened residuals of crossed factors.

        References
        ----------
        Haslett and Haslett (2007), The three basic types of residuals for a linear model,
        International Statistical Review 75, 1-24.

        Examples
        --------
        >>> import ranef as rn
        >>> data = rn.datasets.load("sleepstudy").query("Days > 1")
        >>> data["residual"] = rn.lmm("Reaction ~ Days + (1 | Subject)", data).residuals()
        """
        from ranef.inference.rows import OF_MODEL, checked_kind, residuals
        from ranef.present.frames.rows import check_rows, on_all_rows

        everything = check_rows(rows)
        if checked_kind(kind) in OF_MODEL:
            values = self._residuals_of_model(kind)
        elif kind == "marginal":
            values = self._design.y - self._mean
        else:
            values = residuals(self._design.y, self._fitted, self._weights, kind)
        if everything:
            return on_all_rows(values, self._index, self.missing_rows)
        return self._on_rows(values)

    @property
    def leverage(self) -> Any:
        """Diagonal of the map from the response to the fitted values, labelled as `fitted`.

        Raises
        ------
        OptionError
            The residuals are correlated in time.
        """
        self._need_independent("the leverage of a row", 'use fit.influence("group")')
        return self._on_rows(self._leverage.copy())

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

    @progress("computing residuals")
    def _residuals_of_model(self, kind: str) -> Array:
        from ranef.inference.residual_kinds import residuals_of_model

        return residuals_of_model(
            self._problem, self._solution, self._design, self._data.y, self._weights, kind
        )

    def _on_rows(self, values: Array) -> Any:
        """One value for each row used, labelled if the rows have labels."""
        from ranef.present.frames.rows import on_rows

        return on_rows(values, self._index, self.missing_rows)

    def _population_averages(self, rows: Any, weights: Array) -> pd.DataFrame:
        """Population means averaged over blocks of rows, for plots.

        Parameters
        ----------
        rows : DataFrame
            Blocks of ``len(weights)`` rows, one block after the other.
        weights : ndarray
            Of the rows of a block, adding up to 1.

        Returns
        -------
        DataFrame
            One row a block: estimate, conf_low, conf_high (95%).
        """
        from ranef.fit.new_data import read_for_prediction
        from ranef.inference.predict import predict_average
        from ranef.present.frames.estimates import prediction_frame

        encoding = self._design.encoding
        table, shift = read_for_prediction(
            rows, self._table, encoding, self._data.offset_name, None, False, False
        )
        result = predict_average(
            table, encoding, self._estimates.beta, weights, shift, self._method("auto")
        )
        return prediction_frame(result.columns(), 0.0, None)

    def _average_means(self) -> dict[str, float]:
        """The mean over the rows used of each group mean in the formula, by its column's name."""
        return self._design.encoding.average_means(self._table)
