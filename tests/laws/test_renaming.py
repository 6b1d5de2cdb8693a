"""A column is a column: whatever it is called, no number of a model depends on it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.formula.naming import in_formula

FORMULAS = {
    "slope": "{y} ~ {x} + (1 + {x} | {g}) + (1 | {h})",
    "interaction": "{y} ~ {x}*{z} + (0 + {x} | {g}) + (1 | {g}) + (1 | {h})",
    "functions": "{y} ~ {f}*{z} + log(abs({x})) + I({x}*{z}) + poly({z}, 2) + (1 | {g}:{h})",
    "centred": "{y} ~ within({x}, {g}) + between({x}, {g}) + ({f} || {g})",
}
VARIABLES = ("y", "x", "z", "f", "g", "h")
ROUNDS: tuple[dict[str, str], ...] = (
    {"x": "Intercept", "g": "Residual", "h": "g.1"},
    {"x": "(Intercept)", "z": "Intercept:x", "f": "Intercept", "g": "fixed", "h": "Residual"},
    {"x": "sigma", "z": "criterion", "f": "C(f)", "g": "g:h", "h": "g", "y": "Intercept"},
    {"x": "x:z", "z": "x", "f": "x[T.u]", "g": "h:g", "h": "index", "y": "log(y)"},
    {"x": "x[T.b]", "z": "reading score", "f": "2nd", "g": "school id", "h": "group", "y": "a ~ b"},
    {"x": "log(x)", "z": "x", "f": "f[T.u]", "g": "factor(h)", "y": "sigma"},
    {"x": "1", "z": "TRUE", "f": "level", "g": "Intercept", "h": "term"},
    {"x": "x_sd", "z": "a|b", "f": "x:z", "h": "x", "y": "x (cm)"},
    {"x": "post-test", "z": "I(x * x)", "f": "data", "g": "self", "h": "row", "y": "score [pts]"},
)


@cache
def _data() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    g, h = np.repeat(np.arange(10), 12), np.tile(np.arange(6), 20)
    x, z = rng.normal(size=(2, 120))
    f = rng.choice(["t", "u", "v"], 120)
    slopes = 0.5 + rng.normal(size=10)
    y = rng.normal(size=10)[g] + rng.normal(size=6)[h] + slopes[g] * x + 0.3 * z + 0.4 * (f == "u")
    y += 0.5 * rng.normal(size=(10, 6))[g, h] + rng.normal(size=120)
    labels = {"g": [f"s{i}" for i in g], "h": [f"i{i}" for i in h]}
    return pd.DataFrame({"y": y, "x": x, "z": z, "f": f, **labels})


def _fit(formula: str, names: Mapping[str, str]) -> tuple[Any, pd.DataFrame]:
    data = _data().rename(columns=dict(names))
    spelt = {v: in_formula(names.get(v, v)) for v in VARIABLES}
    return rn.lmm(FORMULAS[formula].format(**spelt), data), data


def _numbers(fit: Any, data: pd.DataFrame, names: Mapping[str, str]) -> dict[str, Any]:
    """Everything that a reader may take from a fit, by position and not by name."""
    new = data.head(8).copy()
    new[names.get("g", "g")] = "new"
    for column in fit.fixef.index:
        if column.startswith("between("):  # the mean of the new group
            new[column] = 0.25
    boot = fit.bootstrap(3, seed=1)
    return {
        "criterion": fit.criterion,
        "fixef": fit.fixef.to_numpy(),
        "vcov": fit.vcov.to_numpy(),
        "varcorr": fit.varcorr()[["variance", "sd"]].to_numpy(),
        "tidy": fit.tidy().iloc[:, 3:].to_numpy(dtype=float),
        "ran_pars": fit.tidy("ran_pars")["estimate"].to_numpy(),
        "ran_vals": fit.tidy("ran_vals")[["estimate", "std_error"]].to_numpy(dtype=float),
        "ranef": [frame.to_numpy() for frame in fit.ranef().values()],
        "coef": [np.sort(frame.to_numpy(), axis=1) for frame in fit.coef().values()],
        "predictions": fit.predict(data),
        "new levels": fit.predict(new, new_levels="population"),
        "replicates": boot.replicates.iloc[:, : len(boot.estimates)].to_numpy(),
        "intervals": boot.confint().to_numpy(),
        "rows of a table": len(rn.compare(fit).to_frame()),
    }


@cache
def _plain(formula: str) -> dict[str, Any]:
    fit, data = _fit(formula, {})
    return _numbers(fit, data, {})


@pytest.mark.parametrize("names", ROUNDS)
@pytest.mark.parametrize("formula", FORMULAS)
def test_a_name_changes_no_number(formula: str, names: dict[str, str]) -> None:
    fit, data = _fit(formula, names)
    found = _numbers(fit, data, names)
    for what, value in _plain(formula).items():
        values = value if isinstance(value, list) else [value]
        got = found[what] if isinstance(value, list) else [found[what]]
        for a, b in zip(values, got, strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-6, atol=1e-8, err_msg=what)


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_two_things_have_one_name(formula: str) -> None:
    names = {"x": "Intercept", "z": "Intercept:x", "g": "Residual", "h": "Residual:g"}
    fit, _ = _fit(formula, names)
    boot = fit.bootstrap(2, seed=1)
    indices = [fit.fixef.index, boot.estimates.index, boot.replicates.columns]
    indices += [frame.columns for frame in (*fit.ranef().values(), *fit.coef().values())]
    assert all(index.is_unique for index in indices)
    assert not fit.varcorr()[["group", "term1", "term2"]].duplicated().any()
    assert not rn.compare(fit).to_frame().index.duplicated().any()


def test_the_constant_keeps_its_name() -> None:
    fit, _ = _fit("slope", {"x": "Intercept"})
    assert list(fit.fixef.index) == ["Intercept", "`Intercept`"]
    assert list(fit.ranef(condvar=False)["g"].columns) == ["Intercept", "`Intercept`"]
    assert "(Intercept)" in str(fit.summary())


def test_a_model_without_constant_may_have_a_column_of_that_name() -> None:
    data = _data().assign(Intercept=1.0)
    own = rn.lmm("y ~ 0 + Intercept + x + (0 + Intercept | g)", data)
    usual = rn.lmm("y ~ x + (1 | g)", data)
    assert own.criterion == pytest.approx(usual.criterion, abs=1e-9)
    assert list(own.fixef.index) == ["`Intercept`", "x"]


def test_a_constant_column_beside_the_constant_is_dropped() -> None:
    fit = rn.lmm("y ~ Intercept + x + (1 | g)", _data().assign(Intercept=1.0))
    assert fit.dropped == ("`Intercept`",)
    assert fit.fixef["Intercept"] == pytest.approx(rn.lmm("y ~ x + (1 | g)", _data()).fixef.iloc[0])


def test_a_column_beside_an_interaction_of_that_name() -> None:
    data = _data().assign(**{"x:z": np.arange(120.0) % 7})
    fit = rn.lmm("y ~ x*z + `x:z` + (1 | g)", data)
    plain = rn.lmm("y ~ x*z + w + (1 | g)", data.rename(columns={"x:z": "w"}))
    assert list(fit.fixef.index) == ["Intercept", "x", "z", "`x:z`", "x:z"]
    np.testing.assert_allclose(fit.fixef, plain.fixef)
    table = str(rn.compare(fit, rn.lmm("y ~ `x:z` + (1 | g)", data)))
    assert [line.split()[0] for line in table.splitlines() if "x:z" in line] == ["`x:z`", "x:z"]


def test_a_group_beside_an_interaction_of_that_name() -> None:
    data = _data().assign(**{"g:h": np.arange(120) % 8})
    fit = rn.lmm("y ~ x + (1 | `g:h`) + (1 | g:h)", data)
    plain = rn.lmm("y ~ x + (1 | k) + (1 | g:h)", data.rename(columns={"g:h": "k"}))
    assert fit.ngroups == {"g:h": 60, "`g:h`": 8}
    assert fit.criterion == pytest.approx(plain.criterion, abs=1e-9)
    np.testing.assert_allclose(fit.predict(data), plain.predict(data.rename(columns={"g:h": "k"})))


def test_second_terms_do_not_take_the_name_of_a_group() -> None:
    data = _data().assign(**{"g.1": _data()["h"]})
    fit = rn.lmm("y ~ x + (1 | g) + (0 + x | g) + (1 | `g.1`)", data)
    assert list(fit.varcorr()["group"]) == ["g", "g.2", "g.1", "Residual"]
    assert fit.certificate.rank == {"g": 1, "g.2": 1, "g.1": 1}


def test_a_column_of_standard_deviations_does_not_hide_an_effect() -> None:
    data = _data().rename(columns={"z": "x_sd"})
    fit = rn.lmm("y ~ x + x_sd + (0 + x + x_sd | g)", data)
    frame = fit.ranef()["g"]
    assert list(frame.columns) == ["x", "`x_sd`", "x_sd", "`x_sd`_sd"]
    plain = rn.lmm("y ~ x + z + (0 + x + z | g)", _data()).ranef()["g"]
    np.testing.assert_allclose(frame, plain, rtol=1e-6)
    assert list(fit.coef()["g"].columns) == ["Intercept", "x", "x_sd"]


def test_replicates_keep_a_predictor_called_criterion() -> None:
    data = _data().rename(columns={"z": "criterion"})
    boot = rn.lmm("y ~ x + criterion + (1 | g)", data).bootstrap(3, seed=1)
    assert list(boot.replicates.columns)[2] == "`criterion`"
    assert boot.replicates["criterion"].min() > 100.0


def test_correlations_of_dotted_names() -> None:
    data = _data().assign(a=_data()["x"], c=np.arange(120.0) % 5)
    data = data.assign(**{"b.c": data["z"], "a.b": data["z"] ** 2})
    fit = rn.lmm("y ~ 1 + (0 + a + a.b + b.c + c | g)", data)
    boot = fit.bootstrap(2, seed=1)
    assert boot.estimates.index.is_unique
    assert fit.tidy("ran_pars")["term"].is_unique


def test_results_do_not_overwrite_a_variable() -> None:
    data = _data().rename(columns={"x": ".fitted"})
    fit = rn.lmm("y ~ .fitted + (1 | g)", data)
    with pytest.raises(rn.errors.DataError, match=r"rename '\.fitted'"):
        fit.augment()
    np.testing.assert_allclose(fit.fixef, rn.lmm("y ~ x + (1 | g)", _data()).fixef)


def test_levels_that_look_like_coefficients() -> None:
    f = np.array(["a", "x", "x]:k[T.y"])[np.arange(120) % 3]
    k = np.array(["o", "y", "y]:k[T.y"])[np.arange(120) // 3 % 3]
    data = _data().assign(f=f, k=k)
    plain = data.replace({"f": {"x]:k[T.y": "x2"}, "k": {"y]:k[T.y": "y2"}})
    fit = rn.lmm("y ~ f*k + (1 | g)", data)
    np.testing.assert_allclose(fit.fixef, rn.lmm("y ~ f*k + (1 | g)", plain).fixef, rtol=1e-8)
    assert fit.fixef.index.is_unique
    assert "f[T.`x]:k[T.y`]" in fit.fixef.index


def test_contrasts_that_look_like_levels() -> None:
    matrix = pd.DataFrame(
        {"T.u": [-1.0, 1.0, 0.0], "1]:z": [-1.0, 0.0, 1.0]}, index=["t", "u", "v"]
    )
    data = _data()
    fit = rn.lmm("y ~ f*z + (1 | g)", data, contrasts={"f": matrix})
    plain = matrix.set_axis(["a", "b"], axis=1)
    wanted = rn.lmm("y ~ f*z + (1 | g)", data, contrasts={"f": plain})
    np.testing.assert_allclose(fit.fixef, wanted.fixef, rtol=1e-8)
    assert list(fit.fixef.index[1:3]) == ["f[`T.u`]", "f[`1]:z`]"]
    twice = matrix.set_axis(["a", "a"], axis=1)
    with pytest.raises(rn.OptionError, match="two columns called 'a'"):
        rn.lmm("y ~ f*z + (1 | g)", data, contrasts={"f": twice})


def test_levels_with_colons_of_crossed_groups() -> None:
    g = np.array(["p", "p:q"])[np.arange(120) % 2]
    h = np.array(["q:r", "r", "s"])[np.arange(120) % 3]
    fit = rn.lmm("y ~ x + (1 | g:h)", _data().assign(g=g, h=h))
    index = fit.ranef()["g:h"].index
    assert index.is_unique
    assert "p:`q:r`" in index
    assert "`p:q`:r" in index


def test_an_argument_and_a_variable_of_one_name() -> None:
    data = _data().rename(columns={"z": "weights"})
    data.loc[[3, 7], "weights"] = np.nan
    fit = rn.lmm("y ~ weights + (1 | g)", data, weights=np.ones(120))
    assert fit.nobs == 118
    assert dict(fit.missing_rows.by_column) == {"weights": 2}


def test_priors_of_a_group_whose_name_means_something() -> None:
    data = _data().rename(columns={"g": "fixed"})
    prior = {"`fixed`": rn.priors.Gamma(), "fixed": rn.priors.Normal()}
    fit = rn.lmm("y ~ x + (1 | fixed)", data, prior=prior)
    usual = {"g": rn.priors.Gamma(), "fixed": rn.priors.Normal()}
    plain = rn.lmm("y ~ x + (1 | g)", _data(), prior=usual)
    assert fit.criterion == pytest.approx(plain.criterion, abs=1e-9)
    assert set(fit.prior) == {"`fixed`", "fixed"}
