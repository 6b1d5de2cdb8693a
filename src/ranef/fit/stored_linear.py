"""A linear fit in a file, and back."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, ClassVar

from ranef.design import Data, Design
from ranef.fit.record import FitRecord
from ranef.fit.spec import ModelSpec
from ranef.fit.stored import kept_of, parameters_fit, what_stands_in, without_rows
from ranef.fit.stored_sums import held_sums
from ranef.formula import Formula
from ranef.inference.estimates import Estimates
from ranef.problem import Problem
from ranef.solve import Control, Solution
from ranef.store.kept import Kept

if TYPE_CHECKING:
    from ranef.fit.facade import Fit

__all__ = ["StoredLinear", "fit_from"]


class StoredLinear(FitRecord):
    """What a file holds of a linear fit."""

    _stored_as: ClassVar[str] = "fit"

    @property
    def _stored_word(self) -> str:
        """The word of this fit: whether its sums go with it."""
        return self._stored_as if held_sums(self) is None else "fit of sums"

    def _stored_parts(self) -> dict[str, Any]:
        sums = held_sums(self)
        return _parts(self) if sums is None else _parts(self) | {"_moments": sums}


def fit_from(parts: Any) -> Fit | None:
    """The fit of these parts of a file; None if they are not those of a linear fit."""
    from ranef.fit.facade import Fit

    if not isinstance(parts, dict) or not _complete(parts):
        return None
    part = parts["_problem"].residual
    spec = ModelSpec(
        parts["_formula"],
        parts["_problem"].reml,
        parts["_problem"].prior,
        parts["_control"],
        residual=None if part is None else part.structure.spec,
    )
    data = Data(
        parts["_design"],
        parts["_table"],
        parts["missing_rows"],
        parts["_weights"],
        parts["_offset"],
        parts["_offset_name"],
        parts["_left_out"],
        residual=None if part is None else part.structure,
        given_weights=None if part is None else parts["_weights"],
        phi=None if part is None else part.phi,
    )
    own = {f.name: parts[f.name] for f in fields(FitRecord) if f.name not in ("_spec", "_data")}
    return Fit(spec, data, **own)


# What a file holds: parts of the specification and of the data one by one, then those of the fit.
# `_index` and `_given` are always None.
_NAMES = (
    *("_formula", "_table", "_design", "_problem", "_solution", "_estimates", "_weights"),
    *("_offset", "_offset_name", "_control", "_layout", "_seconds", "missing_rows", "_left_out"),
    *("_index", "findings", "_given", "_kept"),
)


def _complete(parts: dict[str, Any]) -> bool:
    """Whether these are the parts of a fit, the main ones of the right kind."""
    kinds = {
        "_formula": Formula,
        "_design": Design,
        "_problem": Problem,
        "_solution": Solution,
        "_estimates": Estimates,
        "_control": Control,
        "_kept": Kept,
    }
    return (
        parts.keys() == {*_NAMES}
        and all(isinstance(parts[name], kind) for name, kind in kinds.items())
        and parameters_fit(parts["_problem"], parts["_solution"])
    )


def _parts(record: FitRecord) -> dict[str, Any]:
    """What a file holds of a fit, with what belongs to rows replaced."""
    reml = "" if record._problem.reml else ", reml=False"
    call = "rn.lmm" if record._problem.terms else "rn.lm"
    again = f'fit the model to the data again: {call}("{record._formula.text}", data{reml}, ...)'
    data, absent = record._data, what_stands_in(again)
    problem = _problem(record._problem)
    return {
        "_formula": record._formula,
        "_table": absent("the data"),
        "_design": without_rows(data.design, absent),
        "_problem": problem,
        "_solution": replace(record._solution, problem=problem),
        "_estimates": record._estimates,
        "_weights": None if data.weights is None else absent("the weights"),
        "_offset": None if data.offset is None else absent("the offset"),
        "_offset_name": data.offset_name,
        "_control": record._control,
        "_layout": record._layout,
        "_seconds": dict(record._seconds),
        "missing_rows": data.missing,
        "_left_out": None if data.left_out is None else absent("the left out"),
        "_index": None,
        "findings": record.findings,
        "_given": None,
        "_kept": record._kept or kept_of(record),
    }


def _problem(problem: Problem) -> Problem:
    """Without the inner columns of a nearly collinear X, of which only the number counts.

    Also without what the structure of the residuals knows about single rows.
    """
    scaling, part = problem.scaling, problem.residual
    if part is not None:
        structure = part.structure.without_rows()
        problem = replace(problem, residual=replace(part, structure=structure))
    if scaling.orthogonal is None:
        return problem
    return replace(problem, scaling=replace(scaling, orthogonal=scaling.orthogonal[:0]))
