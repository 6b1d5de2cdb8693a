"""States of the core's objects: restored if they are whole, refused if they are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.core.small_rows import A, B, N, X, model, products, solved, terms

from ranef._core import CrossProducts, cross_products


def restored(kind: type, state: Any) -> Any:
    one = kind.__new__(kind)
    one.__setstate__(state)
    return one


def changed(state: Any, *path: int, to: Any) -> Any:
    """`state` with something else at one place inside."""
    parts = list(state)
    parts[path[0]] = to if len(path) == 1 else changed(parts[path[0]], *path[1:], to=to)
    return type(state)(parts)


C = np.ascontiguousarray(np.arange(N) % 5, dtype=np.int32)
CROSSED = products((A, 4), (B, 3), (C, 5)).__getstate__()


def test_a_pickle_of_cross_products_is_restored() -> None:
    again = restored(CrossProducts, CROSSED)
    np.testing.assert_array_equal(again.dense(), products((A, 4), (B, 3), (C, 5)).dense())


@pytest.mark.parametrize(
    "state",
    [
        (),
        CROSSED[:5],
        changed(CROSSED, 0, to=-1),
        changed(CROSSED, 1, to=1),
        changed(CROSSED, 1, to=2**31 - 1),
        changed(CROSSED, 3, to=np.zeros((3, 2))),
        changed(CROSSED, 4, to=CROSSED[4][:2]),
        changed(CROSSED, 4, to=CROSSED[4][::-1]),
        changed(CROSSED, 4, 0, to=CROSSED[4][0][:3]),
        changed(CROSSED, 4, 0, 0, to=5),
        changed(CROSSED, 4, 0, 0, to=-4),
        changed(CROSSED, 4, 0, 1, to=2),
        changed(CROSSED, 4, 0, 2, to=np.zeros(3)),
        changed(CROSSED, 4, 0, 3, to=np.zeros(0)),
        changed(CROSSED, 5, to=CROSSED[5][:2]),
        changed(CROSSED, 5, to=CROSSED[5] + CROSSED[5]),
        changed(CROSSED, 5, 0, 0, to=1),
        changed(CROSSED, 5, 0, 1, to=7),
        changed(CROSSED, 5, 0, 2, to=CROSSED[5][0][2][:-8]),
        changed(CROSSED, 5, 0, 2, to=CROSSED[5][0][2][:-1]),
        changed(CROSSED, 5, 0, 2, to=b""),
        changed(CROSSED, 5, 0, 2, to=np.array([0, 99, 3, 6, 12]).tobytes()),
        changed(CROSSED, 5, 0, 3, to=CROSSED[5][0][3][::-1]),
        changed(CROSSED, 5, 0, 3, to=b"\xff" * len(CROSSED[5][0][3])),
        changed(CROSSED, 5, 0, 4, to=np.zeros(1)),
    ],
)
def test_a_pickle_of_no_cross_products_is_refused(state: Any) -> None:
    with pytest.raises((ValueError, TypeError, RuntimeError)):
        restored(CrossProducts, state)


def test_levels_that_meet_as_no_rows_could_are_refused() -> None:
    """Each pair fits its factors; together they are cross-products of no rows."""
    rng = np.random.default_rng(1)
    n = 60
    wide = np.arange(n, dtype=np.int32)
    codes = [rng.integers(0, k, n).astype(np.int32) for k in (30, 30)]
    y = rng.normal(size=n)

    def state_of(*columns: Any) -> Any:
        factors = zip(columns, (n, 30, 30), strict=True)
        rows = model(*((c, k, (None,)) for c, k in factors), x=(None,), y=y)
        return cross_products(rows, 1).__getstate__()

    state, other = state_of(wide, *codes), state_of(wide, codes[0], codes[1][::-1].copy())
    with pytest.raises(ValueError, match="contradict"):
        restored(CrossProducts, changed(state, 5, 2, to=other[5][2]))


PARTS = "columns|one scaling|size|outcome|log|parts"

SCALING, SOLVED = solved(model((A, 4, (None, X))), terms((0, 0, 2)))


@pytest.mark.parametrize(
    ("one", "path", "to"),
    [
        (SCALING, (0,), ([0.0], [], -1)),
        (SCALING, (0, 2), 2),
        (SCALING, (0, 2), -2),
        (SCALING, (3,), []),
        (SCALING, (3,), [(0, 0, 5)]),
        (SCALING, (4,), []),
        (SCALING, (5,), np.eye(3)),
        (SOLVED, (2,), 6),
        (SOLVED, (2,), -1),
        (SOLVED, (5,), 2),
        (SOLVED, (6,), np.zeros((2, 3))),
        (SOLVED, (9,), ()),
    ],
)
def test_a_pickle_of_wrong_parts_is_refused(one: Any, path: tuple[int, ...], to: Any) -> None:
    restored(type(one), one.__getstate__())
    with pytest.raises(ValueError, match=PARTS):
        restored(type(one), changed(one.__getstate__(), *path, to=to))
    # Solutions saved before residuals had structures have two parts less, those saved before there
    # were coefficients have one; both are read.
    fewer = 3 if type(one) is type(SOLVED) else 1
    with pytest.raises(ValueError, match="parts"):
        restored(type(one), one.__getstate__()[:-fewer])
