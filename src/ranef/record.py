"""Frozen records that are quick to define.

``dataclass(frozen=True, slots=True)`` compiles seven methods for every class: most of what
``import ranef`` itself has to do. Here the classes share all of them but ``__init__``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError, dataclass, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal, TypeVar

__all__ = ["record"]

T = TypeVar("T")


def _repr(self: Any) -> str:
    shown = ", ".join(f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if f.repr)
    return f"{type(self).__qualname__}({shown})"


def _eq(self: Any, other: Any) -> Any:
    if type(other) is not type(self):
        return NotImplemented
    return self.__compared__(self) == self.__compared__(other)


def _hash(self: Any) -> int:
    return hash(self.__compared__(self))


def _refuse_setting(self: Any, name: str, value: Any) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_deleting(self: Any, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, f.name) for f in fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for f, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, f.name, value)


_FROZEN: dict[str, Any] = {"__setattr__": _refuse_setting, "__delattr__": _refuse_deleting}
_SLOTTED: dict[str, Any] = {"__getstate__": _state, "__setstate__": _restore}
_COMPARED: dict[str, Any] = {"__eq__": _eq, "__hash__": _hash}


def _initialiser(cls: type[Any]) -> Any:
    """The one method that is compiled: arguments in order, defaults, ``__post_init__``."""
    names: dict[str, Any] = {"MISSING": MISSING, "put": object.__setattr__}
    arguments, body = ["self"], []
    for f in fields(cls):
        value = f.name
        if f.default_factory is not MISSING:
            names[f"make_{f.name}"] = f.default_factory
            arguments.append(f"{f.name}=MISSING")
            value = f"make_{f.name}() if {f.name} is MISSING else {f.name}"
        elif f.default is not MISSING:
            names[f"default_{f.name}"] = f.default
            arguments.append(f"{f.name}=default_{f.name}")
        else:
            arguments.append(f.name)
        body.append(f"put(self, {f.name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    exec(f"def __init__({', '.join(arguments)}):\n " + "\n ".join(body or ["pass"]), names)
    made = names["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    made.__annotations__ = {f.name: f.type for f in fields(cls)} | {"return": None}
    return made


def _record(
    *, frozen: Literal[True], slots: bool = False, eq: bool = True, repr: bool = True
) -> Callable[[type[T]], type[T]]:
    """``dataclass`` with these options, for classes whose fields are all arguments.

    A class derived from a record takes no new attributes either.
    """
    shared = dict(_FROZEN)
    if slots:
        shared |= _SLOTTED
    if eq:
        shared |= _COMPARED
    if repr:
        shared["__repr__"] = _repr

    def make(cls: type[T]) -> type[T]:
        own = set(cls.__dict__)
        made: Any = dataclass(init=False, repr=False, eq=False, slots=slots)(cls)
        for name in shared.keys() - own:
            setattr(made, name, shared[name])
        made.__compared__ = attrgetter(*(f.name for f in fields(made) if f.compare))
        made.__init__ = _initialiser(made)
        return made  # type: ignore[no-any-return]

    return make


if TYPE_CHECKING:
    from dataclasses import dataclass as record
else:
    record = _record
