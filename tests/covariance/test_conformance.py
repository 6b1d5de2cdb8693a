"""What every covariance structure owes to those that use it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.covariance.registered import (
    BLOCKS,
    FAMILIES,
    Array,
    covariance,
    defined,
    inside,
    name_of,
    symmetric,
)

from ranef.core import Structure, TermBlock
from ranef.covariance import kind_of, structure_of

SEEDS = st.integers(0, 10**6)


@pytest.fixture(params=BLOCKS, ids=name_of)
def block(request: pytest.FixtureRequest) -> TermBlock:
    return request.param


@pytest.fixture
def structure(block: TermBlock) -> Structure:
    return structure_of(block)


def differences(function: object, x: Array, step: float = 1e-5) -> Array:
    """Central differences, the coordinate first."""
    out = []
    for k in range(x.size):
        unit = step * np.eye(x.size)[k]
        out.append((function(x + unit) - function(x - unit)) / (2 * step))  # type: ignore[operator]
    return np.array(out)


def slope(structure: Structure, x: Array, gamma: Array) -> Array:
    return np.array([np.sum(gamma * change) for change in structure.directions(x)])


@given(seed=SEEDS)
def test_derivatives(block: TermBlock, seed: int) -> None:
    structure, gamma = structure_of(block), symmetric(block.q, seed)
    x = inside(structure, seed)
    moved = differences(lambda at: covariance(structure, at), x)
    np.testing.assert_allclose(structure.directions(x), moved, atol=1e-8)
    bend = differences(lambda at: slope(structure, at, gamma), x)
    np.testing.assert_allclose(structure.bend(x, gamma), bend, atol=1e-7)


@given(seed=SEEDS)
def test_root_and_parameters(block: TermBlock, seed: int) -> None:
    structure, kind = structure_of(block), kind_of(block)
    x = inside(structure, seed)
    root, d = structure.root(x), covariance(structure, x)
    np.testing.assert_array_equal(root, np.tril(root))
    parameters = structure.parameters(x)
    assert parameters.shape == x.shape == (structure.size,)
    np.testing.assert_allclose(defined(block, kind, parameters), d, atol=1e-12)
    back = structure.coordinates(parameters)
    np.testing.assert_allclose(covariance(structure, back), d, atol=1e-10)
    np.testing.assert_allclose(structure.parameters(back), parameters, atol=1e-10)


@given(seed=SEEDS, factor=st.sampled_from([1e-6, 0.5, 3.0, 1e6]))
def test_the_same_covariance_otherwise(block: TermBlock, seed: int, factor: float) -> None:
    structure = structure_of(block)
    x = inside(structure, seed)
    d = covariance(structure, x)
    np.testing.assert_allclose(covariance(structure, structure.canonical(x)), d, atol=1e-13)
    scaled = covariance(structure, structure.scaled(x, factor))
    np.testing.assert_allclose(scaled, factor**2 * d, rtol=1e-12, atol=1e-13 * factor**2)
    np.testing.assert_array_equal(structure.settled(x, 1e-12), x)


@given(seed=SEEDS)
def test_on_another_scale(block: TermBlock, seed: int) -> None:
    structure, kind = structure_of(block), kind_of(block)
    rng = np.random.default_rng(seed)
    scales = rng.uniform(0.1, 10.0, 1 if kind.one_variance else block.q)
    base = np.asfortranarray(np.diag(np.broadcast_to(scales, block.q)))
    if kind.free:
        base = np.asfortranarray(base + np.triu(rng.normal(size=base.shape), 1))
    x = inside(structure, seed)
    theta = structure.on_scale(x, base)
    there = covariance(structure, structure.coordinates(theta))
    wanted = base @ covariance(structure, x) @ base.T
    np.testing.assert_allclose(there, wanted, rtol=1e-9, atol=1e-10 * wanted.max())
    back = structure.on_scale(structure.coordinates(theta), np.asfortranarray(np.linalg.inv(base)))
    again = covariance(structure, structure.coordinates(back))
    np.testing.assert_allclose(again, covariance(structure, x), atol=1e-8)


@given(seed=SEEDS)
def test_nearest_of_a_member_is_itself(block: TermBlock, seed: int) -> None:
    structure = structure_of(block)
    # Well inside: a search does not start next to a bound.
    d = covariance(structure, 0.5 * inside(structure, seed))
    x = structure.nearest(np.asfortranarray(d))
    if block.structure == "ar1" and min(np.diff(block.positions or (0, 1))) > 1:
        pytest.skip("the sign of the correlation is not in neighbours two steps apart")
    np.testing.assert_allclose(covariance(structure, x), d, atol=1e-10)


def test_nearest_takes_anything(structure: Structure) -> None:
    q = structure.q
    for seed in range(20):
        half = np.random.default_rng(seed).normal(size=(q, q))
        for d in (half @ half.T, half[:, :1] @ half[:, :1].T, 1e6 * half @ half.T, 0.0 * half):
            x = structure.nearest(np.asfortranarray(d))
            assert np.isfinite(x).all()
            trace = np.trace(covariance(structure, x))
            if structure.most_rank == q:
                assert trace == pytest.approx(np.trace(d), rel=1e-9, abs=1e-12)
            else:
                assert trace <= np.trace(d) * (1 + 1e-9)


def test_inside_all_coordinates_are_of_the_face(block: TermBlock, structure: Structure) -> None:
    x, gamma = inside(structure), symmetric(block.q)
    face = structure.face(x)
    assert face.rank == structure.most_rank
    np.testing.assert_allclose(face.covariance, covariance(structure, x), atol=1e-13)
    if kind_of(block).free:
        return
    assert [row for row, _ in face.coordinates] == list(range(structure.size))
    np.testing.assert_allclose(face.directions, structure.directions(x), atol=1e-13)
    np.testing.assert_allclose(face.bend(gamma), structure.bend(x, gamma), atol=1e-12)
    np.testing.assert_allclose(face.gradient(gamma), slope(structure, x, gamma), atol=1e-12)
    step = np.linspace(-1e-3, 1e-3, structure.size)
    np.testing.assert_allclose(face.moved(step), x + step, atol=1e-15)


def on_the_boundary(block: TermBlock) -> list[tuple[Array, int]]:
    """Coordinates with one of them at its bound, and how many columns are left independent."""
    structure, kind = structure_of(block), kind_of(block)
    n_sds, q = kind.n_sds(block.q), block.q
    out = []
    for k in range(n_sds):
        x = inside(structure)
        x[k] = 0.0
        out.append((x, 0 if kind.one_variance else q - 1))
    for k in range(structure.size - n_sds):
        for sign in (-1.0, 1.0):
            x = inside(structure)
            x[n_sds + k] = sign * np.pi / 2
            rank = 1  # equal, or of changing sign; a line in time has more
            if "toep" in kind.name:
                rank = k + 1
            elif kind.name in ("cs", "homcs") and sign < 0:
                rank = q - 1
            out.append((x, rank))
    return out


@pytest.mark.parametrize("block", FAMILIES, ids=name_of)
def test_bounds_are_folds(block: TermBlock) -> None:
    """D is even about a bound, and what is at one is no coordinate of the face."""
    structure = structure_of(block)
    for x, rank in on_the_boundary(block):
        face = structure.face(x)
        assert face.rank == rank
        root = face.root
        assert root.shape == (block.q, rank)
        np.testing.assert_allclose(root @ root.T, covariance(structure, x), atol=1e-10)
        free = [row for row, _ in face.coordinates]
        assert not set(free) & set(np.flatnonzero((x == 0.0) | (np.abs(x) == np.pi / 2)))
        directions = np.array(structure.directions(x))
        for k in set(range(structure.size)) - set(free):
            np.testing.assert_allclose(directions[k], 0.0, atol=1e-13)
        np.testing.assert_allclose(face.moved(np.zeros(len(free))), x, atol=0)
        gamma = symmetric(block.q)
        np.testing.assert_allclose(
            face.gradient(gamma), slope(structure, x, gamma)[free], atol=1e-12
        )


@pytest.mark.parametrize("block", FAMILIES, ids=name_of)
def test_nearly_at_a_bound_is_put_there(block: TermBlock) -> None:
    structure = structure_of(block)
    for x, _ in on_the_boundary(block):
        at = np.flatnonzero((x == 0.0) | (np.abs(x) == np.pi / 2))
        beside = x.copy()
        beside[at] += 1e-5
        settled = structure.settled(beside, 1e-6)
        others = np.setdiff1d(np.arange(x.size), at)
        np.testing.assert_allclose(settled[at], x[at], atol=1e-15)
        np.testing.assert_array_equal(settled[others], x[others])
        np.testing.assert_array_equal(structure.settled(beside, 1e-30), beside)


@pytest.mark.parametrize("block", [b for b in BLOCKS if b not in FAMILIES], ids=name_of)
def test_ranks_of_free_covariances(block: TermBlock) -> None:
    structure = structure_of(block)
    for rank in range(structure.most_rank + 1):
        half = np.random.default_rng(rank).normal(size=(block.q, rank))
        x = structure.nearest(np.asfortranarray(half @ half.T))
        np.testing.assert_allclose(covariance(structure, x), half @ half.T, atol=1e-10)
        face = structure.face(x)
        assert face.rank == rank
        assert len(face.coordinates) == rank * block.q - rank * (rank - 1) // 2
        assert face.null.shape == (block.q, block.q - rank)
        np.testing.assert_allclose(half.T @ face.null, 0.0, atol=1e-8)
