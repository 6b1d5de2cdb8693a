"""Text that holds numbers or dates, codes for missing values, levels that look the same."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import ranef as rn
from ranef.explore.missing_codes import missing_codes
from ranef.explore.similar_levels import similar_levels
from ranef.explore.text_values import text_values
from ranef.frame import read_table
from ranef.page.phrases import count
from ranef.types import Finding


def found(finder: object, values: object) -> list[Finding]:
    return list(finder(read_table({"v": values})["v"]))  # type: ignore[operator]


NUMBERS = [f"{i / 4:g}" for i in range(40)]


@pytest.mark.parametrize(
    ("values", "severity", "words"),
    [
        (NUMBERS, "warning", "whose values are numbers"),
        ([v.replace(".", ",") for v in NUMBERS], "warning", "numbers with a comma"),
        (["1,5", "2,25", "1,5"], "warning", "numbers with a comma"),
        (["1,234", "2,500"], "warning", "numbers with a comma"),
        ([*NUMBERS, "n.a."], "warning", "all but 1 of its 41 values are numbers"),
        ([*NUMBERS, " 7 ", None], "warning", "whose values are numbers"),
        (["1", "2", "3"], "note", "whose values are numbers"),
        (["1", "2", "K"], "warning", "all but 1 of its 3 values are numbers"),
        (["1e-3", "-Inf", "NaN", "+.5"] * 3, "note", "whose values are numbers"),
    ],
)
def test_numbers_as_text(values: list[str], severity: str, words: str) -> None:
    for column in (values, pl.Series(values), pa.array(values)):
        (finding,) = found(text_values, column)
        assert finding.code == "numbers-as-text"
        assert finding.severity == severity
        assert words in finding.message
    distinct = len({v for v in values if v is not None})
    assert count(distinct - 1, "coefficient") in finding.evidence


@pytest.mark.parametrize(
    "pattern",
    ["2024-03-{:02d}", "2024/03/{:02d}", "{}.3.2024", "03/{:02d}/24", "2024-03-{:02d}T06:30:00Z"],
)
def test_dates_as_text(pattern: str) -> None:
    values = [pattern.format(day) for day in range(1, 29)]
    (finding,) = found(text_values, values)
    assert finding.code == "dates-as-text"
    assert "27 coefficients" in finding.evidence
    (finding,) = found(text_values, [*values, "unknown"])
    assert "all but 1" in finding.message


@pytest.mark.parametrize(
    "values",
    [
        ["a", "b", "1", "2"],
        ["12b", "7a"],
        ["s1", "s2"],
        ["1-2", "3-4"],
        ["10.0.0.1", "10.0.0.2"],
        pd.Categorical(NUMBERS),
        pl.Series(NUMBERS, dtype=pl.Categorical),
        pl.Series(["1", "2"], dtype=pl.Enum(["1", "2"])),
        pa.array(NUMBERS).dictionary_encode(),
        [1.0, 2.0],
        pd.to_datetime(["2024-01-01", "2024-01-02"]),
    ],
    ids=str,
)
def test_categories_and_numbers_are_what_they_are(values: object) -> None:
    assert found(text_values, values) == []


HEIGHTS = [150.0, 163.5, 171.0, 188.0, np.nan]


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        ([*HEIGHTS, -99, -99], ["-99"]),
        ([*HEIGHTS, -9], ["-9"]),
        ([*HEIGHTS, 999], ["999"]),
        ([*HEIGHTS, 9999, -9999], ["-9999", "9999"]),
        ([*HEIGHTS, -99, -98], []),  # -98 is no usual code, and beside it -99 is not far away
        ([*HEIGHTS, -88, -99], ["-99", "-88"]),
        ([0.0, 2e5, -99], ["-99"]),  # nothing else is negative
        ([-3.0, 2.0, 0.5, -99], ["-99"]),
        ([1, 2, 3, 999], ["999"]),
        ([True, False, True], []),
        ([-120.0, 300.0, -99.0], []),
        ([-120.0, 300.0, -99.0, -999.0], ["-999"]),
        ([400.0, 700.0, 998.0, 999.0], []),
        ([5.0, 80.0, 99.0], []),
        ([-99.0, -99.0], []),
        (["a", ".", "b", "."], ["'.'"]),
        (["a", "", "b"], ["''"]),
        (["a", "nan", "N/A"], ["'N/A'", "'nan'"]),
        (["+", "-"], []),
        (["none", "low", "Na"], []),
        (pd.Categorical(["a"], ["a", "."]), []),
    ],
    ids=str,
)
def test_codes_for_missing_values(values: object, codes: list[str]) -> None:
    findings = found(missing_codes, values)
    assert [f.message.split(" is ")[1].split(" in ")[0] for f in findings] == codes
    assert {f.code for f in findings} <= {"missing-code"}


@pytest.mark.parametrize(
    ("levels", "difference"),
    [
        (["female", "female "], "spaces"),
        (["New York", "New  York", "Boston"], "spaces"),
        (["a", "\u00a0a"], "spaces"),
        (["Female", "female"], "case"),
        (["Female", "female "], "spaces and case"),
        (["female", "f\u0435male"], "characters that look alike"),
        (["A", "\u0391"], "characters that look alike"),
        (["pre-test", "pre\u2013test"], "characters that look alike"),
        (["caf\u00e9", "cafe\u0301"], "characters that look alike"),
        (["x", "x\u200b"], "characters that look alike"),
        (["K1", "\u212a1"], "characters that look alike"),
    ],
)
def test_similar_levels(levels: list[str], difference: str) -> None:
    for values in (levels, pd.Categorical(levels)):
        (finding,) = found(similar_levels, values)
        assert finding.code == "similar-levels"
        assert f"differ in {difference} alone" in finding.message
        assert "1 and 1 rows" in finding.evidence


def test_different_levels_are_no_finding() -> None:
    assert found(similar_levels, ["a", "b", "ä", "a1", "1", "l", "O0"]) == []
    assert found(similar_levels, pd.Categorical(["a"], ["a", "a "])) == []
    assert found(similar_levels, [1.0, 2.0]) == []


def _data() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    g = np.repeat(np.arange(20), 10)
    x = rng.integers(0, 60, 200) / 4
    y = 0.2 * x + rng.normal(size=20)[g] + rng.normal(size=200)
    return pd.DataFrame({"y": y, "x": x, "g": [f"s{i}" for i in g]})


def codes_of(formula: str, data: pd.DataFrame) -> set[tuple[str, str]]:
    return {(f.code, f.where) for f in rn.lmm(formula, data).findings}


def test_findings_stand_on_the_fit() -> None:
    data = _data()
    text = data["x"].map("{:g}".format)
    assert codes_of("y ~ x + (1 | g)", data) == set()
    assert codes_of("y ~ x + (1 | g)", data.assign(x=text)) == {("numbers-as-text", "x")}
    assert codes_of("y ~ factor(x) + (1 | g)", data.assign(x=text)) == set()
    assert codes_of("y ~ 1 + (1 | x)", data.assign(x=text)) == set()
    coded = data.assign(x=np.where(data["x"] == 2, -99, data["x"]))
    for formula in ("y ~ x + (1 | g)", "y ~ log(x + 100) + (1 | g)", "y ~ within(x, g) + (1 | g)"):
        assert codes_of(formula, coded) == {("missing-code", "x")}
    grouped = data.assign(g=np.where(data["g"] == "s3", " s4", data["g"]))
    assert codes_of("y ~ x + (1 | g)", grouped) == set()
    diagnosed = rn.lmm("y ~ x + (1 | g)", grouped).diagnose()
    assert "similar-levels" in {f.code for f in diagnosed.findings}


def test_a_refused_model_has_them_too() -> None:
    data = _data().assign(x=lambda d: [f"{i},5" for i in range(len(d))])
    with pytest.raises(rn.RanefError) as caught:
        rn.lmm("y ~ x + (1 | g)", data)
    assert "numbers-as-text" in {f.code for f in caught.value.findings}


def test_structure_has_them_too() -> None:
    data = _data()
    data["when"] = np.tile([f"2024-03-{d:02d}" for d in range(1, 26)], 8)
    data["sex"] = np.tile(["m", "m ", "f", "f"], 50)
    data["x"] = np.where(data["x"] == 2, -999, data["x"])
    data["n"] = data["y"].map("{:.2f}".format)
    structure = rn.structure(data, groups="g")
    assert {(f.code, f.where) for f in structure.findings} >= {
        ("dates-as-text", "when"),
        ("similar-levels", "sex"),
        ("missing-code", "x"),
        ("numbers-as-text", "n"),
    }
