"""Whatever stands in an option, a user gets an answer or an error of ranef's own.

Every public function and method is called with its example's arguments, one option at a time
replaced by values of a wrong type or out of range. Nothing but success or a RanefError may come
back: no TypeError of Python's, no refusal of the compiled core's argument conversion.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.present.plots.accessor import PlotAccessor
from ranef.present.table.facade import ComparisonTable

Call = Callable[[], tuple[Callable[..., Any], dict[str, Any]]]

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


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    g = np.repeat(np.arange(8), 5)
    x = np.round(rng.normal(size=40), 3)
    y = np.round(2 * x + rng.normal(size=40) + rng.normal(size=8)[g] * (1 + x), 3)
    return pd.DataFrame({"y": y, "x": x, "f": np.tile(list("abcab"), 8), "g": g, "z": g % 2})


@cache
def fit() -> rn.Fit:
    return rn.lmm("y ~ x + f + (x | g)", frame())


@cache
def means() -> Any:
    return fit().emmeans("f")


@cache
def diagnosis() -> Any:
    return fit().diagnose()


@cache
def profile() -> Any:
    return fit().profile()


def smaller() -> rn.Fit:
    return rn.lmm("y ~ x + f + (1 | g)", frame())


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file may be named anything; relative names stay here."""
    monkeypatch.chdir(tmp_path)


def saved() -> str:
    fit().save("m.ranef")
    return "m.ranef"


@cache
def moments() -> Any:
    return rn.moments("y ~ x + f + (x | g)", frame())


def saved_moments() -> str:
    moments().save("m.parquet")
    return "m.parquet"


NEEDED: dict[str, dict[str, Any]] = {
    "predict": {"newdata": frame()},
    "model_matrix": {"newdata": frame()},
    "refit": {"y": frame()["y"]},
    "with_reml": {"reml": False},
    "test": {"hypotheses": "x = 0"},
    "contextual": {"variable": "x"},
    "emmeans": {"specs": "f"},
    "emtrends": {"variable": "x", "by": "f"},
    "comparisons": {"variable": "f"},
    "slopes": {"variable": "x"},
    "save": {"path": "m.ranef"},
    "report": {"path": "page.html"},
    "bootstrap": {"n": 2, "seed": 1},
    "influence": {"by": "g"},
    "check_residuals": {"n": 2, "seed": 1},
    "confint": {"method": "bootstrap", "n": 2, "seed": 1},
    "simulate": {"n": 2, "seed": 1},
    "update": {"formula": "~ . - f"},
    "sentence": {"term": "x"},
    "code": {"program": "lme4"},
    "tidy": {"effects": "ran_pars", "conf_method": "bootstrap", "n": 2, "seed": 1},
}
PLANNED: dict[str, Any] = {
    "formula": "y ~ x + (1 | g)",
    "design": {"x": "within"},
    "effects": {"x": 0.5},
    "variances": {"g": 0.2, "Residual": 1.0},
    "n_groups": 4,
    "per_group": 3,
    "n": 2,
    "seed": 1,
}
PLOTS: dict[str, dict[str, Any]] = {
    "effects": {"x": "x"},
    "check": {"n": 39, "seed": 1, "panels": "normal"},
    "simulated": {"n": 39, "seed": 1},
}


# Values that only make sense with others.
DETAILS: dict[tuple[str, str], dict[str, Any]] = {
    ("at", "group"): {"columns": ("z",)},
    ("standardize", "within"): {"effects": "fixed", "conf_method": None},
    ("standardize", "basic"): {"effects": "fixed", "conf_method": None},
    ("standardize", "refit"): {"conf_method": None},
}


def methods(cls: type) -> list[str]:
    return [
        name
        for name, value in inspect.getmembers(cls, callable)
        if not name.startswith("_") and not inspect.isclass(value)
    ]


def method(name: str) -> Call:
    return lambda: (getattr(fit(), name), dict(NEEDED.get(name, {})))


