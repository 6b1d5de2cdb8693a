"""The contextual effect against the model written out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ranef as rn


@pytest.fixture(scope="module")
def hsb() -> pd.DataFrame:
    return rn.center(rn.datasets.load("hsb"), "ses", by="sch.id")


def test_hsb_is_the_model_with_both_parts(hsb: pd.DataFrame) -> None:
    found = rn.lmm("math ~ ses * sector + (ses | sch.id)", hsb).contextual("ses")
    split = rn.lmm("math ~ ses_within * sector + ses_between * sector + (ses_within | sch.id)", hsb)
    assert found.within == pytest.approx(split.fixef["ses_within"], rel=1e-7)
    assert found.between == pytest.approx(split.fixef["ses_between"], rel=1e-7)
    assert found.estimate == pytest.approx(found.between - found.within, rel=1e-12)
    assert found.between_se == pytest.approx(
        np.sqrt(split.vcov.loc["ses_between", "ses_between"]), rel=1e-6
    )
    # Published: within 2.787, between 5.777 (0.505), contextual 2.99.
    assert (round(found.within, 3), round(found.between, 3)) == (2.787, 5.777)
    assert (round(found.between_se, 3), round(found.estimate, 2)) == (0.505, 2.99)


@pytest.mark.parametrize(
    "formula",
    [
        "math ~ within(ses, sch.id) * sector + between(ses, sch.id) * sector "
        "+ (within(ses, sch.id) | sch.id)",
        "math ~ ses_within * sector + ses_between * sector + (ses_within | sch.id)",
    ],
)
def test_a_model_that_has_both_parts_gives_the_same(hsb: pd.DataFrame, formula: str) -> None:
    expected = rn.lmm("math ~ ses * sector + (ses | sch.id)", hsb).contextual("ses")
    found = rn.lmm(formula, hsb).contextual("ses")
    for name in ("estimate", "std_error", "df", "p_value", "within", "between"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=1e-4), name


def test_without_interactions_the_joint_test_is_the_test(hsb: pd.DataFrame) -> None:
    found = rn.lmm("math ~ ses + (1 | sch.id)", hsb).contextual("ses", by="sch.id")
    assert found.p_joint == found.p_value
    # Mundlak's form: the coefficient of the mean beside raw ses is the contextual effect.
    mundlak = rn.lmm("math ~ ses + ses_between + (1 | sch.id)", hsb)
    row = mundlak.coefficients().loc["ses_between"]
    assert found.estimate == pytest.approx(row["estimate"], rel=1e-7)
    assert found.std_error == pytest.approx(row["std_error"], rel=1e-6)
    assert found.df == pytest.approx(row["df"], rel=1e-3)


def test_weights_and_offset_are_those_of_the_fit(hsb: pd.DataFrame) -> None:
    data = hsb.assign(w=np.linspace(0.5, 2.0, len(hsb)), z=0.5 * hsb["sector"])
    found = rn.lmm("math ~ ses + (1 | sch.id)", data, weights="w", offset="z").contextual("ses")
    split = rn.lmm("math ~ ses_within + ses_between + (1 | sch.id)", data, weights="w", offset="z")
    assert found.between == pytest.approx(split.fixef["ses_between"], rel=1e-7)


def test_it_prints_as_one_sentence(hsb: pd.DataFrame) -> None:
    text = str(rn.lmm("math ~ ses * sector + (ses | sch.id)", hsb).contextual("ses"))
    assert text == (
        "the slope of ses is 5.777 (SE 0.51) between levels of sch.id and 2.787 (SE 0.16) within "
        "them: a contextual effect of 2.99 (SE 0.53, t = 5.65 on 193 df, p < 0.001)"
    )


def test_it_asks_which_grouping_factor_where_there_are_several() -> None:
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"x": rng.normal(size=400), "a": np.arange(400) % 20})
    data["b"] = np.arange(400) // 20
    data["y"] = data["x"] + rng.normal(size=20)[data["a"]] + rng.normal(size=400)
    fit = rn.lmm("y ~ x + (1 | a) + (1 | b)", data)
    with pytest.raises(rn.OptionError, match="several grouping factors"):
        fit.contextual("x")
    assert fit.contextual("x", by="b").group == "b"


def test_the_joint_test_is_bonferroni_over_the_interactions(hsb: pd.DataFrame) -> None:
    """The smallest of the p values, times how many they are, and never above 1."""
    found = rn.lmm("math ~ ses * sector + (1 | sch.id)", hsb).contextual("ses")
    split = rn.lmm("math ~ ses_within * sector + ses * sector + (1 | sch.id)", hsb)
    # Beside the raw predictor the deviation has the negative contextual effect as coefficient.
    p = split.coefficients().loc[["ses_within", "ses_within:sector"], "p_value"]
    assert found.p_value == pytest.approx(p["ses_within"], rel=1e-4)
    assert found.p_joint == pytest.approx(2.0 * p.min(), rel=1e-4)
    assert p.min() < 0.5


def test_the_joint_test_ends_at_one() -> None:
    rng = np.random.default_rng(6)
    g = np.repeat(np.arange(12), 10)
    x = rng.normal(size=12)[g] + rng.normal(size=120)
    s = rng.normal(size=120)
    joint = []
    for seed in range(20):
        y = x + x * s + np.random.default_rng(seed).normal(size=120)
        data = pd.DataFrame({"y": y, "x": x, "s": s, "g": g})
        joint.append(rn.lmm("y ~ x * s + (1 | g)", data).contextual("x").p_joint)
    assert max(joint) == 1.0
    assert min(joint) < 0.5
