"""Inside a package imports run one way: files and folders that lie side by side form no circle."""

from __future__ import annotations

from collections import defaultdict
from graphlib import CycleError, TopologicalSorter

import pytest
from tests.project.test_layers import PACKAGE, edges

PACKAGES = sorted(
    ".".join(("ranef", *path.parent.relative_to(PACKAGE).parts))
    for path in PACKAGE.rglob("__init__.py")
)

# The layers of pyproject.toml hold the order of the top; the others still have a circle to open.
NOT_HERE = (
    "ranef",
    "ranef.diagnose.ladder",
    "ranef.fit",
    "ranef.fit.generalised",
)


def circle(package: str, imports: list[tuple[str, str]]) -> list[str]:
    """Files or folders of `package` that import each other in turn; none if there is no circle."""
    inside = f"{package}."
    graph: dict[str, set[str]] = defaultdict(set)
    for module, name in imports:
        if module.startswith(inside) and name.startswith(inside):
            user, used = (full.removeprefix(inside).split(".")[0] for full in (module, name))
            if user != used:
                graph[user].add(used)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


@pytest.fixture(scope="module")
def imports() -> list[tuple[str, str]]:
    return list(edges())


@pytest.mark.parametrize("package", [p for p in PACKAGES if p not in NOT_HERE])
def test_no_circle(package: str, imports: list[tuple[str, str]]) -> None:
    assert circle(package, imports) == []


def test_a_circle_is_seen() -> None:
    there = [("p.a.x", "p.b.f"), ("p.b", "p.c.g"), ("p.c.y", "p.a.x.h"), ("p.c", "q.a")]
    assert set(circle("p", there)) == {"a", "b", "c"}
    assert circle("p", there[:2]) == []
