"""Tests of terms and of models as frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.types import Array

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["anova_frame", "drop1_frame", "models_frame", "ranova_frame"]


def anova_frame(names: Sequence[str], columns: Mapping[str, Array]) -> pd.DataFrame:
    """F or chi-squared tests, one row a term."""
    return _by_term(names, columns, ("num_df", "df"))


def drop1_frame(names: Sequence[str], columns: Mapping[str, Array]) -> pd.DataFrame:
    """Likelihood ratio tests, one row a term."""
    return _by_term(names, columns, ("npar",))


def ranova_frame(names: Sequence[str], columns: Mapping[str, Any]) -> pd.DataFrame:
    """Likelihood ratio tests of random effects, one row a reduction."""
    return _by_term(names, columns, ("npar", "df"))


def _by_term(
    names: Sequence[str], columns: Mapping[str, Any], whole: Sequence[str]
) -> pd.DataFrame:
    """One row a term; the columns `whole` hold whole numbers."""
    import pandas as pd

    made = {
        name: np.asarray(column, dtype=np.int64) if name in whole else column
        for name, column in columns.items()
    }
    return pd.DataFrame(made, index=pd.Index(list(names), name="term", dtype=object))


def models_frame(formulas: Sequence[str], columns: Mapping[str, Any]) -> pd.DataFrame:
    """Likelihood ratio tests of models, one row a model."""
    import pandas as pd

    frame = pd.DataFrame(dict(columns), index=pd.Index(list(formulas), name="model"))
    return frame.astype({"npar": int, "df": "Int64"})
