"""What a formula says of names that it cannot read as they were typed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ranef as rn

COLUMNS = ("x", "reading score", "post-test", "post", "pre–post", "2nd", "score (pts)", "a/b", "p%")
CASES = {
    "y ~ reading score + (1 | g)": ("no operator before 'score'", "write `reading score`;"),
    "log(reading score) ~ x + (1 | g)": ("no operator before 'score'", "write `reading score`;"),
    "y ~ x + (1 | school id)": ("no operator before 'id'", "write `school id`;"),
    "y ~ 2nd + (1 | g)": ("no operator before 'nd'", "write `2nd`;"),
    "y ~ x x:z + (1 | g)": ("no operator before 'x'", "write `x x`;"),
    "y ~ post-test + (1 | g)": ("unknown column 'test'", "write `post-test`"),
    "y ~ x + (post-test | g)": ("unknown column 'test'", "write `post-test`"),
    "y ~ a/b + (1 | g)": ("unknown column 'a'", "write `a/b`"),
    "y ~ x - zz + (1 | g)": ("unknown column 'zz'", "use a column of the data"),
    "y ~ x + (x - zz | g)": ("unknown column 'zz'", "use a column of the data"),
    "y ~ score (pts) + (1 | g)": ("unknown function 'score'", "write `score (pts)`"),
    "y ~ p% + (1 | g)": ("unexpected character '%'", "`p%`"),
    "y ~ x#1 + (1 | g)": ("unexpected character '#'", "`x#1`"),
    "df$y ~ x + (1 | g)": ("unexpected character '$'", "write y alone"),
    "y ~ x + (1 | df$g)": ("unexpected character '$'", "write g alone"),
    "y ~ df['x'] + (1 | g)": ("no operator before '['", "without the data frame"),
    "y ~ df.x + (1 | g)": ("unknown column 'df.x'", "write x alone"),
    "y \u223c x + (1 | g)": ("'\u223c' (U+223C) is not the ~ of a formula", "type ~"),
    "y ~ x \u2013 post + (1 | g)": ("'\u2013' (U+2013) is not the - of a formula", "type -"),
    "y ~ pre\u2013post + (1 | g)": ("'\u2013' (U+2013) is not", "write `pre\u2013post`"),
    "y ~ x \u2212 post + (1 | g)": ("'\u2212' (U+2212) is not the - of a formula", "type -"),
    "y ~ x + (1 \u2223 g)": ("'\u2223' (U+2223) is not the | of a formula", "type |"),
    "y ~ x \u00d7 post + (1 | g)": ("'\u00d7' (U+00D7) is not the * of a formula", "type *"),
    "y ~ x\u200b + (1 | g)": ("an invisible character (U+200B)", "delete it"),
    "y ~ \u201cx\u201d + (1 | g)": ("unexpected character", "between backticks"),
    "y ~ 'reading score' + (1 | g)": ("'reading score' is not a term", "`reading score`"),
    "y ~ x + (1 | 'school id')": ("is a text and no grouping factor", "`school id`"),
}


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    columns = dict(zip(COLUMNS, rng.normal(size=(len(COLUMNS), 120)), strict=True))
    groups = {"g": np.repeat(np.arange(10), 12), "school id": np.tile(np.arange(6), 20)}
    return pd.DataFrame({"y": rng.normal(size=120), **columns, **groups})


@pytest.mark.parametrize("formula", CASES)
def test_the_message_says_what_to_type(formula: str, data: pd.DataFrame) -> None:
    what, fix = CASES[formula]
    with pytest.raises((rn.FormulaError, rn.errors.UnknownColumnError)) as caught:
        rn.lmm(formula, data)
    assert what in caught.value.what
    assert fix in caught.value.fix


@pytest.mark.parametrize("name", COLUMNS)
def test_a_name_between_backticks_works_everywhere(name: str, data: pd.DataFrame) -> None:
    plain = data.rename(columns={name: "v"})
    for formula in (
        "y ~ {} + (1 | g)",
        "{} ~ 1 + (1 | g)",
        "y ~ I({}^2) + log(abs({})) + (1 | g)",
        "y ~ within({}, `school id`) + ({} | g)",
        "y ~ offset({}) + (1 | g)",
    ):
        found = rn.lmm(formula.replace("{}", f"`{name}`"), data)
        wanted = rn.lmm(formula.replace("{}", "v"), plain)
        assert found.criterion == pytest.approx(wanted.criterion, abs=1e-9)


@pytest.mark.parametrize("name", ["school id", "class-room", "1", "a/b", "TRUE"])
def test_a_group_between_backticks_works_everywhere(name: str, data: pd.DataFrame) -> None:
    spelt = f"`{name}`"
    named = data.rename(columns={"school id": "k"}).drop(columns="a/b")
    given = named.rename(columns={"k": name})
    for formula in (
        "y ~ x + (1 | {})",
        "y ~ x + (1 | g:{})",
        "y ~ x + (1 | g/{}) + (0 + x | {})",
        "y ~ between(x, {}) + (1 | factor({}))",
    ):
        found = rn.lmm(formula.replace("{}", spelt), given)
        wanted = rn.lmm(formula.replace("{}", "k"), named)
        assert found.criterion == pytest.approx(wanted.criterion, abs=1e-9)
    centred = rn.center(given, "x", by=name)
    pd.testing.assert_frame_equal(rn.center(given, "x", by=spelt), centred)
    pd.testing.assert_frame_equal(
        rn.center(given, "x", by=f"g:{spelt}"), rn.center(given, "x", by=f"g:{name}")
    )


def test_weights_and_offsets_are_named_as_they_are(data: pd.DataFrame) -> None:
    given = data.assign(**{"w t": 2.0})
    found = rn.lmm("y ~ x + (1 | g)", given, weights="w t", offset="post-test")
    assert found.nobs == 120


def test_what_a_message_advises_can_be_typed(data: pd.DataFrame) -> None:
    few = data.assign(**{"row id": np.arange(120)})
    with pytest.raises(rn.DesignError, match="'row id' has as many levels as there are rows"):
        rn.lmm("y ~ x + (1 | `row id`)", few)
    fixed = data.assign(**{"of school": data["school id"] % 2})
    with pytest.raises(rn.DesignError) as caught:
        rn.lmm("y ~ x + (x + `of school` | `school id`)", fixed)
    assert "(x | `school id`)" in caught.value.fix
    assert "(x + `of school` || `school id`)" in caught.value.fix


def test_tables_show_names_as_they_are(data: pd.DataFrame) -> None:
    given = data.rename(columns={"x": "a|b", "post": "x_1"})
    fit = rn.lmm("y ~ `a|b` + `reading score` + x_1 + (`reading score` | `school id`)", given)
    table = rn.compare(fit)
    assert "reading score" in str(table)
    assert "Var: `school id` `reading score`" in str(table)
    assert r"\`a\|b\`" in table.to_markdown()
    assert r"\textasciigrave{}a\textbar{}b\textasciigrave{}" in table.to_latex()
    assert r"\text{a|b}" in fit.equation()


def test_center_refuses_parts_of_one_name(data: pd.DataFrame) -> None:
    with pytest.raises(rn.OptionError, match="would have one name"):
        rn.center(data, "x", by="g", suffixes={"within": "_c", "between": "_c"})


def test_center_by_groups_whose_names_differ_in_a_colon(data: pd.DataFrame) -> None:
    given = data.assign(a=data["g"] % 2, b=data["school id"], a_b=data["g"] // 5)
    made = rn.center(given, "x", by=["a:b", "a_b"])
    assert {"x_within", "x_between_a:b", "x_between_a_b"} <= set(made.columns)
