"""Levels, components, group sizes, relations and findings."""

from __future__ import annotations

import datetime as dt
import re

import numpy as np
import pandas as pd
import polars as pl
import pytest

from ranef import datasets
from ranef.errors import DataError, UnknownColumnError
from ranef.explore.structure import structure


def _codes(data: object, groups: str | list[str]) -> set[tuple[str, str]]:
    return {(f.code, f.where) for f in structure(data, groups).findings}


def test_hsb() -> None:
    page = structure(datasets.load("hsb"), "sch.id")
    variables = page.variables.set_index("variable")
    assert variables["level"].to_dict() == {
        "math": "row",
        "size": "sch.id",
        "sector": "sch.id",
        "meanses": "sch.id",
        "minority": "row",
        "female": "row",
        "ses": "row",
    }
    row = page.groups.iloc[0]
    assert (row["group"], row["n_groups"], row["min_size"], row["max_size"]) == (
        "sch.id",
        160,
        14,
        67,
    )
    assert row["mean_size"] == pytest.approx(7185 / 160)
    assert page.n_rows == 7185
    assert page.findings == ()


def test_components_are_the_unbalanced_anova_estimator() -> None:
    rng = np.random.default_rng(3)
    g = rng.choice(["a", "b", "c", "d"], p=[0.5, 0.3, 0.1, 0.1], size=60)
    x = rng.normal(size=60) + 2.0 * (g == "a") + 1e6
    by_group = [x[g == level] for level in np.unique(g)]
    n = np.array([part.size for part in by_group])
    means = np.array([part.mean() for part in by_group])
    msw = sum(((part - part.mean()) ** 2).sum() for part in by_group) / (60 - 4)
    msb = (n * (means - x.mean()) ** 2).sum() / 3
    n0 = (60 - (n**2).sum() / 60) / 3
    row = structure({"g": g, "x": x}, "g").variables.iloc[0]
    assert row["within_var"] == pytest.approx(msw, rel=1e-9)
    assert row["between_var"] == pytest.approx((msb - msw) / n0, rel=1e-8)
    assert row["icc"] == pytest.approx((msb - msw) / (msb + (n0 - 1) * msw), rel=1e-8)


def test_balanced_components_of_dyestuff() -> None:
    """The textbook estimates: 1764 between and 2451 within batches."""
    row = structure(datasets.load("dyestuff"), "Batch").variables.iloc[0]
    assert row["within_var"] == pytest.approx(2451.25)
    assert row["between_var"] == pytest.approx(1764.05, abs=0.005)


def test_components_may_be_below_zero() -> None:
    assert structure(datasets.load("dyestuff2"), "Batch").variables["between_var"].iloc[0] < 0


def test_levels_in_nested_groups() -> None:
    egsingle = datasets.load("egsingle")
    page = structure(egsingle, ["childid", "schoolid"])
    level = page.variables.set_index("variable")["level"]
    assert level["math"] == "row"
    assert level["female"] == "childid"
    assert level["lowinc"] == "schoolid"
    assert page.relations.to_dict("records") == [
        {
            "a": "childid",
            "b": "schoolid",
            "relation": "nested",
            "cells": 1721,
            "possible": 1721 * 60,
        }
    ]
    swapped = structure(egsingle, ["schoolid", "childid"])
    pd.testing.assert_frame_equal(page.relations, swapped.relations)
    components = page.components.set_index(["variable", "group"])
    assert components.loc[("math", "childid"), "icc"] > components.loc[("math", "schoolid"), "icc"]
    first = swapped.variables.set_index("variable")["icc"]
    assert first["math"] == components.loc[("math", "schoolid"), "icc"]


@pytest.mark.parametrize(
    ("name", "groups", "relation", "cells"),
    [
        ("penicillin", ["plate", "sample"], "fully crossed", 144),
        ("pastes", ["batch", "cask"], "fully crossed", 30),
        ("pastes", ["sample", "batch:cask"], "one-to-one", 30),
        ("pastes", ["batch", "batch:cask"], "nested", 30),
        ("scotssec", ["primary", "second"], "partially crossed", 303),
    ],
)
def test_relations(name: str, groups: list[str], relation: str, cells: int) -> None:
    row = structure(datasets.load(name), groups).relations.iloc[0]
    assert (row["relation"], row["cells"]) == (relation, cells)


def test_nested_reads_from_the_inner_factor() -> None:
    row = structure(datasets.load("pastes"), ["batch", "batch:cask"]).relations.iloc[0]
    assert (row["a"], row["b"]) == ("batch:cask", "batch")


def test_missing_rows_belong_to_no_relation_or_size() -> None:
    data = {"a": ["x", "x", "y", None], "b": ["u", "u", None, "v"], "z": [1.0, 2.0, 3.0, np.nan]}
    page = structure(data, ["a", "b"])
    assert page.groups["n_groups"].tolist() == [2, 2]
    assert page.groups["max_size"].tolist() == [2, 2]
    assert page.relations["cells"].tolist() == [1]
    assert page.variables["n_missing"].tolist() == [1]
    assert page.variables["n_unique"].tolist() == [3]
    codes = {(f.code, f.where) for f in page.findings}
    assert {("missing-values", "a"), ("missing-values", "b"), ("missing-values", "z")} <= codes


