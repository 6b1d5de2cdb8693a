"""Objects of the compiled core from their parts, which are what can be wrong about them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ranef import _core

__all__ = [
    "ROWS", "made", "plan_from", "pools_from", "prior_of", "priors_from", "read", "reading",
    "rows_from", "term_from", "terms_from",
]  # fmt: skip

ROWS = ("groups", "x", "x_shifts", "x_scales", "y", "y_shift", "y_scale", "weights")
PRIOR = (
    "group", "offset", "change", "log_det", "log_correlation", "trace", "log_sd", "sd",
    "tail_weight", "tail_scale", "constant",
)  # fmt: skip
PLAN = ("seed", "first", "count", "threads", "start", "max_evaluations", "gain", "tick")


def rows_from(parts: tuple[Any, ...]) -> Any:
    groups, *others = parts
    made = [_core.RowsGroup(*group) for group in groups]
    return _core.Rows(**dict(zip(ROWS, (made, *others), strict=True)))


def term_from(*parts: Any) -> Any:
    names = ("group", "offset", "q", "structure", "rank", "positions")
    return read(_core.Term(**dict(zip(names, parts, strict=True))))


def terms_from(places: list[tuple[int, int, int]]) -> list[Any]:
    return [_core.Term(group=group, offset=offset, q=q) for group, offset, q in places]


def priors_from(parts: list[tuple[Any, ...]]) -> list[Any]:
    return [_core.TermPenalty(**dict(zip(PRIOR, one, strict=True))) for one in parts]


def plan_from(parts: tuple[Any, ...]) -> Any:
    return _core.RefitPlan(**dict(zip(PLAN, parts, strict=True)))


def pools_from(parts: list[tuple[tuple[int, int, int], Any]]) -> list[Any]:
    return [(*terms_from([place]), values) for place, values in parts]


def made(function: Callable[..., Any], *makers: Callable[[Any], Any] | None) -> Callable[..., Any]:
    """`function` of objects that are made of parts, the first arguments by these makers."""

    def call(*arguments: Any) -> Any:
        first = [
            argument if maker is None else maker(argument)
            for maker, argument in zip(makers, arguments, strict=False)
        ]
        return function(*first, *arguments[len(first) :])

    return call


def prior_of(group: int, offset: int, q: int) -> tuple[Any, ...]:
    eye = np.asfortranarray(np.eye(q))
    ones = np.ones((1, q), order="F")
    return (group, offset, eye, 0.1, 0.1, eye, np.full(q, 0.1), np.ones(q), ones, ones, 0.0)


def read(one: Any) -> list[Any]:
    return [getattr(one, name) for name in dir(one) if not name.startswith("__")]


def reading(search: Callable[..., Any]) -> Callable[..., Any]:
    """Searches, and reads what was found."""
    return lambda *arguments: read(search(*arguments))
