"""What `import ranef` costs and what the package says about itself."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import resources
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = (
    "duckdb",
    "docx",
    "formulaic",
    "great_tables",
    "matplotlib",
    "pandas",
    "polars",
    "pyarrow",
    "rich",
    "scipy.stats",
    "typer",
)


@pytest.fixture(scope="module")
def modules_after_import() -> set[str]:
    code = "import json, sys, ranef; print(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(run.stdout))


@pytest.mark.parametrize("name", HEAVY)
def test_import_leaves_heavy_library_alone(name: str, modules_after_import: set[str]) -> None:
    assert name not in modules_after_import


def test_one_version_everywhere() -> None:
    import ranef
    import ranef._core

    assert ranef.__version__ == version("ranef") == ranef._core.version()


def test_changelog_starts_with_this_version() -> None:
    import ranef

    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.findall(r"^## \[(\d[^\]]*)\]", text, flags=re.MULTILINE)[0]
    assert newest == ranef.__version__


def test_types_are_shipped() -> None:
    assert resources.files("ranef").joinpath("py.typed").is_file()
    assert "def version() -> str" in resources.files("ranef").joinpath("_core.pyi").read_text()


def test_lock_pins_every_dependency() -> None:
    """Every direct requirement of the package and its extras has an exact version in the lock."""
    from importlib.metadata import requires

    def canonical(name: str) -> str:
        return re.sub(r"[-_.]+", "-", name).lower()

    lines = (ROOT / "requirements-dev.lock").read_text().splitlines()
    locked = {canonical(line.split("==")[0]) for line in lines if "==" in line}
    asked = {canonical(re.split(r"[<>=\[; ]", text)[0]) for text in requires("ranef") or ()}
    assert asked - locked <= {"ranef"}
