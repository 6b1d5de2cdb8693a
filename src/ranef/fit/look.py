"""What a fit knows about its predictors within groups and between them: by its rows, or by sums."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import numpy as np

from ranef.design import Data
from ranef.diagnose.rewrite import Parts, centring, parts_of, per_factor, replaced
from ranef.fit.record import FitRecord
from ranef.fit.variants import variant
from ranef.formula import parse, to_text
from ranef.formula.nodes import Expr, Name
from ranef.inference.ddf import Method
from ranef.inference.fixed_effects import fixed_effects
from ranef.inference.split import NEW, InRows, Look, Split
from ranef.types import Array

__all__ = ["InSums", "look_of"]


def look_of(record: FitRecord) -> Look:
    """The rows of a fit, or their sums."""
    if record._elsewhere is not None:
        return InSums(record)

    def refit(data: Data) -> tuple[Array, Method]:
        return fixed_effects(data, record._problem.reml, record._control)

    return InRows(record._formula, record._data, refit)


@dataclass(frozen=True, eq=False)
class InSums:
    """Sums of the rows answer."""

    record: FitRecord = field(repr=False)

    def is_number(self, name: str) -> bool:
        own = self.record._elsewhere
        return own is not None and own.moments.plan.kinds.get(name) == "number"

    def varies(self, name: str, factor: str) -> bool:
        own = self.record._elsewhere
        assert own is not None
        return name not in own.constant_within(factor) and own.varies_between(name, factor)

    def is_constant(self, name: str, factor: str) -> bool:
        own = self.record._elsewhere
        return own is not None and name in own.constant_within(factor)

    def fitted(self) -> tuple[Array, Method]:
        record = self.record
        plain = record if record._problem.prior is None else variant(record, record._formula)
        return plain._estimates.beta, plain._method("auto")

    def split(self, name: str, factor: str) -> Split | None:
        formula = self.record._formula
        x: Expr = next(
            f
            for term in formula.fixed
            for f in term.factors
            if isinstance(f, Name) and f.name == name
        )
        k = next(k for k, bar in enumerate(formula.bars) if bar.label == factor)
        group = per_factor(formula)[k].group
        within, between = (centring(how, x, group) for how in ("within", "between"))
        parts = parts_of(formula).mapped(partial(replaced, old=x, new=within))
        copies = []
        for sign, item in parts_of(formula).fixed:
            copy = replaced(item, x, between)
            if copy != item:
                copies.append((sign, copy))
        text = Parts(parts.response, (*parts.fixed, *copies), parts.random).text
        fit = variant(self.record, parse(text))
        pairs = _pairs(fit, to_text(x), to_text(within), to_text(between))
        if not pairs or _share_left(fit, pairs) < NEW:
            return None
        return Split(fit._estimates.beta, fit._method("auto"), pairs)


def _pairs(fit: FitRecord, x: str, within: str, between: str) -> tuple[tuple[int, int], ...]:
    """The columns within and between, those of the predictor itself first."""
    columns = fit._design.encoding.fixed_terms
    terms = {tuple(map(to_text, term.factors)): columns[term.name] for term in fit._formula.fixed}
    found = []
    for factors, own in terms.items():
        if within not in factors:
            continue
        other = {between if f == within else f for f in factors}
        theirs = next((c for f, c in terms.items() if {*f} == other), ())
        if len(own) == len(theirs):
            found.append((len(factors), tuple(zip(own, theirs, strict=True))))
    found.sort(key=lambda each: each[0])
    if not found or found[0][0] != 1:
        return ()
    return tuple(pair for _, pairs in found for pair in pairs)


def _share_left(fit: FitRecord, pairs: tuple[tuple[int, int], ...]) -> float:
    """Share of the squared deviations of the group means that the other columns leave."""
    p, (_, between) = fit._problem.p, pairs[0]
    copies = {column for _, column in pairs}
    others = [j for j in range(p) if j not in copies]
    assert fit._elsewhere is not None
    a = fit._elsewhere.levels.products()
    if not fit._design.has_intercept:
        return 1.0
    explained = (
        a[others, between]
        @ np.linalg.lstsq(a[np.ix_(others, others)], a[others, between], rcond=None)[0]
    )
    return float(1.0 - explained / a[between, between])
