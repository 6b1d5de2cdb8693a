"""A variant of a fit equals the fit made from the data with the same arguments."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.diagnose.subject import Subject
from ranef.errors import RanefError
from ranef.fit.subject import subject_of


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    group = np.repeat(np.arange(15), 8)
    data = pd.DataFrame({"g": group, "x": rng.normal(size=120), "z": rng.normal(size=120)})
    data["f"] = rng.choice(["a", "b", "c"], size=120)
    data["k"] = rng.choice(["u", "v", "w"], size=120)
    data["w"] = rng.uniform(0.5, 2.0, size=120)
    data["y"] = data["x"] + data["z"] + rng.normal(size=15)[group] + rng.normal(size=120)
    data.loc[[3, 40], "x"] = np.nan
    return data


@pytest.fixture(scope="module")
def arguments() -> dict[str, object]:
    custom = pd.DataFrame(
        {"low": [1.0, 0.0, -1.0], "high": [1.0, -2.0, 1.0]}, index=["u", "v", "w"]
    )
    return {
        "weights": "w",
        "offset": "z",
        "contrasts": {"f": "sum", "k": custom},
        "reml": False,
    }


@pytest.fixture(scope="module")
def subject(data: pd.DataFrame, arguments: dict[str, object]) -> Subject:
    formula = "y ~ x + f + k + offset(0.5 * z) + (x | g)"
    return subject_of(rn.lmm(formula, data, **arguments))  # type: ignore[arg-type]


def agree(variant: Subject, fit: rn.Fit) -> None:
    assert variant.design.x_names == tuple(fit.fixef.index)
    assert variant.estimates.criterion == pytest.approx(fit.criterion, rel=1e-10)
    assert variant.estimates.beta == pytest.approx(fit.fixef.to_numpy(), rel=1e-6)
    assert variant.reml == fit.reml


@pytest.mark.parametrize(
    "formula",
    ["y ~ x + f + k + offset(0.5 * z) + (1 | g)", "y ~ x + f + offset(0.5 * z) + (x || g)"],
)
def test_another_formula(
    subject: Subject, data: pd.DataFrame, arguments: dict[str, object], formula: str
) -> None:
    contrasts = {"f": "sum"} if "+ k" not in formula else arguments["contrasts"]
    # Only rows that the fit used: a variant never sees those it left out.
    kept = data.dropna()
    agree(
        subject.refit(formula),
        rn.lmm(formula, kept, **{**arguments, "contrasts": contrasts}),  # type: ignore[arg-type]
    )


def test_by_reml(subject: Subject, data: pd.DataFrame, arguments: dict[str, object]) -> None:
    agree(
        subject.refit(reml=True),
        rn.lmm(subject.formula.text, data, **{**arguments, "reml": True}),  # type: ignore[arg-type]
    )


def test_some_of_the_rows(
    subject: Subject, data: pd.DataFrame, arguments: dict[str, object]
) -> None:
    kept = data.dropna()
    keep = (kept["g"] != 4).to_numpy()
    agree(
        subject.refit(rows=keep),
        rn.lmm(subject.formula.text, kept[keep], **arguments),  # type: ignore[arg-type]
    )


def test_from_the_optimum_the_search_ends_where_it_started(subject: Subject) -> None:
    again = subject.refit(start=subject.solution.theta)
    assert again.certificate.certified
    assert again.estimates.criterion == pytest.approx(subject.estimates.criterion, rel=1e-12)


def test_columns_the_model_does_not_have_are_refused(subject: Subject) -> None:
    with pytest.raises(RanefError):
        subject.refit("y ~ nothing + (1 | g)")
