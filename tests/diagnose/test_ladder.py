"""The ladder: what it says of the HSB model, and laws that hold for every rung."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.diagnose.call import Call
from ranef.diagnose.ladder import build_ladder, climb
from ranef.diagnose.subject import Subject
from ranef.errors import DesignError
from ranef.fit.subject import subject_of
from ranef.present.diagnosis.facade import Diagnosis

from .conftest import MODELS, data_of

FitOf = Callable[[str], rn.Fit]
DiagnosisOf = Callable[[str], Diagnosis]


@pytest.fixture(scope="module")
def hsb(diagnosis_of: DiagnosisOf) -> Diagnosis:
    return diagnosis_of("hsb")


@pytest.fixture(scope="module")
def rungs(hsb: Diagnosis) -> pd.DataFrame:
    return hsb.remedies.set_index("rung")


def test_hsb_has_every_rung_that_applies(rungs: pd.DataFrame) -> None:
    assert list(rungs.index) == [
        *("as-asked", "other-starts", "centred", "group-mean", "centred-mean"),
        *("zero-correlation", "reduced-rank", "random-intercepts", "prior"),
    ]


def test_hsb_criteria(rungs: pd.DataFrame) -> None:
    """The same models in lme4 1.1-31, polished (46569.11218 is the true optimum of the first)."""
    published = {
        "as-asked": 46569.11219,
        "centred": 46638.6024,
        "group-mean": 46512.67,
        "centred-mean": 46510.98,
        "zero-correlation": 46574.16,
        "random-intercepts": 46574.16,
    }
    for rung, criterion in published.items():
        assert rungs.loc[rung, "criterion"] == pytest.approx(criterion, abs=6e-3), rung
    assert rungs.loc["as-asked", "criterion"] == pytest.approx(46569.11219, abs=1e-5)
    assert rungs["comparable"].to_dict() == {
        **dict.fromkeys(rungs.index, True),
        **dict.fromkeys(("centred", "group-mean", "centred-mean"), False),
    }
    assert rungs.loc["centred", "aic_ml"] == pytest.approx(46649.88, abs=5e-3)


def test_hsb_numerics_are_ruled_out(rungs: pd.DataFrame) -> None:
    assert rungs.loc["other-starts", "criterion"] == rungs.loc["as-asked", "criterion"]
    assert "the only one met: the search is not the cause" in rungs.loc["other-starts", "judgement"]


def test_hsb_centring_alone_leaves_the_school_effect_in_sector(rungs: pd.DataFrame) -> None:
    assert rungs.loc["centred", "verdict"] == "interior optimum"
    assert rungs.loc["centred", "sector"] == pytest.approx(2.808, abs=1e-3)
    assert rungs.loc["centred-mean", "sector"] == pytest.approx(1.272, abs=1e-3)
    assert (
        "Centring alone leaves the between-sch.id effect of ses in what is constant within sch.id: "
        "sector is 2.81 here and 1.27 once the mean is in."
    ) in rungs.loc["centred", "judgement"]


def test_hsb_zero_correlation_is_still_singular(rungs: pd.DataFrame) -> None:
    assert rungs.loc["zero-correlation", "verdict"] == "boundary optimum"
    assert rungs.loc["zero-correlation", "judgement"].startswith(
        "Still singular, in another direction: no variance of ses"
    )


def test_hsb_the_school_mean_cures_it_with_ses_uncentred(
    hsb: Diagnosis, rungs: pd.DataFrame
) -> None:
    assert rungs.loc["group-mean", "verdict"] == "interior optimum"
    assert rungs.loc["group-mean", "judgement"].startswith(
        "No longer singular, with ses left uncentred."
    )
    assert any("even with ses uncentred" in sentence for sentence in hsb.summary)


def test_hsb_conclusions_hold_throughout(hsb: Diagnosis, rungs: pd.DataFrame) -> None:
    assert set(rungs["conclusions"]) == {"hold"}
    assert any(
        sentence.startswith("Conclusions on ses (2.79 to 2.96) and ses:sector (-1.35 to -1.31)")
        for sentence in hsb.summary
    )


def test_hsb_changes_are_in_standard_errors_of_the_asked_model(
    rungs: pd.DataFrame, fit_of: FitOf
) -> None:
    asked = fit_of("hsb").coefficients()
    centred = rungs.loc["centred"]
    other = rn.lmm(centred["formula"], rn.datasets.load("hsb")).coefficients()
    for name, here in {"ses": "within(ses, sch.id)", "sector": "sector"}.items():
        change = other.loc[here, "estimate"] - asked.loc[name, "estimate"]
        assert centred[name] == pytest.approx(other.loc[here, "estimate"], rel=1e-9)
        assert centred[f"{name} change"] == pytest.approx(change / asked.loc[name, "std_error"])
        ratio = other.loc[here, "std_error"] / asked.loc[name, "std_error"]
        assert centred[f"{name} se_ratio"] == pytest.approx(ratio)


def test_the_slope_variance_of_the_contextual_model_has_the_law_of_a_boundary() -> None:
    """LRT 2.50: 0.287 by chi2(2), 0.201 by the equal mixture of chi2(1) and chi2(2)."""
    formula = (
        "math ~ within(ses, sch.id) * sector + between(ses, sch.id) * sector "
        "+ (within(ses, sch.id) | sch.id)"
    )
    frame = rn.lmm(formula, rn.datasets.load("hsb")).diagnose().remedies.set_index("rung")
    row = frame.loc["random-intercepts"]
    assert row["statistic"] == pytest.approx(2.496, abs=1e-3)
    assert row["p_value"] == row["p_low"] == pytest.approx(0.201, abs=6e-4)
    assert "group-mean" not in frame.index


def test_bounds_hold_the_known_law(rungs: pd.DataFrame) -> None:
    """The zero-correlation fit has no slope variance: its null is that of random intercepts.

    If that variance is zero in truth, the upper bound is the law itself.
    """
    zero, known = rungs.loc["zero-correlation"], rungs.loc["random-intercepts"]
    assert zero["statistic"] == pytest.approx(known["statistic"], abs=1e-6)
    assert zero["p_low"] < known["p_value"] <= zero["p_value"]


@pytest.mark.parametrize("name", [name for name in MODELS if name != "hsb-stopped"])
def test_the_code_of_each_rung_gives_its_fit(name: str, diagnosis_of: DiagnosisOf) -> None:
    data = data_of(name)
    frame = diagnosis_of(name).remedies
    assert len(frame) >= 2
    tried = frame[(frame["rung"] != "as-asked") & (frame["verdict"] != "not tried")]
    for _, row in tried.iterrows():
        again = eval(row["code"], {"rn": rn, "data": data})
        assert -2.0 * again.loglik == pytest.approx(row["criterion"], abs=1e-6), row["code"]
        if "max_evaluations=1" in row["code"]:  # held at a rank: no optimum of the asked model
            assert again.fixef[1:].to_dict() == pytest.approx(row[again.fixef.index[1:]].to_dict())
            continue
        assert again.certificate.verdict == row["verdict"], row["code"]
        ml = again.with_reml(False)
        if row["rung"] not in ("reduced-rank", "prior"):
            assert ml.aic == pytest.approx(row["aic_ml"], abs=1e-5), row["code"]
            assert again.df_model == row["df"]


@pytest.mark.parametrize("name", list(MODELS))
def test_smaller_models_are_not_better(name: str, diagnosis_of: DiagnosisOf) -> None:
    frame = diagnosis_of(name).remedies
    lowest = frame["criterion"][:2].min()
    smaller = frame["rung"].isin(["zero-correlation", "drop-slope", "random-intercepts", "prior"])
    assert (frame.loc[smaller, "criterion"] >= lowest - 1e-6).all()
    assert (frame["statistic"].dropna() >= 0.0).all()
    assert (frame["p_low"].dropna() <= frame["p_value"].dropna()).all()


def test_a_search_that_stopped_is_told_and_the_rungs_are_tested_against_the_optimum(
    diagnosis_of: DiagnosisOf, rungs: pd.DataFrame
) -> None:
    stopped = diagnosis_of("hsb-stopped")
    frame = stopped.remedies.set_index("rung")
    assert frame.loc["as-asked", "verdict"] == "not at an optimum"
    assert frame.loc["other-starts", "verdict"] == "boundary optimum"
    assert stopped.summary[0].startswith("A search from elsewhere found an optimum 0.01")
    for column in ("criterion", "statistic", "p_value", "p_low", "aic_ml"):
        ours, theirs = frame[column].drop("as-asked"), rungs[column].drop("as-asked")
        assert ours.to_numpy() == pytest.approx(theirs.to_numpy(), abs=1e-4, nan_ok=True)


def test_a_clean_model_needs_no_remedy(diagnosis_of: DiagnosisOf) -> None:
    clean = diagnosis_of("penicillin")
    assert not clean.ladder.remedy
    assert not [finding for finding in clean.findings if finding.severity != "note"]
    assert clean.summary == (
        "Nothing to remedy: the fit is at its optimum, and 3 searches from elsewhere met no lower "
        "one.",
    )
    assert len(str(clean).splitlines()) <= 8


def test_that_all_is_well_does_not_pass_over_a_warning(diagnosis_of: DiagnosisOf) -> None:
    sleep = diagnosis_of("sleepstudy")
    assert not sleep.ladder.remedy
    assert [f.code for f in sleep.findings if f.severity != "note"] == ["unequal-variances"]
    assert sleep.summary[0].startswith("Nothing to remedy in the search or the covariances: ")
    assert sleep.summary[0].endswith("One more finding does not bear on this question.")


def test_planted_twin_factors_are_flat_and_each_alone_is_identified() -> None:
    data = rn.datasets.load("sleepstudy")
    data["twin"] = "s" + data["Subject"].astype(str)
    diagnosis = rn.lmm("Reaction ~ Days + (1 | Subject) + (1 | twin)", data).diagnose()
    frame = diagnosis.remedies.set_index("title")
    assert frame.loc["as asked", "verdict"] == "flat"
    assert frame.loc[["without Subject", "without twin"], "verdict"].eq("interior optimum").all()
    assert "not identified" in diagnosis.summary[0]


def test_a_variance_of_zero_beside_another_is_left_out_at_no_cost() -> None:
    rng = np.random.default_rng(3)
    data = pd.DataFrame({"g": np.repeat(np.arange(20), 12), "h": np.tile(np.arange(12), 20)})
    data["y"] = rng.normal(size=20)[data["g"]] + rng.normal(size=240)
    by_h = data.groupby("h")["y"].transform("mean")
    data["y"] -= by_h  # what is left varies less between h than chance would have it
    frame = rn.lmm("y ~ 1 + (1 | g) + (1 | h)", data).diagnose().remedies.set_index("title")
    row = frame.loc["without h"]
    assert frame.loc["as asked", "rank"] == "1 of 1, 0 of 1"
    assert row["criterion"] == pytest.approx(frame.loc["as asked", "criterion"], abs=1e-8)
    assert (row["statistic"], row["p_value"]) == (pytest.approx(0.0, abs=1e-8), 1.0)


def test_a_rung_that_the_data_refuse_says_why(fit_of: FitOf) -> None:
    subject = subject_of(fit_of("sleepstudy"))

    def refit(formula: str | None = None, **arguments: Any) -> Subject:
        if formula is not None and "||" in formula:
            raise DesignError("too many random effects for these rows")
        return subject.refit(formula, **arguments)

    ladder = build_ladder(replace(subject, refit=refit), Call(subject.formula.text))
    verdicts = {rung.key: rung.verdict for rung in ladder.rungs}
    refused = next(rung for rung in ladder.rungs if rung.key == "zero-correlation")
    assert verdicts["random-intercepts"] == "interior optimum"
    assert (refused.verdict, refused.effects) == ("not fitted", ())
    assert refused.judgement.endswith(": too many random effects for these rows.")


def test_arguments_of_the_fit_are_kept_and_named() -> None:
    rng = np.random.default_rng(5)
    data = pd.DataFrame({"g": np.repeat(np.arange(15), 8), "x": rng.normal(size=120)})
    data["f"] = rng.choice(["a", "b", "c"], size=120)
    data["w"], data["z"] = rng.uniform(0.5, 2.0, size=120), rng.normal(size=120)
    data["y"] = data["x"] + data["z"] + rng.normal(size=15)[data["g"]] + rng.normal(size=120)
    weights, contrasts = data["w"].to_numpy(), {"f": "sum"}
    diagnosis = rn.lmm(
        "y ~ x + f + (x | g)",
        data,
        reml=False,
        weights=weights,
        offset="z",
        contrasts=contrasts,
    ).diagnose()
    frame = diagnosis.remedies
    names = {"rn": rn, "data": data, "weights": weights, "contrasts": contrasts}
    for _, row in frame.iterrows():
        assert row["code"].count('reml=False, weights=weights, offset="z", contrasts=contrasts')
        criterion = -2.0 * eval(row["code"], names).loglik
        assert criterion == pytest.approx(row["criterion"], abs=1e-6)
    assert "f[S.a]" in frame.columns


def test_a_prior_is_taken_away_first_and_smaller_models_are_tested_without_it(
    rungs: pd.DataFrame,
) -> None:
    formula = MODELS["hsb"][1]
    data = rn.datasets.load("hsb")
    diagnosis = rn.lmm(formula, data, prior=rn.priors.Wishart()).diagnose()
    frame = diagnosis.remedies.set_index("rung")
    asked, by_data = frame.loc["as-asked"], frame.loc["without-prior"]
    assert (asked["verdict"], by_data["verdict"]) == ("interior optimum", "boundary optimum")
    assert asked["criterion"] == pytest.approx(rungs.loc["prior", "criterion"], abs=1e-6)
    assert by_data["criterion"] == pytest.approx(rungs.loc["as-asked", "criterion"], abs=1e-8)
    assert frame.loc["random-intercepts", "p_value"] == pytest.approx(
        rungs.loc["random-intercepts", "p_value"], abs=1e-8
    )
    assert np.isnan(asked["aic_ml"])
    assert "prior" not in frame.index
    assert "without it the optimum is singular" in diagnosis.summary[0]


def test_the_prior_keeps_the_fit_off_the_boundary(diagnosis_of: DiagnosisOf) -> None:
    for name in ("hsb", "dyestuff2", "scotssec"):
        row = diagnosis_of(name).remedies.set_index("rung").loc["prior"]
        assert row["verdict"] == "interior optimum"
        assert "This is due to the prior, not to the data" in row["judgement"]
    assert "the SD of Batch is 1.49 and not 0" in diagnosis_of("dyestuff2").remedies.set_index(
        "rung"
    ).loc["prior", "judgement"].replace("The SD", "the SD")


def test_what_would_take_long_is_named_and_not_fitted(
    fit_of: FitOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(climb, "BUDGET", 1)
    monkeypatch.setattr(climb, "SEARCHES", 1)
    frame = fit_of("hsb").diagnose().remedies.set_index("rung")
    left_out = frame[frame["verdict"] == "not tried"]
    assert list(left_out.index) == [
        *("other-starts", "group-mean", "centred-mean", "zero-correlation"),
        *("reduced-rank", "random-intercepts", "prior"),
    ]
    assert left_out["code"].str.startswith('rn.lmm("math ~ ').all()
    assert left_out["criterion"].isna().all()


def test_a_diagnosis_can_be_kept(hsb: Diagnosis) -> None:
    again = pickle.loads(pickle.dumps(hsb))
    assert str(again) == str(hsb)
    pd.testing.assert_frame_equal(again.remedies, hsb.remedies)


def test_no_warnings_are_raised(fit_of: FitOf) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        str(fit_of("machines").diagnose())
