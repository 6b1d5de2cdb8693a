"""CSV files that are summed where they are follow the rules of text files in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.streams.agreement import agrees

import ranef as rn
from ranef.cli.cells import Reading
from ranef.cli.data import read_data

pytest.importorskip("duckdb")

FORMULA = "y ~ x + (1 | g)"


def lines(n: int = 60) -> list[str]:
    rng = np.random.default_rng(4)
    g = rng.integers(6, size=n)
    x = rng.normal(size=n)
    y = 1.0 + x + rng.normal(size=6)[g] + 0.3 * rng.normal(size=n)
    return [f"{a:.3f},{b:.2f},g{k}" for a, b, k in zip(y, x, g, strict=True)]


def written(folder: Path, rows: list[str], head: str = "y,x,g", encoding: str = "utf-8") -> Path:
    """Two files with half of the rows each, and a third with all of them."""
    half = len(rows) // 2
    for name, own in (("p1", rows[:half]), ("p2", rows[half:]), ("all", rows)):
        (folder / f"{name}.csv").write_text("\n".join([head, *own, ""]), encoding=encoding)
    return folder


def compared(folder: Path, reading: Reading, formula: str = FORMULA) -> rn.Fit:
    """The fit of a pattern, which is that of the same rows in memory."""
    fit = rn.lmm(formula, read_data(f"{folder}/p?.csv", reading))
    agrees(fit, rn.lmm(formula, read_data(f"{folder}/all.csv", reading)))
    return fit


@pytest.mark.parametrize(
    ("change", "reading", "left"),
    [
        (lambda rows: rows, Reading(), 60),
        (lambda rows: [*rows, "NA,1,g1", "1, NA ,g2", "1,,g2", "1,2,NA"], Reading(), 60),
        (lambda rows: [*rows, "-99,1,g1", "-99.0,1,g1"], Reading(missing=("-99",)), 60),
        (lambda rows: [*rows, "1,.,g1", "1,2,."], Reading(missing=(".",)), 60),
        (lambda rows: [row.replace(",", ";") for row in rows], Reading(separator="semicolon"), 60),
        (lambda rows: [row.replace(",", ";").replace(".", ",") for row in rows], Reading(), 60),
        (
            lambda rows: [
                *(row.replace(",", ";").replace(".", ",") for row in rows),
                "1.234,5;1;g1",
            ],
            Reading(separator=";", decimal=","),
            61,
        ),
    ],
)
def test_a_pattern_is_read_as_one_file_is(
    change: object, reading: Reading, left: int, tmp_path: Path
) -> None:
    rows = change(lines())  # type: ignore[operator]
    head = "y;x;g" if ";" in rows[0] else "y,x,g"
    assert compared(written(tmp_path, rows, head), reading).nobs == left


def test_a_wish_changes_what_is_missing(tmp_path: Path) -> None:
    folder = written(tmp_path, [*lines(), "-99,1,g1"])
    assert rn.lmm(FORMULA, f"{folder}/p?.csv").nobs == 61
    assert rn.lmm(FORMULA, read_data(f"{folder}/p?.csv", Reading(missing=("-99",)))).nobs == 60


def test_decimals_after_many_whole_numbers_are_not_rounded(tmp_path: Path) -> None:
    first = [f"{k % 7},{k % 3},g{k % 5}" for k in range(25_000)]
    folder = written(tmp_path, [*first, "1.5,2.25,g1", "2.5,0.25,g2"])
    there = rn.scan(f"{folder}/all.csv")
    kinds = {name: kind.text for name, kind in there.source.schema().items()}
    assert kinds == {"y": "DOUBLE", "x": "DOUBLE", "g": "VARCHAR"}
    compared(folder, Reading())


def test_whole_numbers_keep_their_digits(tmp_path: Path) -> None:
    big = 2**53
    rows = [f"{k % 7 + 0.5},{k % 3},{big + k % 4}" for k in range(80)]
    assert rn.lmm(FORMULA, str(written(tmp_path, rows) / "p?.csv")).ngroups == {"g": 4}


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_encodings(encoding: str, tmp_path: Path) -> None:
    rows = [row.replace("g1", "Zoë") for row in lines()]
    folder = written(tmp_path, rows, encoding=encoding)
    fit = rn.lmm(FORMULA, read_data(f"{folder}/p?.csv", Reading(encoding=encoding)))
    assert "Zoë" in str(fit.ranef())


@pytest.mark.parametrize(
    ("reading", "message"),
    [
        (Reading(encoding="cp1252"), "does not read files in the encoding 'cp1252'"),
        (Reading(encoding="nosuch"), "does not read files in the encoding 'nosuch'"),
        (Reading(decimal="x"), "the decimal sign is a point or a comma"),
        (Reading(separator="ab"), "a separator is one character"),
    ],
)
def test_wishes_that_cannot_be_met_are_refused(
    reading: Reading, message: str, tmp_path: Path
) -> None:
    with pytest.raises(rn.OptionError, match=message) as error:
        read_data(f"{written(tmp_path, lines())}/p?.csv", reading)
    assert error.value.fix


@pytest.mark.parametrize(
    ("other", "message", "found"),
    [
        ("y,x,g\n1,2,a\n1,2\n1,2,3,4\n", "as many cells as the first line", "'y,x,g'"),
        ("y,g\n1,a\n", "do not have the same columns", "no column 'x' in "),
    ],
)
def test_lines_and_files_of_other_widths_are_refused(
    other: str, message: str, found: str, tmp_path: Path
) -> None:
    if "x" in other.partition("\n")[0]:
        other = other[:6] + "\n".join(lines()) + "\n" + other[6:]
        paths = [tmp_path / "other.csv"]
    else:
        paths = [written(tmp_path, lines()) / "all.csv", tmp_path / "other.csv"]
    (tmp_path / "other.csv").write_text(other)
    with pytest.raises(rn.DataError, match=message) as error:
        rn.lmm(FORMULA, paths)
    assert found in error.value.found
    assert error.value.fix


def test_wishes_about_files_that_are_not_text_are_refused(tmp_path: Path) -> None:
    rn.datasets.load("sleepstudy").to_parquet(tmp_path / "a.parquet")
    with pytest.raises(rn.OptionError, match="--na says how a text file is read"):
        read_data(f"{tmp_path}/*.parquet", Reading(missing=("-99",)))
