"""What the options of ``rn.compare`` show, leave out, rename and say."""

from __future__ import annotations

import re

import numpy as np
import pytest

import ranef as rn
from ranef.errors import MissingLibraryError, OptionError
from ranef.present.table.options import table_options


@pytest.fixture(scope="module")
def pupils():
    return rn.center(rn.datasets.load("hsb"), "ses", by="sch.id", how="within")


@pytest.fixture(scope="module")
def raw(pupils):
    return rn.lmm("math ~ ses * sector + (ses | sch.id)", pupils)


@pytest.fixture(scope="module")
def centred(pupils):
    return rn.lmm("math ~ ses_within * sector + (ses_within | sch.id)", pupils)


@pytest.fixture(scope="module")
def plain(pupils):
    return rn.lmm("math ~ ses + (1 | sch.id)", pupils, labels={"ses": "SES"})


@pytest.fixture(scope="module")
def scottish():
    return rn.lmm(
        "attain ~ sex * social + (1 | primary) + (1 | second)", rn.datasets.load("scotssec")
    )


@pytest.fixture(scope="module")
def women():
    data = rn.datasets.load("contraception")
    return rn.glmm("use ~ urban + (1 | district)", data, family="binomial")


def rows(table, block="coefficients"):
    return list(table.to_frame().loc[block].index)


def printed(table):
    """The names of the rows as readers see them."""
    return [row.label for block in table.blocks for row in block.rows]


def line(table, name):
    """The numbers of a row in the text form."""
    return next(x for x in str(table).splitlines() if x.startswith(f"{name} ")).split(name, 1)[1]


# -- which coefficients ----------------------------------------------------------------------------
def test_a_map_renames_merges_orders_and_drops(raw, centred):
    words = {"sector": "Catholic", "ses": "SES", "ses_within": "SES"}
    table = rn.compare(raw, centred, coef_map=words)
    assert rows(table) == ["Catholic", "SES"]
    estimates = table.to_frame().loc[("coefficients", "SES")].xs("estimate", level="part")
    assert estimates.to_list() == [raw.fixef["ses"], centred.fixef["ses_within"]]


def test_a_list_selects_and_orders(raw, centred):
    table = rn.compare(raw, centred, coef_map=["sector", "(Intercept)"])
    assert rows(table) == ["sector", "(Intercept)"]


def test_two_coefficients_of_one_model_do_not_share_a_row(raw, centred):
    with pytest.raises(OptionError, match="Model 1 has both 'ses' and 'sector'") as refused:
        rn.compare(raw, centred, coef_map={"ses": "x", "sector": "x"})
    assert "rows of their own" in refused.value.fix


@pytest.mark.parametrize("option", ["coef_map", "keep", "drop"])
def test_an_unknown_name_is_answered(raw, option):
    with pytest.raises(OptionError, match=f"{option} names 'sess'") as refused:
        rn.compare(raw, **{option: ["sess"]})
    assert refused.value.fix == "did you mean 'ses'?"
    assert "ses:sector" in refused.value.found


@pytest.mark.parametrize(
    ("options", "left"),
    [
        ({"keep": "ses"}, ["ses"]),  # a name is that coefficient alone
        ({"keep": "^ses"}, ["ses", "ses:sector", "ses_within", "ses_within:sector"]),
        ({"keep": re.compile("ses$")}, ["ses"]),
        ({"drop": ["(Intercept)", "sector$"]}, ["ses", "ses_within"]),
        ({"keep": "ses", "drop": "ses"}, []),
    ],
)
def test_names_and_expressions_select(raw, centred, options, left):
    table = rn.compare(raw, centred, **options)
    assert rows(table) == left if left else table.blocks[0].name == "fit"


def test_thresholds_and_other_parts_are_selected_by_their_rows():
    data = rn.datasets.load("verbagg")
    fit = rn.glmm("resp ~ Anger + (1 | id)", data, family="cumulative")
    names = rows(rn.compare(fit))
    assert names[0] == "Anger"
    assert names[1].startswith("Threshold: ")
    assert rows(rn.compare(fit, keep="^Threshold")) == names[1:]


