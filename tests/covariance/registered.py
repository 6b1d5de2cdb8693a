"""Every structure of the registry in several sizes, and its covariance by definition."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ranef.core import Structure, TermBlock
from ranef.covariance import KINDS, Kind, structure_of

Array = np.ndarray

BLOCKS = [
    TermBlock(0, 0, 1),
    TermBlock(0, 0, 2),
    TermBlock(0, 0, 4),
    TermBlock(0, 0, 3, "rr", 1),
    TermBlock(0, 0, 4, "rr", 2),
    TermBlock(0, 0, 3, "rr", 3),
    *(TermBlock(0, 0, q, name) for name in KINDS if name not in ("us", "rr") for q in (2, 3, 5)),
    TermBlock(0, 0, 4, "ar1", 0, (0, 1, 3, 7)),
    TermBlock(0, 0, 3, "ar1", 0, (0, 2, 5)),
    TermBlock(0, 0, 3, "hetar1", 0, (0, 1, 4)),
]

FAMILIES = [block for block in BLOCKS if block.q > 1 and block.structure not in ("us", "rr")]


def name_of(block: TermBlock) -> str:
    times = "".join(f",{t}" for t in block.positions)
    rank = f",{block.rank}" if block.rank else ""
    return f"{block.structure}({block.q}{rank}{times})"


def lags(block: TermBlock) -> Array:
    times = np.array(block.positions or range(block.q))
    return np.abs(np.subtract.outer(times, times))


def _one_for_all(block: TermBlock, c: Array) -> Array:
    return np.where(np.eye(block.q) > 0, 1.0, c[0])


def _powers(block: TermBlock, c: Array) -> Array:
    return np.power(c[0], lags(block), dtype=np.float64)


def _by_distance(block: TermBlock, c: Array) -> Array:
    return np.concatenate([[1.0], c])[lags(block)]


CORRELATIONS: dict[str, Callable[[TermBlock, Array], Array]] = {
    "homdiag": lambda block, c: np.eye(block.q),
    "cs": _one_for_all,
    "homcs": _one_for_all,
    "ar1": _powers,
    "hetar1": _powers,
    "toep": _by_distance,
    "homtoep": _by_distance,
}
"""Correlation matrices from the parameters that are correlations, by their definition."""


def defined(block: TermBlock, kind: Kind, parameters: Array) -> Array:
    """The covariance that parameters stand for."""
    if kind.free:
        root = np.zeros((block.q, block.q))
        columns = np.concatenate(
            [np.full(block.q - j, j) for j in range(structure_of(block).most_rank)]
        )
        rows = np.concatenate([np.arange(j, block.q) for j in range(structure_of(block).most_rank)])
        root[rows, columns] = parameters
        return root @ root.T
    sds = kind.sds(parameters, block.q)
    c = CORRELATIONS[kind.name](block, parameters[kind.n_sds(block.q) :])
    return np.outer(sds, sds) * c


def covariance(structure: Structure, x: Array) -> Array:
    root = structure.root(x)
    return root @ root.T


def inside(structure: Structure, seed: int = 0) -> Array:
    """Coordinates away from every fold."""
    rng = np.random.default_rng([structure.size, seed])
    return rng.uniform(0.4, 1.2, structure.size) * rng.choice([-1.0, 1.0], structure.size)


def symmetric(q: int, seed: int = 0) -> Array:
    """A Gamma."""
    half = np.random.default_rng([q, seed]).normal(size=(q, q))
    return np.asfortranarray(half + half.T)
