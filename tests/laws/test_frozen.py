"""A fit is a fact: no public method changes it, and a pickle brings all of it back."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import hashlib
import inspect
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import ranef as rn

MEMBERS = [
    *("fixef", "vcov", "sigma", "theta", "loglik", "deviance", "criterion", "aic", "bic"),
    *("nobs", "ngroups", "df_model", "df_resid", "reml", "formula", "dropped"),
    *("fitted", "leverage"),
]


KINDS = [
    *("response", "pearson", "deviance", "working"),
    *("marginal", "standardized", "whitened"),
]


def content(fit: Any) -> dict[str, bytes]:
    """Every estimate as bytes."""
    values = {name: getattr(fit, name) for name in MEMBERS}
    values["varcorr"] = fit.varcorr()
    values["ranef"] = fit.ranef()
    values["residuals"] = fit.residuals()
    values["certificate"] = str(fit.certificate)
    values["predict"] = fit.predict()
    values["coefficients"] = fit.coefficients()
    values["simulate"] = fit.simulate(1, seed=1)
    values["model_frame"] = fit.model_frame()
    values["missing"] = fit.missing_rows.rows
    return {name: as_bytes(value) for name, value in values.items()}


def as_bytes(value: Any) -> bytes:
    if isinstance(value, dict):
        return b"".join(str(key).encode() + as_bytes(part) for key, part in value.items())
    if isinstance(value, (pd.DataFrame, pd.Series)):
        return value.to_json(double_precision=15).encode()
    if isinstance(value, np.ndarray):
        return np.ascontiguousarray(value).tobytes()
    return repr(value).encode()


def content_hash(fit: Any) -> str:
    return hashlib.sha256(b"".join(content(fit).values())).hexdigest()


def public_members(fit: Any) -> list[str]:
    return [name for name in dir(fit) if not name.startswith("_")]


@pytest.fixture(scope="module")
def fit(make: Callable[..., Any]) -> Any:
    example = make("slope", 4)
    data = example.data.assign(
        f=pd.Categorical(example.data["k"].map({0: "a", 1: "b"}).fillna("c"))
    )
    data.loc[3, "y"] = np.nan
    return rn.lmm("y ~ x + f + (x | g)", data)


def arguments(fit: Any, tmp_path: Any) -> dict[str, list[tuple[tuple[Any, ...], dict[str, Any]]]]:
    """How to call what cannot be called without arguments, or should be called in more ways."""
    rows = pd.DataFrame({"x": [0.0], "f": ["a"], "g": [1]})
    return {
        "residuals": [((kind,), {}) for kind in KINDS],
        "ranef": [((), {}), ((), {"condvar": False})],
        "tidy": [
            *(((), {"effects": e}) for e in ("fixed", "ran_pars", "ran_vals")),
            *(((), {"standardize": how}) for how in ("refit", "within", "basic")),
        ],
        "summary": [((), {}), ((), {"ddf": "residual"})],
        "predict": [((), {}), ((rows,), {}), ((), {"level": "population"})],
        "model_matrix": [((), {}), ((rows,), {})],
        "simulate": [((2,), {"seed": 1}), ((1,), {"newdata": rows, "random": "conditional"})],
        "bootstrap": [((2,), {"seed": 1}), ((2,), {"seed": 1, "statistic": lambda m: m.sigma})],
        "update": [(("~ . - f",), {"subset": "x > 0"})],
        "check_residuals": [((2,), {"seed": 1}), ((), {"calibrate": False})],
        "influence": [((), {}), (("rows",), {})],
        "refit": [((fit.fitted,), {})],
        "with_reml": [((False,), {}), ((True,), {})],
        "emmeans": [(("f",), {}), (("f",), {"weights": "cells"})],
        "emtrends": [(("x",), {"by": "f"})],
        "comparisons": [(("f",), {}), (("x",), {"by": "f"})],
        "slopes": [(("x",), {"by": "f"})],
        "contextual": [(("x",), {})],
        "robust": [((), {}), (("CR0",), {"cluster": "g"})],
        "r2": [((), {}), (("g",), {})],
        "test": [(("x = 0",), {}), (("x = 0",), {"ddf": "kenward-roger"})],
        "save": [((tmp_path / "m.ranef",), {})],
        "report": [((tmp_path / "report.html",), {})],
        "code": [(("lme4",), {})],
        "sentence": [(("x",), {})],
    }


def test_no_public_method_changes_the_fit(fit: Any, tmp_path: Any) -> None:
    before, calls = content_hash(fit), arguments(fit, tmp_path)
    called = []
    for name in public_members(fit):
        member = getattr(fit, name)
        if not inspect.ismethod(member) or inspect.isclass(member.__self__):
            continue
        for positional, keywords in calls.get(name, [((), {})]):
            with contextlib.suppress(rn.errors.RanefError):
                str(member(*positional, **keywords))
            called.append(name)
            assert content_hash(fit) == before, f"{name} changed the fit"
    assert {"varcorr", "ranef", "coef", "predict", "simulate", "refit"} <= set(called)


def test_what_a_method_returns_is_the_callers(fit: Any) -> None:
    """Writing into a result does not reach the fit."""
    before = content_hash(fit)
    for name in ("fixef", "theta", "fitted", "leverage"):
        scribble(getattr(fit, name))
    for name in ("varcorr", "residuals", "predict"):
        scribble(getattr(fit, name)())
    scribble(fit.vcov)
    scribble(fit.vcov_full)
    scribble(fit.ranef_vcov())
    matrices = fit.matrices()
    for array in (matrices.X, matrices.Z.data, matrices.Lambda.data, matrices.theta, matrices.y):
        scribble(array)
    for frame in (*fit.ranef().values(), *fit.coef().values()):
        scribble(frame)
    assert content_hash(fit) == before


def scribble(value: Any) -> None:
    try:
        if isinstance(value, pd.DataFrame):
            value.iloc[0, -1] = 99.0
        elif isinstance(value, pd.Series):
            value.iloc[0] = 99.0
        else:
            value[0] = 99.0
    except ValueError:
        pass  # read-only is an answer too


@pytest.mark.parametrize("what", ["y", "x", "g", "weights", "offset"])
def test_the_users_data_may_change_afterwards(make: Callable[..., Any], what: str) -> None:
    example = make("slope", 5, weighted=True, offset=True)
    before = content_hash(rn.lmm(example.formula, example.data, **example.options))
    data = example.data.copy()
    arrays = {name: example.options[name].copy() for name in ("weights", "offset")}
    fit = rn.lmm(example.formula, data, **arrays)
    if what in arrays:
        arrays[what][:] = 7.0
    else:
        data.loc[:, what] = data[what] * 0 + 1
    assert content_hash(fit) == before


WRITES = {
    "loc": lambda data: data.loc.__setitem__((0, "x"), 99.0),
    "iloc": lambda data: data.iloc.__setitem__((slice(None), 1), 0.0),
    "at": lambda data: data.at.__setitem__((3, "y"), -5.0),
    "replace": lambda data: data.replace(data["x"].iloc[0], 12.0, inplace=True),
    "update": lambda data: data.update(pd.DataFrame({"x": np.zeros(len(data))})),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_no_way_of_writing_into_the_frame_reaches_the_fit(write: Callable[[Any], Any]) -> None:
    """The fit may look into the frame's memory: then pandas has to copy before it writes."""
    rng = np.random.default_rng(2)
    data = pd.DataFrame({"y": rng.normal(size=60), "x": rng.normal(size=60)})
    data["g"] = np.arange(60) % 6
    fit = rn.lmm("y ~ x + (1 | g)", data)
    before = content_hash(rn.lmm("y ~ x + (1 | g)", data.copy(deep=True)))
    write(data)
    assert content_hash(fit) == before


