"""The diagnosis of generalised fits: the ladder, its page, and the calls that it prints."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from studies.generalised_causes import CAUSES
from tests.diagnose.test_pages import same

import ranef as rn
from ranef.fit.generalised import GeneralisedFit
from ranef.present.diagnosis.facade import Diagnosis

PAGES = Path(__file__).parent / "pages"


def _planted(code: str) -> tuple[str, pd.DataFrame, dict[str, Any]]:
    cause = next(cause for cause in CAUSES if cause.code == code)
    return cause.formula, cause.draw(np.random.default_rng(1)), dict(cause.options)


MODELS: dict[str, Callable[[], tuple[str, pd.DataFrame, dict[str, Any]]]] = {
    "grouseticks": lambda: (
        "TICKS ~ YEAR + HEIGHT + (1 | BROOD)",
        rn.datasets.load("grouseticks"),
        {"family": "poisson"},
    ),
    "cbpp": lambda: (
        "incidence / size ~ period + (1 | herd)",
        rn.datasets.load("cbpp"),
        {"weights": "size"},
    ),
    "contraception": lambda: (
        "use ~ age + urban + (urban | district)",
        rn.datasets.load("contraception"),
        {},
    ),
    "separation": lambda: _planted("separation"),
    "zeros": lambda: _planted("excess-zeros"),
}


@cache
def data_of(name: str) -> pd.DataFrame:
    return MODELS[name]()[1]


@cache
def fit_of(name: str) -> GeneralisedFit:
    formula, data, options = MODELS[name]()
    return rn.glmm(formula, data, **options)


@cache
def diagnosis_of(name: str) -> Diagnosis:
    return fit_of(name).diagnose()


@pytest.mark.parametrize("name", list(MODELS))
def test_page(name: str) -> None:
    printed = str(diagnosis_of(name))
    assert same(printed, (PAGES / f"{name}.txt").read_text(encoding="utf-8").rstrip("\n")), printed
    assert max(map(len, printed.splitlines())) <= 100
    assert not re.search(r"nan\b|\s$|  \.|: \.", printed)


@pytest.mark.parametrize("name", list(MODELS))
def test_every_call_fits_what_it_stands_for(name: str) -> None:
    diagnosis = diagnosis_of(name)
    for rung in diagnosis.ladder.rungs:
        if not rung.fitted:
            continue
        fit = eval(rung.code, {"rn": rn, "data": data_of(name), "range": range, "len": len})
        assert fit.certificate.verdict == rung.verdict
        # Two searches end within 1e-6 of the optimum; without one they stop where they stop.
        if rung.certified:
            assert fit.deviance == pytest.approx(rung.criterion, abs=1e-5), rung.code


def test_the_remedies_are_a_frame_as_for_linear_fits() -> None:
    sleep = rn.datasets.load("sleepstudy")
    linear = rn.lmm("Reaction ~ Days + (Days | Subject)", sleep).diagnose().remedies
    frame = diagnosis_of("grouseticks").remedies
    own = {c for c in frame.columns if not c.startswith(("YEAR", "HEIGHT"))}
    assert own == {c for c in linear.columns if not c.startswith("Days")}
    rungs = frame.set_index("title")
    assert rungs.index[:4].tolist() == ["as asked", "nbinom2", "nbinom1", "row effect"]
    assert rungs.loc["nbinom2", "HEIGHT change"] == pytest.approx(
        (rungs.loc["nbinom2", "HEIGHT"] - rungs.loc["as asked", "HEIGHT"])
        / rungs.loc["as asked", "HEIGHT se"]
    )


def test_more_variance_is_tested_with_half_of_chi_squared() -> None:
    from scipy import stats

    rung = diagnosis_of("cbpp").ladder["dispersion"]
    assert rung.test is not None
    half = 0.5 * stats.chi2.sf(rung.test.statistic, 1)
    assert rung.test.p_high == pytest.approx(half, rel=1e-9)


def test_quadrature_is_not_compared() -> None:
    rung = diagnosis_of("contraception").ladder["quadrature"]
    assert not rung.comparable
    assert math.isnan(rung.aic_ml)
    assert rung.test is None


def test_a_slope_is_tested_as_rn_anova_tests_it() -> None:
    rung = diagnosis_of("contraception").ladder["random-intercepts"]
    small = rn.glmm("use ~ age + urban + (1 | district)", data_of("contraception"))
    expected = rn.anova(small, fit_of("contraception"))
    assert rung.test is not None
    assert rung.test.p_high == pytest.approx(expected["p_value"].iloc[1], rel=1e-6)


def test_the_summary_recommends_the_family() -> None:
    diagnosis = diagnosis_of("grouseticks")
    assert diagnosis.summary[2] == (
        'Recommended: TICKS ~ YEAR + HEIGHT + (1 | BROOD), family="nbinom2" (rung 1).'
    )
    recommended = diagnosis.ladder.recommended
    assert recommended == 1
    assert diagnosis_of("zeros").ladder.recommended is not None


def test_the_prior_of_a_fit_stays_in_its_rungs() -> None:
    prior = rn.priors.Wishart()
    data = data_of("cbpp")
    fit = rn.glmm("incidence / size ~ period + (1 | herd)", data, weights="size", prior=prior)
    ladder = fit.diagnose().ladder
    assert "prior=prior" in ladder.rungs[0].code
    assert "prior" not in ladder["without-prior"].code
    assert ladder["without-prior"].criterion < ladder.rungs[0].criterion


def test_offset_subset_parts_and_nodes_are_in_the_call() -> None:
    rng = np.random.default_rng(8)
    data = pd.DataFrame({"x": rng.normal(size=240), "g": np.arange(240) % 20, "t": 2.0})
    data["y"] = rng.negative_binomial(2.0, 0.4, 240)
    fit = rn.glmm(
        "y ~ x + (1 | g)",
        data,
        family="nbinom2",
        dispersion="~ x",
        offset="t",
        subset="g < 15",
        n_agq=5,
    )
    rung = fit.diagnose().ladder.rungs[0]
    assert rung.code == (
        'rn.glmm("y ~ x + (1 | g)", data, family="nbinom2", n_agq=5, dispersion="~ x", '
        'offset="t", subset="g < 15")'
    )
    assert eval(rung.code, {"rn": rn, "data": data}).loglik == pytest.approx(fit.loglik, abs=1e-6)


def write_pages() -> None:
    """Make the stored pages anew: read them."""
    PAGES.mkdir(exist_ok=True)
    for name in MODELS:
        (PAGES / f"{name}.txt").write_text(f"{diagnosis_of(name)}\n", encoding="utf-8")


if __name__ == "__main__":
    write_pages()
