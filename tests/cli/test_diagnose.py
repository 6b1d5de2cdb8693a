"""``ranef diagnose``."""

from __future__ import annotations

import json

import pytest

import ranef as rn

HSB = ("diagnose", "dataset:hsb", "math ~ ses * sector + (ses | sch.id)")


def test_the_page_is_that_of_the_fit(ranef) -> None:
    run = ranef("diagnose", "dataset:sleepstudy", "Reaction ~ Days + (Days | Subject)")
    fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
    assert run == (0, f"{fit.diagnose()}\n", "")


def test_a_singular_optimum_is_a_result_and_no_error(ranef) -> None:
    run = ranef(*HSB, "--json")
    record = json.loads(run.out)
    assert (run.status, run.err) == (0, "")
    assert record["verdict"] == "boundary optimum"
    assert record["remedy"] is True
    verdicts = {rung["rung"]: rung["verdict"] for rung in record["remedies"]}
    assert verdicts["zero-correlation"] == "boundary optimum"
    assert verdicts["group-mean"] == "interior optimum"


def test_options_reach_the_fit(ranef) -> None:
    formula = "math ~ ses_within * sector + (ses_within | sch.id)"
    run = ranef("diagnose", "dataset:hsb", formula, "--center", "ses:sch.id", "--ml", "--json")
    record = json.loads(run.out)
    assert record["reml"] is False
    assert record["remedies"][0]["aic_ml"] == pytest.approx(46649.88, abs=5e-3)


def test_a_fit_that_is_not_identified_has_its_own_status(ranef, tmp_path) -> None:
    data = rn.datasets.load("sleepstudy")
    data["twin"] = "s" + data["Subject"].astype(str)
    data.to_csv(tmp_path / "twins.csv", index=False)
    run = ranef(
        "diagnose", str(tmp_path / "twins.csv"), "Reaction ~ Days + (1 | Subject) + (1 | twin)"
    )
    assert run.status == 3
    assert "not identified" in run.out


def test_wrong_use(ranef) -> None:
    run = ranef("diagnose", "dataset:hsb", "math ~ ses + (ses | school)")
    assert (run.status, run.out) == (2, "")
    assert "unknown column 'school'" in run.err
