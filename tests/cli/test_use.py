"""Help, wrong use, defects: what is said, where, and with which status."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import ranef as rn
from ranef.present.progress import progress

from .conftest import COMMAND, installed

COMMANDS = ("demo", "fit", "diagnose", "compare", "anova", "structure")


def test_help_names_every_command(ranef) -> None:
    for arguments in ((), ("--help",), ("-h",)):
        run = ranef(*arguments)
        assert (run.status, run.err) == (0, "")
        assert run.out.startswith("Usage: ranef [OPTIONS] COMMAND")
        for name in COMMANDS:
            assert f"\n  {name} " in run.out
    assert "Exit status: 0 fitted and certified" in run.out


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_each_command(ranef, name: str) -> None:
    run = ranef(name, "--help")
    assert (run.status, run.err) == (0, "")
    assert run.out.startswith(f"Usage: ranef {name} ")


def test_version(ranef) -> None:
    assert ranef("--version") == (0, f"ranef {rn.__version__}\n", "")


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (("fit",), ["missing argument 'DATA'", "  fix    ranef fit --help shows the use"]),
        (("fit", "dataset:hsb"), ["missing argument 'FORMULA'"]),
        (("compare", "dataset:hsb"), ["missing argument 'FORMULA...'"]),
        (("structure", "dataset:hsb"), ["missing option '--groups'"]),
        (("fit", "--groups", "a", "b", "c"), ["no such option: --groups"]),
        (("xyz",), ["no such command 'xyz'", "  fix    ranef --help shows the use"]),
        (("strucure",), ["no such command 'strucure'"]),
        (("compare", "--format", "docx", "a", "b"), ["unknown --format 'docx'"]),
    ],
)
def test_wrong_use(ranef, arguments: tuple[str, ...], lines: list[str]) -> None:
    run = ranef(*arguments)
    assert (run.status, run.out) == (2, "")
    for line, expected in zip(run.err.splitlines(), lines, strict=False):
        assert line.startswith(expected)
    assert "Traceback" not in run.err


def test_errors_of_the_model_point_at_the_place(ranef) -> None:
    run = ranef("fit", "dataset:hsb", "math ~ ses + (sess | sch.id)")
    assert (run.status, run.out) == (2, "")
    assert run.err.splitlines() == [
        "unknown column 'sess' in the random part",
        "  where  math ~ ses + (sess | sch.id)",
        "                       ^^^^",
        "  found  columns sch.id, math, size, sector, meanses, minority, female, ses",
        "  fix    did you mean 'ses'?",
    ]


def test_a_defect_is_one_calm_line(ranef, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division by zero\nmore of it")

    monkeypatch.setattr(rn, "lmm", broken)
    call = ("fit", "dataset:sleepstudy", "Reaction ~ 1 + (1 | Subject)")
    run = ranef(*call)
    assert (run.status, run.out) == (1, "")
    assert run.err == (
        "a bug in ranef, not of your data (ZeroDivisionError: division by zero); "
        "--traceback shows where it happened\n"
    )
    for arguments in ((*call, "--traceback"), ("--traceback", *call)):
        run = ranef(*arguments)
        assert run.status == 1
        assert run.err.startswith("Traceback")
        assert "in broken" in run.err
    monkeypatch.setenv("RANEF_TRACEBACK", "1")
    assert ranef(*call).err.startswith("Traceback")


def test_interruption(ranef, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(rn, "lmm", interrupted)
    run = ranef("fit", "dataset:sleepstudy", "Reaction ~ 1 + (1 | Subject)")
    assert run == (130, "", "")


def test_the_installed_command(tmp_path: Path) -> None:
    run = installed("structure", "dataset:hsb", "--groups", "sch.id", cwd=tmp_path)
    described = rn.structure(rn.datasets.load("hsb"), groups=["sch.id"])
    assert run == (0, f"{described}\n", "")
    run = installed("fit", "nowhere.csv", "y ~ 1 + (1 | g)", cwd=tmp_path)
    assert (run.status, run.out) == (2, "")
    assert run.err.splitlines()[0] == "no file nowhere.csv"


def test_structure_json(ranef) -> None:
    run = ranef("structure", "dataset:pastes", "--groups", "sample,batch", "--json")
    record = json.loads(run.out)
    assert run.status == 0
    assert list(record) == [
        "n_rows",
        "groups",
        "variables",
        "components",
        "relations",
        "findings",
    ]
    assert record["n_rows"] == 60
    assert [row["n_groups"] for row in record["groups"]] == [30, 10]
    assert record["relations"][0]["relation"] == "nested"
    cask = next(row for row in record["variables"] if row["variable"] == "cask")
    assert (cask["kind"], cask["level"], cask["icc"]) == ("factor", "sample", None)
    twice = ranef(
        "structure", "dataset:pastes", "--groups", "sample", "--groups", "batch", "--json"
    )
    assert json.loads(twice.out) == record


class Terminal(io.StringIO):
    """Standard error that is a terminal."""

    def isatty(self) -> bool:
        return True


def test_progress_shows_on_a_terminal_only_and_only_when_it_takes_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("ranef.present.progress.DELAY", 0.01)
    shown = {}
    for kind in (Terminal, io.StringIO):
        monkeypatch.setattr(sys, "stderr", kind())
        with progress("fitting a model"):
            time.sleep(0.3)
        shown[kind] = sys.stderr.getvalue()
    monkeypatch.setattr("ranef.present.progress.DELAY", 60.0)
    monkeypatch.setattr(sys, "stderr", Terminal())
    with progress("fitting a model"):
        pass
    assert "fitting a model" in shown[Terminal]
    assert shown[io.StringIO] == sys.stderr.getvalue() == ""


def test_a_reader_that_stops_early_is_no_error(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    command = [str(COMMAND), "structure", "dataset:hsb", "--groups", "sch.id"]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, cwd=tmp_path, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")
