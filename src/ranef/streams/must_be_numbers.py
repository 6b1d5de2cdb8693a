"""A response, weights or an offset that a few cells make a column of text: these are named."""

from __future__ import annotations

from itertools import islice

from ranef.formula import Formula
from ranef.formula.nodes import Name, walk
from ranef.formula.position import pointer
from ranef.streams.batches import Batches
from ranef.streams.odd_cells import odd_in_query, odd_in_texts
from ranef.streams.source import Source
from ranef.streams.sql import Queries

__all__ = ["check_numbers"]


def check_numbers(
    source: Source, formula: Formula, weights: str | None, offset: str | None
) -> None:
    """Refuse a column that has to hold numbers, if a few cells make it a column of text.

    Raises
    ------
    DataError
        It names such cells. Nothing is raised of other texts, whose refusal needs no look at them.
    """
    schema = source.schema()
    places = {
        node.name: pointer(formula.text, node.span)
        for node in walk(formula.response)
        if isinstance(node, Name)
    }
    for what, name in (("weights", weights), ("offset", offset)):
        if name is not None:
            places.setdefault(name, f"{what}='{name}'")
    for name, where in places.items():
        kind = schema.get(name)
        if kind is None or kind.kind != "factor" or kind.instants:
            continue
        odd = None
        if isinstance(source, Queries):
            odd = odd_in_query(source, name, kind, where, numeric=True)
        elif isinstance(source, Batches) and source.repeatable:
            for table in islice(source.rows([name]), 1):
                column = table[name]
                texts = (column.levels[k] for k in column.values if k >= 0)
                odd = odd_in_texts(texts, name, kind, where, numeric=True)
        if odd is not None:
            raise odd
