"""A stranger with a CSV: the five commands of the page, run as they are written."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ranef as rn

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "start" / "five-commands.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
    return str(blocks[0]).splitlines()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The stranger's own folder, with the file that the page speaks of."""
    rng = np.random.default_rng(8)
    school = np.repeat([f"S{k:02}" for k in range(24)], 15)
    ses = rng.normal(size=len(school))
    kind = np.repeat(rng.choice(["private", "public"], 24), 15)
    score = 50 + 2 * ses + 3 * (kind == "public") + np.repeat(rng.normal(scale=2, size=24), 15)
    data = pd.DataFrame({"score": score, "ses": ses, "type": kind, "school": school})
    data["score"] += rng.normal(scale=5, size=len(data))
    data.to_csv(tmp_path / "pupils.csv", index=False)
    return tmp_path


def run(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    program, *arguments = shlex.split(line)
    assert program == "ranef"
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from ranef.cli import main; sys.exit(main())",
            *arguments,
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "MPLBACKEND": "agg", "NO_COLOR": "1"},
    )


def test_five_commands_lead_to_a_table_in_word_and_a_report(folder: Path) -> None:
    install, *rest = commands()
    assert len(rest) == 4
    extra = re.fullmatch(r"pip install '\.\[(\w+)\]'", install)
    assert extra is not None
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert extra[1] in project["optional-dependencies"]
    for line in rest:
        done = run(line, folder)
        assert done.returncode == 0, f"{line}\n{done.stderr}"
        if " -o " not in line:
            assert "school" in done.stdout

    docx = pytest.importorskip("docx")
    (table,) = docx.Document(str(folder / "table.docx")).tables
    cells = [[cell.text for cell in row.cells] for row in table.rows]
    fit = rn.lmm("score ~ ses + type + (1 | school)", pd.read_csv(folder / "pupils.csv"))
    row = next(cells for cells in cells if cells[0].startswith("ses"))
    assert f"{fit.fixef['ses']:.2f}" in " ".join(row)

    page = (folder / "page.html").read_text(encoding="utf-8")
    assert page.lstrip().lower().startswith("<!doctype html>")
    assert re.findall(r"(?:src|href)=[\"']?https?:", page) == []
    assert "<svg" in page


def test_a_wrong_name_is_answered_as_written(folder: Path) -> None:
    wrong, message = re.findall(
        r"^```(?:sh|text)\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL
    )[1:3]
    done = run(wrong.strip(), folder)
    assert done.returncode == 2
    assert done.stderr.split() == message.split()


def test_readme_leads_to_the_page() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "docs/start/five-commands.md" in readme