def without_rows(name: str, to: str) -> Call:
    """A method that writes a file, of a fit whose rows are elsewhere."""
    given = {"newdata": frame(), "to": to} if name == "predict" else {"to": to}
    return lambda: (getattr(streamed(), name), given)


@cache
def streamed() -> rn.Fit:
    return rn.lmm("y ~ x + f + (x | g)", rn.scan([frame()]))


def plot(name: str) -> Call:
    return lambda: (getattr(fit().plot, name), dict(PLOTS.get(name, {})))


def table(name: str) -> Call:
    return lambda: (getattr(rn.compare(fit(), fit()), name), {})


#: Every public callable, with arguments that it accepts; made when asked for.
CALLS: dict[str, Call] = {
    "lmm": lambda: (rn.lmm, {"formula": "y ~ x + f + (x | g)", "data": frame()}),
    "glmm": lambda: (rn.glmm, {"formula": "z ~ x + (1 | g)", "data": frame(), "family": "poisson"}),
    "lm": lambda: (rn.lm, {"formula": "y ~ x + f", "data": frame()}),
    "compare": lambda: (rn.compare, {"models": (fit(), fit())}),
    "rn.anova": lambda: (rn.anova, {"models": (fit(), smaller()), "n": 2}),
    "center": lambda: (rn.center, {"data": frame(), "columns": ("x",), "by": "g"}),
    "structure": lambda: (rn.structure, {"data": frame(), "groups": "g"}),
    "power": lambda: (rn.power, dict(PLANNED)),
    "power.plot": lambda: (rn.power(**PLANNED).plot, {}),
    "load": lambda: (rn.datasets.load, {"name": "dyestuff"}),
    "rn.load": lambda: (rn.load, {"path": saved()}),
    "scan": lambda: (rn.scan, {"data": [frame()]}),
    "moments": lambda: (rn.moments, {"formula": "y ~ x + f + (x | g)", "data": frame()}),
    "load_moments": lambda: (rn.load_moments, {"path": saved_moments()}),
    "moments.save": lambda: (moments().save, {"path": "s.parquet"}),
    "moments.small_cells": lambda: (moments().small_cells, {}),
    "describe": lambda: (rn.datasets.describe, {"name": "dyestuff"}),
    "names": lambda: (rn.datasets.names, {}),
    "Control": lambda: (rn.Control, {}),
    "Wishart": lambda: (rn.priors.Wishart, {}),
    "Gamma": lambda: (rn.priors.Gamma, {}),
    "LKJ": lambda: (rn.priors.LKJ, {}),
    "HalfNormal": lambda: (rn.priors.HalfNormal, {}),
    "HalfT": lambda: (rn.priors.HalfT, {}),
    "Normal": lambda: (rn.priors.Normal, {}),
    "sensitivity": lambda: (rn.priors.sensitivity, {"fit": fit(), "strengths": [0, 1]}),
    "smallest": lambda: (rn.priors.smallest, {"fit": fit()}),
    "Sensitivity.plot": lambda: (rn.priors.sensitivity(fit(), strengths=[0, 1]).plot, {}),
    "bootstrap.confint": lambda: (fit().bootstrap(20, seed=1).confint, {}),
    "bootstrap.summary": lambda: (fit().bootstrap(20, seed=1).summary, {}),
    "bootstrap.plot": lambda: (fit().bootstrap(20, seed=1).plot, {"parameters": "x"}),
    "diagnosis.plot": lambda: (diagnosis().plot, {"parameters": "x"}),
    "profile.plot": lambda: (profile().plot, {"parameters": ["x", "sigma"]}),
    "influence.plot": lambda: (fit().influence("g").plot, {}),
    "residual_check.plot": lambda: (fit().check_residuals(calibrate=False).plot, {}),
    "profile.confint": lambda: (fit().profile().confint, {}),
    "means.pairs": lambda: (means().pairs, {}),
    "means.contrast": lambda: (means().contrast, {"method": "treatment"}),
    "means.joint": lambda: (means().joint, {}),
    "means.plot": lambda: (means().plot, {}),
    "pairs.effect_size": lambda: (means().pairs().effect_size, {}),
    "pairs.plot": lambda: (means().pairs().plot, {}),
    **{name: method(name) for name in methods(rn.Fit)},
    **{
        f"{name} without rows": without_rows(name, to)
        for name, to in (("predict", "p.parquet"), ("augment", "a.csv"))
    },
    **{f"plot.{name}": plot(name) for name in methods(PlotAccessor)},
    **{
        f"table.{name}": table(name)
        for name in methods(ComparisonTable)
        if name not in ("to_docx", "write")
    },
}
# Classes take their fields, which Python checks; the other functions answer.
ANSWERING = [
    "lmm",
    "lm",
    "power",
    "compare",
    "rn.anova",
    "center",
    "structure",
    "load",
    "rn.load",
    "scan",
    "moments",
    "load_moments",
    "sensitivity",
    "smallest",
]
ANSWERING += [*methods(rn.Fit), *(f"plot.{name}" for name in methods(PlotAccessor))]


