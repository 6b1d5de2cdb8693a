"""Kenward-Roger against its definition with matrices of rows by rows, and exact F tests."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.inference.conftest import FORMULAS, data, fitted

import ranef as rn
from ranef.inference.ddf.kenward_roger import scaled_f

MORE = {
    "crossed with slopes": "y ~ x + (x | g) + (1 | c)",
    "slopes of the smaller factor": "y ~ x + (1 | g) + (x | c)",
    "three factors": "y ~ x + (1 | g) + (1 | c) + (x || h)",
}


def written_out(fit: Any) -> tuple[np.ndarray, np.ndarray, list[np.ndarray], np.ndarray]:
    """Phi, its adjustment, P and W in the parameters vech(D), sigma^2 (Kenward & Roger 1997)."""
    design, sigma = fit._design, fit.sigma
    w = np.ones(design.n) if fit._weights is None else fit._weights
    x = design.X * np.sqrt(w)[:, None]
    v, along = sigma**2 * np.eye(design.n), [np.eye(design.n)]
    for term, d in zip(design.terms, fit._estimates.covariances, strict=True):
        z = term.Z * np.sqrt(w)[:, None]
        same = term.codes[:, None] == term.codes[None, :]
        v += same * (z @ d @ z.T)
        for a in range(term.q):
            for b in range(a, term.q):
                e = np.zeros((term.q, term.q))
                e[a, b] = e[b, a] = 1.0
                along.append(same * (z @ e @ z.T))
    inverse = np.linalg.inv(v)
    phi = np.linalg.inv(x.T @ inverse @ x)
    steps = [inverse @ change for change in along]
    vx, count = inverse @ x, len(along)
    p = [-x.T @ step @ vx for step in steps]
    q = [[x.T @ s @ t @ vx for t in steps] for s in steps]
    information = np.empty((count, count))
    for i in range(count):
        for j in range(count):
            information[i, j] = (
                np.sum(steps[i] * steps[j].T)
                - 2.0 * np.trace(phi @ q[i][j])
                + np.trace(phi @ p[i] @ phi @ p[j])
            )
    covariance = 2.0 * np.linalg.inv(information)
    lost = sum(
        covariance[i, j] * (q[i][j] - p[i] @ phi @ p[j]) for i in range(count) for j in range(count)
    )
    return phi, phi + 2.0 * phi @ lost @ phi, p, covariance


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("layout", [*FORMULAS, *MORE])
def test_the_definition(layout: str, weighted: bool) -> None:
    if layout in FORMULAS:
        fit = fitted(layout, weighted)
    else:
        fit = rn.lmm(MORE[layout], data(), weights="w" if weighted else None)
    phi, adjusted, p, w = written_out(fit)
    method = fit._method("kenward-roger")
    scale = np.sqrt(np.outer(np.diag(adjusted), np.diag(adjusted)))
    np.testing.assert_allclose(method.vcov / scale, adjusted / scale, atol=1e-8)
    moves = [phi @ change @ phi for change in p]
    for row in (np.array([1.0, 0.0]), np.array([0.0, 1.0]), np.array([1.0, -2.0])):
        g = np.array([row @ move @ row for move in moves])
        right = 2.0 * (row @ phi @ row) ** 2 / (g @ w @ g)
        assert method.df(row[None])[0] == pytest.approx(right, rel=1e-7)
    rows, difference = np.array([[1.0, 1.0], [0.0, 1.0]]), np.array([3.0, 0.2])
    theta = rows.T @ np.linalg.solve(rows @ phi @ rows.T, rows)
    u = [theta @ move for move in moves]
    traces = np.array([np.trace(m) for m in u])
    a1 = traces @ w @ traces
    a2 = sum(w[i, j] * np.trace(u[i] @ u[j]) for i in range(len(u)) for j in range(len(u)))
    den_df, factor = scaled_f(a1, a2, 2)
    plain = difference @ np.linalg.solve(rows @ adjusted @ rows.T, difference) / 2.0
    found = method.joint(rows, difference)
    assert (found.num_df, found.den_df) == (2, pytest.approx(den_df, rel=1e-6))
    assert found.statistic == pytest.approx(factor * plain, rel=1e-6)
    assert found.scale == pytest.approx(factor, rel=1e-6)


def test_one_row_is_the_square_of_its_t(sleep: rn.Fit) -> None:
    method, table = sleep._method("kenward-roger"), sleep.coefficients(ddf="kenward-roger")
    found = method.joint(np.array([[0.0, 2.0]]), np.array([2.0 * sleep.fixef["Days"]]))
    assert found.statistic == pytest.approx(table.loc["Days", "statistic"] ** 2, rel=1e-12)
    assert found.den_df == pytest.approx(table.loc["Days", "df"], rel=1e-12)
    assert found.scale == 1.0


def test_rows_that_repeat_each_other_count_once(sleep: rn.Fit) -> None:
    method = sleep._method("kenward-roger")
    rows, difference = np.eye(2), np.array([251.4, 10.4])
    plain = method.joint(rows, difference)
    again = method.joint(np.vstack([rows, rows.sum(axis=0)]), np.append(difference, 261.8))
    assert again.num_df == 2
    np.testing.assert_allclose(again, plain, rtol=1e-8)


def split_plot() -> pd.DataFrame:
    """4 treatments of 5 plots each, with 3 methods in every plot."""
    rng = np.random.default_rng(5)
    plot, method = np.repeat(np.arange(20), 3), np.tile(np.arange(3), 20)
    treatment = plot // 5
    y = 0.5 * treatment + 0.4 * method + 2.0 * rng.normal(size=20)[plot] + rng.normal(size=60)
    return pd.DataFrame(
        {"y": y, "plot": plot, "t": [f"t{k}" for k in treatment], "m": [f"m{k}" for k in method]}
    )


def exact_f(frame: pd.DataFrame) -> tuple[float, float]:
    """F of the treatments against plots (3, 16), and of the methods against the rest (2, 32)."""
    y = frame["y"]
    of_plots = frame.groupby("plot")["y"].transform("mean")
    of_treatments = frame.groupby("t")["y"].transform("mean")
    of_methods = frame.groupby("m")["y"].transform("mean")
    of_cells = frame.groupby(["t", "m"])["y"].transform("mean")
    between = (
        np.sum((of_treatments - y.mean()) ** 2) / 3 / (np.sum((of_plots - of_treatments) ** 2) / 16)
    )
    rest = y - of_plots - of_cells + of_treatments
    within = np.sum((of_methods - y.mean()) ** 2) / 2 / (np.sum(rest**2) / 32)
    return float(between), float(within)


def test_balanced_split_plots_have_the_exact_f() -> None:
    frame = split_plot()
    fit = rn.lmm("y ~ t * m + (1 | plot)", frame, contrasts={"t": "sum", "m": "sum"})
    method, names, beta = fit._method("kenward-roger"), list(fit.fixef.index), fit.fixef.to_numpy()
    exact = exact_f(frame)
    for factor, right, df in (("t", exact[0], 16), ("m", exact[1], 32)):
        rows = np.eye(len(names))[
            [i for i, name in enumerate(names) if name.startswith(f"{factor}[") and ":" not in name]
        ]
        found = method.joint(rows, rows @ beta)
        assert found.statistic == pytest.approx(right, rel=1e-7)
        assert found.den_df == pytest.approx(df, rel=1e-6)


def test_a_variance_of_zero_keeps_its_direction() -> None:
    """dyestuff2: 5 degrees of freedom, as while the variance is small; 29 if it were known."""
    fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff2"))
    assert fit.theta.tolist() == [0.0]
    assert fit.coefficients(ddf="kenward-roger")["df"].iloc[0] == pytest.approx(5.0, rel=1e-9)


def test_two_terms_that_do_the_same_count_as_one() -> None:
    frame = split_plot()
    once = rn.lmm("y ~ t + (1 | plot)", frame).coefficients(ddf="kenward-roger")
    fit = rn.lmm("y ~ t + (1 | plot) + (1 | plot)", frame)
    twice = fit.coefficients(ddf="kenward-roger")
    np.testing.assert_allclose(twice["df"], once["df"], rtol=1e-4)
    np.testing.assert_allclose(twice["std_error"], once["std_error"], rtol=1e-4)


@pytest.mark.parametrize("unit", [1e-8, 1e8])
def test_units_do_not_matter(unit: float) -> None:
    frame = data()
    plain = rn.lmm("y ~ x + (x | g) + (1 | c)", frame).coefficients(ddf="kenward-roger")
    frame["x"] *= unit
    frame["y"] *= unit
    other = rn.lmm("y ~ x + (x | g) + (1 | c)", frame).coefficients(ddf="kenward-roger")
    np.testing.assert_allclose(other["df"], plain["df"], rtol=1e-5)
    np.testing.assert_allclose(other["p_value"], plain["p_value"], rtol=1e-5)


def test_every_table_takes_it(sleep: rn.Fit) -> None:
    table = sleep.coefficients(ddf="kenward-roger")
    assert table["df"].to_numpy() == pytest.approx([17.0, 17.0], rel=1e-9)
    assert "Kenward-Roger" in str(sleep.summary(ddf="kenward-roger"))
    fixed = sleep.tidy(ddf="kenward-roger")
    assert fixed["std_error"].tolist() == table["std_error"].tolist()
    wald = sleep.confint(ddf="kenward-roger")
    assert wald["conf_low"].tolist() == table["conf_low"].tolist()


def test_ml_is_refused() -> None:
    with pytest.raises(rn.OptionError, match="by REML") as caught:
        fitted("one factor", reml=False).summary(ddf="kenward-roger")
    assert "with_reml(True)" in caught.value.fix


def test_priors_are_refused() -> None:
    fit = rn.lmm("y ~ x + (1 | g)", data(), prior=rn.priors.Wishart())
    with pytest.raises(rn.OptionError, match="without priors"):
        fit.coefficients(ddf="kenward-roger")


def test_what_does_not_fit_in_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ranef.inference.ddf.gram.available_memory", lambda: 1000.0)
    fitted("one factor").coefficients(ddf="kenward-roger")  # needs no dense block
    fit = rn.lmm("y ~ x + (1 | g) + (1 | c)", data())
    with pytest.raises(rn.TooLargeError, match="too large"):
        fit.coefficients(ddf="kenward-roger")


@pytest.mark.parametrize("ratio", [0.1, 1.0, 1e3, 1e5])
def test_groups_that_have_the_same_x(ratio: float) -> None:
    """Each group's own line is a draw from one normal law: J - 1, however large the variances."""
    rng = np.random.default_rng(8)
    levels, x = 12, np.linspace(-1.0, 1.0, 6)
    lines = ratio * rng.normal(size=(levels, 2)) @ np.array([[1.0, 0.4], [0.0, 0.8]])
    y = lines[:, :1] + lines[:, 1:] * x + 0.1 * rng.normal(size=(levels, 6))
    frame = pd.DataFrame(
        {"y": y.ravel(), "x": np.tile(x, levels), "g": np.repeat(range(levels), 6)}
    )
    fit = rn.lmm("y ~ x + (x | g)", frame)
    table = fit.coefficients(ddf="kenward-roger")
    np.testing.assert_allclose(table["df"], levels - 1, rtol=1e-5)
    np.testing.assert_allclose(table["std_error"], np.sqrt(np.diag(fit.vcov)), rtol=1e-5)


def test_nearly_collinear_columns() -> None:
    """The same space of columns: the other coefficient is tested the same."""
    frame = data()
    frame["z"] = np.random.default_rng(1).normal(size=len(frame))
    frame["close"] = frame["x"] + 1e-4 * frame["z"]
    plain = rn.lmm("y ~ x + z + (1 | g) + (1 | c)", frame).coefficients(ddf="kenward-roger")
    other = rn.lmm("y ~ x + close + (1 | g) + (1 | c)", frame).coefficients(ddf="kenward-roger")
    columns = ["df", "statistic", "p_value"]
    np.testing.assert_allclose(other.loc["close", columns], plain.loc["z", columns], rtol=1e-6)


def test_without_coefficients_the_table_is_empty() -> None:
    fit = rn.lmm("y ~ 0 + (1 | g)", data())
    assert fit.coefficients(ddf="kenward-roger").empty
