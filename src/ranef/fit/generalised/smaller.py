"""Generalised models with fewer terms, for the tests that leave terms out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from ranef.fit.generalised.record import GeneralisedRecord
from ranef.formula import Formula
from ranef.formula.nodes import Call
from ranef.inference.boundary_law import Place, boundary_law
from ranef.inference.drop_terms import smaller_design
from ranef.inference.generalised.boundary import generalised_new
from ranef.inference.generalised.no_effects import deviance_without_effects
from ranef.inference.likelihood_ratio import Ratio, judged_ratio

__all__ = ["GeneralisedReducing", "law_at", "smaller_fit"]


def smaller_fit(record: GeneralisedRecord, formula: Formula) -> GeneralisedRecord:
    """The model of a formula with fewer terms, fitted to the same rows."""
    response = formula.response
    counts = isinstance(response, Call) and response.function == "cbind"
    design = smaller_design(
        formula,
        record._design,
        record._table,
        record._data.left_out,
        record._family,
        None if counts else record._weights,
    )
    design = replace(design, y=record._design.y, generalised=record._design.generalised)
    spec = replace(record._spec, formula=formula, given=None)
    return type(record)._of(spec, replace(record._data, design=design))


def law_at(
    large: GeneralisedRecord, place: Place, statistic: float, fewer: int = 0, half_lines: int = 0
) -> Ratio:
    """A statistic of a smaller model at a place in a larger one.

    Parameters
    ----------
    large : GeneralisedRecord
    place : Place
    statistic : float
    fewer : int
        Coefficients that the smaller model lacks.
    half_lines : int
        Parameters of the family that it has at a bound.
    """
    new = partial(generalised_new, large._solution)
    law = boundary_law(large._problem, place, fewer, new, half_lines)
    return judged_ratio(statistic, place, law)


@dataclass(frozen=True, slots=True)
class GeneralisedReducing:
    """A generalised model whose random part is to be reduced."""

    record: GeneralisedRecord

    def smaller(self, formula: Formula) -> GeneralisedRecord:
        return smaller_fit(self.record, formula)

    def without_effects(self) -> tuple[float, int]:
        problem = self.record._problem
        loglik = -0.5 * deviance_without_effects(problem, self.record._solution)
        return loglik, problem.p + problem.n_psi

    def judge(self, statistic: float, place: Place) -> Ratio:
        return law_at(self.record, place, statistic)
