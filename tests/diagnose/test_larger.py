"""What the random part leaves out: slopes, and interactions of crossed factors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.diagnose.larger import larger_parts, search
from ranef.diagnose.larger.cells import cell_candidates
from ranef.diagnose.larger.slopes import slope_candidates
from ranef.fit.subject import subject_of
from ranef.present.diagnosis.facade import Diagnosis

from .planted_data import classes

DiagnosisOf = Callable[[str], Diagnosis]


def codes(diagnosis: Diagnosis) -> list[str]:
    return [finding.code for finding in diagnosis.findings]


def slopes(formula: str, data: pd.DataFrame) -> list[tuple[str, str]]:
    found = slope_candidates(subject_of(rn.lmm(formula, data)))
    return [(candidate.name, candidate.factor) for candidate in found]


def test_a_missing_slope_is_found_fitted_and_recommended(diagnosis_of: DiagnosisOf) -> None:
    """lme4 1.1-31: REML 1786.465 and 1743.628, standard error of Days 0.80 and 1.55."""
    diagnosis = diagnosis_of("sleepstudy-intercepts")
    row = diagnosis.remedies.set_index("rung").loc["add-slope"]
    assert row["criterion"] == pytest.approx(1743.628, abs=1e-3)
    assert row["statistic"] == pytest.approx(1786.465 - 1743.628, abs=2e-3)
    assert "half chi2(1), half chi2(2)" in row["test"]
    assert row["Days se_ratio"] == pytest.approx(1.5458 / 0.8042, abs=1e-3)
    assert "missing-slope" in codes(diagnosis)
    assert "Recommended: Reaction ~ Days + (Days | Subject) (rung 2)." in diagnosis.summary


def test_labels_used_anew_are_found_and_nested(diagnosis_of: DiagnosisOf) -> None:
    diagnosis = diagnosis_of("classes")
    frame = diagnosis.remedies.set_index("rung")
    nested = rn.lmm("math ~ ses + (1 | school/room)", classes())
    assert "reused-labels" in codes(diagnosis)
    assert frame.loc["nested", "criterion"] == pytest.approx(nested.criterion, abs=1e-6)
    assert frame.loc["nested", "formula"] == "math ~ ses + (1 | school / room)"
    assert frame.loc["add-interaction", "p_value"] < 1e-20
    assert any("(1 | school / room)" in each for each in diagnosis.summary)


def test_cells_beside_two_real_factors_are_an_interaction() -> None:
    diagnosis = rn.lmm("math ~ ses + (1 | school) + (1 | room)", classes(own=4.0)).diagnose()
    assert "missing-interaction" in codes(diagnosis)
    assert "reused-labels" not in codes(diagnosis)
    assert any("+ (1 | school:room) (rung 2)" in each for each in diagnosis.summary)


@pytest.mark.parametrize(
    "formula",
    [
        "math ~ ses + (1 | school/room)",
        "math ~ ses + (1 | school) + (1 | room:school)",
        "math ~ ses + (1 | school) + (1 | room) + (1 | room:school)",
        "math ~ ses + (1 | school) + (1 | unit)",
        "math ~ ses + (1 | school) + (1 | room) + (1 | unit)",
        "math ~ ses + room + (1 | school) + (1 | room)",
    ],
)
def test_cells_that_the_model_has_are_not_looked_at(formula: str) -> None:
    data = classes().assign(unit=lambda d: d["school"] + d["room"])
    assert cell_candidates(subject_of(rn.lmm(formula, data))) == []


def test_cells_of_single_rows_are_not_looked_at() -> None:
    penicillin = rn.datasets.load("penicillin")
    fit = rn.lmm("diameter ~ 1 + (1 | plate) + (1 | sample)", penicillin)
    assert cell_candidates(subject_of(fit)) == []


def test_which_slopes_are_looked_at() -> None:
    rng = np.random.default_rng(2)
    g = np.repeat(np.arange(20), 12)
    data = pd.DataFrame({"g": g, "x": rng.normal(size=240), "z": rng.normal(size=240)})
    data["w"] = rng.normal(size=20)[g]
    data["f"] = rng.choice(["a", "b", "c"], size=240)
    data["y"] = rng.normal(size=20)[g] + rng.normal(size=240)
    assert slopes("y ~ x * w + f + (1 | g)", data) == [("x", "g"), ("f", "g")]
    assert slopes("y ~ x * z + (x | g)", data) == [("z", "g")]
    assert slopes("y ~ x * z + (x + z | g)", data) == [("x:z", "g")]
    assert slopes("y ~ x + I(x^2) + (1 | g)", data) == [("x", "g")]
    assert slopes("y ~ within(x, g) + between(x, g) + (1 | g)", data) == [("within(x, g)", "g")]
    assert slopes("y ~ w + (1 | g)", data) == []


@pytest.mark.parametrize(
    ("formula", "larger"),
    [
        ("y ~ x + z + (x | g)", "y ~ x + z + (x + z | g)"),
        ("y ~ x + z + (x || g)", "y ~ x + z + (x + z || g)"),
        ("y ~ x + z + (1 | g) + (0 + x | g)", "y ~ x + z + (1 | g) + (0 + x | g) + (0 + z | g)"),
        ("y ~ x + z + (x | h/g)", "y ~ x + z + (x + z | g:h) + (x | h)"),
    ],
)
def test_the_slope_joins_the_random_part_as_it_is_written(formula: str, larger: str) -> None:
    rng = np.random.default_rng(3)
    g = np.repeat(np.arange(40), 10)
    data = pd.DataFrame({"g": g, "h": g // 5, "x": rng.normal(size=400), "z": rng.normal(size=400)})
    data["y"] = rng.normal(size=40)[g] + rng.normal(size=40)[g] * data["z"] + rng.normal(size=400)
    found = larger_parts(subject_of(rn.lmm(formula, data))).found
    assert larger in [each.formula.text for each in found if each.clear]


def test_several_are_put_together() -> None:
    rng = np.random.default_rng(6)
    s, i = (a.ravel() for a in np.meshgrid(np.arange(30), np.arange(20)))
    x = rng.normal(size=600)
    y = x * (1.0 + rng.normal(size=30)[s] + rng.normal(size=20)[i]) + rng.normal(size=600)
    data = pd.DataFrame({"y": y, "x": x, "s": s, "i": i})
    diagnosis = rn.lmm("y ~ x + (1 | s) + (1 | i)", data).diagnose()
    row = diagnosis.remedies.set_index("rung").loc["add-all"]
    assert row["formula"] == "y ~ x + (x | s) + (x | i)"
    assert any(each.startswith(f"Recommended: {row['formula']}") for each in diagnosis.summary)


def test_what_would_take_long_is_said_and_not_fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    sleep = rn.datasets.load("sleepstudy")
    fit = rn.lmm("Reaction ~ Days + (1 | Subject)", sleep)
    monkeypatch.setattr(search, "FITTED", 0)
    diagnosis = fit.diagnose()
    row = diagnosis.remedies.set_index("rung").loc["add-slope"]
    assert row["verdict"] == "not tried"
    (finding,) = [f for f in diagnosis.findings if f.code == "missing-slope"]
    assert finding.evidence.startswith("score test, the model not fitted for its cost: p < 0.001")
    recommended = (
        "Recommended: Reaction ~ Days + (Days | Subject) (rung 3, not fitted for its cost)."
    )
    assert recommended in diagnosis.summary
    monkeypatch.setattr(search, "LOOKED_AT", 0)
    assert fit.diagnose().ladder.looked_at == "Not looked at for their cost: 1 more."


def test_nothing_is_looked_at_with_a_prior_or_short_of_an_optimum() -> None:
    sleep = rn.datasets.load("sleepstudy")
    formula = "Reaction ~ Days + (1 | Subject)"
    for arguments in (
        {"prior": rn.priors.Wishart()},
        {"control": rn.Control(max_evaluations=1, restarts=0), "start": [5.0]},
    ):
        assert larger_parts(subject_of(rn.lmm(formula, sleep, **arguments))).looked_at == ""


def test_offset_and_weights_are_kept() -> None:
    """The offset takes the slopes out, so that none is found; without it one is."""
    sleep = rn.datasets.load("sleepstudy")
    slopes = rn.lmm("Reaction ~ Days + (Days | Subject)", sleep).ranef()["Subject"]["Days"]
    sleep["own"] = sleep["Days"] * slopes.reindex(sleep["Subject"]).to_numpy()
    weights = np.ones(len(sleep))
    fit = rn.lmm("Reaction ~ Days + (1 | Subject)", sleep, offset="own", weights=weights)
    assert larger_parts(subject_of(fit)).clear == ()


def test_a_maximal_model_gets_one_formula_on_one_page(diagnosis_of: DiagnosisOf) -> None:
    diagnosis = diagnosis_of("maximal")
    page = str(diagnosis)
    frame = diagnosis.remedies.set_index("rung")
    assert len(page.splitlines()) <= 100
    assert sum(each.startswith("Recommended: ") for each in diagnosis.summary) == 1
    assert frame.loc["parsimonious", "verdict"] == "interior optimum"
    assert frame.loc["parsimonious", "p_value"] > 0.05
    assert frame.loc["parsimonious", "df"] < frame.loc["as-asked", "df"]
    assert "(soa" in frame.loc["parsimonious", "formula"]  # what was planted stays
    assert "drop-slope" not in frame.index
    assert "start=theta" in page
    assert "start=[" not in page
    assert "the slope of prime:soa" in page
    assert frame.loc["other-starts", "code"].count(",") >= 20  # there the numbers are


def test_a_slope_of_hundreds_of_columns_is_left_out_for_its_cost() -> None:
    """Its covariance would have 45,000 parameters; what is narrow is looked at all the same."""
    rng = np.random.default_rng(5)
    g = np.repeat(np.arange(40), 50)
    item = rng.integers(0, 300, 2000)
    x = rng.normal(size=2000)
    y = rng.normal(size=40)[g] * (1.0 + x) + rng.normal(size=2000)
    data = pd.DataFrame({"y": y, "x": x, "g": g, "item": [f"i{k}" for k in item]})
    larger = larger_parts(subject_of(rn.lmm("y ~ item + x + (1 | g)", data)))
    assert (larger.slopes, larger.left_out) == (1, 1)
    assert [each.candidate.name for each in larger.clear] == ["x"]
    assert "Not looked at for their cost: 1 more." in larger.told


@pytest.mark.parametrize("basis", ["ns(x, df=2)", "bs(x, df=3)", "poly(x, 2)"])
def test_bases_of_several_columns_are_looked_at(basis: str) -> None:
    rng = np.random.default_rng(3)
    data = pd.DataFrame({"g": np.repeat(np.arange(15), 6), "x": rng.normal(size=90)})
    data["y"] = rng.normal(size=15)[data["g"]] + data["x"] + rng.normal(size=90)
    page = str(rn.lmm(f"y ~ {basis} + (1 | g)", data).diagnose())
    assert "1 slope looked at by a score test" in page
