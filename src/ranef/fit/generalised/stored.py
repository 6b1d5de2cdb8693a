"""A generalised fit in a file, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from ranef.design import Design
from ranef.design.fixed_part import FixedPart
from ranef.design.generalised_data import GeneralisedData
from ranef.family import Family, ZeroInflated
from ranef.fit.generalised.record import GeneralisedRecord
from ranef.fit.generalised.spec import GeneralisedSpec
from ranef.fit.stored import kept_of, parameters_fit, what_stands_in, without_rows
from ranef.formula import Formula
from ranef.inference.generalised.estimates import GeneralisedEstimates
from ranef.inference.generalised.joint import Joint
from ranef.inference.generalised.kept_kernel import KeptKernel, SolutionWithoutRows, keep_kernel
from ranef.problem.without_rows import ProblemWithoutRows
from ranef.problem.without_rows import without_rows as problem_without_rows
from ranef.solve import Control
from ranef.solve.face import face_of
from ranef.solve.generalised import GeneralisedSolution
from ranef.store.kept import Kept

if TYPE_CHECKING:
    from ranef.fit.generalised.facade import GeneralisedFit

__all__ = ["fit_from", "parts_of"]

_KINDS = {
    "formula": Formula,
    "family": Family,
    "design": Design,
    "problem": ProblemWithoutRows,
    "solution": SolutionWithoutRows,
    "estimates": GeneralisedEstimates,
    "control": Control,
    "kept": Kept,
}
_OTHERS = (
    *("parts", "columns", "table", "weights", "weights_name", "offset", "offset_name"),
    *("missing", "left_out", "covariance", "layout", "seconds", "findings"),
)


def parts_of(record: GeneralisedRecord) -> dict[str, Any]:
    """What a file holds of a fit, with what belongs to rows replaced."""
    spec, data = record._spec, record._data
    family = spec.family.base if isinstance(spec.family, ZeroInflated) else spec.family
    absent = what_stands_in(
        f'fit the model to the data again: rn.glmm("{spec.formula.text}", data, '
        f'family="{family.text}", ...)'
    )
    problem = problem_without_rows(record._problem, absent("the rows"))
    joint = record._estimates.joint
    return {
        "formula": spec.formula,
        "family": spec.family,
        "parts": dict(spec.parts),
        "control": spec.control,
        "design": without_rows(data.design, absent),
        "columns": {name: _part(part, absent) for name, part in data.parts.items()},
        "table": absent("the data"),
        "weights": None if data.weights is None else absent("the weights"),
        "weights_name": data.weights_name,
        "offset": None if data.offset is None else absent("the offset"),
        "offset_name": data.offset_name,
        "missing": data.missing,
        "left_out": None if data.left_out is None else absent("the left out"),
        "problem": problem,
        "solution": _solution(record, problem, absent("the rows")),
        "estimates": replace(record._estimates, joint=None),  # type: ignore[arg-type]
        "covariance": joint.covariance,
        "layout": record._layout,
        "seconds": dict(record._seconds),
        "findings": record.findings,
        "kept": record._kept or _kept(record),
    }


def _kept(fit: Any) -> Kept:
    """Answers of a few numbers that need the data."""
    error = fit.laplace_error._estimate if fit._error_at_hand else None
    return replace(kept_of(fit), laplace=error, laplace_finding=fit._error_finding)


def _solution(
    record: GeneralisedRecord, problem: ProblemWithoutRows, rest: Any
) -> SolutionWithoutRows:
    solution = record._solution
    if isinstance(solution, SolutionWithoutRows):
        return solution
    own = solution.problem
    with solution.standing.ask() as kernel:
        kept = keep_kernel(kernel, record._estimates.joint.face, own.rows.groups, rest)
    values = {f.name: getattr(solution, f.name) for f in fields(GeneralisedSolution)}
    values["problem"] = problem if own is record._problem else problem_without_rows(own, rest)
    return SolutionWithoutRows(**values, kept=kept)


def _part(part: FixedPart, absent: Callable[[str], Any]) -> FixedPart:
    return replace(part, columns=absent("the columns of the model"), cells=None)


def fit_from(parts: Any) -> GeneralisedFit | None:
    """The fit of these parts of a file; None if they are not those of a generalised fit."""
    from ranef.fit.generalised.facade import GeneralisedFit

    if not isinstance(parts, dict) or not _complete(parts):
        return None
    problem, solution = parts["problem"], parts["solution"]
    spec = GeneralisedSpec(
        parts["formula"],
        parts["family"],
        problem.n_agq,
        parts["parts"],
        problem.prior,
        parts["control"],
    )
    own = ("table", "missing", "weights", "offset", "offset_name", "left_out", "weights_name")
    data = GeneralisedData(
        design=parts["design"],
        family=parts["family"],
        parts=parts["columns"],
        **{name: parts[name] for name in own},
    )
    joint = Joint(face_of(problem, solution.inner), parts["covariance"])
    return GeneralisedFit(
        _spec=spec,
        _data=data,
        _problem=problem,
        _solution=solution,
        _estimates=replace(parts["estimates"], joint=joint),
        _layout=parts["layout"],
        _seconds=parts["seconds"],
        findings=parts["findings"],
        _kept=parts["kept"],
    )


def _complete(parts: Mapping[str, Any]) -> bool:
    """Whether these are the parts of a fit, of the right kinds and of sizes that fit together."""
    return (
        parts.keys() == {*_KINDS, *_OTHERS}
        and all(isinstance(parts[name], kind) for name, kind in _KINDS.items())
        and isinstance(parts["solution"].problem, ProblemWithoutRows)
        and parts["problem"].family == parts["family"]
        and parameters_fit(parts["problem"], parts["solution"])
        and _sizes_fit(parts)
    )


def _sizes_fit(parts: Mapping[str, Any]) -> bool:
    problem, solution = parts["problem"], parts["solution"]
    estimates, kept = parts["estimates"], solution.kept
    m, own = problem.p + problem.n_psi, solution.problem.p + solution.problem.n_psi
    k = len(face_of(problem, solution.inner).coordinates)
    sizes = list(problem.sizes)
    return (
        isinstance(kept, KeptKernel)
        and kept.coordinates == k
        and problem.change.shape == (m, m)
        and solution.problem.change.shape == (own, own)
        and solution.n_coefficients == m
        and estimates.coefficients.shape == (m,)
        and estimates.vcov.shape == (problem.p, problem.p)
        and solution.inner_coefficients.shape == (own,)
        and parts["covariance"].shape == (k + m, k + m)
        and kept.curvature.shape == (k + own, k + own)
        and [v.shape for v in kept.at_modes] == sizes
        and [v.shape for v in kept.variances] == [(n, q, q) for n, q in sizes]
        and [v.shape for v in kept.slopes] == [(n, q, k + own) for n, q in sizes]
        and all(len(pair.values) == pair.keys.size for pair in kept.pairs)
    )
