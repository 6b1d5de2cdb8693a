"""Records as a tree of plain JSON values, with arrays beside it.

A number, a text, true, false and null stand for themselves. Everything else is a list whose first
entry says what it is: ``["list", ...]``, ``["tuple", ...]``, ``["dict", [key, value], ...]``,
``["array", k]`` (the k-th array), ``["bytes", k]``, ``["float", "nan"]``, ``["again", k]`` (the
k-th record or array that was read), ``["is", name, state]`` for what the registry knows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranef.errors import OptionError
from ranef.store.registry import by_class, by_name

__all__ = ["decode", "encode"]

KINDS = "biufU"  # of arrays: no objects


class _Encoder:
    def __init__(self) -> None:
        self.arrays: list[NDArray[Any]] = []
        self.seen: dict[int, int] = {}
        self.kept: list[Any] = []  # an id stays that of one object while the object lives

    def tree(self, value: Any) -> Any:
        if value is None or isinstance(value, (bool, np.bool_)):
            return None if value is None else bool(value)
        if isinstance(value, (int, np.integer)):
            return int(value)
        if isinstance(value, (float, np.floating)):
            number = float(value)
            return number if math.isfinite(number) else ["float", repr(number)]
        if isinstance(value, str):
            return str(value)
        if isinstance(value, bytes):
            return ["bytes", self.array(np.frombuffer(value, dtype=np.uint8))]
        if id(value) in self.seen:
            return ["again", self.seen[id(value)]]
        if isinstance(value, np.ndarray):
            if value.dtype.kind not in KINDS:
                raise _unknown(value)
            made = ["array", self.array(value)]
            self.remember(value)
            return made
        kind = by_class().get(type(value))
        if kind is not None:
            made = ["is", kind.name, self.tree(kind.state(value))]
            self.remember(value)
            return made
        if isinstance(value, Mapping):
            return ["dict", *([self.tree(k), self.tree(v)] for k, v in value.items())]
        if type(value) in (list, tuple):
            return [type(value).__name__, *map(self.tree, value)]
        raise _unknown(value)

    def array(self, value: NDArray[Any]) -> int:
        self.arrays.append(value)
        return len(self.arrays) - 1

    def remember(self, value: Any) -> None:
        self.seen[id(value)] = len(self.seen)
        self.kept.append(value)


def _unknown(value: Any) -> OptionError:
    return OptionError(
        "this fit holds something that cannot be written to a file",
        found=f"an object of type {type(value).__name__}",
        fix="pickle the fit, for use with the same versions of Python and ranef",
    )


def encode(value: Any) -> tuple[Any, list[NDArray[Any]]]:
    """A value as a tree and the arrays that it speaks of.

    Raises
    ------
    OptionError
        It holds something that the registry does not know.
    """
    encoder = _Encoder()
    return encoder.tree(value), encoder.arrays


def decode(tree: Any, arrays: list[NDArray[Any]]) -> Any:
    """The value behind a tree.

    Raises
    ------
    ValueError, TypeError, KeyError, IndexError
        The tree is not one that `encode` makes.
    """
    made: list[Any] = []

    def value_of(node: Any) -> Any:
        if node is None or isinstance(node, (bool, int, float, str)):
            return node
        if not isinstance(node, list) or not node:
            raise ValueError("neither a value nor a list that says what it is")
        what, rest = node[0], node[1:]
        if what == "list":
            return [value_of(part) for part in rest]
        if what == "tuple":
            return tuple(value_of(part) for part in rest)
        if what == "dict":
            return {value_of(key): value_of(value) for key, value in rest}
        if what == "is":
            name, state = rest
            value = by_name()[name].make(value_of(state))
            made.append(value)
            return value
        (one,) = rest
        if what == "float" and one in ("nan", "inf", "-inf"):
            return float(one)
        if not isinstance(one, int) or isinstance(one, bool) or one < 0:
            raise ValueError(f"{what!r} without a number")
        if what == "array":
            made.append(arrays[one])
            return arrays[one]
        if what == "bytes":
            return arrays[one].tobytes()
        if what == "again":
            return made[one]
        raise ValueError(f"{what!r} is not known")

    return value_of(tree)
