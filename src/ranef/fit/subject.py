"""A fit handed to its diagnosis, with the means to fit variants of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranef.design import Data, Design, build, check_identifiable
from ranef.design.contrasts import to_argument
from ranef.diagnose.call import Call, quoted
from ranef.diagnose.findings import all_findings
from ranef.diagnose.ladder import build_ladder
from ranef.diagnose.larger import larger_parts
from ranef.diagnose.rank import supported_ranks
from ranef.diagnose.subject import SAME, Subject
from ranef.fit.elsewhere import model_of_sums
from ranef.fit.look import look_of
from ranef.fit.record import FitRecord
from ranef.fit.spec import ModelSpec
from ranef.fit.variants import variant_of_sums
from ranef.formula import Formula, parse
from ranef.frame import Table
from ranef.present.diagnosis.facade import Diagnosis
from ranef.priors.assign import Assigned, assign
from ranef.problem import Problem, problem_of
from ranef.residual import learn_residual
from ranef.residual.base import GroupCodes
from ranef.solve import Control
from ranef.types import OFFSET, Array

ROWS_IN_A_SECOND = 1e6

__all__ = ["call_of", "diagnosis_of", "of_rows", "rows_of", "subject_of"]


def subject_of(record: FitRecord) -> Subject:
    """The parts of a fit that a diagnosis reads, and ``refit``."""

    def refit(
        formula: str | None = None,
        *,
        reml: bool | None = None,
        start: Array | None = None,
        rows: NDArray[np.bool_] | None = None,
        prior: Any = SAME,
        control: Control | None = None,
        random: bool = True,
    ) -> Subject:
        parsed = record._formula if formula is None else parse(formula, random=random)
        old = record._data
        if record._elsewhere is not None:
            if rows is not None:
                record._elsewhere.missed("the model without some rows")
            return subject_of(_of_sums(record, parsed, formula, reml, start, prior, control))
        table = old.table if rows is None else rows_of(old.table, rows)
        weights, offset = (of_rows(values, rows) for values in (old.own_weights, old.offset))
        state = record._design.encoding.state
        contrasts = to_argument(state, parsed.variables())
        design = build(parsed, table, contrasts, left_out=old.left_out)
        kept = record._spec.prior if formula is None else None
        known = weights
        if old.residual is not None:
            known = old.residual.as_if_known(weights, design.n)
        check_identifiable(design, known)
        spec = ModelSpec(
            parsed,
            record._spec.reml if reml is None else reml,
            kept if prior is SAME else assign(prior, design.terms, design.x_names),
            control or Control(),
            residual=record._spec.residual,
        )
        residual = None
        if old.residual is not None:
            groups = {term.factor: GroupCodes(term.factor, term.codes) for term in design.terms}
            residual = learn_residual(old.residual.spec, table, tuple(groups.values()))
        data = Data(
            design,
            table,
            old.missing,
            weights,
            offset,
            left_out=old.left_out,
            residual=residual,
            given_weights=None if residual is None else weights,
        )
        return subject_of(FitRecord._of(spec, data, start=start))

    return Subject(
        formula=record._formula,
        data=record._data,
        problem=record._problem,
        solution=record._solution,
        estimates=record._estimates,
        refit=refit,
        look=look_of(record),
        lay_out=partial(_laid_out, record),
        size=record._problem.n if record._elsewhere is None else record._elsewhere.n_cells,
        pass_seconds=partial(_pass_seconds, record),
    )


def _pass_seconds(record: FitRecord, formula: Formula) -> float:
    """What another pass over the rows takes, where a formula needs one: that of the fit is known.

    The fit of sums that were made before does not know it; its rows are then counted.
    """
    elsewhere = record._elsewhere
    if elsewhere is None or not elsewhere.needs_pass(formula):
        return 0.0
    return record._seconds.get("sums over rows", record._problem.n / ROWS_IN_A_SECOND)


def _laid_out(record: FitRecord, formula: Formula) -> tuple[Design, Problem]:
    """The design and the problem of another formula; from sums, if they hold it."""
    contrasts = to_argument(record._design.encoding.state, formula.variables())
    reml = record._problem.reml
    if record._elsewhere is None:
        design = build(formula, record._table, contrasts)
        return design, problem_of(replace(record._data, design=design), reml)
    made = model_of_sums(formula, record._elsewhere.moments, contrasts)
    return made.data.design, made.problem(reml, None)


def _of_sums(
    record: FitRecord,
    parsed: Formula,
    formula: str | None,
    reml: bool | None,
    start: Array | None,
    prior: Any,
    control: Control | None,
) -> FitRecord:
    kept = record._spec.prior if formula is None else None

    def assigned(design: Design) -> Assigned | None:
        return kept if prior is SAME else assign(prior, design.terms, design.x_names)

    return variant_of_sums(
        record,
        parsed,
        reml=record._spec.reml if reml is None else reml,
        control=control or Control(),
        prior=assigned,
        start=start,
    )


def rows_of(table: Table, rows: NDArray[np.bool_]) -> Table:
    """Some rows of a table."""
    columns = {
        name: replace(column, values=column.values[rows]) for name, column in table.columns.items()
    }
    return Table(columns, int(np.count_nonzero(rows)), table.threads)


def of_rows(values: Array | None, rows: NDArray[np.bool_] | None) -> Array | None:
    """Some of the values of rows; all of them without `rows`."""
    return values if values is None or rows is None else values[rows]


def diagnosis_of(
    record: FitRecord, percent: Callable[[int], None] = lambda done: None
) -> Diagnosis:
    """The findings and the ladder of a fit; `percent` is told how far they are."""
    subject = subject_of(record)
    supports = supported_ranks(subject, subject.problem.kernel())
    percent(10)
    larger = larger_parts(subject)
    percent(20)
    findings = all_findings(subject, supports, larger)
    percent(30)

    def climbed(share: float) -> None:
        percent(30 + int(70.0 * share))

    return Diagnosis(
        formula=record._formula.text,
        reml=subject.reml,
        nobs=subject.problem.n,
        groups={label.factor: label.n_levels for label in subject.problem.labels},
        findings=findings,
        ladder=build_ladder(subject, call_of(record), findings, supports, larger, climbed),
        words=record._words,
    )


def call_of(record: FitRecord) -> Call:
    """The call that made this fit; a prior is not among its arguments."""
    arguments = []
    if not record._problem.reml:
        arguments.append("reml=False")
    if record._data.own_weights is not None:
        arguments.append("weights=weights")
    offset, given = record._data.offset_name, record._spec.given
    if offset is not None:
        arguments.append("offset=offset" if offset == OFFSET else f"offset={quoted(offset)}")
    if given is not None and given.subset is not None:
        arguments.append(f"subset={quoted(given.subset)}")
    if record._spec.residual is not None:
        arguments.append(f"residual={quoted(record._spec.residual.text)}")
    if to_argument(record._design.encoding.state, record._formula.variables()):
        arguments.append("contrasts=contrasts")
    return Call(record._formula.text, arguments=tuple(arguments))
