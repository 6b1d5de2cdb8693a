"""Parameters of a command that are records: each field is an option of its own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any, NamedTuple

import typer

from ranef.cli.cells import Reading
from ranef.cli.family import FAMILY_OPTIONS, AskedFamily
from ranef.cli.table import TABLE_OPTIONS, AskedTable

__all__ = ["with_options"]

_READING = {
    "separator": Annotated[
        str | None,
        typer.Option(
            "--separator",
            metavar="SIGN",
            help="What separates the cells of a text file: comma, semicolon, tab, pipe, space or "
            "another character. Found out if it is not given.",
            show_default=False,
        ),
    ],
    "encoding": Annotated[
        str | None,
        typer.Option(
            "--encoding",
            metavar="NAME",
            help="The encoding of a text file, such as cp1252; UTF-8, or UTF-16 with its mark, "
            "if it is not given.",
            show_default=False,
        ),
    ],
    "decimal": Annotated[
        str | None,
        typer.Option(
            "--decimal",
            metavar="SIGN",
            help="The decimal sign of a text file, . or ,; the other one then separates thousands.",
            show_default=False,
        ),
    ],
    "missing": Annotated[
        list[str] | None,
        typer.Option(
            "--na",
            metavar="CELL",
            help="A cell of a text file that stands for a missing value, such as -99, besides "
            "empty ones and NA. May be repeated.",
            show_default=False,
        ),
    ],
}


class _Record(NamedTuple):
    """A parameter that is a record: the options of its fields, and what makes it of them."""

    options: Mapping[str, Any]
    make: Callable[..., Any]


def _reading(missing: list[str] | None, **others: Any) -> Reading:
    return Reading(missing=tuple(missing or ()), **others)


_RECORDS = {
    "family": _Record(FAMILY_OPTIONS, AskedFamily),
    "table": _Record(TABLE_OPTIONS, AskedTable),
    "reading": _Record(_READING, _reading),
}
"""By the name of the parameter, in the order in which ``--help`` shows them."""


def with_options(command: Callable[..., int]) -> Callable[..., int]:
    """A command whose parameters that are records are given by options.

    Options of `family` come where the parameter is, those of `reading` last.
    """
    signature = inspect.signature(command, eval_str=True)
    used = {name: _RECORDS[name] for name in signature.parameters if name in _RECORDS}
    if not used:
        return command
    shown: list[inspect.Parameter] = []
    last: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        record = used.get(parameter.name)
        if record is None:
            shown.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))
            continue
        place = last if parameter.name == "reading" else shown
        place += [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
            for name, kind in record.options.items()
        ]
    shown += last

    def run(**given: Any) -> int:
        made = {
            name: record.make(**{field: given.pop(field) for field in record.options})
            for name, record in used.items()
        }
        return command(**given, **made)

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__annotations__ = {p.name: p.annotation for p in shown} | {"return": int}
    run.__signature__ = signature.replace(parameters=shown)  # type: ignore[attr-defined]
    return run
