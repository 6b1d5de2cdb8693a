"""Tests of residuals as a record: a frame, what it prints, and its pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ranef.inference.residual_tests import ResidualTests
from ranef.page.phrases import count, one_of_them, sentence
from ranef.present.text.numbers import fixed, p_text
from ranef.present.text.titled import titled_html, titled_text
from ranef.types import Array

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from ranef.present.plots.panels import Panels

__all__ = ["ResidualCheck"]

_TITLE = "Residuals and random effects against the model"


@dataclass(frozen=True, slots=True, repr=False)
class ResidualCheck:
    """Whether residuals and random effects follow the model. ``str()`` is a table of the tests.

    Made by :meth:`ranef.Fit.check_residuals`.

    Attributes
    ----------
    formula : str

    Examples
    --------
    >>> import ranef as rn
    >>> fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff"))
    >>> list(fit.check_residuals(calibrate=False).frame)
    ['statistic', 'p_value', 'method']
    """

    formula: str
    _tests: ResidualTests = field(repr=False)
    _fitted: Array = field(repr=False)

    @property
    def n(self) -> int:
        """Refits that the p values were counted from; 0 for the textbook distributions."""
        return self._tests.refits

    @property
    def n_failed(self) -> int:
        """Refits that did not converge; they are left out."""
        return self._tests.failed

    @property
    def seed(self) -> int | None:
        """Gives the same refits again."""
        return self._tests.seed

    @property
    def frame(self) -> pd.DataFrame:
        """One row a test: statistic, p_value, method."""
        import pandas as pd

        tests = self._tests
        return pd.DataFrame(
            {
                "statistic": tests.values.copy(),
                # Without a refit that converged there is nothing to compare with.
                "p_value": tests.p_values * (np.nan if self.n_failed and not self.n else 1.0),
                "method": [self._method(conservative) for conservative in tests.conservative],
            },
            index=pd.Index(list(tests.names), name="test"),
        )

    def _method(self, conservative: bool) -> str:
        if self.n or self.n_failed:
            return count(self.n, "refit")
        return "textbook, conservative" if conservative else "textbook, approximate"

    def plot(self, ax: tuple[Axes, Axes] | None = None) -> Panels:
        """Quantile residuals against uniform quantiles, and residuals against fitted values.

        Parameters
        ----------
        ax : pair of Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        Panels
            Two axes: ``left, right = check.plot()``. ``.data`` is a frame of what is drawn.

        Examples
        --------
        >>> import ranef as rn
        >>> from matplotlib.figure import Figure
        >>> fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff"))
        >>> left, right = fit.check_residuals(calibrate=False).plot(Figure().subplots(1, 2))
        """
        from ranef.present.plots.residual_check import residual_check

        return residual_check(self._tests.residuals, self._fitted, self.frame, ax)

    def _table(self) -> list[list[str]]:
        rows = [["Test", "Statistic", "p", "Method"]]
        for name, row in self.frame.iterrows():
            value = float(row["statistic"])
            rows.append([str(name), fixed(value, 3), p_text(float(row["p_value"])), row["method"]])
        return rows

    def _notes(self) -> list[str]:
        out = [
            f"{name}: {measure}."
            for name, measure in zip(self._tests.names[:3], self._tests.measures[:3], strict=True)
        ]
        out += [f"{m}: {m_of}." for m, m_of in self._others()]
        if self.n_failed:
            are = one_of_them(self.n_failed, "is", "are")
            out.append(f"{count(self.n_failed, 'refit')} did not converge and {are} left out.")
        if not self.n and not self.n_failed:
            out.append(
                "Textbook distributions take the parameters as known. P values marked as "
                "conservative are too large, the others may be too large or too small."
            )
        return out

    def _others(self) -> list[tuple[str, str]]:
        """The kinds of tests beyond the first three, each once."""
        kinds: dict[str, list[str]] = {}
        for name, measure in zip(self._tests.names[3:], self._tests.measures[3:], strict=True):
            kinds.setdefault(measure, []).append(name)
        return [(", ".join(names), measure) for measure, names in kinds.items()]

    def _how(self) -> str:
        """Where the p values are from."""
        return f"{count(self.n, 'refit')}, seed {self.seed}" if self.n else "textbook distributions"

    def __str__(self) -> str:
        head = [_TITLE, f"  {self.formula}", f"  {self._how()}"]
        return titled_text(head, self._table(), self._notes())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        said = [sentence(self._how())]
        return titled_html(_TITLE, self.formula, self._table(), self._notes(), said=said)
