"""The equations of a model as lines, from all of its parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from ranef.errors import OptionError
from ranef.present.equation.families import law_lines
from ranef.present.equation.levels import combined_line, level_lines
from ranef.present.equation.lines import Line
from ranef.present.equation.mixed import error_lines, general_lines, laws_of_tree
from ranef.present.equation.parts import parts_of
from ranef.present.equation.priors import prior_lines
from ranef.present.equation.tree import tree_of
from ranef.present.protocol import FittedModel

__all__ = ["FORMS", "Form", "lines_of"]

Form = Literal["both", "levels", "mixed"]
FORMS = ("both", "levels", "mixed")


def lines_of(
    model: FittedModel, form: Form = "both", labels: Mapping[str, str] | None = None
) -> tuple[Line, ...]:
    """The equations as records."""
    parts = parts_of(model, labels)
    tree = tree_of(parts)
    if tree is None and form == "levels":
        raise OptionError(
            "the equations of this model are not written by levels",
            where=model.formula,
            found="grouping factors that are crossed, none or more than two of them, or a random "
            "effect of a variable that does not vary within the groups",
            fix='use form="mixed"',
        )
    index = "i" if tree is None else tree.hierarchy.indices[0]
    first = [] if parts.distribution is None else law_lines(parts, index)
    priors = prior_lines(model.prior, parts)
    if tree is None:
        return (*first, *general_lines(parts), *priors)
    levels = [] if form == "mixed" else level_lines(parts, tree)
    mixed = [] if form == "levels" else [combined_line(parts, tree)]
    laws = (*laws_of_tree(parts, tree), *error_lines(parts, index))
    return (*first, *levels, *mixed, *laws, *priors)
