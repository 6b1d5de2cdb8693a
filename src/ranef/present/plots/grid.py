"""Rows to predict for: one variable moves, the others stay at a typical value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.formula.naming import columns_of

from ...types import Array
from ..protocol import FittedModel

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["is_category", "levels_in_order", "repeated", "typical", "values_along"]


def values_along(values: pd.Series[Any], points: int) -> Array:
    """Evenly spaced from the smallest to the largest value."""
    return np.linspace(float(values.min()), float(values.max()), points)


def levels_in_order(values: pd.Series[Any]) -> list[Any]:
    """The values that occur: categories in their own order, others sorted."""
    import pandas as pd

    if isinstance(values.dtype, pd.CategoricalDtype):
        return list(values.cat.remove_unused_categories().cat.categories)
    return sorted(values.dropna().unique())


def typical(data: pd.DataFrame, model: FittedModel) -> dict[str, Any]:
    """The mean of each number, the most frequent value of each category.

    Grouping variables are categories, and so are numbers that the formula turns into
    factors, ``C(x)`` or ``factor(x)``.
    """
    return {
        str(name): data[name].mode().iloc[0]
        if is_category(data[name], str(name), model)
        else float(data[name].mean())
        for name in data.columns
    }


def is_category(values: pd.Series[Any], name: str, model: FittedModel) -> bool:
    """Whether a variable has no mean: text, categories, and numbers that are taken as such."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    grouping = {column for factor in model.ngroups for column in columns_of(factor)}
    if name in grouping or is_bool_dtype(values) or not is_numeric_dtype(values):
        return True
    return bool(re.search(rf"\b(?:C|factor)\(\s*`?{re.escape(name)}`?\s*[,)]", model.formula))


def repeated(data: pd.DataFrame, row: dict[str, Any], /, **moving: Any) -> pd.DataFrame:
    """`row` as often as the moving variables are long, with the column types of `data`."""
    import pandas as pd

    length = max(len(values) for values in moving.values())
    columns = {**{name: [value] * length for name, value in row.items()}, **moving}
    frame = pd.DataFrame(columns)
    categorical = [c for c in frame.columns if c in data.columns]
    categorical = [c for c in categorical if isinstance(data[c].dtype, pd.CategoricalDtype)]
    return frame.astype({name: data[name].dtype for name in categorical})
