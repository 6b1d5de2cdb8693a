"""The page of bundled data sets, written from their catalogue: ``{data-sets}`` in a page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from sphinx.application import Sphinx

import ranef as rn


class DataSets(Directive):
    """A section for each data set: its variables with units, its source, how to load it."""

    def run(self) -> list[nodes.Node]:
        found = nodes.section()
        found.document = self.state.document
        lines = [line for name in rn.datasets.names() for line in section(name)]
        self.state.nested_parse(StringList(lines, "catalogue.json"), 0, found, match_titles=True)
        return found.children


def section(name: str) -> Iterator[str]:
    known = rn.datasets.describe(name)
    yield from (f"## {name}", "", known.title, "")
    yield from ("```python", f'rn.datasets.load("{name}")', "```", "")
    yield from (f"{known.rows:,} rows.", "", "| variable | type | unit | meaning |")
    yield "|---|---|---|---|"
    for column in known.columns:
        cells = (f"`{column.name}`", column.type, column.unit, column.meaning)
        yield "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"
    yield ""
    for label in ("source", "changes", "citation", "licence"):
        yield f"- {label.capitalize()}: {getattr(known, label)}"
    yield ""


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("data-sets", DataSets)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
