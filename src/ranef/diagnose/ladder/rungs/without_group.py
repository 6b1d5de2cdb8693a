"""The model without a group that a finding names, each by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np

from ranef.design.terms import RandomTerm
from ranef.diagnose.ladder.fewer_rows import say_fewer_rows
from ranef.diagnose.ladder.fitting import with_fewer_rows
from ranef.diagnose.ladder.kind import Asked, Kind, Place
from ranef.diagnose.ladder.rung import Plan
from ranef.diagnose.subject import AnySubject
from ranef.diagnose.words import place_of

__all__ = ["KIND"]

KEY = "without-group"
MOST = 3
NAMED_BY = ("influential-group", "separated-group")


def _plans(asked: Asked) -> list[Plan]:
    places = {finding.where for finding in asked.findings if finding.code in NAMED_BY}
    return [
        _without_group(asked.subject, term, level)
        for term in {term.factor: term for term in asked.subject.design.terms}.values()
        for level, name in enumerate(term.levels)
        if place_of(term.factor, name) in places
    ][:MOST]


def _without_group(subject: AnySubject, term: RandomTerm, level: int) -> Plan:
    row = int(np.argmax(term.codes == level))
    differs = list(_differs(subject, term.factor, row))
    condition = differs[0] if len(differs) == 1 else " | ".join(f"({each})" for each in differs)
    return Plan(
        KEY,
        f"without {term.levels[level]}",
        subject.formula.text,
        data=f"data[{condition}]",
        rows=term.codes != level,
        group=term.factor,
    )


def _differs(subject: AnySubject, factor: str, row: int) -> Iterator[str]:
    """What a row has to fulfil not to be in the group of this one, column by column."""
    columns = next(bar.factors for bar in subject.formula.bars if bar.label == factor)
    for name in columns:
        column = subject.table[name]
        value = column.values[row]
        if column.kind == "factor":
            text = json.dumps(column.levels[int(value)], ensure_ascii=False)
        else:
            text = repr(int(value)) if float(value).is_integer() else repr(float(value))
        yield f"data[{json.dumps(name, ensure_ascii=False)}] != {text}"


KIND = Kind(KEY, Place.DATA, _plans, with_fewer_rows, say=say_fewer_rows, by_finding=True)
