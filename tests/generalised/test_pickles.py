"""A copy of a generalised fit answers as the fit does, also from a pickle."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from pandas.testing import assert_frame_equal
from tests.generalised import fits

FITS: dict[str, Callable[[], Any]] = {
    "trials": fits.cbpp,
    "slopes": lambda: fits.of_groups("amount", "gamma(log)"),
    "ordered": fits.answers,
}


@pytest.mark.parametrize("name", list(FITS))
@pytest.mark.parametrize("again", [lambda fit: pickle.loads(pickle.dumps(fit)), copy.deepcopy])
def test_a_copy_says_the_same(name: str, again: Callable[[Any], Any]) -> None:
    fit = FITS[name]()
    other = again(fit)
    assert str(other.summary()) == str(fit.summary())
    assert_frame_equal(other.vcov_full, fit.vcov_full)
    assert_frame_equal(other.confint(method="profile"), fit.confint(method="profile"))
    # Derivatives along the covariances, from the parts of a fit that a pickle does not hold.
    assert str(other.laplace_error) == str(fit.laplace_error)
    assert str(other.influence("g" if "g" in fit.ngroups else "herd")) == str(
        fit.influence("g" if "g" in fit.ngroups else "herd")
    )