# -- what stands under an estimate -----------------------------------------------------------------
def test_intervals_tests_and_p_values(centred):
    own = centred.coefficients().loc["sector"]
    table = rn.compare(centred, statistic=["se", "ci", "t", "p"], keep="sector")
    lines = ["".join(p.text for p in x) for x in table.blocks[0].rows[0].cells[0].lines]
    assert lines[0] == f"{own['estimate']:.2f}***"
    assert lines[1] == f"({own['std_error']:.2f})"
    assert lines[2] == f"[{own['conf_low']:.2f}, {own['conf_high']:.2f}]"
    assert lines[3:] == [f"t = {own['statistic']:.2f}", "p < 0.001"]
    assert "Standard errors are in parentheses; 95% confidence intervals are in brackets." in (
        table.notes
    )
    frame = table.to_frame().loc[("coefficients", "sector"), "Model 1"]
    assert frame["conf_low"] == own["conf_low"]


def test_a_level_of_confidence(centred):
    table = rn.compare(centred, statistic="ci", keep="sector", level=0.9)
    low = centred.tidy(level=0.9).set_index("term").loc["sector", "conf_low"]
    assert f"[{low:.2f}, " in str(table)
    assert "90% confidence intervals are in brackets." in table.notes


def test_none_leaves_one_line(centred):
    assert rn.compare(centred, statistic="none").blocks[0].rows[0].height == 1


def test_a_template_stands_under_the_estimate_or_takes_its_place(centred):
    own = centred.coefficients().loc["sector"]
    under = rn.compare(centred, statistic="{conf_low} to {conf_high} on {df:.0f} df", keep="sector")
    expected = f"{own['conf_low']:.2f} to {own['conf_high']:.2f} on {own['df']:.0f} df"
    assert under.blocks[0].rows[0].height == 2
    assert expected in str(under)
    beside = rn.compare(
        centred, statistic="{estimate}{stars} [{conf_low}, {conf_high}]", keep="sector"
    )
    assert beside.blocks[0].rows[0].height == 1
    interval = f"[{own['conf_low']:.2f}, {own['conf_high']:.2f}]"
    assert f"{own['estimate']:.2f}*** {interval}" in str(beside)


@pytest.mark.parametrize(
    ("statistic", "what", "fix"),
    [
        ("{estimat}", "no field 'estimat'", "did you mean 'estimate'?"),
        ("{}", "no field ''", "the fields are estimate"),
        ("{estimate", "cannot be read", "a brace that is printed is doubled"),
        ("{estimate!r}", "cannot be read", "as in"),
        ("{df:q}", "the format of a number", "{df:.0f}"),
        ("sd", "unknown statistic 'sd'", "'se'"),
        (["se", 3], "unknown statistic 3", "template"),
    ],
)
def test_a_statistic_that_cannot_be_read(centred, statistic, what, fix):
    with pytest.raises(OptionError, match=re.escape(what)) as refused:
        rn.compare(centred, statistic=statistic)
    assert fix in refused.value.fix


def test_stars_are_off_or_the_users_own(centred):
    assert rn.compare(centred, stars=False).legend == ""
    table = rn.compare(centred, stars={"\N{DAGGER}": 0.1, "*": 1e-9})
    assert table.legend.startswith("* p < 1e-09; \N{DAGGER} p < 0.1 (t tests")
    p = centred.coefficients()["p_value"]
    marks = [row.cells[0].stars for row in table.blocks[0].rows]
    assert marks == ["*" if x < 1e-9 else "\N{DAGGER}" for x in p]
    with pytest.raises(OptionError, match="stars is a number between 0 and 1"):
        rn.compare(centred, stars={"*": 5})


