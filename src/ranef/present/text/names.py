"""How names and parts of a model are spelt for readers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ranef.formula.nodes import Name
from ranef.formula.parser import parse_sides
from ranef.formula.render import to_text
from ranef.types import INTERCEPT

__all__ = ["one_line", "prior_phrases", "response_of", "spell"]

_CONTROLS = dict.fromkeys((*range(32), *range(127, 160)), " ")


def one_line(text: str) -> str:
    """`text` without breaks of the line and other signs that no page shows.

    >>> one_line("a\\nb")
    'a b'
    """
    return text.translate(_CONTROLS)


def spell(name: str) -> str:
    """The coefficient name as readers know it: ``Intercept`` becomes ``(Intercept)``.

    >>> spell("Intercept"), spell("ses:sector")
    ('(Intercept)', 'ses:sector')
    """
    return f"({INTERCEPT})" if name == INTERCEPT else name


def response_of(formula: str) -> str:
    """The left-hand side of a formula: a column's name as it is in the data.

    >>> response_of("math ~ ses + (1 | sch.id)"), response_of("`a ~ b` ~ ses + (1 | sch.id)")
    ('math', 'a ~ b')
    """
    response, _ = parse_sides(formula)
    return response.name if isinstance(response, Name) else to_text(response)


def prior_phrases(prior: Mapping[str, Any] | None) -> tuple[str, ...]:
    """One phrase for each prior.

    >>> prior_phrases({"sch.id": "Wishart()", "fixed": "Normal()", "batch": []})
    ('Wishart() on sch.id', 'Normal() on the fixed effects')
    """
    phrases = []
    for name, value in (prior or {}).items():
        where = "the fixed effects" if name == "fixed" else name
        for one in value if isinstance(value, list) else [value]:
            phrases.append(f"{one} on {where}")
    return tuple(phrases)
