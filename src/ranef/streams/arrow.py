"""Arrow data sets, readers and streams, lazy Polars frames, and frames that come one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ranef.errors import DataError
from ranef.frame.open import open_frame
from ranef.frame.read import read_open_frame
from ranef.streams.batches import Batches
from ranef.streams.failures import reading
from ranef.streams.schema import ColumnType, Schema

__all__ = ["from_dataset", "from_frames", "from_lazy_polars", "from_reader", "types_of_frame"]

_DATASET, _READER, _LAZY = "an Arrow data set", "an Arrow stream", "a lazy Polars frame"

_READ = 250_000
"""Rows that are read at once."""


def from_dataset(dataset: Any) -> Batches:
    """A ``pyarrow.dataset.Dataset``, which can be read again."""

    def batches(columns: Sequence[str], rows: int) -> Iterator[Any]:
        with reading(_DATASET):
            yield from _together(_pieces(dataset, list(columns), min(rows, _READ)), rows)

    return Batches(_DATASET, batches, _types(dataset.schema))


def _pieces(dataset: Any, columns: list[str], rows: int) -> Iterator[Any]:
    """Record batches, Parquet files by row groups: a scan would read ahead up to 1 GiB."""
    import pyarrow.dataset as ds

    if isinstance(dataset, ds.FileSystemDataset) and isinstance(
        dataset.format, ds.ParquetFileFormat
    ):
        try:
            files = list(dataset.get_fragments())
        except ValueError:  # a filter, which only a scan applies
            files = None
        if files is not None:
            options = ds.ParquetFragmentScanOptions(pre_buffer=False)
            for file in files:
                for group in file.split_by_row_group(schema=dataset.schema):
                    yield from group.to_table(
                        schema=dataset.schema, columns=columns, fragment_scan_options=options
                    ).to_batches(max_chunksize=rows)
            return
    yield from dataset.to_batches(
        columns=columns, batch_size=rows, batch_readahead=1, fragment_readahead=1
    )


def _together(batches: Iterable[Any], rows: int) -> Iterator[Any]:
    """Small batches joined to about `rows` rows: each batch costs a lookup of all levels."""
    import pyarrow as pa

    waiting: list[Any] = []
    for batch in batches:
        waiting.append(batch)
        if sum(each.num_rows for each in waiting) >= rows:
            yield pa.Table.from_batches(waiting)
            waiting = []
    if waiting:
        yield pa.Table.from_batches(waiting)


def from_reader(reader: Any) -> Batches:
    """A ``RecordBatchReader`` or another Arrow stream, which is read once."""
    import pyarrow as pa

    if not isinstance(reader, pa.RecordBatchReader):
        reader = pa.RecordBatchReader.from_stream(reader)

    def batches(columns: Sequence[str], rows: int) -> Iterator[Any]:
        with reading(_READER):
            yield from _together((batch.select(list(columns)) for batch in reader), rows)

    return Batches(_READER, batches, _types(reader.schema), repeatable=False)


def from_lazy_polars(frame: Any) -> Batches:
    """A Polars ``LazyFrame``: its streaming engine gives batches."""

    def batches(columns: Sequence[str], rows: int) -> Iterator[Any]:
        with reading(_LAZY):
            yield from frame.select(list(columns)).collect_batches(chunk_size=rows)

    return Batches(_LAZY, batches, types_of_frame(frame.head(0).collect()))


def from_frames(frames: Iterable[Any]) -> Batches:
    """Frames of any kind, one after the other; a list can be read again, a generator once."""
    again = isinstance(frames, Sequence)
    first, rest = _first(frames)

    def batches(columns: Sequence[str], rows: int) -> Iterator[Any]:
        if again:
            yield from frames
        else:
            yield first
            yield from rest

    return Batches("frames one by one", batches, types_of_frame(first), repeatable=again)


def _first(frames: Iterable[Any]) -> tuple[Any, Iterator[Any]]:
    rest = iter(frames)
    try:
        return next(rest), rest
    except StopIteration:
        raise DataError(
            "there are no frames", found="an empty sequence", fix="give at least one data frame"
        ) from None


def _types(schema: Any) -> dict[str, ColumnType]:
    return {field.name: _type(field.type) for field in schema}


def _type(kind: Any) -> ColumnType:
    import pyarrow as pa

    t, text = pa.types, str(kind)
    if t.is_floating(kind):
        return ColumnType("number", text, floating=True)
    if t.is_integer(kind) or t.is_boolean(kind) or t.is_decimal(kind):
        return ColumnType("number", text)
    if t.is_nested(kind):
        return ColumnType("other", text)
    return ColumnType("factor", text, instants=t.is_temporal(kind))


def types_of_frame(frame: Any) -> Schema:
    """The kinds of the columns of a frame; of one without rows too."""
    opened = open_frame(frame)
    if opened.library == "pandas" or opened.library == "mapping":
        read = read_open_frame(opened)
        return {
            name: ColumnType(
                column.kind,
                column.source_type,
                floating=column.kind == "number",
                instants=column.names_groups_only,
            )
            for name, column in read.columns.items()
        }
    import pyarrow as pa

    table = frame if isinstance(frame, pa.Table | pa.RecordBatch) else pa.table(frame)
    return _types(table.schema)