def test_findings() -> None:
    n = 40
    data = pd.DataFrame(
        {
            "g": np.repeat(np.arange(20), 2),
            "decimals": np.repeat(np.arange(20), 2) + 0.25,
            "alone": np.arange(n),
            "some": np.r_[np.arange(10), np.repeat(np.arange(10, 25), 2)],
            "one": ["same"] * n,
            "slip": np.r_[1.0, np.repeat(np.arange(20.0), 2)[1:]],
            "tiny": np.repeat(np.arange(20.0), 2) + 1e-3 * np.arange(n),
            "x": np.random.default_rng(0).normal(size=n),
            "inf": np.r_[np.inf, np.random.default_rng(2).normal(size=n - 1)],
            "day": [dt.datetime(2020, 1, 1)] * n,
            "list": [[1]] * n,
        }
    )
    codes = _codes(data, "g")
    assert ("constant-variable", "one") in codes
    assert ("almost-constant-within", "slip") in codes
    assert ("almost-constant-within", "tiny") in codes
    assert ("infinite-values", "inf") in codes
    assert ("unreadable-column", "list") in codes
    assert ("constant-variable", "day") in codes
    assert not {code for code, where in codes if where in ("g", "x")}
    assert ("numeric-group", "decimals") in _codes(data, "decimals")
    assert ("as-many-groups-as-rows", "alone") in _codes(data, "alone")
    assert ("singletons", "some") in _codes(data, "some")
    assert ("one-group", "one") in _codes(data, "one")


def test_a_slip_of_the_pen_is_named() -> None:
    data = {"g": np.repeat(np.arange(100), 3), "z": np.repeat(np.arange(100.0), 3)}
    data["z"][7] = 50.0
    (finding,) = structure(data, "g").findings
    assert finding.evidence == "it varies in 1 of 100 groups, such as 2"


def test_variables_on_request() -> None:
    page = structure(datasets.load("hsb"), "sch.id", variables=["ses", "sector"])
    assert page.variables["variable"].tolist() == ["ses", "sector"]
    frame = pd.DataFrame({"g": [1, 1], "list": [[1], [2]]})
    with pytest.raises(DataError, match="'list' is neither"):
        structure(frame, "g", variables="list")
    with pytest.raises(UnknownColumnError, match="unknown column 'shool'"):
        structure(frame, "shool")


def test_frame_types_agree() -> None:
    pandas = structure(datasets.load("pastes"), ["batch", "sample"])
    polars: pl.DataFrame = datasets.load("pastes", as_="polars")
    for frame in (polars, polars.lazy()):
        other = structure(frame, ["batch", "sample"])
        assert str(other) == str(pandas)


def test_the_page_fits_a_terminal() -> None:
    egsingle = datasets.load("egsingle").rename(columns={"math": "m" * 120})
    page = structure(egsingle.assign(odd=1), ["childid", "schoolid"])
    text = str(page)
    assert max(map(len, text.splitlines())) <= 100
    for part in (
        "childid is nested in schoolid",
        "ICC by grouping factor",
        "Findings",
        "7,230 rows",
    ):
        assert part in text
    assert repr(page) == text


def test_html_escapes_names() -> None:
    page = structure(pd.DataFrame({"g": [1, 1, 2, 2], "<b>x": [1.0, 2.0, 3.0, 4.0]}), "g")
    html = page._repr_html_()
    assert "&lt;b&gt;x" in html
    assert "<b>x" not in html


def test_html_has_the_same_tables_as_the_text() -> None:
    page = structure(datasets.load("egsingle"), ["childid", "schoolid"])
    html = page._repr_html_()
    for body in re.findall(r"<tr>(.*?)</tr>", html):
        cells = re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", body)
        line = r"  +".join(re.escape(c.replace("\N{MINUS SIGN}", "-")) for c in cells if c)
        assert re.search(rf"^  {line} *$", str(page), flags=re.MULTILINE), cells
    assert html.count("<table") == 3
    assert not re.search(r"\de[+-]\d", str(page))


def test_an_icc_below_zero_is_explained() -> None:
    below = structure(datasets.load("dyestuff2"), "Batch")
    assert "ICC below zero" in str(below)
    assert "ICC below zero" in below._repr_html_()
    assert "ICC below zero" not in str(structure(datasets.load("dyestuff"), "Batch"))


def test_only_groups() -> None:
    page = structure({"g": [1, 1, 2]}, "g")
    assert len(page.variables) == 0
    assert "0 variables" in str(page)


def test_factors_that_are_the_same_or_never_meet():
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"a": np.repeat(np.arange(8), 6), "x": rng.normal(size=48)})
    data["same"] = data["a"].map(lambda j: f"n{7 - j}")
    data["apart"] = 10 * (data["a"] // 4) + rng.integers(0, 3, 48)
    found = {f.code: f for f in structure(data, ["a", "same", "apart"], "x").findings}
    assert found["same-groups"].severity == "problem"
    assert found["same-groups"].where == "a, same"
    assert "2 sets that never meet" in found["disconnected-groups"].message


def test_repeated_rows_are_told_from_coarse_measurement():
    rng = np.random.default_rng(2)
    data = pd.DataFrame({"g": np.repeat(np.arange(10), 20), "x": rng.normal(size=200)})
    coarse = data.assign(x=rng.integers(1, 6, 200))
    copied = pd.concat([data, data.iloc[[3, 40, 77]]])
    assert "duplicated-rows" not in [f.code for f in structure(data, "g").findings]
    assert "duplicated-rows" not in [f.code for f in structure(coarse, "g").findings]
    (found,) = [f for f in structure(copied, "g").findings if f.code == "duplicated-rows"]
    assert found.message.startswith("3 rows repeat")
