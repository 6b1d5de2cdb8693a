"""Levels that a reader takes for one: ``female`` and ``female `` with a space at its end."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator

from ranef.frame.grouping import group_sizes
from ranef.frame.table import Column
from ranef.types import Finding

__all__ = ["similar_levels"]

_LOOK_ALIKE = str.maketrans(
    "АВЕЅІЈКМНОРСТУХаеѕіјорсухԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧανορυ‐‑‒–—―−’‘ʼ`",
    "ABESIJKMHOPCTYXaesijopcyxdqwABEZHIKMNOPTYXavopu-------''''",
)
"""Cyrillic and Greek letters, dashes and quotation marks to the Latin ones they look like."""

_CHARACTERS = "characters that look alike"

_UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))


def similar_levels(column: Column) -> Iterator[Finding]:
    """Levels that differ in spaces, case or look-alike characters alone, all of which occur."""
    if column.kind != "factor" or column.names_groups_only:
        return
    sizes = group_sizes(column.values, len(column.levels))
    alike: dict[str, list[int]] = defaultdict(list)
    for code, level in enumerate(column.levels):
        if sizes[code]:
            alike[_seen(level).casefold()].append(code)
    for codes in alike.values():
        if len(codes) == 1:
            continue
        names = [column.levels[code] for code in codes]
        difference = _difference(names)
        shown = map(ascii if difference == _CHARACTERS else repr, names)
        yield Finding(
            code="similar-levels",
            severity="warning",
            message=f"levels of '{column.name}' differ in {difference} alone: "
            + " beside ".join(shown),
            evidence=" and ".join(f"{sizes[code]}" for code in codes) + " rows",
            where=column.name,
            fix="if they mean the same, make them one level before the fit"
            + (", as .str.strip() does with spaces" if difference == "spaces" else ""),
        )


def _seen(level: str) -> str:
    """A level as a reader sees it: no double spaces, none at the ends, look-alikes made one."""
    text = unicodedata.normalize("NFKC", level).translate(_UNSEEN).translate(_LOOK_ALIKE)
    return " ".join(text.split())


def _plain(level: str) -> str:
    return " ".join(level.split())


def _difference(names: list[str]) -> str:
    if len({_plain(name) for name in names}) == 1:
        return "spaces"
    if (
        len({_seen(name) for name in names}) == 1
        or len({_plain(name).casefold() for name in names}) > 1
    ):
        return _CHARACTERS
    return "case" if all(_plain(name) == name for name in names) else "spaces and case"