# -- decimals --------------------------------------------------------------------------------------
def test_standard_errors_have_two_significant_digits(scottish):
    table = rn.compare(scottish)
    name = "sex: F (vs M) × social"
    own = scottish.coefficients().loc["sex[T.F]:social"]
    assert line(table, name).split() == [f"{own['estimate']:.4f}"]
    assert f"({own['std_error']:.4f})" in str(table)
    for row in table.blocks[0].rows:
        number = row.cells[0].lines[1][1].text
        assert len(number.replace(".", "").lstrip("0")) >= 2
    body = str(table).split("\n***")[0]
    assert not re.search(r"\de[-+]\d", body)


def test_digits_fix_the_decimals(scottish):
    table = rn.compare(scottish, digits=3, gof=["aic", "r2"])
    numbers = re.findall(r"-?\d+\.(\d+)", str(table).split("\n***")[0])
    assert {len(decimals) for decimals in numbers} == {3}
    assert line(rn.compare(scottish, digits=0), "AIC").split() == [f"{scottish.aic:.0f}"]


def test_decimal_points_stand_in_line(scottish):
    lines = str(rn.compare(scottish)).split("\n***")[0].splitlines()
    places = {x.rindex(".") for x in lines if re.search(r"\d\.\d", x)}
    assert len(places) == 1


# -- statistics of the models ----------------------------------------------------------------------
def test_gof_chooses_orders_and_names(raw, centred, plain):
    table = rn.compare(raw, centred, gof={"nobs": "Pupils", "r2": "Share", "aic": "AIC"})
    assert rows(table, "fit") == [
        "Pupils",
        "Marginal Share",
        "Conditional Share",
        "AIC",
        "AIC (ML)",
    ]
    frame = table.to_frame().loc["fit"].xs("estimate", axis=1, level="part")
    assert frame.loc["Marginal Share"].to_list() == [raw.r2().marginal, centred.r2().marginal]
    names = ["icc", "caic", "aicc", "sigma", "deviance", "verdict", "method"]
    table = rn.compare(plain, gof=names)
    values = [row.cells[0].value for row in table.blocks[1].rows]
    assert values == [
        plain.icc().adjusted,
        plain.caic(),
        plain.aicc,
        plain.sigma,
        plain.deviance,
        "interior optimum",
        "REML",
    ]


def test_criteria_that_are_not_shown_need_no_note(raw, centred):
    assert "REML criteria" in " ".join(rn.compare(raw, centred).notes)
    notes = " ".join(rn.compare(raw, centred, gof=["nobs", "r2"]).notes)
    assert "REML criteria" not in notes
    one = " ".join(rn.compare(raw, centred, gof=["caic"]).notes)
    assert "Conditional AIC of the REML fits is not comparable here" in one
    assert rn.compare(raw, gof=False).blocks[1].name == "variances"


def test_a_statistic_that_a_model_lacks_is_left_empty(plain, women):
    table = rn.compare(plain, women, gof=["caic", "sigma"])
    caic, sigma = table.blocks[1].rows
    assert [cell.value for cell in caic.cells] == [plain.caic(), None]
    assert [cell.value for cell in sigma.cells] == [plain.sigma, None]
    with pytest.raises(rn.RanefError, match="caic"):
        rn.compare(women, gof=["caic"])


def test_rows_are_added(raw, centred):
    added = {"Controls": [True, False], "Mean": {"Model 2": 1.5}, "Rows": np.array([3, 4])}
    table = rn.compare(raw, centred, add_rows=added)
    assert [x.split() for x in str(table).splitlines() if x.startswith(("Contr", "Mean", "Rows"))]
    shown = {row.label: [c.value for c in row.cells] for row in table.blocks[1].rows[-3:]}
    assert shown == {"Controls": ["yes", "no"], "Mean": [None, 1.5], "Rows": [3, 4]}
    with pytest.raises(OptionError, match="needs one value for each model"):
        rn.compare(raw, centred, add_rows={"x": [1]})


