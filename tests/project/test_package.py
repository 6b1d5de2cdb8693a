"""What `import ranef` costs and what the package says about itself."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from importlib import resources
from importlib.metadata import requires, version
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

ROOT = Path(__file__).parents[2]
HEAVY = (
    "duckdb",
    "docx",
    "formulaic",
    "great_tables",
    "matplotlib",
    "narwhals",
    "pandas",
    "polars",
    "pyarrow",
    "rich",
    "scipy",
    "threadpoolctl",
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


def test_a_polars_frame_is_fitted_without_another_library() -> None:
    code = """
import json, sys
import polars as pl
import ranef as rn
g = [k // 5 for k in range(40)]
y = [(7 * k) % 11 + 2.0 * (k // 5 % 3) for k in range(40)]
rn.lmm("y ~ x + (1 | g)", pl.DataFrame({"y": y, "x": [(3 * k) % 7 for k in range(40)], "g": g}))
print(json.dumps(sorted(sys.modules)))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = set(json.loads(run.stdout))
    assert not modules & {"pandas", "pyarrow", "narwhals", "scipy", "formulaic", "threadpoolctl"}


def test_one_version_everywhere() -> None:
    import ranef
    import ranef._core

    assert ranef.__version__ == version("ranef") == ranef._core.version()


def test_changelog_starts_with_this_version() -> None:
    import ranef

    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.findall(r"^## \[(\d[^\]]*)\]", text, flags=re.MULTILINE)[0]
    assert newest == ranef.__version__


def test_source_distribution_holds_what_its_tests_import() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    left_out = set(settings["tool"]["scikit-build"]["sdist"]["exclude"])
    used = set()
    for path in (ROOT / "tests").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        used |= {m[1] for m in re.finditer(r"^\s*(?:from|import) (\w+)", text, re.MULTILINE)}
    of_project = {name for name in used if (ROOT / name).is_dir()}
    assert {"benchmarks", "studies"} <= of_project
    assert not of_project & left_out


def test_types_are_shipped() -> None:
    assert resources.files("ranef").joinpath("py.typed").is_file()
    assert "def version() -> str" in resources.files("ranef").joinpath("_core.pyi").read_text()


def pins(name: str) -> dict[str, str]:
    """Normalised package name -> exact version, as a lock file of the project says."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    exact = [line.split("==") for line in lines if not line.startswith("#")]
    return {normalised(package): number for package, number in exact}


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def requirements() -> dict[str, str]:
    """Normalised package name -> specifier such as ``>=2.0.2,<3``, extras included."""
    texts = [text.split(";")[0].strip() for text in requires("ranef") or ()]
    matches = [re.fullmatch(r"([\w.-]+)(\[.*\])?(.*)", text) for text in texts]
    found = {normalised(m[1]): m[3] for m in matches if m}
    return {name: specifier for name, specifier in found.items() if name != "ranef"}


def test_development_lock_pins_every_requirement() -> None:
    assert not requirements().keys() - pins("requirements-dev.lock").keys()


@pytest.mark.parametrize("lock", ["requirements-dev.lock", "requirements-lowest.lock"])
def test_locked_versions_are_in_range(lock: str) -> None:
    asked = requirements()
    for name, number in pins(lock).items():
        if name in asked:
            assert SpecifierSet(asked[name]).contains(number), name


def test_lowest_lock_is_the_lower_bounds() -> None:
    asked = requirements()
    for name, number in pins("requirements-lowest.lock").items():
        (bound,) = [part.version for part in SpecifierSet(asked[name]) if part.operator == ">="]
        assert Version(bound) == Version(number), name
