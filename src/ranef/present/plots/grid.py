"""Rows to predict for: one variable moves, the others stay at a typical value."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.formula.naming import columns_of
from ranef.present.protocol import FittedModel
from ranef.types import Array

if TYPE_CHECKING:
    import pandas as pd

_CODE = "`code`"  # no variable of a formula has a backtick in its name

__all__ = [
    "is_category",
    "levels_in_order",
    "repeated",
    "typical_of_groups",
    "value_text",
    "values_along",
]


def values_along(values: pd.Series[Any], points: int) -> Array:
    """Evenly spaced from the smallest to the largest value."""
    return np.linspace(float(values.min()), float(values.max()), points)


def levels_in_order(values: pd.Series[Any]) -> list[Any]:
    """The values that occur: categories in their own order, others sorted."""
    import pandas as pd

    if isinstance(values.dtype, pd.CategoricalDtype):
        return list(values.cat.remove_unused_categories().cat.categories)
    return sorted(values.dropna().unique())


def value_text(value: Any) -> str:
    """A value as a reader writes it: at most four digits, whole numbers without decimals."""
    if isinstance(value, (float, np.floating)):
        return f"{value:.4g}".replace("-", "\N{MINUS SIGN}")
    return str(value)


def typical_of_groups(
    data: pd.DataFrame, model: FittedModel, group: str | Sequence[str]
) -> pd.DataFrame:
    """The mean of each number, the most frequent value of each category: one row a group.

    In the order in which the groups appear. Grouping variables are categories, and so are numbers
    that the formula turns into factors, ``C(x)`` or ``factor(x)``. All groups at once, since there
    may be many thousands of them.
    """
    own = [group] if isinstance(group, str) else list(group)
    code = data.groupby(own, sort=False, observed=True).ngroup().rename(_CODE)
    by_group = data.groupby(code, sort=False)
    columns = {}
    for name in map(str, data.columns):
        if name in own:
            columns[name] = by_group[name].first()
        elif is_category(data[name], name, model):
            columns[name] = _most_frequent(data[name], code)
        else:
            columns[name] = by_group[name].mean()
    frame = code.drop_duplicates().to_frame().set_index(_CODE)  # the order
    return frame.assign(**columns).reset_index(drop=True).astype({n: data[n].dtype for n in own})


def _most_frequent(values: pd.Series[Any], code: pd.Series[int]) -> pd.Series[Any]:
    """The most frequent value of a variable in each group; of several, the first in order."""
    counts = values.to_frame().groupby([code, values.name], observed=True).size()
    rows = counts.groupby(level=0, observed=True).idxmax()
    return rows.map(lambda pair: pair[1]).astype(values.dtype)


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
