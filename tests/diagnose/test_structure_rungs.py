"""The ladder and the findings of models with covariance structures."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.reference.structures import MODELS, data_of

import ranef as rn
from ranef.diagnose.rank import supported_ranks
from ranef.fit.subject import subject_of


def fit_of(name: str) -> rn.Fit:
    model = MODELS[name]
    return rn.lmm(model["formula"], data_of(name), reml=model["reml"])


def rungs_of(fit: rn.Fit) -> pd.DataFrame:
    frame = fit.diagnose().remedies
    return frame[frame["rung"] == "structure"].set_index("title")


@pytest.mark.parametrize(
    ("name", "titles"),
    [
        ("machines_cs_reml", ["homcs"]),
        ("machines_homcs_reml", ["cs"]),
        ("oxide_homcs_reml", ["cs", "free covariances"]),
        ("machines_toep_reml", ["cs", "hetar1", "homtoep"]),
        ("sleep_period_toep_ml", ["cs", "hetar1", "homtoep", "free covariances"]),
        ("sleep_period_hetar1_ml", ["ar1", "free covariances"]),
        ("sleep_period_ar1_ml", ["hetar1", "free covariances"]),
        ("machines_homdiag_reml", ["a variance each"]),
        ("machines_diag_reml", ["homdiag by Worker", "cs by Worker"]),
        ("oats_ar1_and_plots_ml", ["hetar1 by Block"]),
        ("sleep_period_us_ml", ["cs", "homcs"]),
        ("machines_us_reml", []),
    ],
)
def test_a_restriction_more_and_a_restriction_fewer(name: str, titles: list[str]) -> None:
    fit = fit_of(name)
    frame = rungs_of(fit)
    assert list(frame.index) == titles
    for row in frame.itertuples():
        again = rn.lmm(row.formula, data_of(name), reml=MODELS[name]["reml"])
        assert again.criterion == pytest.approx(row.criterion, abs=1e-6)
        gained = (fit.criterion - row.criterion) * (1.0 if row.df > fit.df_model else -1.0)
        assert row.statistic == pytest.approx(max(gained, 0.0), abs=1e-6)
        assert 0.0 <= row.p_low <= row.p_value <= 1.0


def test_a_ladder_and_anova_agree() -> None:
    fit = fit_of("machines_cs_reml")
    row = rungs_of(fit).loc["homcs"]
    table = rn.anova(rn.lmm(row["formula"], data_of("machines_cs_reml")), fit)
    assert table["p_value"].iloc[1] == pytest.approx(row["p_value"], rel=1e-6)
    assert row["judgement"].startswith(
        "One variance and one correlation for all pairs. The data ask"
    )


SAID = {
    "dyestuff_cs_reml": "the correlation is 1 in Batch",
    "dialyzer_cs_lowest_ml": "the correlation is at its lowest, -0.5, in Subject",
    "dyestuff2_homcs_ml": "no variance between levels of Batch",
    "cake_ar1_ml": "the correlation is 1 in recipe:replicate",
}


@pytest.mark.parametrize("name", SAID)
def test_the_boundary_of_a_structure_is_told_in_its_own_words(name: str) -> None:
    messages = [f.message for f in fit_of(name).findings if f.code == "boundary"]
    assert messages == [f"the best fit lies on the boundary: {SAID[name]}"]


@pytest.mark.parametrize("name", SAID)
def test_a_diagnosis_begins_with_the_boundary_of_the_structure(name: str) -> None:
    diagnosis = fit_of(name).diagnose()
    assert f"The optimum is singular: {SAID[name]}." in diagnosis.summary[1]
    assert "dimensions" not in " ".join(f.message for f in diagnosis.findings)


def test_a_structure_without_variance_can_be_left_out() -> None:
    row = fit_of("dyestuff2_homcs_ml").diagnose().remedies.set_index("rung").loc["reduced-rank"]
    assert row["code"] == 'rn.lm("Yield ~ 1", data, reml=False)'
    assert row["judgement"].startswith("The same optimum with 2 parameters fewer")


def test_a_reduced_rank_is_no_boundary() -> None:
    fit = fit_of("machines_rr1_reml")
    assert fit.certificate.verdict == "interior optimum"
    assert dict(fit.certificate.rank) == dict(fit.certificate.full) == {"Worker": 1}
    diagnosis = fit.diagnose()
    assert not {"boundary", "supported-rank"} & {f.code for f in diagnosis.findings}
    assert "prior" not in diagnosis.remedies["rung"].tolist()


def test_a_rank_lower_than_the_one_allowed_is_a_boundary() -> None:
    rng = np.random.default_rng(8)
    g = np.repeat(np.arange(40), 12)
    x, z = rng.normal(size=(2, g.size))
    b = rng.normal(size=40)[g]
    y = 1.0 + x + b * (1.0 + 0.6 * x - 0.5 * z) + rng.normal(size=g.size)
    fit = rn.lmm("y ~ x + z + rr(x + z | g, 2)", pd.DataFrame({"y": y, "x": x, "z": z, "g": g}))
    (support,) = supported_ranks(subject_of(fit), subject_of(fit).problem.kernel())
    assert support.rank == 1


def test_a_structure_has_all_dimensions_or_none() -> None:
    subject = subject_of(fit_of("machines_cs_reml"))
    (support,) = supported_ranks(subject, subject.problem.kernel())
    assert (support.rank, support.reduced) == (3, None)
