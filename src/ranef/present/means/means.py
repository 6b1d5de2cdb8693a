"""Marginal means as a record that prints, draws and reads like its frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.errors import OptionError
from ranef.inference.ddf import RowTests
from ranef.inference.means.adjust import ADJUSTMENTS
from ranef.inference.means.families import MeanSet, contrast_tests
from ranef.inference.means.grid import Grid
from ranef.inference.means.response import on_response
from ranef.inference.means.variables import names_in
from ranef.options import one_of
from ranef.present.frames.like_frame import LikeFrame
from ranef.present.means.contrasts import Contrasts
from ranef.present.means.frames import frame_of
from ranef.present.means.heading import Heading
from ranef.present.means.text import (
    AT_ZERO,
    cells_of,
    contrast_notes,
    mean_notes,
    names_of,
    titled,
)
from ranef.present.progress import progress
from ranef.present.text.titled import titled_html, titled_text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["Means", "means_of"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Means(LikeFrame):
    """Estimated marginal means, or slopes. ``str()`` is their table.

    Made by :meth:`ranef.Fit.emmeans` and :meth:`ranef.Fit.emtrends`. Columns and methods of the
    frame are those of the record too: ``means["estimate"]``.

    Attributes
    ----------
    frame : DataFrame
        One row a mean: the columns of its variables, estimate, std_error, df, conf_low, conf_high.
    notes : tuple of str
        What was averaged over, and where numbers stand.
    """

    frame: pd.DataFrame = field(repr=False)
    notes: tuple[str, ...]
    _means: MeanSet = field(repr=False)
    _heading: Heading = field(repr=False)
    _unit: str = field(default="", repr=False)
    _on_response: bool = field(default=False, repr=False)

    @property
    def response(self) -> Means:
        """The same on the scale of the response: means, or ratios of slopes.

        A mean of a generalised model is that of the response at the mean of linear predictors,
        random effects at zero; a slope becomes the ratio for one unit of its variable. Standard
        errors are by the delta method, limits are transformed. Contrasts of these means are ratios:
        those of log odds are odds ratios. Means of a linear model are on this scale already.
        """
        if self._on_response or self._means.basis.scale.linear:
            return self
        return response_of(self)

    def pairs(self, adjust: str = "tukey", by: Any = None) -> Contrasts:
        """All differences of two means, each group by itself.

        Parameters
        ----------
        adjust : {"tukey", "sidak", "holm", "bonferroni", "scheffe", "mvt", "none"}
            For the number of differences in a group. ``"mvt"`` takes the correlations of the
            estimates into account (multivariate t).
        by : str or list of str, optional
            Variables within whose values means are compared, in place of those of ``emmeans``;
            an empty list compares all means.

        Returns
        -------
        Contrasts

        Raises
        ------
        OptionError
            Another adjustment; groups of one mean.
        UnknownColumnError
            `by` is not one of the variables of the means.

        References
        ----------
        Kramer (1956), Extension of multiple range tests to group means with unequal numbers of
        replications, Biometrics 12, 307-310.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("score ~ Machine + (1 | Worker)", rn.datasets.load("machines"))
        >>> fit.emmeans("Machine").pairs()["p_value"].round(4).to_list()
        [0.0, 0.0, 0.0]
        """
        return self.contrast("pairwise", adjust, by)

    @progress("comparing the means")
    def contrast(
        self,
        method: Any = "pairwise",
        adjust: str | None = None,
        by: Any = None,
        reference: Any = None,
    ) -> Contrasts:
        """Contrasts of the means, each group by itself.

        Parameters
        ----------
        method : {"pairwise", "treatment", "deviation", "polynomial", "consecutive"}
            All differences; each mean less that of `reference`; each less the average of all;
            linear, quadratic and so on for equally spaced levels; each less the one before.
            Or coefficients: a dict of lists by name, or an array with a row a contrast.
        adjust : {"tukey", "sidak", "holm", "bonferroni", "scheffe", "mvt", "none"}, optional
            By default ``"tukey"`` for all differences, ``"none"`` for polynomials and coefficients
            of your own, ``"mvt"`` otherwise.
        by : str or list of str, optional
            As in :meth:`pairs`.
        reference : str or int, optional
            The mean that ``"treatment"`` compares with: its label or its place, the first one by
            default.

        Returns
        -------
        Contrasts

        Raises
        ------
        OptionError
            Another method or adjustment; coefficients that are not one for each mean.
        UnknownColumnError
            `by` is not one of the variables of the means.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("score ~ Machine + (1 | Worker)", rn.datasets.load("machines"))
        >>> means = fit.emmeans("Machine")
        >>> means.contrast("treatment", reference="B")["contrast"].to_list()
        ['A - B', 'C - B']
        >>> means.contrast({"C - mean of A, B": [-0.5, -0.5, 1]})["estimate"].round(2).to_list()
        [9.93]
        """
        if adjust is not None:
            one_of("adjust", adjust, ADJUSTMENTS)
        within = self._means.by if by is None else self._within(by)
        tests = contrast_tests(self._means, method, adjust, within, reference)
        columns = {**tests.plain._asdict(), "p_value": tests.p_value}
        columns |= {"conf_low": tests.conf_low, "conf_high": tests.conf_high}
        frame = frame_of({**tests.by, "contrast": tests.names}, columns)
        notes = contrast_notes(tests, self._means.level, self._means.basis.method.normal)
        unit = self._means.basis.scale.predictor
        made = Contrasts(frame, tests.adjust, notes, self._means, tests, self._heading, unit)
        return made.response if self._on_response else made

    def joint(self, by: Any = None) -> pd.DataFrame:
        """The F test that the means of each group are equal.

        Parameters
        ----------
        by : str or list of str, optional
            As in :meth:`pairs`.

        Returns
        -------
        DataFrame
            As :meth:`Contrasts.joint`.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("score ~ Machine + (1 | Worker)", rn.datasets.load("machines"))
        >>> fit.emmeans("Machine").joint().round(2)
           num_df  den_df  statistic  p_value
        0       2    46.0       87.8      0.0
        """
        return self.contrast("treatment", "none", by).joint()

    def plot(self, ax: Axes | None = None, *, labels: Mapping[str, str] | None = None) -> Axes:
        """Draw the means with their intervals, the first variable along x, others in colours.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure by default.
        labels : mapping of str to str, optional
            Words for variables, beside those that the fit has.

        Returns
        -------
        Axes
            ``.data`` is the frame of the means.

        Examples
        --------
        >>> import ranef as rn
        >>> from matplotlib.figure import Figure
        >>> fit = rn.lmm("score ~ Machine + (1 | Worker)", rn.datasets.load("machines"))
        >>> ax = fit.emmeans("Machine").plot(ax=Figure().subplots())
        """
        from ranef.present.plots.means import means_plot
        from ranef.present.plots.wording import with_labels

        heading = self._heading.with_words(with_labels(self._heading.words, labels))
        axis = titled(heading.axis, self._unit if self._on_response else "")
        head, note = titled(heading.title, self._unit), " ".join(self.notes)
        named = tuple(self._means.labels)
        return means_plot(self.frame, named, axis, head, ax, heading.words, note)

    def _within(self, by: Any) -> tuple[str, ...]:
        if isinstance(by, (list, tuple)) and not by:
            return ()
        known: Mapping[str, Any] = self._means.labels
        names = names_in("by", by, known, "variable of the means")
        if len(names) == len(known):
            raise OptionError(
                "every variable of the means is in by, and nothing is left to compare",
                found=f"by={', '.join(names)}",
                fix="leave out one of them",
            )
        return names

    def _cells(self) -> list[list[str]]:
        return cells_of(self.frame, tests=False, normal=self._means.basis.method.normal)

    def __str__(self) -> str:
        title = titled(self._heading.title, self._unit)
        return titled_text([title], self._cells(), self.notes, names_of(self.frame))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        title = titled(self._heading.title, self._unit)
        return titled_html(title, "", self._cells(), self.notes, left=names_of(self.frame))


def means_of(
    means: MeanSet,
    grid: Grid,
    heading: Heading,
    weights: str,
    errors: str,
) -> Means:
    """The record of marginal means or slopes."""
    estimates = means.basis.estimates(means.rows, means.level)
    frame = _frame(means, estimates)
    undetermined = int(np.isnan(estimates.estimate).sum())
    notes = mean_notes(grid, weights, errors, means.level, undetermined)
    return Means(frame, notes, means, heading, means.basis.scale.predictor)


def response_of(link: Means) -> Means:
    """Means of linear predictors on the scale of the response."""
    means = link._means
    scale, sums = means.basis.scale, means.rows.sums
    estimates = on_response(means.basis.estimates(means.rows, means.level), sums, scale)
    unit = scale.of if sums.all() else f"{scale.ratio} for one unit"
    notes = (*link.notes, AT_ZERO) if sums.all() else link.notes
    return replace(
        link,
        frame=_frame(means, estimates),
        notes=notes,
        _unit=unit,
        _on_response=True,
    )


def _frame(means: MeanSet, estimates: RowTests) -> pd.DataFrame:
    own = ("estimate", "std_error", "df", "conf_low", "conf_high")
    columns = {name: getattr(estimates, name) for name in own}
    order = [*means.by, *(name for name in means.labels if name not in means.by)]
    return frame_of({name: means.labels[name] for name in order}, columns)
