"""The rank of the map to V against the map itself, written out as a matrix of n^2 rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ranef.design import variance_map
from ranef.design.matrix import ModelColumns
from ranef.design.variance_map import FlatDirection, flat_directions


def written_out(
    blocks: list[np.ndarray], codes: np.ndarray, weights: np.ndarray | None
) -> np.ndarray:
    """V of each parameter, one a column: variances and covariances of the terms, residual."""
    n = codes.size
    same = codes[:, None] == codes[None, :]
    columns = [
        (np.outer(z[:, a], z[:, b]) + np.outer(z[:, b], z[:, a])) * same
        for z in blocks
        for a in range(z.shape[1])
        for b in range(a, z.shape[1])
    ]
    columns.append(np.diag(np.ones(n) if weights is None else 1.0 / weights))
    return np.column_stack([c.ravel() / max(np.abs(c).max(), 1e-300) for c in columns])


def rank_of(columns: np.ndarray) -> int:
    values = np.linalg.svd(columns, compute_uv=False)
    return int(np.count_nonzero(values > 1e-8 * values[0]))


def variance(found: FlatDirection, z: np.ndarray, codes: np.ndarray, w: np.ndarray) -> np.ndarray:
    """What a direction changes in V; columns over their largest values."""
    z = z / np.abs(z).max(axis=0)
    random = (z @ found.covariance @ z.T) * (codes[:, None] == codes[None, :])
    return random + found.residual * np.diag(w.mean() / w)


@st.composite
def problems(draw: st.DrawFn):
    """Small numbers, so that columns are constant, equal or proportional by chance."""
    n = draw(st.integers(2, 14))
    levels = draw(st.integers(1, n))
    codes = np.array(draw(st.lists(st.integers(0, levels - 1), min_size=n, max_size=n)))
    blocks = []
    for _ in range(draw(st.integers(1, 3))):
        q = draw(st.integers(1, 3))
        values = draw(st.lists(st.integers(-2, 2), min_size=n * q, max_size=n * q))
        z = np.array(values, dtype=float).reshape(n, q)
        if draw(st.booleans()):
            z[:, 0] = 1.0
        if draw(st.booleans()):  # of the level
            z[:, -1] = z[codes, -1]
        z[0, np.abs(z).max(axis=0) == 0.0] = 1.0
        blocks.append(z)
    weights = None
    if draw(st.booleans()):
        weights = np.array(draw(st.lists(st.sampled_from([0.5, 1.0, 4.0]), min_size=n, max_size=n)))
    return blocks, codes.astype(np.int32), levels, weights


def columns_of(z: np.ndarray) -> ModelColumns:
    constant = (z == 1.0).all(axis=0)
    first = int(np.argmax(constant)) if constant.any() else -1
    made = tuple(None if j == first else z[:, j].copy() for j in range(z.shape[1]))
    return ModelColumns(made, z.shape[0])


@settings(max_examples=400, deadline=None)
@given(problems())
def test_flat_directions_are_the_null_space(problem) -> None:
    blocks, codes, levels, weights = problem
    written = written_out(blocks, codes, weights)
    found = flat_directions([columns_of(z) for z in blocks], codes, levels, weights)
    missing = written.shape[1] - rank_of(written)
    assert bool(found) == bool(missing)
    z, w = np.hstack(blocks), np.ones(codes.size) if weights is None else weights
    for direction in found:
        assert np.abs(variance(direction, z, codes, w)).max() < 1e-9


@settings(max_examples=100, deadline=None)
@given(problems(), st.integers(0, 2**20))
def test_the_basis_of_a_term_and_the_order_of_rows_play_no_part(problem, seed: int) -> None:
    blocks, codes, levels, weights = problem
    rng = np.random.default_rng(seed)
    order = rng.permutation(codes.size)
    turned = [z @ (rng.normal(size=(z.shape[1],) * 2) + 3.0 * np.eye(z.shape[1])) for z in blocks]
    before = flat_directions([ModelColumns.of(z) for z in blocks], codes, levels, weights)
    after = flat_directions(
        [ModelColumns.of(z[order]) for z in turned],
        codes[order],
        levels,
        None if weights is None else 7.0 * weights[order],
    )
    assert bool(before) == bool(after)


@pytest.mark.parametrize("values", [2, 3])
def test_many_rows_are_decided_as_few(values: int) -> None:
    """A group-level column of two values is one too few, of three is enough."""
    codes = np.repeat(np.arange(6000, dtype=np.int32), 5)
    z = (np.arange(6000) % values)[codes].astype(float)
    found = flat_directions([ModelColumns((None, z), codes.size)], codes, 6000)
    assert len(found) == 3 - values


def test_what_a_few_rows_do_not_show_all_rows_do() -> None:
    """The third value stands in one level of thousands."""
    codes = np.repeat(np.arange(6000, dtype=np.int32), 5)
    z = (np.arange(6000) % 2)[codes].astype(float)
    z[codes == 3001] = 2.0
    assert not flat_directions([ModelColumns((None, z), codes.size)], codes, 6000)


def test_the_threshold_from_both_sides() -> None:
    """The third value is off by e: one image is of the order e of the others."""
    codes = np.repeat(np.arange(60, dtype=np.int32), 5)
    for exponent, count in ((-8, 0), (-12, 1)):
        z = (np.arange(60) % 2).astype(float)
        z[7] += 10.0**exponent
        columns = ModelColumns((None, z[codes]), codes.size)
        assert len(flat_directions([columns], codes, 60)) == count


def test_a_random_vector_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """One vector of few rows leaves a null space too large: V u = 0 with V not zero."""
    codes = np.zeros(2, dtype=np.int32)
    columns = ModelColumns((None, np.array([0.0, 1.0])), 2)  # all of V: three entries
    drawn = []
    original = variance_map._null_of

    def counted(*arguments):
        drawn.append(original(*arguments))
        return drawn[-1]

    monkeypatch.setattr(variance_map, "_null_of", counted)
    (found,) = flat_directions([columns], codes, 1)
    assert drawn[0].shape[1] == 2  # four parameters, two rows
    assert found.moves_residual
