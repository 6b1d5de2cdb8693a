"""What the package maketables looks for in a fit, by the names of its plug-in format."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ranef.fit.mixed_record import MixedRecord

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ForTables"]

_ML = {"AIC (ML)": "aic", "BIC (ML)": "bic", "Log likelihood (ML)": "loglik"}
_COLUMNS = {"estimate": "b", "std_error": "se", "statistic": "t", "p_value": "p"}
_BOUNDS = {"conf_low": "ci95l", "conf_high": "ci95u"}


class ForTables(MixedRecord):
    """Coefficients with their tests; below them ML criteria, sizes, SDs, correlations.

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

    @abstractmethod
    def _by_ml(self) -> MixedRecord:
        """The fit by maximum likelihood: this one if it is so already."""

    @cached_property
    def _ml_for_tables(self: Any) -> Any:
        return self._by_ml()

    @cached_property
    def _counts_and_spreads(self: Any) -> dict[str, Any]:
        from ranef.present.structured import short_parameters

        rows: dict[str, Any] = {f"Groups: {name}": n for name, n in self.ngroups.items()}
        for term in self._covariances:
            for word, name, value in short_parameters(term):
                place = f"{name} | {term.label.label}" if name else term.label.label
                rows[f"{word} ({place})"] = value
        return rows | ({"SD (Residual)": self.sigma} if self._has_residual else {})
