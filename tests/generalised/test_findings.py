"""Findings about generalised fits: planted causes, clean data, and where each begins."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from studies.generalised_causes import CAUSES, CLEAN, GeneralisedCause
from studies.planted_generalised import judge

import ranef as rn
from ranef.diagnose.generalised import family_fits
from ranef.diagnose.generalised.at_modes import at_modes
from ranef.diagnose.generalised.pearson import pearson
from ranef.fit.generalised import GeneralisedFit
from ranef.fit.generalised.subject import generalised_subject_of

COUNT = 4


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.name)
def test_planted_causes_are_found_and_cured(cause: GeneralisedCause) -> None:
    outcomes = [judge(cause, (21, k), remedy=k == 0) for k in range(COUNT)]
    assert sum(outcome.named for outcome in outcomes) >= COUNT - 1
    assert outcomes[0].cured


@pytest.mark.parametrize("cause", CLEAN, ids=lambda cause: cause.name)
def test_clean_data_give_no_warnings(cause: GeneralisedCause) -> None:
    # Tests have levels of 0.01, so that one data set in fifty or so raises an alarm by chance. None
    # of these does; the study of planted causes counts more of them.
    for k in range(2 * COUNT):
        assert judge(cause, (24, k)).alarms == ()


def codes(fit: GeneralisedFit) -> set[str]:
    return {finding.code for finding in fit.findings}


def binary(events: int, n: int = 400, groups: int = 20) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    y = np.zeros(n, dtype=int)
    y[rng.permutation(n)[:events]] = 1
    return pd.DataFrame({"y": y, "x": rng.normal(size=n), "z": rng.normal(size=n),
                         "g": np.arange(n) % groups})  # fmt: skip


@pytest.mark.parametrize(("events", "found"), [(19, True), (20, False), (380, False), (381, True)])
def test_rare_events_begin_below_ten_per_coefficient(events: int, found: bool) -> None:
    fit = rn.glmm("y ~ x + z + (1 | g)", binary(events))
    assert ("rare-events" in codes(fit)) == found
    if found:
        (finding,) = (f for f in fit.findings if f.code == "rare-events")
        assert finding.evidence.startswith("9.5 " + ("events" if events == 19 else "failures"))


def test_trials_and_not_rows_are_counted() -> None:
    data = pd.DataFrame({"g": np.arange(12) // 2, "m": 10, "y": [1, 2] * 6})
    assert "rare-events" not in codes(rn.glmm("y / m ~ 1 + (1 | g)", data, weights="m"))


@pytest.mark.parametrize(("alike", "found"), [(9, False), (10, True)])
def test_homogeneous_groups_begin_at_half_of_the_levels(alike: int, found: bool) -> None:
    g = np.repeat(np.arange(20), 10)
    y = np.arange(200) % 2
    y[g < alike] = (g[g < alike] % 2 == 0).astype(int)
    fit = rn.glmm("y ~ 1 + (1 | g)", pd.DataFrame({"y": y, "g": g}))
    assert ("homogeneous-groups" in codes(fit)) == found
    if found:
        (finding,) = (f for f in fit.findings if f.code == "homogeneous-groups")
        assert finding.message.startswith("10 of 20 levels of 'g' have one outcome only")
        assert "5 levels without a success, 5 without a failure" in finding.evidence


def test_one_level_with_two_trials_is_enough() -> None:
    data = binary(150)
    rows = np.arange(len(data))
    rows[1] = 0
    for person, found in ((np.arange(len(data)), True), (rows, False)):
        fit = rn.glmm("y ~ x + (1 | person)", data.assign(person=person))
        assert ("one-trial-per-level" in codes(fit)) == found


def test_a_level_for_each_row_of_counts_is_no_problem() -> None:
    rng = np.random.default_rng(3)
    data = pd.DataFrame({"y": rng.poisson(3.0, 80), "row": np.arange(80)})
    found = rn.glmm("y ~ 1 + (1 | row)", data, family="poisson").diagnose().findings
    assert {"one-trial-per-level", "as-many-groups-as-rows"}.isdisjoint(f.code for f in found)


def test_separation_is_told_with_its_rows_and_its_cure() -> None:
    (cause,) = (cause for cause in CAUSES if cause.code == "separation")
    data = cause.draw(np.random.default_rng(1))
    (finding,) = (f for f in cause.fit(data).findings if f.code == "separation")
    assert finding.severity == "problem"
    assert f"treated predicts {data['treated'].sum()} of {len(data)} rows" in finding.message
    prior = eval(finding.fix.split("prior=")[1].split(", gives")[0], {"rn": rn})  # what is typed
    assert rn.glmm(cause.formula, data, prior=prior).certificate.certified


def test_pearson_counts_what_random_effects_take_up() -> None:
    """Of Poisson counts the mean of the ratio is 1, to 4 standard errors of 40 data sets."""
    (cause,) = (cause for cause in CLEAN if cause.name == "Poisson counts")
    found = []
    for k in range(40):
        subject = generalised_subject_of(cause.fit(cause.draw(np.random.default_rng((5, k)))))
        found.append(pearson(subject, at_modes(subject)))
    ratios = np.array([each.ratio for each in found if each is not None])
    z = np.array([each.z for each in found if each is not None])
    error = ratios.std() / np.sqrt(ratios.size)
    assert abs(ratios.mean() - 1.0) < 4.0 * error + 0.01  # leverage is of first order: 1 percent
    assert 0.6 < z.std() < 1.4


def test_zeros_that_more_variance_explains_are_not_extra() -> None:
    (cause,) = (cause for cause in CAUSES if cause.remedy == "nbinom2")
    fits = family_fits(generalised_subject_of(cause.fit(cause.draw(np.random.default_rng(1)))))
    assert fits.inflated is not None
    assert fits.inflated.clear  # against Poisson
    assert fits.overdispersed
    assert not fits.extra_zeros
    assert fits.best is fits.dispersed


def test_variance_that_extra_zeros_explain_is_not_more_variance() -> None:
    (cause,) = (cause for cause in CAUSES if cause.code == "excess-zeros")
    fits = family_fits(generalised_subject_of(cause.fit(cause.draw(np.random.default_rng(1)))))
    assert fits.dispersed is not None
    assert fits.dispersed.clear  # against Poisson
    assert fits.extra_zeros
    assert not fits.overdispersed
    assert fits.best is fits.inflated


def test_an_end_of_the_family_is_told() -> None:
    (cause,) = (cause for cause in CLEAN if cause.name == "Poisson counts")
    for k in range(6):
        data = cause.draw(np.random.default_rng((6, k)))
        fit = rn.glmm(cause.formula, data, family="nbinom2")
        assert ("family-boundary" in codes(fit)) == bool(fit.certificate.ends)
        assert "boundary" not in codes(fit)


def test_findings_about_normal_responses_are_not_made() -> None:
    data = binary(200)
    found = {f.code for f in rn.glmm("y ~ x + (1 | g)", data).diagnose().findings}
    assert {"binary-response", "response-constant-within", "outlying-scale"}.isdisjoint(found)
    assert "binary-response" in {f.code for f in rn.lmm("y ~ x + (1 | g)", data).findings}


def test_findings_about_data_are_shared() -> None:
    data = binary(200)
    data.loc[:4, "x"] = -999.0
    data["w"] = data["z"] + 0.01 * np.random.default_rng(5).normal(size=len(data))
    fit = rn.glmm("y ~ x + z + w + (1 | g)", data)
    assert "missing-code" in codes(fit)
    found = {f.code for f in fit.diagnose().findings}
    assert {"missing-code", "collinear-columns"} <= found
