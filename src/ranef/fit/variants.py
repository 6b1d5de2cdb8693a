"""Other models of the same data: from the rows of a fit, or from their sums."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ranef.design import Design
from ranef.design.contrasts import to_argument
from ranef.fit.elsewhere import Elsewhere, model_of_sums
from ranef.fit.record import FitRecord
from ranef.formula import Formula
from ranef.inference.drop_terms import smaller_design
from ranef.solve import Control
from ranef.sums import contract
from ranef.types import Array

if TYPE_CHECKING:
    from ranef.priors.assign import Assigned

__all__ = ["fixed_columns", "variant", "variant_of_sums"]


def variant(record: FitRecord, formula: Formula, *, reml: bool | None = None) -> FitRecord:
    """The fit of a formula with fewer terms, categories coded as in `record`, without priors.

    Raises
    ------
    RanefError
        The model cannot be fitted to these data.
    """
    reml = record._problem.reml if reml is None else reml
    if record._elsewhere is not None:
        return variant_of_sums(record, formula, reml=reml, control=record._control)
    design = smaller_design(formula, record._design, record._table, record._data.left_out)
    spec = replace(record._spec, formula=formula, reml=reml, given=None)
    return FitRecord._of(spec, replace(record._data, design=design))


def variant_of_sums(
    record: FitRecord,
    formula: Formula,
    *,
    reml: bool,
    control: Control,
    prior: Callable[[Design], Assigned | None] = lambda design: None,
    start: Array | None = None,
) -> FitRecord:
    """The same from sums: those that are held, or those of another pass over the rows.

    Raises
    ------
    NotHeldError
        The sums do not hold what the formula needs, and the rows cannot be read again.
    RanefError
        The model cannot be fitted to these data.
    """
    elsewhere = _elsewhere(record)
    contrasts = to_argument(record._design.encoding.state, formula.variables())
    made = model_of_sums(formula, elsewhere.holding(formula), contrasts, elsewhere.source)
    assigned = prior(made.data.design)
    problem = made.problem(reml, assigned)
    spec = replace(
        record._spec, formula=formula, reml=reml, prior=assigned, given=None, control=control
    )
    return FitRecord._of_sums(spec, made.data, problem, start=start, seconds=made.seconds)


def fixed_columns(
    record: FitRecord, formula: Formula
) -> tuple[tuple[str, ...], Callable[[], tuple[Array, Array]]]:
    """X of a formula with fewer terms beside that of the fit.

    Returns
    -------
    names : tuple of str
        Of the columns of the smaller X.
    columns : callable
        To both matrices, in rows that keep X'X: those of the fit, or a root of their sums.
    """
    if record._elsewhere is None:
        smaller = smaller_design(formula, record._design, record._table, record._data.left_out)
        return smaller.x_names, lambda: (record._design.X, smaller.X)
    elsewhere = _elsewhere(record)
    contrasts = to_argument(record._design.encoding.state, formula.variables())
    other = contract(elsewhere.holding(formula), formula, contrasts).design

    def columns() -> tuple[Array, Array]:
        stand_in = elsewhere.stand_in
        x, x0 = (d.encoding.fixed(stand_in) for d in (record._design, other))
        root = elsewhere.root
        return root, np.asarray(root @ np.linalg.lstsq(x, x0, rcond=None)[0])

    return other.x_names, columns


def _elsewhere(record: FitRecord) -> Elsewhere:
    assert record._elsewhere is not None
    return record._elsewhere
