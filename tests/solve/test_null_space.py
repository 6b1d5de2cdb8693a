"""What a singular covariance matrix lacks, in the user's names and whatever the units."""

from __future__ import annotations

import numpy as np
import pytest

import ranef as rn
from ranef.solve.null_space import null_space


@pytest.mark.parametrize(("size", "gone"), [(0.99e-9, (1,)), (1.01e-9, ())])
@pytest.mark.parametrize("unit", [1e-12, 1.0, 1e12])
def test_an_effect_has_no_variance_below_a_billionth_of_the_largest(
    size: float, gone: tuple[int, ...], unit: float
) -> None:
    root = np.array([5.0, 5.0 * size * unit])
    assert null_space(np.outer(root, root), 1, np.array([1.0, unit])).gone == gone


def test_nothing_varies_at_rank_nought() -> None:
    assert null_space(np.zeros((2, 2)), 0).gone == (0, 1)


@pytest.mark.parametrize("unit", [1e-12, 1e12])
def test_units_of_a_slope_do_not_hide_the_intercept(unit: float) -> None:
    pupils = rn.datasets.load("hsb")
    pupils["ses"] *= unit
    fit = rn.lmm("math ~ ses * sector + (ses | sch.id)", pupils)
    said = "(Intercept) and ses perfectly correlated (+1) in sch.id"
    assert fit.certificate.directions == (said,)
    (boundary,) = (f for f in fit.findings if f.code == "boundary")
    assert "the slope of ses are perfectly correlated" in boundary.message
