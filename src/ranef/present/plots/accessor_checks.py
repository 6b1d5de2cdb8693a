"""The plots of one fit that lay data over simulations of the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from ranef.present.protocol import FittedModel

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ranef.present.plots.panels import Panels

__all__ = ["CheckPlots"]


class CheckPlots:
    """Methods of :class:`~ranef.present.plots.accessor.PlotAccessor`."""

    __slots__ = ()

    _model: FittedModel

    def check(
        self,
        n: int | None = None,
        seed: int | None = None,
        *,
        level: float = 0.95,
        panels: Sequence[str] | None = None,
        labels: Mapping[str, str] | None = None,
        ax: Any = None,
    ) -> Panels:
        """Residuals, random effects and influence, each over a band simulated from the model.

        Responses are drawn from the fit, with new random effects, and their residuals computed as
        those of the data: fixed and random effects are estimated again, the variances of the random
        effects are kept. So the bands hold what shrinkage, unequal groups and estimation do to
        residuals, and a point outside of its band speaks against the model.

        Parameters
        ----------
        n : int, optional
            Simulations; by default 199, or fewer if there are many rows, at least 39.
        seed : int, optional
            The same seed gives the same bands.
        level : float
            Share of the simulations in a band, at each point.
        panels : sequence of str, optional
            Some of ``"residuals"`` (their mean along the fitted values), ``"scale"`` (their size),
            ``"normal"`` (their quantiles), ``"effects"`` (quantiles of the random effects, a panel
            for each that varies) and ``"influence"`` (Cook's distances with the variances kept: of
            the groups in which all others are nested, else of rows). By default all that the model
            has.
        labels : mapping of str to str, optional
            Words for variables and grouping factors, beside those of the data.
        ax : Axes or sequence of Axes, optional
            Where to draw, as many as there are panels; a new figure by default.

        Returns
        -------
        Panels
            Several axes; ``.data`` has the numbers drawn: panel, name, x, value, and the band as
            low, middle, high, outside.

        Raises
        ------
        OptionError
            Fewer simulations than the level needs, another panel, or another number of axes.

        Notes
        -----
        Residuals of linear models are standardised (see ``fit.residuals``), with the sigma of each
        response. Those of generalised models are quantile residuals. Limits hold at each point, not
        at all points together: about 5% of the points of a true model are outside of 95% bands.

        References
        ----------
        Atkinson (1981), Two graphical displays for outlying and influential observations in
        regression, Biometrika 68, 13-20. Loy, Hofmann and Cook (2017), Model choice and diagnostics
        for linear mixed-effects models using statistics on street corners, Journal of Computational
        and Graphical Statistics 26, 478-492.

        Examples
        --------
        >>> import ranef as rn
        >>> from matplotlib.figure import Figure
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> ax = Figure().subplots(2, 3)
        >>> panels = fit.plot.check(n=39, seed=1, ax=ax)
        >>> panels.data.query("panel == 'effects: Days, Subject'")["outside"].any()
        np.False_
        """
        from ranef.present.plots.check import check

        return check(self._model, n, seed, level, panels, labels, ax)

    def simulated(
        self,
        statistic: str | Callable[[Any], float] = "density",
        by: str | None = None,
        n: int | None = None,
        seed: int | None = None,
        *,
        level: float = 0.95,
        random: Literal["new", "conditional"] = "new",
        labels: Mapping[str, str] | None = None,
        ax: Any = None,
    ) -> Axes | Panels:
        """The response beside responses simulated from the model.

        Parameters
        ----------
        statistic : str or callable
            ``"density"``: the distribution of the response; bars for categories and counts.
            ``"ecdf"``: its distribution function. ``"mean"``, ``"sd"``, ``"median"``, ``"min"``,
            ``"max"``, ``"zeros"`` (share of zeros), or a function that takes an array and returns a
            number. Categories are 0 and 1, ordered answers 1, 2 and so on.
        by : str, optional
            A grouping factor or a variable of the model. A statistic is then computed in each of
            its levels; a number with more than 20 values is cut into ten parts of as many rows. Of
            a grouping factor with more than 60 levels the distribution of the statistic is
            compared. Densities and distribution functions get a panel a level, up to 12.
        n : int, optional
            Simulations; by default 50 for distributions and 199 for statistics, or fewer if there
            are many rows.
        seed : int, optional
            The same seed gives the same simulations.
        level : float
            Share of the simulations in a band or an interval, at each point.
        random : {"new", "conditional"}
            ``"new"`` simulates new random effects. ``"conditional"`` keeps them at their
            conditional modes: new responses of the same groups.
        labels : mapping of str to str, optional
            Words for variables and grouping factors, beside those of the data.
        ax : Axes or sequence of Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        Axes, or Panels
            Panels if there is one for each level. ``.data`` has the numbers drawn.

        Raises
        ------
        OptionError
            Another statistic or variable, too many levels, or fewer simulations than the level
            needs.

        References
        ----------
        Gelman, Meng and Stern (1996), Posterior predictive assessment of model fitness via realized
        discrepancies, Statistica Sinica 6, 733-807. Kleiber and Zeileis (2016), Visualizing count
        data regressions using rootograms, The American Statistician 70, 296-303.

        Examples
        --------
        >>> import ranef as rn
        >>> from matplotlib.figure import Figure
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> ax = fit.plot.simulated(seed=1, ax=Figure().subplots())
        >>> by_day = fit.plot.simulated("sd", by="Days", seed=1, ax=Figure().subplots())
        >>> list(by_day.data.columns)
        ['panel', 'name', 'x', 'value', 'low', 'middle', 'high', 'outside']
        """
        from ranef.present.plots.simulated import simulated

        return simulated(self._model, statistic, by, n, seed, level, random, labels, ax)
