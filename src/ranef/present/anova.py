"""F tests of terms as a frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ranef.types import Array

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["anova_frame", "drop1_frame"]


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
