"""The summary of one fit."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.errors import DataError
from ranef.present.summary.build import summarize
from ranef.present.summary.record import Component
from ranef.present.summary.rows import component_rows
from ranef.types import Finding, MissingRows

HERE = Path(__file__).parent


def troubled(hsb):
    model = hsb("int_reml")
    certificate = replace(
        model.certificate,
        verdict="boundary optimum",
        rank={"sch.id": 1},
        sentence="certified boundary optimum (sch.id: rank 1 of 2, the correlation of (Intercept) "
        "and cwc_ses is 1): predicted gain 1e-12 deviance units",
    )
    finding = Finding(
        "numeric-group",
        "note",
        "'sch.id' is a number and is used as a factor",
        "160 values",
        fix="nothing, if these are identifiers",
    )
    return replace(
        model,
        certificate=certificate,
        dropped=("smn",),
        missing_rows=MissingRows(np.arange(12), {"math": 3, "cwc_ses": 10}, 7197),
        findings=(finding,),
    )


def test_text_is_the_reviewed_one(hsb):
    summary = summarize(troubled(hsb))
    assert str(summary) + "\n" == (HERE / "hsb_summary.txt").read_text()
    assert repr(summary) == str(summary)


def test_no_line_is_longer_than_100(hsb):
    model = troubled(hsb)
    name = "a_very_long_variable_name_" * 4
    table = model.table.rename(index={"sector": name, "cwc_ses:sector": f"cwc_ses:{name}"})
    parts = model.components.replace("cwc_ses", name)
    text = str(summarize(replace(model, table=table, components=parts, formula=f"y ~ {name}")))
    assert max(map(len, text.splitlines())) <= 100
    assert "..." not in text
    assert "cwc_ses:\n" in text, "a name too long for its column takes several lines"


def test_clean_fit_has_no_remarks(hsb):
    text = str(summarize(hsb("int_ml")))
    for word in ("Dropped", "Missing", "Findings", "REML"):
        assert word not in text
    assert "fitted by maximum likelihood" in text
    assert "deviance" in text


def test_generalised_model(hsb):
    model = hsb("int_ml")
    parts = model.components[model.components["group"] != "Residual"]
    table = model.table.assign(df=math.inf)
    text = str(summarize(replace(model, components=parts, table=table)))
    assert text.startswith("Generalised linear mixed model")
    assert "Fixed effects (z tests)" in text
    assert " df  " not in text.split("Fixed effects")[1]


def test_fit_without_rows_has_no_residuals(hsb):
    class Streamed(type(hsb("int_ml"))):
        def residuals(self, kind="response"):
            raise DataError("the rows of streamed data are not kept")

    model = hsb("int_ml")
    text = str(summarize(Streamed(**vars(model))))
    assert "Scaled residuals" not in text
    assert "Fixed effects" in text


def test_three_terms_show_their_correlation_triangle(hsb):
    model = hsb("int_ml")
    rows = [
        ("g", "Intercept", None, 4.0, 2.0),
        ("g", "a", None, 1.0, 1.0),
        ("g", "b", None, 1.0, 1.0),
        ("g", "Intercept", "a", 0.2, 0.1),
        ("g", "Intercept", "b", 0.4, 0.2),
        ("g", "a", "b", 0.3, 0.3),
        ("Residual", "", None, 9.0, 3.0),
    ]
    parts = model.components.iloc[:0].copy()
    for i, row in enumerate(rows):
        parts.loc[i] = row
    lines = str(summarize(replace(model, components=parts))).splitlines()
    assert next(line for line in lines if line.split()[:1] == ["b"]).split()[-2:] == [
        "0.20",
        "0.30",
    ]


def test_html_escapes_user_text(hsb):
    html = summarize(replace(hsb("int_reml"), formula="y ~ I(x < 2)"))._repr_html_()
    assert "I(x &lt; 2)" in html
    assert "\N{MINUS SIGN}1.341" in html


def test_priors_are_told(hsb):
    priors = {"sch.id": ["LKJ(eta=2)", "HalfT(df=3, scale=2.5)"], "fixed": "Normal(sd=1)"}
    summary = summarize(hsb("int_reml", prior=priors))
    text = str(summary)
    assert text.startswith("Linear mixed model fitted by penalised REML\n")
    assert "\n  prior: LKJ(eta=2) on sch.id\n  prior: HalfT(df=3, scale=2.5) on sch.id\n" in text
    assert "prior: Normal(sd=1) on the fixed effects" in summary._repr_html_()
    assert "penalised criterion" in text
    assert "REML criterion" not in text


def random_effects(*sds):
    """The lines of the random effects that have these standard deviations."""
    parts = tuple(Component("g", f"x{k}", sd**2, sd) for k, sd in enumerate(sds))
    rows = component_rows(SimpleNamespace(components=parts))
    return [row[3] for row in rows[1:]]


@pytest.mark.parametrize(
    ("sds", "shown"),
    [
        ((6.064, 1.954), ["6.06", "1.95"]),
        ((6.064, 0.275), ["6.064", "0.275"]),
        ((6.064, 0.000012), ["6.064000", "0.000012"]),
        ((6.064, 3.2e-10), ["6.06", "3.2e-10"]),
        ((6.064, 0.0), ["6.06", "0.00"]),
    ],
)
def test_the_smallest_sd_has_two_digits(sds, shown):
    assert random_effects(*sds) == shown


@pytest.fixture(scope="module")
def singular():
    """A singular fit with missing rows."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=120)
    data = pd.DataFrame({"y": x + rng.normal(size=120), "x": x, "g": np.repeat(np.arange(20), 6)})
    data.loc[3:14, "y"] = np.nan
    return rn.lmm("y ~ x + (x | g)", data)


@pytest.mark.parametrize("form", ["text", "html"])
def test_a_page_tells_each_fact_once(singular, form):
    summary = singular.summary()
    page = str(summary) if form == "text" else summary._repr_html_()
    page = " ".join(page.split())
    assert {"boundary", "missing-rows"} <= {f.code for f in summary.findings}
    assert page.lower().count("boundary") == 1
    assert page.count("left out") == 1
    for advice in ("The fit is sound; ask whether", "Compare models on the same rows;"):
        assert page.count(advice) == 1
    assert "[note]" not in page


def test_the_html_page_has_what_the_text_has(singular):
    page = singular.summary()._repr_html_()
    for head in ("Scaled residuals", "Random effects", "Fixed effects", "Median"):
        assert head in page
    finding = replace(singular.findings[0], code="other", message="the data say", fix="look")
    with_one = replace(singular.summary(), findings=(finding,))._repr_html_()
    assert "<b>Findings</b>" in with_one
    assert "The data say." in with_one
    assert "Look." in with_one


def test_degrees_of_freedom_of_two_kinds_are_told_apart(singular):
    page = " ".join(str(singular.summary("residual")).split())
    assert "df of the tests: rows less coefficients, 108 - 2." in page
    assert "df resid: rows less all parameters, 108 - 6; it counts the variances too." in page
    assert "rows less" not in str(singular.summary("satterthwaite"))
