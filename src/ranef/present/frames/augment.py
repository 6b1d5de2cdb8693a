"""The rows of the data with fitted values and diagnostics, columns as in broom.mixed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.errors import OptionError, TooLargeError
from ranef.formula.naming import refuse_taken
from ranef.present.frames.rows import ROW
from ranef.present.protocol import FittedModel
from ranef.types import Array

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["augment"]


def augment(model: FittedModel) -> pd.DataFrame:
    """The rows that were used, with what the model says of each.

    Returns
    -------
    DataFrame
        The model's variables, then ``.fitted`` (with the random effects), ``.resid``
        (response minus fitted), ``.fixed`` (the population prediction), and ``.hat`` (leverage,
        NaN if residuals are correlated in time). All but the last are on the scale of the
        response; of ordered answers they are of their numbers from 1. Rows have the labels that
        they have in the data. If the data have no labels, a first column ``.row`` has their
        positions in the data, from 0.

    Raises
    ------
    DataError
        A variable of the model has one of these names.
    """
    frame = model.model_frame()
    taken = (ROW, ".fitted", ".resid", ".fixed", ".hat")
    refuse_taken(map(str, frame.columns), taken, "fit.augment()")
    if frame.index.name == ROW:
        frame = frame.rename_axis(index=None)
        frame.insert(0, ROW, np.asarray(frame.index))
    columns = {
        ".fitted": np.asarray(model.fitted),
        ".resid": np.asarray(model.residuals("response")),
        ".fixed": _population(model),
    }
    if hasattr(type(model), "leverage"):
        columns[".hat"] = _leverage(model)
    return frame.assign(**columns)


def _population(model: FittedModel) -> Array:
    """The mean of each row in a group whose random effects are zero."""
    predicted = np.asarray(model.predict(level="population"))
    if predicted.ndim == 1:
        return predicted
    of_answers: Any = model  # the probabilities of ordered answers
    return np.asarray(of_answers.predict(level="population", kind="score"))


def _leverage(model: FittedModel) -> Array:
    """The leverage of each row; NaN if rows have none of their own, or too many to solve for."""
    try:
        return np.asarray(model.leverage, dtype=float)
    except (OptionError, TooLargeError):
        return np.full(model.nobs, np.nan)
