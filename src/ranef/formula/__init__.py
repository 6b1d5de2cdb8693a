"""Formulas: text to a checked, expanded record that knows its source positions."""

from ranef.formula.model import Bar, Formula, Role, Variable
from ranef.formula.parse import parse, parse_part
from ranef.formula.render import to_formulaic, to_source, to_text
from ranef.formula.terms import Model, Term

__all__ = [
    "Bar",
    "Formula",
    "Model",
    "Role",
    "Term",
    "Variable",
    "parse",
    "parse_part",
    "to_formulaic",
    "to_source",
    "to_text",
]
