"""Columns of the fixed part that nearly, or within groups wholly, determine each other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ranef.design import Design
from ranef.design.rank import dependent_columns
from ranef.design.terms import RandomTerm
from ranef.diagnose.words import join
from ranef.formula import Formula
from ranef.formula.nodes import Name, walk
from ranef.frame import Column
from ranef.frame.grouping import ROUNDING, group_means, is_constant_within
from ranef.page.phrases import figures, share
from ranef.types import Array, Finding

__all__ = ["collinearity_findings"]

INFLATION = 100.0
"""Variance inflation factor: R^2 = .99 of a column on the others."""

MOST_NAMES = 3
"""Aliased columns that a sentence names."""


def collinearity_findings(formula: Formula, design: Design) -> Iterator[Finding]:
    """The check that ``lm`` makes, on the columns and with the groups as fixed effects."""
    nearly = _nearly(formula, design)
    if nearly is not None:
        yield nearly
    for term in {term.factor: term for term in design.terms}.values():
        yield from _within(design, term)


def collinear_sums(formula: Formula, design: Design, products: Array) -> Iterator[Finding]:
    """The check on the columns, from their sums of products about their means, shape (p, p)."""
    first = 1 if design.has_intercept else 0
    products = products[first:, first:]
    nearly = _nearly_by(formula, design, products) if products.shape[0] > 1 else None
    if nearly is not None:
        yield nearly


def _nearly(formula: Formula, design: Design) -> Finding | None:
    first = 1 if design.has_intercept else 0
    if design.p - first < 2:
        return None
    X = design.X[:, first:]
    if design.has_intercept:
        X = X - X.mean(axis=0)
    return _nearly_by(formula, design, X.T @ X)


def _nearly_by(formula: Formula, design: Design, products: Array) -> Finding | None:
    """From the sums of products of all columns but the intercept, about their means."""
    first = 1 if design.has_intercept else 0
    names = design.x_names[first:]
    sizes = np.sqrt(np.diag(products))
    correlations = products / np.outer(sizes, sizes)
    factors = np.diag(np.linalg.pinv(correlations, hermitian=True))
    if factors.max() < INFLATION:
        return None
    _, vectors = np.linalg.eigh(correlations)
    weights = np.abs(vectors[:, 0])
    columns = np.flatnonzero(weights > 0.2 * weights.max())
    involved = [names[j] for j in columns]
    worst = names[int(np.argmax(factors))]
    shared = _shared(formula, design, {first + int(j) for j in columns})
    return Finding(
        code="collinear-columns",
        severity="note" if shared else "warning",
        message=f"{join(involved)} nearly determine each other: their separate coefficients "
        "are poorly known",
        evidence=f"variance inflation factor {figures(factors.max())} of {worst}",
        where=", ".join(involved),
        fix=f"centre {join(shared)} first; products and powers then overlap less, and the fit "
        "is the same"
        if shared
        else "leave one of them out, or read them together; predictions are not affected",
    )


def _shared(formula: Formula, design: Design, columns: set[int]) -> list[str]:
    """Variables in all columns' terms, which are then products or powers of one another."""
    held = []
    for term in formula.fixed:
        if not columns.isdisjoint(design.encoding.fixed_terms[term.name]):
            held.append({n.name for f in term.factors for n in walk(f) if isinstance(n, Name)})
    return sorted(set.intersection(*held)) if len(held) == len(columns) else []


def _within(design: Design, term: RandomTerm) -> Iterator[Finding]:
    """Columns that others determine once every group has its own fixed intercept."""
    inner, names = _deviations(design, term)
    if len(names) < 2:
        return
    dependent = dependent_columns(inner, intercept=False)
    aliased = [names[j] for j in np.flatnonzero(dependent)]
    if not aliased:
        return
    several = len(aliased) > 1
    more = len(aliased) - MOST_NAMES
    shown = aliased if more < 2 else [*aliased[:MOST_NAMES], f"{more} more"]
    yield Finding(
        code="aliased-within",
        severity="note",
        message=f"within levels of '{term.factor}' {join(shown)} {'are' if several else 'is'} "
        "determined by other columns: their separate coefficients rest on comparisons between "
        "levels alone",
        evidence=f"rank {share(len(names) - len(aliased), len(names), 'column')} that vary within "
        f"'{term.factor}'",
        where=", ".join(aliased),
        fix="nothing to do if a comparison between levels answers the question; otherwise "
        f"leave {'these columns' if several else 'one of the columns'} out",
    )


def _deviations(design: Design, term: RandomTerm) -> tuple[Array, list[str]]:
    """Deviations from the group means of the columns that have any."""
    columns, names = [], []
    for name, x in zip(design.x_names, design.X.T, strict=True):
        if is_constant_within(Column(name, "number", x), term.codes, term.n_levels).all():
            continue
        rest = x - group_means(x, term.codes, term.n_levels)[term.codes]
        if np.abs(rest).max() > ROUNDING * np.abs(x).max():
            columns.append(rest)
            names.append(name)
    return np.asfortranarray(np.column_stack(columns)) if columns else np.empty((0, 0)), names
