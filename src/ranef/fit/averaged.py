"""Averages over the observed rows: of predictions, comparisons and slopes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from ranef.errors import NotEstimableWarning, warn
from ranef.fit.means_basis import MeansBasis
from ranef.options import confidence
from ranef.present.progress import progress

if TYPE_CHECKING:
    import pandas as pd

    from ranef.fit.record import FitRecord
    from ranef.inference.means.quantities import Quantity

__all__ = ["Averaged"]


class Averaged(MeansBasis):
    """The methods that average over rows; each delegates to a function."""

    @progress("averaging predictions")
    def predictions(
        self, by: Any = None, ddf: str = "auto", level: float = 0.95, vcov: Any = None
    ) -> pd.DataFrame:
        """Average of the predicted means of the rows used, random effects at zero.

        Parameters
        ----------
        by : str or list of str, optional
            Variables of the model: one average for each of their combinations that occur.
        ddf : {"auto", "satterthwaite", "kenward-roger", "residual", "asymptotic"}
        level : float
        vcov : str or mapping, optional
            As in :meth:`emmeans`.

        Returns
        -------
        DataFrame
            Columns term, contrast, those of `by`, estimate, std_error, df, statistic, p_value,
            conf_low, conf_high. Tests are against zero.

        Raises
        ------
        UnknownColumnError
            `by` is not a variable of the model.
        OptionError
            Another `ddf` or `level`.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("math ~ ses * sector + (ses | sch.id)", rn.datasets.load("hsb"))
        >>> fit.predictions(by="sector")[["sector", "estimate", "std_error"]].round(2)
           sector  estimate  std_error
        0       0     11.32       0.23
        1       1     14.13       0.26
        """
        from ranef.inference.means.quantities import Prediction

        return self._averages([Prediction()], by, ddf, level, vcov)

    @progress("averaging comparisons")
    def comparisons(
        self,
        variable: str,
        by: Any = None,
        ddf: str = "auto",
        level: float = 0.95,
        vcov: Any = None,
    ) -> pd.DataFrame:
        """Average change of the mean over the rows used if one variable changes in each.

        Each level of a category is compared with the first one, True with False, and a number
        with itself plus one. Everything else stays as it was observed.

        Parameters
        ----------
        variable : str
            Of the fixed part.
        by : str or list of str, optional
            Variables of the model: averages within each of their combinations that occur.
        ddf : {"auto", "satterthwaite", "kenward-roger", "residual", "asymptotic"}
        level : float
        vcov : str or mapping, optional
            As in :meth:`emmeans`.

        Returns
        -------
        DataFrame
            Columns term, contrast, those of `by`, estimate, std_error, df, statistic, p_value,
            conf_low, conf_high.

        Raises
        ------
        UnknownColumnError
            A name that is not a variable of the fixed part; `by` not one of the model.
        OptionError
            Another `ddf` or `level`.

        Warns
        -----
        NotEstimableWarning
            Averages that the data of the fit do not determine; they are NaN.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("score ~ Machine + (1 | Worker)", rn.datasets.load("machines"))
        >>> fit.comparisons("Machine")[["term", "contrast", "estimate"]].round(2)
              term contrast  estimate
        0  Machine    B - A      7.97
        1  Machine    C - A     13.92
        """
        from ranef.inference.means.averages import comparisons_of
        from ranef.inference.means.quantities import Comparison
        from ranef.inference.means.variables import names_in
        from ranef.options import name

        variables = self._variables()
        (own,) = names_in("variable", name("variable", variable, of="variable"), variables)
        count = len(comparisons_of(variables[own]))
        plans = [Comparison(variables[own], k) for k in range(count)]
        return self._averages(plans, by, ddf, level, vcov)

    @progress("averaging slopes")
    def slopes(
        self,
        variable: str,
        by: Any = None,
        ddf: str = "auto",
        level: float = 0.95,
        vcov: Any = None,
    ) -> pd.DataFrame:
        """Average slope of the mean along a number, over the rows used.

        The derivative in each row, as in :meth:`emtrends`, at the values that were observed.

        Parameters
        ----------
        variable : str
            A number of the fixed part.
        by : str or list of str, optional
            Variables of the model: averages within each of their combinations that occur.
        ddf : {"auto", "satterthwaite", "kenward-roger", "residual", "asymptotic"}
        level : float
        vcov : str or mapping, optional
            As in :meth:`emmeans`.

        Returns
        -------
        DataFrame
            Columns term, contrast, those of `by`, estimate, std_error, df, statistic, p_value,
            conf_low, conf_high.

        Raises
        ------
        UnknownColumnError
            A name that is not a variable of the fixed part; `by` not one of the model.
        OptionError
            A category; another `ddf` or `level`.

        Warns
        -----
        NotEstimableWarning
            Averages that the data of the fit do not determine; they are NaN.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("math ~ ses * sector + (ses | sch.id)", rn.datasets.load("hsb"))
        >>> fit.slopes("ses", by="sector")[["term", "contrast", "sector", "estimate"]].round(2)
          term contrast  sector  estimate
        0  ses    dY/dX       0      2.96
        1  ses    dY/dX       1      1.64
        """
        from ranef.inference.means.quantities import Slope
        from ranef.inference.means.variables import number_in

        own = number_in("variable", variable, self._variables())
        return self._averages([Slope(own)], by, ddf, level, vcov)

    def _averages(
        self, quantities: Sequence[Quantity], by: Any, ddf: str, level: float, vcov: Any
    ) -> pd.DataFrame:
        from ranef.inference.means.cells import cells_of, check_names
        from ranef.inference.means.quantities import Observed, average_of
        from ranef.present.means.frames import averages_frame

        confidence("level", level)
        check_names(by)
        basis = self._basis(ddf, vcov)
        if self._data.elsewhere is None:
            cells = cells_of(by, self._table)
            of = Observed(self._design.encoding, self._table, self._offsets)
            tests = [average_of(q, of, cells, basis, level) for q in quantities]
            labels = cells.labels
        else:
            from ranef.fit.averaged_pass import averages_of_pass

            labels, rows = averages_of_pass(cast("FitRecord", self), quantities, by)
            tests = [basis.estimates(own, level) for own in rows]
        parts = [(*q.words, own) for q, own in zip(quantities, tests, strict=True)]
        frame = averages_frame(parts, labels)
        undetermined = int(frame["estimate"].isna().sum())
        if undetermined:
            left_out = ", ".join(f"'{name}'" for name in self._design.dropped)
            warn(
                NotEstimableWarning,
                f"{undetermined} of {len(frame)} averages are not estimable and are NaN",
                found=f"in all rows of the fit other columns determine {left_out}; where the "
                "variable moves, they do not",
                fix="leave the redundant terms out of the formula, or compare combinations that "
                "the data of the fit hold",
            )
        return frame
