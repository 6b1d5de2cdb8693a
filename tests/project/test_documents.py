"""README and the documentation pages: their examples run and their links lead somewhere.

In one page the Python blocks run in order and share their names. A block of ``>>>`` lines is
checked against the output written below each line; any other block has to run.
"""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]


def blocks(text: str, language: str) -> list[tuple[int, str]]:
    """Fenced blocks of `language` with the number of their first line."""
    found = re.finditer(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    return [(text.count("\n", 0, match.start(1)) + 1, match[1]) for match in found]


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_python_examples_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    names: dict[str, object] = {"__name__": page.stem}
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    for line, code in blocks(page.read_text(encoding="utf-8"), "python"):
        if ">>>" in code:
            test = doctest.DocTestParser().get_doctest(code, {}, page.name, str(page), line - 1)
            test.globs = names
            runner.run(test, clear_globs=False)
            assert runner.summarize(verbose=False).failed == 0, capsys.readouterr().out
        else:
            exec(compile("\n" * (line - 1) + code, str(page), "exec"), names)


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_lead_to_files(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_make_commands_exist(page: Path) -> None:
    shell = "\n".join(code for _, code in blocks(page.read_text(encoding="utf-8"), "sh"))
    makefile = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^make (\w+)", shell, flags=re.MULTILINE)
    known = set(re.findall(r"^(\w+):.*## ", makefile, flags=re.MULTILINE))
    assert set(targets) <= known


def test_ranef_commands_exist() -> None:
    """Every `ranef ...` line of README's shell blocks names a command and options it has."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shell = "\n".join(code for _, code in blocks(text, "sh"))
    uses = re.findall(r"^(?:\.venv/bin/)?ranef (\w+)(.*)$", shell, flags=re.MULTILINE)
    assert uses
    for command, rest in uses:
        run = subprocess.run(
            [sys.executable, "-c", "from ranef.cli import main; main()", command, "--help"],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"},
        )
        assert run.returncode == 0, run.stderr
        assert not [o for o in re.findall(r"--[a-z][a-z-]+", rest) if o not in run.stdout]
