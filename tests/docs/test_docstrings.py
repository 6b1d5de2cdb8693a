"""Every public function and method says what it takes, what it gives, and shows it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest

import ranef as rn
from ranef.present.diagnosis.facade import Diagnosis
from ranef.present.means.contrasts import Contrasts
from ranef.present.means.means import Means
from ranef.present.plots.accessor import PlotAccessor
from ranef.present.results.bootstrap import Bootstrap
from ranef.present.results.influence import Influence
from ranef.present.results.profile import Profile
from ranef.present.results.residual_check import ResidualCheck
from ranef.present.table.facade import ComparisonTable

CLASSES = (
    rn.Fit,
    PlotAccessor,
    ComparisonTable,
    Bootstrap,
    Profile,
    Diagnosis,
    Influence,
    Means,
    Contrasts,
    ResidualCheck,
)
MODULES = (rn, rn.datasets, rn.priors)


def documented() -> Iterator[tuple[str, Any]]:
    for module in MODULES:
        for name in module.__all__:
            if inspect.isfunction(getattr(module, name)):
                yield f"{module.__name__}.{name}", getattr(module, name)
    for cls in CLASSES:
        for name, function in inspect.getmembers(cls, inspect.isfunction):
            if not name.startswith("_"):
                yield f"{cls.__name__}.{name}", function


@pytest.mark.parametrize(("name", "function"), list(documented()))
def test_docstring_is_whole(name: str, function: Any) -> None:
    text = inspect.getdoc(function) or ""
    given = [p for p in inspect.signature(function).parameters if p != "self"]
    sections = ["Returns", "Examples", *(["Parameters"] if given else [])]
    # The first line of an array that comes back says its shape.
    if "shape (" in text.splitlines()[0]:
        sections.remove("Returns")
    missing = [s for s in sections if f"\n{s}\n{'-' * len(s)}\n" not in text]
    assert not missing, f"{name} has no section {missing}"
    assert ">>> " in text
    told = [p for p in given if f"{p} : " in text or f"{p}, " in text or f", {p}" in text]
    assert told == given


@pytest.mark.parametrize("cls", [rn.Fit, PlotAccessor])
def test_properties_are_described(cls: type) -> None:
    for name, member in inspect.getmembers(cls, lambda m: isinstance(m, property)):
        assert inspect.getdoc(member), name
