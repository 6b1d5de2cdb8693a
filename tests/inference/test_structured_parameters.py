"""Parameters of models with covariance structures: names, errors, intervals, profiles, draws."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.reference.dense_criterion import dense_model

import ranef as rn
from ranef.core import TermBlock
from ranef.covariance import KINDS, belongs, entries_of, parameters_of, structure_of
from ranef.inference.profile_variance import VarianceParameter
from ranef.types import Array

from .structures import INTERIOR, ON_BOUND, STRUCTURED, data, fitted, on_bound

HELD = {"sd": 0.9, "cor": 0.3, "sigma": 1.2}


@pytest.mark.parametrize("positions", [(), (0, 2, 3, 7)])
@pytest.mark.parametrize("structure", STRUCTURED)
def test_entries_are_the_structure_s(structure: str, positions: tuple[int, ...]) -> None:
    block = TermBlock(0, 0, 4, structure, 0, positions if "ar1" in structure else ())
    core, entries = structure_of(block), entries_of(block)
    x = 0.6 * np.cos(1.0 + np.arange(core.size))
    theta, root = core.parameters(x), core.root(x)
    d, first, second = entries.expansion(theta)
    np.testing.assert_allclose(d, root @ root.T, atol=1e-14)
    np.testing.assert_allclose(entries.parameters(d), theta, atol=1e-12)
    np.testing.assert_allclose(parameters_of(block, d), theta, atol=1e-12)
    assert belongs(block, d)
    assert not belongs(block, d + 0.1 * np.outer(np.arange(4), np.arange(4)))
    step = 1e-5
    for k, unit in enumerate(step * np.eye(core.size)):
        above, below = entries.expansion(theta + unit), entries.expansion(theta - unit)
        np.testing.assert_allclose((above[0] - below[0]) / (2 * step), first[k], atol=1e-8)
        np.testing.assert_allclose((above[1] - below[1]) / (2 * step), second[k], atol=1e-8)


def test_names() -> None:
    names = {model: list(fitted(model).vcov_full.index)[2:] for model in INTERIOR}
    sds = [f"sd__t[t{k}]|g" for k in range(4)]
    assert names["homdiag"] == ["sd|g", "sigma"]
    assert names["ar1"] == names["homcs"] == ["sd|g", "cor|g", "sigma"]
    assert names["cs"] == names["hetar1"] == [*sds, "cor|g", "sigma"]
    lags = [f"cor at distance {k}|g" for k in (1, 2, 3)]
    assert names["toep"] == [*sds, *lags, "sigma"]
    assert names["rr"][:5] == [*sds, "cor__t[t0].t[t1]|g"]
    assert names["beside"] == [*sds, "cor|g", "sd__Intercept|h", "sigma"]


@pytest.mark.parametrize("model", [name for name in INTERIOR if name != "rr"])
def test_errors_are_those_of_the_dense_criterion(model: str) -> None:
    """By ML the covariance matrix is the inverse Hessian in the parameters and fixed effects; the
    variances' block is that of the criterion with the fixed effects at their best."""
    fit = fitted(model, False)
    dense = dense_model(INTERIOR[model], data())
    terms = fit._problem.terms

    def deviance(values: Array) -> float:
        out, start = [], 0
        for term in terms:
            if KINDS[term.structure].free:
                out.append(np.array([[values[start] ** 2]]))
                start += 1
            else:
                entries = entries_of(term)
                out.append(entries.expansion(values[start : start + entries.count])[0])
                start += entries.count
        order = {(t.group, len(t.names)): k for k, t in enumerate(dense.terms)}
        covariances: list[Array] = [np.zeros((0, 0))] * len(out)
        for label, block, matrix in zip(fit._problem.labels, terms, out, strict=True):
            covariances[order[label.factor, block.q]] = matrix
        return dense.criterion(covariances, float(values[-1]), False)

    at = fit._parameter_values[2:]
    inverse = np.linalg.inv(0.5 * hessian(deviance, at, 2e-3 * np.maximum(np.abs(at), 0.3)))
    found = fit.vcov_full.to_numpy()[2:, 2:]
    np.testing.assert_allclose(found, inverse, rtol=2e-4, atol=2e-5 * np.abs(inverse).max())


def hessian(function: Callable[[Array], float], x: Array, steps: Array) -> Array:
    """Central differences of two sizes, extrapolated."""

    def second(i: int, j: int, size: float) -> float:
        a, b = np.zeros(x.size), np.zeros(x.size)
        a[i], b[j] = steps[i] * size, steps[j] * size
        total = function(x + a + b) - function(x + a - b) - function(x - a + b)
        return (total + function(x - a - b)) / (4.0 * a[i] * b[j])

    out = np.empty((x.size, x.size))
    for i in range(x.size):
        for j in range(i + 1):
            out[i, j] = out[j, i] = (4.0 * second(i, j, 1.0) - second(i, j, 2.0)) / 3.0
    return out


