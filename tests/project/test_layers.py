"""The import rules that import-linter cannot see: the compiled core, and the data sets."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from importlib.util import resolve_name
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "src" / "ranef"


def imported(source: str, package: str) -> Iterator[str]:
    """Full dotted names that `source`, a module of `package`, imports, inside functions too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = resolve_name("." * node.level + (node.module or ""), package)
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def within(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


@cache
def edges() -> tuple[tuple[str, str], ...]:
    """(module, imported name) for every import in ranef."""
    return tuple(_edges())


def _edges() -> Iterator[tuple[str, str]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        package = ".".join(("ranef", *path.parent.relative_to(PACKAGE).parts))
        module = package if path.stem == "__init__" else f"{package}.{path.stem}"
        for name in imported(path.read_text(encoding="utf-8"), package):
            yield module, name


def test_only_the_bindings_import_the_core() -> None:
    users = {module for module, name in edges() if within(name, "ranef._core")}
    assert users
    assert all(within(user, "ranef.core") for user in users)


def test_data_sets_are_used_by_the_top_only() -> None:
    users = {module for module, name in edges() if within(name, "ranef.datasets")}
    top = ("ranef.api", "ranef.cli", "ranef.datasets")
    assert not [module for module in users if module != "ranef" and not within(module, *top)]


def test_data_sets_use_frames_errors_and_texts_only() -> None:
    bottom = ("answers", "errors", "frame", "options", "page", "record", "types")
    allowed = ("ranef.datasets", *(f"ranef.{layer}" for layer in bottom))
    used = {name for module, name in edges() if within(module, "ranef.datasets")}
    assert not [name for name in used if within(name, "ranef") and not within(name, *allowed)]


def test_the_reader_of_imports_sees_every_form() -> None:
    source = (
        "import a.b\ndef f():\n    from c import d as g\n    from . import e\nfrom ..h import i"
    )
    assert list(imported(source, "p.q")) == ["a.b", "p.h.i", "c.d", "p.q.e"]
