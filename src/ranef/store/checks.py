"""Checks of what a file hands to the core, which trusts the sizes of what it is given."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["checked_state"]


def checked_state(name: str, state: Any) -> Any:
    """The state of an object of the core, if its parts fit together.

    Raises
    ------
    ValueError
        They do not.
    """
    if not isinstance(state, tuple):
        raise ValueError(f"the state of {name} is not a tuple")
    {"CrossProducts": _products, "Scaling": _scaling, "Solved": _solved}[name](state)
    return state


def _need(condition: bool, what: str) -> None:
    if not condition:
        raise ValueError(f"{what} do not fit together")


def _products(state: tuple[Any, ...]) -> None:
    n, p, _, fixed, groups, pairs = state
    what = "cross-products"
    _need(n > 0 and p >= 0 and _matrix(fixed, p + 1, p + 1), what)
    for levels, q, random, x in groups:
        _need(levels > 0 and q > 0, what)
        _need(_column(random, levels * q * q) and _column(x, levels * q * (p + 1)), what)
    for first, second, starts, level, values in pairs:
        _need(0 <= first < second < len(groups), what)
        start = np.frombuffer(starts, dtype=np.int64)
        of = np.frombuffer(level, dtype=np.int32)
        _need(start.size == groups[first][0] + 1 and start[0] == 0, what)
        _need(bool(np.all(np.diff(start) >= 0)) and start[-1] == of.size, what)
        _need(of.size == 0 or (of.min() >= 0 and of.max() < groups[second][0]), what)
        _need(_column(values, of.size * groups[first][1] * groups[second][1]), what)


def _scaling(state: tuple[Any, ...]) -> None:
    x, _, _, terms, z, orthogonal = state
    what = "scales"
    p = len(x[0])
    for shifts, scales, intercept in (x, *z):
        _need(len(shifts) == len(scales), what)
        _need(intercept is None or -1 <= intercept < len(shifts), what)
    _need(len(terms) == len(z), what)
    _need(all(term[2] == len(m[0]) for term, m in zip(terms, z, strict=True)), what)
    _need(orthogonal.size == 0 or orthogonal.shape == (p, p), what)


def _solved(state: tuple[Any, ...]) -> None:
    inner, theta, covariances = state[0], state[7], state[8]
    what = "parameters"
    _need(_column(inner, theta.size) and _column(theta, inner.size), what)
    # A structure has at most as many parameters as a covariance without one.
    _need(theta.size <= sum(c.shape[0] * (c.shape[0] + 1) // 2 for c in covariances), what)


def _column(value: Any, size: int) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == np.float64 and value.shape == (size,)


def _matrix(value: Any, rows: int, columns: int) -> bool:
    return (
        isinstance(value, np.ndarray)
        and value.dtype == np.float64
        and value.shape == (rows, columns)
    )
