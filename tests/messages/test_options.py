"""Whatever stands in an option, a user gets an answer or an error of ranef's own.

Every public function and method is called with its example's arguments, one option at a time
replaced by values of a wrong type or out of range. Nothing but success or a RanefError may come
back: no TypeError of Python's, no refusal of the compiled core's argument conversion.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd

import ranef as rn

mpl.use("Agg")


class Odd:
    """An object that knows no operation at all."""

    def __repr__(self) -> str:
        return "Odd()"


WRONG: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2,
    1.5,
    float("nan"),
    float("inf"),
    10**400,
    1j,
    "",
    "nothing of the kind",
    "nul\0byte",
    b"bytes",
    [],
    [1, "two"],
    [None, None],
    {},
    {"x": Odd()},
    {1, 2},
    np.array([]),
    np.array([[1.0, np.nan]]),
    np.float64("nan"),
    pd.DataFrame(),
    pd.Series(["a", None]),
    int,
    Odd(),
    lambda: None,
)

# Options that would cost too much where they succeed, and those that are data and not options.
FREE = {("bootstrap", "n"): (2,), ("confint", "n"): (2,)}


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    g = np.repeat(np.arange(8), 5)
    x = np.round(rng.normal(size=40), 3)
    y = np.round(2 * x + rng.normal(size=40) + rng.normal(size=8)[g] * (1 + x), 3)
    return pd.DataFrame({"y": y, "x": x, "f": np.tile(list("abcab"), 8), "g": g, "z": g % 2})


@cache
def fit() -> rn.Fit:
    return rn.lmm("y ~ x + f + (x | g)", frame())


def calls() -> dict[str, tuple[Callable[..., Any], dict[str, Any]]]:
    """Every public callable with arguments that it accepts."""
    f = fit()
    boot = f.bootstrap(20, seed=1)
    profile = f.profile()
    table = rn.compare(f, f)
    plots = methods(type(f.plot))
    formats = [name for name in methods(type(table)) if name != "to_docx"]
    path = rn.priors.sensitivity(f, strengths=[0, 1])
    return {
        "lmm": (rn.lmm, {"formula": "y ~ x + f + (x | g)", "data": frame()}),
        "compare": (rn.compare, {"models": (f, f)}),
        "center": (rn.center, {"data": frame(), "columns": ("x",), "by": "g"}),
        "structure": (rn.structure, {"data": frame(), "groups": "g"}),
        "Control": (rn.Control, {}),
        "load": (rn.datasets.load, {"name": "dyestuff"}),
        "describe": (rn.datasets.describe, {"name": "dyestuff"}),
        "names": (rn.datasets.names, {}),
        "Wishart": (rn.priors.Wishart, {}),
        "Gamma": (rn.priors.Gamma, {}),
        "LKJ": (rn.priors.LKJ, {}),
        "HalfNormal": (rn.priors.HalfNormal, {}),
        "HalfT": (rn.priors.HalfT, {}),
        "Normal": (rn.priors.Normal, {}),
        "sensitivity": (rn.priors.sensitivity, {"fit": f, "strengths": [0, 1]}),
        "smallest": (rn.priors.smallest, {"fit": f}),
        "Sensitivity.plot": (path.plot, {}),
        **{name: (getattr(f, name), {}) for name in methods(rn.Fit) if name not in NEEDED},
        **{name: (getattr(f, name), dict(given)) for name, given in NEEDED.items()},
        **{f"plot.{name}": (getattr(f.plot, name), PLOTS.get(name, {})) for name in plots},
        "bootstrap.confint": (boot.confint, {}),
        "bootstrap.summary": (boot.summary, {}),
        "profile.confint": (profile.confint, {}),
        **{f"table.{name}": (getattr(table, name), {}) for name in formats},
    }


NEEDED: dict[str, dict[str, Any]] = {
    "predict": {"newdata": frame()},
    "refit": {"y": frame()["y"]},
    "with_reml": {"reml": False},
    "contextual": {"variable": "x"},
    "bootstrap": {"n": 2, "seed": 1},
    "confint": {"method": "bootstrap", "n": 2, "seed": 1},
}
PLOTS: dict[str, dict[str, Any]] = {"effects": {"x": "x"}}


def methods(cls: type) -> list[str]:
    return [
        name
        for name, value in inspect.getmembers(cls, callable)
        if not name.startswith("_") and name != "of_design" and not inspect.isclass(value)
    ]
