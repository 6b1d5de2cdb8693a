"""What a fit notes about its data and itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ranef as rn


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(2)
    g = np.repeat(np.arange(12), 8)
    x = rng.normal(size=96)
    y = x + rng.normal(size=12)[g] + rng.normal(size=96)
    return pd.DataFrame({"y": y, "x": x, "g": g})


def codes(fit):
    return [finding.code for finding in fit.findings]


def test_clean_data_give_no_findings(data):
    assert rn.lmm("y ~ x + (1 | g)", data).findings == ()


@pytest.mark.parametrize("identifier", [int, str, float])
def test_identifiers_are_factors_whatever_their_type(data, identifier):
    fit = rn.lmm("y ~ x + (1 | g)", data.assign(g=data.g.map(identifier)))
    assert fit.ngroups == {"g": 12}
    assert codes(fit) == []


def test_a_measurement_as_a_group_is_noted_and_fitted(data):
    ages = np.linspace(20.25, 61.75, 12)[data.g]
    fit = rn.lmm("y ~ x + (1 | age)", data.assign(age=ages))
    assert fit.ngroups == {"age": 12}
    (finding,) = fit.findings
    assert (finding.code, finding.severity, finding.where) == ("numeric-group", "warning", "age")
    assert "12 different values in 96 rows, from 20.25 to 61.75" in finding.evidence
    assert str(finding) in str(fit.summary()).replace("\n    ", " ")


def test_missing_rows_are_counted_and_named(data):
    holed = data.copy()
    holed.loc[[3, 10], "x"] = np.nan
    holed.loc[10, "y"] = np.nan
    fit = rn.lmm("y ~ x + (1 | g)", holed)
    assert codes(fit) == ["missing-rows"]
    assert "x 2" in fit.findings[0].evidence
    assert "y 1" in fit.findings[0].evidence
    assert fit.missing_rows.rows.tolist() == [3, 10]
    assert fit.nobs == 94


def test_aliased_columns_are_named(data):
    fit = rn.lmm("y ~ x + twice + (1 | g)", data.assign(twice=2 * data.x + 1))
    assert codes(fit) == ["aliased-columns"]
    assert fit.dropped == ("twice",)
    assert np.isnan(fit.fixef["twice"])
    assert "twice is determined by the columns before" in fit.findings[0].message


def test_few_levels_are_noted(data):
    fit = rn.lmm("y ~ x + (1 | half)", data.assign(half=data.g // 4))
    assert "few-levels" in codes(fit)


def test_a_boundary_is_a_note_and_says_where():
    fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff2"))
    (finding,) = [f for f in fit.findings if f.code == "boundary"]
    assert finding.severity == "note"
    assert finding.where == "Batch"
    assert finding.message.endswith("the Batch intercept has no variance")
    for word in ("fail", "warning", "error"):
        assert word not in f"{finding} {finding.fix}".lower()


def test_an_unfinished_search_is_a_problem(data):
    fit = rn.lmm("y ~ x + (1 | g)", data, start=[3.0], control=rn.Control(max_evaluations=1))
    (finding,) = fit.findings
    assert (finding.code, finding.severity) == ("not-at-an-optimum", "problem")
    assert not fit.certificate.certified
