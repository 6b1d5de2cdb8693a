"""The model without copied rows, if a finding names them."""

from __future__ import annotations

import json

from ranef.diagnose.ladder.fewer_rows import say_fewer_rows
from ranef.diagnose.ladder.fitting import with_fewer_rows
from ranef.diagnose.ladder.kind import Asked, Kind, Place
from ranef.diagnose.ladder.rung import Plan
from ranef.explore.repeated import first_rows

__all__ = ["KIND"]

KEY = "without-copies"


def _plans(asked: Asked) -> list[Plan]:
    if not any(finding.code == "duplicated-rows" for finding in asked.findings):
        return []
    subject = asked.subject
    names = list(subject.formula.variables())
    columns = ", ".join(json.dumps(name, ensure_ascii=False) for name in names)
    return [
        Plan(
            KEY,
            "without copied rows",
            subject.formula.text,
            data=f"data.drop_duplicates([{columns}])",
            rows=first_rows([subject.table[name].values for name in names]),
        )
    ]


KIND = Kind(KEY, Place.DATA, _plans, with_fewer_rows, say=say_fewer_rows, by_finding=True)
