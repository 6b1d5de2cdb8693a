"""Threads change how long a pass over the rows takes, and no bit of its result."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.core import Rows, RowsGroup, cross_products
from ranef.errors import OptionError

N = 400_000  # several strips of rows


def rows(weighted: bool) -> Rows:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, N))
    nested = rng.integers(0, 4_000, N).astype(np.int32)
    crossed = rng.integers(0, 30, N).astype(np.int32)
    return Rows(
        groups=(
            RowsGroup(nested, 4_000, (None, x), (0.0, 0.1), (1.0, 1.2)),
            RowsGroup(nested // np.int32(8), 500, (None,), (0.0,), (1.0,)),
            RowsGroup(crossed, 30, (None,), (0.0,), (1.0,)),
        ),
        x=(None, x),
        x_shifts=(0.0, 0.1),
        x_scales=(1.0, 1.2),
        y=y,
        y_shift=0.3,
        y_scale=2.0,
        weights=rng.uniform(0.5, 2.0, N) if weighted else None,
    )


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_the_sums_have_the_same_bits_on_any_number_of_threads(weighted: bool) -> None:
    data = rows(weighted)
    one, two, three = (pickle.dumps(cross_products(data, threads)) for threads in (1, 2, 3))
    assert one == two == three


@pytest.mark.parametrize("levels", [12_000, 100_001], ids=["several strips", "many levels"])
def test_a_fit_is_the_same_on_any_number_of_threads(levels: int) -> None:
    rng = np.random.default_rng(2)
    data = pd.DataFrame({"x": rng.normal(size=N), "g": rng.integers(0, levels, N)})
    data["y"] = data["x"] + rng.normal(size=levels)[data["g"]] + rng.normal(size=N)
    fits = [
        rn.lmm("y ~ x + (x | g)", data, control=rn.Control(threads=threads))
        for threads in (None, 1, 2, 3)
    ]
    assert len({fit.criterion for fit in fits}) == 1
    for fit in fits[1:]:
        assert fit.theta.tobytes() == fits[0].theta.tobytes()
        assert fit.fixef.to_list() == fits[0].fixef.to_list()


def test_no_threads_are_refused() -> None:
    with pytest.raises(OptionError, match="threads"):
        rn.Control(threads=0)
