"""The least-squares check of ``ranef demo``, on other data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ranef as rn


@pytest.fixture(scope="module")
def pupils() -> pd.DataFrame:
    """Twelve schools of unequal size, half of them of one sector."""
    rng = np.random.default_rng(4)
    school = np.repeat(np.arange(12), rng.integers(4, 9, 12))
    ses = rng.normal(size=school.size)
    math = 3.0 + ses + rng.normal(size=12)[school] + rng.normal(size=school.size)
    return pd.DataFrame({"school": school, "sector": school % 2, "ses": ses, "math": math})


def test_slopes_are_those_of_deviations_from_school_means(pupils: pd.DataFrame) -> None:
    fit = rn.lm("math ~ ses * sector + factor(school)", pupils)
    product = (pupils["ses"] * pupils["sector"]).rename("product")
    columns = pd.concat([pupils[["math", "ses"]], product], axis=1)
    within = (columns - columns.groupby(pupils["school"]).transform("mean")).to_numpy()
    slopes, rss, *_ = np.linalg.lstsq(within[:, 1:], within[:, 0], rcond=None)
    sigma = np.sqrt(rss[0] / (len(pupils) - 12 - 2))
    errors = sigma * np.sqrt(np.diag(np.linalg.inv(within[:, 1:].T @ within[:, 1:])))
    names = ["ses", "ses:sector"]
    assert fit.fixef[names].to_list() == pytest.approx(slopes, rel=1e-9)
    assert np.sqrt(np.diag(fit.vcov.loc[names, names])) == pytest.approx(errors, rel=1e-9)
    assert fit.sigma == pytest.approx(sigma, rel=1e-9)


def test_the_later_of_schools_and_sector_is_aliased(pupils: pd.DataFrame) -> None:
    schools_last = rn.lm("math ~ ses * sector + factor(school)", pupils)
    schools_first = rn.lm("math ~ factor(school) + ses * sector", pupils)
    assert schools_last.dropped == ("C(school)[T.11]",)
    assert schools_first.dropped == ("sector",)
