"""``ranef fit`` and ``ranef compare``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import ranef as rn

SLEEP = ("fit", "dataset:sleepstudy", "Reaction ~ Days + (Days | Subject)")
CENTRED = "math ~ ses_within * sector + (ses_within | sch.id)"


@pytest.fixture(scope="module")
def sleep():
    return rn.lmm(SLEEP[2], rn.datasets.load("sleepstudy"))


def test_summary_is_printed(ranef, sleep) -> None:
    run = ranef(*SLEEP)
    assert run == (0, f"{sleep.summary()}\n", "")


def test_json_has_the_documented_keys_and_the_numbers_of_the_fit(ranef, sleep) -> None:
    run = ranef(*SLEEP, "--json")
    record = json.loads(run.out)
    assert (run.status, run.err) == (0, "")
    assert list(record) == [
        "formula",
        "reml",
        "prior",
        "nobs",
        "ngroups",
        "missing_rows",
        "dropped",
        "ddf",
        "vcov",
        "fixef",
        "varcorr",
        "random_parameters",
        "residual_parameters",
        "sigma",
        "criteria",
        "certificate",
        "findings",
    ]
    assert (record["formula"], record["reml"]) == (SLEEP[2], True)
    assert (record["nobs"], record["ngroups"]) == (180, {"Subject": 18})
    assert (record["missing_rows"], record["dropped"], record["findings"]) == (0, [], [])
    assert (record["ddf"], record["vcov"]) == ("satterthwaite", None)
    table = sleep.coefficients()
    days = record["fixef"][1]
    assert list(days) == ["term", "estimate", "se", "df", "t", "p"]
    assert days["term"] == "Days"
    for key, column in (("estimate", "estimate"), ("se", "std_error"), ("p", "p_value")):
        assert days[key] == pytest.approx(table.loc["Days", column], rel=1e-12)
    intercept, slope, both, residual = record["varcorr"]
    assert list(both) == ["group", "term1", "term2", "variance", "sd"]
    assert both["sd"] == pytest.approx(both["variance"] / (intercept["sd"] * slope["sd"]))
    assert (intercept["term2"], residual["group"]) == (None, "Residual")
    assert record["sigma"] == residual["sd"] == sleep.sigma
    criteria = record["criteria"]
    assert list(criteria) == [
        "criterion",
        "loglik",
        "deviance",
        "aic",
        "bic",
        "df_model",
        "df_resid",
    ]
    assert criteria["criterion"] == -2 * criteria["loglik"] == sleep.criterion
    certificate = record["certificate"]
    assert list(certificate) == [
        "verdict",
        "certified",
        "sentence",
        "gain",
        "step_se",
        "rank",
        "dual_min_eig",
        "evaluations",
    ]
    assert certificate["verdict"] == "interior optimum"
    assert certificate["certified"] is True
    assert certificate["rank"] == [{"group": "Subject", "rank": 2, "size": 2}]
    assert certificate["dual_min_eig"] is None  # there is no null space in the interior


def test_ml(ranef) -> None:
    record = json.loads(ranef(*SLEEP, "--ml", "--json").out)
    assert record["reml"] is False
    assert record["criteria"]["deviance"] == pytest.approx(1751.939344, abs=1e-5)


def test_center_adds_both_parts(ranef) -> None:
    formula = "math ~ ses_within + ses_between + (1 | sch.id)"
    run = ranef("fit", "dataset:hsb", formula, "--center", "ses:sch.id", "--json")
    pupils = rn.center(rn.datasets.load("hsb"), "ses", by="sch.id")
    assert json.loads(run.out)["sigma"] == pytest.approx(rn.lmm(formula, pupils).sigma, rel=1e-9)


def test_center_twice(ranef) -> None:
    formula = "math ~ ses_within + minority_within + (1 | sch.id)"
    centre = ("--center", "ses:sch.id", "--center", "minority : sch.id")
    run = ranef("fit", "dataset:hsb", formula, *centre, "--json")
    assert [row["term"] for row in json.loads(run.out)["fixef"]][1:] == [
        "ses_within",
        "minority_within",
    ]


@pytest.mark.parametrize("wish", ["ses", "ses:", ":sch.id"])
def test_center_needs_both_sides(ranef, wish: str) -> None:
    run = ranef("fit", "dataset:hsb", "math ~ ses + (1 | sch.id)", "--center", wish)
    assert (run.status, run.out) == (2, "")
    assert run.err.splitlines() == [
        "--center takes a column and its grouping factor with a colon between them",
        f"  found  --center {wish}",
        "  fix    as in --center ses:sch.id",
    ]


def test_weights_and_offset(ranef, tmp_path: Path) -> None:
    frame = rn.datasets.load("sleepstudy")
    frame["w"] = 1.0 + frame["Days"]
    frame["known"] = 3.0 * frame["Days"]
    frame.to_csv(tmp_path / "sleep.csv", index=False)
    options = ("--weights", "w", "--offset", "known", "--json")
    formula = "Reaction ~ Days + (1 | Subject)"
    record = json.loads(ranef("fit", str(tmp_path / "sleep.csv"), formula, *options).out)
    fit = rn.lmm(formula, frame, weights="w", offset="known")
    assert record["fixef"][1]["estimate"] == pytest.approx(fit.fixef["Days"], rel=1e-9)
    plain = rn.lmm(formula, frame, weights="w")
    assert record["fixef"][1]["estimate"] == pytest.approx(plain.fixef["Days"] - 3.0, rel=1e-7)


def test_status_3_where_the_fit_is_not_certified(ranef, tmp_path: Path) -> None:
    frame = rn.datasets.load("sleepstudy")
    frame["twin"] = "s" + frame["Subject"].astype(str)
    frame.to_csv(tmp_path / "twins.csv", index=False)
    formula = "Reaction ~ Days + (1 | Subject) + (1 | twin)"
    run = ranef("fit", str(tmp_path / "twins.csv"), formula, "--json")
    record = json.loads(run.out)
    assert run.status == 3
    assert record["certificate"]["verdict"] == "flat"
    assert record["certificate"]["certified"] is False
    assert {finding["severity"] for finding in record["findings"]} >= {"problem"}
    assert all(
        list(finding) == ["code", "severity", "message", "evidence", "where", "fix"]
        for finding in record["findings"]
    )
    both = ("Reaction ~ Days + (1 | Subject)", formula)
    assert ranef("compare", str(tmp_path / "twins.csv"), *both).status == 3


def test_missing_rows_are_counted(ranef, tmp_path: Path) -> None:
    frame = rn.datasets.load("sleepstudy")
    frame.loc[[3, 7], "Reaction"] = None
    frame.to_csv(tmp_path / "sleep.csv", index=False)
    record = json.loads(ranef("fit", str(tmp_path / "sleep.csv"), SLEEP[2], "--json").out)
    assert (record["nobs"], record["missing_rows"]) == (178, 2)


def test_compare_formats(ranef) -> None:
    formulas = ("Reaction ~ Days + (1 | Subject)", SLEEP[2])
    data = rn.datasets.load("sleepstudy")
    table = rn.compare(*(rn.lmm(formula, data) for formula in formulas))
    expected = {
        "text": f"{table}\n\nModel 1: {formulas[0]}\nModel 2: {formulas[1]}\n",
        "markdown": f"{table.to_markdown()}\n",
        "html": f"{table.to_html()}\n",
        "latex": f"{table.to_latex()}\n",
    }
    for name, text in expected.items():
        assert ranef("compare", "dataset:sleepstudy", *formulas, "--format", name) == (0, text, "")


def test_compare_by_ml_with_centring(ranef) -> None:
    formulas = ("math ~ ses_within + sector + (ses_within | sch.id)", CENTRED)
    run = ranef("compare", "dataset:hsb", *formulas, "--ml", "--center", "ses:sch.id")
    assert run.status == 0
    assert "46677.86       46649.88" in run.out
    assert "(ML)" not in run.out
    assert "Fitted by maximum likelihood." in run.out


def test_a_prior_by_name(ranef) -> None:
    record = json.loads(ranef(*SLEEP, "--prior", "wishart", "--json").out)
    assert record["prior"] == ["Wishart(df=4.5, scale=inf) on Subject"]
    assert record["criteria"]["criterion"] > -2 * record["criteria"]["loglik"]
    run = ranef(*SLEEP, "--prior", "flat")
    assert run.status == 2
    assert "there is no prior named 'flat'" in run.err


def test_log_follows_the_summary(ranef, sleep) -> None:
    run = ranef(*SLEEP, "--log")
    assert run.status == 0
    assert run.out.startswith(f"{sleep.summary()}\n\nLog of {SLEEP[2]}, REML\n")
    assert "one factor, exact Hessian by sums over levels" in run.out


def test_a_structure_is_printed_by_its_parameters(ranef) -> None:
    model = ("fit", "dataset:machines", "score ~ Machine + cs(0 + Machine | Worker)")
    run = ranef(*model)
    assert run.status == 0
    assert "cs, 3 effects" in run.out
    record = json.loads(ranef(*model, "--json").out)
    assert [row["parameter"] for row in record["random_parameters"]] == [
        *(f"sd Machine[{level}]" for level in "ABC"),
        "cor",
    ]
    assert len(record["varcorr"]) == 7
    assert record["certificate"]["rank"] == [{"group": "Worker", "rank": 3, "size": 3}]


def test_a_structure_of_the_residuals(ranef) -> None:
    run = ranef(*SLEEP, "--residual", "ar1(Days | Subject)", "--json")
    record = json.loads(run.out)
    assert run.status == 0
    (found,) = record["residual_parameters"]
    assert (found["time"], found["group"], found["step"]) == ("Days", "Subject", 1)
    assert found["rho"] == pytest.approx(0.492105, abs=1e-5)
    text = ranef("fit", "dataset:orthodont", "distance ~ age * Sex + (1 | Subject)",
                 "--residual", "strata(Sex)")  # fmt: skip
    assert "Residuals: strata(Sex)" in text.out
    wrong = ranef(*SLEEP, "--residual", "strata(Sex)")
    assert wrong.status == 2
    assert "unknown column 'Sex'" in wrong.err
    wrong = ranef(*SLEEP, "--residual", "corAR1(Days | Subject)")
    assert wrong.status == 2
    assert "ar1(time | g)" in wrong.err
