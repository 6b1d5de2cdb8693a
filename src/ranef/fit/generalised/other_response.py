"""Another response for the rows of a generalised fit, in the form of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranef.design.generalised.code import code_response
from ranef.design.generalised.record import GeneralisedResponse
from ranef.design.state import State
from ranef.errors import DataError, OptionError
from ranef.fit.generalised.record import GeneralisedRecord
from ranef.formula.nodes import Call, Name
from ranef.frame.open import in_row_order
from ranef.frame.table import Column, Table
from ranef.options import numbers
from ranef.page.phrases import count
from ranef.types import Array

__all__ = ["check_answers", "coded_response"]


def coded_response(record: GeneralisedRecord, y: Any) -> GeneralisedResponse:
    """The response as the family takes it, checked as that of the fit was.

    Raises
    ------
    DataError
    """
    own = record._design.generalised
    assert own is not None
    n = own.n
    counts = _is_counts(record)
    values = np.asarray(y)
    if counts and values.ndim == 2 and values.shape == (n, 2):
        return _of_hits_and_misses(own, _finite(values, n))
    if record._index is not None:
        values = np.asarray(in_row_order(y, record._index.delete(record.missing_rows.rows)))
    if values.ndim == 2 and 1 in values.shape:
        values = values.ravel()
    if values.shape != (n,):
        raise _not_of_these_rows(f"shape {values.shape}", n)
    plain = _by_name(own, values) if values.dtype.kind in "OUS" else _finite(values, n)
    if counts:
        assert own.weights is not None
        return _of_hits_and_misses(own, np.column_stack([plain, own.weights - plain]))
    if record._problem.ordered:
        return _of_answers(own, plain)
    trials = own.weights if record._family.WEIGHTS == "trials" else record._weights
    table = Table({own.name: Column(own.name, "number", plain)}, n)
    place = Name(own.name, (0, len(own.name)))
    state = State(own.name, {own.name: "number"})
    made = code_response(place, table, state, record._family, trials)
    return replace(made, levels=own.levels, notes=())


def check_answers(levels: tuple[str, ...], y: Array) -> None:
    """Refuse ordered answers that leave cut points without a meaning.

    Without the first or the last answer one cut point is infinite, which a fit finds out. Without
    an answer between two others nothing keeps its cut points in order, and without several answers
    at one end some cut points bound no row.

    Parameters
    ----------
    levels : tuple of str
        The answers that the model knows.
    y : ndarray, shape (n,)
        Their numbers, from 1.

    Raises
    ------
    DataError
    """
    there = {int(value) for value in np.unique(y)}
    if len(there) == 1:
        raise DataError(
            "the new response is constant",
            found=f"{levels[there.pop() - 1]} in all {count(y.size, 'row')} used",
            fix="give a response of several answers",
        )
    gone = [k for k in range(1, len(levels) + 1) if k not in there]
    if set(gone) <= {1, len(levels)}:
        return
    raise DataError(
        "the new response lacks answers of the model",
        found=f"no row with {', '.join(levels[k - 1] for k in gone)}",
        fix="fit a new model with rn.glmm: it has cut points between the answers that there are",
    )


def _is_counts(record: GeneralisedRecord) -> bool:
    response = record._formula.response
    return isinstance(response, Call) and response.function == "cbind"


def _of_hits_and_misses(own: GeneralisedResponse, values: Array) -> GeneralisedResponse:
    whole = np.abs(values - np.rint(values)).max(axis=1) < 1e-6
    bad = np.flatnonzero(~whole | (values < 0.0).any(axis=1) | (values.sum(axis=1) <= 0.0))
    if bad.size:
        row = int(bad[0])
        raise DataError(
            "the new response is not of successes and failures",
            found=f"{values[row, 0]:g} and {values[row, 1]:g} in row {row} (counted from 0)",
            fix="give whole numbers of hits, none above its trials; or both columns, hits and "
            "misses",
        )
    trials = values.sum(axis=1)
    return replace(own, y=np.rint(values[:, 0]) / trials, weights=trials, notes=())


def _of_answers(own: GeneralisedResponse, values: Array) -> GeneralisedResponse:
    k = len(own.levels)
    texts = [f"{value:g}" for value in values]
    if set(texts) <= set(own.levels):  # answers that are numbers themselves
        return replace(own, y=1.0 + np.array([own.levels.index(text) for text in texts]), notes=())
    bad = np.flatnonzero((values != np.rint(values)) | (values < 1) | (values > k))
    if bad.size:
        raise DataError(
            "the new response is not of the answers of the model",
            found=f"{values[bad[0]]:g} in row {int(bad[0])} (counted from 0)",
            fix=f"give names of answers, or their numbers from 1 to {k}",
        )
    return replace(own, y=values, notes=())


def _by_name(own: GeneralisedResponse, values: NDArray[Any]) -> Array:
    """Numbers of categories: 0 and 1 of two, else from 1."""
    if not own.levels:
        return _finite(values, own.n)
    place = {name: k for k, name in enumerate(own.levels)}
    texts = [str(value) for value in values]
    unknown = next((text for text in texts if text not in place), None)
    if unknown is not None:
        raise DataError(
            "the new response has a category that the model does not know",
            found=unknown,
            fix=f"give {', '.join(own.levels)}",
        )
    first = 0.0 if len(own.levels) == 2 else 1.0
    return np.array([place[text] for text in texts]) + first


def _finite(values: NDArray[Any], n: int) -> Array:
    try:
        made = numbers("y", values)
    except OptionError:
        raise DataError(
            "the new response is not numbers",
            found=f"values of type {values.dtype}",
            fix=f"give {count(n, 'finite number')}",
        ) from None
    if not np.all(np.isfinite(made)):
        raise _not_of_these_rows("values that are not finite", n)
    return made


def _not_of_these_rows(found: str, n: int) -> DataError:
    return DataError(
        "the new response does not fit the rows of the model",
        found=found,
        fix=f"give {count(n, 'finite number')}",
    )
