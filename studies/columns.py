"""Columns that are not what they are taken for: planted causes and their cures.

What cures them is done to the data before the fit, as the finding says; no rung of the ladder can.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

import ranef as rn
from studies.cures import Asked, Cure, fit_holds

__all__ = ["CURES", "PLANTED"]

Rng = np.random.Generator
Draw = Callable[[Rng, pd.DataFrame], pd.DataFrame]


def _rows(rng: Rng, data: pd.DataFrame, count: int) -> np.ndarray:
    return rng.choice(len(data), count, replace=False)


def numbers_as_text(rng: Rng, data: pd.DataFrame) -> pd.DataFrame:
    """Three cells of a rounded predictor are not numbers."""
    text = data["ses"].map("{:g}".format)
    text.iloc[_rows(rng, data, 3)] = "n.a."
    return data.assign(ses=text)


def dates_as_text(rng: Rng, data: pd.DataFrame) -> pd.DataFrame:
    """The day of the test, one of thirty."""
    days = pd.Timestamp("2024-03-01") + pd.to_timedelta(rng.integers(0, 30, len(data)), unit="D")
    return data.assign(day=days.strftime("%Y-%m-%d"))


def missing_code(rng: Rng, data: pd.DataFrame) -> pd.DataFrame:
    ses = data["ses"].to_numpy().copy()
    ses[_rows(rng, data, 20)] = -99.0
    return data.assign(ses=ses)


def similar_levels(rng: Rng, data: pd.DataFrame) -> pd.DataFrame:
    sex = np.where(rng.random(len(data)) < 0.5, "female", "male").astype(object)
    sex[np.flatnonzero(sex == "female")[:30]] = "female "
    return data.assign(sex=sex)


def two_values(rng: Rng, data: pd.DataFrame) -> pd.DataFrame:
    return data.assign(math=(data["math"] > data["math"].median()).astype(int))


def counts(rng: Rng, data: pd.DataFrame) -> pd.DataFrame:
    return data.assign(math=rng.poisson(np.exp(0.2 * (data["math"] - data["math"].mean()))))


PLANTED: tuple[tuple[str, str, Draw, str, tuple[str, ...]], ...] = (
    (
        "numbers read as text",
        "math ~ ses + size + (1 | school)",
        numbers_as_text,
        "numbers-as-text",
        ("ses", "all but 3"),
    ),
    (
        "dates read as text",
        "math ~ ses + size + day + (1 | school)",
        dates_as_text,
        "dates-as-text",
        ("day",),
    ),
    (
        "-99 for a missing value",
        "math ~ ses + size + (1 | school)",
        missing_code,
        "missing-code",
        ("ses", "-99", "20 rows"),
    ),
    (
        "a level written in two ways",
        "math ~ ses + size + sex + (1 | school)",
        similar_levels,
        "similar-levels",
        ("sex", "'female '", "spaces"),
    ),
    (
        "a response of two values",
        "math ~ ses + size + (1 | school)",
        two_values,
        "binary-response",
        ("math", "0 and 1"),
    ),
    (
        "a response of counts",
        "math ~ ses + size + (1 | school)",
        counts,
        "count-response",
        ("math",),
    ),
)
"""Name, formula, what is done to clean data, the code of the finding, words of its message."""


def _mended(formula: str, mend: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[Asked], bool]:
    return lambda asked: fit_holds(rn.lmm(formula, mend(asked.data)))


_BASE = "math ~ ses + size + (1 | school)"
_OTHER_MODEL = Cure("none: another kind of model", lambda asked: asked.fit.certificate.certified)

CURES: dict[str, Cure] = {
    "numbers-as-text": Cure(
        "numbers made of the text",
        _mended(_BASE, lambda d: d.assign(ses=pd.to_numeric(d["ses"], errors="coerce"))),
    ),
    "dates-as-text": Cure(
        "days since a start",
        _mended(
            "math ~ ses + size + day + (1 | school)",
            lambda d: d.assign(day=(pd.to_datetime(d["day"]) - pd.Timestamp("2024-03-01")).dt.days),
        ),
    ),
    "missing-code": Cure(
        "the code made missing", _mended(_BASE, lambda d: d.replace({"ses": {-99.0: np.nan}}))
    ),
    "similar-levels": Cure(
        "the levels made one",
        _mended(
            "math ~ ses + size + sex + (1 | school)", lambda d: d.assign(sex=d["sex"].str.strip())
        ),
    ),
    "binary-response": _OTHER_MODEL,
    "count-response": _OTHER_MODEL,
}
"""By the code of the finding."""
