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
from typing import Any

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version
from tools.check_dist import NEEDED, wrong_in_sdist, wrong_in_wheel

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


def test_the_citation_is_of_this_version() -> None:
    import ranef

    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version: {ranef.__version__}\n" in text


def test_changelog_starts_with_this_version() -> None:
    import ranef

    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.findall(r"^## \[(\d[^\]]*)\]", text, flags=re.MULTILINE)[0]
    assert newest == ranef.__version__


def test_source_distribution_holds_what_its_tests_import() -> None:
    left_out = set(settings()["tool"]["scikit-build"]["sdist"]["exclude"])
    used = set()
    for path in (ROOT / "tests").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        used |= {m[1] for m in re.finditer(r"^\s*(?:from|import) (\w+)", text, re.MULTILINE)}
    of_project = {name for name in used if (ROOT / name).is_dir()}
    assert {"benchmarks", "studies"} <= of_project
    assert not of_project & left_out


def settings() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_project_says_where_it_is() -> None:
    urls = settings()["project"]["urls"]
    assert {"Documentation", "Source", "Issues", "Changelog"} == urls.keys()
    assert all(url.startswith("https://") for url in urls.values())


def test_extras_are_explained_where_a_user_looks() -> None:
    extras = settings()["project"]["optional-dependencies"]
    for_users = extras.keys() - {"test", "docs", "dev"}
    (all_of_them,) = extras["all"]
    assert set(re.findall(r"\w+", all_of_them)) - {"ranef"} == for_users - {"all", "spark"}
    for page in ("README.md", "docs/start/install.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        for extra in for_users:
            assert f"[{extra}]" in text or f"| `{extra}` |" in text, (page, extra)


def test_wheels_of_all_supported_pythons_are_built() -> None:
    tools = settings()["tool"]
    built = tools["cibuildwheel"]["build"]
    assert built == ["cp311-*", "cp312-*", "cp313-*"]
    supported = SpecifierSet(settings()["project"]["requires-python"])
    minors = [minor for minor in range(30) if supported.contains(f"3.{minor}")]
    assert built == [f"cp3{minor}-*" for minor in minors]
    # One module for all from 3.12 on needs both halves.
    assert tools["scikit-build"]["wheel"]["py-api"] == "cp312"
    assert "STABLE_ABI" in (ROOT / "CMakeLists.txt").read_text()
    script = tools["cibuildwheel"]["test-command"].split("{project}/")[1]
    assert (ROOT / script).is_file()


def test_workflows_call_the_targets_of_make() -> None:
    known = set(re.findall(r"^(\w+):.*## ", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    called = set()
    for file in (ROOT / ".github" / "workflows").glob("*.yml"):
        called |= set(re.findall(r"run: make (\w+)", file.read_text(encoding="utf-8")))
    assert called == {"check", "test", "docs", "dist"}
    assert called <= known


def test_what_does_not_belong_into_a_wheel_is_seen() -> None:
    right = [*NEEDED, "ranef/_core.abi3.so", "ranef-0.1.0.dist-info/licenses/LICENSE"]
    assert list(wrong_in_wheel(right)) == []
    assert list(wrong_in_wheel([*right, "tests/conftest.py", "ranef/core.cpp"])) == [
        "wheel should not hold ranef/core.cpp",
        "wheel should not hold tests/conftest.py",
    ]
    assert list(wrong_in_wheel(right[1:])) == ["wheel lacks ranef/__init__.py"]
    assert "wheel lacks the compiled core" in list(wrong_in_wheel(right[:-2] + right[-1:]))


def test_what_an_sdist_lacks_is_seen() -> None:
    tracked = ["README.md", ".ci/run", "cpp/a.cpp"]
    assert wrong_in_sdist(["README.md", "cpp/a.cpp"], tracked) == []
    assert wrong_in_sdist(["README.md"], tracked) == ["sdist lacks cpp/a.cpp"]


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
    alone = {"pyspark"}  # half a gigabyte: `make spark` installs it
    assert requirements().keys() - pins("requirements-dev.lock").keys() == alone


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
