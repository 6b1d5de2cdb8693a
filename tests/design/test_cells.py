"""Many rows of categories are coded once for each combination that occurs."""

import numpy as np
import pandas as pd
import pytest

import ranef.design.coding as coding
from ranef.design import build
from ranef.formula import parse
from ranef.frame import Table, read_table


@pytest.fixture
def many(frame: pd.DataFrame) -> Table:
    rows = np.random.default_rng(3).integers(0, len(frame), 5000)
    data = frame.iloc[rows].reset_index(drop=True)
    data["w"] = np.where(data["f"] == "a", "low", data["h"])  # not crossed with f in full
    return read_table(data)


@pytest.mark.parametrize(
    "fixed", ["f", "f * h", "0 + f + o", "f:o + h", "C(f, contr.sum) * o * h", "f * w", "factor(k)"]
)
def test_the_design_is_the_one_of_all_rows(many, fixed, monkeypatch):
    formula = parse(f"y ~ {fixed} + (1 | g)")
    made = build(formula, many)
    monkeypatch.setattr(coding, "_MANY_ROWS", 10**9)
    whole = build(formula, many)
    assert whole.cells is None
    assert made.cells is not None
    assert (made.x_names, made.dropped) == (whole.x_names, whole.dropped)
    assert made.encoding.fixed_terms == whole.encoding.fixed_terms
    np.testing.assert_array_equal(made.X, whole.X)
    np.testing.assert_array_equal(made.cells.columns.matrix()[made.cells.codes], whole.X)
    np.testing.assert_array_equal(made.cells.counts, np.bincount(made.cells.codes))


def test_missing_categories_give_rows_without_values(frame, monkeypatch):
    formula = parse("y ~ f * h + (1 | g)")
    encoding = build(formula, read_table(frame)).encoding
    data = pd.concat([frame] * 20, ignore_index=True)
    data.loc[::7, "f"] = np.nan
    made = encoding.fixed(read_table(data))
    monkeypatch.setattr(coding, "_MANY_ROWS", 10**9)
    np.testing.assert_array_equal(made, encoding.fixed(read_table(data)))
    assert np.isnan(made[::7]).all()


def test_numbers_among_the_categories_leave_nothing_equal(many):
    assert build(parse("y ~ f * x + (1 | g)"), many).cells is None


@pytest.mark.parametrize(("levels", "cells"), [(1100, True), (1600, False)])
def test_a_factor_of_many_levels_is_coded_once_a_level(levels, cells):
    """Four rows for each combination (and the missing one) are enough, however many there are."""
    rng = np.random.default_rng(1)
    code = np.concatenate([np.arange(levels), rng.integers(0, levels, 5000 - levels)])
    data = pd.DataFrame({"y": rng.normal(size=5000), "k": [f"k{i}" for i in code], "g": code % 7})
    made = build(parse("y ~ k + (1 | g)"), read_table(data))
    assert (made.cells is not None) is cells
    np.testing.assert_array_equal(made.X[:, 1:].sum(axis=1), code != 0)
