"""Moments add up, whatever the levels, shifts and scales of the parts, and survive a file."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ranef as rn
from ranef.errors import DataError, OptionError

FORMULA = "y ~ x * f + (x | g)"


def rows(seed: int, n: int = 240, groups: int = 12, shift: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    g = rng.integers(groups, size=n)
    x = rng.normal(size=n) + shift
    f = rng.choice(["a", "b", "c"], size=n)
    u = np.random.default_rng(7).normal(size=(200, 2))[g]
    y = 1.0 + 0.5 * x + (f == "b") + u[:, 0] + 0.4 * u[:, 1] * x + rng.normal(size=n)
    return pd.DataFrame({"y": y, "x": x, "f": f, "g": [f"g{k:03d}" for k in g]})


def close(fit: rn.Fit, other: rn.Fit) -> None:
    assert fit.nobs == other.nobs
    assert fit.criterion == pytest.approx(other.criterion, rel=1e-10)
    np.testing.assert_allclose(fit.theta, other.theta, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(fit.fixef, other.fixef, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(fit.vcov, other.vcov, rtol=1e-8, atol=1e-10)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 239), max_size=4))
def test_any_split_gives_the_same_sums(seed: int, cuts: list[int]) -> None:
    data = rows(seed % 1000)
    ends = [0, *sorted(set(cuts)), len(data)]
    order = np.random.default_rng(seed).permutation(len(data))
    parts = [data.iloc[order[a:b]] for a, b in pairwise(ends)]
    close(rn.lmm(FORMULA, sum(rn.moments(FORMULA, part) for part in parts)), rn.lmm(FORMULA, data))


def test_sites_with_other_levels_and_origins() -> None:
    sites = []
    for k, origin in enumerate([0.0, 50.0, -3.0, 1000.0]):
        site = rows(k, shift=origin)
        site["g"] = site["g"] if k < 2 else f"site{k}:" + site["g"]
        sites.append(site)
    close(
        rn.lmm(FORMULA, sum(rn.moments(FORMULA, site) for site in sites)),
        rn.lmm(FORMULA, pd.concat(sites)),
    )


def test_a_smaller_model_is_contracted_from_the_same_sums() -> None:
    data = rows(3)
    sums = rn.moments(FORMULA, data)
    for formula in ("y ~ x + (1 | g)", "y ~ f + (x || g)", "y ~ 0 + f + x:f + (0 + x | g)"):
        close(rn.lmm(formula, sums), rn.lmm(formula, data))
    close(
        rn.lmm(FORMULA, sums, contrasts={"f": "sum"}), rn.lmm(FORMULA, data, contrasts={"f": "sum"})
    )


def test_a_new_month_is_added_to_a_fit() -> None:
    first, second = rows(1), rows(2)
    fit = rn.lmm(FORMULA, first)
    both = rn.lmm(FORMULA, fit.moments + rn.moments(FORMULA, second), start=fit.theta)
    close(both, rn.lmm(FORMULA, pd.concat([first, second])))


def test_a_new_group_is_appended_and_a_new_category_is_an_error() -> None:
    first, second = rows(1), rows(2, groups=20)
    fit = rn.lmm(FORMULA, rn.moments(FORMULA, first))
    new = fit.moments + rn.moments(FORMULA, second)
    both = rn.lmm(FORMULA, new, start=fit.theta)
    assert both.ngroups == {"g": 20}
    close(both, rn.lmm(FORMULA, pd.concat([first, second])))
    strange = rn.moments(FORMULA, second.assign(f="d"))
    for add in (lambda: fit.moments + strange, lambda: new + strange, lambda: strange + new):
        with pytest.raises(DataError, match="'f' has a level that the fit does not have: 'd'"):
            add()
    assert rn.moments(FORMULA, first) + strange  # of no fit: sites may have levels of their own


def test_a_group_whose_means_are_subtracted_may_be_new() -> None:
    formula = "y ~ within(x, g) + between(x, g) + (1 | g)"
    first, second = rows(1), rows(2, groups=20)
    fit = rn.lmm(formula, first)
    both = rn.lmm(formula, fit.moments + rn.moments(formula, second), start=fit.theta)
    close(both, rn.lmm(formula, pd.concat([first, second])))


def test_a_file_gives_the_moments_back(tmp_path: Path) -> None:
    sums = rn.moments(FORMULA, rows(4))
    sums.save(tmp_path / "sums.parquet")
    again = rn.load_moments(tmp_path / "sums.parquet")
    assert again.n == sums.n
    assert list(tmp_path.iterdir()) == [tmp_path / "sums.parquet"]
    close(rn.lmm(FORMULA, again), rn.lmm(FORMULA, sums))


@pytest.mark.parametrize(
    ("other", "word"),
    [
        ("y ~ x + (x | g)", "the formula"),
        ("y ~ x * f + (1 | g)", "the formula"),
    ],
)
def test_moments_of_other_models_do_not_add(other: str, word: str) -> None:
    data = rows(5)
    with pytest.raises(DataError, match=f"cannot be added: they differ in {word}"):
        rn.moments(FORMULA, data) + rn.moments(other, data)


def test_moments_with_other_weights_do_not_add() -> None:
    data = rows(5).assign(w=2.0)
    with pytest.raises(DataError, match="the weights"):
        rn.moments(FORMULA, data, weights="w") + rn.moments(FORMULA, data)


def test_a_formula_that_needs_more_names_what_is_lacking() -> None:
    sums = rn.moments("y ~ x + (1 | g)", rows(6))
    with pytest.raises(DataError, match="not among them: the column f"):
        rn.lmm("y ~ x + f + (1 | g)", sums)
    with pytest.raises(DataError, match=r"sums of x\^2"):
        rn.lmm("y ~ x + I(x^2) + (1 | g)", sums)


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sums.parquet"
    rn.moments(FORMULA, rows(7)).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="damaged"):
        rn.load_moments(path)
    pq.write_table(pa.table({"x": [1.0]}), path)
    with pytest.raises(DataError, match="holds no moments"):
        rn.load_moments(path)
    with pytest.raises(OptionError, match="no files of moments"):
        rn.load_moments(tmp_path / "none*.parquet")


def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sums.parquet"
    rn.moments(FORMULA, rows(8)).save(path)
    table = pq.read_table(path)
    described = json.loads(table.schema.metadata[b"ranef moments"])
    for change, message in (
        ({"format": 99}, "another format"),
        ({"fingerprint": "0" * 16}, "damaged"),
        ({"rows": 1}, "damaged"),
    ):
        told = {b"ranef moments": json.dumps(described | change).encode()}
        pq.write_table(table.replace_schema_metadata(told), path)
        with pytest.raises(DataError, match=message):
            rn.load_moments(path)


def test_small_cells_are_counted() -> None:
    data = pd.concat([rows(9), rows(10).iloc[:1].assign(g="alone")])
    small = rn.moments(FORMULA, data).small_cells(5)
    cells = data.groupby(["g", "f"]).size()
    assert small.iloc[0].to_dict() == {
        "cells": len(cells),
        "below": int((cells < 5).sum()),
        "single": int((cells == 1).sum()),
    }


def test_tests_and_means_need_no_rows() -> None:
    data = rows(11)
    memory, summed = rn.lmm(FORMULA, data), rn.lmm(FORMULA, rn.moments(FORMULA, data))
    for type in (1, 2, 3):
        np.testing.assert_allclose(summed.anova(type), memory.anova(type), rtol=1e-7)
    for of, by in (("f", None), ("f", "x"), ("x", "f")):
        np.testing.assert_allclose(
            summed.emmeans(of, by=by).frame.select_dtypes(float),
            memory.emmeans(of, by=by).frame.select_dtypes(float),
            rtol=1e-7,
        )
    np.testing.assert_allclose(
        summed.emtrends("x", by="f").frame.select_dtypes(float),
        memory.emtrends("x", by="f").frame.select_dtypes(float),
        rtol=1e-7,
    )
    np.testing.assert_allclose(summed.confint("profile"), memory.confint("profile"), rtol=1e-6)


def test_what_needs_rows_says_so() -> None:
    fit = rn.lmm(FORMULA, rn.moments(FORMULA, rows(12)))
    asked = {
        "fitted": lambda: fit.fitted,
        "residuals": fit.residuals,
        "leverage": lambda: fit.leverage,
        "augment": fit.augment,
        "simulate": lambda: fit.simulate(1, seed=1),
        "influence": lambda: fit.influence(by="g"),
    }
    for name, ask in asked.items():
        with pytest.raises(DataError, match="made from sums of the rows"):
            ask()
        assert name


def test_a_nearly_collinear_model_is_refused() -> None:
    data = rows(13)
    data["z"] = data["x"] + 1e-6 * np.random.default_rng(1).normal(size=len(data))
    with pytest.raises(DataError, match="nearly collinear"):
        rn.lmm("y ~ x + z + (1 | g)", rn.moments("y ~ x + z + (1 | g)", data))


def test_a_determined_column_is_left_out_as_in_memory() -> None:
    data = rows(14)
    data["twice"] = 2.0 * data["x"] + 1.0
    formula = "y ~ x + twice + f + (1 | g)"
    memory, summed = rn.lmm(formula, data), rn.lmm(formula, rn.moments(formula, data))
    assert summed.dropped == memory.dropped == ("twice",)
    close(summed, memory)


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("y ~ poly(x, 2) + (1 | g)", "poly"),
        ("y ~ log(scale(x)) + (1 | g)", "scale"),
        ("y ~ ns(x, 3) + (1 | g)", "ns"),
        ("y ~ x + (ns(x, 3) | g)", "ns"),
    ],
)
def test_what_learns_from_all_rows_is_refused_before_any_pass(formula: str, message: str) -> None:
    def never():  # type: ignore[no-untyped-def]
        yield rows(1)
        raise AssertionError("the rows were read")

    with pytest.raises(OptionError, match=rf"{message}\(\) learns from all rows"):
        rn.moments(formula, rn.scan(never()))


@pytest.mark.parametrize("option", ["weights", "offset"])
@pytest.mark.parametrize("value", ["w", np.ones(60)])
def test_weights_and_offset_are_those_of_the_moments(option: str, value: object) -> None:
    sums = rn.moments("y ~ x + (1 | g)", rows(20))
    with pytest.raises(OptionError, match=f"the {option} were chosen when the moments were made"):
        rn.lmm("y ~ x + (1 | g)", sums, **{option: value})
