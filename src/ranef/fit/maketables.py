"""What the package maketables looks for in a fit, by the names of its plug-in format."""

from __future__ import annotations

from abc import abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ranef.fit.mixed_record import MixedRecord

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ForTables"]

_COLUMNS = {"estimate": "b", "std_error": "se", "statistic": "t", "p_value": "p"}
_COLUMNS |= {"conf_low": "ci95l", "conf_high": "ci95u"}
_OF_THE_FIT = {"ll": "loglik", "aic": "aic", "bic": "bic", "df_resid": "df_resid"}


class ForTables(MixedRecord):
    """Coefficients with their tests; below them ML criteria, sizes, SDs, correlations.

    Criteria by REML do not compare across fixed parts, so that those of the ML fits stand below.
    Nothing is imported, and a fit needs none of this itself.
    """

    @property
    def __maketables_coef_table__(self: Any) -> pd.DataFrame:
        """Estimates, errors, tests and 95% intervals, in the names of the format."""
        kept = self.coefficients().drop(index=list(self.dropped)).rename_axis(index="Coefficient")
        table: pd.DataFrame = kept.rename(columns=_COLUMNS)[list(_COLUMNS.values())]
        return table

    @property
    def __maketables_depvar__(self: Any) -> str:
        """The name of the response."""
        return str(self.response)

    @property
    def __maketables_var_labels__(self: Any) -> dict[str, str]:
        """Words for the variables."""
        return dict(self._words.labels)

    @property
    def __maketables_vcov_info__(self: Any) -> dict[str, str]:
        """Which standard errors these are."""
        return {"vcov_type": "model-based"}

    @property
    def __maketables_default_stat_keys__(self: Any) -> list[str]:
        """The rows below the coefficients; each key is its own label."""
        return list(self._rows_for_tables)

    def __maketables_stat__(self: Any, key: str) -> Any:
        """The number of a row, None if there is not one."""
        if key in _OF_THE_FIT:
            return getattr(self, _OF_THE_FIT[key])
        return self._rows_for_tables.get(key)

    @abstractmethod
    def _by_ml(self) -> MixedRecord:
        """The fit by maximum likelihood: this one if it is so already."""

    @cached_property
    def _rows_for_tables(self: Any) -> dict[str, Any]:
        from ranef.present.structured import short_parameters

        ml = self._by_ml()
        rows = {"AIC (ML)": ml.aic, "BIC (ML)": ml.bic, "Log likelihood (ML)": ml.loglik}
        rows |= {"N": self.nobs} | {f"Groups: {name}": n for name, n in self.ngroups.items()}
        for term in self._covariances:
            for word, name, value in short_parameters(term):
                place = f"{name} | {term.label.label}" if name else term.label.label
                rows[f"{word} ({place})"] = value
        return rows | ({"SD (Residual)": self.sigma} if self._has_residual else {})
