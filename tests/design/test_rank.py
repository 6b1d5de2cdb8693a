"""The rule by which columns are left out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ranef as rn
from ranef.design.matrix import ModelColumns
from ranef.design.rank import dependent_columns


def flags(X: np.ndarray, *, intercept: bool) -> list[bool]:
    return dependent_columns(np.asfortranarray(X, dtype=float), intercept=intercept).tolist()


def test_the_later_column_goes() -> None:
    x = np.array([1.0, 3.0, 2.0, 7.0, 5.0])
    z = np.array([0.0, 1.0, 0.0, 0.0, 1.0])
    one = np.ones(5)
    assert flags(np.column_stack([one, x, z, x + z, 3 * one]), intercept=True) == [
        False,
        False,
        False,
        True,
        True,
    ]


def test_a_zero_column_and_more_columns_than_rows() -> None:
    X = np.column_stack([np.eye(3), np.zeros(3), np.ones(3)])
    assert flags(X, intercept=False) == [False, False, False, True, True]


def test_a_far_origin_and_a_tiny_unit_are_no_dependence() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=50)
    X = np.column_stack([np.ones(50), 1.7e9 + x, 1e-12 * rng.normal(size=50)])
    assert flags(X, intercept=True) == [False, False, False]


def test_nearly_dependent_columns_are_kept_until_1e_7() -> None:
    rng = np.random.default_rng(4)
    x, e = rng.normal(size=(2, 100))
    one = np.ones(100)
    for size, expected in ((1e-5, False), (1e-9, True)):
        assert flags(np.column_stack([one, x, x + size * e]), intercept=True)[2] is expected


def test_no_columns() -> None:
    assert flags(np.empty((4, 0)), intercept=False) == []


@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(0, 4), st.booleans())
def test_the_kept_columns_span_the_matrix(seed: int, p: int, extra: int, intercept: bool) -> None:
    rng = np.random.default_rng(seed)
    X = rng.integers(-3, 4, size=(12, p)).astype(float)
    if intercept:
        X[:, 0] = 1.0
    X = np.column_stack([X, X @ rng.integers(-2, 3, size=(p, extra))])
    kept = ~dependent_columns(np.asfortranarray(X), intercept=intercept)
    assert kept.sum() == np.linalg.matrix_rank(X) == np.linalg.matrix_rank(X[:, kept])
    for j in np.flatnonzero(~kept):
        before = X[:, :j]
        assert np.linalg.matrix_rank(before) == np.linalg.matrix_rank(X[:, : j + 1])


def test_ill_conditioned_columns_are_judged_by_what_is_left_of_them() -> None:
    t = np.linspace(0.0, 1.0, 80)
    X = np.column_stack([t**power for power in range(1, 11)] + [t**2 - 3 * t**5 + t**10 / 3])
    expected = []
    for j in range(X.shape[1]):
        before = X[:, :j] / np.linalg.norm(X[:, :j], axis=0)
        fit = before @ np.linalg.lstsq(before, X[:, j], rcond=None)[0]
        expected.append(bool(np.linalg.norm(X[:, j] - fit) < 1e-7 * np.linalg.norm(X[:, j])))
    assert expected == [False] * 10 + [True]
    assert flags(X, intercept=False) == expected


def test_dependence_is_found_whatever_the_rounding() -> None:
    for seed in range(30):
        rng = np.random.default_rng(seed)
        x, z = rng.normal(size=(2, 200))
        X = np.column_stack([np.ones(200), x, z, 0.1 * x + 0.7 * z])
        assert flags(X, intercept=True) == [False, False, False, True]


def test_many_rows_are_judged_some_at_a_time() -> None:
    rng = np.random.default_rng(5)
    t, x = np.arange(20_000.0), rng.normal(size=20_000)
    late = np.where(t > 15_000, x, 3.0)  # constant among the first rows
    X = np.column_stack([np.ones(t.size), t, x, late, 1e9 + t - 2.0 * late])
    assert flags(X, intercept=True) == [False, False, False, False, True]
    assert flags(X[:, :4], intercept=True) == [False] * 4
    assert flags(X[:, 1:4], intercept=False) == [False] * 3


def many_rows(shape: str) -> np.ndarray:
    """Two covariates over more rows than are looked at to begin with."""
    rng = np.random.default_rng(6)
    x, z, e = rng.normal(size=(3, 60_000))
    late = np.arange(x.size) >= 40_000
    match shape:
        case "independent":
            return np.column_stack([x, z])
        case "the same":
            return np.column_stack([x, 2.0 - 3.0 * x])
        case "the same but late":
            return np.column_stack([x, np.where(late, z, x)])
        case "nearly the same but early":
            return np.column_stack([np.where(late, 1e9 * x, x), np.where(late, 1e9 * x, z)])
        case "constant but late":
            return np.column_stack([late * 1.0, x])
        case "nearly constant":
            return np.column_stack([x, 1.0 + 5e-17 * z])
        case "far origin":
            return np.column_stack([1e7 + x, z])
        case "close":
            return np.column_stack([x, x + 1e-5 * e])
        case "huge":
            return np.column_stack([1e120 * x, z])
    raise AssertionError(shape)


SHAPES = {
    "independent": False,
    "the same": True,
    "the same but late": False,
    "nearly the same but early": True,
    "constant but late": False,
    "nearly constant": True,
    "far origin": False,
    "close": False,
    "huge": False,
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("intercept", [True, False])
def test_known_ends_save_rows_and_change_no_answer(shape: str, intercept: bool) -> None:
    X = many_rows(shape)
    if intercept:
        X = np.column_stack([np.ones(len(X)), X])
    ends = [(float(column.min()), float(column.max())) for column in X.T]
    X = np.asfortranarray(X)
    known = dependent_columns(X, intercept=intercept, ends=ends)
    assert known.tolist() == dependent_columns(X, intercept=intercept).tolist()
    if intercept:
        assert known[-1] == SHAPES[shape]


def test_known_ends_save_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.asfortranarray(many_rows("independent"))
    ends = [(float(column.min()), float(column.max())) for column in X.T]
    read: list[int] = []
    whole = ModelColumns.rows

    def rows(self: ModelColumns, start: int, stop: int) -> np.ndarray:
        read.append(min(stop, self.n_rows) - start)
        return whole(self, start, stop)

    monkeypatch.setattr(ModelColumns, "rows", rows)
    assert not dependent_columns(X, intercept=False, ends=ends).any()
    assert sum(read) < len(X) / 4
    read.clear()
    assert not dependent_columns(X, intercept=False).any()
    assert sum(read) == len(X)


@pytest.mark.parametrize("origin", [1e9, -1e12, 1e15])
def test_whole_numbers_far_from_zero_vary(origin: float) -> None:
    """Neighbouring whole numbers are several rounding errors apart up to 2**53 / 8."""
    t = np.tile(np.arange(8.0), 20)
    X = np.column_stack([np.ones(t.size), origin + t])
    assert flags(X, intercept=True) == [False, False]
    assert flags(np.column_stack([X, t]), intercept=True) == [False, False, True]
    assert flags(np.column_stack([X, t**2]), intercept=True) == [False, False, False]


def test_what_rounding_leaves_of_a_square_is_no_column() -> None:
    t = 1e15 + np.tile(np.arange(8.0), 20)
    X = np.column_stack([np.ones(t.size), t, t**2])
    assert flags(X, intercept=True) == [False, False, True]


@pytest.mark.parametrize("size", [1e-150, 1.0, 1e150])
def test_rounding_errors_are_no_variation(size: float) -> None:
    rng = np.random.default_rng(8)
    one = size * (1.0 + 2.0**-52 * rng.integers(-1, 2, 50))
    assert flags(np.column_stack([np.ones(50), one]), intercept=True) == [False, True]
    more = size * (1.0 + 2.0**-52 * rng.integers(-9, 10, 50))
    assert flags(np.column_stack([np.ones(50), more]), intercept=True) == [False, False]


def test_a_trend_far_from_zero_is_the_trend_near_it() -> None:
    rng = np.random.default_rng(9)
    g, t = np.repeat(np.arange(20), 8), np.tile(np.arange(8.0), 20)
    y = rng.normal(size=20)[g] + 0.3 * t + rng.normal(size=160)
    near = rn.lmm("y ~ t + (1 | g)", {"y": y, "t": t, "g": g})
    far = rn.lmm("y ~ t + (1 | g)", {"y": y, "t": 1e15 + t, "g": g})
    assert far.criterion == pytest.approx(near.criterion, rel=1e-12)
    assert far.fixef["t"] == pytest.approx(near.fixef["t"], rel=1e-12)
    assert not far.findings
