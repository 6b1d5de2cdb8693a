"""A fit as the package maketables reads it, by attributes alone; the package is not imported."""

from __future__ import annotations

import pytest

import ranef as rn


@pytest.fixture(scope="module")
def sleep():
    return rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))


def test_coefficients_have_the_names_of_the_format(sleep) -> None:
    table = sleep.__maketables_coef_table__
    assert table.index.name == "Coefficient"
    assert list(table.columns) == ["b", "se", "t", "p", "ci95l", "ci95u"]
    own = sleep.coefficients()
    assert list(table.index) == ["Intercept", "Days"]
    for name, column in (("b", "estimate"), ("se", "std_error"), ("p", "p_value")):
        assert table[name].to_list() == own[column].to_list()


def test_the_rows_below_are_by_maximum_likelihood(sleep) -> None:
    keys = sleep.__maketables_default_stat_keys__
    assert isinstance(keys, list)  # the package takes nothing else
    assert keys[:3] == ["AIC (ML)", "BIC (ML)", "Log likelihood (ML)"]
    ml = sleep.with_reml(False)
    values = [sleep.__maketables_stat__(key) for key in keys]
    assert values[:3] == pytest.approx([ml.aic, ml.bic, ml.loglik], rel=1e-12)
    rows = dict(zip(keys[3:], values[3:], strict=True))
    assert rows == pytest.approx(
        {
            "N": 180,
            "Groups: Subject": 18,
            "SD (Intercept | Subject)": 24.7407,
            "SD (Days | Subject)": 5.9221,
            "Cor (Intercept, Days | Subject)": 0.0656,
            "SD (Residual)": sleep.sigma,
        },
        rel=1e-3,  # the figures above have four digits
    )


def test_other_keys(sleep) -> None:
    assert sleep.__maketables_stat__("aic") == sleep.aic
    assert sleep.__maketables_stat__("ll") == sleep.loglik
    assert sleep.__maketables_stat__("r2") is None
    assert sleep.__maketables_depvar__ == "Reaction"
    assert isinstance(sleep.__maketables_vcov_info__, dict)


def test_dropped_columns_and_no_groups() -> None:
    data = rn.datasets.load("sleepstudy").assign(twice=lambda d: 2 * d["Days"])
    fit = rn.lmm("Reaction ~ Days + twice + (1 | Subject)", data)
    assert list(fit.__maketables_coef_table__.index) == ["Intercept", "Days"]
    baseline = rn.lm("Reaction ~ Days", data)
    assert baseline.__maketables_default_stat_keys__[3:] == ["N", "SD (Residual)"]


def test_nothing_takes_the_fit_for_one_of_statsmodels(sleep) -> None:
    # The package asks for these three names before it looks for those of its own format.
    assert not all(hasattr(sleep, name) for name in ("params", "bse", "pvalues"))


def test_words_are_those_of_the_fit() -> None:
    data = rn.datasets.load("sleepstudy")
    labels = {"Days": "Days without sleep", "Reaction": "Reaction time"}
    fit = rn.lmm("Reaction ~ Days + (1 | Subject)", data, labels=labels)
    assert fit.__maketables_var_labels__ == labels
