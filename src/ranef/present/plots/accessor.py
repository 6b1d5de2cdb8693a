"""``fit.plot``: the plots of one fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from ranef.answers import refuse_unknown_options, unknown_plot
from ranef.errors import UsageError
from ranef.present.protocol import FittedModel

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ranef.present.plots.panels import Panels

__all__ = ["PlotAccessor"]


@refuse_unknown_options("fit.plot")
@dataclass(frozen=True, slots=True)
class PlotAccessor:
    """The plots of a fit; each takes and returns Matplotlib axes."""

    _model: FittedModel

    def __repr__(self) -> str:
        return f"plot: {', '.join(_plots())}"

    def __call__(self, *given: object, **options: object) -> NoReturn:
        plots = [f"fit.plot.{name}()" for name in _plots()]
        raise UsageError(
            "fit.plot holds several plots and is none itself",
            found="fit.plot()",
            fix=f"call one of them: {', '.join(plots)}",
        )

    def __getattr__(self, name: str) -> NoReturn:
        unknown_plot(name, _plots())

    def caterpillar(
        self,
        group: str | None = None,
        term: str | None = None,
        ax: Any = None,
        *,
        order: str | None = None,
        level: float = 0.95,
        labels: Mapping[str, str] | None = None,
    ) -> Axes | Panels:
        """Conditional modes of the random effects of a group, sorted, with intervals.

        Parameters
        ----------
        group : str, optional
            The grouping factor; by default the first that is not nested in another one.
        term : str, optional
            One random effect; by default all of the group side by side.
        ax : Axes, optional
            Where to draw; a new figure by default. A single one takes one effect, by default the
            first; a sequence has one for each effect.
        order : str, optional
            The random effect to sort by, by default the first; ``"levels"`` keeps the levels in
            their own order.
        level : float
            Of the intervals.
        labels : mapping of str to str, optional
            Words for variables, beside those that the fit has.

        Returns
        -------
        Axes or Panels
            ``.data`` is a frame of the modes with their limits, from bottom to top.

        Examples
        --------
        >>> import ranef as rn
        >>> from matplotlib.figure import Figure
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> ax = fit.plot.caterpillar(term="Days", ax=Figure().subplots())
        >>> ax.data.tail(1)[["Subject", "estimate", "conf_low"]].round(2).to_dict("list")
        {'Subject': ['308'], 'estimate': [9.2], 'conf_low': [4.69]}
        """
        from ranef.present.plots.caterpillar import caterpillar

        return caterpillar(
            self._model, group=group, term=term, ax=ax, order=order, level=level, labels=labels
        )

    def residuals(
        self,
        kind: Literal["response", "pearson", "deviance", "working", "quantile"] | None = None,
        ax: Axes | None = None,
        *,
        band: bool = True,
        n: int | None = None,
        level: float = 0.95,
        seed: int | None = 0,
        labels: Mapping[str, str] | None = None,
    ) -> Axes:
        """Residuals against fitted values, with their mean over a band simulated from the model.

        Parameters
        ----------
        kind : {"response", "pearson", "deviance", "working"}, optional
            As in ``fit.residuals``; by default Pearson residuals. Of a generalised model also
            ``"quantile"``, which is its default.
        ax : Axes, optional
            Where to draw; a new figure by default.
        band : bool
            Whether to simulate. Random effects are drawn towards zero, so that the mean residual
            rises with the fitted values in a true model too; the band shows by how much. Only
            quantile residuals of a generalised model have one.
        n : int, optional
            Simulations; by default 99, or fewer if there are many rows.
        level : float
            Of the band.
        seed : int or None
            The same seed gives the same band.
        labels : mapping of str to str, optional
            Words for variables, beside those that the fit has.

        Returns
        -------
        Axes
            ``.data`` is a frame of the residuals, and of their means with the band.

        Examples
        --------
        >>> import ranef as rn
        >>> from matplotlib.figure import Figure
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> ax = fit.plot.residuals(ax=Figure().subplots())
        >>> ax.data["part"].value_counts().to_dict()
        {'residual': 180, 'mean': 20}
        """
        from ranef.present.plots.residuals import residuals

        return residuals(
            self._model, kind=kind, ax=ax, band=band, n=n, level=level, seed=seed, labels=labels
        )

    def qq(
        self,
        group: str | None = None,
        term: str | None = None,
        ax: Axes | None = None,
        *,
        n: int | None = None,
        level: float = 0.95,
        seed: int | None = 0,
        labels: Mapping[str, str] | None = None,
    ) -> Axes:
        """Normal quantiles of the residuals, or of the conditional modes of `group`.

        Parameters
        ----------
        group : str, optional
            A grouping factor; by default standardised residuals, of a generalised model quantile
            residuals.
        term : str, optional
            The random effect; the first one of the group by default.
        ax : Axes, optional
            Where to draw; a new figure by default.
        n : int, optional
            Simulations for the band; by default 99, or fewer if there are many rows.
        level : float
            Of the band.
        seed : int or None
            The same seed gives the same band.
        labels : mapping of str to str, optional
            Words for variables, beside those that the fit has.

        Returns
        -------
        Axes
            ``.data`` is a frame of the points with the band.

        Examples
        --------
        >>> import ranef as rn
        >>> from matplotlib.figure import Figure
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> ax = fit.plot.qq(ax=Figure().subplots())
        >>> list(ax.data)
        ['quantile', 'value', 'low', 'middle', 'high']
        """
        from ranef.present.plots.qq import qq

        return qq(
            self._model, group=group, term=term, ax=ax, n=n, level=level, seed=seed, labels=labels
        )

    def slopes(
        self,
        x: str | None = None,
        by: str | None = None,
        group: str | None = None,
        ax: Axes | None = None,
        scale: Literal["response", "link"] = "response",
        *,
        labels: Mapping[str, str] | None = None,
    ) -> Axes:
        """Fitted lines within groups along `x`, coloured by `by`.

        Parameters
        ----------
        x : str, optional
            A predictor; by default that of the first random slope. Lines join the levels of a
            category.
        by : str, optional
            A variable that is constant within groups.
        group : str, optional
            The grouping factor; by default the first that is not nested in another one.
        ax : Axes, optional
            Where to draw; a new figure by default.
        scale : {"response", "link"}
            Of generalised models: means of the response, or linear predictors.
        labels : mapping of str to str, optional
            Words for variables, beside those that the fit has.

        Returns
        -------
        Axes
            ``.data`` is a frame of the points of the lines. Of more than 1,000 groups, some are
            drawn; the caption tells how many.

        Examples
        --------
        >>> import ranef as rn
        >>> from matplotlib.figure import Figure
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> ax = fit.plot.slopes(ax=Figure().subplots())
        >>> ax.data.round(1).head(2)
            line Subject  Days  estimate
        0  group     308   0.0     253.7
        1  group     308   9.0     430.7
        """
        from ranef.present.plots.slopes import slopes

        return slopes(self._model, x=x, by=by, group=group, ax=ax, scale=scale, labels=labels)

    def shrinkage(
        self,
        group: str | None = None,
        ax: Axes | None = None,
        *,
        terms: Sequence[str] | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> Axes:
        """Estimates without pooling and with partial pooling.

        Parameters
        ----------
        group : str, optional
            The grouping factor; by default the first that is not nested in another one.
        ax : Axes, optional
            Where to draw; a new figure by default.
        terms : sequence of str, optional
            One or two random effects, by default the first two. Two are drawn against each other,
            one against the sizes of the groups.
        labels : mapping of str to str, optional
            Words for variables, beside those that the fit has.

        Returns
        -------
        Axes
            ``.data`` is a frame of both estimates. Of more than 1,000 groups, some are drawn; the
            caption tells how many, and how many have too few rows.

        Examples
        --------
        >>> import ranef as rn
        >>> from matplotlib.figure import Figure
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> ax = fit.plot.shrinkage(ax=Figure().subplots())
        >>> ax.data.head(1).round(1).to_dict("list")  # doctest: +NORMALIZE_WHITESPACE
        {'Subject': ['308'], 'rows': [10], 'effect': ['Intercept'], 'no_pooling': [-7.2],
         'partial_pooling': [2.3]}
        """
        from ranef.present.plots.shrinkage import shrinkage

        return shrinkage(self._model, group=group, ax=ax, terms=terms, labels=labels)

    def effects(
        self,
        x: str,
        by: str | None = None,
        ax: Any = None,
        *,
        data: bool = False,
        scale: Literal["response", "link"] = "response",
        facet: str | None = None,
        level: float = 0.95,
        labels: Mapping[str, str] | None = None,
    ) -> Axes | Panels:
        """The population prediction along `x`, with its confidence band.

        Parameters
        ----------
        x : str
            A variable of the model: a line for numbers, points for categories.
        by : str, optional
            A second variable: one line for each of its values, or for three quantiles of a number.
        ax : Axes, optional
            Where to draw; a new figure by default. With `facet` a sequence of axes, one a panel.
        data : bool
            With the observed responses. They do not hold the other predictors at their averages, as
            the line does.
        scale : {"response", "link"}
            Of generalised models: means of the response, or linear predictors.
        facet : str, optional
            A third variable: one panel for each of its values, or for three quantiles of a number.
        level : float
            Of the intervals.
        labels : mapping of str to str, optional
            Words for variables, beside those that the fit has.

        Returns
        -------
        Axes or Panels
            ``.data`` is a frame of the estimates with their limits. The caption under the picture
            tells at what the other variables are held.

        Examples
        --------
        >>> import ranef as rn
        >>> from matplotlib.figure import Figure
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> ax = fit.plot.effects("Days", ax=Figure().subplots())
        >>> ax.data.round(1).head(2)
           Days  estimate  conf_low  conf_high
        0   0.0     251.4     237.0      265.8
        1   0.1     252.6     238.1      267.1
        """
        from ranef.present.plots.effects import effects

        return effects(
            self._model,
            x,
            by=by,
            ax=ax,
            data=data,
            scale=scale,
            facet=facet,
            level=level,
            labels=labels,
        )

    def profile(
        self,
        parameter: str | None = None,
        level: float = 0.99,
        ax: Axes | None = None,
        *,
        labels: Mapping[str, str] | None = None,
    ) -> Axes:
        """Profile zeta of one parameter, with its intervals; straight where Wald's hold.

        Parameters
        ----------
        parameter : str, optional
            A name of ``fit.profile().parameters``; by default the first standard deviation.
        level : float
            How far to profile.
        ax : Axes, optional
            Where to draw; a new figure by default.
        labels : mapping of str to str, optional
            Words for variables, beside those that the fit has.

        Returns
        -------
        Axes
            ``.data`` is a frame of the points of the profile and of the intervals.

        Examples
        --------
        >>> import ranef as rn
        >>> from matplotlib.figure import Figure
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> ax = fit.plot.profile(ax=Figure().subplots())
        >>> ax.get_xlabel()
        'SD of intercepts, Subject'
        """
        from ranef.present.plots.profile import profile

        return profile(self._model, parameter=parameter, level=level, ax=ax, labels=labels)

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
        >>> panels.data.query("panel == 'effects: Days, Subject'")["outside"].sum()
        np.int64(0)
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


def _plots() -> list[str]:
    return sorted(name for name in vars(PlotAccessor) if name[0] != "_")
