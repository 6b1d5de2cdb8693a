"""Cross-products of the structures against R written out."""

from __future__ import annotations

import numpy as np
import pytest

from ranef.core import Rows, RowsGroup, combine
from ranef.frame import read_table
from ranef.residual import ResidualStructure, learn_residual, parse_residual
from ranef.residual.base import GroupCodes
from ranef.types import Array

N, LEVELS = 60, 6


def table(rng: np.random.Generator) -> dict[str, Array]:
    g = np.repeat(np.arange(LEVELS), N // LEVELS)
    time = np.concatenate(
        [np.sort(rng.choice(14, N // LEVELS, replace=False)) for _ in range(LEVELS)]
    )
    return {
        "g": g,
        "time": 2 * time,
        "f": rng.integers(3, size=N),
        "h": rng.integers(2, size=N),
        "outer": g % 2,
    }


def rows_of(rng: np.random.Generator, data: dict[str, Array], weights: Array | None) -> Rows:
    x, z, y = rng.normal(size=(3, N))
    groups = [
        RowsGroup(data["g"].astype(np.int32), LEVELS, [None, z], [0.0, 0.5], [1.0, 2.0]),
        RowsGroup(data["outer"].astype(np.int32), 2, [x]),
    ]
    return Rows(groups, [None, x], [0.0, 0.3], [1.0, 1.5], y=y, y_shift=0.2, y_scale=3.0,
                weights=weights)  # fmt: skip


def dense_columns(rows: Rows) -> Array:
    """[Z X y] of inner columns."""
    n = rows.y.size
    out = []
    for group in rows.groups:
        codes = np.eye(group.n_levels)[group.codes]
        for level in range(group.n_levels):
            out += [
                codes[:, level] * (((1.0 if c is None else c) - s) / k)
                for c, s, k in zip(group.columns, group.shifts, group.scales, strict=True)
            ]
    out += [
        np.ones(n) * (((1.0 if c is None else c) - s) / k)
        for c, s, k in zip(rows.x, rows.x_shifts, rows.x_scales, strict=True)
    ]
    return np.column_stack([*out, (rows.y - rows.y_shift) / rows.y_scale])


def learned(text: str, data: dict[str, Array]) -> ResidualStructure:
    groups = tuple(GroupCodes(name, data[name].astype(np.int32)) for name in ("g", "outer"))
    return learn_residual(parse_residual(text), read_table(data), groups)


def covariance(
    text: str, structure: ResidualStructure, data: dict[str, Array], phi: Array
) -> Array:
    """C(phi) from its definition."""
    parameters = structure.core.parameters(phi)
    if text.startswith("strata"):
        keys = list(zip(*(data[name] for name in structure.spec.columns), strict=True))
        ratio = np.append(1.0, parameters)
        return np.diag(ratio[[sorted(set(keys)).index(key) for key in keys]] ** 2)
    lag = np.abs(np.subtract.outer(data["time"], data["time"])) // 2
    same = np.equal.outer(data["g"], data["g"])
    return np.where(same, np.power(parameters[0], lag), 0.0)


TEXTS = ["strata(f)", "strata(f, h)", "ar1(time | g)", "ar1(time | outer:g)"]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("weighted", [False, True])
def test_combined_cross_products_are_those_of_the_inverse(text: str, weighted: bool) -> None:
    rng = np.random.default_rng(len(text) + weighted)
    data = table(rng)
    weights = rng.uniform(0.5, 2.0, N) if weighted else None
    rows = rows_of(rng, data, weights)
    structure = learned(text, data)
    core = structure.core
    phi = rng.uniform(-0.8, 0.8, core.size)
    basis = structure.basis(rows)
    assert len(basis) == core.coefficients(phi).size
    root = np.diag(1.0 / np.sqrt(np.ones(N) if weights is None else weights))
    c = covariance(text, structure, data, phi)
    columns = dense_columns(rows)
    wanted = columns.T @ np.linalg.solve(root @ c @ root, columns)
    found = combine(basis, core.coefficients(phi), 1.5)
    assert found.sum_log_weights == 1.5
    np.testing.assert_allclose(found.dense(), wanted, rtol=0, atol=1e-11 * np.abs(wanted).max())
    assert core.log_determinant(phi) == pytest.approx(np.linalg.slogdet(c)[1], abs=1e-10)
    np.testing.assert_allclose(core.coordinates(core.parameters(phi)), phi, atol=1e-12)


@pytest.mark.parametrize("text", TEXTS)
def test_independent_rows_have_the_same_cross_products(text: str) -> None:
    from ranef.core import cross_products

    rng = np.random.default_rng(3)
    data = table(rng)
    given = rng.uniform(0.5, 2.0, N)
    rows = rows_of(rng, data, given)
    structure = learned(text, data)
    phi = rng.uniform(-0.8, 0.8, structure.core.size)
    wanted = combine(structure.basis(rows), structure.core.coefficients(phi), 0.0)
    whitening = structure.whitening(phi)
    own = rows.replace(weights=structure.weights(given, phi))
    found = cross_products(own if whitening is None else whitening.rows(rows))
    np.testing.assert_allclose(found.dense(), wanted.dense(), atol=1e-11)


def test_dependent_residuals_have_the_covariance() -> None:
    rng = np.random.default_rng(4)
    data = table(rng)
    structure = learned("ar1(time | g)", data)
    phi = np.array([0.6])
    whitening = structure.whitening(phi)
    assert whitening is not None
    root = np.column_stack([whitening.dependent(unit) for unit in np.eye(N)])
    np.testing.assert_allclose(root @ root.T, covariance("ar1", structure, data, phi), atol=1e-13)
    values = rng.normal(size=N)
    back = whitening.independent(whitening.dependent(values))
    np.testing.assert_allclose(back, values, atol=1e-13)


def test_groups_that_hold_others() -> None:
    rng = np.random.default_rng(5)
    data = table(rng)
    whitening = learned("ar1(time | g)", data).whitening(np.array([0.5]))
    assert whitening is not None
    assert whitening.holds_groups(data["g"])
    assert whitening.holds_groups(data["outer"])
    assert not whitening.holds_groups(data["f"])


def test_structures_nested_in_others() -> None:
    rng = np.random.default_rng(6)
    data = table(rng)
    coarse, fine = learned("strata(f)", data), learned("strata(h, f)", data)
    other, serial = learned("strata(h)", data), learned("ar1(time | g)", data)
    assert coarse.nested_in(coarse, None)
    assert coarse.nested_in(fine, None)
    assert not fine.nested_in(coarse, None)
    assert not other.nested_in(coarse, None)
    assert serial.nested_in(learned("ar1(time|g)", data), None)
    assert not serial.nested_in(coarse, None)
    assert not coarse.nested_in(serial, None)
    order = rng.permutation(N)
    moved = {name: values[order] for name, values in data.items()}
    assert coarse.nested_in(learned("strata(h, f)", moved), order)
