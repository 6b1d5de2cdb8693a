"""Power: textbook formulas of balanced designs, simulation, designs, refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from scipy import stats

import ranef as rn

mpl.use("Agg")

VARIANCES = {"g": {"Intercept": 0.3, "x": 0.2, "cor__Intercept.x": 0.2}, "Residual": 1.0}


def plan(**changes: Any) -> Any:
    options: dict[str, Any] = {
        "formula": "y ~ x * w + (x | g)",
        "design": {"x": "within", "w": "between"},
        "effects": {"x": 0.4, "w": 0.4, "x:w": 0.3},
        "variances": VARIANCES,
        "n_groups": 12,
        "per_group": 6,
        "method": "approximate",
    }
    return rn.power(**{**options, **changes})


def textbook(effect: float, variance: float, df: float, alpha: float = 0.05) -> float:
    t, shift = stats.t.ppf(1 - alpha / 2, df), effect / np.sqrt(variance)
    return float(stats.nct.sf(t, df, shift) + stats.nct.cdf(-t, df, shift))


# Raudenbush and Liu (2000): J groups of n rows, sums of squares n of x within each group and J of
# w over the groups; variance and degrees of freedom of each coefficient.
J, N = 12, 6
BALANCED = {
    "x, intercept only": ("y ~ x + (1 | g)", "x", 1 / (J * N), J * (N - 1) - 1),
    "w, intercept only": ("y ~ w + (1 | g)", "w", (0.3 + 1 / N) / J, J - 2),
    "x with its slope": ("y ~ x + (x | g)", "x", (0.2 + 1 / N) / J, J - 1),
    "x:w, cross-level": ("y ~ x * w + (x | g)", "x:w", (0.2 + 1 / N) / J, J - 2),
    "w with slopes": ("y ~ x * w + (x | g)", "w", (0.3 + 1 / N) / J, J - 2),
}


@pytest.mark.parametrize("case", BALANCED)
def test_balanced_designs_have_the_exact_power(case: str) -> None:
    formula, term, variance, df = BALANCED[case]
    variances: Any = VARIANCES if "(x" in formula else {"g": 0.3, "Residual": 1.0}
    design = {name: level for name, level in (("x", "within"), ("w", "between")) if name in formula}
    for effect in (0.0, 0.4, -0.4):
        found = plan(formula=formula, design=design, effects={term: effect}, variances=variances)
        row = found.frame.iloc[0]
        assert row["std_error"] == pytest.approx(np.sqrt(variance), rel=1e-10)
        assert row["df"] == pytest.approx(df, rel=1e-9)
        assert row["power"] == pytest.approx(textbook(effect, variance, df), rel=1e-8)


def test_the_law_of_each_ddf() -> None:
    df = {d: plan(ddf=d).frame["df"] for d in ("kenward-roger", "residual", "asymptotic")}
    np.testing.assert_allclose(df["kenward-roger"], plan().frame["df"])
    assert (df["residual"] == 72 - 4).all()
    assert np.isinf(df["asymptotic"]).all()
    row = plan(ddf="asymptotic", effects={"x": 0.4}).frame.iloc[0]
    shift, z = 0.4 / row["std_error"], stats.norm.ppf(0.975)
    expected = stats.norm.sf(z - shift) + stats.norm.cdf(-z - shift)
    assert row["power"] == pytest.approx(expected, rel=1e-10)


def test_simulation_agrees_with_the_exact_power() -> None:
    """Far from the boundary; within 3.5 Monte Carlo errors, which a right program passes always
    with this seed, and one in 2,000 times with another."""
    big = {"g": {"Intercept": 0.8, "x": 0.5}, "Residual": 1.0}
    options = {"variances": big, "effects": {"x": 0.0, "w": 0.8}, "per_group": 8}
    simulated = plan(method="simulation", n=400, seed=3, **options).frame
    exact = plan(**options).frame
    assert (np.abs(simulated["power"] - exact["power"]) < 3.5 * simulated["mc_error"]).all()
    np.testing.assert_allclose(simulated["df"], exact["df"], rtol=0.02)
    np.testing.assert_allclose(simulated["std_error"], exact["std_error"], rtol=0.1)
    p = simulated["power"]
    np.testing.assert_allclose(simulated["mc_error"], np.sqrt(p * (1 - p) / 400))


def test_simulation_agrees_in_an_unbalanced_design() -> None:
    """Group sizes 3 to 8, predictors that vary at both levels; 3.5 Monte Carlo errors as above."""
    big = {"g": {"Intercept": 0.6, "x": 0.5}, "Residual": 1.0}
    options = {"design": unbalanced, "variances": big, "n_groups": 30, "per_group": None}
    options["effects"] = {"x": 0.35, "w": 0.4, "x:w": 0.3}
    simulated = plan(method="simulation", n=400, seed=8, **options).frame
    near = plan(**options).frame
    assert (np.abs(simulated["power"] - near["power"]) < 3.5 * simulated["mc_error"]).all()
    np.testing.assert_allclose(simulated["df"], near["df"], rtol=0.05)


def test_each_replicate_is_tested_as_a_fit_is() -> None:
    """The replicates are those of Fit.simulate at the assumed parameters."""
    from ranef.inference.power import balanced_columns

    found = plan(method="simulation", n=12, seed=5).frame
    frame = pd.DataFrame(balanced_columns({"x": "within", "w": "between"}, "g", J, N))
    from ranef.inference.simulate import SimulatedTerm, simulate_responses

    frame["y"] = np.random.default_rng(1).normal(size=len(frame))
    base = rn.lmm("y ~ x * w + (x | g)", frame)
    mean = base._design.X @ np.array([0.0, 0.4, 0.4, 0.3])
    r = 0.2 * np.sqrt(0.3 * 0.2)
    cov = (np.array([[0.3, r], [r, 0.2]]),)
    terms = [SimulatedTerm(t.codes, t.Z, t.n_levels) for t in base._design.terms]
    responses = simulate_responses(terms, mean, cov, 1.0, 12, 5)
    tables = [base.refit(y).coefficients() for y in responses.T]
    for term in ("x", "w", "x:w"):
        row = found.set_index("term").loc[term]
        assert row["power"] == np.mean([t.loc[term, "p_value"] < 0.05 for t in tables])
        assert row["df"] == pytest.approx(np.median([t.loc[term, "df"] for t in tables]), rel=1e-4)
    singular = np.mean([np.linalg.matrix_rank(_cov(base.refit(y))) < 2 for y in responses.T])
    assert found["boundary"].iloc[0] == singular


def _cov(fit: rn.Fit) -> np.ndarray:
    return fit._estimates.covariances[0]


def test_a_seed_gives_the_same_answer_for_each_design() -> None:
    one = plan(method="simulation", n=20, seed=1, n_groups=[6, 12]).frame
    two = plan(method="simulation", n=20, seed=1, n_groups=[12]).frame
    again = plan(method="simulation", n=20, seed=1, n_groups=[6, 12]).frame
    pd.testing.assert_frame_equal(one, again)
    both = one[one["n_groups"] == 12].reset_index(drop=True)
    pd.testing.assert_frame_equal(both, two)


def test_sizes_are_crossed_and_named() -> None:
    frame = plan(n_groups=[8, 16], per_group=(4, 10), effects={"x": 0.4}).frame
    assert frame["design"].tolist() == ["8 x 4", "16 x 4", "8 x 10", "16 x 10"]
    assert frame["rows"].tolist() == [32, 64, 80, 160]
    assert frame["power"].is_monotonic_increasing or frame["power"].nunique() == 4
    columns = ["design", "n_groups", "per_group", "rows", "term", "effect", "power", "mc_error"]
    assert frame.columns.tolist() == [*columns, "std_error", "df", "boundary", "failed"]


# -- designs -------------------------------------------------------------------------------------
def unbalanced(n_groups: int, per_group: int | None) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    g = np.repeat(np.arange(n_groups), rng.integers(3, 9, size=n_groups))
    x = rng.normal(size=g.size)
    return pd.DataFrame({"x": x, "w": rng.normal(size=n_groups)[g], "g": g})


def test_a_function_and_its_frame_say_the_same() -> None:
    one = plan(design=unbalanced, n_groups=15, per_group=None).frame
    two = plan(design=unbalanced(15, None), n_groups=None, per_group=None).frame
    pd.testing.assert_frame_equal(one, two)
    assert one["per_group"].iloc[0] == pytest.approx(one["rows"].iloc[0] / 15)
    assert one["df"].nunique() == 3


def test_crossed_and_nested_designs() -> None:
    frame = pd.DataFrame({"a": np.repeat(np.arange(8), 6), "b": np.tile(np.arange(6), 8)})
    frame["t"] = np.where((frame["a"] + frame["b"]) % 2, "new", "old")
    found = rn.power(
        "y ~ t + (1 | a) + (1 | b)",
        frame,
        {"t[T.old]": 0.8},
        {"a": 0.5, "b": 0.2, "Residual": 1},
        n=10,
        seed=1,
    )
    assert 0.0 <= found.frame.loc[0, "power"] <= 1.0
    assert found.frame.loc[0, "n_groups"] == 6


def test_listed_values_take_turns_and_are_crossed() -> None:
    from ranef.inference.power import balanced_columns

    spec = {
        "arm": ["a", "b"],
        "site": ("between", ["north", "south"]),
        "time": ("within", [0, 1, 2]),
        "x": "within",
        "z": "within",
        "w": "between",
    }
    frame = pd.DataFrame(balanced_columns(spec, "g", 8, 6))
    assert frame.groupby(["arm", "site"])["g"].nunique().tolist() == [2, 2, 2, 2]
    assert frame.groupby(["g", "time"]).size().eq(2).all()
    by_group = frame.groupby("g")[["x", "z"]]
    np.testing.assert_allclose(by_group.mean(), 0.0, atol=1e-12)
    np.testing.assert_allclose(by_group.std(ddof=0), 1.0)
    level = frame.drop_duplicates("g")
    assert np.corrcoef(frame["x"], frame["z"])[0, 1] == pytest.approx(0.0, abs=1e-12)
    assert np.corrcoef(frame["x"], frame["time"])[0, 1] == pytest.approx(0.0, abs=1e-12)
    assert np.mean(level["w"] ** 2) == pytest.approx(1.0)
    assert level.groupby("arm")["w"].mean().abs().max() == pytest.approx(0.0, abs=1e-12)


def test_variances_in_every_form() -> None:
    """In a model in which the power of w depends on the correlation."""
    r = 0.2 * np.sqrt(0.3 * 0.2)
    options: dict[str, Any] = {
        "formula": "y ~ x + w + (x | g)",
        "design": {"x": ("within", [0, 1, 2, 3, 4, 5]), "w": "between"},
        "effects": {"w": 0.4},
    }

    def found(value: Any) -> float:
        return float(plan(**options, variances={"g": value, "Residual": 1}).frame.loc[0, "power"])

    by_name = found(VARIANCES["g"])
    assert abs(found({"Intercept": 0.3, "x": 0.2}) - by_name) > 1e-3
    assert found([[0.3, r], [r, 0.2]]) == pytest.approx(by_name, rel=1e-12)
    by_sd = {"sd__Intercept": np.sqrt(0.3), "x": 0.2, "cor__x.Intercept": 0.2}
    assert found(by_sd) == pytest.approx(by_name, rel=1e-12)


def test_a_pilot_study() -> None:
    sleep = rn.datasets.load("sleepstudy")
    pilot = rn.lmm("Reaction ~ Days + (Days | Subject)", sleep)
    found = rn.power(
        "Reaction ~ Days + (Days | Subject)",
        {"Days": ("within", list(range(10)))},
        pilot.fixef,
        pilot,
        n_groups=18,
        per_group=10,
        method="approximate",
    )
    row = found.frame.iloc[0]
    table = pilot.coefficients()
    assert row["std_error"] == pytest.approx(table.loc["Days", "std_error"], rel=1e-9)
    assert row["df"] == pytest.approx(17.0)
    with pytest.raises(rn.OptionError, match="another random part"):
        plan(variances=pilot)


# -- pages and pictures --------------------------------------------------------------------------
def test_pages() -> None:
    simulated = plan(method="simulation", n=10, seed=1, n_groups=[4, 8])
    page = str(simulated)
    assert "10 replicates" in page
    assert "MC error" in page
    assert "singular" in page
    assert "approximate" in str(plan())
    assert "MC error" not in str(plan())
    assert "<table" in simulated._repr_html_()


def test_curves() -> None:
    import matplotlib.pyplot as plt

    found = plan(n_groups=[8, 16], per_group=[4, 10], effects={"x": 0.4})
    ax = found.plot()
    assert ax.get_xlabel() == "Groups"
    assert found.plot("per_group").get_xlabel() == "Rows in a group"
    lines = [line for line in ax.lines if len(line.get_xdata()) == 2 and line.get_marker() == "o"]
    first = found.frame[found.frame["per_group"] == 4]
    np.testing.assert_allclose(lines[0].get_ydata(), first["power"])
    plt.close("all")


# -- what is refused -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"n_groups": None}, "needs n_groups= and per_group="),
        ({"design": unbalanced(9, None)}, "a data frame has its own numbers"),
        ({"design": lambda: None}, "takes the numbers of groups"),
        ({"design": {"x": "inside", "w": "between"}}, "how 'x' varies is not clear"),
        ({"design": {"x": ("within", [1, "a"]), "w": "between"}}, "how 'x' varies is not clear"),
        ({"n_groups": 1}, "n_groups is at least 2"),
        ({"per_group": 1}, "'x' needs at least 2 rows in a group"),
        ({"formula": "log(y) ~ x * w + (x | g)"}, "response of a planned study"),
        ({"formula": "y ~ x * w + (x | g) + (1 | h)"}, "has one grouping factor"),
        ({"effects": {"v": 1}}, "no coefficient 'v'"),
        ({"effects": {"Intercept": 1}}, "no effect is asked about"),
        ({"effects": [1, 2]}, "effects are given by name"),
        ({"effects": {"x": "large"}}, "the effect of 'x' is a finite number"),
        ({"variances": {"g": 1}}, "the variance of Residual is not given"),
        ({"variances": {"g": 1, "Residual": 1}}, "'g' has the random effects Intercept, x"),
        ({"variances": {"h": 1, "Residual": 1}}, "no random effects of 'h'"),
        ({"variances": {**VARIANCES, "Residual": 0}}, "numbers above zero"),
        ({"variances": {"g": {"x": 1}, "Residual": 1}}, "the variance of Intercept of 'g'"),
        ({"variances": {"g": {"z": 1}, "Residual": 1}}, "'g' has no random effect 'z'"),
        (
            {"variances": {"g": {"Intercept": 1, "x": 1, "cor__Intercept.x": 2}, "Residual": 1}},
            "lies between -1 and 1",
        ),
        ({"variances": {"g": [[1, 2], [2, 1]], "Residual": 1}}, "are not a covariance matrix"),
        ({"alpha": 5}, "alpha is a number between 0 and 1"),
        ({"method": "closed"}, "unknown method 'closed'"),
    ],
)
def test_what_is_refused(changes: dict[str, Any], what: str) -> None:
    with pytest.raises(rn.OptionError, match=what) as caught:
        plan(**changes)
    assert caught.value.fix


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: plan(design={"x": "within"}), rn.UnknownColumnError),
        (lambda: plan(formula="y ~ x * w + (x | g) + (1 | g)"), rn.RanefError),
        (
            lambda: plan(design=lambda j, m: unbalanced(j, m).assign(w=lambda d: 2 * d["x"])),
            rn.RanefError,
        ),
    ],
)
def test_what_the_design_does_not_hold(make: Callable[[], Any], error: type) -> None:
    with pytest.raises(error):
        make()
