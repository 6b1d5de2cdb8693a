"""Text files: the same data however they are written, or a message with the option to give."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ranef.cli.cells import Reading
from ranef.cli.data import read_data
from ranef.errors import DataError, OptionError, RanefError
from ranef.frame import read_table

DATA = pd.DataFrame(
    {
        "y": [1.5, -2.25, 1000.125, 3e-7, 0.5],
        "x": [0.5, 1.25, -1.0, 7.75, 2.0],
        "g": ["Größe", "ü, b", "c", "c", "Größe"],
    }
)


def commas(**options: object) -> Callable[[Path], None]:
    return lambda path: DATA.to_csv(path, index=False, **options)


def text(content: str, encoding: str = "utf-8") -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content.encode(encoding))


PLAIN = DATA.to_csv(index=False)
HEAD, ROWS = PLAIN.split("\n", 1)

SAME: dict[str, tuple[str, Callable[[Path], object]]] = {
    "comma": ("d.csv", commas()),
    "semicolon": ("d.csv", commas(sep=";")),
    "semicolon and decimal comma": ("d.csv", commas(sep=";", decimal=",")),
    "decimal comma in quotes": ("d.csv", commas(decimal=",")),
    "tab": ("d.txt", commas(sep="\t")),
    "tab in a .csv": ("d.csv", commas(sep="\t")),
    "comma in a .tsv": ("d.tsv", commas()),
    "spaces": ("d.txt", commas(sep=" ")),
    "bars": ("d.csv", commas(sep="|")),
    "padded": ("d.csv", text(" y , x, g \n" + ROWS.replace(",", ", ", 2))),
    "mark": ("d.csv", commas(encoding="utf-8-sig")),
    "utf-16": ("d.csv", commas(encoding="utf-16")),
    "utf-16 big": ("d.csv", text("\ufeff" + PLAIN, "utf-16-be")),
    "utf-16 without mark": ("d.csv", text(PLAIN, "utf-16-le")),
    "utf-32": ("d.csv", commas(encoding="utf-32")),
    "gzip": ("d.csv.gz", lambda path: path.write_bytes(gzip.compress(PLAIN.encode()))),
    "gzip by another name": ("d.csv", lambda path: path.write_bytes(gzip.compress(PLAIN.encode()))),
    "carriage returns": ("d.csv", text(PLAIN.replace("\n", "\r\n"))),
    "old Mac": ("d.csv", text(PLAIN.replace("\n", "\r"))),
    "no last line end": ("d.csv", text(PLAIN.rstrip("\n"))),
    "comma after each row": ("d.csv", text(HEAD + "\n" + ROWS.replace("\n", ",\n"))),
    "comma after some rows": ("d.csv", text(PLAIN.replace("c\n", "c,\n"))),
    "two commas after each row": ("d.csv", text(HEAD + "\n" + ROWS.replace("\n", ",,\n"))),
    "blank lines": ("d.csv", text(PLAIN.replace("\n", "\n\n"))),
}


@pytest.mark.parametrize("kind", SAME)
def test_the_same_data(tmp_path: Path, kind: str) -> None:
    name, write = SAME[kind]
    write(tmp_path / name)
    table = read_table(read_data(str(tmp_path / name)))
    assert table.names == ("y", "x", "g")
    np.testing.assert_array_equal(table["y"].values, DATA["y"])
    np.testing.assert_array_equal(table["x"].values, DATA["x"])
    assert [table["g"].levels[code] for code in table["g"].values] == DATA["g"].tolist()


@pytest.mark.parametrize(
    ("content", "reading"),
    [
        (PLAIN.replace(";", "").replace(",", "*"), Reading(separator="*")),
        (PLAIN, Reading(separator="comma")),
        (PLAIN, Reading(decimal=".")),
    ],
)
def test_what_the_options_say(tmp_path: Path, content: str, reading: Reading) -> None:
    (tmp_path / "d.csv").write_text(content.replace('"ü* b"', '"ü, b"'), encoding="utf-8")
    table = read_table(read_data(str(tmp_path / "d.csv"), reading))
    np.testing.assert_array_equal(table["y"].values, DATA["y"])


def test_an_encoding_by_name(tmp_path: Path) -> None:
    for encoding in ("cp1252", "latin-1", "mac-roman"):
        DATA.to_csv(tmp_path / "d.csv", index=False, encoding=encoding)
        with pytest.raises(DataError, match="not encoded in UTF-8") as caught:
            read_data(str(tmp_path / "d.csv"))
        assert "--encoding cp1252" in caught.value.fix
        table = read_table(read_data(str(tmp_path / "d.csv"), Reading(encoding=encoding)))
        assert "Größe" in table["g"].levels


def read(
    tmp_path: Path, content: str, numbers: tuple[str, ...] = ("x",), **options: object
) -> pd.DataFrame:
    (tmp_path / "d.csv").write_text(content, encoding="utf-8")
    frame = read_data(
        str(tmp_path / "d.csv"),
        Reading(numbers=frozenset(numbers), **options),  # type: ignore[arg-type]
    )
    assert isinstance(frame, pd.DataFrame)
    return frame


def numbers_of(frame: pd.DataFrame, name: str = "x") -> list[float]:
    column = read_table(frame, [name])[name]
    assert column.kind == "number"
    return [float(value) for value in column.values]


@pytest.mark.parametrize("cell", ["NaN", "nan", "NA", "", "  ", " NA ", "-NaN"])
def test_cells_that_are_missing_numbers(tmp_path: Path, cell: str) -> None:
    values = numbers_of(read(tmp_path, f"x,g\n1,a\n2.5,b\n{cell},c\n-3,d\n"))
    np.testing.assert_array_equal(values, [1.0, 2.5, np.nan, -3.0])


@pytest.mark.parametrize("cell", ["Inf", "inf", "Infinity", "+Inf"])
def test_infinity_is_a_number(tmp_path: Path, cell: str) -> None:
    assert numbers_of(read(tmp_path, f"x,g\n1,a\n{cell},b\n2,c\n")) == [1.0, np.inf, 2.0]
    assert numbers_of(read(tmp_path, f"x,g\n1,a\n{cell},b\nNaN,c\n"))[1] == np.inf


@pytest.mark.parametrize("cell", [".", "-", "n/a", "null", "None", "?", "1O", "5 kg", "#DIV/0!"])
def test_an_odd_cell_is_named(tmp_path: Path, cell: str) -> None:
    content = f"x,g\n1,a\n2,b\n{cell},c\n4.5,d\nNA,e\n{cell},f\n"
    with pytest.raises(DataError, match="'x' holds numbers but for 2 of 5 cells") as caught:
        read(tmp_path, content)
    assert f"{cell!r} in row 3" in caught.value.found
    assert f"--na {cell!r}" in caught.value.fix
    assert "factor(x)" in caught.value.fix
    values = numbers_of(read(tmp_path, content, missing=(cell,)))
    np.testing.assert_array_equal(values, [1, 2, np.nan, 4.5, np.nan, np.nan])
    assert read_table(read(tmp_path, content, numbers=()))["x"].kind == "factor"


def test_an_odd_cell_among_decimal_commas(tmp_path: Path) -> None:
    content = "x;g\n1,5;a\n2,25;b\nn.d.;c\n4;d\n"
    with pytest.raises(DataError, match="'x' holds numbers but for 1 of 4 cells") as caught:
        read(tmp_path, content)
    assert "'n.d.' in row 3" in caught.value.found
    values = numbers_of(read(tmp_path, content, missing=("n.d.",)))
    np.testing.assert_array_equal(values, [1.5, 2.25, np.nan, 4.0])


def test_codes_of_missing_numbers(tmp_path: Path) -> None:
    frame = read(tmp_path, "x,g\n1,-99\n-99,a\n2,b\n", missing=("-99",))
    np.testing.assert_array_equal(numbers_of(frame), [1.0, np.nan, 2.0])
    assert read_table(frame)["g"].levels == ("a", "b")


def test_text_with_some_numbers_is_text(tmp_path: Path) -> None:
    frame = read(tmp_path, "x,g\nward 1,a\n7,b\n8b,c\nKindergarten,d\n")
    assert read_table(frame)["x"].kind == "factor"


def test_whole_numbers_keep_all_digits(tmp_path: Path) -> None:
    for base in (2**60, 2**63, 2**70):
        frame = read(tmp_path, f"x,id\n1,{base + 1}\n2,\n3,{base}\n4,{base + 1}\n", missing=("-9",))
        column = read_table(frame)["id"]
        assert column.levels == (str(base), str(base + 1))
        assert column.values.tolist() == [1, -1, 0, 1]


def test_thousands_or_decimals_are_asked_for(tmp_path: Path) -> None:
    content = "x;g\n1,234;a\n2,500;b\n12,345;c\n"
    with pytest.raises(DataError, match="cannot tell whether the commas in 'x'") as caught:
        read(tmp_path, content)
    assert "--decimal" in caught.value.fix
    assert numbers_of(read(tmp_path, content, decimal=",")) == [1.234, 2.5, 12.345]
    assert numbers_of(read(tmp_path, content, decimal=".")) == [1234.0, 2500.0, 12345.0]
    both = "x;g\n1.234,5;a\n2.500,25;b\n"
    assert numbers_of(read(tmp_path, both, decimal=",")) == [1234.5, 2500.25]
    # One column decides for the others.
    assert numbers_of(read(tmp_path, "x;z\n1,234;0,5\n2,500;1,25\n")) == [1.234, 2.5]


def test_names_of_rows_as_r_writes_them(tmp_path: Path) -> None:
    for content in ('"x" "g"\n"1" 5 "a"\n"2" 6.5 "b"\n', "x,g\nfirst,5,a\nsecond,6.5,b\n"):
        frame = read(tmp_path, content)
        assert list(frame.columns) == ["row.names", "x", "g"]
        assert numbers_of(frame) == [5.0, 6.5]


@pytest.mark.parametrize(
    "content",
    [
        "x,g\n1,5,a\n1,7,b\n",  # a decimal comma between commas, or a name that was forgotten
        "x,g\n1,a\n2,b,c\n",
        "x,g\n1,a\n2,b,c,d\n",
        "x,g\n1,a,b,c\n2,b\n",
    ],
)
def test_rows_longer_than_the_heads(tmp_path: Path, content: str) -> None:
    with pytest.raises(DataError, match="more cells than the first line has names") as caught:
        read(tmp_path, content)
    assert "--separator" in caught.value.fix


def test_a_quotation_mark_that_is_not_closed(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="quotation mark is not closed"):
        read(tmp_path, 'x,g\n1,"a\n2,b\n')


def test_separators_that_are_not_certain(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot tell what separates") as caught:
        read(tmp_path, "x;g|h\n1;a|b\n2;b|c\n")
    assert "--separator semicolon" in caught.value.fix
    with pytest.raises(DataError, match="cannot tell what separates"):
        read(tmp_path, "x;g\n1;a\n2;b;c;d\n")
    assert list(read(tmp_path, "x\n1\n2\n").columns) == ["x"]
    assert list(read(tmp_path, "reading score\n1\n2\n").columns) == ["reading score"]


def test_a_name_twice_is_refused_where_it_is_used(ranef, tmp_path: Path) -> None:
    rows = "\n".join(f"{i % 7},{i % 3},{i % 2},{i % 5}" for i in range(40))
    (tmp_path / "d.csv").write_text(f"y,x, x,g\n{rows}\n")
    run = ranef("fit", str(tmp_path / "d.csv"), "y ~ x + (1 | g)")
    assert run.status == 2
    assert "several columns share the name 'x'" in run.err
    assert ranef("fit", str(tmp_path / "d.csv"), "y ~ 1 + (1 | g)").status == 0
    assert ranef("structure", str(tmp_path / "d.csv"), "--groups", "g").status == 0


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"PK\x03\x04workbook", "Excel"),
        (b"PAR1" + b"\0" * 40, "Parquet"),
        (b"x,g\n1,\0\0a\n", "zero bytes"),
    ],
)
def test_files_that_are_not_text(tmp_path: Path, content: bytes, what: str) -> None:
    (tmp_path / "d.csv").write_bytes(content)
    with pytest.raises(DataError, match="is not a text file") as caught:
        read_data(str(tmp_path / "d.csv"))
    assert what in caught.value.found


@pytest.mark.parametrize(
    "options", [{"separator": "ab"}, {"separator": ""}, {"encoding": "utf-9"}, {"decimal": "x"}]
)
def test_options_without_meaning(tmp_path: Path, options: dict[str, str]) -> None:
    with pytest.raises(OptionError) as caught:
        read(tmp_path, "x,g\n1,a\n", **options)
    assert caught.value.fix


def test_other_files_take_no_such_option(ranef, tmp_path: Path) -> None:
    DATA.to_parquet(tmp_path / "d.parquet")
    for data in (str(tmp_path / "d.parquet"), "dataset:hsb"):
        run = ranef("structure", data, "--groups", "g", "--na", "-99")
        assert run.status == 2
        assert "--na says how a text file is read" in run.err
    assert ranef("structure", str(tmp_path / "d.parquet"), "--groups", "g").status == 0


def test_a_name_that_no_file_can_have() -> None:
    for name in ("q" * 5000 + ".csv", "a\0b.csv"):
        with pytest.raises(RanefError, match="no file") as caught:
            read_data(name)
        assert len(str(caught.value)) < 1000


COMMANDS = {
    "fit": ("y ~ x + (1 | g)",),
    "diagnose": ("y ~ x + (1 | g)",),
    "compare": ("y ~ x + (1 | g)", "y ~ x + I(x^2) + (1 | g)"),
    "structure": ("--groups", "g"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_takes_the_options(ranef, tmp_path: Path, command: str) -> None:
    rng = np.random.default_rng(1)
    g = np.repeat(np.arange(12), 6)
    data = pd.DataFrame({"y": rng.normal(size=12)[g] + rng.normal(size=72), "x": g % 5 + 0.5})
    data["g"] = [f"Größe {i}" for i in g]
    data.to_csv(tmp_path / "plain.csv", index=False)
    data["x"] = data["x"].astype(object)
    data.loc[80] = [1.0, "n.d.", "Größe 1"]
    data.to_csv(tmp_path / "odd.csv", index=False, sep="*", encoding="latin-1", decimal=",")
    options = ("--separator", "*", "--encoding", "latin-1", "--decimal", ",", "--na", "n.d.")
    arguments = COMMANDS[command]
    plain = ranef(command, str(tmp_path / "plain.csv"), *arguments)
    run = ranef(command, str(tmp_path / "odd.csv"), *arguments, *options)
    assert run.status == plain.status == 0, run.err
    if command == "compare":
        assert run.out == plain.out
    if command != "structure":
        run = ranef(command, str(tmp_path / "odd.csv"), *arguments, *options[:-2])
        assert run.status == 2
        assert "'n.d.' in row 73" in run.err


def test_a_category_of_numbers_is_asked_for(ranef, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    grade = np.array(["K", "1", "2", "3"])[np.arange(80) % 4]
    data = pd.DataFrame({"y": rng.normal(size=80), "grade": grade, "g": np.arange(80) // 8})
    data.to_csv(tmp_path / "d.csv", index=False)
    run = ranef("fit", str(tmp_path / "d.csv"), "y ~ grade + (1 | g)")
    assert run.status == 2
    assert "factor(grade)" in run.err
    assert ranef("fit", str(tmp_path / "d.csv"), "y ~ factor(grade) + (1 | g)").status == 0
    assert ranef("fit", str(tmp_path / "d.csv"), "y ~ 1 + (1 | grade)").status == 0
