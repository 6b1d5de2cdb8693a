"""From the arguments of a call to a fit: what `rn.lmm`, `rn.lm` and `Fit.update` share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

from ranef.design import Data, Design, build, check_identifiable
from ranef.errors import OptionError, RanefError
from ranef.fit.facade import Fit
from ranef.fit.given import Given
from ranef.fit.reading import Further, check_given, checked_weights, read_rows, whole_offset
from ranef.fit.spec import ModelSpec
from ranef.formula import Formula, parse
from ranef.frame import Table
from ranef.options import boolean, numbers, shown
from ranef.problem.memory import out_of_memory
from ranef.residual import ResidualSpec, ResidualStructure, learn_residual, parse_residual
from ranef.residual.base import GroupCodes
from ranef.residual.spec import check_residual_columns
from ranef.solve import Control
from ranef.streams import is_streamed
from ranef.types import Array, Finding, MissingRows

if TYPE_CHECKING:
    from ranef.priors.assign import Assigned

__all__ = ["fit_model"]


def fit_model(parsed: Formula, given: Given, *, reml: bool, start: Any = None) -> Fit:
    """Read the columns of a formula, build the design and fit.

    Parameters
    ----------
    parsed : Formula
        With a random part or without.
    given : Given
        The arguments of the call, as the user gave them.
    reml : bool
    start : array-like, optional
        Theta.
    """
    begun = perf_counter()
    check_given(given)
    boolean("reml", reml, fix="reml=False fits by ML")
    if is_streamed(given.data):
        from ranef.fit.summed import fit_streamed

        theta = None if start is None else _start_values(start)
        return fit_streamed(parsed, given, reml=reml, start=theta)
    residual = None if given.residual is None else _residual_of(given.residual, parsed)
    rows = read_rows(parsed, given, () if residual is None else (_read_by(residual),))
    used, record, control = rows.table, rows.missing, given.control
    read = perf_counter()
    w = checked_weights(rows.weights)
    design = None
    try:
        design = build(parsed, used, given.contrasts, left_out=rows.left_out)
        structure = None if residual is None else _learned(residual, used, design)
        check_identifiable(design, w if structure is None else structure.as_if_known(w, design.n))
        total = whole_offset(design, rows)
        return Fit._of(
            ModelSpec(
                parsed,
                reml,
                _assigned(given.prior, design),
                control or Control(),
                given,
                residual,
            ),
            Data(
                design,
                used,
                record,
                w,
                total,
                rows.offset_name,
                rows.left_out,
                rows.index,
                structure,
                None if structure is None else w,
            ),
            start=None if start is None else _start_values(start),
            seconds={"read": read - begun, "formula and design": perf_counter() - read},
        )
    except RanefError as error:
        if parsed.bars:
            again = partial(_fit_of_text, replace(given, missing="drop"), reml)
            error.explained_by(
                partial(_refused, parsed, used, record, design),
                partial(_simpler, parsed, used, design, w, again),
            )
        raise
    except MemoryError as error:
        raise out_of_memory(used.n_rows) from error


def _residual_of(text: Any, formula: Formula) -> ResidualSpec:
    """The structure of the residuals that a call asks for."""
    spec = parse_residual(text)
    if not formula.bars:
        raise OptionError(
            "residual= is for models with random effects",
            found=f"residual={shown(text)} and the formula {formula.text}",
            fix="add a random part, as in (1 | group), or leave out residual=",
        )
    return spec


def _read_by(residual: ResidualSpec) -> Further:
    return Further(residual.columns, partial(check_residual_columns, residual))


def _start_values(start: Any) -> Array:
    fix = "give an array of numbers"
    return numbers("start values", start, what="the start values are not numbers", fix=fix)


def _learned(spec: ResidualSpec, table: Table, design: Design) -> ResidualStructure:
    groups = {term.factor: GroupCodes(term.factor, term.codes) for term in design.terms}
    return learn_residual(spec, table, tuple(groups.values()))


def _fit_of_text(given: Given, reml: bool, text: str) -> Fit:
    return fit_model(parse(text), given, reml=reml)


def _refused(
    formula: Formula, table: Table, missing: MissingRows, design: Design | None
) -> tuple[Finding, ...]:
    from ranef.diagnose.refused import refused_findings

    return refused_findings(formula, table, missing, design)


def _simpler(
    formula: Formula,
    table: Table,
    design: Design | None,
    weights: Array | None,
    fit: Callable[[str], Fit],
) -> Fit | None:
    """The first simpler model that the data do not refuse too."""
    from ranef.diagnose.refused import simpler_formulas

    for text in simpler_formulas(formula, table, design, weights):
        try:
            return fit(text)
        except RanefError:
            continue
    return None


def _assigned(prior: Any, design: Design) -> Assigned | None:
    if prior is None:
        return None
    from ranef.priors.assign import assign

    return assign(prior, design.terms, design.x_names)
