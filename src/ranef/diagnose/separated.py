"""Fixed effects that rest on one group: nothing tells them from that group's own effect."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ranef.design import Design
from ranef.design.terms import RandomTerm
from ranef.diagnose.words import join, place_of
from ranef.frame import Column
from ranef.frame.grouping import is_constant_within
from ranef.page.phrases import one_of_them
from ranef.types import Array, Finding

__all__ = ["separated_findings"]

ALL = 1.0 - 1e-8
"""Leverage of a group among the group-level columns from which on it decides alone."""


def separated_findings(design: Design) -> Iterator[Finding]:
    """Group-level columns of the fixed part in which one group has a leverage of one.

    The columns that are constant within groups are taken once a group; a group whose leverage in
    their regression is one is fitted exactly by a coefficient of its own.
    """
    for term in {term.factor: term for term in design.terms}.values():
        yield from _of_factor(design, term)


def _of_factor(design: Design, term: RandomTerm) -> Iterator[Finding]:
    X = design.X
    constant = [
        j
        for j, name in enumerate(design.x_names)
        if is_constant_within(Column(name, "number", X[:, j]), term.codes, term.n_levels).all()
    ]
    if len(constant) < 2:
        return
    some_row = np.zeros(term.n_levels, dtype=np.int64)
    some_row[term.codes] = np.arange(design.n)
    matrix = X[some_row][:, constant]
    q, r = np.linalg.qr(matrix / np.abs(matrix).max(axis=0))
    if matrix.shape[0] <= matrix.shape[1] or np.linalg.matrix_rank(r) < r.shape[0]:
        return
    leverage = np.einsum("ij,ij->i", q, q)
    for group in np.flatnonzero(leverage > ALL).tolist():
        others = np.delete(matrix, group, axis=0)
        lost = _undetermined(others)
        names = _named(design, {constant[k] for k in lost})
        if not names:
            continue
        level = term.levels[group]
        k = len(names)
        yield Finding(
            code="separated-group",
            severity="warning",
            message=f"the fixed {one_of_them(k, 'effect', 'effects')} of {join(names)} "
            f"{one_of_them(k, 'rests', 'rest')} on '{level}' alone among the levels of "
            f"'{term.factor}': "
            "what is due to the one cannot be told from what is due to the other",
            evidence=f"leverage 1 of '{level}' among the columns that are constant within "
            f"'{term.factor}'",
            where=place_of(term.factor, level),
            fix=f"say in the text that the estimate is one group's, or leave '{level}' out: the "
            "rest of the model stands without it",
        )


def _named(design: Design, columns: set[int]) -> list[str]:
    """Columns by name; a term that loses all of several columns has lost its reference level."""
    out: list[str] = []
    for term, own in design.encoding.fixed_terms.items():
        if len(own) > 1 and columns.issuperset(own):
            out.append(f"{term} against its reference level")
        else:
            out += [design.x_names[j] for j in own if j in columns]
    return out


def _undetermined(matrix: Array) -> list[int]:
    """Columns whose coefficients the rows do not determine."""
    scaled = matrix / np.maximum(np.abs(matrix).max(axis=0), 1e-300)
    _, values, vectors = np.linalg.svd(scaled)
    null = vectors[values.size :] if values.size < vectors.shape[0] else vectors[:0]
    null = np.vstack([null, vectors[: values.size][values <= 1e-9 * values[0]]])
    involved = np.abs(null).max(axis=0, initial=0.0) > 1e-6
    return [int(k) for k in np.flatnonzero(involved)]
