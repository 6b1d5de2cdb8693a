"""The gate on instruction counts notices growth, and only growth."""

from __future__ import annotations

import json
from pathlib import Path

from tools.count_instructions import RECORD, compare


def test_growth_is_told_and_gain_is_not() -> None:
    recorded = {"crossed gamma": 1_000_000, "crossed hessian": 1_000_000}
    assert compare({"crossed gamma": 1_010_000, "crossed hessian": 500_000}, recorded) == []
    (line,) = compare({"crossed gamma": 1_030_000, "crossed hessian": 1_000_000}, recorded)
    assert line == "crossed gamma: 1,030,000 instructions, +3.0% on 1,000,000"


def test_kernels_that_come_and_go_are_told() -> None:
    lines = compare({"new search": 5}, {"old search": 5})
    assert lines == [
        "new search: 5 instructions, not recorded yet",
        "old search: recorded but not counted",
    ]


def test_every_layout_and_the_hot_families_are_recorded() -> None:
    record = json.loads(Path(RECORD).read_text())
    subjects = {name.split()[0] for name in record["counts"]}
    layouts = {"crossed", "intercepts", "nested", "one-factor", "wide"}
    assert subjects == layouts | {"binomial", "poisson", "gamma", "nbinom2"}
    assert all(count > 0 for count in record["counts"].values())
