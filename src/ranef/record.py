"""Frozen records that are quick to define.

``dataclass(frozen=True, slots=True)`` compiles seven methods for every class and describes every
field: most of what ``import ranef`` itself would have to do. Here the classes share all of them but
``__init__``, and that one and the description are made when first asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, fields, make_dataclass, replace
from functools import partial
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
    return [getattr(self, name) for name in self.__match_args__]


def _restore(self: Any, state: list[Any]) -> None:
    for name, value in zip(self.__match_args__, state, strict=True):
        object.__setattr__(self, name, value)


def _replaced(self: Any, /, **changes: Any) -> Any:
    return replace(self, **changes)


_FROZEN: dict[str, Any] = {
    "__setattr__": _refuse_setting,
    "__delattr__": _refuse_deleting,
    "__replace__": _replaced,  # what copy.replace of Python 3.13 calls
}
_SLOTTED: dict[str, Any] = {"__getstate__": _state, "__setstate__": _restore}
_COMPARED: dict[str, Any] = {"__eq__": _eq, "__hash__": _hash}


class _Initialiser:
    """``__init__`` of a record, compiled when the class is asked for it or after a few instances.

    Most records of a first fit are made once or twice, and compiling takes as long as eight.
    """

    def __init__(self, cls: type[Any]) -> None:
        self.cls, self.left = cls, 4

    def __get__(self, instance: Any, owner: type[Any]) -> Any:
        if self.left > 0 and isinstance(instance, self.cls):
            self.left -= 1
            return partial(self.fill, instance)
        made = _compiled(self.cls)
        self.cls.__init__ = made
        return made.__get__(instance, owner)

    def fill(self, instance: Any, *arguments: Any, **named: Any) -> None:
        """Set every field; a call that cannot be right is left to the compiled method."""
        declared = self.cls.__declared__
        values = dict(zip(declared, arguments, strict=False))
        right = len(values) == len(arguments) and values.keys().isdisjoint(named)
        values |= named
        if len(values) < len(declared):
            for name, (_, given) in declared.items():
                if name not in values and (default := _default(given)) is not MISSING:
                    values[name] = default
        if not right or values.keys() != declared.keys():
            self.cls.__init__(instance, *arguments, **named)
            return
        for name, value in values.items():
            object.__setattr__(instance, name, value)
        if hasattr(instance, "__post_init__"):
            instance.__post_init__()


class _Description:
    """``__dataclass_fields__``, made when asked for."""

    def __init__(self, cls: type[Any]) -> None:
        self.cls = cls

    def __get__(self, instance: Any, owner: type[Any]) -> Any:
        declared = [(name, kind, given) for name, (kind, given) in self.cls.__declared__.items()]
        # Without a text of its own a class is searched for a signature, which takes the most.
        namespace = {"__doc__": self.cls.__doc__ or self.cls.__name__}
        same: Any = make_dataclass(
            self.cls.__name__, declared, namespace=namespace, init=False, repr=False, eq=False
        )
        self.cls.__dataclass_params__ = same.__dataclass_params__
        self.cls.__dataclass_fields__ = same.__dataclass_fields__
        return same.__dataclass_fields__


def _compiled(cls: type[Any]) -> Any:
    """The one method that is compiled: arguments in order, defaults, ``__post_init__``."""
    names: dict[str, Any] = {"MISSING": MISSING, "put": object.__setattr__}
    arguments, body = ["self"], []
    for name, (_, given) in cls.__declared__.items():
        value = name
        if isinstance(given, Field) and given.default_factory is not MISSING:
            names[f"make_{name}"] = given.default_factory
            arguments.append(f"{name}=MISSING")
            value = f"make_{name}() if {name} is MISSING else {name}"
        else:
            default = given.default if isinstance(given, Field) else given
            names[f"default_{name}"] = default
            arguments.append(name if default is MISSING else f"{name}=default_{name}")
        body.append(f"put(self, {name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    exec(f"def __init__({', '.join(arguments)}):\n " + "\n ".join(body or ["pass"]), names)
    made = names["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    made.__annotations__ = {name: kind for name, (kind, _) in cls.__declared__.items()}
    made.__annotations__["return"] = None
    return made


def _default(given: Any) -> Any:
    if not isinstance(given, Field):
        return given
    return given.default if given.default_factory is MISSING else given.default_factory()


def _compares(given: Any) -> bool:
    return not isinstance(given, Field) or bool(given.compare)


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

    def make(cls: Any) -> type[T]:
        own, inherited = dict(cls.__dict__), getattr(cls, "__declared__", {})
        kinds = own.get("__annotations__", {})
        new = {name: (kind, own.pop(name, MISSING)) for name, kind in kinds.items()}
        declared = {**inherited, **new}
        added = {name: method for name, method in shared.items() if name not in own}
        added |= {
            "__declared__": declared,
            "__match_args__": tuple(declared),
            "__compared__": attrgetter(*(n for n, (_, f) in declared.items() if _compares(f))),
        }
        made: Any = cls
        if slots:
            for name in ("__dict__", "__weakref__"):
                own.pop(name, None)
            added["__qualname__"] = cls.__qualname__
            added["__slots__"] = tuple(name for name in new if name not in inherited)
            made = type(cls)(cls.__name__, cls.__bases__, own | added)
        else:
            for name, (_, given) in new.items():
                if isinstance(given, Field):
                    delattr(cls, name)
            for name, value in added.items():
                setattr(cls, name, value)
        made.__init__ = _Initialiser(made)
        made.__dataclass_fields__ = _Description(made)
        return made  # type: ignore[no-any-return]

    return make


if TYPE_CHECKING:
    from dataclasses import dataclass as record
else:
    record = _record