@pytest.mark.parametrize("model", list(INTERIOR))
def test_derivatives_of_profiles(model: str) -> None:
    fit = fitted(model, False)
    for parameter in fit._parameters:
        if parameter.kind == "fixed":
            continue
        held = VarianceParameter(fit._problem, parameter, fit.sigma)
        value = HELD[parameter.kind]
        start = held.start(fit._estimates.covariances, fit._solution.theta)
        free = held._sizes(value, start).size
        at = held._moved(value, start, 0.1 * np.cos(np.arange(free)))
        held._evaluate(value, at)
        gradient, bend = held._derivatives(value, at)
        step, scale = 1e-4, 1.0 + np.abs(bend).max()

        def deviance(
            move: Array, held: VarianceParameter = held, value: float = value, at: Array = at
        ) -> float:
            return held._evaluate(value, held._moved(value, at, move))

        for k, unit in enumerate(step * np.eye(free)):
            slope = (deviance(unit) - deviance(-unit)) / (2.0 * step)
            assert slope == pytest.approx(gradient[k], abs=1e-6 * scale), parameter.name
            for j, other in enumerate(10.0 * step * np.eye(free)[: k + 1]):
                far = 10.0 * unit
                across = deviance(far + other) - deviance(far - other)
                across += deviance(-far - other) - deviance(other - far)
                found = across / (4.0 * (10.0 * step) ** 2)
                assert found == pytest.approx(bend[k, j], abs=1e-4 * scale), parameter.name


@pytest.mark.parametrize("model", [*INTERIOR, *(f"{name} bound" for name in ON_BOUND)])
def test_profiles_end_at_quantiles_or_at_bounds(model: str) -> None:
    name, _, bound = model.partition(" ")
    profile = (on_bound if bound else fitted)(name).profile()
    frame, ends = profile.frame, profile.confint()
    lowest = -1.0 / 3.0 if name in ("cs", "homcs") else -1.0
    for parameter, points in frame.groupby("parameter", sort=False):
        assert points["certified"].all()
        low, high = ends.loc[parameter]
        zeta = points["zeta"].to_numpy()
        if low not in (0.0, lowest):
            assert zeta[0] == pytest.approx(-1.9599640, abs=1e-6), parameter
        if high != 1.0:
            assert zeta[-1] == pytest.approx(1.9599640, abs=1e-6), parameter


def test_profile_points_are_minima_of_the_dense_criterion() -> None:
    """The ends of the correlation's profile of a first-order process, by another minimiser."""
    from scipy.optimize import minimize

    fit = fitted("ar1", False)
    dense = dense_model(INTERIOR["ar1"], data())
    entries = entries_of(fit._problem.terms[0])
    for rho in fit.confint("profile").loc["cor|g"]:

        def deviance(logs: Array, rho: float = rho) -> float:
            d = entries.expansion(np.array([np.exp(logs[0]), rho]))[0]
            return dense.criterion([d], float(np.exp(logs[1])), False)

        if rho == 1.0:
            continue
        found = minimize(deviance, np.zeros(2), method="Nelder-Mead", options={"fatol": 1e-9})
        assert found.fun - fit.deviance == pytest.approx(1.9599640**2, abs=1e-5)


@pytest.fixture(scope="module")
def pair() -> tuple[rn.Fit, rn.Fit]:
    """Compound symmetry of two effects is any covariance of them."""
    two = data().assign(t=lambda d: d["t"].isin(["t0", "t1"]).map({True: "a", False: "b"}))
    formulas = ("y ~ x + cs(0 + t | g)", "y ~ x + (0 + t | g)")
    one, other = (rn.lmm(formula, two) for formula in formulas)
    return one, other


NUMBERS: dict[str, Callable[[rn.Fit], object]] = {
    "errors": lambda fit: fit.vcov_full,
    "satterthwaite": lambda fit: fit.tidy()[["estimate", "std_error", "df", "p_value"]],
    "kenward-roger": lambda fit: fit.tidy(ddf="kenward-roger")[["std_error", "df"]],
    "wald": lambda fit: fit._intervals("wald", 0.95, 1, None)[:6],
    "profile": lambda fit: fit.confint("profile"),
    "conditional aic": lambda fit: fit.caic(),
    "r2": lambda fit: [fit.r2().marginal, fit.r2().conditional],
    "predictions": lambda fit: fit.predict(interval="prediction", uncertainty="all"),
    "simulations": lambda fit: fit.simulate(2, seed=1),
    "influence": lambda fit: fit.influence("g").frame.select_dtypes("number"),
    "bootstrap": lambda fit: fit.bootstrap(20, seed=1).confint(),
}


@pytest.mark.parametrize("number", NUMBERS)
def test_compound_symmetry_of_two_is_any_covariance(
    pair: tuple[rn.Fit, rn.Fit], number: str
) -> None:
    one, other = (np.asarray(NUMBERS[number](fit), dtype=float) for fit in pair)
    np.testing.assert_allclose(one, other, rtol=2e-4, atol=2e-6)


