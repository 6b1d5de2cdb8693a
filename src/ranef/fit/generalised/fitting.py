"""From the arguments of a call to a generalised fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any, TypeVar

from ranef.design import build, check_columns
from ranef.design.fixed_part import FixedPart, build_part
from ranef.design.generalised_data import GeneralisedData
from ranef.errors import OptionError
from ranef.family import Family
from ranef.fit.generalised.record import GeneralisedRecord
from ranef.fit.generalised.spec import GeneralisedSpec
from ranef.fit.given import Given
from ranef.fit.reading import (
    Further,
    RowsRead,
    check_given,
    checked_weights,
    read_rows,
    whole_offset,
)
from ranef.formula import Formula, parse_part
from ranef.options import numbers, whole
from ranef.problem.memory import out_of_memory
from ranef.solve import Control

__all__ = ["Asked", "fit_generalised"]

F = TypeVar("F", bound=GeneralisedRecord)

MOST_NODES = {1: 25, 2: 15, 3: 9}
"""Nodes of quadrature in each dimension, by the number of random effects of the factor."""

OPTIONS = {"dispersion": "dispersion", "zero": "zero_inflation"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a call asks for, beside what linear models have too.

    Attributes
    ----------
    family : Family
    n_agq : int
    parts : mapping of str to str
        Formulas of the family's other predictors, by part; those that it has and that are not
        named are ``~ 1``.
    """

    family: Family
    n_agq: int
    parts: Mapping[str, str]


def fit_generalised(
    made: type[F], parsed: Formula, given: Given, asked: Asked, start: Any = None
) -> F:
    """Read the columns of a model, build its arrays and fit.

    Parameters
    ----------
    made : type
        What is made of it, a kind of record.
    parsed : Formula
        With a random part.
    given : Given
        The arguments of the call, as the user gave them.
    asked : Asked
    start : array-like, optional
        Theta, or theta and then all coefficients.
    """
    begun = perf_counter()
    check_given(given)
    parts = _formulas(asked)
    further = [Further(tuple(f.variables()), partial(check_columns, f)) for f in parts.values()]
    rows = read_rows(parsed, given, further)
    read = perf_counter()
    data = _data(parsed, given, asked.family, parts, rows)
    _check_nodes(parsed, data, asked.n_agq)
    control = given.control or Control()
    prior = None
    if given.prior is not None:
        from ranef.priors.assign import assign

        prior = assign(given.prior, data.design.terms, data.design.x_names)
    spec = GeneralisedSpec(parsed, asked.family, asked.n_agq, parts, prior, control, given)
    first = None
    if start is not None:
        what = "the start values are not numbers"
        first = numbers("start values", start, what=what, fix="give an array of numbers")
    seconds = {"read": read - begun, "formula and design": perf_counter() - read}
    try:
        return made._of(spec, data, start=first, seconds=seconds)
    except MemoryError as error:
        raise out_of_memory(rows.table.n_rows) from error


def _formulas(asked: Asked) -> dict[str, Formula]:
    """The formulas of the other predictors that the family has."""
    family = asked.family
    for part, text in asked.parts.items():
        if part not in family.parts:
            raise OptionError(
                f"{family.name} has no {part} to model",
                found=f"{OPTIONS[part]}={text!r}",
                fix=f"leave {OPTIONS[part]} out",
            )
    own = [part for part in family.parts if part != "thresholds"]
    return {part: parse_part(asked.parts.get(part, "~ 1"), OPTIONS[part]) for part in own}


def _data(
    parsed: Formula, given: Given, family: Family, parts: Mapping[str, Formula], rows: RowsRead
) -> GeneralisedData:
    elsewhere = {name for formula in parts.values() for name in formula.variables()}
    design = build(
        parsed,
        rows.table,
        given.contrasts,
        left_out=rows.left_out,
        family=family,
        weights=checked_weights(rows.weights),
        elsewhere=elsewhere,
    )
    assert design.generalised is not None
    columns: dict[str, FixedPart] = {
        part: build_part(formula, rows.table, given.contrasts, rows.left_out)
        for part, formula in parts.items()
    }
    return GeneralisedData(
        design=design,
        family=family,
        table=rows.table,
        missing=rows.missing,
        weights=design.generalised.weights,
        offset=whole_offset(design, rows),
        offset_name=rows.offset_name,
        left_out=rows.left_out,
        index=rows.index,
        weights_name=given.weights if isinstance(given.weights, str) else None,
        parts=columns,
    )


def _check_nodes(parsed: Formula, data: GeneralisedData, n_agq: int) -> None:
    """Refuse quadrature that there is not.

    Raises
    ------
    OptionError
    """
    whole("n_agq", n_agq, of="the number of nodes", fix="n_agq=1 is Laplace's method")
    if n_agq == 1:
        return
    factors = {term.factor for term in data.design.terms}
    if len(factors) > 1:
        raise OptionError(
            "quadrature is for models with one grouping factor",
            where=parsed.text,
            found=f"n_agq={n_agq}, and the factors {', '.join(sorted(factors))}",
            fix="leave n_agq out; `fit.laplace_error` says how good Laplace's method is here",
        )
    q = sum(term.q for term in data.design.terms)
    most = MOST_NODES.get(q, 1)
    if n_agq > most:
        allowed = f"at most {most} nodes" if q in MOST_NODES else "Laplace's method alone, n_agq=1"
        raise OptionError(
            f"that is too many nodes for {q} random effects of a group",
            where=parsed.text,
            found=f"n_agq={n_agq}: {n_agq}^{q} points for each group",
            fix=f"use {allowed}",
        )
