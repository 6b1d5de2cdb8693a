"""Levels of grouping factors that the fit has not seen: refused, or drawn."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from ranef.core import TermLabel
from ranef.covariance import semidefinite_cholesky
from ranef.design import Encoding
from ranef.design.grouping import learn_grouping, level_of_row
from ranef.errors import DataError
from ranef.frame import Table, take_rows
from ranef.frame.missing import missing_in
from ranef.inference.simulate import draw_key
from ranef.page import phrases
from ranef.types import Array, Codes

__all__ = ["Blocks", "drawn_effects", "group_missing", "refuse_new_levels"]

Blocks = Sequence[tuple[Codes, Array]]


def group_missing(table: Table, encoding: Encoding, terms: Sequence[int]) -> NDArray[np.bool_]:
    """Rows where a grouping variable of some terms is missing."""
    missing = np.zeros(table.n_rows, dtype=np.bool_)
    for k in terms:
        for name in encoding.random_codings[k].grouping.columns:
            missing |= missing_in(table[name])
    return missing


def refuse_new_levels(
    blocks: Blocks,
    labels: Sequence[TermLabel],
    table: Table,
    encoding: Encoding,
    terms: Sequence[int],
) -> None:
    """Raise where a row has a level in one of some terms that the fit has not seen."""
    missing = group_missing(table, encoding, terms)
    for k in terms:
        (codes, _), label, coding = blocks[k], labels[k], encoding.random_codings[k]
        rows = np.flatnonzero((codes < 0) & ~missing)
        if rows.size:
            level = ":".join(level_of_row(coding.grouping.columns, table, int(rows[0])))
            raise DataError(
                f"levels of '{label.factor}' that were not in the data of the fit",
                found=f"'{level}' in row {rows[0]} (from 0)"
                + (
                    f", new levels in {phrases.share(rows.size, codes.size, 'row')}"
                    if rows.size > 1
                    else ""
                ),
                fix="new_levels='population' predicts them with random effects of zero, "
                "new_levels='sample' draws their random effects",
            )


def drawn_effects(
    blocks: Blocks,
    covariances: Sequence[Array],
    table: Table,
    encoding: Encoding,
    terms: Sequence[int],
    seed: int | None,
) -> Array:
    """Random effects of some terms drawn for new levels, shape (rows,); zero for known ones.

    A level has one draw in each term, which all of its rows share. The draw is a function of the
    seed, the term and the level alone (Philox keyed by them), so that it does not depend on the
    other rows.
    """
    key = draw_key(seed)
    total = np.zeros(table.n_rows)
    new_rows = ~group_missing(table, encoding, terms)
    for k in terms:
        (codes, z), covariance, coding = blocks[k], covariances[k], encoding.random_codings[k]
        rows = np.flatnonzero((codes < 0) & new_rows)
        if not rows.size:
            continue
        columns = coding.grouping.columns
        of_new = take_rows(table, rows)
        _, level = learn_grouping(columns, of_new)
        first = np.unique(level, return_index=True)[1]
        root = semidefinite_cholesky(covariance)
        draws = np.empty((first.size, root.shape[0]))
        for i, row in enumerate(first.tolist()):
            name = repr((k, level_of_row(columns, of_new, row))).encode()
            stream = int.from_bytes(blake2b(name, digest_size=8).digest(), "little")
            bits = np.random.Philox(key=np.array([key, stream], dtype=np.uint64))
            draws[i] = np.random.Generator(bits).standard_normal(root.shape[0])
        total[rows] += np.einsum("ij,ij->i", z[rows], (draws @ root.T)[level])
    return total