def test_intervals_of_effects_are_those_of_their_parameters() -> None:
    fit = fitted("ar1")
    rows = fit.tidy("ran_pars", conf_method="wald").set_index("term")
    own = fit._intervals("wald", 0.95, 1, None)
    assert rows.loc["sd__t[t2]", "std_error"] == own.loc["sd|g", "std_error"]
    rho = own.loc["cor|g"]
    two = rows.loc["cor__t[t0].t[t2]"]
    assert two["conf_low"] == pytest.approx(rho["conf_low"] ** 2)
    assert two["estimate"] == pytest.approx(fit._parameter_values[3] ** 2)


@pytest.mark.parametrize("kind", ["parametric", "conditional", "residual", "cluster"])
def test_bootstraps(kind: str) -> None:
    """Estimates of draws spread as much as the standard errors say, if all is drawn anew."""
    fit = fitted("homcs")
    boot = fit.bootstrap(400, seed=2, kind=kind)
    spread = boot.summary()["std_error"]
    errors = np.sqrt(np.diag(fit.vcov_full))
    assert np.isfinite(spread).all()
    if kind == "parametric":
        np.testing.assert_allclose(spread, errors, rtol=0.25)
    frame = boot.replicates
    assert frame["cor|g"].between(-1.0 / 3.0, 1.0).all()
    at_bound = frame["cor|g"].isin([1.0]) | (frame["cor|g"] < -1.0 / 3.0 + 1e-9)
    assert (frame["singular"] >= at_bound).all()


@pytest.mark.parametrize("model", list(ON_BOUND))
def test_a_saved_fit_is_the_same(model: str, tmp_path: Path) -> None:
    fit = on_bound(model)
    fit.save(tmp_path / "fit.ranef")
    again = rn.load(tmp_path / "fit.ranef")
    np.testing.assert_array_equal(again.theta, fit.theta)
    np.testing.assert_array_equal(again.vcov_full, fit.vcov_full)


ANSWERS: dict[str, Callable[[rn.Fit], object]] = {
    "influence": lambda fit: fit.influence("g"),
    "of rows": lambda fit: fit.influence(),
    "conditional aic": lambda fit: fit.caic(),
    "all": lambda fit: fit.predict(interval="prediction", uncertainty="all"),
    "new": lambda fit: fit.predict(
        data().head(3).assign(g=99), new_levels="sample", interval="prediction", seed=1
    ),
    "integrated": lambda fit: fit.predict(interval="confidence", method="integrated", n=99, seed=1),
    "simulate": lambda fit: fit.simulate(2, seed=1),
    "refit": lambda fit: fit.refit(fit.simulate(1, seed=1).iloc[:, 0]),
    "r2": lambda fit: fit.r2(),
    "icc": lambda fit: fit.icc(),
    "robust": lambda fit: fit.tidy(vcov="CR2"),
    "diagnose": lambda fit: str(fit.diagnose()),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("bound", [False, True])
@pytest.mark.parametrize("model", ["hetar1", "toep", "rr"])
def test_what_a_fit_is_asked(model: str, bound: bool, answer: str) -> None:
    made = ANSWERS[answer]((on_bound if bound else fitted)(model))
    if isinstance(made, pd.DataFrame):
        assert np.isfinite(made.select_dtypes("number").to_numpy()[:, 0]).all()


def ratio(small: str | rn.Fit, large: str | rn.Fit) -> pd.Series:
    fits = [fitted(fit) if isinstance(fit, str) else fit for fit in (small, large)]
    return rn.anova(*fits).iloc[-1]


def test_likelihood_ratios_of_structures() -> None:
    assert ratio("homcs", "cs")["law"] == "chi2(3)"
    assert ratio("ar1", "hetar1")["law"] == "chi2(3)"
    assert ratio("ar1", "homtoep")["law"] == "chi2(2)"
    any_ = rn.lmm("y ~ x + (0 + t | g)", data())
    assert ratio("cs", any_)["law"] == "chi2(5)"
    one = rn.lmm("y ~ x + (1 | g)", data())
    assert ratio(one, "homcs")["law"] == "half 0, half chi2(1)"
    assert ratio(one, "toep")["law"].startswith("between")
    with pytest.raises(rn.OptionError, match="not nested"):
        ratio("homcs", "ar1")


def test_planned_studies_take_a_structure_s_parameters() -> None:
    frame = data()[["x", "g", "t"]]

    def found(variances: object, structure: str = "ar1") -> float:
        given = {"g": variances, "Residual": 1.0}
        formula = f"y ~ x + {structure}(0 + t | g)"
        made = rn.power(formula, frame, {"x": 0.3}, given, method="approximate")
        return float(made.frame["power"].iloc[0])

    lag = np.abs(np.subtract.outer(np.arange(4), np.arange(4)))
    assert found({"sd": 0.8, "cor": 0.95}) == pytest.approx(found(0.64 * 0.95**lag), rel=1e-9)
    with pytest.raises(rn.OptionError, match="are not those of homcs"):
        found(0.64 * 0.95**lag, "homcs")
    with pytest.raises(rn.OptionError, match=r"lies between -0\.333 and 1"):
        found({"sd": 1.0, "cor": -0.5}, "homcs")
    with pytest.raises(rn.OptionError, match="has no parameter 't0'"):
        found({"t0": 1.0})
