"""Fits of many files, sums in a file and their addition, as a user runs them."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import ranef as rn

from .conftest import COMMAND, Run, installed

FORMULA = "math ~ ses + (1 | `sch.id`)"
PUPILS = rn.datasets.load("hsb")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("many")
    for k in range(3):
        PUPILS.iloc[k::3].to_parquet(path / f"part_{k}.parquet")
    PUPILS.iloc[:100].rename(columns={"ses": "zes"}).to_parquet(path / "other_0.parquet")
    return path


def test_files_are_fitted_summed_and_merged(folder: Path) -> None:
    """The installed command from files to sums, to sums of sums, to a fit."""
    fitted = installed("fit", "part_*.parquet", FORMULA, cwd=folder)
    assert (fitted.status, fitted.err) == (0, "")
    assert "7,185 observations; groups: sch.id 160" in fitted.out
    for k in range(3):
        made = installed(
            "moments", f"part_{k}.parquet", FORMULA, "-o", f"site_{k}.sums.parquet", cwd=folder
        )
        assert (made.status, made.err) == (0, "")
        assert made.out.endswith(f"written to site_{k}.sums.parquet\n")
    merged = installed(
        "merge", *(f"site_{k}.sums.parquet" for k in range(3)), "-o", "all.parquet", cwd=folder
    )
    assert (merged.status, merged.err) == (0, "")
    again = installed("fit", "all.parquet", FORMULA, cwd=folder)
    assert again == fitted
    assert not list(folder.glob(".*"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("fit", "none*.parquet", FORMULA), "there are no such files"),
        (("moments", "none*.parquet", FORMULA, "-o", "x.parquet"), "there are no such files"),
        (("moments", "none.parquet", FORMULA, "-o", "x.parquet"), "no file none.parquet"),
        (("fit", "other*.parquet", FORMULA), "unknown column 'ses'"),
        (("moments", "other*.parquet", FORMULA, "-o", "x.parquet"), "did you mean 'zes'"),
        (("moments", "part*.parquet", FORMULA, "-o", "no/x.parquet"), "cannot be written"),
        (("merge", "part_0.parquet", "-o", "x.parquet"), "holds no moments"),
        (("merge", "none.parquet", "-o", "x.parquet"), "cannot be read"),
        (("structure", "part*.parquet", "--groups", "sch.id"), "summed where they are"),
    ],
)
def test_what_cannot_be_summed_is_said(
    arguments: tuple[str, ...],
    message: str,
    folder: Path,
    ranef: Callable[..., Run],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(folder)
    run = ranef(*arguments)
    assert run.status == 2
    assert run.out == ""
    assert message in " ".join(run.err.split())
    assert not (folder / "x.parquet").exists()
    assert not list(folder.glob(".*"))


def test_sums_of_other_models_are_not_merged(
    folder: Path, ranef: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    ranef("moments", "part_0.parquet", FORMULA, "-o", "one.parquet")
    ranef("moments", "part_1.parquet", "math ~ 1 + (1 | `sch.id`)", "-o", "two.parquet")
    run = ranef("merge", "one.parquet", "two.parquet", "-o", "x.parquet")
    assert run.status == 2
    assert "cannot be added" in run.err
    assert not (folder / "x.parquet").exists()


def test_ctrl_c_leaves_nothing_half_written(tmp_path: Path) -> None:
    """Files whose sums take some seconds; if they were written before, the file is whole."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(0)
    n = 1_500_000
    table = pa.table({"y": rng.normal(size=n), "x": rng.normal(size=n), "g": np.arange(n) // 2})
    pq.write_table(table, tmp_path / "rows_0.parquet", compression="none")
    command = [str(COMMAND), "moments", "rows_*.parquet", "y ~ x + (x | g)", "-o", "out.parquet"]
    run = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    time.sleep(1.5)
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=60)
    # By the signal itself where Python is not yet or no longer there to take it.
    assert run.returncode in (0, 130, -signal.SIGINT)
    left = {path.name for path in tmp_path.iterdir()} - {"rows_0.parquet"}
    assert left == {"out.parquet"} if run.returncode == 0 else left <= {"out.parquet"}
    if left:
        assert rn.load_moments(tmp_path / "out.parquet").n == n


@pytest.mark.parametrize("data", ["part_0.parquet", "part_*.parquet"])
def test_moments_do_not_take_the_place_of_their_rows(folder: Path, data: str) -> None:
    before = (folder / "part_0.parquet").read_bytes()
    made = installed("moments", data, FORMULA, "-o", "part_0.parquet", cwd=folder)
    assert made.status == 2
    assert "would take the place of the data" in made.err
    assert (folder / "part_0.parquet").read_bytes() == before


@pytest.mark.parametrize("name", ["sums", "sums.txt", "sums.csv"])
def test_moments_go_to_a_file_that_is_read_again(folder: Path, name: str) -> None:
    made = installed("moments", "part_0.parquet", FORMULA, "-o", name, cwd=folder)
    assert (made.status, "-o sums.parquet" in made.err) == (2, True)
    assert not (folder / name).exists()


def test_moments_of_moments_are_refused(folder: Path) -> None:
    installed("moments", "part_0.parquet", FORMULA, "-o", "once.parquet", cwd=folder)
    again = installed("moments", "once.parquet", FORMULA, "-o", "twice.parquet", cwd=folder)
    assert (again.status, "holds moments already" in again.err) == (2, True)


def test_a_pattern_without_quotes_is_named(
    folder: Path, ranef: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shell puts the files in place of the pattern."""
    monkeypatch.chdir(folder)
    files = [f"part_{k}.parquet" for k in range(3)]
    for arguments in (
        ("fit", *files, FORMULA),
        ("moments", *files, FORMULA, "-o", "x.parquet"),
        ("fit", *files[:2], FORMULA),
        ("anova", *files, FORMULA, "math ~ 1 + (1 | `sch.id`)"),
        ("diagnose", *files[:2]),
    ):
        run = ranef(*arguments)
        assert run.status == 2
        assert "DATA is one argument, and these are several files" in run.err
        said = " ".join(run.err.split())
        assert 'put a pattern in quotes, so that the shell leaves it as it is: "part_' in said
    assert "unexpected extra argument" in ranef("fit", files[0], FORMULA, "more").err


def test_small_cells_are_said_where_sums_are_written(
    tmp_path: Path, ranef: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sizes = [1, 3, 12, 20, 30]
    groups = [k for k, size in enumerate(sizes) for _ in range(size)]
    lines = [f"{(7 * i) % 13},{(5 * i) % 11},g{g}" for i, g in enumerate(groups)]
    Path("rows.csv").write_text("\n".join(["y,x,g", *lines, ""]))
    run = ranef("moments", "rows.csv", "y ~ x + (1 | g)", "-o", "sums.parquet")
    assert "small cells of g: of 5 2 with fewer than 10 rows, 1 with a single row" in run.out
    assert "understanding/privacy" in run.out
    Path("rows.csv").write_text("\n".join(["y,x,g", *lines[4:], ""]))
    run = ranef("moments", "rows.csv", "y ~ x + (1 | g)", "-o", "sums.parquet")
    assert "of 3 0 with fewer than 10 rows, 0 with a single row" in run.out
    assert "privacy" not in run.out


def test_options_of_text_files_hold_for_a_pattern(
    tmp_path: Path, ranef: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = [f"{(7 * i) % 13 / 10};{(5 * i) % 11};g{i % 6}".replace(".", ",") for i in range(90)]
    for k in range(2):
        Path(f"na_{k}.csv").write_text("\n".join(["y;x;g", *lines[k::2], "-99;1;g1", ""]))
    asked = ("na_?.csv", "y ~ x + (1 | g)", "--na", "-99", "--decimal", ",", "--separator", ";")
    assert "90 observations" in ranef("fit", *asked).out
    assert "90 rows" in ranef("moments", *asked, "-o", "sums.parquet").out
    assert "92 observations" in ranef("fit", *asked[:2]).out


def test_the_same_file_is_not_merged_twice(
    folder: Path, ranef: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    ranef("moments", "part_0.parquet", FORMULA, "-o", "old.parquet")
    run = ranef("merge", "old.parquet", "old.parquet", "-o", "x.parquet")
    assert run.status == 2
    assert "in old.parquet and in old.parquet" in " ".join(run.err.split())
    assert not (folder / "x.parquet").exists()
