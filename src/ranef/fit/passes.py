"""Passes over rows that are not in memory: predictions and residuals go to a file."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ranef.errors import OptionError
from ranef.formula.naming import refuse_taken
from ranef.frame import Table
from ranef.options import shown
from ranef.present.whole_file import path_of, write_whole
from ranef.streams import open_source
from ranef.streams.arrow import from_frames
from ranef.types import Array

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from ranef.fit.record import FitRecord
    from ranef.streams.source import Source

__all__ = ["augment_to", "complete_batches", "predict_to", "source_of", "write_frame"]

ROWS = 500_000
"""Rows of a batch."""

_FIX = 'name a file that ends in .parquet or .csv: to="rows.parquet"'


def source_of(data: Any) -> Source:
    """Rows for a pass: a frame in memory is one batch."""
    from ranef.streams import is_streamed
    from ranef.streams.open import KINDS

    if is_streamed(data) or any(kind.is_it(data) for kind in KINDS):
        return open_source(data)
    return from_frames([data])


def predict_to(fit: FitRecord, rows: Source, to: Any, predicted: Callable[[Any], Any]) -> Path:
    """Predict the rows of a source, a batch at a time, and write the predictions to a file.

    Parameters
    ----------
    fit : FitRecord
    rows : Source
    to : str or path
        ``.parquet`` or ``.csv``. A file of this name is replaced; it is never half-written.
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
    target = _target(to)
    known = rows.schema()
    columns = fit._design.encoding.reads(known, random=True)
    names = tuple(name for name in (*columns, *_offset(fit)) if name in known)

    def batches() -> Iterator[Mapping[str, Any]]:
        for frame in rows.frames(names, ROWS):
            made = predicted(frame)
            if hasattr(made, "columns"):
                yield {str(name): np.asarray(made[name]) for name in made.columns}
            else:
                yield {"estimate": np.asarray(made)}

    return _write(target, batches())


def augment_to(fit: FitRecord, rows: Source, to: Any) -> Path:
    """The complete rows of a source with fitted values and residuals, in a file.

    Parameters
    ----------
    fit : FitRecord
    rows : Source
        Those of the fit.
    to : str or path
        As in :func:`predict_to`.

    Raises
    ------
    DataError
        A variable has the name of a column that is added.
    OptionError
        The file cannot be written.
    """
    target = _target(to)
    refuse_taken(
        (*fit._formula.variables(), *_offset(fit)),
        (".row", ".fitted", ".resid", ".fixed"),
        "fit.augment()",
    )
    return _write(target, (_augmented(fit, *batch) for batch in complete_batches(fit, rows)))


def complete_batches(fit: FitRecord, rows: Source) -> Iterator[tuple[Table, NDArray[np.int64]]]:
    """The variables of the model in the complete rows of a source, a batch at a time.

    With each batch come the positions of its rows among all rows of the source, from 0.

    Raises
    ------
    DataError
        At the end: the rows are others than those of the fit.
    """
    from ranef.fit.same_rows import Seen
    from ranef.frame import take_rows
    from ranef.frame.missing import missing_in
    from ranef.frame.read import read_table

    known, elsewhere = rows.schema(), fit._elsewhere
    summed = () if elsewhere is None else elsewhere.moments.plan.reads()
    seen = None if elsewhere is None else Seen(elsewhere.moments)
    names = tuple(n for n in dict.fromkeys((*_variables(fit), *summed)) if n in known)
    before = 0
    for frame in rows.frames(names, ROWS):
        table = read_table(frame, names)
        complete = np.ones(table.n_rows, dtype=np.bool_)
        for name in names:
            complete &= ~missing_in(table[name])
        if complete.any():
            used = table if complete.all() else take_rows(table, complete)
            if seen is not None:
                seen.add(used)
            yield used, before + np.flatnonzero(complete)
        before += table.n_rows
    if seen is not None:
        seen.check()


def write_frame(frame: pd.DataFrame, to: Any) -> Path:
    """Write a frame that is in memory, as the passes write theirs."""
    return _write(_target(to), iter([{str(name): frame[name] for name in frame.columns}]))


def _offset(fit: FitRecord) -> tuple[str, ...]:
    return () if fit._data.offset_name is None else (fit._data.offset_name,)


def _variables(fit: FitRecord) -> tuple[str, ...]:
    """Those of the model, as in ``fit.model_frame()``."""
    elsewhere = fit._data.elsewhere
    weights = () if elsewhere is None or elsewhere.weights is None else (elsewhere.weights,)
    return tuple(dict.fromkeys((*fit._formula.variables(), *weights, *_offset(fit))))


def _augmented(fit: Any, used: Table, places: NDArray[np.int64]) -> dict[str, Any]:
    """The places and variables of rows, with what the model says of them."""
    from ranef.design.evaluate import evaluate

    columns = {name: _values(used, name) for name in _variables(fit)}
    y: Array = np.asarray(evaluate(fit._formula.response, used, fit._design.encoding.state))
    fitted = np.asarray(fit.predict(columns))
    fixed = np.asarray(fit.predict(columns, level="population"))
    return {".row": places, **columns, ".fitted": fitted, ".resid": y - fitted, ".fixed": fixed}


def _values(table: Table, name: str) -> Any:
    column = table[name]
    if column.kind == "factor":
        return np.array([*column.levels, None], dtype=object)[column.values]
    return np.asarray(column.stored)


def _target(to: Any) -> Path:
    target = path_of(to, _FIX)
    if target.suffix.lower() not in (".parquet", ".csv"):
        raise OptionError("to names a Parquet or CSV file", found=f"to={shown(to)}", fix=_FIX)
    return target


def _write(target: Path, batches: Iterator[Mapping[str, Any]]) -> Path:
    """Write batches of columns; the file appears when all are there."""
    import pyarrow as pa

    def write(file: BinaryIO) -> None:
        writer = None
        with warnings.catch_warnings():
            warnings.simplefilter("once")  # a batch at a time would warn again and again
            try:
                for batch in batches:
                    table = pa.table({name: pa.array(values) for name, values in batch.items()})
                    if writer is None:
                        writer = _writer(target, file, table.schema)
                    writer.write_table(table.cast(writer.schema))
            except BaseException:
                if writer is not None:
                    writer.close()  # while the file is open
                raise
        if writer is None:
            raise OptionError(
                "there are no rows to write",
                where=str(target),
                found="a source without complete rows",
                fix="check for missing values in the variables of the model",
            )
        writer.close()

    write_whole(target, write)
    return target


def _writer(target: Path, file: BinaryIO, schema: pa.Schema) -> Any:
    if target.suffix.lower() == ".csv":
        import pyarrow.csv as pc

        return _Csv(pc.CSVWriter(file, schema), schema)
    import pyarrow.parquet as pq

    return pq.ParquetWriter(file, schema, compression="zstd")


class _Csv:
    """A writer of CSV with the members of that of Parquet."""

    def __init__(self, writer: Any, schema: pa.Schema) -> None:
        self.schema = schema
        self.write_table, self.close = writer.write_table, writer.close
