"""Truth values as categories: the model is the same, and so are the means it compares."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ranef.design import Design
from ranef.design.coding import code
from ranef.design.fixed import Contrast
from ranef.design.levels import Levels
from ranef.design.state import Category, State
from ranef.formula.nodes import Name
from ranef.formula.render import to_text
from ranef.frame import Table

__all__ = ["truth_as_categories"]


def truth_as_categories(design: Design, table: Table) -> State:
    """The state of a design with the truth values of the fixed part as categories.

    Marginal means and R's tests of terms take False and True for two levels, although X has a
    column of zeros and ones. Where two levels would make other columns than that, as in
    ``y ~ 0 + flag`` without an intercept, they stay numbers.
    """
    encoding = design.encoding
    state = encoding.state
    found = {
        to_text(factor): Category(factor.name, Levels(numbers=np.array([0.0, 1.0])), Contrast())
        for term in encoding.terms
        for factor in term.factors
        if isinstance(factor, Name)
        and to_text(factor) not in state.categories
        and table[factor.name].holds_truth
    }
    if not found:
        return state
    made = replace(state, categories={**state.categories, **found})
    columns = len(code(encoding.intercept, encoding.terms, table, made).names)
    return made if columns == design.p + len(design.dropped) else state
