"""What the package maketables looks for in a fit, by the names of its plug-in format."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from ranef.fit.record import FitRecord

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ForTables"]

_ML = {"AIC (ML)": "aic", "BIC (ML)": "bic", "Log likelihood (ML)": "loglik"}
_COLUMNS = {"estimate": "b", "std_error": "se", "statistic": "t", "p_value": "p"}
_BOUNDS = {"conf_low": "ci95l", "conf_high": "ci95u"}


class ForTables(FitRecord):
    """Coefficients with Satterthwaite's tests; below them ML criteria, sizes, SDs, correlations.

    Criteria by REML do not compare across fixed parts, so that those of the ML fits stand below.
    Nothing is imported, and a fit needs none of this itself.
    """

    @property
    def __maketables_coef_table__(self: Any) -> pd.DataFrame:
        """Estimates, errors, tests and 95% intervals, in the names of the format."""
        names = _COLUMNS | _BOUNDS
        table = self.coefficients().rename(columns=names)[list(names.values())]
        kept: pd.DataFrame = table.drop(index=list(self.dropped))
        return kept.rename_axis(index="Coefficient")

    @property
    def __maketables_depvar__(self: Any) -> str:
        """The name of the response."""
        return str(self.response)

    @property
    def __maketables_vcov_info__(self: Any) -> dict[str, str]:
        """Which standard errors these are."""
        return {"vcov_type": "model-based"}

    @property
    def __maketables_default_stat_keys__(self: Any) -> list[str]:
        """The rows below the coefficients; each key is its own label."""
        return [*_ML, "N", *self._counts_and_spreads]

    def __maketables_stat__(self: Any, key: str) -> Any:
        """The number of a row, None if there is not one."""
        if key in _ML:
            return getattr(self._ml_for_tables, _ML[key])
        plain = {"N": "nobs", "ll": "loglik"} | {k: k for k in ("aic", "bic", "df_resid")}
        return getattr(self, plain[key]) if key in plain else self._counts_and_spreads.get(key)

    @cached_property
    def _ml_for_tables(self: Any) -> Any:
        return self.with_reml(False)

    @cached_property
    def _counts_and_spreads(self: Any) -> dict[str, Any]:
        rows: dict[str, Any] = {f"Groups: {name}": n for name, n in self.ngroups.items()}
        for row in self.varcorr().to_dict("records"):
            terms = ", ".join(str(row[name]) for name in ("term1", "term2") if row[name])
            place = f"{terms} | {row['group']}" if terms else row["group"]
            rows[f"{'Cor' if row['term2'] else 'SD'} ({place})"] = row["sd"]
        return rows
