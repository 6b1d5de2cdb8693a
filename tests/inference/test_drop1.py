"""Terms left out one at a time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from tests.inference.test_anova import unbalanced

import ranef as rn


def test_terms_that_another_one_needs_stay() -> None:
    frame = unbalanced()
    tried = {
        "y ~ a * b + x + (1 | g)": ["x", "a:b"],
        "y ~ a + a:x + (1 | g)": ["a:x"],
        "y ~ x + I(x ** 2) + (1 | g)": ["x", "I(x ** 2)"],
        "y ~ 1 + (1 | g)": [],
    }
    for formula, terms in tried.items():
        assert list(rn.lmm(formula, frame).drop1().index) == terms


@pytest.mark.parametrize("reml", [True, False])
def test_the_likelihood_ratio_of_the_two_fits(reml: bool) -> None:
    frame = unbalanced().assign(w=lambda d: 1.0 + d["x"] ** 2)
    options = {"weights": "w", "contrasts": {"a": "sum"}}
    table = rn.lmm("y ~ a + b + (b | g)", frame, reml=reml, **options).drop1("chisq")
    full = rn.lmm("y ~ a + b + (b | g)", frame, reml=False, **options)
    smaller = rn.lmm("y ~ a + (b | g)", frame, reml=False, **options)
    row = table.loc["b"]
    ratio = 2.0 * (full.loglik - smaller.loglik)
    assert row["aic"] == pytest.approx(smaller.aic, abs=1e-6)
    assert row["statistic"] == pytest.approx(ratio, abs=1e-6)
    assert row["p_value"] == pytest.approx(stats.chi2.sf(ratio, 1), rel=1e-5)
    assert table["npar"].tolist() == [2, 1]


def test_a_formula_with_an_offset_keeps_it() -> None:
    frame = unbalanced()
    table = rn.lmm("y ~ a + b + offset(x) + (1 | g)", frame).drop1("chisq")
    smaller = rn.lmm("y ~ b + offset(x) + (1 | g)", frame, reml=False)
    assert table.loc["a", "aic"] == pytest.approx(smaller.aic, abs=1e-6)


def test_f_is_the_marginal_test() -> None:
    fit = rn.lmm("y ~ a * b + x + (1 | g)", unbalanced())
    own = fit.test("a[T.a1]:b[T.b1] = 0, a[T.a2]:b[T.b1] = 0")
    row = fit.drop1().loc["a:b"]
    assert row["statistic"] == pytest.approx(own.statistic, rel=1e-9)
    assert row["den_df"] == pytest.approx(own.den_df, rel=1e-9)


def test_without_an_intercept_another_category_takes_its_place() -> None:
    """0 + a + b without a is 0 + b: the levels of a differ by nothing, and two parameters go."""
    fit = rn.lmm("y ~ 0 + a + b + (1 | g)", unbalanced())
    table = fit.drop1(ddf="kenward-roger")
    equal = fit.test("a[a0] = a[a1] = a[a2]", ddf="kenward-roger")
    assert table.loc["a", "num_df"] == 2
    assert table.loc["a", "statistic"] == pytest.approx(equal.statistic, rel=1e-8)
    assert fit.drop1("chisq")["npar"].tolist() == [2, 1]


def test_a_term_that_others_determine_takes_nothing_away() -> None:
    frame = unbalanced().assign(twice=lambda d: 2.0 * d["x"])
    fit = rn.lmm("y ~ x + twice + (1 | g)", frame)
    table = fit.drop1("chisq")
    assert table["npar"].tolist() == [0, 0]
    assert table["statistic"].isna().all()
    assert fit.drop1()["num_df"].tolist() == [0, 0]


def test_what_does_not_apply_is_refused() -> None:
    frame = unbalanced()
    with pytest.raises(rn.OptionError, match="unknown test 'lrt'"):
        rn.lmm("y ~ a + (1 | g)", frame).drop1("lrt")
    fit = rn.lmm("y ~ a + (1 | g)", frame, prior=rn.priors.Wishart())
    with pytest.raises(rn.OptionError, match="without priors"):
        fit.drop1("chisq")
    assert np.isfinite(fit.drop1()["statistic"]).all()
    assert isinstance(fit.drop1(), pd.DataFrame)
