"""Models at the edge of what identifies variances: fitted where they are, refused where not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

import ranef as rn


def hsb() -> pd.DataFrame:
    data = rn.datasets.load("hsb")
    return data.assign(meanses=data.groupby("sch.id")["ses"].transform("mean"))


def boys() -> pd.DataFrame:
    data = rn.datasets.load("orthodont")
    boy = (data["Sex"].astype(str) == "Male").astype(float)
    return data.assign(nsex=boy, nsexage=boy * data["age"])


def two_days() -> pd.DataFrame:
    data = rn.datasets.load("sleepstudy")
    return data[data["Days"].isin([1, 9])]


@pytest.mark.parametrize(
    ("data", "formula", "criterion"),
    [  # optima of a dense criterion in the variances, searched for from many starts
        (hsb, "math ~ ses + meanses + sector + (meanses | sch.id)", 46553.8011662),
        (two_days, "Reaction ~ Days + (Days || Subject)", 362.6708465),
        (
            boys,
            "distance ~ age + (age | Subject) + (0 + nsex | Subject) + (0 + nsexage | Subject)",
            442.63668588,
        ),
    ],
)
def test_reference_values(data, formula: str, criterion: float) -> None:
    fit = rn.lmm(formula, data())
    assert fit.certificate.certified
    assert fit.criterion == pytest.approx(criterion, abs=2e-7)


def groups(seed: int = 1) -> pd.DataFrame:
    """Thirty groups of eight rows, with variances that differ between groups and between rows."""
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(30), 8)
    x, z, size = rng.normal(size=240), rng.normal(size=30), rng.uniform(0.2, 2.0, 240)
    arm = g % 2
    y = 1.0 + 0.5 * x + (rng.normal(size=30) * (1.0 + arm[::8] + np.abs(z)))[g]
    return pd.DataFrame(
        {
            "y": y + np.sqrt(0.5 + size**2) * rng.normal(size=240),
            "x": x,
            "z": z[g],
            "size": size,
            "arm": arm.astype(float),
            "trt": np.where(arm, "T", "C"),
            "half": np.tile([0.0, 1.0], 120),
            "g": [f"s{i}" for i in g],
            "pair": np.arange(240) // 2,
            "row": np.arange(240),
        }
    )


def reml(X: np.ndarray, y: np.ndarray, V: np.ndarray) -> float:
    """-2 log REML, with the residual variance scaled out of V."""
    nu = y.size - X.shape[1]
    try:
        root = np.linalg.cholesky(V)
    except np.linalg.LinAlgError:
        return np.inf
    Xs, ys = np.linalg.solve(root, X), np.linalg.solve(root, y)
    r = ys - Xs @ np.linalg.lstsq(Xs, ys, rcond=None)[0]
    log_dets = 2.0 * np.log(np.diag(root)).sum() + np.linalg.slogdet(Xs.T @ Xs)[1]
    return float(log_dets + nu * (1.0 + np.log(2.0 * np.pi * (r @ r) / nu)))


@pytest.mark.parametrize(
    ("part", "columns", "factor", "correlated"),
    [
        ("(z | g)", ["z"], "g", True),
        ("(z || g)", ["z"], "g", False),
        ("(trt || g)", ["arm"], "g", False),
        ("(x | pair)", ["x"], "pair", True),
        ("(half || pair)", ["half"], "pair", False),
    ],
)
def test_against_a_dense_criterion(
    part: str, columns: list[str], factor: str, correlated: bool
) -> None:
    data = groups()
    X = np.column_stack([np.ones(240), data["x"]])
    Z = np.column_stack([np.ones(240), *(data[c] for c in columns)])
    level = data[factor].to_numpy()
    same = level[:, None] == level[None, :]

    def criterion(t: np.ndarray) -> float:
        root = np.array([[t[0], 0.0], [t[1] if correlated else 0.0, t[2]]])
        half = Z @ root
        return reml(X, data["y"].to_numpy(), np.eye(240) + half @ half.T * same)

    fit = rn.lmm(f"y ~ x + {part}", data)
    assert fit.certificate.certified
    theta = fit.theta if correlated else np.insert(fit.theta, 1, 0.0)
    assert criterion(theta) == pytest.approx(fit.criterion, abs=1e-7)
    for start in ([1.0, 0.3, 1.0], [0.3, -0.3, 0.5]):
        best = minimize(criterion, start, method="Nelder-Mead", options={"maxiter": 400})
        assert fit.criterion < best.fun + 1e-6


def test_unequal_residual_variances() -> None:
    """(0 + size | row) adds c size^2 to the variance of a row."""
    data = groups()
    fit = rn.lmm("y ~ x + (1 | g) + (0 + size | row)", data)
    assert fit.certificate.verdict == "interior optimum"
    by_row, by_group = fit.theta
    same = data["g"].to_numpy()[:, None] == data["g"].to_numpy()[None, :]
    V = np.diag(1.0 + by_row**2 * data["size"].to_numpy() ** 2) + by_group**2 * same
    X = np.column_stack([np.ones(240), data["x"]])
    assert reml(X, data["y"].to_numpy(), V) == pytest.approx(fit.criterion, abs=1e-7)
    assert "constant-slope" not in [f.code for f in fit.findings]


@pytest.mark.parametrize(
    ("part", "severity"),
    [("(z | g)", "warning"), ("(x + z | g)", "warning"), ("(1 | g) + (0 + z | g)", "note")],
)
def test_what_the_slope_of_a_group_level_predictor_means(part: str, severity: str) -> None:
    fit = rn.lmm(f"y ~ x + z + {part}", groups())
    (found,) = (f for f in fit.findings if f.code == "constant-slope")
    assert found.severity == severity
    assert "'z' never varies within a level of 'g'" in found.message
    assert "a quadratic function of 'z'" in found.message
    assert found.evidence == "30 values of 'z' in 30 groups"
    assert "rarely meant" in found.fix


@pytest.mark.parametrize(
    ("formula", "what", "remedy"),
    [
        ("y ~ x + (arm | g)", "the random slope of 'arm'", "y ~ x + (1 | g)"),
        ("y ~ x + (x + trt | g)", "the random slope of 'trt[T.T]'", "y ~ x + (x | g)"),
        ("y ~ x + (half | pair)", "too many random effects", "y ~ x + (half || pair)"),
        ("y ~ x + (x | row) + (1 | g)", "too many", "y ~ x + (0 + x | row) + (1 | g)"),
        ("y ~ x + (1 | row) + (1 | g)", "as many levels as there are rows", "y ~ x + (1 | g)"),
        ("y ~ x + (0 + trt | g)", "do not tell the random effects", "y ~ x + (0 + trt || g)"),
        ("y ~ x + (x + I(3 * x) | g)", "do not tell the random effects", "y ~ x + (x | g)"),
    ],
)
def test_refused_with_the_nearest_model(formula: str, what: str, remedy: str) -> None:
    with pytest.raises(rn.DesignError) as caught:
        rn.lmm(formula, groups())
    assert what in caught.value.what
    assert caught.value.remedy.formula == remedy
    assert caught.value.remedy.certificate.certified


def test_the_finding_of_a_refused_slope_is_a_problem() -> None:
    with pytest.raises(rn.DesignError) as caught:
        rn.lmm("y ~ x + (arm | g)", groups())
    (found,) = (f for f in caught.value.findings if f.code == "constant-slope")
    assert found.severity == "problem"
    assert found.evidence == "2 values of 'arm' in 30 groups"


@pytest.mark.parametrize(
    ("data", "formula", "names"),
    [
        (
            lambda: rn.datasets.load("penicillin"),
            "diameter ~ (1 | plate) + (1 | plate) + (1 | sample)",
            ["(Intercept) by plate", "(Intercept) by plate.1"],
        ),
        (groups, "y ~ x + (1 | g) + (x | g)", ["(Intercept) by g", "(Intercept) by g.1"]),
        (groups, "y ~ x + (x | g) + (0 + x | g)", ["x by g", "x by g.1"]),
        (groups, "y ~ x + (1 | g) + (0 + x | g) + (0 + I(2 * x) | g)", ["x by g.1", "I(2 * x)"]),
        (groups, "y ~ x + (1 | g) + (0 + trt || g)", ["(Intercept) by g"]),
    ],
)
@pytest.mark.parametrize("by_reml", [True, False])
def test_terms_that_compete_are_named(data, formula: str, names: list[str], by_reml: bool) -> None:
    """Wherever along the flat direction the search ends, at zero too."""
    fit = rn.lmm(formula, data(), reml=by_reml)
    (found,) = (f for f in fit.findings if f.code == "flat")
    assert found.severity == "problem"
    for name in names:
        assert name in found.message


def test_a_prior_row_weight_that_differs_by_a_billionth_changes_nothing() -> None:
    data = groups()
    fit = rn.lmm("y ~ x + (x | pair)", data)
    near = rn.lmm("y ~ x + (x | pair)", data, weights=1.0 + 1e-9 * np.arange(240))
    assert near.criterion == pytest.approx(fit.criterion, abs=1e-5)
