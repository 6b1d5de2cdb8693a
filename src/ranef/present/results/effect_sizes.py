"""R2 and ICC as records that print."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ranef.inference.effect_sizes import VarianceParts
from ranef.present.text.numbers import rounded, significant
from ranef.present.text.titled import titled_html, titled_text

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["R2", "Icc", "icc_record", "r2_record"]

# Of the total variance: below, a part is rounding.
NOTHING = 1e-9

# Part, what it is in words, and whether it lies within groups.
_PARTS = (
    ("fixed_within", "predictors, within groups (f1)", True),
    ("fixed_between", "predictors, between groups (f2)", False),
    ("random_within", "random effects, within groups (v)", True),
    ("random_between", "random effects, between groups (m)", False),
    ("residual", "residual", True),
)


@dataclass(frozen=True, slots=True, eq=False)
class R2:
    """Shares of the variance that a model explains.

    Attributes
    ----------
    marginal : float
        Of the fixed effects.
    conditional : float
        Of fixed and random effects.
    by : str
        The grouping factor that tells within from between.
    frame : DataFrame
        Indexed by part (fixed_within, fixed_between, random_within, random_between, residual):
        variance, in units of the linear predictor squared, and its share of_total, of_within and
        of_between; NaN where a part is not of that kind.
    method : str
        Of the distribution-specific variance of a generalised model, which is the residual part;
        empty for a linear model.
    """

    marginal: float
    conditional: float
    by: str
    frame: pd.DataFrame = field(repr=False)
    method: str = ""

    def _head(self) -> str:
        return f"R2: {self.marginal:.3f} marginal, {self.conditional:.3f} conditional"

    def _cells(self) -> list[list[str]]:
        rows = [["Part", "Variance", "Of total", "Within", "Between"]]
        columns = ["variance", "of_total", "of_within", "of_between"]
        lines = self.frame[columns].to_numpy(dtype=float)
        some = [v for v in lines[:, 0].tolist() if v > NOTHING * lines[:, 0].sum()]
        decimals = min(significant(some, 3, least=2), 6)
        for (_, words, _), (variance, *shares) in zip(_PARTS, lines.tolist(), strict=True):
            if words == "residual" and self.method:
                words = f"distribution, {self.method}"
            cells = [rounded(variance, decimals), *(rounded(share, 3) for share in shares)]
            rows.append([words, *cells])
        return rows

    def _notes(self) -> list[str]:
        return [f"Groups: {self.by}."]

    def __str__(self) -> str:
        return titled_text([self._head()], self._cells(), self._notes())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        title = "Explained variance"
        return titled_html(title, "", self._cells(), self._notes(), said=[self._head()])


@dataclass(frozen=True, slots=True, eq=False)
class Icc:
    """Intraclass correlations.

    Attributes
    ----------
    adjusted : float
        Variance of the random effects over itself plus the residual variance, or that of the
        distribution of a generalised model.
    unadjusted : float
        The same over the total variance, that of the fixed effects included.
    by_group : Series
        Adjusted, for each grouping factor; they add up to `adjusted`.
    method : str
        As in :class:`R2`.
    """

    adjusted: float
    unadjusted: float
    by_group: pd.Series[float] = field(repr=False)
    method: str = ""

    def _head(self) -> str:
        head = f"ICC: {self.adjusted:.3f} adjusted, {self.unadjusted:.3f} unadjusted"
        return f"{head} (distribution: {self.method})" if self.method else head

    def _cells(self) -> list[list[str]]:
        rows = [["Group", "ICC"]]
        return rows + [[str(name), rounded(value, 3)] for name, value in self.by_group.items()]

    def __str__(self) -> str:
        return titled_text([self._head()], self._cells())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return titled_html("Intraclass correlation", "", self._cells(), said=[self._head()])


def r2_record(parts: VarianceParts, method: str = "") -> R2:
    """The record for variances in parts; `method` is that of a generalised model."""
    import pandas as pd

    nan = float("nan")
    rows = {}
    for name, _, within in _PARTS:
        value = float(getattr(parts, name))
        between = value / parts.between if parts.between > 0.0 else nan
        rows[name] = {
            "variance": value,
            "of_total": value / parts.total,
            "of_within": value / parts.within if within else nan,
            "of_between": nan if within else between,
        }
    frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis(index="part")
    marginal = parts.fixed / parts.total
    return R2(marginal, (parts.fixed + parts.random) / parts.total, parts.by, frame, method)


def icc_record(parts: VarianceParts, method: str = "") -> Icc:
    """The record for variances in parts; `method` is that of a generalised model."""
    import pandas as pd

    alone = parts.random + parts.residual
    shares = {name: value / alone for name, value in parts.by_factor.items()}
    by_group = pd.Series(shares, name="icc", dtype=float).rename_axis(index="group")
    return Icc(parts.random / alone, parts.random / parts.total, by_group, method)
