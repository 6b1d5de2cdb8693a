"""Results as Markdown, and where they stand in the documentation page."""

from __future__ import annotations

import re
from collections.abc import Sequence

from benchmarks.result import Goal, Result, Row, ratio

__all__ = ["render", "replace_block"]

HEADINGS = (
    "tool", "first call", "median", "CPU", "runs", "x ranef", "-2 log-lik", "evals", "memory",
)  # fmt: skip


def seconds(value: float | None) -> str:
    """Three digits in s, ms or µs."""
    if value is None:
        return "-"
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size or unit == "µs":
            scaled = value / size
            digits = 0 if scaled >= 100 else 1 if scaled >= 10 else 2
            return f"{scaled:.{digits}f} {unit}"
    raise AssertionError


def _number(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def _objective(row: Row) -> str:
    if row.objective is None:
        return "-"
    text = f"{row.objective:.4f}"
    return f"{text} (**off by {row.off:+.3g}**)" if row.off else text


def _ratio(row: Row, base: Row | None) -> str:
    value = None if row is base else ratio(row, base)
    if value is None:
        return "-"
    text = _number(value)
    return f"({text})" if row.off else text


def _cells(row: Row, base: Row | None) -> list[str]:
    name = f"{row.label} ({row.note})" if row.note else row.label
    spread = f" ± {100 * row.spread:.0f}%" if row.runs > 1 else ""
    return [
        name,
        seconds(row.first),
        seconds(row.seconds) + spread,
        seconds(row.cpu_seconds),
        str(row.runs) if row.runs else "-",
        _ratio(row, base),
        _objective(row),
        "-" if row.evaluations is None else str(row.evaluations),
        "-" if row.memory is None else f"{_number(row.memory / 2**20)} MiB",
    ]


def _goal(goal: Goal) -> str:
    sense = "at least" if goal.at_least else "at most"
    bound = f"goal {sense} {goal.bound:g}{goal.unit}"
    if goal.value is None:
        return f"- {goal.what}: not measured ({bound})"
    verdict = "reached" if goal.reached else "not reached"
    return f"- {goal.what}: {_number(goal.value)}{goal.unit} ({bound}: {verdict})"


def render(result: Result, setting: str) -> str:
    """One case: title, when and how it was measured, a table, the goals."""
    base = next((row for row in result.rows if row.label.startswith("ranef")), None)
    table = [HEADINGS, ["---"] * len(HEADINGS), *(_cells(row, base) for row in result.rows)]
    lines: Sequence[str] = [
        f"### {result.title}",
        "",
        setting,
        "",
        *("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in table),
        "",
        *(_goal(goal) for goal in result.goals),
    ]
    return "\n".join(lines).rstrip()


def replace_block(page: str, name: str, text: str) -> str:
    """Put `text` between the markers of `name`; a new block goes to the end of the page.

    Raises
    ------
    ValueError
        A marker that begins a block without one that ends it.
    """
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    block = f"{begin}\n{text}\n{end}"
    if begin not in page:
        return f"{page.rstrip()}\n\n{block}\n"
    if end not in page:
        raise ValueError(f"the page has no '{end}'")
    pattern = re.escape(begin) + ".*?" + re.escape(end)
    return re.sub(pattern, lambda _: block, page, count=1, flags=re.DOTALL)