def test_variances_can_be_left_out(centred):
    assert [block.name for block in rn.compare(centred, random=False).blocks] == [
        "coefficients",
        "fit",
    ]


# -- names that readers read -----------------------------------------------------------------------
def test_words_of_variables_and_the_reference_level(scottish):
    table = rn.compare(scottish, labels={"sex": "Sex", "second": "School"})
    shown = printed(table)
    assert "Sex: F (vs M) × social" in shown
    assert "Num. groups: School" in shown
    assert "Var: School (Intercept)" in shown
    assert "Var: primary (Intercept)" in shown
    frame = table.to_frame()
    assert "sex[T.F]:social" in frame.loc["coefficients"].index
    assert "Var: second (Intercept)" in frame.loc["variances"].index


def test_one_label_serves_all_models_of_a_table(raw, plain):
    shown = printed(rn.compare(raw, plain))  # the label is that of the second
    assert shown[1] == "SES"
    assert "SES × sector" in shown
    assert rows(rn.compare(raw, plain))[1] == "ses"


def test_other_reference_levels_are_other_rows():
    data = rn.datasets.load("cake")
    one = rn.lmm("angle ~ recipe + (1 | replicate)", data)
    other = data.assign(recipe=data["recipe"].astype(str).astype("category"))
    other["recipe"] = other["recipe"].cat.reorder_categories(["B", "A", "C"])
    two = rn.lmm("angle ~ recipe + (1 | replicate)", other)
    shown = printed(rn.compare(one, two))
    assert {"recipe: C (vs A)", "recipe: C (vs B)"} <= set(shown)


def test_standard_deviations_are_named_in_words():
    data = rn.datasets.load("sleepstudy")
    fit = rn.lmm("Reaction ~ Days + (Days | Subject)", data)
    shown = printed(rn.compare(fit, scale="sd"))[-4:]
    assert shown == [
        "SD of intercepts, Subject",
        "SD of slopes of Days, Subject",
        "Correlation of intercepts and slopes of Days, Subject",
        "SD: Residual",
    ]
    assert printed(rn.compare(fit, style="apa", scale="sd"))[-1] == "SD of residuals"
    assert printed(rn.compare(fit))[-4:] == [
        "Var: Subject (Intercept)",
        "Var: Subject Days",
        "Cov: Subject (Intercept) Days",
        "Var: Residual",
    ]


# -- headings --------------------------------------------------------------------------------------
def test_models_by_name_have_headings_and_words(raw, centred, plain):
    table = rn.compare(
        {"With slopes": {"raw": raw, "centred": centred}, "plain": plain}, labels={"ses": "S"}
    )
    assert table.labels == ("raw", "centred", "plain")
    assert [(s.text, s.first, s.last) for s in table.spanners] == [("With slopes", 0, 1)]
    assert printed(table)[1] == "S"
    lines = str(table).splitlines()
    assert lines[1].strip() == "With slopes"
    assert set(lines[2].strip()) == {"-"}


def test_headings_are_given_once(raw, centred):
    with pytest.raises(OptionError, match="headings are given twice"):
        rn.compare({"a": raw, "b": centred}, labels=["c", "d"])
    with pytest.raises(OptionError, match="dict have their headings as names"):
        rn.compare({1: raw})
    with pytest.raises(OptionError, match=r"rn\.compare compares fits"):
        rn.compare({"a": {"b": {"c": raw}}})


@pytest.mark.parametrize(
    ("spanners", "found"),
    [
        (["x", "x", ""], [("x", 0, 1)]),
        (["x", "", "x"], [("x", 0, 0), ("x", 2, 2)]),
        ({"x": ["b", "c"], "y": "a"}, [("y", 0, 0), ("x", 1, 2)]),
    ],
)
def test_spanners(spanners, found):
    made = table_options(3, labels=["a", "b", "c"], spanners=spanners)
    assert [(s.text, s.first, s.last) for s in made.spanners] == found


