"""Right arguments of the core, made wrong in one place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["wrong"]

WHOLE = (
    -1, 0, 1, 2, 3, 7, 1000, 2**15, 10**6, 2**31 - 1, -(2**31), 2**31, 2**32 - 1, 2**53,
    2**63 - 1, -(2**63), 2**63, 2**64 - 1, 2**64,
)  # fmt: skip
REAL = (np.nan, np.inf, -np.inf, 0.0, -0.0, -1.0, 1e308, -1e308, 5e-324, 1e-300, 1e17)
OTHER = (None, True, 0, -1, 0.5, "x", b"", (), [], {}, object(), np.zeros(0), np.zeros((0, 0)))


def wrong(value: Any, stock: list[Any], rng: np.random.Generator) -> Any:
    """`value` with one change somewhere inside; `stock` holds arguments that other calls take."""
    inside = isinstance(value, (tuple, list)) and len(value) > 0
    if inside and rng.random() < 0.8:
        k = int(rng.integers(len(value)))
        parts = list(value)
        parts[k] = wrong(parts[k], stock, rng)
        return type(value)(parts)
    chance = rng.random()
    if chance < 0.03:
        return _one_of(OTHER, rng)
    if chance < 0.08 and stock:
        return _one_of(stock, rng)
    if isinstance(value, (bool, np.bool_)) or value is None:
        return _one_of((True, False, None, *OTHER), rng)
    if isinstance(value, int):
        return _one_of((value + 1, value - 1, -value, *WHOLE), rng)
    if isinstance(value, float):
        return _one_of(REAL, rng)
    if isinstance(value, bytes):
        return _bytes(value, rng)
    if isinstance(value, (tuple, list)):
        return _sequence(value, stock, rng)
    if isinstance(value, dict) and value:
        first, second = (list(value)[int(k)] for k in rng.integers(0, len(value), 2))
        return {**value, first: value[second]}
    if isinstance(value, np.ndarray):
        return _array(value, rng)
    if type(value).__module__.endswith("_core"):
        return _unborn(value, rng)
    return _one_of(OTHER, rng)


def _one_of(choices: Any, rng: np.random.Generator) -> Any:
    return choices[int(rng.integers(len(choices)))]


def _bytes(value: bytes, rng: np.random.Generator) -> bytes:
    cut = int(rng.integers(len(value) + 1))
    noise = bytearray(value)
    if noise:
        noise[cut % len(noise)] = int(rng.integers(256))
    return _one_of((value[:cut], value + b"\1", value + value, b"", bytes(noise)), rng)


def _sequence(value: Any, stock: list[Any], rng: np.random.Generator) -> Any:
    parts = list(value)
    i, j = (int(k) for k in rng.integers(0, max(1, len(parts)), 2))
    swapped = parts.copy()
    if parts:
        swapped[i], swapped[j] = swapped[j], swapped[i]
    less = parts[:i] + parts[i + 1 :]
    more = [*parts, parts[i] if parts else _one_of(stock or OTHER, rng)]
    return type(value)(_one_of(([], less, more, swapped, parts + parts, parts[::-1]), rng))


def _unborn(value: Any, rng: np.random.Generator) -> Any:
    """An object that was never made, or one of a state that may be wrong."""
    kind = type(value)
    new = kind.__new__(kind)
    if rng.random() < 0.7 and hasattr(value, "__getstate__"):
        try:
            new.__setstate__(wrong(value.__getstate__(), [], rng))
        except Exception:
            return kind.__new__(kind)
    return new


def _array(value: np.ndarray, rng: np.random.Generator) -> Any:
    change = SHAPES[int(rng.integers(len(SHAPES)))]
    return change(value if value.ndim else value.reshape(1), rng)


def _spoilt(value: np.ndarray, rng: np.random.Generator) -> Any:
    """Some entries, or all, are what the sums do not expect."""
    out = value.copy()
    if value.size and np.issubdtype(value.dtype, np.number):
        choices = REAL if np.issubdtype(value.dtype, np.inexact) else WHOLE
        entry = _one_of(choices, rng)
        if choices is WHOLE:
            information = np.iinfo(value.dtype)
            entry = min(max(entry, int(information.min)), int(information.max))
        if rng.random() < 0.3:
            out[...] = entry
        else:
            out.flat[int(rng.integers(value.size))] = entry
    return out


def _strided(value: np.ndarray, rng: np.random.Generator) -> Any:
    return np.repeat(value, 2, axis=0)[::2]


def _locked(value: np.ndarray, rng: np.random.Generator) -> Any:
    out = value.copy()
    out.flags.writeable = False
    return out


def _typed(value: np.ndarray, rng: np.random.Generator) -> Any:
    kind = _one_of(("f4", "f8", ">f8", "i1", "u1", "i4", "i8", "u8", "?", "c16", "O", "S3"), rng)
    with np.errstate(all="ignore"):
        try:
            return value.astype(kind)
        except ValueError:  # texts, after a change before this one
            return value


SHAPES: tuple[Callable[[np.ndarray, np.random.Generator], Any], ...] = (
    _spoilt,
    _spoilt,
    _spoilt,
    _strided,
    _locked,
    _typed,
    lambda a, rng: a[:-1].copy(),
    lambda a, rng: a[:0].copy(),
    lambda a, rng: a[:1].copy(),
    lambda a, rng: np.concatenate([a, a]),
    lambda a, rng: np.concatenate([a, a[:1]]),
    lambda a, rng: np.asfortranarray(np.concatenate([a, a], axis=-1)),
    lambda a, rng: np.asfortranarray(a[..., :-1]),
    lambda a, rng: np.asfortranarray(a[..., :0]),
    lambda a, rng: a.T,
    lambda a, rng: a[::-1],
    lambda a, rng: a.reshape(-1),
    lambda a, rng: a[None],
    lambda a, rng: a[..., None],
    lambda a, rng: np.array(a.sum() if a.dtype.kind in "fiu" else 0.0),
    lambda a, rng: a.tolist(),
    lambda a, rng: np.ma.masked_array(a),
    lambda a, rng: np.broadcast_to(a[:1], a.shape),
)
