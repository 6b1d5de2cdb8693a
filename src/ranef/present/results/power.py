"""Power as a record that prints and draws itself."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from ranef.inference.ddf.registry import in_words
from ranef.inference.power import TermPower
from ranef.page.phrases import count
from ranef.present.frames.like_frame import LikeFrame
from ranef.present.text.numbers import rounded
from ranef.present.text.titled import titled_html, titled_text
from ranef.present.text.words import Words

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["Power", "Size", "power_record"]


class Size(NamedTuple):
    """Groups, rows in each (their mean where these differ), rows."""

    n_groups: int
    per_group: float
    rows: int


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Power(LikeFrame):
    """The power of a planned study, design by design.

    Attributes
    ----------
    frame : DataFrame
        One row a design and coefficient: design, n_groups, per_group, rows, term, effect, power,
        mc_error, std_error, df, boundary, failed.
    formula, method, ddf : str
    n : int
        Replicates of each design, where simulated.
    alpha : float
    """

    frame: pd.DataFrame = field(repr=False)
    formula: str
    method: str
    n: int
    alpha: float
    ddf: str

    def _words(self) -> str:
        how = count(self.n, "replicate") if self.method == "simulation" else "approximate"
        return f"Power of two-sided tests at {self.alpha:g} ({how}, {in_words(self.ddf)})"

    def _cells(self) -> list[list[str]]:
        simulated = self.method == "simulation"
        head = ["Term", "Effect", "Groups", "Rows each", "Power", "SE", "df"]
        rows = [head[:5] + (["MC error"] if simulated else []) + head[5:]]
        rows[0] += ["Boundary"] if simulated else []
        names = ["effect", "per_group", "power", "mc_error", "std_error", "df", "boundary"]
        terms, groups = self.frame["term"].tolist(), self.frame["n_groups"].tolist()
        lines = self.frame[names].to_numpy(dtype=float).tolist()
        for term, n_groups, line in zip(terms, groups, lines, strict=True):
            effect, per_group, power, mc_error, std_error, df, boundary = line
            cells = [str(term), f"{effect:g}", str(n_groups), f"{per_group:.4g}", rounded(power, 3)]
            cells += [rounded(mc_error, 3)] if simulated else []
            cells += [f"{std_error:.3g}", "Inf" if math.isinf(df) else rounded(df, 1)]
            rows.append(cells + ([rounded(boundary, 2)] if simulated else []))
        return rows

    def _notes(self) -> list[str]:
        notes = []
        if self.method == "simulation" and (self.frame["boundary"] > 0.0).any():
            notes.append("Boundary: share of the fits with a singular covariance matrix.")
        if self.frame["failed"].any():
            most = int(self.frame["failed"].max())
            notes.append(
                f"Up to {count(most, 'fit')} of a design failed; they count as not significant."
            )
        return notes

    def __str__(self) -> str:
        return titled_text([self.formula, self._words()], self._cells(), self._notes())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return titled_html(self._words(), self.formula, self._cells(), self._notes())

    def plot(
        self,
        x: str | None = None,
        ax: Axes | None = None,
        *,
        labels: Mapping[str, str] | None = None,
    ) -> Axes:
        """Power against the size of the study, a line a coefficient.

        Parameters
        ----------
        x : {"n_groups", "per_group", "rows"}, optional
            What is on the axis; by default what differs most between the designs.
        ax : Axes, optional
            Matplotlib axes to draw on.
        labels : mapping of str to str, optional
            Words for variables and coefficients.

        Returns
        -------
        Axes
            Bands are 95% intervals of the Monte Carlo error; ``.data`` has the numbers drawn.

        Raises
        ------
        OptionError
            Another `x`.
        MissingLibraryError
            Matplotlib is not installed.

        Examples
        --------
        >>> import ranef as rn
        >>> found = rn.power(
        ...     "y ~ x + (1 | g)", {"x": "within"}, {"x": 0.3}, {"g": 0.2, "Residual": 1},
        ...     n_groups=[5, 10, 20], per_group=5, method="approximate",
        ... )
        >>> ax = found.plot()
        """
        from ranef.present.plots.power import power_plot
        from ranef.present.plots.wording import with_labels

        return power_plot(self.frame, x, self.alpha, ax, with_labels(Words(), labels))


def power_record(
    formula: str,
    method: str,
    n: int,
    alpha: float,
    ddf: str,
    results: Sequence[tuple[Size, tuple[TermPower, ...]]],
) -> Power:
    """The record for the results of each design."""
    import pandas as pd

    rows = []
    for size, found in results:
        each = f"{size.per_group:.4g}"
        sizes = {"design": f"{size.n_groups} x {each}", **size._asdict()}
        if float(size.per_group).is_integer():
            sizes["per_group"] = int(size.per_group)
        rows += [{**sizes, **term._asdict()} for term in found]
    return Power(pd.DataFrame(rows), formula, method, n, alpha, ddf)
