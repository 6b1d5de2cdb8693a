"""Linear hypotheses: how they are read, and their F tests."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import ranef as rn
from ranef.inference.ddf.p_values import f_p_value
from ranef.inference.hypotheses import hypotheses

NAMES = ["Intercept", "ses", "sector", "ses:sector", "m[T.B]", "I(x ** 2)", "between(ses, sch.id)"]
UNIT = dict(zip(NAMES, np.eye(len(NAMES)), strict=True))
EQUATIONS = [
    ("ses = 0", UNIT["ses"], 0.0),
    ("ses", UNIT["ses"], 0.0),
    ("ses == 1.5", UNIT["ses"], 1.5),
    ("-1 = ses:sector", -UNIT["ses:sector"], 1.0),
    ("ses = sector", UNIT["ses"] - UNIT["sector"], 0.0),
    ("2 * ses - sector / 4 = 1e-1", 2 * UNIT["ses"] - UNIT["sector"] / 4, 0.1),
    ("(ses + sector) / 2 + 1 = 3", (UNIT["ses"] + UNIT["sector"]) / 2, 2.0),
    ("(Intercept) = 5", UNIT["Intercept"], 5.0),
    ("Intercept + 10 * ses = 5", UNIT["Intercept"] + 10 * UNIT["ses"], 5.0),
    ("m[T.B] = -(sector - 3)", UNIT["m[T.B]"] + UNIT["sector"], 3.0),
    ("I(x**2) = 0", UNIT["I(x ** 2)"], 0.0),
    ("between( ses,sch.id ) - ses", UNIT["between(ses, sch.id)"] - UNIT["ses"], 0.0),
    ("`ses:sector` = +2", UNIT["ses:sector"], 2.0),
]


@pytest.mark.parametrize(("text", "row", "value"), EQUATIONS, ids=[e[0] for e in EQUATIONS])
def test_one_equation(text: str, row: np.ndarray, value: float) -> None:
    made = hypotheses(text, NAMES)
    np.testing.assert_allclose(made.rows, [row], atol=1e-15)
    np.testing.assert_allclose(made.values, [value])


def test_several_equations() -> None:
    made = hypotheses("ses = 0, ses:sector = -1; between(ses, sch.id) = 2,", NAMES)
    assert made.labels == ("ses = 0", "ses:sector = -1", "between(ses, sch.id) = 2")
    assert made.values.tolist() == [0.0, -1.0, 2.0]
    assert made.rows.argmax(axis=1).tolist() == [1, 3, 6]
    listed = hypotheses(["ses = 0", "ses:sector = -1, between(ses, sch.id) = 2"], NAMES)
    assert (listed.labels, listed.rows.tolist()) == (made.labels, made.rows.tolist())


def test_a_chain_compares_neighbours() -> None:
    made = hypotheses("ses = sector = 3", NAMES)
    assert made.labels == ("ses = sector", "sector = 3")
    assert made.rows[:, 1:3].tolist() == [[1.0, -1.0], [0.0, 1.0]]
    assert made.values.tolist() == [0.0, 3.0]


def test_a_longer_name_goes_before_its_beginning() -> None:
    made = hypotheses("x1 = 0, x = 0, x:y = 0", ["x", "x1", "x:y", "y"])
    assert made.rows.argmax(axis=1).tolist() == [1, 0, 2]


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ("sess = 0", "unknown coefficient 'sess'"),
        ("ses2 = 0", "unknown coefficient 'ses2'"),
        ("ses:m = 0", "unknown coefficient 'ses:m'"),
        ("m[T.C] = 0", "unknown coefficient 'm[T.C]'"),
        ("", "a coefficient or a number is missing"),
        ("ses = ", "a coefficient or a number is missing"),
        ("1 = 1", "the equation holds no coefficient"),
        ("ses = ses", "the equation holds no coefficient"),
        ("ses * sector = 0", "a hypothesis is linear"),
        ("1 / ses = 0", "a hypothesis is linear"),
        ("ses / 0 = 0", "a hypothesis is linear"),
        ("ses != 0", "a hypothesis is an equation"),
        ("ses >= 0", "an inequality is the alternative"),
        ("ses > 0, sector = 0", "a one-sided test is of a single hypothesis"),
        ("0 < ses < 1", "a one-sided test is of a single hypothesis"),
        ("ses = 0 sector = 0", "equations stand between commas"),
        ("(ses = 0", "a ( is not closed"),
        ("ses = 0, ses = 1", "the hypotheses contradict each other"),
        ("ses = 0, sector = 0, ses + sector = 1", "the hypotheses contradict each other"),
        ("gone = 0", "the coefficient was left out of the fit"),
        ([[1.0, 0.0]], "the matrix of a hypothesis has a column for each coefficient"),
        (np.zeros((1, 7)), "a row of the matrix asks nothing"),
        (np.full((1, 7), np.nan), "a row of the matrix asks nothing"),
        (None, "hypotheses are a text or a matrix of numbers"),
        ({"ses": 0}, "hypotheses are a text or a matrix of numbers"),
        (["ses = 0", 1.0], "hypotheses are a text or a matrix of numbers"),
    ],
)
def test_what_cannot_be_asked_is_refused(given: Any, what: str) -> None:
    with pytest.raises(rn.OptionError) as caught:
        hypotheses(given, NAMES, ["gone"])
    assert str(caught.value).startswith(what)
    assert caught.value.fix


def test_an_inequality_is_one_equation_with_a_side() -> None:
    for text, side in (("ses > 2", "greater"), ("2 < ses", "greater"), ("ses < 2", "less")):
        made = hypotheses(text, NAMES)
        assert made.alternative == side
        assert made.values.tolist() == [2.0]
        assert made.rows.sum() == 1.0
        assert made.labels == (f"ses {'>' if side == 'greater' else '<'} 2",)
    assert hypotheses("ses", NAMES, alternative="less").labels == ("ses < 0",)
    assert hypotheses("ses > 0", NAMES, alternative="greater").alternative == "greater"
    assert hypotheses("ses = 0, sector = 0", NAMES, alternative="two-sided").labels[1] == (
        "sector = 0"
    )


@pytest.mark.parametrize(
    ("given", "alternative", "what"),
    [
        ("ses = 0, sector = 0", "less", "a one-sided test is of a single hypothesis"),
        (np.eye(7)[:2], "greater", "a one-sided test is of a single hypothesis"),
        ("ses > 0", "less", "the hypothesis and the option ask for different alternatives"),
        ("ses > 0", "two-sided", "the hypothesis and the option ask for different alternatives"),
        ("ses = 0", "both", "unknown alternative 'both'"),
    ],
)
def test_alternatives_that_cannot_be_had(given: Any, alternative: str, what: str) -> None:
    with pytest.raises(rn.OptionError) as caught:
        hypotheses(given, NAMES, alternative=alternative)
    assert str(caught.value).startswith(what)
    assert caught.value.fix


@pytest.fixture(scope="module")
def machines() -> rn.Fit:
    return rn.lmm("score ~ Machine + (1 | Worker)", rn.datasets.load("machines"))


def test_f_is_the_quadratic_form(machines: rn.Fit) -> None:
    found = machines.test("Machine[T.B] = Machine[T.C], Machine[T.B] = 8", ddf="asymptotic")
    rows = np.array([[0.0, 1.0, -1.0], [0.0, 1.0, 0.0]])
    apart = rows @ machines.fixef.to_numpy() - [0.0, 8.0]
    right = apart @ np.linalg.solve(rows @ machines.vcov.to_numpy() @ rows.T, apart)
    assert found.statistic == pytest.approx(right / 2, rel=1e-10)
    assert (found.num_df, found.den_df) == (2, np.inf)
    assert found.p_value == pytest.approx(stats.chi2.sf(right, 2), rel=1e-9)
    estimates = rows @ machines.fixef.to_numpy()
    np.testing.assert_allclose(found.frame["estimate"], estimates)
    np.testing.assert_allclose(found.frame["statistic"], apart / found.frame["std_error"])
    assert found.frame["value"].tolist() == [0.0, 8.0]


@pytest.mark.parametrize("ddf", ["satterthwaite", "kenward-roger", "residual", "asymptotic"])
def test_one_coefficient_is_its_t_test(machines: rn.Fit, ddf: str) -> None:
    found, table = machines.test("Machine[T.B]", ddf=ddf), machines.coefficients(ddf)
    row = table.loc["Machine[T.B]"]
    assert found.statistic == pytest.approx(row["statistic"] ** 2, rel=1e-10)
    assert found.den_df == pytest.approx(row["df"], rel=1e-9)
    assert found.p_value == pytest.approx(row["p_value"], rel=1e-6)


@pytest.mark.parametrize("ddf", ["satterthwaite", "kenward-roger", "residual", "asymptotic"])
def test_one_side_has_half_of_the_p_value(machines: rn.Fit, ddf: str) -> None:
    """The two sides add to 1; a one-sided interval ends where the two-sided one at 90% does."""
    both = machines.test("Machine[T.B] = 7", ddf=ddf)
    greater, less = (machines.test(f"Machine[T.B] {s} 7", ddf=ddf) for s in "><")
    assert greater.statistic == less.statistic == pytest.approx(np.sqrt(both.statistic), rel=1e-9)
    assert greater.p_value == pytest.approx(both.p_value / 2, rel=1e-9)
    assert greater.p_value + less.p_value == pytest.approx(1.0, abs=1e-12)
    assert (greater.num_df, greater.den_df) == (1, pytest.approx(both.den_df, rel=1e-9))
    row = machines.coefficients(ddf, level=0.9).loc["Machine[T.B]"]
    ends = [greater.frame["conf_low"].iloc[0], less.frame["conf_high"].iloc[0]]
    assert ends == pytest.approx([row["conf_low"], row["conf_high"]], rel=1e-9)
    assert greater.frame["conf_high"].iloc[0] == -less.frame["conf_low"].iloc[0] == np.inf
    assert "one-sided p" in str(greater)
    assert "one-sided p" in greater._repr_html_()


def test_the_one_sided_interval_is_the_test(machines: rn.Fit) -> None:
    end = machines.test("Machine[T.B] > 0").frame["conf_low"].iloc[0]
    assert machines.test(f"Machine[T.B] > {end:.12f}").p_value == pytest.approx(0.05, rel=1e-6)


def test_a_matrix_asks_the_same(machines: rn.Fit) -> None:
    text = machines.test("Machine[T.B] = Machine[T.C], Machine[T.B] = 0", ddf="kenward-roger")
    matrix = machines.test([[0, 1, -1], [0, 1, 0]], ddf="kenward-roger")
    assert matrix.statistic == text.statistic
    assert matrix.frame.index[0] == "Machine[T.B] - Machine[T.C] = 0"
    frame = pd.DataFrame([[0, 1, -1], [0, 1, 0]], columns=machines.fixef.index)
    assert machines.test(frame, ddf="kenward-roger").statistic == text.statistic


def test_rows_that_follow_from_others_are_told(machines: rn.Fit) -> None:
    found = machines.test([[0, 1, -1], [0, 1, 0], [0, 0, 1]])
    assert found.num_df == 2
    assert str(found).endswith("2 of the 3 hypotheses imply the others.")
    assert found.statistic == pytest.approx(machines.anova().loc["Machine", "statistic"])


@pytest.mark.parametrize("ddf", ["satterthwaite", "kenward-roger", "asymptotic"])
@pytest.mark.parametrize("unit", [1.0, 1e-5, 1e5, 1e9])
def test_units_of_a_predictor_change_no_joint_test(ddf: str, unit: float) -> None:
    """Rows with standard errors a million times apart are no less independent.

    The degrees of freedom of Satterthwaite's method depend on how the rows are written, as in
    lmerTest; with one x for all groups they are the same for every row, and so here too.
    """
    rng = np.random.default_rng(8)
    x = np.tile(np.linspace(-1.0, 1.0, 6), 12)
    z = np.tile([1.0, -1.0, 0.0, 0.0, -1.0, 1.0], 12)
    g = np.repeat(np.arange(12), 6)
    y = rng.normal(size=12)[g] + 0.4 * x + rng.normal(size=72)
    tests = [
        rn.lmm("y ~ x + z + (1 | g)", pd.DataFrame({"y": y, "x": x, "z": z * u, "g": g})).test(
            "x = 0, z = 0, Intercept = 0", ddf=ddf
        )
        for u in (1.0, unit)
    ]
    assert [t.num_df for t in tests] == [3, 3]
    assert tests[1].statistic == pytest.approx(tests[0].statistic, rel=1e-7)
    if ddf != "satterthwaite":
        assert tests[1].den_df == pytest.approx(tests[0].den_df, rel=1e-6)


@pytest.mark.parametrize("size", [1.0, 1e-6, 1e-12])
def test_rows_that_depend_are_found_whatever_their_size(machines: rn.Fit, size: float) -> None:
    rows = np.array([[0, 1, -1], [0, size, 0], [0, 0, 3.0], [size, 0, 0], [0, 2 * size, -size]])
    found = machines.test(rows)
    assert found.num_df == 3
    np.testing.assert_allclose(found.statistic, machines.test(np.eye(3)).statistic, rtol=1e-8)


def test_a_contradiction_has_no_units() -> None:
    for value in ("1e-12", "1", "1e12"):
        with pytest.raises(rn.OptionError, match="contradict"):
            hypotheses(f"ses = {value}, ses = 2 * {value}", NAMES)
        assert hypotheses(f"ses = {value}, 3 * ses = 3 * {value}", NAMES).rows.shape == (2, 7)


def test_a_number_that_is_not_finite_is_refused() -> None:
    with pytest.raises(rn.OptionError, match="a number is too large"):
        hypotheses("ses = 1e400", NAMES)


def test_it_prints(machines: rn.Fit) -> None:
    found = machines.test("Machine[T.B] = 8")
    assert str(found).startswith("F(1, 46.0) = 0.00, p = 0.975 (Satterthwaite degrees of freedom)")
    assert "Machine[T.B] = 8" in found._repr_html_()
    assert str(found) == repr(found)
    assert "F(1, Inf)" in str(machines.test("Machine[T.B]", ddf="asymptotic"))


def test_p_values() -> None:
    assert f_p_value(3.2, 3, 17.5) == pytest.approx(stats.f.sf(3.2, 3, 17.5), rel=1e-12)
    assert f_p_value(3.2, 3, np.inf) == pytest.approx(stats.chi2.sf(9.6, 3), rel=1e-12)
    assert np.isnan(f_p_value(np.nan, 0, np.nan))
