"""Every kind of model has a report: what applies is there, and nothing is empty."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.report.html_page import Element, parsed, section

import ranef as rn

pytestmark = pytest.mark.usefixtures("undrawn")

ORTHODONT = "distance ~ age * Sex + (1 | Subject)"


def made(n: int = 240, levels: int = 16, seed: int = 1) -> pd.DataFrame:
    """Rows with a number, a category and groups; `eta` is a linear predictor with their effects."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"g": rng.integers(0, levels, n), "x": rng.normal(size=n)})
    frame["g"] = "g" + frame["g"].astype(str)
    frame["f"] = rng.choice(["a", "b", "c"], n)
    effects = dict(zip(sorted(frame["g"].unique()), rng.normal(0.0, 0.7, levels), strict=False))
    frame["eta"] = 0.4 * frame["x"] + frame["g"].map(effects)
    return frame


def counts(zeros: float = 0.0) -> pd.DataFrame:
    frame, rng = made(), np.random.default_rng(2)
    y = rng.poisson(np.exp(0.5 + frame["eta"]))
    return frame.assign(y=np.where(rng.random(len(frame)) < zeros, 0, y))


def ordered() -> pd.DataFrame:
    frame, rng = made(), np.random.default_rng(3)
    cut = np.digitize(frame["eta"] + rng.logistic(size=len(frame)), [-0.7, 0.7])
    return frame.assign(y=pd.Categorical.from_codes(cut, ["no", "perhaps", "yes"], ordered=True))


def separated() -> pd.DataFrame:
    frame, rng = made(), np.random.default_rng(4)
    y = (rng.random(len(frame)) < 1.0 / (1.0 + np.exp(-frame["eta"]))).astype(int)
    return frame.assign(y=np.where(frame["f"] == "c", 1, y))


def odd() -> pd.DataFrame:
    frame, rng = made(), np.random.default_rng(5)
    frame["y"] = frame["eta"] + rng.normal(size=len(frame))
    frame.loc[3:9, "x"] = np.nan
    frame["w"] = rng.uniform(0.5, 2.0, len(frame))
    return frame.rename(columns={"x": 'a "b" <i>$x_1$ & 5%', "g": "\u5b66\u6821"})


def orthodont() -> pd.DataFrame:
    return rn.datasets.load("orthodont")


MODELS: dict[str, Callable[[], Any]] = {
    "least squares": lambda: rn.lm("distance ~ age * Sex", orthodont()),
    "one mean": lambda: rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff2")),
    "crossed": lambda: rn.lmm(
        "diameter ~ 1 + (1 | plate) + (1 | sample)", rn.datasets.load("penicillin")
    ),
    "factor slopes": lambda: rn.lmm(
        "score ~ Machine + (0 + Machine | Worker)", rn.datasets.load("machines")
    ),
    "strata": lambda: rn.lmm(ORTHODONT, orthodont(), reml=False, residual="strata(Sex)"),
    "ar1": lambda: rn.lmm(ORTHODONT, orthodont(), residual="ar1(age | Subject)"),
    "structure": lambda: rn.lmm(
        "distance ~ age * Sex + cs(0 + factor(age) | Subject)", orthodont()
    ),
    "prior": lambda: rn.lmm(ORTHODONT, orthodont(), prior=rn.priors.Gamma()),
    "odd names": lambda: rn.lmm(
        'y ~ `a "b" <i>$x_1$ & 5%` + f + (1 | \u5b66\u6821)',
        odd(),
        weights="w",
    ),
    "flat": lambda: rn.lmm(
        "distance ~ age + (1 | Subject) + (1 | twin)",
        orthodont().assign(twin=lambda d: "t" + d["Subject"].astype(str)),
    ),
    "proportions": lambda: rn.glmm(
        "incidence / size ~ period + (1 | herd)", rn.datasets.load("cbpp"), weights="size"
    ),
    "counts": lambda: rn.glmm("y ~ x * f + (x | g)", counts(), family="poisson"),
    "extra zeros": lambda: rn.glmm(
        "y ~ x + (1 | g)", counts(0.3), family="poisson", zero_inflation="~ x"
    ),
    "hurdle": lambda: rn.glmm("y ~ x + (1 | g)", counts(0.3), family="hurdle_poisson"),
    "dispersion": lambda: rn.glmm("y ~ x + (1 | g)", counts(), family="nbinom2", dispersion="~ f"),
    "ordered": lambda: rn.glmm("y ~ x + f + (1 | g)", ordered(), family="cumulative"),
    "separated": lambda: rn.glmm("y ~ x + f + (1 | g)", separated(), family="binomial"),
}


@pytest.fixture(params=MODELS, scope="module")
def fit(request: pytest.FixtureRequest) -> Any:
    return MODELS[request.param]()


