"""Leaving out levels and rows: against refits of the kept rows, closed forms, and lme4."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.core import cross_products
from ranef.core.downdate import Downdate
from ranef.errors import OptionError
from ranef.fit.units import units_of
from ranef.inference import influence as engine
from ranef.inference import one_step
from ranef.inference.nested_blocks import NestedBlocks
from ranef.inference.nesting import outermost
from ranef.solve.face import face_of, gradient, hessian
from ranef.solve.solution import evaluate_at
from ranef.source import rows_of

BY = {
    "slope": ("g",),
    "diagonal": ("g",),
    "nested": ("h", "g:h"),
    "nested slope": ("h", "h:g"),
    "crossed": ("g", "k"),
    "crossed slope": ("g", "k"),
}
CASES = [(kind, by) for kind, factors in BY.items() for by in factors]


@pytest.fixture(scope="module")
def sleep() -> rn.Fit:
    return rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))


def codes_of(fit: Any, by: str) -> np.ndarray:
    return units_of(fit, by).codes


def refitted(example: Any, kept: np.ndarray) -> Any:
    """The model fitted to some of the rows, from the data."""
    options = {
        name: value[kept] if isinstance(value, np.ndarray) else value
        for name, value in example.options.items()
    }
    return rn.lmm(example.formula, example.data[kept], **options)


def parameters(fit: Any) -> pd.Series:
    return fit.bootstrap(1, seed=1).estimates


@pytest.mark.parametrize(("kind", "by"), CASES)
def test_downdated_sums_are_those_of_the_kept_rows(
    make: Callable[..., Any], kind: str, by: str
) -> None:
    example = make(kind, 3, weighted=True, offset=True)
    fit = rn.lmm(example.formula, example.data, **example.options)
    rows = rows_of(fit._design, fit._problem.scaling, fit._data.y, fit._weights)
    units = units_of(fit, by)
    downdate = Downdate(fit._problem.products, rows, units.codes, len(units.levels))
    for j in range(len(units.levels)):
        theirs = cross_products(engine._some(rows, units.codes != j))
        ours = downdate.without(j)
        assert ours.n == theirs.n
        assert ours.sum_log_weights == pytest.approx(theirs.sum_log_weights, abs=1e-10)
        np.testing.assert_allclose(ours.dense(), theirs.dense(), atol=1e-11)


@pytest.mark.parametrize(("kind", "by"), CASES)
@pytest.mark.parametrize("reml", [True, False])
def test_with_variances_kept_it_is_generalised_least_squares_of_the_kept_rows(
    make: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, kind: str, by: str, reml: bool
) -> None:
    example = make(kind, 3, weighted=True, offset=True, reml=reml)
    fit = rn.lmm(example.formula, example.data, **example.options)
    monkeypatch.setattr(engine, "MOST_WORK", 0.0)
    found = fit.influence(by)
    assert set(found["method"]) <= {"variances kept", "not estimable"}
    covariance = example.covariance(fit) / fit.sigma**2
    y = example.data["y"].to_numpy() - example.options["offset"]
    for j, level in enumerate(found.frame.index):
        if found["method"].iloc[j] == "not estimable":
            continue
        kept = codes_of(fit, by) != j
        root = np.linalg.inv(np.linalg.cholesky(covariance[np.ix_(kept, kept)]))
        x, left = root @ example.X[kept], root @ y[kept]
        beta, r2 = np.linalg.lstsq(x, left, rcond=None)[:2]
        nu = kept.sum() - (x.shape[1] if reml else 0)
        without = found.without.loc[level]
        np.testing.assert_allclose(without[: x.shape[1]], beta, rtol=1e-9, atol=1e-10)
        assert without["sigma"] == pytest.approx(np.sqrt(r2[0] / nu), rel=1e-9)
        vcov = np.linalg.inv(x.T @ x) * r2[0] / nu
        own, change = fit.vcov.to_numpy(), fit.fixef.to_numpy() - beta
        row, p = found.frame.loc[level], len(beta)
        expected = {
            "cooks_distance": change @ np.linalg.solve(own, change) / p,
            "mdffits": change @ np.linalg.solve(vcov, change) / p,
            "covtrace": abs(np.trace(np.linalg.solve(own, vcov)) - p),
            "covratio": np.linalg.det(vcov) / np.linalg.det(own),
        }
        for name, value in expected.items():
            assert row[name] == pytest.approx(value, rel=1e-7, abs=1e-12), name


@pytest.mark.parametrize(("kind", "by"), CASES)
def test_a_refit_is_the_fit_of_the_kept_rows(make: Callable[..., Any], kind: str, by: str) -> None:
    example = make(kind, 11, weighted=True, offset=True)
    fit = rn.lmm(example.formula, example.data, **example.options)
    found = fit.influence(by, exact=True)
    for j in range(min(3, len(found))):
        if found["method"].iloc[j] == "not estimable":
            continue
        other = refitted(example, codes_of(fit, by) != j)
        theirs = parameters(other)
        ours = found.without.iloc[j]
        # Standard deviations that vanish are known to the root of the criterion's flatness.
        scale = np.maximum(np.abs(theirs), 1e-2 * other.sigma)
        both = theirs.notna() & ours.notna()
        gap = (np.abs(ours - theirs) / scale)[both & ~ours.index.str.startswith("cor__")]
        assert gap.max() < 1e-5, gap
        errors = np.sqrt(np.diag(other.vcov))
        assert np.abs((ours - theirs)[: len(errors)] / errors).max() < 1e-6
        assert bool(found["singular"].iloc[j]) == (other.certificate.verdict == "boundary optimum")


def test_refits_by_ml_of_a_singular_fit_and_with_a_prior() -> None:
    data = rn.datasets.load("sleepstudy")
    data = data[data["Subject"].isin(data["Subject"].unique()[:7])]
    for options in ({"reml": False}, {"prior": rn.priors.Wishart()}):
        fit = rn.lmm("Reaction ~ Days + (Days | Subject)", data, **options)
        found = fit.influence()
        for level in found.frame.index[:3]:
            other = rn.lmm(
                "Reaction ~ Days + (Days | Subject)",
                data[data["Subject"].astype(str) != level],
                **options,
            )
            np.testing.assert_allclose(found.without.loc[level], parameters(other), rtol=1e-5)
    noise = np.random.default_rng(1).normal(size=48)
    flat = pd.DataFrame({"y": noise, "g": np.arange(48) % 8})
    fit = rn.lmm("y ~ 1 + (1 | g)", flat)
    assert fit.certificate.verdict == "boundary optimum"
    found = fit.influence()
    assert found["converged"].all()
    for level in found.frame.index:
        other = rn.lmm("y ~ 1 + (1 | g)", flat[flat["g"].astype(str) != level])
        assert found.without.loc[level, "Intercept"] == pytest.approx(other.fixef.iloc[0])
        singular = other.certificate.verdict == "boundary optimum"
        assert bool(found.frame.loc[level, "singular"]) is singular


# lme4 1.1-31: m <- lmer(Reaction ~ Days + (Days | Subject), sleepstudy);
# cooks.distance(influence(m, "Subject")), which is (J - p) / J times HLMdiag's; dfbeta of the same;
# cooks.distance(m), hatvalues(m), rstudent(m) of rows 1, 57, 60, 180; with weights 1, 2, 0.5.
LME4_COOK = [0.08214840507, 0.13202079796, 0.09824074429, 0.07414650244, 0.05012150651]
LME4_DFBETA = [
    [0.4242609269, -0.6645539097],
    [2.7264799643, 0.4826765003],
    [2.8188752585, 0.2560227748],
]
ROWS = [0, 56, 59, 179]
LME4_ROW_COOK = [0.004963132515, 2.119889074630, 4.332163703465, 0.012860616003]
LME4_HAT = [0.2293040377, 0.1218762515, 0.2931771881, 0.2931771881]
LME4_RSTUDENT = [-0.1826537631, 5.5270053281, -4.5704358607, -0.2490210583]
LME4_WEIGHTED_COOK = [0.05915089604, 0.21242219459, 0.12121410593]


def test_groups_agree_with_lme4(sleep: rn.Fit) -> None:
    found = sleep.influence("Subject")
    # lme4's theta is good to about 1e-5 (it stops at changes of 1e-8), and these follow it.
    factor = 18 / (18 - 2)
    np.testing.assert_allclose(
        found["cooks_distance"].iloc[:5], np.array(LME4_COOK) * factor, rtol=3e-5
    )
    np.testing.assert_allclose(found[["Intercept", "Days"]].iloc[:3], LME4_DFBETA, rtol=3e-5)


def test_rows_agree_with_lme4(sleep: rn.Fit) -> None:
    found = sleep.influence("rows").frame.iloc[ROWS]
    # R's theta is good to 1e-5 here, and these follow it.
    np.testing.assert_allclose(found["cooks_distance_conditional"], LME4_ROW_COOK, rtol=1e-4)
    np.testing.assert_allclose(found["leverage"], LME4_HAT, rtol=1e-5)
    np.testing.assert_allclose(found["standardized"], LME4_RSTUDENT, rtol=1e-4)
    data = rn.datasets.load("sleepstudy").assign(w=np.tile([1.0, 2.0, 0.5], 60))
    weighted = rn.lmm("Reaction ~ Days + (1 | Subject)", data, weights="w").influence("rows")
    np.testing.assert_allclose(
        weighted["cooks_distance_conditional"].iloc[ROWS[:3]], LME4_WEIGHTED_COOK, rtol=1e-4
    )


@pytest.mark.parametrize("kind", ["slope", "nested", "crossed slope"])
def test_a_row_left_out_in_closed_form_is_left_out(make: Callable[..., Any], kind: str) -> None:
    example = make(kind, 4, weighted=True, offset=True)
    fit = rn.lmm(example.formula, example.data, **example.options)
    found = fit.influence("rows")
    covariance = example.covariance(fit)
    y = example.data["y"].to_numpy() - example.options["offset"]
    for i in (0, 5, 30, 71):
        kept = np.arange(y.size) != i
        root = np.linalg.inv(np.linalg.cholesky(covariance[np.ix_(kept, kept)]))
        beta = np.linalg.lstsq(root @ example.X[kept], root @ y[kept], rcond=None)[0]
        change = beta - fit.fixef.to_numpy()
        np.testing.assert_allclose(found.frame.iloc[i, -3:].astype(float), change, rtol=1e-8)
        cook = change @ np.linalg.solve(fit.vcov, change) / 3
        assert found["cooks_distance"].iloc[i] == pytest.approx(cook, rel=1e-8)


@pytest.mark.parametrize(
    ("kind", "by"),
    [
        *(("intercept", "g"), ("slope", "g"), ("diagonal", "g"), ("two slopes", "g")),
        *(("nested", "h"), ("nested slope", "h")),
    ],
)
@pytest.mark.parametrize("reml", [True, False])
def test_derivatives_from_tensors_are_the_kernels(
    make: Callable[..., Any], kind: str, by: str, reml: bool
) -> None:
    """At variances inside of the space: gradient and Hessian without each level, in theta."""
    example = make(kind, 3, weighted=True, offset=True, reml=reml)
    fit = rn.lmm(example.formula, example.data, **example.options)
    problem, units = fit._problem, units_of(fit, by)
    inner = np.concatenate([(np.eye(t.q) * 0.7 + 0.2)[np.triu_indices(t.q)] for t in problem.terms])
    rows = rows_of(fit._design, problem.scaling, fit._data.y, fit._weights)
    downdate = Downdate(problem.products, rows, units.codes, len(units.levels))
    codes, sizes = [g.codes for g in rows.groups], [g.n_levels for g in rows.groups]
    blocks = NestedBlocks(codes, sizes, outermost(codes, sizes))
    chart = one_step._Chart.at(problem, inner)
    buckets = list(blocks.buckets(chart.widths, lambda m: 2))
    sums = one_step._Sums(problem, downdate)
    parts = [one_step._tensors(sums, chart, bucket) for bucket in buckets]
    total = reduce(one_step._Tensors.plus, [part.total() for part in parts])
    moved = inner + 1e-3 * (-1.0) ** np.arange(inner.size)
    seen = []
    for bucket, part in zip(buckets, parts, strict=True):
        nu = problem.nu - downdate.rows_of_unit[bucket.members]
        without = part.taken_off(total)
        derivatives = one_step._derivatives(without, nu, problem.p, reml)
        slopes, curves = one_step._in_theta(chart, *derivatives)
        near = one_step._profiled(problem, np.tile(moved, (nu.size, 1)), chart, without, nu)
        for i, j in enumerate(bucket.members):
            kept = engine.replace(problem, products=downdate.without(j))
            kernel = kept.kernel()
            evaluate_at(kept, kernel, inner)
            face = face_of(kept, inner)
            slope, (curve, _) = gradient(kept, face, kernel), hessian(kept, face, kernel)
            np.testing.assert_allclose(slopes[i], slope, atol=1e-8 * np.abs(slope).max())
            np.testing.assert_allclose(curves[i], curve, atol=1e-8 * np.abs(curve).max())
            evaluate_at(kept, kernel, moved)
            # Third order in a step of 1e-3; the second order is 1e-6 of these numbers.
            np.testing.assert_allclose(near[1][i], kernel.beta, rtol=1e-7, atol=1e-8)
            np.testing.assert_allclose(near[2][i], kernel.r2 / kernel.nu, rtol=1e-7)
            np.testing.assert_allclose(near[3][i], kernel.xx_inverse, rtol=1e-6, atol=1e-9)
            seen.append(int(j))
    assert sorted(seen) == list(range(len(units.levels)))


@pytest.mark.parametrize(("kind", "reml"), [("(x | g)", True), ("(1 | g/k)", False)])
def test_one_step_is_as_good_as_a_refit_for_many_levels(
    monkeypatch: pytest.MonkeyPatch, kind: str, reml: bool
) -> None:
    monkeypatch.setattr(engine, "MANY", 100)
    rng = np.random.default_rng(3)
    g = np.repeat(np.arange(200), 8)
    x = rng.normal(size=g.size)
    b = rng.normal(size=(200, 2)) * (1.0, 0.7)
    y = b[g, 0] + (1.0 + b[g, 1]) * x + rng.normal(size=g.size)
    data = pd.DataFrame({"y": y, "x": x, "g": g, "k": np.arange(g.size) // 4})
    data["y"] += 0.8 * rng.normal(size=400)[data["k"]]
    fit = rn.lmm(f"y ~ x + {kind}", data, reml=reml)
    found, refits = fit.influence(), fit.influence(exact=True)
    assert set(found["method"]) == {"one step", "refit"}
    assert set(refits["method"]) == {"refit"}
    assert found["converged"].all()
    gap = (found.without - refits.without).abs()
    errors = np.sqrt(np.diag(fit.vcov))
    assert (gap[["Intercept", "x"]] / errors).max().max() < 1e-4
    sds = [name for name in gap if name.startswith("sd__")] + ["sigma"]
    assert (gap[sds] / refits.without[sds]).max().max() < 1e-4
    np.testing.assert_allclose(found["cooks_distance"], refits["cooks_distance"], rtol=1e-2)


def test_exchangeable_groups_have_the_same_influence() -> None:
    """A balanced design whose groups hold the same values, in turn above and below the mean."""
    values = np.array([-1.0, 0.5, 2.0, -1.5])
    data = pd.DataFrame(
        [(3.0 * side + v, g) for g in range(8) for side in [1 - 2 * (g % 2)] for v in values],
        columns=["y", "g"],
    )
    found = rn.lmm("y ~ 1 + (1 | g)", data).influence().frame
    for name in ("cooks_distance", "mdffits", "covratio", "covtrace", "sigma", "sd__Intercept|g"):
        np.testing.assert_allclose(found[name], found[name].iloc[0], rtol=1e-6, err_msg=name)
    np.testing.assert_allclose(found["Intercept"].abs(), abs(found["Intercept"].iloc[0]))


def test_a_group_without_which_a_coefficient_is_unknown_says_so() -> None:
    rng = np.random.default_rng(2)
    g = np.arange(60) % 10
    data = pd.DataFrame({"y": rng.normal(size=60) + rng.normal(size=10)[g], "g": g})
    data["only"] = (g == 3) * 1.0
    found = rn.lmm("y ~ only + (1 | g)", data).influence()
    gone = found["method"] == "not estimable"
    assert list(found.frame.index[gone]) == ["3"]
    assert found.frame.loc["3", ["cooks_distance", "Intercept", "sigma"]].isna().all()
    assert not found.frame.loc["3", "converged"]
    assert "do not determine the model without 3" in str(found)
    two = rn.lmm("y ~ 1 + (1 | h)", data.assign(h=g % 2)).influence()
    assert set(two["method"]) == {"not estimable"}  # one level is left, which has no variance


def test_by_a_variable_and_by_rows_with_refits(make: Callable[..., Any]) -> None:
    data = rn.datasets.load("sleepstudy").query("Subject in ['308', '309', '310', '330', '331']")
    fit = rn.lmm("Reaction ~ Days + (1 | Subject)", data)
    by_day = fit.influence("Days")
    assert list(by_day.frame.index) == [str(day) for day in range(10)]
    other = rn.lmm("Reaction ~ Days + (1 | Subject)", data.query("Days != 4"))
    np.testing.assert_allclose(by_day.without.loc["4"], parameters(other), rtol=1e-6)
    by_row = fit.influence("rows", exact=True)
    other = rn.lmm("Reaction ~ Days + (1 | Subject)", data.iloc[1:])
    np.testing.assert_allclose(by_row.without.iloc[0], parameters(other), rtol=1e-6)
    assert list(by_row.frame.index) == list(data.index)


def test_rows_that_cross_products_lose_digits_of() -> None:
    """Group means that are a million times the residuals: refits sum over the kept rows too."""
    rng = np.random.default_rng(5)
    g = np.arange(60) % 10
    y = 1e7 * rng.normal(size=10)[g] + rng.normal(size=60)
    data = pd.DataFrame({"y": y, "g": g})
    fit = rn.lmm("y ~ 1 + (1 | g)", data)
    assert fit._problem.rows is not None
    found = fit.influence()
    other = rn.lmm("y ~ 1 + (1 | g)", data[g != 4])
    assert found.without.loc["4", "sigma"] == pytest.approx(other.sigma, rel=1e-5)


def test_what_it_returns_is_the_callers(sleep: rn.Fit) -> None:
    found = sleep.influence()
    found.frame.iloc[0, 1] = 99.0
    assert sleep.influence()["cooks_distance"].iloc[0] != 99.0


@pytest.mark.parametrize(
    ("by", "message"),
    [
        ("Day", "did you mean 'Days'"),
        (3, "names a grouping factor or variable of the model"),
        ("Reactions", "did you mean 'Reaction'"),
    ],
)
def test_another_name_is_answered(sleep: rn.Fit, by: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        sleep.influence(by)


def test_crossed_factors_need_a_name() -> None:
    fit = rn.lmm("diameter ~ 1 + (1 | plate) + (1 | sample)", rn.datasets.load("penicillin"))
    with pytest.raises(OptionError, match="crossed grouping factors") as caught:
        fit.influence()
    assert 'by="plate"' in str(caught.value)
    with pytest.raises(OptionError, match="group names one of the crossed"):
        fit.group_residuals()
    with pytest.raises(OptionError, match="whitened residuals need one grouping factor"):
        fit.residuals("whitened")
