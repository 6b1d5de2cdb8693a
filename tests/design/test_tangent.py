"""Which parameters of a structure the data identify, against matrices written out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ranef.design import build, check_identifiable
from ranef.design.matrix import ModelColumns
from ranef.design.tangent import n_parameters, span_of
from ranef.design.variance_map import flat_directions
from ranef.errors import DesignError
from ranef.formula import parse
from ranef.frame import read_table

STRUCTURES = ("homdiag", "cs", "homcs", "ar1", "hetar1", "toep", "homtoep", "rr")


def covariance(
    structure: str, parameters: np.ndarray, q: int, rank: int, positions: tuple[int, ...]
) -> np.ndarray:
    """The structure written out: standard deviations first, then correlations or loadings."""
    if structure == "rr":
        loadings = np.zeros((q, rank))
        loadings[np.tril_indices(q, m=rank)] = parameters
        return loadings @ loadings.T
    same = structure in ("homdiag", "homcs", "ar1", "homtoep")
    sds = np.full(q, parameters[0]) if same else parameters[:q]
    rest = parameters[1 if same else q :]
    R = np.eye(q)
    at = np.array(positions)
    distance = np.abs(at[:, None] - at[None, :])
    if structure in ("cs", "homcs"):
        R[~np.eye(q, dtype=bool)] = rest[0]
    elif structure in ("ar1", "hetar1"):
        R = rest[0] ** distance.astype(float)
    elif structure in ("toep", "homtoep"):
        for lag, value in zip(np.unique(distance[distance > 0]), rest, strict=True):
            R[distance == lag] = value
    return R * np.outer(sds, sds)


def rank_of(matrices: np.ndarray) -> int:
    flat = matrices.reshape(len(matrices), -1)
    flat = flat / np.linalg.norm(flat, axis=1)[:, None]
    values = np.linalg.svd(flat, compute_uv=False)
    return int(np.count_nonzero(values > 1e-6 * values[0]))


def derivatives(
    structure: str, q: int, rank: int, positions: tuple[int, ...], seed: int
) -> np.ndarray:
    """Central differences at random parameters, shape (P, q, q)."""
    count = n_parameters(structure, q, rank, positions)
    at = np.random.default_rng(seed).uniform(0.4, 0.9, size=count)
    out = []
    for step in 1e-6 * np.eye(count):
        up = covariance(structure, at + step, q, rank, positions)
        down = covariance(structure, at - step, q, rank, positions)
        out.append((up - down) / 2e-6)
    return np.array(out)


@st.composite
def structured(draw: st.DrawFn) -> tuple[str, int, int, tuple[int, ...]]:
    structure = draw(st.sampled_from(STRUCTURES))
    q = draw(st.integers(2, 5))
    rank = draw(st.integers(1, q)) if structure == "rr" else 0
    steps = draw(st.lists(st.integers(1, 3), min_size=q - 1, max_size=q - 1))
    return structure, q, rank, tuple(np.cumsum([0, *steps]).tolist())


@given(structured(), st.integers(0, 2**20))
def test_the_span_has_a_dimension_for_each_parameter(term, seed: int) -> None:
    span = span_of(*term)
    assert span is not None
    assert rank_of(span) == rank_of(derivatives(*term, seed))
    # The rank of q x q loadings is full: as many parameters as a free matrix has.
    assert rank_of(span) == n_parameters(*term)


def written_out(span: np.ndarray, z: np.ndarray, codes: np.ndarray) -> int:
    """How many parameters, with the residual variance, the data leave open."""
    same = codes[:, None] == codes[None, :]
    moves = np.array([*((z @ move @ z.T) * same for move in span), np.eye(codes.size)])
    if not all(np.abs(move).max() > 0 for move in moves):
        return 1
    return len(moves) - rank_of(moves)


@settings(deadline=None)
@given(structured(), st.integers(1, 4), st.integers(1, 2), st.integers(0, 2**20))
def test_flat_directions_are_those_of_the_derivatives(
    term, levels: int, rows: int, seed: int
) -> None:
    q = term[1]
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(levels), q * rows).astype(np.int32)
    z = np.tile(np.eye(q), (levels * rows, 1))
    if seed % 2:
        z = rng.integers(-2, 3, size=z.shape).astype(float)
        z[0] = 1.0
    found = flat_directions([ModelColumns.of(z)], codes, levels, None, [span_of(*term)])
    assert bool(found) == bool(written_out(derivatives(*term, seed), z, codes))
    scaled = z / np.abs(z).max(axis=0)
    for each in found:
        moved = (scaled @ each.covariance @ scaled.T) * (codes[:, None] == codes[None, :])
        assert np.abs(moved + each.residual * np.eye(codes.size)).max() < 1e-8


def data(times: int, rows: int = 1, groups: int = 12) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    g = np.repeat(np.arange(groups), times * rows)
    time = np.tile(np.repeat(np.arange(times), rows), groups)
    y, x = rng.normal(size=(2, g.size))
    year = 2000.0 + rng.integers(0, 9, size=g.size)
    return pd.DataFrame({"y": y, "x": x, "g": g, "time": time, "f": time.astype(str), "year": year})


@pytest.mark.parametrize(
    ("part", "times", "rows", "identified"),
    [
        ("ar1(0 + time | g)", 2, 1, False),
        ("ar1(0 + time | g)", 3, 1, True),
        ("hetar1(0 + time | g)", 3, 1, True),
        ("homtoep(0 + time | g)", 4, 1, False),
        ("homtoep(0 + time | g)", 4, 2, True),
        ("toep(0 + time | g)", 4, 1, True),
        ("homcs(0 + f | g)", 4, 1, False),
        ("homcs(0 + f | g)", 4, 2, True),
        ("cs(0 + f | g)", 2, 1, False),
        ("cs(0 + f | g)", 4, 1, True),
        ("homdiag(0 + f | g)", 4, 1, False),
        ("rr(0 + f | g, 1)", 4, 1, True),
        ("rr(0 + f | g, 3)", 4, 1, True),
        ("rr(0 + f | g, 4)", 4, 1, False),
        ("(1 | g) + ar1(0 + time | g)", 3, 1, False),
        ("(1 | g) + ar1(0 + time | g)", 4, 1, True),
        ("cs(year | g)", 4, 1, True),
        ("homdiag(year | g)", 4, 1, True),
    ],
)
def test_models_are_refused_where_the_residual_variance_competes(
    part: str, times: int, rows: int, identified: bool
) -> None:
    made = build(parse(f"y ~ x + {part}"), read_table(data(times, rows)))
    if identified:
        check_identifiable(made)
        return
    with pytest.raises(DesignError) as caught:
        check_identifiable(made)
    assert "residual variance" in caught.value.found
    assert "the nearest model that the data identify has" in caught.value.fix
    line, carets = caught.value.where.split("\n")
    tag = part.split(" + ", 1)[1] if part.startswith("(1") else part
    assert line[carets.index("^") :].startswith(tag)


def test_the_nearest_model_of_an_exchangeable_structure_is_an_intercept() -> None:
    made = build(parse("y ~ x + homcs(0 + f | g)"), read_table(data(4)))
    with pytest.raises(DesignError) as caught:
        check_identifiable(made)
    assert caught.value.found == (
        "the 2 parameters of homcs(0 + f | g) and the residual variance are determined only in "
        "combination"
    )
    assert caught.value.fix.endswith(" has (1 | g)")
