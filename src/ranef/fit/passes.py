"""Passes over rows that are not in memory: predictions and residuals go to a file."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.errors import OptionError
from ranef.streams import open_source

if TYPE_CHECKING:
    from ranef.fit.facade import Fit

__all__ = ["augment_to", "predict_to"]

ROWS = 500_000
"""Rows of a batch."""


def predict_to(fit: Fit, source: Any, to: Any, predicted: Callable[[Any], Any]) -> Path:
    """Predict the rows of a source and write the predictions to a Parquet file.

    Parameters
    ----------
    fit : Fit
    source : data that ``rn.scan`` takes
    to : str or path
        A file that appears when it is complete.
    predicted : callable
        From a frame of rows to an array, or a frame, of predictions.

    Returns
    -------
    Path

    Raises
    ------
    OptionError
        The file cannot be written.
    """
    rows = open_source(source)
    encoding = fit._design.encoding
    columns = encoding.reads(rows.schema(), random=True)
    names = tuple(name for name in (*columns, *_offset(fit)) if name in rows.schema())
    with _written(to) as put:
        for frame in rows.frames(names, ROWS):
            made = predicted(frame)
            if hasattr(made, "columns"):
                put({str(name): np.asarray(made[name]) for name in made.columns})
            else:
                put({"estimate": np.asarray(made)})
    return Path(os.fspath(to))


def augment_to(fit: Fit, to: Any) -> Path:
    """The rows of a fit with fitted values and residuals, in a Parquet file.

    Parameters
    ----------
    fit : Fit
        Of a source that can be read again.
    to : str or path

    Raises
    ------
    OptionError
        The fit does not know its rows, they can be read only once, or the file cannot be written.
    """
    given = fit._spec.given
    source = None if given is None else given.source
    if source is None or not open_source(source).repeatable:
        raise OptionError(
            "this fit cannot read its rows again",
            found="a fit from moments, from a file, or of a stream that is read once",
            fix="fit.predict(source, to=path) predicts the rows of any source",
        )
    rows = open_source(source)
    plan = fit.moments.plan
    names = tuple(name for name in plan.reads() if name in rows.schema())
    with _written(to) as put:
        for frame in rows.frames(names, ROWS):
            put(_augmented(fit, frame, names))
    return Path(os.fspath(to))


def _offset(fit: Fit) -> tuple[str, ...]:
    return () if fit._data.offset_name is None else (fit._data.offset_name,)


def _augmented(fit: Fit, frame: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """The variables of the complete rows of a batch, with what the model says of them."""
    from ranef.design.evaluate import evaluate
    from ranef.frame import complete_rows
    from ranef.frame.read import read_table

    used, _ = complete_rows(read_table(frame, names), names, {})
    if not used.n_rows:
        return {}
    columns = {
        name: np.array([*column.levels, None], dtype=object)[column.values]
        if column.kind == "factor"
        else np.asarray(column.stored)
        for name, column in used.columns.items()
    }
    y = evaluate(fit._formula.response, used, fit._design.encoding.state)
    fitted = np.asarray(fit.predict(columns))
    fixed = np.asarray(fit.predict(columns, level="population"))
    return {**columns, ".fitted": fitted, ".resid": y - fitted, ".fixed": fixed}


@contextmanager
def _written(to: Any) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Takes columns of batches; the file appears when the block ends without an error."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    target = Path(os.fspath(to))
    waiting = target.with_name(f".{target.name}.part")
    writer: list[Any] = []

    def put(columns: dict[str, Any]) -> None:
        if not columns:
            return
        table = pa.table({name: pa.array(values) for name, values in columns.items()})
        if not writer:
            writer.append(pq.ParquetWriter(waiting, table.schema, compression="zstd"))
        writer[0].write_table(table.cast(writer[0].schema))

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("once")  # a batch at a time would warn again and again
            yield put
        if writer:
            writer[0].close()
            waiting.replace(target)
    except OSError as error:
        raise OptionError(
            "the file cannot be written",
            where=str(target),
            found=error.strerror or str(error),
            fix="give a path in a folder that exists, on a disk with room",
        ) from error
    finally:
        if writer:
            writer[0].close()
        waiting.unlink(missing_ok=True)
