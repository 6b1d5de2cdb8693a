"""What the data still determine where coefficients go to infinity: a record that prints itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ranef.page.phrases import count, sentence
from ranef.present.text.names import spell
from ranef.present.text.numbers import rounded
from ranef.present.text.titled import titled_html, titled_text
from ranef.types import Array

if TYPE_CHECKING:
    import pandas as pd

    from ranef.solve import Certificate

__all__ = ["Limit"]

_TITLE = "In the limit, with rows that are predicted perfectly left out"


@dataclass(frozen=True, slots=True, repr=False)
class Limit:
    """The limit of a likelihood that has no finite maximum. ``str()`` is a table of coefficients.

    Made by :attr:`ranef.GeneralisedFit.limit`. Rows that are predicted perfectly have a likelihood
    of 1 in the limit; the model is fitted to the others, with columns left out that depend on
    others there.

    Attributes
    ----------
    formula : str
    loglik : float
        The limit of the log-likelihood.
    nobs : int
        Rows that are left.
    certificate : Certificate or None
        Of the fit to them; None if there is no such fit.
    """

    formula: str
    loglik: float
    nobs: int
    certificate: Certificate | None
    _names: tuple[str, ...] = field(repr=False)
    _beta: Array = field(repr=False)
    _errors: Array = field(repr=False)

    @property
    def fixef(self) -> pd.Series[float]:
        """The coefficients that keep their meaning: the rows that are left determine them."""
        import pandas as pd

        return pd.Series(self._beta.copy(), index=list(self._names), dtype=float)

    @property
    def std_errors(self) -> pd.Series[float]:
        """Their standard errors."""
        import pandas as pd

        return pd.Series(self._errors.copy(), index=list(self._names), dtype=float)

    def _table(self) -> list[list[str]]:
        rows = [["", "Estimate", "Std. Error"]]
        for name, b, e in zip(self._names, self._beta, self._errors, strict=True):
            rows.append([spell(name), rounded(float(b), 4), rounded(float(e), 4)])
        return rows

    def _notes(self) -> list[str]:
        rows = count(self.nobs, "row that is", "rows that are")
        out = [f"Log-likelihood {self.loglik:,.2f}, from {rows} not predicted."]
        if self.certificate is None:
            out.append(
                "No model is fitted to these rows: they do not determine the random effects, or "
                "the answers are ordered."
            )
        else:
            out.append(sentence(str(self.certificate)))
        return out

    def __str__(self) -> str:
        return titled_text([_TITLE, f"  {self.formula}"], self._table(), self._notes())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return titled_html(_TITLE, self.formula, self._table(), self._notes())
