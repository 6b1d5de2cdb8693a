"""``fit.plot``: the plots of one fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NoReturn

from ranef.answers import refuse_unknown_options, unknown_plot
from ranef.errors import UsageError
from ranef.present.protocol import FittedModel

if TYPE_CHECKING:
    from matplotlib.axes import Axes

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
        self, group: str | None = None, term: str | None = None, ax: Axes | None = None
    ) -> Axes:
        """Conditional modes of one random effect, sorted, with intervals.

        Parameters
        ----------
        group : str, optional
            The grouping factor; the first one by default.
        term : str, optional
            The random effect; the first one of the group by default.
        ax : Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        Axes

        Examples
        --------
        >>> import ranef as rn
        >>> from matplotlib.figure import Figure
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> ax = fit.plot.caterpillar(ax=Figure().subplots())
        """
        from ranef.present.plots.caterpillar import caterpillar

        return caterpillar(self._model, group=group, term=term, ax=ax)

    def residuals(
        self,
        kind: Literal["response", "pearson", "deviance", "working", "quantile"] | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """Residuals against fitted values.

        Parameters
        ----------
        kind : {"response", "pearson", "deviance", "working"}, optional
            As in ``fit.residuals``; by default Pearson residuals. Of a generalised model also
            ``"quantile"``, which is its default.
        ax : Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        Axes

        Examples
        --------
        >>> import ranef as rn
        >>> from matplotlib.figure import Figure
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> ax = fit.plot.residuals(ax=Figure().subplots())
        """
        from ranef.present.plots.residuals import residuals

        return residuals(self._model, kind=kind, ax=ax)

    def qq(self, group: str | None = None, term: str | None = None, ax: Axes | None = None) -> Axes:
        """Normal quantiles of the residuals, or of the conditional modes of `group`.

        Parameters
        ----------
        group : str, optional
            A grouping factor; by default residuals, of a generalised model quantile residuals.
        term : str, optional
            The random effect; the first one of the group by default.
        ax : Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        Axes

        Examples
        --------
        >>> import ranef as rn
        >>> from matplotlib.figure import Figure
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> ax = fit.plot.qq(ax=Figure().subplots())
        """
        from ranef.present.plots.qq import qq

        return qq(self._model, group=group, term=term, ax=ax)

    def slopes(
        self,
        x: str | None = None,
        by: str | None = None,
        group: str | None = None,
        ax: Axes | None = None,
        scale: Literal["response", "link"] = "response",
    ) -> Axes:
        """Fitted lines within groups along `x`, coloured by `by`.

        Parameters
        ----------
        x : str, optional
            A numeric predictor; by default that of the first random slope.
        by : str, optional
            A variable that is constant within groups.
        group : str, optional
            The grouping factor; the first one by default.
        ax : Axes, optional
            Where to draw; a new figure by default.
        scale : {"response", "link"}
            Of generalised models: means of the response, or linear predictors.

        Returns
        -------
        Axes

        Examples
        --------
        >>> import ranef as rn
        >>> from matplotlib.figure import Figure
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> ax = fit.plot.slopes(ax=Figure().subplots())
        """
        from ranef.present.plots.slopes import slopes

        return slopes(self._model, x=x, by=by, group=group, ax=ax, scale=scale)

    def shrinkage(self, group: str | None = None, ax: Axes | None = None) -> Axes:
        """Estimates without pooling and with partial pooling.

        Parameters
        ----------
        group : str, optional
            The grouping factor; the first one by default.
        ax : Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        Axes

        Examples
        --------
        >>> import ranef as rn
        >>> from matplotlib.figure import Figure
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> ax = fit.plot.shrinkage(ax=Figure().subplots())
        """
        from ranef.present.plots.shrinkage import shrinkage

        return shrinkage(self._model, group=group, ax=ax)

    def effects(
        self,
        x: str,
        by: str | None = None,
        ax: Axes | None = None,
        *,
        data: bool = False,
        scale: Literal["response", "link"] = "response",
    ) -> Axes:
        """The population prediction along `x`, with its confidence band.

        Parameters
        ----------
        x : str
            A variable of the model: a line for numbers, points for categories.
        by : str, optional
            A second variable: one line for each of its values, or for three quantiles of a number.
        ax : Axes, optional
            Where to draw; a new figure by default.
        data : bool
            With the observed responses. They do not hold the other predictors at their averages, as
            the line does.
        scale : {"response", "link"}
            Of generalised models: means of the response, or linear predictors.

        Returns
        -------
        Axes

        Examples
        --------
        >>> import ranef as rn
        >>> from matplotlib.figure import Figure
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> ax = fit.plot.effects("Days", ax=Figure().subplots())
        """
        from ranef.present.plots.effects import effects

        return effects(self._model, x, by=by, ax=ax, data=data, scale=scale)

    def profile(
        self, parameter: str | None = None, level: float = 0.99, ax: Axes | None = None
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

        Returns
        -------
        Axes

        Examples
        --------
        >>> import ranef as rn
        >>> from matplotlib.figure import Figure
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> ax = fit.plot.profile(ax=Figure().subplots())
        """
        from ranef.present.plots.profile import profile

        return profile(self._model, parameter=parameter, level=level, ax=ax)


def _plots() -> list[str]:
    return sorted(name for name in vars(PlotAccessor) if name[0] != "_")
