"""Rungs of the fixed part: centring within groups, and adding the group means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from ranef.design.evaluate import evaluate_factor
from ranef.diagnose.ladder.rung import Plan
from ranef.diagnose.rewrite import Parts, centring, parts_of, per_factor, replaced
from ranef.diagnose.subject import Subject
from ranef.diagnose.words import slope_of
from ranef.formula import to_source, to_text
from ranef.formula.functions import CENTRING
from ranef.formula.grouping import expand_group
from ranef.formula.nodes import Call, Expr, walk
from ranef.frame.grouping import group_means
from ranef.types import Array, Codes, Finding

__all__ = ["Candidate", "candidates", "centring_plans"]

CONSTANT = 1e-9  # of the standard deviation
KNOWN_MEAN = 1e-3  # share of a group mean's variance that the fixed part has to leave


@dataclass(frozen=True, slots=True)
class Candidate:
    """A predictor with variation within and between the groups of one factor.

    Attributes
    ----------
    expr : Expr
        As it stands in the formula: a factor of its fixed terms.
    source : Expr
        What is averaged: `expr` itself, or x where `expr` is ``within(x, g)``.
    centred : bool
        Whether `expr` is a deviation from group means already.
    """

    expr: Expr
    source: Expr
    centred: bool


def candidates(
    subject: Subject, every: bool = False
) -> tuple[tuple[str, Expr, tuple[Candidate, ...]], ...]:
    """For each grouping factor its label, its expression and its candidates.

    Factors without random slopes are left out where others have them, unless `every` is wanted.
    """
    formula = subject.formula
    with_slopes = {bar.label for bar in formula.bars if bar.model.terms}
    codes = {term.factor: (term.codes, term.n_levels) for term in subject.design.terms}
    found: dict[str, tuple[str, Expr, tuple[Candidate, ...]]] = {}
    for bar, part in zip(formula.bars, per_factor(formula), strict=True):
        if bar.label in found or (with_slopes and bar.label not in with_slopes and not every):
            continue
        of_group = _of_group(subject, part.group, *codes[bar.label])
        if of_group:
            found[bar.label] = (bar.label, part.group, of_group)
    return tuple(found.values())


def centring_plans(subject: Subject, findings: Sequence[Finding] = ()) -> list[Plan]:
    """Centred, raw with the group mean, centred with the group mean: for each grouping factor.

    Where some factors have random slopes these alone are gone through; of the others the group
    mean is added where a finding says that it is missing.
    """
    plans = []
    places = {finding.where for finding in findings if finding.code == "contextual-effect"}
    if subject.certificate.verdict == "flat":
        return []  # what the variances are has to be settled first
    every = candidates(subject)
    beside = [
        (label, group, named)
        for label, group, found in candidates(subject, every=True)
        if label not in {label for label, *_ in every}
        for named in [[c for c in found if slope_of(to_text(c.source), label) in places]]
        if named
    ]
    for label, group, found in every:
        by = f" by {label}" if len(every) > 1 else ""
        parts = parts_of(subject.formula)
        raw = [c for c in found if not c.centred]
        within = {c.expr: centring("within", c.expr, group) for c in raw}
        renames = {to_text(old): to_text(new) for old, new in within.items()}
        names = " and ".join(to_source(c.source) for c in found)
        words = f"mean of {names}" if len(names) <= 16 else "group means"
        with_mean = _with_means(parts, found, group)
        if raw:
            centred = parts.mapped(partial(_all_replaced, by=within))
            both = Parts(
                parts.response,
                _with_means(parts, found, group, within).fixed,
                centred.random,
            )
            plans.append(Plan("centred", f"centred by {label}", centred.text, renames, group=label))
        plans.append(Plan("group-mean", f"+ {words}{by}", with_mean.text, group=label))
        if raw:
            plans.append(
                Plan("centred-mean", f"centred + {words}{by}", both.text, renames, group=label)
            )
    for label, group, named in beside:
        with_mean = _with_means(parts_of(subject.formula), named, group)
        names = " and ".join(to_source(c.source) for c in named)
        title = f"+ {f'mean of {names}' if len(names) <= 16 else 'group means'} by {label}"
        plans.append(Plan("group-mean", title, with_mean.text, group=label))
    return plans


def _of_group(subject: Subject, group: Expr, codes: Codes, levels: int) -> tuple[Candidate, ...]:
    columns = expand_group(group, "")[0].factors
    state, table = subject.design.encoding.state, subject.table
    factors = {to_text(f): f for term in subject.formula.fixed for f in term.factors}
    found = []
    for text, expr in factors.items():
        if text in state.categories:
            continue
        own = _own_centring(expr, columns)
        if own is None and any(isinstance(n, Call) and n.function in CENTRING for n in walk(expr)):
            continue
        source = expr if own is None else own
        if own is not None and to_text(centring("between", own, group)) in factors:
            continue
        values = evaluate_factor(source, table, state)
        if not isinstance(values, np.ndarray) or values.ndim != 1:
            continue
        means = group_means(values, codes, levels)[codes]
        if _varies(values - means, values) and _varies(means, values):
            if own is None and _is_known(means, subject.design.X):
                continue
            found.append(Candidate(expr, source, own is not None))
    return tuple(found)


def _own_centring(expr: Expr, columns: Sequence[str]) -> Expr | None:
    """x where `expr` is ``within(x, g)`` on the same groups."""
    if not isinstance(expr, Call) or expr.function != "within":
        return None
    return expr.args[0] if expand_group(expr.args[1], "")[0].factors == columns else None


def _varies(values: Array, scale: Array) -> bool:
    return float(np.std(values)) > CONSTANT * max(float(np.std(scale)), 1e-300)


def _is_known(means: Array, X: Array) -> bool:
    """Whether the fixed part has the group means already, under whatever name."""
    centred = means - means.mean()
    coefficients, *_ = np.linalg.lstsq(X, means, rcond=None)
    left = means - X @ coefficients
    return float(left @ left) < KNOWN_MEAN * float(centred @ centred)


def _all_replaced(tree: Expr, by: dict[Expr, Call]) -> Expr:
    for old, new in by.items():
        tree = replaced(tree, old, new)
    return tree


def _with_means(
    parts: Parts, found: Sequence[Candidate], group: Expr, within: dict[Expr, Call] | None = None
) -> Parts:
    """Each summand with its candidates centred by `within`, then once more with their means."""
    means = {c.expr: centring("between", c.source, group) for c in found}
    first: list[tuple[int, Expr]] = []
    copies: list[tuple[int, Expr]] = []
    for sign, item in parts.fixed:
        first.append((sign, _all_replaced(item, within or {})))
        copy = _all_replaced(item, means)
        if sign > 0 and copy != item and (sign, copy) not in copies:
            copies.append((sign, copy))
    return Parts(parts.response, (*first, *copies), parts.random)