def outcome(function: Callable[..., Any], given: dict[str, Any]) -> Exception | None:
    """What a call raises; `given` by name, but for what stands in ``*names``."""
    values: list[Any] = []
    named = dict(given)
    parameters = inspect.signature(function).parameters.values()
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        for p in parameters:
            if p.kind is p.POSITIONAL_OR_KEYWORD:
                values.append(named.pop(p.name))
            elif p.kind is p.VAR_POSITIONAL:
                several = named.pop(p.name)
                values += several if isinstance(several, tuple) else [several]
    try:
        function(*values, **named)
    except Exception as error:
        return error
    finally:
        plt.close("all")
    return None


def options(function: Callable[..., Any]) -> Iterator[str]:
    for parameter in inspect.signature(function).parameters.values():
        assert parameter.kind is not parameter.VAR_KEYWORD, "options are named"
        yield parameter.name


@pytest.mark.parametrize("name", CALLS)
def test_a_wrong_value_gives_an_error_of_ranef_or_an_answer(name: str) -> None:
    function, given = CALLS[name]()
    assert outcome(function, given) is None
    defaults = {p.name: p.default for p in inspect.signature(function).parameters.values()}
    for option in options(function):
        for wrong in WRONG:
            if wrong is defaults[option] and option not in given:
                continue  # the call above has it
            error = outcome(function, {**given, option: wrong})
            told = f"{name}({option}={wrong!r}"[:100] + f") raises {type(error).__name__}: {error}"
            assert error is None or isinstance(error, rn.RanefError), told
            assert error is None or len(str(error)) < 2000, told


@pytest.mark.parametrize("name", ANSWERING)
def test_an_option_of_another_name_is_answered(name: str) -> None:
    function, given = CALLS[name]()
    error = outcome(function, {**given, "no_such_option": 1})
    assert isinstance(error, rn.UsageError)
    assert isinstance(error, TypeError)
    assert isinstance(error, rn.OptionError)
    assert "no_such_option=1" in str(error)
    assert error.fix
    for parameter in inspect.signature(function).parameters.values():
        assert parameter.name in error.found or parameter.kind is parameter.VAR_POSITIONAL


@pytest.mark.parametrize("name", CALLS)
def test_every_value_that_a_docstring_lists_is_accepted(name: str) -> None:
    """The values between braces, as in ``kind : {"response", "pearson"}``."""
    function, given = CALLS[name]()
    listed = re.findall(r"^ *(\w+) : \{(.+)\}", function.__doc__ or "", re.MULTILINE)
    for option, values in listed:
        for value in re.findall(r'"([^"]+)"', values):
            details = dict(DETAILS.get((option, value), {}))
            if (option, value) == ("family", "gamma"):
                details["fit"] = rn.lmm("y ~ x + (1 | g)", frame())
            if (option, value) == ("method", "exact"):
                one = rn.lmm("y ~ x + (1 | g)", frame())
                details["models"] = (rn.lm("y ~ x", frame()), one)
            error = outcome(function, {**given, **details, option: value})
            assert error is None, f"{name}({option}={value!r}) raises {error}"


