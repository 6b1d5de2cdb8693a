"""Influence as a record: what it prints, and its picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.inference.influence import FIXED, GONE
from ranef.page import page_width
from ranef.page.phrases import count, whole
from ranef.present.frames.like_frame import LikeFrame
from ranef.present.text.numbers import fixed, significant
from ranef.present.text.remarks import not_shown
from ranef.present.text.titled import table_width, titled_html, titled_text
from ranef.present.text.words import Words

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from ranef.present.plots.panels import Panels

__all__ = ["Influence"]

SHOWN = 10


@dataclass(frozen=True, slots=True, repr=False)
class Influence(LikeFrame):
    """Estimates without each level. ``str()`` shows the levels with the largest Cook's distances.

    Made by :meth:`ranef.Fit.influence`.

    Attributes
    ----------
    formula : str
    by : str
        What was left out: a grouping factor, a variable, or ``"rows"``.
    frame : DataFrame
        One row a level: see :meth:`ranef.Fit.influence`. Columns and methods of
        it are those of the record too: ``influence["cooks_distance"]``.
    estimates : mapping of str to float
        Of all rows, by the names that the changes have in `frame`.
    words : Words
        What readers call variables and parameters.

    Examples
    --------
    >>> import ranef as rn
    >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
    >>> without = fit.influence()
    >>> without["Days"].loc["308"].round(4)
    np.float64(-0.6646)
    """

    formula: str
    by: str
    frame: pd.DataFrame
    estimates: Mapping[str, float] = field(repr=False)
    std_errors: Mapping[str, float] = field(repr=False)
    words: Words = field(default_factory=Words, repr=False)

    @property
    def without(self) -> pd.DataFrame:
        """The estimates without each level; NaN where the model is not determined."""
        import pandas as pd

        names = list(self.estimates)
        return self.frame[names] + pd.Series(dict(self.estimates))

    def plot(
        self,
        what: str | Sequence[str] = "cooks_distance",
        ax: Any = None,
        *,
        labels: Mapping[str, str] | None = None,
    ) -> Axes | Panels:
        """The levels in order of their influence, the largest named.

        Parameters
        ----------
        what : str or sequence of str
            A column of `frame`: ``"cooks_distance"``, or the name of an estimate to see how it
            changes without each level. Several, or ``"coefficients"`` for Cook's distance and all
            fixed effects: a panel for each, with the estimates without each level.
        ax : Axes or sequence of Axes, optional
            Where to draw; a new figure by default.
        labels : mapping of str to str, optional
            Words for variables, grouping factors and parameters, beside those of the data.

        Returns
        -------
        Axes, or Panels
            Panels if there are several columns. ``.data`` has the numbers drawn.

        Raises
        ------
        OptionError
            Another column, or another number of axes.

        Examples
        --------
        >>> import ranef as rn
        >>> from matplotlib.figure import Figure
        >>> fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
        >>> ax = fit.influence().plot("Days", ax=Figure().subplots())
        """
        from ranef.present.plots.influence import influence
        from ranef.present.plots.wording import with_labels

        words = with_labels(self.words, labels)
        return influence(self.frame, self.estimates, self.std_errors, self.by, what, ax, words)

    def _table(self) -> list[list[str]]:
        distance = self.frame["cooks_distance"]
        first = distance.sort_values(ascending=False, kind="stable").index[:SHOWN]
        part = self.frame.loc[~self.frame.index.duplicated()].loc[first.unique()]
        names = [name for name in self.estimates if name in self.std_errors]
        out = [[self.by, "Cook", *(f"{name}, SE" for name in names)]]
        places = significant([float(part["cooks_distance"].max())], 3, least=2)
        for level, row in part.iterrows():
            if np.isnan(row["cooks_distance"]):
                continue
            # Rounded first: a change that shows as 0.00 is small, whatever its exponent is.
            moved = [
                fixed(round(float(row[name]) / self.std_errors[name], 2) + 0.0, 2) for name in names
            ]
            out.append([str(level), fixed(float(row["cooks_distance"]), places), *moved])
        return out

    def _notes(self) -> list[str]:
        out = []
        if len(self.frame) > SHOWN:
            out.append(f"The {SHOWN} largest of {whole(len(self.frame))}.")
        if "method" in self.frame:
            method = self.frame["method"]
            if bool((method == FIXED).any()):
                out.append("Variances are kept at their estimates; exact=True fits them too.")
            gone = self.frame.index[method == GONE]
            if len(gone):
                out.append(
                    "The rows that are left do not determine the model without "
                    + ", ".join(map(str, gone[:SHOWN]))
                    + (f" and {whole(len(gone) - SHOWN)} more." if len(gone) > SHOWN else ".")
                )
            fitted = method != GONE
            lost = int((~self.frame["converged"] & fitted).sum())
            if lost:
                out.append(f"{count(lost, 'refit')} did not converge.")
        return out

    def _title(self) -> str:
        return (
            f"Influence by {self.by}: Cook's distance, and changes of the coefficients in their "
            "standard errors"
        )

    def __str__(self) -> str:
        head = [self._title(), f"  {self.formula}"]
        table, key = _narrow(self._table())
        return titled_text(head, table, [*self._notes(), *key])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return titled_html(self._title(), self.formula, self._table(), self._notes())


def _narrow(table: list[list[str]]) -> tuple[list[list[str]], list[str]]:
    """The table with numbers for names if it is wider than the page, and what they stand for.

    If that is not enough, the columns with the largest changes stay.
    """
    names = [head.removesuffix(", SE") for head in table[0][2:]]
    if _width(table, range(len(names))) <= page_width():
        return table, []
    numbered = [[*table[0][:2], *(f"[{k + 1}], SE" for k in range(len(names)))], *table[1:]]

    def largest(k: int) -> float:
        return max((abs(float(row[k + 2])) for row in table[1:]), default=0.0)

    order = sorted(range(len(names)), key=largest, reverse=True)
    while len(order) > 1 and _width(numbered, order) > page_width():
        order.pop()
    kept = sorted(order)
    key = ["; ".join(f"[{k + 1}] {names[k]}" for k in kept) + "."]
    if left := len(names) - len(kept):
        key.append(not_shown(left, ": see frame"))
    return [[*row[:2], *(row[k + 2] for k in kept)] for row in numbered], key


def _width(table: list[list[str]], columns: Iterable[int]) -> int:
    """Of the lines of the table with these columns of changes."""
    shown = [0, 1, *(k + 2 for k in columns)]
    return table_width([[row[j] for j in shown] for row in table])
