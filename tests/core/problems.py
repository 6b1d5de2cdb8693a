"""Small random problems of every structure, as rows for a kernel."""

from __future__ import annotations

import numpy as np

from ranef.core import Rows, RowsGroup

STRUCTURES = {
    "one factor": ([12], [1], "free"),
    "slopes": ([9], [3], "free"),
    "many slopes": ([7], [6], "free"),
    "nested": ([14, 4], [2, 1], "nested"),
    "three levels": ([18, 6, 2], [1, 2, 1], "nested"),
    "crossed": ([11, 5], [1, 1], "free"),
    "crossed slopes": ([8, 5], [2, 3], "free"),
    "three crossed": ([10, 6, 3], [1, 2, 1], "free"),
    "nested and crossed": ([15, 5, 4], [1, 2, 2], "nested then crossed"),
    "wide tail": ([75, 72], [1, 1], "free"),
    "wide nested": ([8, 3], [5, 6], "nested"),
    "wide crossed": ([8, 8], [6, 8], "free"),
    "wide, nested and crossed": ([13, 4, 10], [5, 2, 5], "nested then crossed"),
    "parents that meet the tail": ([60, 4, 50], [1, 1, 1], "nested then crossed"),
    "islands": ([60, 40], [1, 1], "islands"),
    "islands with slopes": ([30, 24, 9], [1, 2, 1], "islands"),
}

# The dense kernel takes seconds to search these.
SLOW = {name for name in STRUCTURES if name.startswith(("wide", "parents"))}


def rows(structure: str, seed: int = 0, weighted: bool = False, n: int | None = None) -> Rows:
    levels, widths, kind = STRUCTURES[structure]
    rng = np.random.default_rng(seed)
    # Wide levels have more rows: with fewer rows than random effects twelve digits are not left.
    n = n or 4 * max(k * max(1, q - 3) for k, q in zip(levels, widths, strict=True)) + 20
    codes = [rng.integers(0, k, n).astype(np.int32) for k in levels]
    if kind == "nested":
        for k in range(1, len(levels)):
            parent = rng.integers(0, levels[k], levels[k - 1]).astype(np.int32)
            codes[k] = parent[codes[k - 1]]
    elif kind == "nested then crossed":
        codes[1] = rng.integers(0, levels[1], levels[0]).astype(np.int32)[codes[0]]
    elif kind == "islands":  # levels meet those of their own island, and some a few others
        island = rng.integers(0, 6, n)
        for k, count in enumerate(levels):
            own = (6 * rng.integers(0, count // 6, n) + island).clip(0, count - 1)
            codes[k] = np.where(rng.random(n) < 0.97, own, codes[k]).astype(np.int32)
    groups = tuple(
        RowsGroup(
            codes=np.ascontiguousarray(c),
            n_levels=k,
            columns=(None, *(rng.normal(size=n) for _ in range(q - 1))),
            shifts=(0.0, *rng.normal(size=q - 1)),
            scales=(1.0, *rng.uniform(0.5, 2.0, q - 1)),
        )
        for c, k, q in zip(codes, levels, widths, strict=True)
    )
    y = rng.normal(size=n) + sum(rng.normal(size=k)[c] for c, k in zip(codes, levels, strict=True))
    return Rows(
        groups=groups,
        x=(None, rng.normal(size=n)),
        x_shifts=(0.0, 0.1),
        x_scales=(1.0, 1.5),
        y=y,
        y_shift=0.3,
        y_scale=2.0,
        weights=rng.uniform(0.5, 2.0, n) if weighted else None,
    )


def lambdas(rows: Rows, seed: int = 0, rank: int | None = None) -> list[np.ndarray]:
    """Lower-triangular Lambda by factor; with `rank`, only so many columns are not zero."""
    rng = np.random.default_rng(seed)
    out = []
    for group in rows.groups:
        q = len(group.columns)
        block = np.tril(rng.normal(size=(q, q)))
        if rank is not None:
            block[:, rank:] = 0.0
        out.append(block)
    return out


def dense(rows: Rows) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Z, X, y and weights as plain arrays."""

    def columns(cs, shifts, scales):
        ones = np.ones(rows.y.size)
        return np.column_stack(
            [
                ((ones if c is None else c) - s) / k
                for c, s, k in zip(cs, shifts, scales, strict=True)
            ]
        )

    blocks = []
    for g in rows.groups:
        z = columns(g.columns, g.shifts, g.scales)
        block = np.zeros((rows.y.size, g.n_levels * z.shape[1]))
        for i, code in enumerate(g.codes):
            block[i, code * z.shape[1] : (code + 1) * z.shape[1]] = z[i]
        blocks.append(block)
    x = columns(rows.x, rows.x_shifts, rows.x_scales)
    y = (rows.y - rows.y_shift) / rows.y_scale
    w = np.ones(y.size) if rows.weights is None else rows.weights
    return np.hstack(blocks), x, y, w


def spread(rows: Rows, blocks: list[np.ndarray]) -> np.ndarray:
    """One block for each level of each factor, on the diagonal."""
    from scipy.linalg import block_diag

    return block_diag(
        *[b for g, b in zip(rows.groups, blocks, strict=True) for _ in range(g.n_levels)]
    )
