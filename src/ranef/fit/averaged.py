"""Means after a fit: marginal means, slopes and averages over the observed rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ranef.errors import NotEstimableWarning, warn
from ranef.fit.record import FitRecord
from ranef.options import confidence, one_of
from ranef.present.progress import progress
from ranef.types import Array

if TYPE_CHECKING:
    import pandas as pd

    from ranef.frame import Table
    from ranef.inference.means.rows import Basis
    from ranef.inference.means.variables import Variable
    from ranef.present.means import Means

__all__ = ["Averaged"]

Weights = Literal["equal", "proportional", "cells", "outer"]


class Averaged(FitRecord):
    """The methods that average over the fixed part; each delegates to a function."""

    @progress("computing marginal means")
    def emmeans(
        self,
        specs: Any,
        by: Any = None,
        at: Any = None,
        weights: Weights = "equal",
        ddf: str = "satterthwaite",
        level: float = 0.95,
    ) -> Means:
        """Estimated marginal means: of the levels of some variables, over a grid of the others.

        Random effects are zero. Categories that are not named are averaged over; numbers stand at
        their mean over the rows used, and those with two values at both, as categories do. Group
        means in the formula stand at their average over the rows.

        Parameters
        ----------
        specs : str or list of str
            The variables that the means are of.
        by : str or list of str, optional
            More of them: means are compared within each of their values.
        at : dict, optional
            Values by variable, in place of all levels or of the mean: ``{"ses": [-1, 0, 1]}``.
        weights : {"equal", "proportional", "cells", "outer"}
            Of the combinations that are averaged over: the same for each; as frequent as in the
            rows used; as frequent as in the rows of the mean's own cell; the products of the
            frequencies of each variable alone.
        ddf : {"satterthwaite", "kenward-roger", "residual", "asymptotic"}
            Degrees of freedom, as in :meth:`coefficients`.
        level : float
            Of the intervals, also of contrasts.

        Returns
        -------
        Means
            ``frame`` has the variables' columns, estimate, std_error, df, conf_low, conf_high;
            ``pairs()`` and ``contrast()`` compare the means. Means that the data do not determine
            are NaN. Prints as a table.

        Raises
        ------
        UnknownColumnError
            A name that is not a variable of the fixed part.
        OptionError
            Other weights or levels; a `ddf` that does not apply.

        References
        ----------
        Searle, Speed and Milliken (1980), Population marginal means in the linear model: an
        alternative to least squares means, The American Statistician 34, 216-221.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("score ~ Machine + (1 | Worker)", rn.datasets.load("machines"))
        >>> fit.emmeans("Machine").frame[["Machine", "estimate", "df"]].round(2)
          Machine  estimate    df
        0       A     52.36  5.83
        1       B     60.32  5.83
        2       C     66.27  5.83
        """
        from ranef.inference.means.variables import names_in

        variables = self._variables()
        focal = names_in("specs", specs, variables)
        return self._means(focal, by, at, weights, ddf, level, None)

    @progress("computing marginal slopes")
    def emtrends(
        self,
        variable: str,
        by: Any = None,
        at: Any = None,
        weights: Weights = "equal",
        ddf: str = "satterthwaite",
        level: float = 0.95,
    ) -> Means:
        """Estimated marginal slopes of a number, at the levels of other variables.

        The derivative of the mean along the variable, averaged as in :meth:`emmeans`. It is that
        of everything in the formula that holds the variable: interactions, powers, ``poly()``,
        splines. Group means stay as they are, so that ``within(x, g)`` moves with x.

        Parameters
        ----------
        variable : str
            A number of the fixed part.
        by : str or list of str, optional
            Variables at whose levels the slopes are wanted; ``pairs()`` compares them all.
        at : dict, optional
            Values by variable, also of `variable` itself; by default at its mean.
        weights : {"equal", "proportional", "cells", "outer"}
            As in :meth:`emmeans`.
        ddf : {"satterthwaite", "kenward-roger", "residual", "asymptotic"}
        level : float

        Returns
        -------
        Means

        Raises
        ------
        UnknownColumnError
            A name that is not a variable of the fixed part.
        OptionError
            A category in place of a number, and what :meth:`emmeans` refuses.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("math ~ ses * sector + (1 | sch.id)", rn.datasets.load("hsb"))
        >>> fit.emtrends("ses", by="sector").frame[["sector", "estimate", "std_error"]].round(2)
           sector  estimate  std_error
        0       0      2.95       0.14
        1       1      1.64       0.16
        """
        from ranef.inference.means.variables import number_in

        return self._means(
            (), by, at, weights, ddf, level, number_in("variable", variable, self._variables())
        )

    @progress("averaging predictions")
    def predictions(
        self, by: Any = None, ddf: str = "satterthwaite", level: float = 0.95
    ) -> pd.DataFrame:
        """Average of the predicted means of the rows used, random effects at zero.

        Parameters
        ----------
        by : str or list of str, optional
            Variables of the model: one average for each of their combinations that occur.
        ddf : {"satterthwaite", "kenward-roger", "residual", "asymptotic"}
        level : float

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
        encoding = self._design.encoding

        def make(rows: Table, place: slice) -> tuple[Array, Array]:
            return encoding.whole(rows), self._offsets(rows, place)

        return self._averages([("prediction", "average", make, 1.0)], by, ddf, level)

    @progress("averaging comparisons")
    def comparisons(
        self, variable: str, by: Any = None, ddf: str = "satterthwaite", level: float = 0.95
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
        ddf : {"satterthwaite", "kenward-roger", "residual", "asymptotic"}
        level : float

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
        from ranef.inference.means.averages import compared, comparisons_of
        from ranef.inference.means.variables import names_in
        from ranef.options import name

        variables = self._variables()
        (own,) = names_in("variable", name("variable", variable, of="variable"), variables)
        encoding, moved = self._design.encoding, variables[own]

        def maker(which: int) -> Any:
            return lambda rows, _: compared(encoding, rows, moved, which)

        plans = [(own, c, maker(k), 0.0) for k, c in enumerate(comparisons_of(moved))]
        return self._averages(plans, by, ddf, level)

    @progress("averaging slopes")
    def slopes(
        self, variable: str, by: Any = None, ddf: str = "satterthwaite", level: float = 0.95
    ) -> pd.DataFrame:
        """Average slope of the mean along a number, over the rows used.

        The derivative in each row, as in :meth:`emtrends`, at the values that were observed.

        Parameters
        ----------
        variable : str
            A number of the fixed part.
        by : str or list of str, optional
            Variables of the model: averages within each of their combinations that occur.
        ddf : {"satterthwaite", "kenward-roger", "residual", "asymptotic"}
        level : float

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
        from ranef.inference.means.variables import number_in

        own = number_in("variable", variable, self._variables())
        encoding, training = self._design.encoding, self._table

        def make(rows: Table, _: slice) -> tuple[Array, Array]:
            slopes = encoding.slopes(rows, own, training)
            return slopes, encoding.offset_slope(rows, own, training)

        return self._averages([(own, "dY/dX", make, 0.0)], by, ddf, level)

    # -- what they share ------------------------------------------------------------------------
    def _variables(self) -> dict[str, Variable]:
        from ranef.inference.means.variables import variables_of

        return variables_of(self._design.encoding, self._table)

    def _basis(self, ddf: str) -> Basis:
        """The one place where means meet a method for degrees of freedom."""
        from ranef.inference.means.rows import Basis

        return Basis(self._design.encoding, self._estimates.beta, self._method(ddf), self._spread)

    def _spread(self, which: str) -> tuple[float, float]:
        """A standard deviation that effects are measured by, and its degrees of freedom."""
        from ranef.inference.means.effect_size import spread_of

        blocks = [(term.codes, term.Z) for term in self._design.terms]
        return spread_of(which, self._row_variances, blocks, self._derivatives.covariance)

    def _offsets(self, rows: Table, place: slice | None) -> Array:
        """Offsets of rows of the fit, or of a grid if `place` is None.

        The part of the offset that the formula does not hold is that of the rows, or its mean.
        """
        encoding = self._design.encoding
        own = encoding.offset(rows)
        total = np.zeros(rows.n_rows) if own is None else own
        if self._offset is None:
            return total
        if place is not None:
            return np.asarray(self._offset[place], dtype=np.float64)
        given = self._design.offset
        rest = self._offset if given is None else self._offset - given
        return total + float(np.mean(rest))

    def _means(
        self,
        focal: tuple[str, ...],
        by: Any,
        at: Any,
        weights: str,
        ddf: str,
        level: float,
        slope: str | None,
    ) -> Means:
        from ranef.inference.means.families import MeanSet
        from ranef.inference.means.grid import WEIGHTS, grid_of
        from ranef.inference.means.variables import names_in, values_at
        from ranef.present.means import means_of

        confidence("level", level)
        one_of("weights", weights, WEIGHTS)
        variables = self._variables()
        within = () if by is None else names_in("by", by, variables)
        if focal:
            names_in("specs", [*focal, *within], variables)  # none of them twice
        variables = values_at(at, variables)
        encoding, training = self._design.encoding, self._table
        basis = self._basis(ddf)

        def make(rows: Table) -> tuple[Array, Array]:
            if slope is None:
                return encoding.whole(rows), self._offsets(rows, None)
            slopes = encoding.slopes(rows, slope, training)
            return slopes, encoding.offset_slope(rows, slope, training)

        grid = grid_of(encoding, training, variables, [*focal, *within], weights, make)
        rows = grid.rows if slope is None else grid.rows.as_differences()
        families = () if slope is not None else within
        means = MeanSet(rows, grid.labels, families, basis, level)
        return means_of(means, grid, self._design.response, slope, weights, ddf)

    def _averages(self, plans: Any, by: Any, ddf: str, level: float) -> pd.DataFrame:
        from ranef.inference.means.averages import average
        from ranef.inference.means.cells import cells_of
        from ranef.present.means_frames import averages_frame

        confidence("level", level)
        cells = cells_of(by, self._table)
        basis = self._basis(ddf)
        parts = []
        for term, contrast, make, total in plans:
            rows = average(self._table, cells.codes, cells.count, make, total)
            parts.append((term, contrast, basis.estimates(rows, level)))
        frame = averages_frame(parts, cells.labels)
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
