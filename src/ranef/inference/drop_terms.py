"""The terms that a model can do without, and what it asks to leave them out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ranef.design import Design, build
from ranef.design.contrasts import to_argument
from ranef.family import Family
from ranef.formula import Formula
from ranef.formula.render import to_text
from ranef.formula.terms import Term
from ranef.frame import Table
from ranef.types import Array

__all__ = ["droppable", "dropped_rows", "formula_without", "smaller_design"]


def droppable(design: Design) -> tuple[Term, ...]:
    """Terms whose variables are not all in another term: ``a`` goes with ``a:b``, not before.

    The rule is that of R's ``drop.scope`` (Venables 1998, Exegeses on linear models, section 5).
    """
    terms = design.encoding.terms
    variables = [frozenset(to_text(factor) for factor in term.factors) for term in terms]
    return tuple(
        term
        for term, own in zip(terms, variables, strict=True)
        if not any(own < other for other in variables)
    )


def formula_without(formula: Formula, term: Term) -> Formula:
    """The formula with a term of the fixed part left out; its text stays."""
    return replace(formula, fixed=tuple(t for t in formula.fixed if t.name != term.name))


def smaller_design(
    formula: Formula,
    design: Design,
    table: Table,
    left_out: Table | None = None,
    family: Family | None = None,
    weights: Array | None = None,
) -> Design:
    """The design of a formula with fewer terms, categories coded as in `design`.

    `family` and `weights` are those of a generalised model.
    """
    contrasts = to_argument(design.encoding.state, formula.variables())
    return build(formula, table, contrasts, left_out=left_out, family=family, weights=weights)


def dropped_rows(
    design: Design,
    term: Term,
    names: tuple[str, ...],
    columns: Callable[[], tuple[Array, Array]],
) -> Array:
    """Rows L with X beta in the columns of the smaller X where L beta = 0.

    They are the term's own coefficients where the smaller X is X without its columns.

    Parameters
    ----------
    design : Design
    term : Term
    names : tuple of str
        Of the columns of the smaller X.
    columns : callable
        To X and the smaller X.
    """
    own = list(design.encoding.fixed_terms[term.name])
    others = [j for j in range(design.p) if j not in own]
    if names == tuple(design.x_names[j] for j in others):
        return np.eye(design.p)[own]
    x, x0 = columns()
    q, r = np.linalg.qr(x)
    basis, _ = np.linalg.qr(q.T @ x0)
    left, sizes, _ = np.linalg.svd(np.eye(design.p) - basis @ basis.T)
    return np.asarray(left[:, sizes > 0.5].T @ r)
