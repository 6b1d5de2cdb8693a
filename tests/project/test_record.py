"""`record` behaves as `dataclass(frozen=True, slots=True)` does."""

from __future__ import annotations

import copy
import dataclasses
import functools
import pickle
from collections.abc import Callable
from inspect import signature
from types import FunctionType
from typing import Any

import pytest

from ranef.record import record


@record(frozen=True, slots=True)
class Point:
    """A record."""

    x: float
    y: float = dataclasses.field(compare=False)
    label: str = "here"
    notes: list[str] = dataclasses.field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        if self.x < 0:
            raise ValueError("negative")


@dataclasses.dataclass(frozen=True, slots=True)
class Twin:
    """The same by the standard library."""

    x: float
    y: float = dataclasses.field(compare=False)
    label: str = "here"
    notes: list[str] = dataclasses.field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        if self.x < 0:
            raise ValueError("negative")


@record(frozen=True, slots=True, eq=False)
class Itself:
    """Equal to nothing else."""

    x: float


@record(frozen=True, slots=True, repr=False)
class Spoken(Point):
    """A record that has another's fields and a text of its own."""

    z: float = 0.0

    def __repr__(self) -> str:
        return f"at {self.x}"


CALLS: list[Callable[[Any], Any]] = [
    lambda kind: kind(1.0, 2.0),
    lambda kind: kind(1.0, y=2.0, label="there", notes=["a"]),
    lambda kind: kind(),
    lambda kind: kind(1.0, 2.0, "there", [], 5),
    lambda kind: kind(1.0, 2.0, depth=3),
    lambda kind: kind(1.0, 2.0, x=3.0),
    lambda kind: kind(y=2.0, x=1.0).notes,
    lambda kind: kind(-1.0, 2.0),
    lambda kind: setattr(kind(1.0, 2.0), "x", 3.0),
    lambda kind: delattr(kind(1.0, 2.0), "x"),
    lambda kind: kind(1.0, 2.0) == kind(1.0, 3.0),
    lambda kind: kind(1.0, 2.0) == kind(2.0, 2.0),
    lambda kind: kind(1.0, 2.0) == (1.0, "here", []),
    lambda kind: kind(1.0, 2.0).__eq__(3),
    lambda kind: hash(kind(1.0, 2.0, notes=())) == hash(kind(1.0, 3.0, notes=())),
    lambda kind: hash(kind(1.0, 2.0)),
    lambda kind: dataclasses.replace(kind(1.0, 2.0), label="there"),
    lambda kind: dataclasses.replace(kind(1.0, 2.0), x=-1.0),
    lambda kind: dataclasses.asdict(kind(1.0, 2.0)),
    lambda kind: [(f.name, f.compare, f.repr) for f in dataclasses.fields(kind)],
    lambda kind: pickle.loads(pickle.dumps(kind(1.0, 2.0, notes=["a"]))).notes,
    lambda kind: copy.copy(kind(1.0, 2.0, "there")),
    lambda kind: copy.deepcopy(kind(1.0, 2.0, notes=["a"])).notes,
    lambda kind: kind(1.0, 2.0).notes is kind(1.0, 2.0).notes,
    lambda kind: (kind.__match_args__, kind.__slots__, kind.__doc__ is None),
    lambda kind: hasattr(kind(1.0, 2.0), "__dict__"),
    lambda kind: [(p.name, p.kind, p.annotation) for p in signature(kind).parameters.values()],
]


def outcome(call: Callable[[Any], Any], kind: Any) -> str:
    """What comes back, or the class of the error and what it says."""
    try:
        return repr(call(kind)).replace(kind.__qualname__, "kind")
    except Exception as error:
        return f"{type(error).__name__}: {error}".replace(kind.__qualname__, "kind")


@pytest.fixture
def untouched(monkeypatch: pytest.MonkeyPatch) -> type[Point]:
    """Point as it is when its module has just been imported: nothing of it is compiled."""

    @record(frozen=True, slots=True)
    class New:
        """A record."""

        x: float
        y: float = dataclasses.field(compare=False)
        label: str = "here"
        notes: list[str] = dataclasses.field(default_factory=list, repr=False)

        __post_init__ = Point.__post_init__

    New.__qualname__ = New.__name__ = "Point"
    monkeypatch.setitem(globals(), "Point", New)  # pickle looks there
    return New  # type: ignore[return-value]


@pytest.mark.parametrize("number", range(len(CALLS)))
def test_as_the_standard_library_has_it(number: int, untouched: type[Point]) -> None:
    expected = outcome(CALLS[number], Twin)
    assert [outcome(CALLS[number], untouched) for _ in range(7)] == [expected] * 7


def test_nothing_is_compiled_or_described_before_it_is_needed(untouched: type[Point]) -> None:
    untouched(1.0, 2.0)
    assert not isinstance(vars(untouched)["__init__"], FunctionType)
    assert not isinstance(vars(untouched)["__dataclass_fields__"], dict)
    for _ in range(6):
        untouched(1.0, 2.0)
    assert isinstance(vars(untouched)["__init__"], FunctionType)
    assert [f.name for f in dataclasses.fields(untouched)] == ["x", "y", "label", "notes"]
    assert isinstance(vars(untouched)["__dataclass_fields__"], dict)


def test_a_standard_dataclass_can_be_derived(untouched: type[Point]) -> None:
    @dataclasses.dataclass
    class Wider(untouched):  # type: ignore[valid-type, misc]
        z: float = 0.0

    assert [f.name for f in dataclasses.fields(Wider)] == ["x", "y", "label", "notes", "z"]


def test_no_new_attributes() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError, match="other"):
        Point(1.0, 2.0).other = 3.0  # type: ignore[attr-defined]


def test_compared_by_identity_where_asked() -> None:
    one = Itself(1.0)
    assert one == one
    assert one != Itself(1.0)
    assert len({one, Itself(1.0)}) == 2


def test_fields_of_another_record_come_first_and_own_methods_stay() -> None:
    assert [f.name for f in dataclasses.fields(Spoken)] == ["x", "y", "label", "notes", "z"]
    assert repr(Spoken(1.0, 2.0, z=3.0)) == "at 1.0"
    assert Spoken(1.0, 2.0, z=3.0) != Spoken(1.0, 2.0, z=4.0)
    assert Spoken(1.0, 2.0) != Point(1.0, 2.0)


@record(frozen=True, eq=False)
class Lazy:
    """With a `__dict__`, for properties that are kept."""

    x: float
    names: tuple[str, ...] = ()

    @functools.cached_property
    def double(self) -> float:
        return 2.0 * self.x


class Derived(Lazy):
    """Takes part in the freezing without saying so."""


def test_without_slots() -> None:
    for kind in (Lazy, Derived):
        one = kind(1.5)
        assert one.double == 3.0
        assert pickle.loads(pickle.dumps(one)).x == 1.5
        assert dataclasses.replace(one, x=2.0).names == ()
        for name in ("x", "double", "other"):
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(one, name, 1.0)
