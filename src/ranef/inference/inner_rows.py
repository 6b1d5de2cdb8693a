"""Rows to predict in the coordinates of the cross-products, by grouping factor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ranef.problem import ProblemShape
from ranef.types import Array, Codes

__all__ = ["Blocks", "InnerRows", "inner_rows"]

Blocks = Sequence[tuple[Codes, Array]]


@dataclass(frozen=True, slots=True)
class InnerRows:
    """x and z of each row.

    Attributes
    ----------
    x : ndarray, shape (rows, p)
    codes : tuple of ndarray, shape (rows,)
        Of each grouping factor; -1 is a level that the fit has not seen.
    z : tuple of ndarray, shape (rows, q)
    """

    x: Array
    codes: tuple[Codes, ...]
    z: tuple[Array, ...]

    def chunks(self, size: int) -> Iterator[tuple[slice, InnerRows]]:
        """Some rows at a time."""
        for start in range(0, self.x.shape[0], size):
            part = slice(start, start + size)
            yield (
                part,
                InnerRows(
                    self.x[part],
                    tuple(c[part] for c in self.codes),
                    tuple(z[part] for z in self.z),
                ),
            )


def inner_rows(problem: ProblemShape, x: Array, blocks: Blocks) -> InnerRows:
    """Rows on the data's scale to rows of the inner columns.

    Parameters
    ----------
    problem : ProblemShape
    x : ndarray, shape (rows, p)
    blocks : sequence of (codes, Z)
        Of the terms; those on the same factor share their codes.
    """
    count = len(problem.sizes)
    columns: list[list[Array]] = [[] for _ in range(count)]
    codes: list[Codes] = [np.zeros(0, np.int32)] * count
    for (code, z), term, b in zip(blocks, problem.terms, problem.scaling.B, strict=True):
        codes[term.group] = np.ascontiguousarray(code, dtype=np.int32)
        columns[term.group].append(z @ b)
    return InnerRows(
        np.asfortranarray(x @ problem.scaling.R),
        tuple(codes),
        tuple(np.concatenate(parts, axis=1) for parts in columns),
    )