def page_of(fit: Any, folder: Path, **options: Any) -> Element:
    path = fit.report(folder / "page.html", **options)
    assert path.stat().st_size < 400_000
    return parsed(path.read_text(encoding="utf-8"))


def test_page_is_whole(fit: Any, tmp_path: Path) -> None:
    page = page_of(fit, tmp_path)
    main = page.one("main")
    words = re.findall(r"[\w.]+", re.sub(r"\\\w+", "", main.text))
    assert not {"nan", "NaN", "None", "inf", "Infinity", "TODO"} & set(words)
    for one in page.all("section"):
        assert len(one.text) > len(one.one("h2").text) + 20, one["id"]
    certified = fit.certificate.certified
    assert page.one("div", "verdict")["class"] == f"verdict {'sound' if certified else 'unsound'}"
    kept = {one["id"] for one in page.all("section")}
    assert {"short", "estimates", "checks", "paper", "data", "computed"} <= kept
    assert ("others" in kept) == bool(fit.ngroups)
    assert len(section(page, "short").all("li")) <= 5
    rows = section(page, "estimates").all("table")[0].one("tbody").all("tr")
    assert len(rows) == len(fit.fixef.dropna())
    if fit._distribution is not None:
        tables = section(page, "estimates").all("table")
        assert len(tables) == 1 + len(fit._distribution.parts)


def test_estimates_that_are_no_optimum_come_with_a_warning(tmp_path: Path) -> None:
    for name, said in (("flat", "Not identified."), ("separated", "No finite maximum.")):
        page = page_of(MODELS[name](), tmp_path)
        assert said in page.one("div", "verdict").text
        assert "do not report them" in section(page, "short").text
        assert not section(page, "predictions").all("figure")


def test_a_label_and_a_formula_are_text(tmp_path: Path) -> None:
    page = page_of(
        MODELS["odd names"](),
        tmp_path,
        title="<script>alert(1)</script>",
        notes=["one & two", "<b>three</b>"],
        labels={"f": "<i>F</i>"},
    )
    assert page.one("h1").text == "<script>alert(1)</script>"
    assert len(page.all("script")) == 1
    assert page.one("div", "author").text == "one & two <b>three</b>"
    assert "<i>F</i>: b (vs a)" in section(page, "estimates").text
    assert 'a "b" <i>$x_1$ & 5%' in section(page, "estimates").text
    assert "7 of 240 rows were left out" in section(page, "data").text


def test_a_loaded_fit_says_what_is_missing(tmp_path: Path) -> None:
    fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
    fit.save(tmp_path / "m.ranef")
    page = page_of(rn.load(tmp_path / "m.ranef"), tmp_path)
    gaps = {one.all("b")[0].text.rstrip(":"): one.text for one in page.all("p", "gap")}
    assert set(gaps) == {
        "Lines by group",
        "Predictions",
        "Residuals",
        "Other models",
        "What varies where",
    }
    assert all("rn.lmm(" in text for text in gaps.values())
    assert "10.47" in section(page, "estimates").text
    assert "14.38 to 37.72" in section(page, "groups").text
    assert section(page, "data").all("math")


def test_models_that_stand_beside(tmp_path: Path) -> None:
    data = rn.datasets.load("sleepstudy")
    fit = rn.lmm("Reaction ~ Days + (Days | Subject)", data)
    other = rn.lmm("Reaction ~ Days + (1 | Subject)", data)
    page = page_of(fit, tmp_path, against=[other, other], labels={"Days": "Days awake"})
    paper = section(page, "paper")
    heads = [one.text for one in paper.one("table").one("thead").all("th")]
    assert heads == ["Model 1", "Model 2", "Model 3"]
    assert "Model 2: Reaction ~ Days + (1 | Subject)" in paper.text
    assert "One unit more of Days awake" in section(page, "short").text
    assert "Days awake" in section(page, "data").one("math").text
    assert "Days awake" not in str(fit.summary()), "the fit itself is as it was"


def test_a_family_that_is_recommended_stands_beside(tmp_path: Path) -> None:
    page = page_of(MODELS["proportions"](), tmp_path)
    heads = [one.text for one in section(page, "paper").one("table").one("thead").all("th")]
    assert heads == ["As asked", "Betabinomial"]


def test_many_levels_and_coefficients_stay_small(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    n, levels = 4000, 1500
    frame = pd.DataFrame({"g": rng.integers(0, levels, n), "x": rng.normal(size=n)})
    frame["y"] = frame["x"] * (1.0 + rng.normal(0.0, 0.5, levels)[frame["g"]]) + rng.normal(size=n)
    fit = rn.lmm("y ~ x + (x | g)", frame)
    page = page_of(fit, tmp_path)
    text = section(page, "groups").text
    assert "A band of the 95% intervals" in text
    assert "the dark band holds half of them" in text
