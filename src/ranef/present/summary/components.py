"""The random effects of a summary, line by line."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ranef.formula.naming import RESIDUAL
from ranef.present.protocol import FittedModel, TermCovariance, residual_sd
from ranef.present.structured import (
    correlations_of,
    heading,
    kind_of_term,
    sds_of,
    structured,
)
from ranef.present.summary.record import Component
from ranef.present.text.names import spell

__all__ = ["component_lines"]


def component_lines(model: FittedModel) -> tuple[Component, ...]:
    """The lines of each term, then the residual's."""
    lines = [line for term in model._covariances for line in _lines(term)]
    if model._has_residual:
        lines.append(Component(RESIDUAL, "", residual_sd(model) ** 2, residual_sd(model)))
    return tuple(lines)


def _lines(term: TermCovariance) -> Iterator[Component]:
    kind = kind_of_term(term)
    if structured(term):
        yield from _structured(term)
        return
    if kind is not None:
        yield Component(term.label.label, heading(term, kind), math.nan, math.nan)
    for i, name in enumerate(term.label.names):
        correlations = tuple(term.correlation(i, j) for j in range(i))
        sd, variance = float(term.sds[i]), float(term.matrix[i, i])
        yield Component(term.label.label, spell(name), variance, sd, correlations)


def _structured(term: TermCovariance) -> Iterator[Component]:
    """The tag with shared parameters; then the standard deviations and correlations of its own."""
    kind = structured(term)
    assert kind is not None
    group = term.label.label
    sds, correlations = sds_of(term, kind), correlations_of(term, kind)
    common = sds[0][1] if kind.one_variance else math.nan
    one = (correlations[0][1],) if len(correlations) == 1 else ()
    yield Component(group, heading(term, kind), common**2, common, one, kind.name)
    if not kind.one_variance:
        for name, sd in sds:
            yield Component(group, spell(name), sd**2, sd, (), kind.name)
    if not one:
        for name, value in correlations:
            yield Component(group, name, math.nan, math.nan, (value,), kind.name)
