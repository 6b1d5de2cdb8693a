"""Whether one model is nested in another, and whether both are of the same data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.fit.nested_pairs import variances_of
from ranef.inference.model_nesting import NotNested, fixed_parts, place_of
from ranef.inference.same_data import row_order


def data() -> pd.DataFrame:
    rng = np.random.default_rng(6)
    n = 120
    g, f = np.arange(n) % 12, (np.arange(n) // 12) % 3
    x, z = rng.normal(size=(2, n))
    y = x + rng.normal(size=12)[g] + 0.7 * rng.normal(size=(12, 3))[g, f] + rng.normal(size=n)
    return pd.DataFrame(
        {
            "y": y,
            "x": x,
            "z": z,
            "g": g,
            "f": np.array(["a", "b", "c"])[f],
            "label": [f"school {k:02d}" for k in g],
            "w": rng.uniform(0.5, 2.0, n),
        }
    )


def fit(formula: str, frame: pd.DataFrame | None = None, **options: Any) -> rn.Fit:
    return rn.lmm(formula, data() if frame is None else frame, **options)


def place(smaller: str, larger: str) -> Any:
    small, large = fit(smaller), fit(larger)
    return small, large, place_of(variances_of(small), large._data, None)


@pytest.mark.parametrize(
    ("smaller", "larger"),
    [
        ("y ~ x + (1 | g)", "y ~ x + (x | g)"),
        ("y ~ x + (1 | g)", "y ~ x + (x || g)"),
        ("y ~ x + (1 | g) + (0 + x | g)", "y ~ x + (x | g)"),
        ("y ~ x + (1 | label)", "y ~ x + (x | g)"),
        ("y ~ x + (0 + I(x + 2) | g)", "y ~ x + (x | g)"),
        ("y ~ x + (1 | g)", "y ~ x + (0 + f | g)"),
        ("y ~ x + (1 | g) + (1 | g:f)", "y ~ x + (f | g)"),
        ("y ~ x + (1 | g:f)", "y ~ x + (0 + f | g)"),
        ("y ~ x + (1 | g)", "y ~ x + (1 | g/f)"),
    ],
)
def test_the_place_has_the_covariance_of_the_smaller_model(smaller: str, larger: str) -> None:
    """Z D Z' of the larger model at its place is that of the smaller one."""
    small, large, found = place(smaller, larger)

    def product(terms: Any, covariances: Any) -> np.ndarray:
        total = np.zeros((120, 120))
        for term, d in zip(terms, covariances, strict=True):
            same = np.equal.outer(term.codes, term.codes)
            total += same * (term.Z @ d @ term.Z.T)
        return total

    ours = product(large._design.terms, [root @ root.T for root in found.roots])
    theirs = product(small._design.terms, variances_of(small).covariances)
    np.testing.assert_allclose(ours, theirs, atol=1e-9 * np.abs(theirs).max())
    for root in found.roots:
        assert np.linalg.matrix_rank(root) == root.shape[1] if root.size else True
    assert large.loglik >= small.loglik - 1e-7


@pytest.mark.parametrize(
    ("smaller", "larger", "what"),
    [
        ("y ~ x + (1 | g)", "y ~ x + (1 | f) + (0 + x | g)", r"the random part (1 | g)"),
        ("y ~ x + (x | g)", "y ~ x + (1 | g) + (0 + x | g)", r"the random part (1 + x | g)"),
        ("y ~ x + (0 + z | g)", "y ~ x + (x | g)", r"the random part (z | g)"),
        ("y ~ x + (1 | g)", "y ~ x + (1 | g:f)", r"the random part (1 | g)"),
        ("y ~ z + (1 | g)", "y ~ x + (x | g)", r"the fixed effect z"),
        ("y ~ x + (1 | g)", "y ~ 0 + x + z + f:z + (1 | g)", r"the fixed effect Intercept"),
    ],
)
def test_what_is_not_nested_is_named(smaller: str, larger: str, what: str) -> None:
    one, other = fit(smaller), fit(larger)
    with pytest.raises(NotNested) as caught:
        compared(one, other)
    assert str(caught.value) == what


