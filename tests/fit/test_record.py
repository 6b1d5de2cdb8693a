"""The two records behind a fit: what was asked, and the rows it was asked of."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest

import ranef as rn


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    data = pd.DataFrame({"g": np.repeat(np.arange(12), 8), "x": rng.normal(size=96)})
    data["known"] = rng.normal(size=96)
    data["y"] = 1.0 + data.x + rng.normal(size=12)[data.g] + data.known + rng.normal(size=96)
    data.loc[5, "x"] = np.nan
    return data


@pytest.fixture(scope="module")
def fit(frame: pd.DataFrame) -> Any:
    return rn.lmm("y ~ x + offset(known) + (1 | g)", frame, offset="known")


def test_the_response_less_offset_is_formed_once(fit: Any, frame: pd.DataFrame) -> None:
    """The formula's offset and the argument's are both taken off."""
    used = frame.drop(index=5)
    np.testing.assert_array_equal(fit._data.offset, 2.0 * used["known"])
    np.testing.assert_array_equal(fit._data.y, used["y"] - 2.0 * used["known"])
    assert fit._data.y is fit._data.y
    plain = rn.lmm("y ~ x + (1 | g)", frame)
    assert plain._data.y is plain._design.y


def test_variants_are_of_the_same_data(fit: Any) -> None:
    ml = fit.with_reml(False)
    assert ml._data is fit._data
    assert (fit._spec.reml, ml._spec.reml) == (True, False)
    assert (ml._problem.reml, ml._problem.products is fit._problem.products) == (False, True)
    assert ml._spec.given is fit._spec.given
    other = fit.refit(fit._design.y + 1.0)
    assert other._spec.given is None  # no call gives this fit
    assert other._data.offset is fit._data.offset
    np.testing.assert_allclose(other._data.y, fit._data.y + 1.0, rtol=1e-14)


def test_what_was_asked_is_what_is_minimised(frame: pd.DataFrame) -> None:
    prior = rn.priors.Wishart()
    control = rn.Control(restarts=1)
    fit = rn.lmm("y ~ x + (x | g)", frame, reml=False, prior=prior, control=control)
    assert fit._spec.prior is fit._problem.prior
    assert fit._spec.control is control
    assert not fit._spec.reml
    free = fit._with_prior(None)
    assert free._spec.prior is None
    assert free._problem.prior is None
    assert free._spec.given.prior is None


def test_a_pickle_holds_no_data_of_the_user(fit: Any) -> None:
    assert fit._spec.given is not None
    again = pickle.loads(pickle.dumps(fit))
    assert again._spec.given is None
    assert again._spec.formula == fit._spec.formula
    np.testing.assert_array_equal(again._data.y, fit._data.y)
    assert fit._spec.given is not None
