"""Fits with a structure of the residuals: what every question to them answers."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.reference.dense_criterion import DenseModel, dense_model

import ranef as rn
from ranef.errors import DataError, OptionError

STRATA = "distance ~ age * Sex + (1 | Subject)"
SERIAL = "Reaction ~ Days + (1 | Subject)"


@pytest.fixture(scope="module")
def orthodont() -> pd.DataFrame:
    return rn.datasets.load("orthodont")


@pytest.fixture(scope="module")
def sleepstudy() -> pd.DataFrame:
    return rn.datasets.load("sleepstudy")


@pytest.fixture(scope="module")
def strata(orthodont: pd.DataFrame) -> rn.Fit:
    return rn.lmm(STRATA, orthodont, residual="strata(Sex)")


@pytest.fixture(scope="module")
def serial(sleepstudy: pd.DataFrame) -> rn.Fit:
    return rn.lmm(SERIAL, sleepstudy, residual="ar1(Days | Subject)")


@pytest.fixture(params=["strata", "serial"])
def fit(request: pytest.FixtureRequest) -> rn.Fit:
    return request.getfixturevalue(request.param)


def ratio_of(fit: rn.Fit) -> np.ndarray:
    return fit.residual_parameters["ratio"].to_numpy()


def covariances(fit: rn.Fit, model: DenseModel) -> tuple[np.ndarray, np.ndarray]:
    """V and R of all rows."""
    covs = [term.matrix for term in fit._covariances]
    found = fit.residual_parameters
    own = {"ratio": found["ratio"].to_numpy()} if "ratio" in found else {"phi": found["rho"][0]}
    rows = np.arange(fit.nobs)
    none = [np.zeros_like(c) for c in covs]
    return (
        model.covariance(rows, covs, fit.sigma, **own),
        model.covariance(rows, none, fit.sigma, **own),
    )


@pytest.fixture
def dense(fit: rn.Fit, orthodont: pd.DataFrame, sleepstudy: pd.DataFrame) -> DenseModel:
    data = orthodont if fit.formula == STRATA else sleepstudy
    return dense_model(fit.formula, data, fit._residual_text)


# -- what is estimated ---------------------------------------------------------------------------


def test_parameters_are_counted(fit: rn.Fit) -> None:
    plain = fit.update(residual=None)
    assert fit.df_model == plain.df_model + 1
    assert fit.aic == pytest.approx(-2 * fit.loglik + 2 * fit.df_model)
    assert plain.residual_parameters.empty


def test_conditional_modes_are_those_of_the_covariance(fit: rn.Fit, dense: DenseModel) -> None:
    V, _ = covariances(fit, dense)
    (term,) = dense.terms
    left = dense.y - dense.X @ fit.fixef.to_numpy()
    z = np.eye(term.codes.max() + 1)[term.codes]
    modes = fit._covariances[0].matrix[0, 0] * z.T @ np.linalg.solve(V, left)
    own = fit.ranef(condvar=False)["Subject"]["Intercept"].to_numpy()
    np.testing.assert_allclose(np.sort(own), np.sort(modes), atol=1e-7 * np.abs(modes).max())


def test_normalised_residuals_are_independent(fit: rn.Fit, dense: DenseModel) -> None:
    _, R = covariances(fit, dense)
    order = np.arange(fit.nobs)
    root = np.linalg.cholesky(R[np.ix_(order, order)])
    raw = np.asarray(fit.residuals())
    wanted = np.linalg.solve(root, raw)  # rows stand in the order of time
    np.testing.assert_allclose(np.asarray(fit.residuals("normalized")), wanted, atol=1e-8)


def test_whitened_residuals_are_those_of_the_whole_covariance(
    fit: rn.Fit, dense: DenseModel
) -> None:
    V, _ = covariances(fit, dense)
    left = dense.y - dense.X @ fit.fixef.to_numpy()
    own = np.asarray(fit.residuals("whitened"))
    assert own @ own == pytest.approx(left @ np.linalg.solve(V, left), rel=1e-9)


def test_pearson_residuals_of_strata_are_over_the_ratio(strata: rn.Fit) -> None:
    sex = strata.model_frame()["Sex"].to_numpy()
    ratio = np.where(sex == "Female", ratio_of(strata)[1], 1.0)
    np.testing.assert_allclose(strata.residuals("pearson"), strata.residuals() / ratio)


def test_strata_are_a_weighted_model(strata: rn.Fit, orthodont: pd.DataFrame) -> None:
    weights = np.where(orthodont["Sex"] == "Female", ratio_of(strata)[1] ** -2.0, 1.0)
    weighted = rn.lmm(STRATA, orthodont, weights=weights)
    assert weighted.loglik == pytest.approx(strata.loglik, abs=1e-9)
    np.testing.assert_allclose(weighted.leverage, strata.leverage, atol=1e-7)
    np.testing.assert_allclose(
        weighted.coefficients().to_numpy(), strata.coefficients().to_numpy(), rtol=1e-5
    )


def test_prior_weights_stay_beside_the_strata(orthodont: pd.DataFrame) -> None:
    weights = np.random.default_rng(1).uniform(0.5, 2.0, len(orthodont))
    fit = rn.lmm(STRATA, orthodont, residual="strata(Sex)", weights=weights)
    at = weights * np.where(orthodont["Sex"] == "Female", ratio_of(fit)[1] ** -2.0, 1.0)
    assert rn.lmm(STRATA, orthodont, weights=at).loglik == pytest.approx(fit.loglik, abs=1e-8)
    np.testing.assert_array_equal(fit._data.own_weights, weights)
    assert fit.refit(orthodont["distance"]).loglik == pytest.approx(fit.loglik, abs=1e-8)


# -- laws ----------------------------------------------------------------------------------------


def test_independent_residuals_are_a_special_case(fit: rn.Fit) -> None:
    """At equal variances, or without correlation, the criterion is that of the plain model."""
    part = fit._problem.residual
    assert part is not None
    plain = fit.update(residual=None)
    moved = fit._problem.at_residual(part.start())
    kernel = moved.kernel()
    from ranef.problem.parameters import group_lambdas, to_inner

    assert kernel.evaluate(group_lambdas(moved, to_inner(moved, plain.theta)))
    assert kernel.value == pytest.approx(plain._solution.criterion, rel=1e-12)
    assert fit.loglik > plain.loglik


def test_rows_in_any_order(fit: rn.Fit, orthodont: pd.DataFrame, sleepstudy: pd.DataFrame) -> None:
    data = orthodont if fit.formula == STRATA else sleepstudy
    moved = fit.update(data=data.sample(frac=1.0, random_state=1))
    assert moved.loglik == pytest.approx(fit.loglik, abs=1e-9)
    again = np.asarray(moved.residuals("normalized").reindex(data.index))
    np.testing.assert_allclose(again, np.asarray(fit.residuals("normalized")), atol=1e-6)


def test_another_first_stratum(strata: rn.Fit, orthodont: pd.DataFrame) -> None:
    turned = orthodont.assign(sex=orthodont["Sex"].cat.reorder_categories(["Female", "Male"]))
    other = rn.lmm(STRATA, turned, residual="strata(sex)")
    assert other.loglik == pytest.approx(strata.loglik, abs=1e-9)
    sds = dict(zip(*(strata.residual_parameters[c] for c in ("stratum", "sd")), strict=True))
    assert other.sigma == pytest.approx(sds["Female"], rel=1e-6)


def test_another_unit_of_the_response(fit: rn.Fit) -> None:
    scaled = fit.refit(1e4 * fit._design.y + 7.0)
    part, own = fit._problem.residual, scaled._problem.residual
    assert part is not None
    assert own is not None
    np.testing.assert_allclose(own.phi, part.phi, atol=1e-6)
    assert scaled.sigma == pytest.approx(1e4 * fit.sigma, rel=1e-7)


# -- fits of a fit -------------------------------------------------------------------------------


def test_the_other_criterion_estimates_them_again(fit: rn.Fit) -> None:
    ml = fit.with_reml(False)
    direct = fit.update(reml=False)
    assert ml.loglik == pytest.approx(direct.loglik, abs=1e-9)
    assert ml.with_reml(True).loglik == pytest.approx(fit.loglik, abs=1e-9)
    part, own = fit._problem.residual, ml._problem.residual
    assert part is not None
    assert own is not None
    assert np.abs(own.phi - part.phi).max() > 1e-4


def test_refits_of_other_responses(fit: rn.Fit) -> None:
    y = fit.simulate(1, seed=3)[0]
    again = fit.refit(y)
    data = fit.model_frame().assign(**{fit._design.response: y})
    assert fit.update(data=data).loglik == pytest.approx(again.loglik, abs=1e-7)


def test_another_response_at_known_parameters(fit: rn.Fit) -> None:
    """Cross-products of another response are those that its rows have."""
    part, data = fit._problem.residual, fit._data
    assert part is not None
    assert part.phi is not None
    y = fit.simulate(1, seed=5)[0].to_numpy()
    changed = fit._problem.with_response(data.design, y, data.weights)
    whole = fit.refit(y)._problem.at_residual(part.phi)
    scale = np.abs(whole.products.fixed).max()
    np.testing.assert_allclose(changed.products.fixed, whole.products.fixed, atol=1e-11 * scale)
    assert changed.products.sum_log_weights == pytest.approx(whole.products.sum_log_weights)


def test_methods_of_prediction_agree(fit: rn.Fit) -> None:
    rows = fit.model_frame().iloc[:3]
    asked = {"interval": "prediction", "se": True}
    wald = fit.predict(rows, **asked)
    drawn = fit.predict(rows, method="bootstrap", n=150, seed=1, **asked)
    whole = fit.predict(rows, method="integrated", n=500, seed=1, **asked)
    widths = [(f["conf_high"] - f["conf_low"]).to_numpy() for f in (wald, drawn, whole)]
    np.testing.assert_allclose(widths[1], widths[0], rtol=0.35)
    np.testing.assert_allclose(widths[2], widths[0], rtol=0.1)
    np.testing.assert_allclose(drawn["std_error"], wald["std_error"], rtol=0.25)


def test_drawn_residuals_have_the_structure(serial: rn.Fit, strata: rn.Fit) -> None:
    y = serial.simulate(4000, seed=1, random="conditional").to_numpy()
    left = y - np.asarray(serial.fitted)[:, None]
    rho = np.corrcoef(left[1], left[2])[0, 1]
    assert rho == pytest.approx(serial.residual_parameters["rho"][0], abs=0.04)
    assert np.corrcoef(left[9], left[10])[0, 1] == pytest.approx(0.0, abs=0.06)
    assert left.std() == pytest.approx(serial.sigma, rel=0.02)
    y = strata.simulate(2000, seed=1, random="conditional").to_numpy()
    sd = (y - np.asarray(strata.fitted)[:, None]).std(axis=1)
    sex = strata.model_frame()["Sex"].to_numpy()
    ratio = sd[sex == "Female"].mean() / sd[sex == "Male"].mean()
    assert ratio == pytest.approx(ratio_of(strata)[1], rel=0.03)


def test_bootstrap_refits_them(fit: rn.Fit) -> None:
    boot = fit.bootstrap(8, seed=1)
    name = next(iter(fit._residual_values))
    assert boot.estimates[name] == pytest.approx(fit._residual_values[name])
    drawn = fit.refit(fit.simulate(1, seed=1)[0])
    np.testing.assert_allclose(
        boot.replicates[name].iloc[0], drawn._residual_values[name], rtol=1e-6
    )
    with pytest.raises(OptionError, match="without residual="):
        fit.bootstrap(8, "residual")


# -- rows ----------------------------------------------------------------------------------------


def test_prediction_intervals_mind_the_stratum(strata: rn.Fit) -> None:
    rows = pd.DataFrame({"age": [10, 10], "Sex": ["Male", "Female"], "Subject": ["x", "y"]})
    found = strata.predict(
        rows, level="population", interval="prediction", se=True, ddf="asymptotic"
    )
    half = (found["conf_high"] - found["conf_low"]).to_numpy() / 2 / 1.959963984540054
    between = strata._covariances[0].matrix[0, 0]
    own = strata.residual_parameters["sd"].to_numpy() ** 2
    np.testing.assert_allclose(half**2, found["std_error"] ** 2 + between + own, rtol=1e-9)
    with pytest.raises(DataError, match="not known"):
        strata.predict(rows.assign(Sex="Other"), level="population", interval="prediction")


def test_rows_of_correlated_residuals_have_no_leverage(serial: rn.Fit) -> None:
    with pytest.raises(OptionError, match="independent"):
        _ = serial.leverage
    assert serial.augment()[".hat"].isna().all()
    with pytest.raises(OptionError, match="separate rows"):
        serial.influence("rows")
    assert serial.influence("Subject").frame.shape[0] == 18


def test_influence_of_groups_is_that_of_fits_without_them(
    serial: rn.Fit, sleepstudy: pd.DataFrame
) -> None:
    found = serial.influence("Subject", exact=True).frame.loc["308"]
    part = serial._problem.residual
    assert part is not None
    rest = sleepstudy[sleepstudy["Subject"] != "308"]
    model = dense_model(SERIAL, rest, "ar1(Days | Subject)")
    # The correlation stays what it is: fixed effects at the variances without the subject.
    sd = serial._covariances[0].matrix[0, 0] ** 0.5 + found["sd__Intercept|Subject"]
    sigma = serial.sigma + found["sigma"]
    rho = serial.residual_parameters["rho"][0]
    beta = model.profile([np.array([[sd**2]])], sigma, True, phi=rho).fixef
    moved = serial.fixef.to_numpy() + found[["Intercept", "Days"]].to_numpy(dtype=float)
    np.testing.assert_allclose(moved, beta, rtol=1e-6)


def test_robust_errors_are_those_of_the_covariance(
    serial: rn.Fit, sleepstudy: pd.DataFrame
) -> None:
    model = dense_model(SERIAL, sleepstudy, "ar1(Days | Subject)")
    V, _ = covariances(serial, model)
    left = model.y - model.X @ serial.fixef.to_numpy()
    bread = np.linalg.inv(model.X.T @ np.linalg.solve(V, model.X))
    solved = np.linalg.solve(V, np.column_stack([model.X, left]))
    scores = np.zeros((18, 2))
    np.add.at(scores, model.terms[0].codes, model.X * solved[:, -1:])
    wanted = bread @ scores.T @ scores @ bread
    found = serial.robust("CR0")["std_error"].to_numpy()
    np.testing.assert_allclose(found**2, np.diag(wanted), rtol=1e-6)


# -- tests between models ------------------------------------------------------------------------


def test_tests_against_independent_residuals(fit: rn.Fit) -> None:
    plain = fit.update(residual=None)
    table = rn.anova(plain, fit)
    assert table["law"].iloc[1] == "chi2(1)"
    assert table["df"].iloc[1] == 1
    assert table["statistic"].iloc[1] == pytest.approx(2 * (fit.loglik - plain.loglik))
    assert fit._residual_text in str(table.index[1])
    for method in ("bootstrap", "exact"):
        with pytest.raises(OptionError, match="lrt"):
            rn.anova(plain, fit, method=method)


def test_strata_in_finer_ones(orthodont: pd.DataFrame, strata: rn.Fit) -> None:
    data = orthodont.assign(late=np.where(orthodont["age"] > 10, "late", "early"))
    fine = rn.lmm(STRATA, data, residual="strata(Sex, late)")
    table = rn.anova(strata, fine)
    assert table["law"].iloc[1] == "chi2(2)"
    other = rn.lmm(STRATA, data, residual="strata(late)")
    with pytest.raises(OptionError, match="not nested"):
        rn.anova(other, rn.lmm(STRATA + " + (1 | late:Subject)", data, residual="strata(Sex)"))


def test_a_variance_left_out_beside_a_structure(serial: rn.Fit) -> None:
    """The smaller model estimates the correlation again."""
    table = serial.ranova()
    model = dense_model(SERIAL, serial.model_frame(), "ar1(Days | Subject)")
    from scipy import optimize

    def criterion(x: np.ndarray) -> float:
        return model.criterion([np.zeros((1, 1))], np.exp(x[0]), True, phi=np.tanh(x[1]))

    best = optimize.minimize(
        criterion, [3.87, 0.9], method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-7}
    )
    assert table["loglik"].iloc[0] == pytest.approx(-0.5 * best.fun, abs=1e-5)


# -- pages and files -----------------------------------------------------------------------------


def test_pages_show_the_structure(fit: rn.Fit) -> None:
    text, page = str(fit.summary()), fit.summary()._repr_html_()
    assert f"Residuals: {fit._residual_text}" in text
    assert f"Residuals: {fit._residual_text}" in page
    plain = fit.update(residual=None)
    assert "Residuals:" not in str(plain.summary())
    table = rn.compare(plain, fit, scale="sd").to_frame()
    label = "SD ratio: Residual Female" if "Sex" in fit.formula else "rho: Residual"
    assert ("variances", label) in table.index
    assert fit.varcorr()["sd"].iloc[-1] == fit.sigma


def test_saved_fits_keep_them(fit: rn.Fit, tmp_path: Path) -> None:
    fit.save(tmp_path / "fit.ranef")
    loaded = rn.load(tmp_path / "fit.ranef")
    pd.testing.assert_frame_equal(loaded.residual_parameters, fit.residual_parameters)
    assert str(loaded.summary()) == str(fit.summary())
    assert loaded.with_reml(False).loglik == pytest.approx(fit.with_reml(False).loglik, abs=1e-9)
    data = fit.model_frame()
    assert loaded.update(data=data).loglik == pytest.approx(fit.loglik, abs=1e-9)


def test_pickled_fits_keep_them(fit: rn.Fit) -> None:
    again = pickle.loads(pickle.dumps(fit))
    pd.testing.assert_frame_equal(again.residual_parameters, fit.residual_parameters)
    assert again.refit(fit._design.y).loglik == pytest.approx(fit.loglik, abs=1e-9)


def test_the_diagnosis_names_the_structure_and_minds_it(sleepstudy: pd.DataFrame) -> None:
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"t": np.tile(np.arange(20), 30), "g": np.repeat(np.arange(30), 20)})
    errors = rng.normal(size=(30, 20))
    for k in range(1, 20):
        errors[:, k] = 0.6 * errors[:, k - 1] + 0.8 * errors[:, k]
    data["x"] = rng.normal(size=600)
    data["y"] = data["x"] + np.repeat(rng.normal(size=30), 20) + errors.ravel()
    plain = rn.lmm("y ~ x + t + (1 | g)", data)
    serial = [f for f in plain.diagnose().findings if f.code == "serial-correlation"]
    assert 'residual="ar1(t | g)"' in serial[0].fix
    fit = plain.update(residual="ar1(t | g)")
    page = fit.diagnose()
    assert all(f.code != "serial-correlation" for f in page.findings)
    assert fit.residual_parameters["rho"][0] == pytest.approx(0.6, abs=0.1)
