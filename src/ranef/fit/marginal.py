"""Marginal means and slopes over a grid of the fixed part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ranef.fit.means_basis import MeansBasis
from ranef.options import confidence, one_of
from ranef.present.progress import progress
from ranef.types import Array

if TYPE_CHECKING:
    from ranef.frame import Table
    from ranef.present.means.means import Means

__all__ = ["Marginal"]

Weights = Literal["equal", "proportional", "cells", "outer"]


class Marginal(MeansBasis):
    """The methods that average over a grid; each delegates to a function."""

    @progress("computing marginal means")
    def emmeans(
        self,
        specs: Any,
        by: Any = None,
        at: Any = None,
        weights: Weights = "equal",
        ddf: str = "auto",
        level: float = 0.95,
        vcov: Any = None,
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
        ddf : {"auto", "satterthwaite", "kenward-roger", "residual", "asymptotic"}
            Degrees of freedom, as in :meth:`coefficients`.
        level : float
            Of the intervals, also of contrasts.
        vcov : str or mapping, optional
            Other standard errors than the model's, with their degrees of freedom: as in
            :meth:`robust`.

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
        return self._means(focal, by, at, weights, ddf, level, vcov, None)

    @progress("computing marginal slopes")
    def emtrends(
        self,
        variable: str,
        by: Any = None,
        at: Any = None,
        weights: Weights = "equal",
        ddf: str = "auto",
        level: float = 0.95,
        vcov: Any = None,
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
        ddf : {"auto", "satterthwaite", "kenward-roger", "residual", "asymptotic"}
        level : float
        vcov : str or mapping, optional
            As in :meth:`emmeans`.

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
            (),
            by,
            at,
            weights,
            ddf,
            level,
            vcov,
            number_in("variable", variable, self._variables()),
        )

    def _means(
        self,
        focal: tuple[str, ...],
        by: Any,
        at: Any,
        weights: str,
        ddf: str,
        level: float,
        vcov: Any,
        slope: str | None,
    ) -> Means:
        from ranef.inference.means.families import MeanSet
        from ranef.inference.means.grid import WEIGHTS, grid_of
        from ranef.inference.means.variables import names_in, values_at
        from ranef.present.means.heading import Heading
        from ranef.present.means.means import means_of

        confidence("level", level)
        one_of("weights", weights, WEIGHTS)
        variables = self._variables()
        within = () if by is None else names_in("by", by, variables)
        if focal:
            names_in("specs", [*focal, *within], variables)  # none of them twice
        variables = values_at(at, variables)
        encoding, training = self._design.encoding, self._reference
        basis = self._basis(ddf, vcov)

        def make(rows: Table) -> tuple[Array, Array]:
            if slope is None:
                return encoding.whole(rows), self._offsets(rows, None)
            slopes = encoding.slopes(rows, slope, training)
            return slopes, encoding.offset_slope(rows, slope, training)

        often = None if weights == "equal" else self._frequencies(variables)
        grid = grid_of(encoding, training, variables, [*focal, *within], weights, make, often)
        rows = grid.rows if slope is None else grid.rows.as_differences()
        families = () if slope is not None else within
        means = MeanSet(rows, grid.labels, families, basis, level)
        tests = self._tests_in_words(ddf, vcov)
        heading = Heading(self._design.response, slope, self._words)
        return means_of(means, grid, heading, weights, tests)
