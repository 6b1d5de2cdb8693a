"""A bootstrap as a record: replicates, intervals, bias and standard errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ranef.formula.naming import set_apart
from ranef.inference.bootstrap import BootstrapDraws
from ranef.options import confidence, one_of, shown
from ranef.page.phrases import count, interval_heads, one_of_them, share, whole
from ranef.present.text.numbers import fixed, significant
from ranef.present.text.titled import titled_html, titled_text
from ranef.present.text.words import Words
from ranef.types import Array

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from ranef.present.plots.panels import Panels

__all__ = ["Bootstrap"]

TYPES = ("percentile", "basic", "normal", "hdi")
_KIND = {
    "parametric": "random effects and errors drawn from the model",
    "conditional": "errors drawn from the model, random effects kept",
    "residual": "random effects and residuals drawn with replacement",
    "cluster": "groups drawn with replacement",
}
_GENERALISED = {
    "parametric": "random effects and responses drawn from the model",
    "conditional": "responses drawn from the model, random effects kept",
    "cluster": "groups drawn with replacement",
}


def _shortest(values: Array, level: float) -> tuple[float, float]:
    """The shortest interval between order statistics that holds a share of the values."""
    n = values.size
    if n < 2:
        return float("nan"), float("nan")
    ordered = np.sort(values)
    gap = max(1, min(n - 1, round(n * level)))
    first = int(np.argmin(ordered[gap:] - ordered[: n - gap]))
    return float(ordered[first]), float(ordered[first + gap])


def _quantile(values: Array, share: float) -> float:
    """Between order statistics, unless some are infinite: then the outer one of the two."""
    if np.isfinite(values).all():
        return float(np.quantile(values, share, method="weibull"))
    place = (values.size + 1) * share - 1.0
    k = np.ceil(place) if share > 0.5 else np.floor(place)
    return float(np.sort(values)[int(np.clip(k, 0, values.size - 1))])


@dataclass(frozen=True, slots=True, repr=False)
class Bootstrap:
    """Refits of a model to replicates of its data. ``str()`` is a table of all parameters.

    Made by :meth:`ranef.Fit.bootstrap`. Refits that did not converge are in `replicates` but not
    in any figure made of them; singular ones are in both.

    Attributes
    ----------
    formula : str
    kind : str
        ``"parametric"``, ``"conditional"``, ``"residual"`` or ``"cluster"``.
    seed : int
        Gives the same replicates again.

    Examples
    --------
    >>> import ranef as rn
    >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
    >>> boot = fit.bootstrap(200, seed=1)
    >>> boot.replicates.shape
    (200, 10)
    >>> list(boot.confint().columns)
    ['conf_low', 'conf_high']
    """

    formula: str
    _draws: BootstrapDraws
    _estimates: Array = field(repr=False)
    _labels: Words = field(default_factory=Words, repr=False)

    @property
    def kind(self) -> str:
        return self._draws.kind

    @property
    def seed(self) -> int:
        return self._draws.seed

    @property
    def n(self) -> int:
        """Number of replicates."""
        return int(self._draws.criterion.size)

    @property
    def n_singular(self) -> int:
        """Refits with a covariance matrix that has not full rank."""
        return int(np.count_nonzero(self._draws.singular & self._draws.converged))

    @property
    def n_failed(self) -> int:
        """Refits that did not converge, those without a finite maximum among them."""
        return int(np.count_nonzero(~self._draws.converged))

    @property
    def n_unbounded(self) -> int:
        """Refits that are proven to have no finite maximum, of a generalised model.

        As where all rows of a category are successes: an estimate is then infinite.
        """
        unbounded = self._draws.unbounded
        return 0 if unbounded is None else int(np.count_nonzero(unbounded))

    @property
    def estimates(self) -> pd.Series[float]:
        """The parameters of the fit itself."""
        import pandas as pd

        return pd.Series(self._estimates.copy(), index=self._names, name="estimate")

    @property
    def replicates(self) -> pd.DataFrame:
        """One row a replicate.

        Columns: fixed effects; ``sd__Days|Subject`` and ``cor__Intercept.Days|Subject`` for each
        random-effects term; ``sigma``; then ``criterion``, ``singular``, ``converged`` and
        ``evaluations``; of a generalised model also ``unbounded``, whether the refit is proven to
        have no finite maximum. A correlation with an effect that does not vary is NaN. A predictor
        of one of the last names gets backticks.
        """
        import pandas as pd

        draws = self._draws
        rest = pd.DataFrame(
            {
                "criterion": draws.criterion,
                "singular": draws.singular,
                "converged": draws.converged,
                "evaluations": draws.evaluations,
            }
        )
        if draws.unbounded is not None:
            rest = rest.assign(unbounded=draws.unbounded)
        names = set_apart(self._names, list(rest.columns))
        return pd.concat([pd.DataFrame(draws.values.copy(), columns=names), rest], axis=1)

    def confint(
        self,
        level: float = 0.95,
        type: Literal["percentile", "basic", "normal", "hdi"] = "percentile",
    ) -> pd.DataFrame:
        """Bootstrap intervals of all parameters (Davison & Hinkley 1997, chapter 5).

        Parameters
        ----------
        level : float
        type : {"percentile", "basic", "normal", "hdi"}
            Quantiles of the replicates; these reflected in the estimate; the estimate less the
            bias, with normal quantiles of the standard error on either side; or the shortest
            interval that holds the share `level` of the replicates (highest density: Chen and
            Shao 1999, as in the R package coda).

        Returns
        -------
        DataFrame
            Columns conf_low, conf_high; one row a parameter.

        Raises
        ------
        OptionError
            A `level` outside of (0, 1), or another `type`.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff"))
        >>> fit.bootstrap(100, seed=1).confint(0.9).shape
        (3, 2)
        """
        import pandas as pd

        confidence("level", level)
        one_of("type", type, TYPES, what=f"unknown type of interval {shown(type)}")
        estimates, tail = self._estimates, 0.5 * (1.0 - level)
        if type == "normal":
            bias, error = self._bias_and_error()
            reach = NormalDist().inv_cdf(1.0 - tail) * error
            low, high = estimates - bias - reach, estimates - bias + reach
        elif type == "hdi":
            low, high = np.array([_shortest(c, level) for c in self._columns()]).reshape(-1, 2).T
        else:
            low, high = (self._quantiles(share) for share in (tail, 1.0 - tail))
            if type == "basic":
                low, high = 2.0 * estimates - high, 2.0 * estimates - low
        return pd.DataFrame({"conf_low": low, "conf_high": high}, index=self._names)

    def summary(self, level: float = 0.95) -> pd.DataFrame:
        """Estimate, bias, std_error and percentile interval of each parameter.

        Parameters
        ----------
        level : float
            Of the interval.

        Returns
        -------
        DataFrame
            Columns estimate, bias, std_error, conf_low, conf_high; one row a parameter.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff"))
        >>> list(fit.bootstrap(100, seed=1).summary())
        ['estimate', 'bias', 'std_error', 'conf_low', 'conf_high']
        """
        bias, error = self._bias_and_error()
        frame = self.estimates.to_frame().assign(bias=bias, std_error=error)
        return frame.join(self.confint(level))

    def plot(
        self,
        parameters: str | Sequence[str] | None = None,
        *,
        level: float = 0.95,
        type: Literal["percentile", "basic", "normal", "hdi"] = "percentile",
        labels: Mapping[str, str] | None = None,
        ax: Any = None,
    ) -> Axes | Panels:
        """The distribution of the replicates of each parameter, with its interval.

        Replicates at a bound, as standard deviations of zero, are no part of the curve: a thick
        line stands for their share.

        Parameters
        ----------
        parameters : str or sequence of str, optional
            Names of :attr:`estimates`; by default all that differ between replicates.
        level : float
            Of the intervals.
        type : {"percentile", "basic", "normal", "hdi"}
            As in :meth:`confint`.
        labels : mapping of str to str, optional
            Words for variables, grouping factors and parameters, beside those of the data.
        ax : Axes or sequence of Axes, optional
            Where to draw, one for each parameter; a new figure by default.

        Returns
        -------
        Axes, or Panels
            Panels if there are several parameters. ``.data`` has the numbers drawn.

        Raises
        ------
        OptionError
            Another parameter or type, or another number of axes.

        Examples
        --------
        >>> import ranef as rn
        >>> from matplotlib.figure import Figure
        >>> fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff"))
        >>> panels = fit.bootstrap(200, seed=1).plot(ax=Figure().subplots(1, 3))
        >>> list(panels.data.columns)
        ['panel', 'what', 'value', 'density']
        """
        from ranef.present.plots.bootstrap import bootstrap
        from ranef.present.plots.wording import with_labels

        return bootstrap(
            self._draws.parameters,
            self._columns(),
            self._estimates,
            self.confint(level, type),
            f"{self.n:,} replicates of the {self.kind} bootstrap",
            level,
            parameters,
            with_labels(self._labels, labels),
            ax,
        )

    @property
    def _words(self) -> str:
        """What was drawn."""
        return (_KIND if self._draws.unbounded is None else _GENERALISED)[self.kind]

    @property
    def _names(self) -> list[str]:
        return [parameter.name for parameter in self._draws.parameters]

    def _columns(self) -> list[Array]:
        """Values of each parameter in the refits that converged, where it has one."""
        kept = self._draws.values[self._draws.converged]
        return [column[~np.isnan(column)] for column in kept.T]

    def _bias_and_error(self) -> tuple[Array, Array]:
        """Both NaN for a parameter that is infinite in some of the refits."""
        columns = [c if np.isfinite(c).all() else c[:0] for c in self._columns()]
        means = np.array([c.mean() if c.size else np.nan for c in columns])
        errors = np.array([c.std(ddof=1) if c.size > 1 else np.nan for c in columns])
        finite = np.where(np.isfinite(self._estimates), self._estimates, np.nan)
        return means - finite, errors

    def _quantiles(self, share: float) -> Array:
        # Order statistic (n + 1) share, as bootstrap intervals have it.
        return np.array([_quantile(c, share) if c.size else np.nan for c in self._columns()])

    def _table(self) -> list[list[str]]:
        bias, error = self._bias_and_error()
        ends = self.confint()
        rows = [["", "Estimate", "Bias", "SE", *interval_heads(0.95)]]
        for k, name in enumerate(self._names):
            decimals = significant([error[k]], 3, least=2)
            figures = (self._estimates[k], bias[k], error[k], *ends.iloc[k])
            rows.append([name, *(fixed(float(x), decimals) for x in figures)])
        return rows

    def _notes(self) -> list[str]:
        notes = []
        if self.n_singular:
            are = one_of_them(self.n_singular, "is", "are")
            notes.append(f"{share(self.n_singular, self.n, 'refit')} {are} singular.")
        searched = self.n_failed - self.n_unbounded
        if searched:
            are = one_of_them(searched, "is", "are")
            notes.append(
                f"{share(searched, self.n, 'refit')} did not converge and {are} left out of the "
                "table."
            )
        if self.n_unbounded:
            have = one_of_them(self.n_unbounded, "has", "have")
            are = one_of_them(self.n_unbounded, "is", "are")
            notes.append(
                f"{share(self.n_unbounded, self.n, 'refit')} {have} no finite maximum and {are} "
                "left out of the table: an estimate is infinite there, so intervals may be too "
                "narrow."
            )
        shown = int(np.count_nonzero(self._draws.converged))
        lost = [
            f"{name} {whole(shown - column.size)}"
            for name, column in zip(self._names, self._columns(), strict=True)
            if column.size < shown
        ]
        if lost:
            notes.append(f"Refits without a correlation, where an SD is zero: {', '.join(lost)}.")
        return notes

    def _how(self) -> list[str]:
        """What was drawn, and how often."""
        what = f"{self.kind.capitalize()} bootstrap: {self._words}"
        return [what, f"{count(self.n, 'replicate')}, seed {self.seed}; percentile intervals"]

    def __str__(self) -> str:
        title, how = self._how()
        head = [title, f"  {self.formula}", f"  {how}"]
        return titled_text(head, self._table(), self._notes())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        title, how = self._how()
        return titled_html(title, self.formula, self._table(), self._notes(), said=[how])
