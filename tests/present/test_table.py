"""The table of models side by side."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import ranef as rn
from ranef.errors import MissingLibraryError, OptionError
from ranef.present.table.build import build_table

HERE = Path(__file__).parent


@pytest.fixture
def table(hsb):
    return build_table([hsb("add_reml"), hsb("int_reml")], ml=[hsb("add_ml"), hsb("int_ml")])


def test_text_is_the_reviewed_one(table):
    assert str(table) + "\n" == (HERE / "hsb_table.txt").read_text()
    assert repr(table) == str(table)


def test_latex_is_the_reviewed_one(table):
    latex = table.to_latex(caption="High School and Beyond", label="tab:hsb")
    assert latex == (HERE / "hsb_table.tex").read_text()


def test_frame_holds_unrounded_numbers(table):
    frame = table.to_frame()
    assert frame.loc[("fit", "AIC"), ("Model 2", "estimate")] == 46654.6024166789
    assert frame.loc[("fit", "AIC (ML)"), ("Model 1", "estimate")] == 46677.8642766919
    cross = frame.loc[("coefficients", "cwc_ses:sector")]
    assert math.isnan(cross[("Model 1", "estimate")])
    assert cross[("Model 2", "std_error")] == 0.233766569380878
    assert all(dtype.kind == "f" for dtype in frame.dtypes)


def test_markdown_rows(table):
    lines = table.to_markdown().splitlines()
    assert {line.count("|") for line in lines[:18]} == {4}
    assert lines[5].replace(" ", "") == r"|cwc\_ses:sector||-1.34\*\*\*(0.23)|"


def test_standard_deviation_scale(hsb):
    block = build_table([hsb("int_reml")], scale="sd").to_frame().loc["variances"]
    assert list(block.index) == [
        "SD: sch.id (Intercept)",
        "SD: sch.id cwc_ses",
        "Corr: sch.id (Intercept) cwc_ses",
        "SD: Residual",
    ]
    assert block[("Model 1", "estimate")].round(2).tolist() == [2.60, 0.52, 0.78, 6.06]


@pytest.mark.parametrize(
    ("names", "expected", "absent"),
    [
        (("add_reml", "int_reml"), "The rows marked (ML)", "do not compare with each other"),
        (("int_reml", "int_ml"), "do not compare with each other", "these differ"),
        (("add_ml", "int_ml"), "Fitted by maximum likelihood.", "comparable"),
        (("int_reml", "int_reml"), "Fitted by REML.", "comparable"),
    ],
)
def test_note_on_what_may_be_compared(hsb, names, expected, absent):
    models = [hsb(name) for name in names]
    refits = [hsb(name.replace("reml", "ml")) for name in names]
    notes = " ".join(build_table(models, ml=refits).notes)
    assert expected in notes
    assert absent not in notes


def test_ml_rows_only_where_needed_and_wanted(hsb):
    models, refits = [hsb("add_reml"), hsb("int_reml")], [hsb("add_ml"), hsb("int_ml")]
    assert "AIC (ML)" in str(build_table(models, ml=refits))
    as_fitted = build_table(models, ml=refits, ic="as-fitted")
    assert "AIC (ML)" not in str(as_fitted)
    assert "Fit the models by ML" in " ".join(as_fitted.notes)
    assert "AIC (ML)" not in str(build_table(models[:1] * 2, ml=refits[:1] * 2))
    partly = build_table(models, ml=[None, refits[1]])
    assert "Not known for Model 1." in " ".join(partly.notes)


def test_different_rows_make_nothing_comparable(hsb):
    full, fewer = hsb("add_ml"), hsb("int_ml", nobs=7000)
    assert "different rows" in build_table([full, fewer]).notes[0]
    other = replace(full, nobs=5, resid=np.arange(5.0))
    same = replace(full, nobs=5)
    assert "different rows" in build_table([same, other]).notes[0]
    logged = hsb("int_ml", formula="log(math) ~ cwc_ses + (1 | sch.id)")
    assert "different responses" in build_table([full, logged]).notes[0]


def test_verdicts_and_dropped_columns_are_told(hsb):
    weak = replace(hsb("int_reml").certificate, verdict="boundary optimum", sentence="at rank 1")
    model = hsb("int_reml", certificate=weak, dropped=("smn",))
    table = build_table([hsb("int_reml"), model], labels=["a", "b"])
    assert "Certified: interior optimum (a); boundary optimum (b)." in table.notes
    assert any("b: smn" in note for note in table.notes)
    row = next(line for line in str(table).splitlines() if line.startswith("smn"))
    assert row.split() == ["smn", "dropped"]
    assert "dropped" in table.to_latex()


def test_priors_make_criteria_incomparable(hsb):
    plain, prior = hsb("int_reml"), hsb("int_reml", prior={"sch.id": rn.priors.Wishart(4.5)})
    notes = " ".join(build_table([plain, prior], labels=["a", "b"]).notes)
    assert "Fitted with priors: b: Wishart(df=4.5, scale=inf) on sch.id." in notes
    assert "do not compare with those of other fits" in notes
    assert "priors" not in " ".join(build_table([plain, plain]).notes)


def test_small_numbers_get_more_decimals(hsb):
    model = hsb("int_reml")
    scaled = model.table.copy()
    scaled.loc["cwc_ses", ["estimate", "std_error"]] /= 1000.0
    text = str(build_table([replace(model, table=scaled)]))
    assert "0.00280 ***" in text
    assert "(0.00015)" in text


class _Text(HTMLParser):
    def __init__(self, source):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


def test_html_escapes_user_text(hsb):
    table = build_table([hsb("int_reml")], labels=["<script>alert(1)</script> & co"])
    parsed = _Text(table.to_html())
    assert "script" not in parsed.tags
    assert "<script>alert(1)</script> & co" in parsed.text
    assert "\N{MINUS SIGN}23319.30" in parsed.text
    assert table._repr_html_() == table.to_html()


def test_markdown_and_latex_escape_user_text(hsb):
    table = build_table([hsb("int_reml")], labels=["a|b_c & 5%"])
    assert r"a\|b\_c & 5%" in table.to_markdown()
    assert r"a\textbar{}b\_c \& 5\%" in table.to_latex()


def test_word_document(table, tmp_path):
    docx = pytest.importorskip("docx")
    path = table.to_docx(tmp_path / "table.docx", title="Two models")
    document = docx.Document(str(path))
    (grid,) = document.tables
    assert [cell.text for cell in grid.rows[1].cells] == [
        "(Intercept)",
        "11.11***\n(0.29)",
        "11.39***\n(0.29)",
    ]
    assert len(grid.rows) == 17
    assert document.paragraphs[0].text == "Two models"


def test_word_document_without_the_library(table, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "docx", None)
    with pytest.raises(MissingLibraryError, match="python-docx"):
        table.to_docx(tmp_path / "table.docx")


@pytest.mark.parametrize(
    "wrong",
    [{"scale": "var"}, {"ic": "reml"}, {"labels": ["a", "b"]}, {"ml": [None] * 2}, {"digits": -1}],
)
def test_wrong_options(hsb, wrong):
    with pytest.raises(OptionError):
        build_table([hsb("int_reml")], **wrong)
    with pytest.raises(OptionError, match="no models"):
        build_table([])


def test_legend_names_the_tests(hsb):
    model = hsb("int_reml")
    assert "Kenward-Roger" in build_table([model], ddf="kenward-roger").legend
    z = replace(model, table=model.table.assign(df=math.inf))
    assert build_table([z]).legend.endswith("(z tests)")
    unsure = replace(model, table=model.table.assign(p_value=0.5))
    assert build_table([unsure]).legend == ""


def with_scale(model, **rows):
    """`model` with other estimates and standard errors, by name."""
    table = model.table.copy()
    for name, (estimate, error) in rows.items():
        table.loc[name.replace("_by_", ":"), ["estimate", "std_error"]] = estimate, error
    return replace(model, table=table)


def row_of(text, name):
    """The two lines of a coefficient in the text form, without blanks."""
    lines = text.splitlines()
    at = next(k for k, line in enumerate(lines) if line.startswith(f"{name} "))
    return lines[at].split()[1], lines[at + 1].split()[0]


@pytest.mark.parametrize(
    ("estimate", "error", "shown"),
    [
        (0.0312, 0.00648, ("0.0312", "(0.0065)")),
        (0.0004, 0.15, ("0.00", "(0.15)")),
        (-0.0004, 0.15, ("0.00", "(0.15)")),
        (2.8028, 0.0996, ("2.80", "(0.10)")),
        (2.8028, 0.0649, ("2.803", "(0.065)")),
        (1234.5, 98.76, ("1234.50", "(98.76)")),
        (1.234e-7, 3.14e-8, ("1.23e-07", "(3.1e-08)")),
        (2.5, 3.14e-6, ("2.5000000", "(3.1e-06)")),
    ],
)
def test_decimals_follow_the_standard_error(hsb, estimate, error, shown):
    table = build_table([with_scale(hsb("int_reml"), cwc_ses=(estimate, error))])
    assert row_of(str(table), "cwc_ses") == shown


def test_a_row_takes_the_decimals_of_its_smallest_error(hsb):
    models = [with_scale(hsb("int_reml"), cwc_ses=pair) for pair in ((2.8, 0.15), (2.8, 0.0065))]
    line = next(x for x in str(build_table(models)).splitlines() if x.startswith("cwc_ses "))
    assert line.split()[1::2] == ["2.8000", "2.8000"]


def test_a_tiny_covariance_is_no_row_of_zeros(hsb):
    model = hsb("int_reml")
    parts = model.components.copy()
    parts.loc[parts["term2"].notna(), "variance"] = -7.2e-8
    table = build_table([replace(model, components=parts), model])
    line = next(x for x in str(table).splitlines() if x.startswith("Cov: "))
    assert line.split()[-2:] == ["-7.2e-08", "1.05"]


def test_powers_of_ten_are_typeset(hsb, tmp_path):
    table = build_table([with_scale(hsb("int_reml"), cwc_ses=(1.234e-7, 3.14e-8))])
    latex = table.to_latex()
    assert r"$1.23 \times 10^{-7}$" in latex
    assert r"$(3.1 \times 10^{-8}$" in latex
    assert "e-0" not in latex.partition(r"\bottomrule")[0]
    cell = "1.23\N{MULTIPLICATION SIGN}10"
    assert cell + "\N{MINUS SIGN}7" in _Text(table.to_html()).text
    assert "sup" in _Text(table.to_html()).tags
    docx = pytest.importorskip("docx")
    grid = docx.Document(str(table.to_docx(tmp_path / "t.docx"))).tables[0]
    assert cell in " ".join(c.text for row in grid.rows for c in row.cells)


def test_labels_are_broken_at_the_pages_width(hsb, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    long = "condition[T.late]:order_of_the_blocks_of_the_session[T.second]"
    model = hsb("int_reml")
    renamed = replace(model, table=model.table.rename(index={"cwc_ses:sector": long}))
    lines = str(build_table([renamed, renamed])).splitlines()
    assert max(map(len, lines)) <= 60
    assert "condition[T.late]:" in lines
