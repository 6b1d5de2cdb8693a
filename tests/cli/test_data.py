"""Every kind of file gives the same fit; what cannot be read says why."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

import ranef as rn
from ranef.cli.data import read_data
from ranef.errors import DataError, OptionError
from ranef.frame import read_table


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data")
    frame = rn.datasets.load("pastes")
    frame.to_csv(path / "pastes.csv", index=False)
    frame.to_csv(path / "pastes.csv.gz", index=False)
    frame.to_csv(path / "PASTES.TSV", index=False, sep="\t")
    frame.to_parquet(path / "pastes.parquet")
    frame.to_feather(path / "pastes.feather")
    table = pa.Table.from_pandas(frame)
    with (
        pa.OSFile(str(path / "pastes.arrow"), "wb") as file,
        pa.ipc.new_stream(file, table.schema) as stream,
    ):
        stream.write_table(table)
    return path


@pytest.mark.parametrize(
    "name",
    [
        "pastes.csv",
        "pastes.csv.gz",
        "PASTES.TSV",
        "pastes.parquet",
        "pastes.feather",
        "pastes.arrow",
    ],
)
def test_files_hold_the_same_columns(folder: Path, name: str) -> None:
    given = read_table(rn.datasets.load("pastes"))
    read = read_table(read_data(str(folder / name)))
    assert read.names == given.names
    for column in given.names:
        assert read[column].kind == given[column].kind
        assert read[column].levels == given[column].levels
        assert read[column].values.tolist() == given[column].values.tolist()


def test_a_file_fits_like_its_data_set(ranef, folder: Path) -> None:
    formula = "strength ~ 1 + (1 | batch/cask)"
    run = ranef("fit", str(folder / "pastes.parquet"), formula)
    assert run == ranef("fit", "dataset:Pastes", formula)
    assert run.status == 0


def test_only_empty_fields_and_na_are_missing(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("g,x\nNone,1\nnull,\nNaN,NA\nNA,4\n,5\nnan,6\n")
    frame = read_data(str(tmp_path / "d.csv"))
    assert frame["g"].isna().tolist() == [False, False, False, True, True, False]
    assert frame["g"].dropna().tolist() == ["None", "null", "NaN", "nan"]
    assert frame["x"].tolist()[0] == 1.0
    assert frame["x"].isna().tolist() == [False, True, True, False, False, False]


def test_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_bytes(b"\xef\xbb\xbfsch.id,x\n1,2\n")
    assert list(read_data(str(tmp_path / "d.csv")).columns) == ["sch.id", "x"]


def test_bundled_data_sets_by_name() -> None:
    pd.testing.assert_frame_equal(read_data("dataset:HSB"), rn.datasets.load("hsb"))


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("d.parquet", b"no parquet", "cannot read d.parquet as Parquet"),
        ("d.arrow", b"no arrow", "cannot read d.arrow as Arrow"),
        ("d.csv", b"", "cannot read d.csv as CSV"),
        ("d.csv", "a\né\n".encode("latin-1"), "d.csv is not encoded in UTF-8"),
        ("d.csv.gz", b"not compressed", "cannot read d.csv.gz as CSV"),
        ("d.tsv", b"a\tb\n", "d.tsv has no rows"),
    ],
)
def test_broken_files(tmp_path: Path, name: str, content: bytes, what: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_data(str(tmp_path / name))
    assert caught.value.what == what
    assert caught.value.found


def test_damaged_gzip(tmp_path: Path) -> None:
    whole = gzip.compress(b"a,b\n" + b"1,2\n" * 50)
    for damaged in (whole[:-12], whole[:14] + b"\xff\xff\xff" + whole[17:]):
        (tmp_path / "d.csv.gz").write_bytes(damaged)
        with pytest.raises(DataError, match=r"cannot read d.csv.gz"):
            read_data(str(tmp_path / "d.csv.gz"))


def test_no_such_file(folder: Path) -> None:
    with pytest.raises(DataError, match="no file") as caught:
        read_data(str(folder / "paste.csv"))
    assert caught.value.fix == "did you mean 'pastes.csv'?"
    with pytest.raises(DataError) as caught:
        read_data("hsb")
    assert caught.value.fix == "the bundled data set is dataset:hsb"


def test_unknown_kinds(tmp_path: Path) -> None:
    (tmp_path / "d.xlsx").write_bytes(b"")
    with pytest.raises(OptionError, match="what kind of file") as caught:
        read_data(str(tmp_path / "d.xlsx"))
    assert ".parquet" in caught.value.fix
    with pytest.raises(DataError, match="is a folder"):
        read_data(str(tmp_path))
    with pytest.raises(OptionError, match="unknown data set"):
        read_data("dataset:hsv")
