"""``fit.plot``: the plots of one fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from ranef.answers import refuse_unknown_options, unknown_plot
from ranef.errors import UsageError
from ranef.present.plots.accessor_checks import CheckPlots
from ranef.present.protocol import FittedModel

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ranef.present.plots.panels import Panels

__all__ = ["PlotAccessor"]


@refuse_unknown_options("fit.plot")
@dataclass(frozen=True, slots=True)
class PlotAccessor(CheckPlots):
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
        {'Subject': ['308'], 'estimate': [9.2], 'conf_low': [4.68]}
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
        1   0.1     252.6     238.2      266.9
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


def _plots() -> list[str]:
    return sorted(name for name in dir(PlotAccessor) if name[0] != "_")