def compared(one: rn.Fit, other: rn.Fit) -> None:
    fixed_parts(one._data, other._data, None)
    place_of(variances_of(one), other._data, None)


def test_codings_of_the_same_columns() -> None:
    """Their REML criteria differ by a constant, whatever the variances."""
    one = fit("y ~ f + (1 | g)")
    other = fit("y ~ 0 + f + (1 | g)", contrasts={"f": "sum"})
    third = fit("y ~ f + (1 | g)", contrasts={"f": "sum"})
    for coded in (other, third):
        found = fixed_parts(one._data, coded._data, None)
        assert found.fewer == 0
        assert one.criterion - coded.criterion == pytest.approx(found.coding, abs=1e-7)
    nothing = fixed_parts(one._data, one._data, None)
    assert (nothing.fewer, nothing.coding) == (0, 0.0)


def test_rows_in_another_order_are_the_same_data() -> None:
    frame = data()
    moved = frame.sample(frac=1.0, random_state=3).reset_index(drop=True)
    one, other = fit("y ~ x + (1 | g)", frame), fit("y ~ x + f + (x | g)", moved)
    order = row_order(one._data, other._data, (one._formula, other._formula))
    assert order is not None
    np.testing.assert_allclose(frame["y"].to_numpy()[order], moved["y"])
    np.testing.assert_array_equal(frame["g"].to_numpy()[order], moved["g"])
    assert row_order(one._data, one._data, (one._formula, one._formula)) is None


def test_ties_are_rows_that_the_smaller_model_cannot_tell_apart() -> None:
    """A response of few values, groups given as numbers and as text."""
    frame = data().assign(y=lambda d: np.round(d["y"]), x=lambda d: np.round(d["x"]))
    moved = frame.sample(frac=1.0, random_state=4)
    small, large = fit("y ~ x + (1 | label)", frame), fit("y ~ x + (x | label)", moved)
    same = rn.anova(small, fit("y ~ x + (x | label)", frame))
    other = rn.anova(small, large)
    np.testing.assert_allclose(other["p_value"][1:], same["p_value"][1:], rtol=1e-6)


@pytest.mark.filterwarnings("ignore:the smaller model is singular")
def test_a_response_given_to_refit_is_not_in_the_table() -> None:
    y = np.random.default_rng(1).normal(size=120)
    small, large = (fit(f"y ~ x + {part}").refit(y) for part in ("(1 | g)", "(x | g)"))
    direct = fit("y ~ x + (x | g)", data().assign(y=y))
    first, second = (rn.anova(small, m)["statistic"].iloc[1] for m in (large, direct))
    assert first == pytest.approx(second, abs=1e-7)


@pytest.mark.parametrize(
    ("change", "what", "found"),
    [
        ({"frame": data().iloc[:119]}, "the models are fitted to different rows", "120 rows of"),
        (
            {"frame": data().assign(y=lambda d: d["y"] + (d.index == 3))},
            "the models are fitted to different rows",
            "other values of y in",
        ),
        (
            {"frame": data().assign(x=lambda d: d["x"] * 2.0)},
            "the models are fitted to different rows",
            "other values of x in",
        ),
        (
            {"frame": data().assign(x=lambda d: d["x"].to_numpy()[::-1])},
            "the models are fitted to different rows",
            "other values of the variables together in",
        ),
        ({"weights": "w"}, "the models have different weights", "other values of weights in"),
        ({"offset": "z"}, "the models have different offset", "other values of offset in"),
        (
            {"formula": "exp(y) ~ x + (x | g)"},
            "the models have different responses",
            "y and exp(y)",
        ),
    ],
)
def test_other_data_are_refused(change: dict[str, Any], what: str, found: str) -> None:
    options = {"formula": "y ~ x + (x | g)", **change}
    with pytest.raises(rn.OptionError) as caught:
        rn.anova(fit("y ~ x + (1 | g)"), fit(**options))
    assert str(caught.value).startswith(what)
    assert found in caught.value.found
    assert caught.value.fix
