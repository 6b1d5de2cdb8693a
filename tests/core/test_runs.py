"""Rows sorted by level are summed run by run: the same sums as in any other order."""

from __future__ import annotations

import numpy as np
import pytest

from ranef.core import Rows, RowsGroup, cross_products

# Kernels compiled for their number of columns, and the general one (3 and 8).
WIDTHS = [(1, 1), (1, 2), (1, 3), (2, 2), (2, 3), (2, 4), (3, 3), (3, 4), (3, 7)]


def rows(q: int, p: int, weighted: bool) -> Rows:
    rng = np.random.default_rng(q + 10 * p)
    # Runs of every length, one longer than a block of the pass, and levels without rows.
    lengths = [*range(12), 700, *rng.integers(2, 40, 30)]
    codes = np.repeat(np.arange(len(lengths)), lengths).astype(np.int32)
    n = codes.size
    z = tuple(rng.normal(size=n) for _ in range(q - 1))
    x = (None, *z, *(rng.normal(size=n) for _ in range(p - q)))
    return Rows(
        groups=(RowsGroup(codes, len(lengths), (None, *z), (0.0,) * q, (1.0,) * q),),
        x=x[:p],
        x_shifts=(0.0,) * p,
        x_scales=(1.0,) * p,
        y=rng.normal(size=n),
        y_shift=0.2,
        y_scale=1.5,
        weights=rng.uniform(0.5, 2.0, n) if weighted else None,
    )


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize(("q", "p"), WIDTHS)
def test_sorted_rows(q: int, p: int, weighted: bool) -> None:
    data = rows(q, p, weighted)
    (group,) = data.groups
    order = np.random.default_rng(1).permutation(data.y.size)

    def shuffled(column: np.ndarray | None) -> np.ndarray | None:
        return None if column is None else np.ascontiguousarray(column[order])

    other = data.replace(
        groups=(
            group.replace(
                codes=np.ascontiguousarray(group.codes[order]),
                columns=tuple(shuffled(c) for c in group.columns),
            ),
        ),
        x=tuple(shuffled(c) for c in data.x),
        y=shuffled(data.y),
        weights=shuffled(data.weights),
    )
    expected = cross_products(other).dense()
    found = cross_products(data).dense()
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13 * np.abs(expected).max())
