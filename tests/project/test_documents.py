"""README and the documentation pages: their links lead somewhere, and the commands exist.

Their Python blocks are run by `tests/docs`.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ranef.cli.app import command

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]


def blocks(text: str, language: str) -> list[tuple[int, str]]:
    """Fenced blocks of `language` with the number of their first line."""
    found = re.finditer(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    return [(text.count("\n", 0, match.start(1)) + 1, match[1]) for match in found]


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


def ranef_uses() -> dict[str, set[str]]:
    """Command -> the options that shell blocks of README and the pages give it."""
    uses: dict[str, set[str]] = {}
    for page in PAGES:
        shell = "\n".join(code for _, code in blocks(page.read_text(encoding="utf-8"), "sh"))
        lines = shell.replace("\\\n", " ").splitlines()
        for line in lines:
            use = re.match(r"(?:\.venv/bin/)?ranef ([a-z]\w*)(.*)", line)
            if use:
                options = re.findall(r"(?<!\S)--?[a-z][a-z-]*", re.sub(r'"[^"]*"', "", use[2]))
                uses.setdefault(use[1], set()).update(options)
    return uses


def test_ranef_commands_exist() -> None:
    uses = ranef_uses()
    assert {"fit", "compare", "demo"} <= uses.keys()
    known = {
        name: {
            "-h",
            "--help",
            *(o for p in made.params for o in (*p.opts, *p.secondary_opts)),
        }
        for name, made in command().commands.items()
    }
    assert uses.keys() <= known.keys()
    assert {name: left for name, asked in uses.items() if (left := asked - known[name])} == {}
