"""Profile intervals against lme4's, for every model of the reference that has them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

LME4 = json.loads((Path(__file__).parent / "profile.json").read_text(encoding="utf-8"))
# lme4 reads the ends from a spline through a dozen points, which is good to four digits or five.
OF_THE_WIDTH = 1e-3
BRACKETS = str.maketrans({"[": None, "]": None, "T": None, ".": None})


@pytest.mark.parametrize("entry", LME4, ids=lambda entry: entry["id"])
def test_profile_intervals(entry: dict[str, Any], fitted_model: Callable[[str], Any]) -> None:
    fit = fitted_model(entry["id"])
    found = fit.confint("profile")
    order = [*fit.fixef.index, *(n for n in found.index if "__" in n), "sigma"]
    assert list(found.index) == order
    assert len(entry["intervals"]) == len(order)
    for name, (low, high) in entry["intervals"].items():
        ours = found.loc[translated(name, order)].to_numpy()
        np.testing.assert_allclose(ours, [low, high], atol=OF_THE_WIDTH * (high - low), rtol=0)


def translated(name: str, ours: list[str]) -> str:
    """lme4's name in ranef's words."""
    plain = name.replace("(Intercept)", "Intercept")
    if plain.startswith("cor_"):
        pair, group = plain.removeprefix("cor_").split("|")
        second, first = pair.split(".")
        plain = f"cor__{first}.{second}|{group}"
    else:
        plain = plain.replace("sd_", "sd__", 1) if plain.startswith("sd_") else plain
    if plain in ours:
        return plain
    # A second term on the same factor has a number, a coefficient of a category brackets.
    (match,) = (n for n in ours if plain in (n.rpartition(".")[0], n.translate(BRACKETS)))
    return match
