"""No finite maximum in the coefficients: told if planted, never in clean data, with the limit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.generalised.fits import cbpp, contraception
from tests.generalised.planted import fitted, table, with_level

import ranef as rn
from ranef.solve.finite import CHEAP

PLANTED = {
    "binary logit": ("binary", 1.0, "binomial"),
    "binary probit": ("binary", 1.0, "binomial(probit)"),
    "binary cloglog, failures": ("binary", 0.0, "binomial(cloglog)"),
    "zero counts": ("count", 0.0, "poisson"),
    "zero counts, nbinom2": ("count", 0.0, "nbinom2"),
    "lowest answer": ("answer", 0, "cumulative"),
    "highest answer": ("answer", 2, "cumulative"),
}
SIGNS = {0.0: -1.0, 1.0: 1.0, 2: 1.0}


@pytest.mark.parametrize("case", list(PLANTED))
def test_a_level_with_one_response_is_found(case: str) -> None:
    response, value, family = PLANTED[case]
    data = with_level(response, value)
    fit = rn.glmm(f"{response} ~ x + f + (1 | g)", data, family)
    certificate = fit.certificate
    assert certificate.verdict == "no finite maximum"
    assert not certificate.certified
    found = certificate.separation
    assert found is not None
    assert found.exists is True
    assert found.exact
    assert not found.complete
    # One level of a factor: a single coefficient, and the rows of that level.
    assert set(found.coefficients) == {"f[T.c]"}
    assert np.sign(found.coefficients["f[T.c]"]) == SIGNS[value]
    np.testing.assert_array_equal(found.predicted, data["f"] == "c")
    text = str(certificate)
    assert "f[T.c]" in text
    assert "200 of 600 rows" in text
    assert "rn.priors.Normal({'f[T.c]': 2.5})" in text


@pytest.mark.parametrize(
    ("response", "family"),
    [
        ("binary", "binomial"),
        ("binary", "binomial(cloglog)"),
        ("count", "poisson"),
        ("count", "nbinom2"),
        ("answer", "cumulative"),
        ("share", "binomial"),
    ],
)
@pytest.mark.parametrize("random", ["1", "x"])
def test_clean_data_have_a_proof_of_a_maximum(response: str, family: str, random: str) -> None:
    weights = "trials" if response == "share" else None
    fit = fitted(f"{response} ~ x + f + ({random} | g)", family, weights=weights)
    assert fit.certificate.certified
    found = fit.certificate.separation
    # Shares of even proportions are neither 0 nor 1: nothing could be separated.
    assert found is None or found.exists is False
    assert fit.limit is None


@pytest.mark.parametrize("fit", [cbpp, contraception])
def test_published_data_are_not_separated(fit: object) -> None:
    certificate = fit().certificate  # type: ignore[operator]
    assert certificate.certified
    assert certificate.separation.exists is False


def test_random_slopes_do_not_hide_it() -> None:
    fit = rn.glmm("binary ~ x + f + (x | g)", with_level("binary", 1.0))
    assert fit.certificate.verdict == "no finite maximum"
    assert set(fit.certificate.separation.coefficients) == {"f[T.c]"}


def test_complete_separation_leaves_nothing() -> None:
    data = table()
    data = data.assign(binary=(data["x"] > 0.1).astype(float))
    fit = rn.glmm("binary ~ x + f + (1 | g)", data)
    found = fit.certificate.separation
    assert fit.certificate.verdict == "no finite maximum"
    assert found.complete
    assert found.coefficients["x"] > 0.0
    assert "all 600 rows" in str(fit.certificate)
    assert fit.limit.loglik == 0.0
    assert fit.limit.nobs == 0


def test_the_limit_is_the_fit_without_the_rows_that_are_predicted() -> None:
    data = with_level("binary", 1.0)
    fit = rn.glmm("binary ~ x + f + (1 | g)", data)
    rest = rn.glmm("binary ~ x + f + (1 | g)", data[data["f"] != "c"])
    limit = fit.limit
    assert limit.nobs == 400
    # Both are optima to 1e-6 deviance units and 1e-3 standard errors.
    assert limit.loglik == pytest.approx(rest.loglik, abs=1e-6)
    assert list(limit.fixef.index) == ["Intercept", "x", "f[T.b]"]
    pd.testing.assert_series_equal(limit.fixef, rest.fixef, rtol=1e-4, check_names=False)
    wanted = np.sqrt(np.diag(rest.vcov))
    np.testing.assert_allclose(limit.std_errors, wanted, rtol=1e-3)
    assert limit.certificate.certified
    # The search itself comes near the limit of the likelihood from below.
    assert fit.loglik == pytest.approx(limit.loglik, abs=1e-5)
    assert "f[T.b]" in str(limit)


def test_coefficients_that_rows_determine_keep_their_standard_errors() -> None:
    fit = rn.glmm("binary ~ x + f + (1 | g)", with_level("binary", 1.0))
    errors = pd.Series(np.sqrt(np.diag(fit.vcov)), index=fit.vcov.index)
    np.testing.assert_allclose(errors[fit.limit.fixef.index], fit.limit.std_errors, rtol=1e-3)
    assert np.isnan(errors["f[T.c]"])


def test_a_normal_prior_gives_a_maximum() -> None:
    data = with_level("binary", 1.0)
    prior = rn.priors.Normal({"f[T.c]": 2.5})
    fit = rn.glmm("binary ~ x + f + (1 | g)", data, prior=prior)
    assert fit.certificate.certified
    assert fit.certificate.separation.exists is False
    # A prior of another coefficient does not.
    other = rn.priors.Normal({"x": 2.5})
    fit = rn.glmm("binary ~ x + f + (1 | g)", data, prior=other)
    assert fit.certificate.verdict == "no finite maximum"
    assert "x" in fit.limit.fixef


def test_one_row_against_it_is_enough() -> None:
    data = with_level("binary", 1.0)
    row = data.index[data["f"] == "c"][0]
    data.loc[row, "binary"] = 0.0
    fit = rn.glmm("binary ~ x + f + (1 | g)", data)
    assert fit.certificate.certified
    assert fit.certificate.separation.exists is False


def test_zero_inflation_does_not_hide_it_and_is_no_proof_of_a_maximum() -> None:
    fit = rn.glmm(
        "count ~ x + f + (1 | g)", with_level("count", 0.0), "poisson", zero_inflation="~ 1"
    )
    assert fit.certificate.verdict == "no finite maximum"
    clean = fitted("count ~ x + (1 | g)", "nbinom1")
    # At the boundary of the family it is a Poisson model, whose log-density is concave.
    assert clean.certificate.separation.exists is False
    inside = rn.glmm("y ~ x + (1 | g)", _overdispersed(), "nbinom1")
    assert inside.certificate.certified
    assert inside.certificate.separation.exists is None


def _overdispersed() -> pd.DataFrame:
    data = table()
    rng = np.random.default_rng(3)
    return data.assign(y=rng.negative_binomial(2.0, 2.0 / (2.0 + np.exp(0.5 * data["x"]))))


def test_collinear_columns_are_read_on_the_scale_of_the_data() -> None:
    # x and x + 1e-7 z are nearly collinear: the rows hold orthogonal combinations of them.
    data = with_level("binary", 1.0)
    rng = np.random.default_rng(2)
    data["near"] = data["x"] + 1e-5 * rng.normal(size=len(data))
    fit = rn.glmm("binary ~ x + near + f + (1 | g)", data)
    assert fit._problem.scaling.orthogonal is not None
    assert fit.certificate.verdict == "no finite maximum"


def test_cheap_is_what_these_tests_are() -> None:
    """So that every fit of this file is decided, suspicious or not."""
    assert len(table()) * 5 < CHEAP


def test_other_coefficients_keep_their_tests() -> None:
    fit = rn.glmm("binary ~ x + f + (1 | g)", with_level("binary", 1.0), "binomial")
    limit = fit.limit
    assert limit is not None
    table = fit.coefficients()
    shown = table["std_error"]
    assert np.isnan(shown["f[T.c]"])
    others = [name for name in fit.fixef.index if name != "f[T.c]"]
    # The limit's, which the search has come to within a thousandth.
    np.testing.assert_allclose(shown[others], np.sqrt(np.diag(fit.vcov.loc[others, others])))
    assert np.isfinite(table["p_value"][others]).all()
    # A term that the separated coefficient is part of has no test, and no error either.
    terms = fit.anova()
    assert np.isfinite(terms["p_value"]["x"])
    assert np.isnan(terms["p_value"]["f"])
    single = fit.test("f[T.b] = 0")
    assert single.statistic == pytest.approx(table["statistic"]["f[T.b]"] ** 2)
    means = fit.emmeans("f").frame.set_index("f")["std_error"]
    assert np.isfinite(means[["a", "b"]]).all()
    assert np.isnan(means["c"])


@pytest.mark.parametrize("kind", ["text", "markdown", "html", "latex"])
def test_a_table_has_no_empty_brackets(kind: str) -> None:
    fit = rn.glmm("binary ~ x + f + (1 | g)", with_level("binary", 1.0), "binomial")
    table = rn.compare(fit)
    text = str(table) if kind == "text" else getattr(table, f"to_{kind}")()
    assert "()" not in text


def test_a_direction_is_in_words() -> None:
    up = rn.glmm("binary ~ x + f + (1 | g)", with_level("binary", 1.0), "binomial")
    down = rn.glmm("count ~ x + f + (1 | g)", with_level("count", 0.0), "poisson")
    assert "rises for ever as f[T.c] goes to infinity" in str(up.certificate)
    assert "rises for ever as f[T.c] goes to minus infinity" in str(down.certificate)


def test_advice_for_ordered_answers_can_be_followed() -> None:
    """A prior is advised of the fixed effects: cut points cannot have one."""
    data = table().assign(level=lambda d: np.digitize(d["x"], [-0.5, 0.5]) + 1)
    fit = rn.glmm("level ~ x + (1 | g)", data, "cumulative")
    certificate = fit.certificate
    assert certificate.verdict == "no finite maximum"
    assert set(certificate.separation.coefficients) == {"1|2", "2|3", "x"}
    assert certificate.separation.fixed == ("x",)
    assert "prior=rn.priors.Normal({'x': 2.5})" in str(certificate)
    assert "fit.limit" not in str(certificate)
    page = fit.diagnose()
    assert page.remedies.loc[1, "verdict"] != "not fitted"
    finding = next(f for f in page.findings if f.code == "separation")
    assert "{'x': 2.5}" in finding.fix
    empty = fitted("answer ~ x + (1 | g)", "cumulative").refit(
        np.where(table()["answer"] == 2, 1, table()["answer"])
    )
    assert "answers that no row has" in str(empty.certificate)