@pytest.mark.parametrize(
    ("spanners", "what"),
    [
        (["x"], "a text for each model"),
        ({"x": ["a", "c"]}, "not neighbours"),
        ({"x": ["d"]}, "which is not a heading"),
        ({"x": ["a", "b"], "y": ["b", "c"]}, "below two headings"),
    ],
)
def test_spanners_that_cannot_be(spanners, what):
    with pytest.raises(OptionError, match=what):
        table_options(3, labels=["a", "b", "c"], spanners=spanners)


def test_headings_that_repeat_are_told_apart_in_the_frame(raw, centred):
    table = rn.compare({"One": {"m": raw}, "Two": {"m": centred}})
    assert list(table.to_frame().columns.levels[0]) == ["One: m", "Two: m"]


# -- responses and notes ---------------------------------------------------------------------------
def test_the_response_is_named(raw, scottish):
    assert "Response: math. Fitted by REML." in rn.compare(raw, labels={"sex": "x"}).notes
    table = rn.compare(raw, scottish, labels={"math": "Mathematics"})
    assert table.responses == ("Mathematics", "attain")
    assert "Response" in str(table).splitlines()[2]
    assert table.notes[0].startswith("The models have different responses: their AIC")


def test_verdicts_are_grouped_and_without_evidence(raw, centred, plain):
    table = rn.compare(raw, centred, plain, plain)
    last = table.notes[-1]
    assert last.startswith("Certified: interior optimum (2 to 4); boundary optimum (1).")
    assert "rank 1 of 2 for sch.id (1)" in last
    assert not any("deviance units" in note or "eigenvalue" in note for note in table.notes)
    named = rn.compare({"a": raw, "b": centred}).notes[-1]
    assert named.startswith("Certified: interior optimum (b); boundary optimum (a).")
    assert rn.compare(raw).notes[-1].startswith("Certified: boundary optimum. Singular")


def test_what_is_not_certified_is_said():
    data = rn.datasets.load("sleepstudy")
    data["twin"] = "s" + data["Subject"].astype(str)
    good = rn.lmm("Reaction ~ Days + (1 | Subject)", data)
    flat = rn.lmm("Reaction ~ Days + (1 | Subject) + (1 | twin)", data)
    note = rn.compare(good, flat).notes[-1]
    assert note.startswith("Certified: interior optimum (1). Not certified: flat (2).")


def test_notes_are_added_or_left_out(raw):
    table = rn.compare(raw, notes="Data of 1982.")
    assert table.notes[-1] == "Data of 1982."
    assert rn.compare(raw, notes=["a", "b"]).notes[-2:] == ("a", "b")
    none = rn.compare(raw, notes=False)
    assert none.notes == ()
    assert str(none).endswith("=")


def test_standard_errors_of_each_model(plain, centred):
    table = rn.compare(plain, centred, plain, vcov=["CR2", None, "CR2"])
    errors = table.to_frame().loc[("coefficients", "ses")].xs("std_error", level="part")
    robust = plain.robust("CR2").loc["ses", "std_error"]
    assert errors.to_list()[::2] == [robust, robust]
    note = next(note for note in table.notes if "CR2" in note)
    assert "(1, 3)" in note
    assert "tandard errors of the model (2)" in note
    with pytest.raises(OptionError, match="one entry for each model"):
        rn.compare(plain, centred, vcov=["CR2"])


@pytest.mark.parametrize("how", ["refit", "basic", "within"])
def test_standardised_coefficients_are_those_of_tidy(plain, how):
    table = rn.compare(plain, standardize=how)
    own = plain.tidy(standardize=how).set_index("term")["estimate"].dropna()
    frame = table.to_frame().loc["coefficients"]
    shown = frame[("Model 1", "estimate")]
    assert shown.to_list() == own.to_list()
    assert ("(Intercept)" in frame.index) == (how == "refit")
    assert any(note.startswith("Standardised") for note in table.notes)


