"""``ranef fit`` with tests and means after the summary, and ``ranef anova``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import ranef as rn

from .conftest import installed

CAKE = ("dataset:cake", "angle ~ recipe * temp + (1 | recipe:replicate)")
SLEEP = (
    "dataset:sleepstudy",
    "Reaction ~ Days",
    "Reaction ~ Days + (1 | Subject)",
    "Reaction ~ Days + (Days | Subject)",
)


@pytest.fixture(scope="module")
def cake():
    return rn.lmm(CAKE[1], rn.datasets.load("cake"))


def test_terms_and_means_follow_the_summary(ranef, cake) -> None:
    ddf = "kenward-roger"
    run = ranef("fit", *CAKE, "--anova", "3", "--ddf", ddf, "--emmeans", "recipe", "--pairs")
    means = cake.emmeans("recipe", ddf=ddf)
    summary, _, rest = run.out.partition("\n\nF tests of the terms, type 3 (Kenward-Roger degrees")
    assert (run.status, run.err) == (0, "")
    assert summary == str(cake.summary(ddf))
    assert rest.endswith(f"\n\n{means}\n\n{means.pairs()}\n")
    rows = [line.split() for line in rest.splitlines() if line.startswith("  recipe")]
    f = cake.anova(3, ddf).loc["recipe:temp"]
    assert rows[1][:2] == ["recipe:temp", f"{f['sum_sq']:.3f}"]
    assert rows[1][3:] == ["2", "222.0", f"{f['statistic']:.2f}", f"{f['p_value']:.3f}"]


def test_json_has_the_numbers_of_the_methods(ranef, cake) -> None:
    wishes = ("--emmeans", "recipe", "--emmeans", "recipe , temp", "--pairs", "--vcov", "CR2")
    record = json.loads(ranef("fit", *CAKE, "--anova", "2", *wishes, "--json").out)
    assert list(record)[-2:] == ["anova", "emmeans"]
    assert (record["ddf"], record["vcov"]) == ("satterthwaite", "CR2")
    robust = cake.robust("CR2")
    assert record["fixef"][1]["se"] == pytest.approx(robust["std_error"].iloc[1], rel=1e-12)
    tests = cake.anova(2, vcov="CR2")
    assert record["anova"]["type"] == 2
    assert [row["term"] for row in record["anova"]["terms"]] == list(tests.index)
    for row, p in zip(record["anova"]["terms"], tests["p_value"], strict=True):
        assert row["p_value"] == pytest.approx(p, rel=1e-12)
    first, second = record["emmeans"]
    assert list(first) == ["variables", "by", "means", "notes", "pairs", "adjust"]
    assert (first["variables"], second["variables"]) == (["recipe"], ["recipe", "temp"])
    means = cake.emmeans("recipe", vcov="CR2")
    assert [row["std_error"] for row in first["means"]] == pytest.approx(means["std_error"])
    assert [row["p_value"] for row in first["pairs"]] == pytest.approx(means.pairs()["p_value"])
    assert first["adjust"] == "tukey"
    assert "CR2 standard errors" in first["notes"][-1]


def test_by_compares_within_values(ranef, cake) -> None:
    run = ranef("fit", *CAKE, "--emmeans", "temp", "--by", "recipe")
    assert run.out.endswith(f"\n\n{cake.emmeans('temp', by='recipe')}\n")


def test_clusters_by_name(ranef) -> None:
    formula = "strength ~ 1 + (1 | batch/cask)"
    record = json.loads(
        ranef("fit", "dataset:pastes", formula, "--vcov", "CR1:batch", "--json").out
    )
    fit = rn.lmm(formula, rn.datasets.load("pastes"))
    assert record["vcov"] == {"CR1": "batch"}
    assert record["fixef"][0]["se"] == pytest.approx(
        fit.robust("CR1", "batch")["std_error"].iloc[0]
    )


@pytest.mark.parametrize(
    ("options", "first"),
    [
        (("--anova", "4"), "the type of an analysis of variance is 1, 2 or 3"),
        (("--anova", "three"), "invalid value for '--anova'"),
        (("--ddf", "kenward"), "invalid value for '--ddf': 'kenward' is not one of"),
        (("--by", "recipe"), "--by belongs to --emmeans"),
        (("--pairs",), "--pairs belongs to --emmeans"),
        (("--emmeans", "recipe,"), "--emmeans takes names with commas between them"),
        (("--emmeans", "recipes"), "'recipes' is not a variable of the fixed part"),
        (("--vcov", "CR2:"), "--vcov takes a kind, or a kind and a cluster with a colon"),
        (("--vcov", "CR9"), "unknown standard errors 'CR9'"),
        (("--ddf", "kenward-roger", "--ml"), "Kenward-Roger is for fits by REML"),
    ],
)
def test_wrong_use_of_fit(ranef, options: tuple[str, ...], first: str) -> None:
    run = ranef("fit", *CAKE, *options)
    assert (run.status, run.out) == (2, "")
    assert run.err.startswith(first), run.err


def test_models_in_order_with_their_laws(ranef) -> None:
    run = ranef("anova", SLEEP[0], *reversed(SLEEP[1:]))
    assert (run.status, run.err) == (0, "")
    rows = [line.split() for line in run.out.splitlines()]
    assert ["2", "4", "1794.47", "1807.24", "-893.23", "1786.47", "107.20", "1", "<0.001"] in rows
    for k, formula in enumerate(SLEEP[1:], start=1):
        assert f"Model {k}: {formula}\n" in run.out
    assert run.out.endswith("\nLaw of the ratio, 3 against 2: half chi2(1), half chi2(2).\n")


def test_models_in_json(ranef) -> None:
    call = ("anova", SLEEP[0], *SLEEP[2:], "--method", "bootstrap", "--n", "50", "--seed", "3")
    record = json.loads(ranef(*call, "--json").out)
    data = rn.datasets.load("sleepstudy")
    fits = [rn.lmm(formula, data) for formula in SLEEP[2:]]
    table = rn.anova(fits, method="bootstrap", n=50, seed=3)
    small, large = record["models"]
    assert record["method"] == "bootstrap"
    assert list(small) == ["formula", *table.columns, "verdict"]
    assert (small["statistic"], small["df"], small["law"]) == (None, None, "")
    assert large["p_value"] == pytest.approx(table["p_value"].iloc[1], rel=1e-12)
    assert (large["formula"], large["df"], large["verdict"]) == (SLEEP[3], 2, "interior optimum")


def test_the_exact_law_against_none(ranef) -> None:
    call = ("anova", "dataset:dyestuff", "Yield ~ 1", "Yield ~ 1 + (1 | Batch)", "--json")
    large = json.loads(ranef(*call, "--method", "exact", "--seed", "1").out)["models"][1]
    assert large["law"].startswith("exact")
    assert 0.001 < large["p_value"] < 0.05


def test_a_warning_is_words_on_standard_error(tmp_path: Path) -> None:
    call = ("anova", SLEEP[0], "Reaction ~ 1 + (Days | Subject)", SLEEP[3])
    run = installed(*call, cwd=tmp_path)
    assert run.status == 0
    assert run.err.splitlines() == [
        "warning: the models were fitted again by ML",
        "  found  REML criteria of different fixed parts do not compare",
        "  fix    fit by maximum likelihood to leave out this message: reml=False, or --ml on the "
        "command line",
    ]
    assert installed(*call, "--ml", cwd=tmp_path) == (0, run.out, "")


def test_status_3_where_a_model_is_not_certified(ranef, tmp_path: Path) -> None:
    frame = rn.datasets.load("sleepstudy")
    frame["twin"] = "s" + frame["Subject"].astype(str)
    frame.to_csv(tmp_path / "twins.csv", index=False)
    formula = "Reaction ~ Days + (1 | Subject) + (1 | twin)"
    run = ranef("anova", str(tmp_path / "twins.csv"), "Reaction ~ Days", formula, "--json")
    assert run.status == 3
    assert [row["verdict"] for row in json.loads(run.out)["models"]][1] == "flat"


@pytest.mark.parametrize(
    ("arguments", "first"),
    [
        (SLEEP[2:3], "rn.anova compares two models or more"),
        ((*SLEEP[2:], "--n", "5"), "--n does nothing with --method lrt"),
        ((*SLEEP[2:], "--seed", "5"), "--seed does nothing with --method lrt"),
        ((*SLEEP[2:], "--method", "bootstrap", "--n", "0"), "the number of replicates"),
        ((*SLEEP[2:], "--method", "wald"), "invalid value for '--method'"),
        ((SLEEP[3], "Reaction ~ (1 | Subject) + (1 | day)"), "unknown column 'day'"),
    ],
)
def test_wrong_use_of_anova(ranef, arguments: tuple[str, ...], first: str) -> None:
    run = ranef("anova", SLEEP[0], *arguments)
    assert (run.status, run.out) == (2, "")
    assert run.err.startswith(first), run.err


def test_a_baseline_in_a_comparison(ranef) -> None:
    data = rn.datasets.load("sleepstudy")
    table = rn.compare(rn.lm(SLEEP[1], data), rn.lmm(SLEEP[2], data))
    run = ranef("compare", SLEEP[0], *SLEEP[1:3], "--format", "markdown")
    assert run == (0, f"{table.to_markdown()}\n", "")
