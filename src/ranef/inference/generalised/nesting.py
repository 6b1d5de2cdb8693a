"""Whether one generalised model is nested in another, apart from its random part."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ranef.design.generalised_data import GeneralisedData
from ranef.family import Family
from ranef.inference.model_nesting import NotNested, fixed_parts
from ranef.types import Array

__all__ = ["Coefficients", "coefficients_between"]

SPAN = 1e-7  # of a column's length: what lies outside of a span


class Coefficients(NamedTuple):
    """How the coefficients of a smaller model stand to the larger one's.

    Attributes
    ----------
    fewer : int
        Coefficients that the smaller model lacks, and that may go either way from it.
    half_lines : int
        Parameters of the larger family that are at a bound in the smaller one.
    loose : int
        Other coefficients of these parts, which have no meaning in the smaller model.
    """

    fewer: int
    half_lines: int
    loose: int = 0


def coefficients_between(
    small: GeneralisedData, large: GeneralisedData, order: NDArray[np.int64] | None
) -> Coefficients:
    """Compare the fixed parts, the families and the formulas of their other predictors.

    Raises
    ------
    NotNested
        A column of the smaller model is no combination of the larger one's, or its family is
        neither the larger one's nor at a bound of it.
    """
    fewer = fixed_parts(small, large, order).fewer
    gone = _parts_gone(small.family, large.family)
    if gone is None:
        raise NotNested(f"the family {small.family.text}")
    half_lines = loose = 0
    for part, columns in large.parts.items():
        if part in gone:
            half_lines += 1
            loose += len(columns.names) - 1
            continue
        _check_span(small, large, part, order)
        fewer += len(columns.names) - len(small.parts[part].names)
    return Coefficients(fewer, half_lines, loose)


def _parts_gone(small: Family, large: Family) -> tuple[str, ...] | None:
    """The predictors of the larger family that go to a bound; None if it is another family."""
    if small == large:
        return ()
    for bound in large.boundaries:
        rest = _parts_gone(small, bound.becomes)
        if rest is not None:
            return (bound.part, *rest)
    return None


def _check_span(
    small: GeneralisedData, large: GeneralisedData, part: str, order: NDArray[np.int64] | None
) -> None:
    inner, outer = small.parts[part], large.parts[part]
    x0: Array = inner.columns.matrix()
    if order is not None:
        x0 = x0[order]
    q, _ = np.linalg.qr(outer.columns.matrix())
    outside = x0 - q @ (q.T @ x0)
    sizes = np.sqrt(np.sum(x0**2, axis=0))
    for name, rest, size in zip(inner.names, outside.T, sizes, strict=True):
        if float(np.sqrt(rest @ rest)) > SPAN * size:
            raise NotNested(f"the {part} effect {name}")
