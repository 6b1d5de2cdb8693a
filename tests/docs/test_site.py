"""The map of the site holds every page, and the reference every public name."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from tests.docs.test_docstrings import CLASSES, MODULES

import ranef as rn

DOCS = Path(__file__).parents[2] / "docs"
SITE = re.findall(r"(?:file|root): (\S+)", (DOCS / "_toc.yml").read_text(encoding="utf-8"))
REFERENCE_OF_FITS = (DOCS / "reference" / "fit.rst").read_text(encoding="utf-8")
FOLDERS = ("start", "tutorial", "how-to", "from", "understanding", "theory", "project")


def pages() -> set[str]:
    """Every page of the site, by its path without an ending."""
    files = [*DOCS.rglob("*.md"), *DOCS.rglob("*.rst")]
    names = [file.relative_to(DOCS).with_suffix("").as_posix() for file in files]
    return {name for name in names if not name.startswith("_") and "/generated/" not in name}


def test_every_page_stands_on_the_map_once() -> None:
    assert [name for name, count in Counter(SITE).items() if count > 1] == []
    assert set(SITE) == pages()


def linked(page: Path) -> set[str]:
    targets = re.findall(r"\]\(([^)#\s]+\.(?:md|rst))", page.read_text(encoding="utf-8"))
    inside = [(page.parent / target).resolve() for target in targets]
    return {f.relative_to(DOCS).as_posix() for f in inside if f.is_relative_to(DOCS)}


def test_every_page_is_in_the_index() -> None:
    """Readers of the files have no map but docs/index.md."""
    index = linked(DOCS / "index.md")
    sections = {f"{folder}/index" for folder in FOLDERS} | {"index"}
    # What stands in the repository's root, and the pages of the reference, which has its own index.
    elsewhere = {"project/changelog", "project/contributing"}
    wanted = {n for n in pages() - sections - elsewhere if not n.startswith("reference/")}
    assert sorted(wanted - {name.rpartition(".")[0] for name in index}) == []


@pytest.mark.parametrize("folder", [*FOLDERS, "reference"])
def test_every_page_of_a_folder_is_in_its_index(folder: str) -> None:
    named = {name.rpartition(".")[0] for name in linked(DOCS / folder / "index.md")}
    there = {name for name in pages() if name.startswith(f"{folder}/")}
    stubs = {"project/changelog", "project/contributing"}
    assert sorted(there - stubs - {f"{folder}/index"} - named) == []


def entries(page: str) -> list[str]:
    """Names that the autosummaries of a page of the reference list, or its autoclass."""
    text = (DOCS / "reference" / page).read_text(encoding="utf-8")
    listed = re.findall(r"^   ((?:\w+\.)*\w+)$", text, flags=re.MULTILINE)
    return listed + re.findall(r"^\.\. autoclass:: (\S+)$", text, flags=re.MULTILINE)


def found(name: str) -> Any:
    """The object of a dotted name, looked for in ranef first."""
    parts = name.split(".")
    value: Any = rn
    if parts[0] == "ranef":
        value = import_module(".".join(parts[:-1]))
        parts = parts[-1:]
    for part in parts:
        value = getattr(value, part)
    return value


@pytest.mark.parametrize("page", ["api.rst", "fit.rst", "results.rst"])
def test_entries_of_the_reference_exist(page: str) -> None:
    assert entries(page)
    for name in entries(page):
        assert found(name) is not None, name
    assert [name for name, count in Counter(entries(page)).items() if count > 1] == []


def test_every_public_name_has_an_entry() -> None:
    names = set(rn.__all__) - {"__version__", "datasets", "errors", "priors"}
    names |= {f"datasets.{name}" for name in rn.datasets.__all__}
    names |= {f"priors.{name}" for name in rn.priors.__all__}
    assert sorted(names - set(entries("api.rst"))) == [], "add them to docs/reference/api.rst"
    assert set(rn.errors.__all__) <= set(entries("api.rst"))


def members(cls: type) -> set[str]:
    return {name for name in dir(cls) if not name.startswith("_")}


def test_every_member_of_a_fit_has_an_entry() -> None:
    listed = set(entries("fit.rst"))
    linear = {f"Fit.{name}" for name in members(rn.Fit)}
    assert sorted(linear - listed) == [], "add them to docs/reference/fit.rst"
    told = re.search(r"Linear fits alone have (.*?)\.\n", REFERENCE_OF_FITS, flags=re.DOTALL)
    assert told is not None
    alone = members(rn.Fit) - members(rn.GeneralisedFit)
    assert set(re.findall(r"``(\w+)``", told[1])) == alone
    more = {f"GeneralisedFit.{name}" for name in members(rn.GeneralisedFit) - members(rn.Fit)}
    assert sorted(more - listed) == [], "add them to docs/reference/fit.rst"


#: What belongs to other libraries, says no class, or stands for both kinds of fit.
OTHERS = {"Any", "Array", "Axes", "DataFrame", "GT", "MixedFit", "None", "Path", "Self", "Series"}


def returned() -> Iterator[tuple[str, str]]:
    """(function or member, name of a class that it says it returns), of all public ones."""
    for module in MODULES:
        for name in module.__all__:
            if inspect.isfunction(getattr(module, name)):
                yield from classes_of(name, getattr(module, name))
    for cls in (*CLASSES, rn.GeneralisedFit):
        for name, member in inspect.getmembers(cls):
            function = member.fget if isinstance(member, property) else member
            if not name.startswith("_") and inspect.isfunction(function):
                yield from classes_of(f"{cls.__name__}.{name}", function)


def classes_of(name: str, function: Any) -> Iterator[tuple[str, str]]:
    annotation = str(inspect.signature(function).return_annotation)
    yield from ((name, found) for found in re.findall(r"\b[A-Z]\w+", annotation))


def test_every_result_has_an_entry() -> None:
    pages = ("api.rst", "fit.rst", "results.rst")
    listed = {name.rpartition(".")[2] for page in pages for name in entries(page)}
    missing = {cls: name for name, cls in returned() if cls not in listed | OTHERS}
    assert missing == {}, "add them to docs/reference/results.rst"
    assert "Diagnosis" in {cls for _, cls in returned()}


def test_every_error_is_on_its_page() -> None:
    text = (DOCS / "reference" / "errors.md").read_text(encoding="utf-8")
    for name in rn.errors.__all__:
        assert f"`{name}`" in text, name
        for base in getattr(rn, name).__bases__:
            if issubclass(getattr(rn, name), rn.RanefError) and base is not Exception:
                row = next(line for line in text.splitlines() if line.startswith(f"| `{name}`"))
                assert f"`{base.__name__}`" in row or base is rn.RanefError, name
