"""The lengths of projections on cones, closed forms against drawn directions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from ranef.inference.chi_bar_square import chi_bar_square
from ranef.inference.cones import (
    _project,
    cone_tail,
    pair_weights,
    simulated_tail,
    variance_weights,
)


def covariance(k: int, seed: int = 1) -> np.ndarray:
    a = np.random.default_rng(seed).standard_normal((k, k + 2))
    return np.asarray(a @ a.T)


@pytest.mark.parametrize("sizes", [[1], [1, 1], [1, 1, 1], [2]], ids=str)
@pytest.mark.parametrize("free", [0, 2])
def test_closed_forms_agree_with_drawn_directions(sizes: list[int], free: int) -> None:
    """Of 2,000 directions, in pairs: four standard errors."""
    c = covariance(sum(q * (q + 1) // 2 for q in sizes))
    known, drawn = cone_tail(c, sizes, free), simulated_tail(c, sizes, free)
    assert known.weights is not None
    for t in (0.5, 2.0, 5.0):
        assert known.p(t) == pytest.approx(drawn.p(t), abs=4 * drawn.error(t) + 1e-12)
        assert drawn.error(t) < 0.01


@pytest.mark.parametrize("weights", [variance_weights(covariance(3)), pair_weights(covariance(3))])
def test_weights_are_a_law(weights: dict[int, float]) -> None:
    """Even and odd ones add to a half each (Gauss and Bonnet)."""
    assert all(w > 0.0 for w in weights.values())
    assert weights[0] + weights[2] == pytest.approx(0.5, abs=1e-12)
    assert weights[1] + weights[3] == pytest.approx(0.5, abs=1e-12)


def test_weights_that_are_known() -> None:
    """Independent variances; a matrix whose elements are those of a symmetric normal one."""
    independent = variance_weights(np.diag([1.0, 4.0, 0.1]))
    assert list(independent.values()) == pytest.approx([1 / 8, 3 / 8, 3 / 8, 1 / 8], abs=1e-12)
    root = np.sqrt(0.5)
    expected = [0.5 * (1 - root), 0.5 * root, 0.5 * root, 0.5 * (1 - root)]
    assert list(pair_weights(np.diag([1.0, 0.5, 1.0])).values()) == pytest.approx(expected)


def test_weights_of_a_matrix_do_not_depend_on_the_basis_of_its_effects() -> None:
    """D -> A D A' leaves the cone, and the law, as they are."""
    c, a = covariance(3), np.array([[2.0, 0.3], [-1.0, 0.5]])
    pairs = [(0, 0), (0, 1), (1, 1)]
    change = np.zeros((3, 3))
    for column, (i, j) in enumerate(pairs):
        e = np.zeros((2, 2))
        e[i, j] = e[j, i] = 1.0
        moved = a @ e @ a.T
        change[:, column] = [moved[pair] for pair in pairs]
    first, second = pair_weights(c), pair_weights(change @ c @ change.T)
    assert list(second.values()) == pytest.approx(list(first.values()), abs=1e-9)


def test_variances_agree_with_least_squares_without_negative_parts() -> None:
    """Draws by SciPy's nnls: how many of three are positive."""
    c = covariance(3, 4)
    root = np.linalg.cholesky(np.linalg.inv(c))
    normals = np.random.default_rng(2).standard_normal((4000, 3))
    positive = [int(np.count_nonzero(optimize.nnls(root.T, z)[0] > 1e-12)) for z in normals]
    counts = np.bincount(positive, minlength=4) / 4000
    np.testing.assert_allclose(counts, list(variance_weights(c).values()), atol=0.03)


def test_a_projection_is_the_nearest_matrix_of_the_cone() -> None:
    x = np.random.default_rng(3).standard_normal((50, 7))
    sizes = [3, 1]
    near = _project(x, sizes)
    np.testing.assert_allclose(_project(near, sizes), near, atol=1e-12)
    np.testing.assert_allclose(np.sum(near * (x - near), axis=1), 0.0, atol=1e-12)
    np.testing.assert_allclose(_project(x - near, sizes), 0.0, atol=1e-12)  # in the polar cone


def test_mixed_cones_with_free_directions() -> None:
    """Blocks that do not depend on each other: lengths add."""
    block = np.zeros((4, 4))
    block[:3, :3], block[3, 3] = covariance(3), 2.0
    drawn = simulated_tail(block, [2, 1], 1)
    pair = pair_weights(covariance(3))
    mixed = {1: 0.0, 2: 0.0, 3: 0.0, 4: 0.0, 5: 0.0}
    for df, weight in pair.items():
        mixed[df + 1] += 0.5 * weight
        mixed[df + 2] += 0.5 * weight
    for t in (1.0, 4.0, 8.0):
        assert drawn.p(t) == pytest.approx(chi_bar_square(t, mixed), abs=4 * drawn.error(t))
    assert drawn.p(0.0) == 1.0