@pytest.mark.parametrize("library", ["pandas", "mapping", "polars", "pyarrow"])
def test_arrays_that_a_frame_was_made_from_may_change_afterwards(library: str) -> None:
    """Polars and Arrow look into the arrays they are given."""
    import polars as pl
    import pyarrow as pa

    make = {"pandas": pd.DataFrame, "mapping": dict, "polars": pl.DataFrame, "pyarrow": pa.table}
    rng = np.random.default_rng(3)
    arrays = {"y": rng.normal(size=60), "x": rng.normal(size=60), "g": np.arange(60) % 6}
    fit = rn.lmm("y ~ x + (1 | g)", make[library](arrays))
    copies = {name: values.copy() for name, values in arrays.items()}
    before = content_hash(rn.lmm("y ~ x + (1 | g)", make[library](copies)))
    for values in arrays.values():
        values[:] = 1
    assert content_hash(fit) == before


@pytest.fixture(scope="module")
def summed(fit: Any) -> Any:
    """The same fit without its rows."""
    return rn.lmm("y ~ x + f + (x | g)", rn.moments("y ~ x + f + (x | g)", fit.model_frame()))


def content_of_sums(fit: Any) -> dict[str, bytes]:
    """What a fit without rows knows, as bytes."""
    values = {name: getattr(fit, name) for name in MEMBERS if name not in ("fitted", "leverage")}
    values |= {"varcorr": fit.varcorr(), "ranef": fit.ranef(), "moments": repr(fit.moments)}
    values |= {"coefficients": fit.coefficients(), "r2": fit.r2().frame, "anova": fit.anova(2)}
    return {name: as_bytes(value) for name, value in values.items()}


def test_no_public_method_changes_a_fit_without_rows(fit: Any, summed: Any, tmp_path: Any) -> None:
    before, calls = content_of_sums(summed), arguments(fit, tmp_path)
    sums = repr(summed.moments)
    for name in public_members(summed):
        member = getattr(type(summed), name, None)
        if name == "report" or not inspect.isfunction(member):
            continue
        for positional, keywords in calls.get(name, [((), {})]):
            with contextlib.suppress(rn.errors.RanefError):
                str(getattr(summed, name)(*positional, **keywords))
    assert content_of_sums(summed) == before
    assert repr(summed.moments) == sums


def test_adding_moments_changes_none_of_them(summed: Any) -> None:
    one = summed.moments
    before = [table.to_pydict() for table in one.cells]
    assert (one + one).n == 2 * one.n
    assert [table.to_pydict() for table in one.cells] == before
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.shifts = np.zeros(1)


@pytest.mark.parametrize("again", [lambda fit: pickle.loads(pickle.dumps(fit)), copy.deepcopy])
def test_a_copy_without_rows_says_the_same(summed: Any, again: Callable[[Any], Any]) -> None:
    assert content_of_sums(again(summed)) == content_of_sums(summed)


def test_attributes_cannot_be_set(fit: Any) -> None:
    for name in ("sigma", "fixef", "something_new"):
        with pytest.raises((AttributeError, dataclasses.FrozenInstanceError, TypeError)):
            setattr(fit, name, 1.0)


@pytest.mark.parametrize("again", [lambda fit: pickle.loads(pickle.dumps(fit)), copy.deepcopy])
def test_a_copy_says_the_same(fit: Any, again: Callable[[Any], Any]) -> None:
    assert content(again(fit)) == content(fit)


def test_the_same_call_gives_the_same_numbers(make: Callable[..., Any]) -> None:
    example = make("crossed slope", 6)
    one, two = (rn.lmm(example.formula, example.data) for _ in range(2))
    assert content(one) == content(two)
