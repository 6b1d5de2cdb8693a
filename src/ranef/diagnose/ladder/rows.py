"""Rungs of the data: the model without rows that a finding names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import numpy as np

from ranef.design.terms import RandomTerm
from ranef.diagnose.ladder.rung import Plan
from ranef.diagnose.subject import Subject
from ranef.diagnose.words import place_of
from ranef.frame.repeated import first_rows
from ranef.types import Finding

__all__ = ["row_plans"]

MOST = 3
"""Groups left out, each by itself."""

NAMED_BY = ("influential-group", "separated-group")


def row_plans(subject: Subject, findings: Sequence[Finding]) -> list[Plan]:
    """The model without copied rows, and without each group that a finding names."""
    codes = {finding.code for finding in findings}
    plans = [_without_copies(subject)] if "duplicated-rows" in codes else []
    places = {finding.where for finding in findings if finding.code in NAMED_BY}
    plans += [
        _without_group(subject, term, level)
        for term in {term.factor: term for term in subject.design.terms}.values()
        for level, name in enumerate(term.levels)
        if place_of(term.factor, name) in places
    ][:MOST]
    return plans


def _without_copies(subject: Subject) -> Plan:
    names = list(subject.formula.variables())
    columns = ", ".join(json.dumps(name, ensure_ascii=False) for name in names)
    return Plan(
        "without-copies",
        "without copied rows",
        subject.formula.text,
        data=f"data.drop_duplicates([{columns}])",
        rows=first_rows([subject.table[name].values for name in names]),
    )


def _without_group(subject: Subject, term: RandomTerm, level: int) -> Plan:
    row = int(np.argmax(term.codes == level))
    differs = list(_differs(subject, term.factor, row))
    condition = differs[0] if len(differs) == 1 else " | ".join(f"({each})" for each in differs)
    return Plan(
        "without-group",
        f"without {term.levels[level]}",
        subject.formula.text,
        data=f"data[{condition}]",
        rows=term.codes != level,
        group=term.factor,
    )


def _differs(subject: Subject, factor: str, row: int) -> Iterator[str]:
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
