"""Frames of marginal means, contrasts and averages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.inference.ddf import RowTests

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["averages_frame", "frame_of"]

_RESULTS = ("estimate", "std_error", "df", "statistic", "p_value", "conf_low", "conf_high")


def frame_of(labels: Mapping[str, Sequence[Any]], columns: Mapping[str, Any]) -> pd.DataFrame:
    """Columns of labels, then of numbers.

    Raises
    ------
    DataError
        A variable has the name of a column of results.
    """
    import pandas as pd

    from ranef.formula.naming import refuse_taken

    refuse_taken(labels, (*columns, *_RESULTS), "the frame of means")
    values = {name: np.array(column) for name, column in columns.items()}
    return pd.DataFrame({**{name: list(column) for name, column in labels.items()}, **values})


def averages_frame(
    parts: Sequence[tuple[str, str, RowTests]], labels: Mapping[str, Sequence[Any]]
) -> pd.DataFrame:
    """One block of rows for each term and contrast: averages by the cells that `labels` name."""
    import pandas as pd

    from ranef.formula.naming import refuse_taken

    refuse_taken(labels, ("term", "contrast", *_RESULTS), "the frame of averages")
    blocks = []
    for term, contrast, estimates in parts:
        count = estimates.estimate.size
        head: dict[str, Any] = {"term": [term] * count, "contrast": [contrast] * count}
        head |= {name: list(values) for name, values in labels.items()}
        blocks.append(pd.DataFrame({**head, **estimates._asdict()}))
    return pd.concat(blocks, ignore_index=True)
