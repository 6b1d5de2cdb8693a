"""Residuals correlated in time, rho^d at the distance d: corAR1 of nlme."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ranef.core import CrossProducts, Residual, Rows, core_residual, cross_products
from ranef.errors import DataError, DesignError
from ranef.frame import Column, Table, interaction
from ranef.frame.factors import as_factor
from ranef.page.phrases import count
from ranef.residual.base import GroupCodes, Line, ResidualStructure, Whitening, transformed
from ranef.residual.reader import Reader
from ranef.residual.spec import ResidualSpec
from ranef.types import Array, Codes

__all__ = ["AR1"]

MOST_GAPS = 8
"""Most different distances between neighbours: each takes cross-products of its own."""

MOST_STEPS = 1000

NOTHING = 1e-8
"""Distance of the correlation from 1 that counts as zero."""


@dataclass(frozen=True, eq=False)
class AR1(ResidualStructure):
    """First-order autocorrelation within groups, by a time in whole numbers.

    Attributes
    ----------
    step : int
        The largest whole number that divides all distances: the unit of rho and of `gaps`.
    gaps : tuple of int
        Distances between neighbours in steps, ascending.
    counts : tuple of int
        Pairs of neighbours at each.
    first : ndarray of int, shape (groups,)
        The first row of each group.
    later, before : ndarray of int, shape (n - groups,)
        All others in the order of time, and the row before each.
    gap : ndarray of int, shape (n - groups,)
        Position of their distance in `gaps`.
    group : ndarray of int32, shape (n,)
    """

    EXAMPLE = "ar1(time | g)"
    WORDS = "residuals whose correlation falls with their distance in time"

    step: int
    gaps: tuple[int, ...]
    counts: tuple[int, ...]
    first: NDArray[np.intp] = field(repr=False)
    later: NDArray[np.intp] = field(repr=False)
    before: NDArray[np.intp] = field(repr=False)
    gap: NDArray[np.intp] = field(repr=False)
    group: Codes = field(repr=False)

    @staticmethod
    def read(reader: Reader, kind: str, fix: str) -> ResidualSpec:
        time = reader.name("the time of ar1()", fix)
        bar = reader.peek()
        if bar.kind != "|":
            raise reader.error(
                "ar1() takes a time, a bar and the groups within which residuals are correlated",
                fix=fix,
            )
        reader.take()
        group = reader.joined(":", "the group of ar1()", fix)
        return ResidualSpec(kind, reader.text, (time,), group)

    @classmethod
    def learn(cls, spec: ResidualSpec, table: Table, groups: Sequence[GroupCodes]) -> Self:
        columns = [table[name.name] for name in spec.group]
        factor = as_factor(columns[0]) if len(columns) == 1 else interaction(columns)
        codes = factor.values
        _check_nested(spec, factor, groups)
        time = _times(spec, table[spec.variables[0].name])
        order = np.lexsort((time, codes))
        same = codes[order][1:] == codes[order][:-1]
        later, before = order[1:][same], order[:-1][same]
        distance = time[later] - time[before]
        _check_distances(spec, factor, time, later, distance)
        gaps, gap, counts = np.unique(distance, return_inverse=True, return_counts=True)
        step = int(np.gcd.reduce(gaps))
        gaps = gaps // step
        _check_gaps(spec, gaps)
        return cls(
            spec=spec,
            step=step,
            gaps=tuple(gaps.tolist()),
            counts=tuple(counts.tolist()),
            first=order[np.append(True, ~same)],
            later=later,
            before=before,
            gap=gap.reshape(-1),
            group=np.ascontiguousarray(codes, dtype=np.int32),
        )

    @property
    def core(self) -> Residual:
        return core_residual("ar1", self.counts, self.gaps)

    def basis(self, rows: Rows, threads: int = 1) -> list[CrossProducts]:
        def summed(change: Any) -> CrossProducts:
            return cross_products(transformed(rows, change), threads)

        out = [summed(self._first)]
        for k in range(len(self.gaps)):
            here = self.gap == k
            later, before = self.later[here], self.before[here]

            def at(values: Array, chosen: Array, later: NDArray[np.intp] = later) -> Array:
                out = np.zeros_like(values)
                out[later] = chosen
                return out

            out += [
                summed(lambda v, at=at, i=later: at(v, v[i])),
                summed(lambda v, at=at, j=before: at(v, v[j])),
                summed(lambda v, at=at, i=later, j=before: at(v, v[i] - v[j])),
            ]
        return out

    def _first(self, values: Array) -> Array:
        out = np.zeros_like(values)
        out[self.first] = values[self.first]
        return out

    def _rho(self, phi: Array) -> float:
        return float(self.core.parameters(phi)[0])

    def weights(self, given: Array | None, phi: Array) -> Array | None:
        return given

    def as_if_known(self, given: Array | None, n: int) -> Array | None:
        # Correlated residuals are not independent ones: no variance of single rows is theirs. So
        # are residuals of weights that no variance follows.
        own = np.ones(n) if given is None else given
        return np.asarray(own * (1.0 + 0.5 * np.cos(np.arange(1.0, n + 1.0) ** 2)))

    def whitening(self, phi: Array) -> Whitening:
        r = self._rho(phi) ** np.asarray(self.gaps)[self.gap]
        label = self.spec.group_label
        return Whitening(self.first, self.later, self.before, r, self.group, label)

    @property
    def reads(self) -> tuple[str, ...]:
        return ()

    def ratios(self, table: Table, phi: Array) -> float:
        return 1.0

    def frame(self, phi: Array, sigma: float) -> dict[str, list[Any]]:
        return {
            "time": [self.spec.variables[0].name],
            "group": [self.spec.group_label],
            "step": [self.step],
            "rho": [self._rho(phi)],
        }

    def lines(self, phi: Array, sigma: float) -> tuple[Line, ...]:
        return (Line("rho", self._rho(phi), False),)

    @property
    def parameter_words(self) -> tuple[str, ...]:
        return ("the correlation of residuals in time",)

    def check_found(self, phi: Array) -> None:
        rho = self._rho(phi)
        if 1.0 - abs(rho) < NOTHING:
            raise DesignError(
                f"the correlation of residuals in time is {rho:+.0f}",
                where=self.spec.text,
                found="residuals of neighbours that are the same up to rounding",
                fix="see whether the response is a running sum or repeats itself; its change from "
                "one time to the next may be the better response",
            )

    def nested_in(self, other: ResidualStructure, order: NDArray[np.int64] | None) -> bool:
        return isinstance(other, AR1) and self.spec.same_as(other.spec)

    def without_rows(self) -> Self:
        none = np.zeros(0, dtype=np.intp)
        return type(self)(
            spec=self.spec,
            step=self.step,
            gaps=self.gaps,
            counts=self.counts,
            first=none,
            later=none,
            before=none,
            gap=none,
            group=np.zeros(0, dtype=np.int32),
        )


def _times(spec: ResidualSpec, column: Column) -> NDArray[np.int64]:
    """Times as whole numbers; those of an ordered category are the places of its levels."""
    where = spec.where(spec.variables[0])
    if column.kind == "factor":
        if not column.ordered:
            raise DataError(
                f"the time '{column.name}' is not whole numbers",
                where=where,
                found=f"a column of type {column.source_type}"
                + (
                    f" that holds {column.holds}"
                    if column.holds
                    else ", whose levels have no order"
                ),
                fix="number the occasions 1, 2, 3, ... in a column of their own, or make it an "
                "ordered category",
            )
        return column.values.astype(np.int64)
    values = np.asarray(column.values, dtype=np.float64)
    bad = np.flatnonzero(~(np.isfinite(values) & (values == np.rint(values))))
    if bad.size or np.abs(values).max(initial=0.0) > 2.0**52:
        shown = values[bad[0]] if bad.size else values[np.abs(values).argmax()]
        raise DataError(
            f"the time '{column.name}' is not whole numbers",
            where=where,
            found=f"{shown:g}" + (f" and {bad.size - 1} more that are not" if bad.size > 1 else ""),
            fix="count time in its smallest step: round(time / step)",
        )
    return values.astype(np.int64)


def _check_nested(spec: ResidualSpec, factor: Column, groups: Sequence[GroupCodes]) -> None:
    codes = factor.values
    for label, levels in groups:
        seen = np.full(len(factor.levels), -1, dtype=np.int64)
        seen[codes] = levels
        split = np.flatnonzero(seen[codes] != levels)
        if split.size:
            level = factor.levels[int(codes[split[0]])]
            raise DesignError(
                f"the groups of ar1() are not nested in '{label}'",
                where=spec.where(spec.group[0]),
                found=f"'{level}' of '{spec.group_label}' has rows in several levels of '{label}'",
                fix="residuals are correlated within groups that lie in one level of every "
                "grouping factor: name the lowest of them, or a combination such as "
                f"{spec.group_label}:{label}",
            )


def _check_distances(
    spec: ResidualSpec,
    factor: Column,
    time: NDArray[np.int64],
    later: NDArray[np.intp],
    distance: NDArray[np.int64],
) -> None:
    twice = np.flatnonzero(distance == 0)
    if twice.size:
        row = later[twice[0]]
        raise DataError(
            f"two rows of one group have the same time '{spec.variables[0].name}'",
            where=spec.where(spec.variables[0]),
            found=f"{time[row]} twice in '{factor.levels[int(factor.values[row])]}' of "
            f"'{spec.group_label}'; {twice.size} such pairs",
            fix="give each row of a group a time of its own, or name smaller groups",
        )
    if not later.size:
        raise DesignError(
            "no group has two rows, so that there are no neighbouring residuals",
            where=spec.where(spec.group[0]),
            found=f"{count(len(factor.levels), 'group')} of one row each",
            fix="name larger groups, or leave out residual=",
        )


def _check_gaps(spec: ResidualSpec, gaps: NDArray[np.int64]) -> None:
    if gaps.size > MOST_GAPS:
        raise DesignError(
            f"neighbours in time have more than {MOST_GAPS} different distances",
            where=spec.where(spec.variables[0]),
            found=f"{gaps.size} of them, from {gaps[0]} to {gaps[-1]}",
            fix="count time in occasions, or in steps as long as the time between most of them",
        )
    if gaps[-1] > MOST_STEPS:
        raise DesignError(
            "neighbours lie too far apart in time for a correlation by steps",
            where=spec.where(spec.variables[0]),
            found=f"a distance of {gaps[-1]} steps; at most {MOST_STEPS}",
            fix="count time in longer steps: round(time / step)",
        )
