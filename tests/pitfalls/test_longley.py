"""Collinear predictors: Longley's data with the certified values of NIST's reference sets.

National Institute of Standards and Technology, Statistical Reference Datasets, Longley: linear
regression, higher level of difficulty. J. W. Longley (1967), JASA 62, 819-841.
"""

from __future__ import annotations

from io import StringIO

import numpy as np
import pandas as pd
import pytest

import ranef as rn

DATA = """
y x1 x2 x3 x4 x5 x6
60323 83.0 234289 2356 1590 107608 1947
61122 88.5 259426 2325 1456 108632 1948
60171 88.2 258054 3682 1616 109773 1949
61187 89.5 284599 3351 1650 110929 1950
63221 96.2 328975 2099 3099 112075 1951
63639 98.1 346999 1932 3594 113270 1952
64989 99.0 365385 1870 3547 115094 1953
63761 100.0 363112 3578 3350 116219 1954
66019 101.2 397469 2904 3048 117388 1955
67857 104.6 419180 2822 2857 118734 1956
68169 108.4 442769 2936 2798 120445 1957
66513 110.8 444546 4681 2637 121950 1958
68655 112.6 482704 3813 2552 123366 1959
69564 114.2 502601 3931 2514 125368 1960
69331 115.7 518173 4806 2572 127852 1961
70551 116.9 554894 4007 2827 130081 1962
"""
CERTIFIED = {
    "Intercept": (-3482258.63459582, 890420.383607373),
    "x1": (15.0618722713733, 84.9149257747669),
    "x2": (-0.358191792925910e-01, 0.334910077722432e-01),
    "x3": (-2.02022980381683, 0.488399681651699),
    "x4": (-1.03322686717359, 0.214274163161675),
    "x5": (-0.511041056535807e-01, 0.226073200069370),
    "x6": (1829.15146461355, 455.478499142212),
}
RESIDUAL_SD = 304.854073561965


def test_where_the_groups_add_nothing_the_certified_values_come_out() -> None:
    """Groups dealt forth and back have a variance of zero, and the model is the regression."""
    data = pd.read_csv(StringIO(DATA), sep=r"\s+").assign(g=[0, 1, 2, 3, 3, 2, 1, 0] * 2)
    fit = rn.lmm("y ~ x1 + x2 + x3 + x4 + x5 + x6 + (1 | g)", data)
    assert fit.theta[0] == 0.0
    assert fit.certificate.verdict == "boundary optimum"
    assert fit.dropped == ()
    estimates, errors = np.array(list(CERTIFIED.values())).T
    assert list(fit.fixef.index) == list(CERTIFIED)
    np.testing.assert_allclose(fit.fixef, estimates, rtol=1e-8)
    np.testing.assert_allclose(np.sqrt(np.diag(fit.vcov)), errors, rtol=1e-8)
    assert fit.sigma == pytest.approx(RESIDUAL_SD, rel=1e-9)


@pytest.mark.parametrize("shift", [0.0, 1e6])
def test_the_same_model_in_an_orthogonal_basis(shift: float) -> None:
    data = pd.read_csv(StringIO(DATA), sep=r"\s+").assign(g=np.arange(16) // 4)
    names = [f"x{i}" for i in range(1, 7)]
    data[names] = data[names] + shift
    X = data[names].to_numpy()
    Q, _ = np.linalg.qr(X - X.mean(axis=0))
    easy = pd.DataFrame(Q, columns=names).assign(y=data["y"], g=data["g"])
    formula = "y ~ x1 + x2 + x3 + x4 + x5 + x6 + (1 | g)"
    hard, easy_fit = (rn.lmm(formula, d, reml=False) for d in (data, easy))
    assert hard.criterion == pytest.approx(easy_fit.criterion, abs=1e-6)
    np.testing.assert_allclose(hard.fitted, easy_fit.fitted, rtol=1e-8)
