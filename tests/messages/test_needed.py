"""A call without a value that it needs is answered by ranef, and not by Python."""

from __future__ import annotations

import inspect

import pytest

import ranef as rn


@pytest.fixture(scope="module")
def fit() -> rn.Fit:
    return rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))


def test_every_method_names_what_it_needs(fit: rn.Fit) -> None:
    asked = 0
    for name in dir(type(fit)):
        member = inspect.getattr_static(type(fit), name)
        if name.startswith("_") or not inspect.isfunction(member):
            continue
        own = inspect.signature(member).parameters.values()
        needed = [p.name for p in own if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
        if needed[1:]:
            asked += 1
            with pytest.raises(rn.UsageError, match=f"fit.{name} needs .*{needed[1]}") as caught:
                getattr(fit, name)()
            assert isinstance(caught.value, TypeError)
    assert asked >= 5


def test_functions_and_plots_do_too(fit: rn.Fit) -> None:
    with pytest.raises(rn.UsageError, match=r"rn\.lmm needs data"):
        rn.lmm("y ~ x + (1 | g)")  # type: ignore[call-arg]
    with pytest.raises(rn.UsageError, match=r"rn\.lmm needs formula"):
        rn.lmm(data={"y": [1.0]})  # type: ignore[call-arg]
    with pytest.raises(rn.UsageError, match=r"fit\.plot\.effects needs x"):
        fit.plot.effects()  # type: ignore[call-arg]
    assert fit.contextual is not None