def test_every_public_function_is_called_here() -> None:
    functions = {name for name in rn.__all__ if inspect.isfunction(getattr(rn, name))}
    functions |= {name for name in rn.datasets.__all__ if name.islower()}
    functions |= {*rn.priors.__all__}
    missing = functions - {*CALLS} - {"Sensitivity", "SmallestPrior"}
    assert not missing


@pytest.mark.parametrize(
    ("call", "what", "fix"),
    [
        (lambda: rn.Control(gain=None), "the gain to stop at is positive", "1e-11"),
        (lambda: fit().with_reml(0), "reml is True or False", "with_reml(False)"),
        (lambda: rn.compare(fit(), None), "rn.compare compares fits", "rn.compare(m1, m2)"),
        (lambda: rn.compare(fit(), "x"), "rn.compare compares fits", "rn.compare(m1, m2)"),
        (lambda: fit().predict(seed=-1), "a seed is a whole number", "seed=1"),
        (lambda: fit().predict(level=0.9), "unknown level 0.9", "confidence=0.9"),
        (lambda: fit().confint(level=95), "a confidence level", "level=0.95"),
        (lambda: fit().summary(ddf="Satterthwaite"), "unknown method", "'satterthwaite'"),
        (lambda: fit().bootstrap(n=1.5), "the number of replicates", "n=1"),
        (lambda: fit().residuals("studentised"), "unknown kind of residuals", "'pearson'"),
        (lambda: fit().plot.qq(ax=3), "ax is not an Axes", "plt.subplots()"),
        (lambda: fit().emmeans("g"), "'g' is not a variable of the fixed part", "these"),
        (lambda: fit().emmeans("f", by="f"), "specs names 'f' twice", "once"),
        (lambda: fit().emmeans("f", at={"f": "d"}), "'f' has no level 'd'", "levels"),
        (lambda: fit().emmeans("f", at={"x": "d"}), "not finite numbers", "[0, 1]"),
        (lambda: fit().emmeans("f", at=3), "at is a dict", "as in at="),
        (lambda: fit().emmeans("f", weights="flat"), "unknown weights 'flat'", "'equal'"),
        (lambda: fit().emtrends("f"), "a category has no slope", "comparisons('f')"),
        (lambda: fit().slopes("f"), "a category has no slope", "comparisons('f')"),
        (lambda: fit().predictions(by="q"), "'q' is not a variable of the model", "these"),
        (lambda: means().pairs("dunnett"), "unknown adjust 'dunnett'", "'tukey'"),
        (lambda: means().pairs(by="x"), "'x' is not a variable of the means", "these"),
        (lambda: means().pairs(by="f"), "nothing is left to compare", "leave out"),
        (lambda: means().contrast("helmert"), "unknown contrasts 'helmert'", "'pairwise'"),
        (lambda: means().contrast([1, -1]), "one coefficient for each mean", "3 finite"),
        (lambda: means().contrast("treatment", reference="z"), "no mean is called 'z'", "'a'"),
        (lambda: means().contrast(reference="a"), "a reference is for treatment", "treatment"),
        (lambda: means().pairs().effect_size("x"), "unknown sigma 'x'", "'residual'"),
        (lambda: fit().emmeans("x").pairs(), "there is one mean", "several values"),
        (lambda: fit().plot(), "fit.plot holds several plots", "fit.plot.qq()"),
    ],
)
def test_the_error_names_the_value_and_the_way_out(
    call: Callable[[], Any], what: str, fix: str
) -> None:
    with pytest.raises(rn.RanefError) as caught:
        call()
    assert what in caught.value.what
    assert caught.value.found
    assert fix in caught.value.fix


def test_a_list_of_fits_is_compared_as_they_are() -> None:
    assert str(rn.compare([fit(), fit()])) == str(rn.compare(fit(), fit()))
    assert str(rn.compare((fit(),))) == str(rn.compare(fit()))
