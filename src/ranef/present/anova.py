"""Tests of terms and of models as frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ranef.types import Array

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["anova_frame", "drop1_frame", "models_frame", "ranova_frame"]


def anova_frame(names: Sequence[str], columns: Mapping[str, Array]) -> pd.DataFrame:
    """F tests, one row a term."""
    import pandas as pd

    frame = pd.DataFrame(dict(columns), index=pd.Index(list(names), name="term"))
    return frame.astype({"num_df": int})


def drop1_frame(names: Sequence[str], columns: Mapping[str, Array]) -> pd.DataFrame:
    """Likelihood ratio tests, one row a term."""
    import pandas as pd

    frame = pd.DataFrame(dict(columns), index=pd.Index(list(names), name="term"))
    return frame.astype({"npar": int})


def ranova_frame(names: Sequence[str], columns: Mapping[str, Any]) -> pd.DataFrame:
    """Likelihood ratio tests of random effects, one row a reduction."""
    import pandas as pd

    frame = pd.DataFrame(dict(columns), index=pd.Index(list(names), name="term", dtype=object))
    return frame.astype({"npar": int, "df": int})


def models_frame(formulas: Sequence[str], columns: Mapping[str, Any]) -> pd.DataFrame:
    """Likelihood ratio tests of models, one row a model."""
    import pandas as pd

    frame = pd.DataFrame(dict(columns), index=pd.Index(list(formulas), name="model"))
    return frame.astype({"npar": int, "df": "Int64"})
