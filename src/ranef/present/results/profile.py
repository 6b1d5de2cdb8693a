"""Profiles of the deviance as a record: points, and the intervals read from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from ranef.errors import OptionError
from ranef.inference.profile_walk import ProfileTrace
from ranef.options import confidence
from ranef.page.phrases import interval_heads, share
from ranef.present.text.numbers import fixed, significant
from ranef.present.text.titled import titled_html, titled_text
from ranef.present.text.words import Words

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from ranef.present.plots.panels import Panels

__all__ = ["Profile"]


@dataclass(frozen=True, slots=True, repr=False)
class Profile:
    """The deviance along each parameter, all others at their best. ``str()`` shows intervals.

    Made by :meth:`ranef.Fit.profile`, of the ML fit always. Zeta is the root of the deviance above
    the fit's, with the sign of the side: where it is a straight line, Wald intervals hold.

    Attributes
    ----------
    formula : str
    level : float
        To which the profiles reach.
    """

    formula: str
    level: float
    _traces: tuple[ProfileTrace, ...] = field(repr=False)
    _words: Words = field(default_factory=Words, repr=False)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names: fixed effects, standard deviations and correlations by term, sigma."""
        return tuple(trace.parameter.name for trace in self._traces)

    @property
    def frame(self) -> pd.DataFrame:
        """One row a point: parameter, value, zeta, deviance, certified.

        A point is certified if the other parameters are at a minimum there, by the rules of a
        fit's certificate. Elsewhere the deviance is an upper bound, and the interval may be too
        narrow.
        """
        import pandas as pd

        rows = [
            (trace.parameter.name, *point)
            for trace in self._traces
            for point in zip(trace.values, trace.zeta, trace.deviance, trace.certified, strict=True)
        ]
        return pd.DataFrame(rows, columns=["parameter", "value", "zeta", "deviance", "certified"])

    @property
    def certified(self) -> bool:
        """Whether all points are."""
        return all(bool(trace.certified.all()) for trace in self._traces)

    def confint(self, level: float = 0.95) -> pd.DataFrame:
        """Where each profile reaches the normal quantiles; the edge of the space if it does not.

        Parameters
        ----------
        level : float
            Up to the profile's own.

        Returns
        -------
        DataFrame
            Columns conf_low, conf_high; one row a parameter. At the profile's own level the ends
            were searched for; below it they are interpolated.

        Raises
        ------
        OptionError
            A level above the profile's.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff"))
        >>> fit.profile().confint(0.9).loc["Intercept"].round(1).to_list()
        [1494.8, 1560.2]
        """
        import pandas as pd

        if not confidence("level", level) <= self.level:
            raise OptionError(
                f"the profile reaches to a level of {self.level:g}",
                found=f"level={level:g}",
                fix=f"fit.profile(level={level:g})",
            )
        ends = [trace.interval(level) for trace in self._traces]
        return pd.DataFrame(ends, columns=["conf_low", "conf_high"], index=list(self.parameters))

    def plot(
        self,
        kind: Literal["zeta", "density", "pairs"] = "zeta",
        parameters: str | Sequence[str] | None = None,
        *,
        labels: Mapping[str, str] | None = None,
        ax: Any = None,
    ) -> Axes | Panels:
        """The profiles as pictures.

        Parameters
        ----------
        kind : {"zeta", "density", "pairs"}
            ``"zeta"``: the signed root of the deviance, with the cut-offs at which intervals end; a
            straight line where symmetric intervals hold. ``"density"``: the density whose quantiles
            are the ends of the intervals. ``"pairs"``: regions of two parameters each, from the
            profiles and from where each parameter leaves the others.
        parameters : str or sequence of str, optional
            Names of :attr:`parameters`; by default all, for pairs up to 8.
        labels : mapping of str to str, optional
            Words for variables, grouping factors and parameters, beside those of the data.
        ax : Axes or sequence of Axes, optional
            Where to draw, as many as there are pictures; a new figure by default.

        Returns
        -------
        Axes, or Panels
            Panels if there are several pictures. ``.data`` has the numbers drawn.

        Raises
        ------
        OptionError
            Another kind or parameter, too many parameters for pairs, or another number of axes.

        References
        ----------
        Bates and Watts (1988), Nonlinear Regression Analysis and Its Applications, section 6.1 and
        appendix A6.

        Examples
        --------
        >>> import ranef as rn
        >>> from matplotlib.figure import Figure
        >>> fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff"))
        >>> panels = fit.profile().plot(ax=Figure().subplots(1, 3))
        >>> list(panels.data.columns)
        ['what', 'value', 'zeta', 'panel']
        """
        from ranef.present.plots.profiles import profiles
        from ranef.present.plots.wording import with_labels

        words = with_labels(self._words, labels)
        return profiles(self._traces, self.level, kind, parameters, words, ax)

    def _table(self) -> list[list[str]]:
        rows = [["", "Estimate (ML)", *interval_heads(self.level)]]
        ends = self.confint(self.level)
        for k, trace in enumerate(self._traces):
            low, high = (float(x) for x in ends.iloc[k])
            decimals = significant([(high - low) / 4.0], 3, least=2)
            figures = (trace.estimate, low, high)
            rows.append([trace.parameter.name, *(fixed(x, decimals) for x in figures)])
        return rows

    def _doubts(self) -> list[str]:
        """The points that are not certified, in words."""
        doubtful = {
            trace.parameter.name: (int((~trace.certified).sum()), trace.certified.size)
            for trace in self._traces
            if not trace.certified.all()
        }
        if not doubtful:
            return []
        points = ", ".join(f"{share(k, n, 'point')} of {name}" for name, (k, n) in doubtful.items())
        return [f"Not certified: {points}. These intervals may be too narrow."]

    def __str__(self) -> str:
        head = ["Profile intervals (maximum likelihood)", f"  {self.formula}"]
        return titled_text(head, self._table(), self._doubts())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        title = "Profile intervals (maximum likelihood)"
        return titled_html(title, self.formula, self._table(), self._doubts())
