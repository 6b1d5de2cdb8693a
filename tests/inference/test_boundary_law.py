"""Laws of likelihood ratios, read from where a smaller model lies in a larger one."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.fit.nested_pairs import variances_of
from ranef.inference.boundary_law import Law, Place
from ranef.inference.boundary_law import boundary_law as law_of
from ranef.inference.covariance_of_new import linear_new
from ranef.inference.model_nesting import place_of
from ranef.problem import Problem


def boundary_law(problem: Problem, place: Place, fixed: int) -> Law:
    return law_of(problem, place, fixed, partial(linear_new, problem))


def data() -> pd.DataFrame:
    rng = np.random.default_rng(8)
    n = 240
    g, c = np.arange(n) % 40, (np.arange(n) // 7) % 12
    x, z = rng.normal(size=(2, n))
    y = x + rng.normal(size=40)[g] + 0.5 * rng.normal(size=40)[g] * x + rng.normal(size=12)[c]
    y += rng.normal(size=n)
    return pd.DataFrame({"y": y, "x": x, "z": z, "g": g, "c": c, "h": g % 8})


def law(smaller: str, larger: str, statistic: float = 3.0) -> tuple[float, float, str]:
    small, large = (rn.lmm(f"y ~ x + {part}", data()) for part in (smaller, larger))
    place = place_of(variances_of(small), large._data, None)
    judged = boundary_law(large._problem, place, 0).judge(statistic)
    return judged.p_low, judged.p_high, judged.law


@pytest.mark.parametrize(
    ("smaller", "larger", "words"),
    [
        ("(1 | g)", "(x | g)", "half chi2(1), half chi2(2)"),
        ("(1 | g)", "(x || g)", "half 0, half chi2(1)"),
        ("(x || g)", "(x | g)", "chi2(1)"),
        ("(x | g)", "(x + z | g)", "half chi2(2), half chi2(3)"),
        ("(1 | g)", "(1 | g) + (1 | c)", "half 0, half chi2(1)"),
        ("(1 | g)", "(x | g) + (1 | c)", "0.25 chi2(1), 0.50 chi2(2), 0.25 chi2(3)"),
    ],
)
def test_laws_in_words(smaller: str, larger: str, words: str) -> None:
    low, high, said = law(smaller, larger)
    assert low == high
    assert said == words


def test_two_effects_more_are_a_cone_beside_free_covariances() -> None:
    low, high, said = law("(1 | g)", "(x + z | g)")
    assert low == high
    assert indices(said) == ["chi2(2)", "chi2(3)", "chi2(4)", "chi2(5)"]
    three = law("(1 | g)", "(x + z || g) + (1 | c)")
    assert indices(three[2]) == ["0", "chi2(1)", "chi2(2)", "chi2(3)"]


def indices(words: str) -> list[str]:
    return [part.split(" ")[1] for part in words.split(", ")]


def test_larger_cones_are_simulated_and_say_how_well() -> None:
    low, high, said = law("(1 | c)", "(x + z | g) + (1 | c)")
    assert low == high
    assert said.startswith("mixture of chi2(0) to chi2(6), simulated (p to ")
    assert law("(1 | c)", "(x + z | g) + (1 | c)")[0] == low


def test_a_singular_smaller_model_gives_bounds() -> None:
    """Its variance of zero may be zero in truth or not."""
    frame = data().assign(y=lambda d: d["x"] + np.sin(7.0 * np.arange(len(d))))
    small, large = (rn.lmm(f"y ~ x + {part}", frame) for part in ("(1 | g)", "(x | g)"))
    assert small.certificate.verdict == "boundary optimum"
    place = place_of(variances_of(small), large._data, None)
    assert (place.dims, place.zeros) == (((1, 0),), (1,))
    found = boundary_law(large._problem, place, 0)
    judged = found.judge(3.0)
    assert not found.exact
    assert judged.p_low < judged.p_high
    assert judged.law.startswith("between half 0, half chi2(1) (p = 0.042) and half chi2(2), half")


def test_fixed_effects_add_to_every_index() -> None:
    small, large = (
        rn.lmm(f, data(), reml=False) for f in ("y ~ x + (1 | g)", "y ~ x + z + (x | g)")
    )
    place = place_of(variances_of(small), large._data, None)
    assert boundary_law(large._problem, place, 1).judge(3.0).law == "half chi2(2), half chi2(3)"
    same = place_of(variances_of(large), large._data, None)
    assert boundary_law(large._problem, same, 2).judge(3.0).law == "chi2(2)"


def test_the_shape_of_the_cone_is_the_expected_information() -> None:
    """By matrices of rows by rows, at the smaller model's estimates, everything else free."""
    frame = data()
    small, large = (rn.lmm(f"y ~ x + {f}", frame) for f in ("(1 | g)", "(x | g) + (z - 1 | c)"))
    place = place_of(variances_of(small), large._data, None)
    ours = linear_new(large._problem, place.roots)
    one = np.equal.outer(frame["g"].to_numpy(), frame["g"].to_numpy()).astype(float)
    two = np.equal.outer(frame["c"].to_numpy(), frame["c"].to_numpy()).astype(float)
    x, z, ones = frame["x"].to_numpy(), frame["z"].to_numpy(), np.ones(len(frame))
    v = np.eye(len(frame)) + float(small.theta[0]) ** 2 * one
    design = np.column_stack([ones, x])
    vx = np.linalg.solve(v, design)
    p = np.linalg.inv(v) - vx @ np.linalg.solve(design.T @ vx, vx.T)
    along = [
        one * np.outer(x, x),
        two * np.outer(z, z),
        one,
        one * (np.outer(x, ones) + np.outer(ones, x)),
        np.eye(len(frame)),
    ]
    moved = [p @ a for a in along]
    information = 0.5 * np.array([[np.vdot(a, b.T) for b in moved] for a in moved])
    dense = np.linalg.inv(information)[:2, :2]
    # Inner columns are scaled: what the cone sees are correlations.
    for c in (ours, dense):
        sd = np.sqrt(np.diag(c))
        c /= np.outer(sd, sd)
    np.testing.assert_allclose(ours, dense, atol=1e-9)
