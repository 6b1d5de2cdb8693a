"""Kenward-Roger, and F tests of terms, against pbkrtest and lmerTest."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

CONTENT = gzip.decompress((Path(__file__).parent / "lmertest.json.gz").read_bytes())
MODELS: dict[str, dict[str, Any]] = json.loads(CONTENT)
WITH_KR = [name for name, answers in MODELS.items() if "kenward_roger" in answers]


@pytest.mark.parametrize("name", WITH_KR)
def test_kenward_roger(name: str, fitted_model: Callable[[str], Any]) -> None:
    """Both are smooth in theta, of which R's is good to 1e-7 or so."""
    table = fitted_model(name).tidy(ddf="kenward-roger")
    rows = MODELS[name]["kenward_roger"]
    np.testing.assert_allclose(table["std_error"], [row["se"] for row in rows], rtol=1e-6)
    np.testing.assert_allclose(table["df"], [row["df"] for row in rows], rtol=1e-6)


# F of types I and II are exact but for theta; R rounds its matrices of type III to 7 digits. The
# degrees of freedom are by numerical derivatives in R but for Kenward-Roger's.
TABLES = [
    (name, key) for name, answers in MODELS.items() for key in answers if key.startswith("type")
]


@pytest.mark.parametrize(("name", "key"), TABLES)
def test_tables_of_terms(name: str, key: str, fitted_model: Callable[[str], Any]) -> None:
    _, number, *method = key.split("_")
    table = fitted_model(name).anova(type=len(number), ddf="-".join(method))
    rows = MODELS[name][key]
    assert len(table) == len(rows)
    assert table["num_df"].tolist() == [row["num_df"] for row in rows]
    exact_df = method[0] == "kenward"
    np.testing.assert_allclose(table["statistic"], [row["F"] for row in rows], rtol=1e-5)
    np.testing.assert_allclose(
        table["den_df"], [row["den_df"] for row in rows], rtol=1e-6 if exact_df else 1e-3
    )
    np.testing.assert_allclose(table["sum_sq"], [row["sum_sq"] for row in rows], rtol=1e-5)
    np.testing.assert_allclose(table["mean_sq"], [row["mean_sq"] for row in rows], rtol=1e-5)
    p = [row["p"] for row in rows]
    np.testing.assert_allclose(table["p_value"], p, rtol=1e-3, atol=1e-12)


WITH_DROP1 = [name for name, answers in MODELS.items() if "drop1" in answers]


@pytest.mark.parametrize("name", WITH_DROP1)
def test_terms_left_out(name: str, fitted_model: Callable[[str], Any]) -> None:
    """Likelihoods of two optima each; F as in the tables."""
    fit, answers = fitted_model(name), MODELS[name]["drop1"]
    by_likelihood, by_f = fit.drop1("chisq"), fit.drop1("F")
    assert len(by_likelihood) == len(by_f) == len(answers["lrt"]) == len(answers["f"])
    for column, key, atol in (
        ("npar", "npar", 0),
        ("aic", "AIC", 1e-5),
        ("statistic", "LRT", 1e-5),
    ):
        theirs = [row[key] for row in answers["lrt"]]
        np.testing.assert_allclose(by_likelihood[column], theirs, rtol=1e-9, atol=atol)
    p = [row["p"] for row in answers["lrt"]]
    np.testing.assert_allclose(by_likelihood["p_value"], p, rtol=1e-4, atol=1e-12)
    assert by_f["num_df"].tolist() == [row["num_df"] for row in answers["f"]]
    np.testing.assert_allclose(by_f["statistic"], [row["F"] for row in answers["f"]], rtol=1e-5)
    np.testing.assert_allclose(by_f["den_df"], [row["den_df"] for row in answers["f"]], rtol=1e-3)


def test_is_complete() -> None:
    assert len(WITH_KR) == 17
    assert len(WITH_DROP1) == 7
    assert len(TABLES) == 143
