"""Which coefficients a table shows, in which rows, under which words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ranef.errors import OptionError, suggestion
from ranef.options import shown
from ranef.present.table.options import Pattern, TableOptions
from ranef.present.table.record import ModelColumn
from ranef.present.text.names import spell
from ranef.types import INTERCEPT

__all__ = ["Shown", "shown_rows"]


@dataclass(frozen=True, slots=True)
class Shown:
    """A row of coefficients.

    Attributes
    ----------
    name : str
        What programs look for.
    label : str
        What readers see.
    sources : tuple of (str, str)
        The coefficients in it: the name, and what readers call it. A coefficient of a model
        belongs to the row if both are its own.
    """

    name: str
    label: str
    sources: tuple[tuple[str, str], ...]


def shown_rows(columns: Sequence[ModelColumn], options: TableOptions) -> list[Shown]:
    """The rows in their order: as they come in the models, or as ``coef_map`` has them.

    Raises
    ------
    OptionError
        A name that is not a coefficient of any model; two coefficients of one model in a row.
    """
    found = _found(columns)
    kept = [source for source in found if _kept(source[0], options, found)]
    if options.coef_map is None:
        return [Shown(spell(name), said, ((name, said),)) for name, said in kept]
    rows: dict[str, Shown] = {}
    for asked, word in options.coef_map:
        name = _known(asked, found, "coef_map")
        own = [source for source in kept if source[0] == name]
        if word is None:
            for source in own:
                rows[f"{name}\0{source[1]}"] = Shown(spell(name), source[1], (source,))
        elif own:
            before = rows[word].sources if word in rows else ()
            rows[word] = Shown(word, word, (*before, *own))
    for row in rows.values():
        _need_apart(row, columns)
    return list(rows.values())


def _found(columns: Sequence[ModelColumn]) -> list[tuple[str, str]]:
    """Names and words of the coefficients of all models, those of other parts last."""
    maps: list[tuple[Iterable[str], Mapping[str, str]]] = [
        *((column.coefficients, column.words) for column in columns),
        *((column.parts, column.words) for column in columns),
    ]
    pairs = [(name, words.get(name, spell(name))) for names, words in maps for name in names]
    return list(dict.fromkeys(pairs))


def _kept(name: str, options: TableOptions, found: Sequence[tuple[str, str]]) -> bool:
    keep = [_matching(pattern, found, "keep") for pattern in options.keep]
    drop = [_matching(pattern, found, "drop") for pattern in options.drop]
    wanted = not keep or any(name in names for names in keep)
    return wanted and not any(name in names for names in drop)


def _matching(pattern: Pattern, found: Sequence[tuple[str, str]], option: str) -> set[str]:
    """The names that a name or regular expression stands for; a name goes first."""
    names = {name for name, _ in found}
    if isinstance(pattern, str) and (exact := _exact(pattern, names)):
        return {exact}
    try:
        matched = {name for name in names if re.search(pattern, name)}
    except (re.error, TypeError):  # not an expression, or one of bytes
        matched = set()
    if not matched:
        text = pattern if isinstance(pattern, str) else str(pattern.pattern)
        _refuse(text, found, option, " or a regular expression of one")
    return matched


def _exact(name: str, names: Iterable[str]) -> str | None:
    known = set(names)
    if name in known:
        return name
    return INTERCEPT if name == spell(INTERCEPT) and INTERCEPT in known else None


def _known(name: str, found: Sequence[tuple[str, str]], option: str) -> str:
    exact = _exact(name, (known for known, _ in found))
    if exact is None:
        _refuse(name, found, option)
    assert exact is not None
    return exact


def _refuse(name: str, found: Sequence[tuple[str, str]], option: str, more: str = "") -> None:
    names = list(dict.fromkeys(known for known, _ in found))
    raise OptionError(
        f"{option} names {shown(name)}, which is not a coefficient of any model{more}",
        found=f"the coefficients are {_listed(names)}",
        fix=suggestion(name, names) or f"use names as in fit.fixef, such as {shown(names[0])}",
    )


def _listed(names: Sequence[str]) -> str:
    most = 12
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _need_apart(row: Shown, columns: Sequence[ModelColumn]) -> None:
    for column in columns:
        names = [name for name, _ in row.sources if name in column.coefficients]
        names += [name for name, _ in row.sources if name in column.parts]
        names = list(dict.fromkeys(names))
        if len(names) > 1:
            raise OptionError(
                f"{column.label} has both {shown(names[0])} and {shown(names[1])}: "
                "they cannot stand in one row",
                found=f"coef_map gives both the row {shown(row.label)}",
                fix="give them rows of their own",
            )
