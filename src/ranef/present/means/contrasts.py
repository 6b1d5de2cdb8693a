"""Contrasts of marginal means as a record that prints, draws and reads like its frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from ranef.inference.means.effect_size import effect_sizes
from ranef.inference.means.families import ContrastTests, MeanSet, joint_tests
from ranef.inference.means.response import on_response
from ranef.options import one_of, real
from ranef.present.frames.like_frame import LikeFrame
from ranef.present.means.frames import frame_of
from ranef.present.means.heading import Heading
from ranef.present.means.text import cells_of, names_of, titled
from ranef.present.text.titled import titled_html, titled_text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["Contrasts"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Contrasts(LikeFrame):
    """Differences of marginal means, or other combinations of them, tested against zero.

    Made by :meth:`Means.pairs` and :meth:`Means.contrast`. Columns and methods of the frame are
    those of the record too: ``pairs["p_value"]``.

    Attributes
    ----------
    frame : DataFrame
        Columns of the variables within whose values means are compared; contrast, estimate,
        std_error, df, statistic, p_value, conf_low, conf_high. The last three are adjusted.
    adjust : str
        The adjustment that was made.
    notes : tuple of str
        What was done, in words.
    """

    frame: pd.DataFrame = field(repr=False)
    adjust: str
    notes: tuple[str, ...]
    _means: MeanSet = field(repr=False)
    _tests: ContrastTests = field(repr=False)
    _heading: Heading = field(repr=False)
    _unit: str = field(default="", repr=False)
    _on_response: bool = field(default=False, repr=False)

    @property
    def response(self) -> Contrasts:
        """Ratios in place of differences of logarithms: those of log odds are odds ratios.

        Standard errors are by the delta method, limits are transformed, and tests are those of the
        differences. Contrasts of a linear model are on the response's scale already.

        Raises
        ------
        OptionError
            The link of the model is not a logarithm of something.
        """
        scale, tests = self._means.basis.scale, self._tests
        if self._on_response or scale.linear:
            return self
        adjusted = tests.plain._replace(
            p_value=tests.p_value, conf_low=tests.conf_low, conf_high=tests.conf_high
        )
        shown = on_response(adjusted, tests.rows.sums, scale)
        frame = frame_of({**tests.by, "contrast": tests.ratios}, shown._asdict())
        return replace(self, frame=frame, _unit=scale.ratio, _on_response=True)

    def joint(self) -> pd.DataFrame:
        """The F test that all contrasts of a group are zero.

        By the method for degrees of freedom of the means, as ``fit.test`` does it: Satterthwaite's
        combined over orthogonal rows, or Kenward-Roger's scaled F.

        Returns
        -------
        DataFrame
            One row a group: its variables, num_df, den_df, statistic, p_value.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("score ~ Machine + (1 | Worker)", rn.datasets.load("machines"))
        >>> fit.emmeans("Machine").pairs().joint().round(2)
           num_df  den_df  statistic  p_value
        0       2    46.0       87.8      0.0
        """
        tests = joint_tests(self._means.basis, self._tests)
        first = [int(own[0]) for own in self._tests.families]
        labels = {name: [v[k] for k in first] for name, v in self._tests.by.items()}
        columns = {
            "num_df": [t.num_df for t in tests],
            "den_df": [t.den_df for t in tests],
            "statistic": [t.statistic for t in tests],
            "p_value": [t.p_value for t in tests],
        }
        return frame_of(labels, columns)

    def effect_size(
        self, sigma: Literal["residual", "total"] | float = "residual", edf: float | None = None
    ) -> pd.DataFrame:
        """The contrasts in units of a standard deviation.

        Parameters
        ----------
        sigma : {"residual", "total"} or float
            The residual standard deviation; or that of the response given the fixed effects, which
            counts the random effects too; or a number.
        edf : float, optional
            The degrees of freedom of sigma: by default Satterthwaite's of its square, and for a
            number infinitely many.

        Returns
        -------
        DataFrame
            As `frame`: contrast, estimate, std_error, df, conf_low, conf_high. The standard error
            counts that sigma is estimated; the intervals are not adjusted.

        Raises
        ------
        OptionError
            `sigma` or `edf` is not positive.

        References
        ----------
        Cohen (1988), Statistical power analysis for the behavioral sciences, chapter 2. The
        standard error is that of ``emmeans::eff_size``.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("score ~ Machine + (1 | Worker)", rn.datasets.load("machines"))
        >>> fit.emmeans("Machine").pairs().effect_size()[["contrast", "estimate"]].round(2)
          contrast  estimate
        0    A - B     -2.52
        1    A - C     -4.40
        2    B - C     -1.88
        """
        if isinstance(sigma, str):
            size, own = self._means.basis.spread(one_of("sigma", sigma, ("residual", "total")))
        else:
            what = 'sigma is "residual", "total" or a positive number'
            size, own = real("sigma", sigma, above=0.0, what=what), float("inf")
        if edf is not None:
            own = real("edf", edf, above=0.0, infinite=True)
        sizes = effect_sizes(self._tests.plain, size, own, self._means.level)
        return frame_of(self._labels(), sizes._asdict())

    def plot(self, ax: Axes | None = None, *, labels: Mapping[str, str] | None = None) -> Axes:
        """Draw the contrasts with their intervals, adjusted as in `frame`.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a new figure by default.
        labels : mapping of str to str, optional
            Words for variables, beside those that the fit has.

        Returns
        -------
        Axes
            ``.data`` is the frame of the contrasts.

        Examples
        --------
        >>> import ranef as rn
        >>> from matplotlib.figure import Figure
        >>> fit = rn.lmm("score ~ Machine + (1 | Worker)", rn.datasets.load("machines"))
        >>> ax = fit.emmeans("Machine").pairs().plot(ax=Figure().subplots())
        """
        from ranef.present.plots.means import contrasts_plot
        from ranef.present.plots.wording import with_labels

        heading = self._heading.with_words(with_labels(self._heading.words, labels))
        head, note = titled(heading.contrasts, self._unit), " ".join(self.notes)
        by, ratios = tuple(self._tests.by), self._on_response
        return contrasts_plot(self.frame, by, head, ax, heading.words, note, ratios=ratios)

    def _labels(self) -> dict[str, Any]:
        return {**self._tests.by, "contrast": self._tests.names}

    def _cells(self) -> list[list[str]]:
        return cells_of(self.frame, tests=True, normal=self._means.basis.method.normal)

    def __str__(self) -> str:
        title = titled(self._heading.contrasts, self._unit)
        return titled_text([title], self._cells(), self.notes, names_of(self.frame))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        title = titled(self._heading.contrasts, self._unit)
        return titled_html(title, "", self._cells(), self.notes, left=names_of(self.frame))
