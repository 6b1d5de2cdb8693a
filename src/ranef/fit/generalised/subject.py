"""A generalised fit handed to its diagnosis, with the means to fit variants of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranef.design import build
from ranef.design.contrasts import to_argument
from ranef.design.fixed_part import build_part
from ranef.design.generalised_data import GeneralisedData
from ranef.diagnose.call import Call, family_arguments, quoted
from ranef.diagnose.generalised import GeneralisedSubject, family_fits, generalised_findings
from ranef.diagnose.ladder import build_ladder
from ranef.diagnose.subject import SAME
from ranef.family import Family
from ranef.fit.generalised.record import GeneralisedRecord
from ranef.fit.generalised.spec import GeneralisedSpec
from ranef.fit.subject import of_rows, rows_of
from ranef.formula import Formula, parse, parse_part
from ranef.formula.nodes import Call as FormulaCall
from ranef.frame import Table
from ranef.inference.contextual import Refit
from ranef.present.diagnosis.facade import Diagnosis
from ranef.priors.assign import assign
from ranef.solve import Control
from ranef.types import OFFSET, Array, Finding

__all__ = ["call_of", "diagnosis_of_generalised", "generalised_subject_of"]


def generalised_subject_of(record: GeneralisedRecord) -> GeneralisedSubject:
    """The parts of a fit that a diagnosis reads, and ``refit``."""

    def refit(
        formula: str | None = None,
        *,
        rows: NDArray[np.bool_] | None = None,
        prior: Any = SAME,
        random: bool = True,
        family: Family | None = None,
        n_agq: int | None = None,
        table: Table | None = None,
    ) -> GeneralisedSubject:
        own = record._spec
        parsed = own.formula if formula is None else parse(formula, random=random)
        other = own.family if family is None else family
        parts = _parts(own, other)
        data = _data(record._data, parsed, other, parts, rows, table)
        kept = own.prior if formula is None else None
        design = data.design
        if prior is not SAME:
            kept = assign(prior, design.terms, design.x_names)
        nodes = own.n_agq if n_agq is None else n_agq
        spec = GeneralisedSpec(parsed, other, nodes, parts, kept, Control())
        return generalised_subject_of(GeneralisedRecord._of(spec, data))

    return GeneralisedSubject(
        formula=record._formula,
        data=record._data,
        problem=record._problem,
        solution=record._solution,
        estimates=record._estimates,
        refit=refit,
    )


def _parts(spec: GeneralisedSpec, family: Family) -> dict[str, Formula]:
    """The formulas of the other predictors: those of the fit, else the same for all rows."""
    return {
        part: spec.parts[part] if part in spec.parts else parse_part("~ 1", part)
        for part in family.parts
        if part != "thresholds"
    }


def _data(
    old: GeneralisedData,
    parsed: Formula,
    family: Family,
    parts: dict[str, Formula],
    rows: NDArray[np.bool_] | None,
    table: Table | None,
) -> GeneralisedData:
    whole = table or old.table
    used = whole if rows is None else rows_of(whole, rows)
    counted = isinstance(parsed.response, FormulaCall) and parsed.response.function == "cbind"
    given: Array | None = None if counted else of_rows(old.weights, rows)
    state = old.design.encoding.state
    contrasts = to_argument(state, parsed.variables())
    elsewhere = {name for part in parts.values() for name in part.variables()}
    design = build(
        parsed,
        used,
        contrasts,
        left_out=old.left_out,
        family=family,
        weights=given,
        elsewhere=elsewhere,
    )
    assert design.generalised is not None
    return replace(
        old,
        design=design,
        family=family,
        table=used,
        weights=design.generalised.weights,
        offset=of_rows(old.offset, rows),
        parts={
            name: build_part(part, used, contrasts, old.left_out) for name, part in parts.items()
        },
    )


def diagnosis_of_generalised(
    record: GeneralisedRecord,
    refit: Refit,
    known: Sequence[Finding] = (),
    percent: Callable[[int], None] = lambda done: None,
) -> Diagnosis:
    """The findings and the ladder of a fit.

    Parameters
    ----------
    record : GeneralisedRecord
    refit : callable
        Fixed effects of the model for other data, and what judges them.
    known : sequence of Finding
        Findings made elsewhere.
    percent : callable
        Told how far the diagnosis is.
    """
    subject = generalised_subject_of(record)
    fits = family_fits(subject)
    percent(20)
    findings = generalised_findings(subject, fits, refit, *known)
    percent(30)

    def climbed(share: float) -> None:
        percent(30 + int(70.0 * share))

    return Diagnosis(
        formula=record._formula.text,
        reml=False,
        nobs=subject.problem.n,
        groups={label.factor: label.n_levels for label in subject.problem.labels},
        findings=findings,
        ladder=build_ladder(subject, call_of(record), findings, climbed=climbed, families=fits),
        model=f"{subject.family.words}, {_method(subject.problem.n_agq)}",
        words=record._words,
    )


def _method(n_agq: int) -> str:
    return "Laplace's method" if n_agq == 1 else f"adaptive quadrature, {n_agq} nodes"


def call_of(record: GeneralisedRecord) -> Call:
    """The call that made this fit; a prior is not among its arguments."""
    spec, data = record._spec, record._data
    arguments = list(family_arguments(spec.family))
    if spec.n_agq != 1:
        arguments.append(f"n_agq={spec.n_agq}")
    for part, option in (("zero", "zero_inflation"), ("dispersion", "dispersion")):
        formula = spec.parts.get(part)
        if formula is not None and formula.text.replace(" ", "") != "~1":
            arguments = [each for each in arguments if not each.startswith(f"{option}=")]
            arguments.append(f"{option}={quoted(formula.text)}")
    response = spec.formula.response
    counted = isinstance(response, FormulaCall) and response.function == "cbind"
    if data.weights is not None and not counted:
        name = data.weights_name
        arguments.append("weights=weights" if name is None else f"weights={quoted(name)}")
    if data.offset_name is not None:
        name = data.offset_name
        arguments.append("offset=offset" if name == OFFSET else f"offset={quoted(name)}")
    if spec.given is not None and spec.given.subset is not None:
        arguments.append(f"subset={quoted(spec.given.subset)}")
    if to_argument(record._design.encoding.state, spec.formula.variables()):
        arguments.append("contrasts=contrasts")
    return Call(spec.formula.text, arguments=tuple(arguments), function="rn.glmm")
