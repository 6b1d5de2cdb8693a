"""Predictions of ordered answers as frames: a column for each answer, or a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.types import Array

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["answers_frame", "most_probable"]


def answers_frame(
    columns: Sequence[Mapping[str, Array]],
    levels: Sequence[str],
    index: pd.Index[Any] | None,
    alone: bool,
) -> pd.DataFrame:
    """Probabilities of answers.

    Parameters
    ----------
    columns : sequence of mapping of str to ndarray, shape (rows,)
        Of each answer: estimate, and what was asked for besides.
    levels : sequence of str
    index : Index or None
        Labels of the rows.
    alone : bool
        Whether estimates are all there is: then each answer has a column. Otherwise the frame has a
        row for each row and answer, those of a row together.
    """
    import pandas as pd

    if alone:
        made = {level: own["estimate"] for level, own in zip(levels, columns, strict=True)}
        return pd.DataFrame(made, index=index)
    rows = columns[0]["estimate"].size
    labels = pd.RangeIndex(rows) if index is None else index
    answer = pd.Categorical(list(levels) * rows, categories=list(levels), ordered=True)
    numbers = {name: np.column_stack([own[name] for own in columns]).ravel() for name in columns[0]}
    return pd.DataFrame({"answer": answer, **numbers}, index=labels.repeat(len(levels)))


def most_probable(probabilities: Array, levels: Sequence[str]) -> Any:
    """The answer with the highest probability in each row, None where a row has none.

    Parameters
    ----------
    probabilities : ndarray, shape (rows, answers)
    """
    known = np.asarray(~np.isnan(probabilities).any(axis=1))
    out = np.full(probabilities.shape[0], None, dtype=object)
    best = np.argmax(np.where(known[:, None], probabilities, 0.0), axis=1)
    out[known] = np.asarray(levels, dtype=object)[best[known]]
    return out
