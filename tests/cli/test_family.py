"""Commands with ``--family``: generalised models."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import ranef as rn

from .conftest import installed

HERDS = ("dataset:cbpp", "incidence / size ~ period + (1 | herd)")
TRIALS = ("--family", "binomial", "--weights", "size")
TICKS = ("dataset:grouseticks", "TICKS ~ YEAR + cHEIGHT + (1 | BROOD)")


@pytest.fixture(scope="module")
def herds():
    return rn.glmm(HERDS[1], rn.datasets.load("cbpp"), weights="size")


def test_summary_is_printed_as_installed(tmp_path: Path, herds) -> None:
    run = installed("fit", *HERDS, *TRIALS, cwd=tmp_path)
    assert run == (0, f"{herds.summary()}\n", "")


def test_tests_and_means_follow_the_summary(ranef, herds) -> None:
    run = ranef("fit", *HERDS, *TRIALS, "--anova", "3", "--emmeans", "period", "--pairs", "--log")
    summary, _, rest = run.out.partition("\n\nWald tests of the terms, type 3\n\n")
    assert (run.status, run.err) == (0, "")
    assert summary == str(herds.summary())
    tests = herds.anova(3).loc["period"]
    assert rest.splitlines()[1].split()[:3] == ["period", f"{tests['statistic']:.2f}", "3"]
    means = herds.emmeans("period")
    assert f"\n\n{means}\n\n{means.pairs()}\n\nLog of {HERDS[1]}, Laplace\n" in rest


def test_json_has_the_parts_of_a_generalised_fit(ranef) -> None:
    run = ranef("fit", *HERDS, *TRIALS, "--agq", "9", "--json")
    record = json.loads(run.out)
    fit = rn.glmm(HERDS[1], rn.datasets.load("cbpp"), weights="size", n_agq=9)
    assert (run.status, run.err) == (0, "")
    assert (record["family"], record["link"], record["n_agq"]) == ("binomial", "logit", 9)
    assert (record["reml"], record["sigma"], record["dispersion"]) == (False, None, None)
    assert "residual_parameters" not in record
    assert record["criteria"]["loglik"] == pytest.approx(fit.loglik, rel=1e-12)
    first = record["fixef"][0]
    assert first["estimate"] == pytest.approx(fit.fixef["Intercept"], rel=1e-12)
    assert (record["ddf"], first["df"]) == ("asymptotic", None)
    error = record["laplace_error"]
    assert list(error) == ["deviance", "uncertainty", "largest_shift", "method"]
    assert error["method"] == "quadrature"
    assert abs(error["deviance"]) < 1e-4  # nine nodes are nearly the likelihood
    assert record["separation"]["exists"] is False


def test_ratios_are_shown_where_they_are_asked_for(ranef, herds) -> None:
    run = ranef("fit", *HERDS, *TRIALS, "--exponentiate")
    assert run == (0, f"{herds.summary(exponentiate=True)}\n", "")
    assert "Odds ratio" in run.out
    record = json.loads(ranef("fit", *HERDS, *TRIALS, "--exponentiate", "--json").out)
    assert record["ratios"]["kind"] == "odds ratio"
    second = record["ratios"]["terms"][1]
    assert list(second) == ["term", "estimate", "conf_low", "conf_high"]
    assert second["estimate"] == pytest.approx(np.exp(herds.fixef["period[T.2]"]), rel=1e-12)
    run = ranef("compare", *HERDS, HERDS[1], *TRIALS, "--exponentiate")
    assert "The coefficients are shown as odds ratios." in run.out
    run = ranef("fit", "dataset:sleepstudy", "Reaction ~ Days + (1 | Subject)", "--exponentiate")
    assert run.status == 2
    assert run.err.startswith("exponentiate is for coefficients that are logarithms of ratios")


def test_json_of_zeros_dispersion_and_thresholds(ranef) -> None:
    options = ("--family", "nbinom2", "--zero-inflation", "~ 1", "--dispersion", "~ YEAR")
    record = json.loads(ranef("fit", *TICKS, *options, "--json").out)
    assert list(record["fixef_zero"]) == ["Intercept"]
    assert list(record["fixef_dispersion"]) == ["Intercept", "YEAR[T.96]", "YEAR[T.97]"]
    assert record["dispersion"] is None  # it depends on the year
    items = ("fit", "dataset:verbagg", "resp ~ Anger + (1 | item)", "--family", "cumulative")
    record = json.loads(ranef(*items, "--json").out)
    assert list(record["thresholds"]) == ["no|perhaps", "perhaps|yes"]


def test_columns_of_other_formulas_are_read_as_numbers(ranef, tmp_path: Path) -> None:
    ticks = rn.datasets.load("grouseticks")
    cells = ticks["cHEIGHT"].astype(str)
    cells[5] = "high"
    ticks.assign(z=cells).to_csv(tmp_path / "ticks.csv", index=False)
    options = ("--family", "nbinom2", "--dispersion", "~ z")
    run = ranef("fit", str(tmp_path / "ticks.csv"), TICKS[1], *options)
    assert run.status == 2
    assert run.err.startswith("column 'z' holds numbers but for 1 of 403 cells")


def test_an_offset_is_a_column(ranef, tmp_path: Path) -> None:
    deaths = rn.datasets.load("mmmec")
    deaths["exposure"] = np.log(deaths["expected"])
    deaths.to_csv(tmp_path / "deaths.csv", index=False)
    formula = "deaths ~ uvb + (1 | region)"
    options = ("--family", "poisson", "--offset", "exposure", "--json")
    record = json.loads(ranef("fit", str(tmp_path / "deaths.csv"), formula, *options).out)
    fit = rn.glmm("deaths ~ uvb + offset(log(expected)) + (1 | region)", deaths, family="poisson")
    assert record["criteria"]["loglik"] == pytest.approx(fit.loglik, rel=1e-10)


def test_status_3_if_there_is_no_finite_maximum(ranef, tmp_path: Path) -> None:
    herds = rn.datasets.load("cbpp").assign(ill="no")
    herds.loc[herds["incidence"] == 0, "ill"] = "never"
    herds.to_csv(tmp_path / "herds.csv", index=False)
    formula = "cbind(incidence, size - incidence) ~ ill + (1 | herd)"
    call = ("fit", str(tmp_path / "herds.csv"), formula, "--family", "binomial")
    run = ranef(*call, "--json")
    record = json.loads(run.out)
    assert run.status == 3
    assert record["certificate"]["verdict"] == "no finite maximum"
    assert record["separation"]["exists"] is True
    assert list(record["separation"]["coefficients"]) == ["Intercept", "ill[T.no]"]
    assert record["separation"]["predicted_rows"] == (herds["ill"] == "never").sum()
    page = ranef(*call)
    assert page.status == 3
    assert "No finite maximum" in page.out


def test_compare_and_anova_fit_the_family(ranef, herds) -> None:
    smaller = "incidence / size ~ 1 + (1 | herd)"
    null = herds.update("~ . - period")
    run = ranef("compare", HERDS[0], smaller, HERDS[1], *TRIALS, "--format", "markdown")
    assert run == (0, f"{rn.compare(null, herds).to_markdown()}\n", "")
    run = ranef("anova", HERDS[0], smaller, HERDS[1], *TRIALS, "--json")
    record = json.loads(run.out)
    table = rn.anova(null, herds)
    assert (run.status, run.err) == (0, "")
    assert record["models"][1]["p_value"] == pytest.approx(table["p_value"].iloc[1], rel=1e-9)
    assert record["models"][1]["verdict"] == "interior optimum"


def test_diagnose_climbs_the_ladder_of_the_family(ranef, herds) -> None:
    run = ranef("diagnose", *HERDS, *TRIALS)
    assert run == (0, f"{herds.diagnose()}\n", "")
    record = json.loads(ranef("diagnose", *HERDS, *TRIALS, "--json").out)
    assert record["verdict"] == "interior optimum"
    assert record["remedies"][0]["rung"] == "as-asked"


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        (
            ("--family", "binominal"),
            ("unknown family 'binominal'", "  fix    did you mean 'binomial'?"),
        ),
        (
            ("--agq", "9"),
            (
                "--agq belongs to --family",
                "  fix    name the family too, as in --family binomial --agq",
            ),
        ),
        (
            ("--zero-inflation", "~ 1"),
            ("--zero-inflation belongs to --family", "  found  --zero-inflation without --family"),
        ),
        (
            (*TRIALS, "--ml"),
            (
                "--ml is for linear models",
                "  fix    generalised models are always fitted by maximum likelihood; leave it out",
            ),
        ),
        (
            (*TRIALS, "--residual", "strata(period)"),
            ("--residual is for linear models", "  found  --residual with --family binomial"),
        ),
        ((*TRIALS, "--vcov", "CR2"), ("--vcov is for linear models",)),
        ((*TRIALS, "--ddf", "satterthwaite"), ("--ddf is for linear models",)),
        ((*TRIALS, "--agq", "99"), ("  fix    use at most 25 nodes",)),
        ((*TRIALS, "--dispersion", "~ period"), ("binomial has no dispersion to model",)),
        (
            ("--family", "binomial"),
            ("the response 'incidence / size' is a proportion, and its trials are not known",),
        ),
    ],
)
def test_wrong_use(ranef, options: tuple[str, ...], lines: tuple[str, ...]) -> None:
    run = ranef("fit", *HERDS, *options)
    assert (run.status, run.out) == (2, "")
    assert set(lines) <= set(run.err.splitlines()), run.err


def test_ml_is_refused_by_the_others_too(ranef) -> None:
    for command in ("compare", "anova", "diagnose"):
        run = ranef(command, *HERDS, *TRIALS, "--ml")
        assert (run.status, run.out) == (2, "")
        assert run.err.startswith("--ml is for linear models")


def test_advice_for_python_is_given_as_options(tmp_path: Path, ranef) -> None:
    path = tmp_path / "women.csv"
    rn.datasets.load("contraception").to_csv(path, index=False)
    linear = ranef("fit", str(path), "use ~ age + (1 | district)")
    assert linear.status == 2
    assert "--family binomial fits two categories" in linear.err
    crossed = "use ~ age + (1 | district) + (1 | woman)"
    several = ranef("fit", str(path), crossed, "--family", "binomial", "--agq", "9")
    assert "  found  --agq 9, and the factors" in several.err
    assert "  fix    leave --agq out" in several.err
    assert "n_agq" not in several.err