def test_ratios_have_intervals_of_ratios(women):
    table = rn.compare(women, exponentiate=True, statistic="ci")
    own = women.tidy(exponentiate=True).set_index("term").loc["urban[T.Y]"]
    assert f"[{own['conf_low']:.2f}, {own['conf_high']:.2f}]" in str(table)


# -- style -----------------------------------------------------------------------------------------
def test_the_apa_style(raw, centred):
    table = rn.compare(
        raw, centred, style="apa", gof=["nobs", "r2", "ngroups"], caption="Table 4. Achievement"
    )
    text = str(table)
    assert text.startswith("Table 4\nAchievement\n")
    assert "***" not in text
    assert "p < .001" in text
    assert line(table, "N").split() == ["7,185", "7,185"]
    assert line(table, "Marginal R²").split()[0] == f"{raw.r2().marginal:.3f}".lstrip("0")
    assert "\nNote. Standard errors are in parentheses." in text
    markdown = table.to_markdown()
    assert "**Table 4**\n\n*Achievement*" in markdown
    assert r"*p* \< .001" in markdown
    assert "| *N* " in markdown
    assert r"Marginal *R²*" in markdown
    assert "*Note.*" in markdown
    starred = rn.compare(raw, style="apa", stars=True)
    assert "*** p < .001; ** p < .01" in starred.legend
    assert str(starred).startswith("Table 1\n")


# -- wide tables and other libraries ---------------------------------------------------------------
def test_columns_that_do_not_fit_stand_below_the_others(raw, centred, plain, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    text = str(rn.compare(raw, centred, plain, raw, centred, plain))
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert sum(x.startswith("AIC (ML)") for x in lines) == 2
    assert [x for x in lines if "Model 4" in x]
    assert lines.index("") > 0
    first = lines[: lines.index("")]
    assert not any(x.startswith("female") for x in first)


def test_east_asian_names_take_two_cells(raw):
    table = rn.compare(raw, labels={"ses": "社会経済的地位"})
    from ranef.page import cells

    lines = str(table).splitlines()
    row = next(x for x in lines if x.startswith("社会"))
    other = next(x for x in lines if x.startswith("sector"))
    assert cells(row) == cells(other)


def test_great_tables(raw, centred):
    pytest.importorskip("great_tables", reason="great-tables is not installed")
    made = rn.compare({"A": {"raw": raw, "centred": centred}}, caption="T <b>").to_gt()
    page = made.as_raw_html()
    assert "\N{MINUS SIGN}23284.56" in page
    assert "T &lt;b&gt;" in page
    assert ">A</span>" in page


def test_great_tables_missing(raw, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "great_tables", None)
    with pytest.raises(MissingLibraryError) as refused:
        rn.compare(raw).to_gt()
    assert refused.value.fix == "pip install great-tables"


def test_a_file_that_cannot_be_written(raw, tmp_path):
    with pytest.raises(OptionError, match="the file cannot be written"):
        rn.compare(raw).write(tmp_path / "nowhere" / "t.md")
    assert not list(tmp_path.iterdir())


def test_a_long_heading_above_others_is_broken_to_their_width(raw, plain):
    long = "A heading that is much longer than what stands below it"
    text = str(rn.compare({long: {"a": raw, "b": plain}}, keep="ses", gof=[], notes=False))
    lines = text.splitlines()
    rule = next(x for x in lines if set(x.strip()) == {"-"} and x.startswith(" "))
    above = lines[1 : lines.index(rule)]
    assert " ".join(x.strip() for x in above) == long
    assert max(map(len, lines)) == len(lines[0])
    assert all(len(x) <= len(rule) for x in above)


def test_labels_may_break_no_line(raw):
    table = rn.compare(raw, labels={"ses": "S\nES"}, notes="one\ntwo", caption="a\tb")
    assert printed(table)[1] == "S ES"
    assert "one two" in table.notes
    assert table.caption == "a b"
