"""A residual variance for each level of a factor: varIdent of nlme."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ranef.core import CrossProducts, Residual, Rows, core_residual, cross_products
from ranef.errors import DataError, DesignError
from ranef.frame import Table, as_factor
from ranef.frame.factors import crossed_names
from ranef.page.phrases import count
from ranef.residual.base import GroupCodes, Line, ResidualStructure, Whitening
from ranef.residual.reader import Reader
from ranef.residual.spec import ResidualSpec
from ranef.types import Array, Codes

__all__ = ["Strata"]

MOST = 200
"""Most strata: each takes cross-products of its own."""

NOTHING = 1e-6
"""Share of the largest SD below which an SD is going to zero."""

FEWEST = 2
"""Fewest rows of a stratum: a single row does not determine a variance."""


@dataclass(frozen=True, eq=False)
class Strata(ResidualStructure):
    """Variances by level of a factor, or by combination of levels of several.

    Attributes
    ----------
    levels : tuple of str
        Of the strata, in the order of the factor; the first one has the ratio 1.
    parts : tuple of tuple of str
        The levels that each stratum is made of, one for each variable.
    counts : tuple of int
        Rows of each.
    codes : ndarray of int32, shape (n,)
        The stratum of each row.
    """

    EXAMPLE = "strata(f)"
    WORDS = "a residual variance for each level of a factor"

    levels: tuple[str, ...]
    parts: tuple[tuple[str, ...], ...] = field(repr=False)
    counts: tuple[int, ...]
    codes: Codes = field(repr=False)

    @staticmethod
    def read(reader: Reader, kind: str, fix: str) -> ResidualSpec:
        names = reader.joined(",", "a variable of strata()", fix)
        return ResidualSpec(kind, reader.text, names)

    @classmethod
    def learn(cls, spec: ResidualSpec, table: Table, groups: Sequence[GroupCodes]) -> Self:
        factors = [as_factor(table[name.name]) for name in spec.variables]
        codes, levels = factors[0].values.astype(np.int64), factors[0].levels
        parts = [(level,) for level in levels]
        for factor in factors[1:]:
            cells = codes * max(1, len(factor.levels)) + factor.values
            occurring, codes = np.unique(cells, return_inverse=True)
            first, second = np.divmod(occurring, max(1, len(factor.levels)))
            levels = crossed_names(levels, factor.levels, first, second)
            pairs = zip(first.tolist(), second.tolist(), strict=True)
            parts = [(*parts[i], factor.levels[j]) for i, j in pairs]
        used, codes = np.unique(codes, return_inverse=True)
        counts = np.bincount(codes, minlength=used.size)
        levels = tuple(levels[k] for k in used.tolist())
        _check(spec, levels, counts)
        return cls(
            spec=spec,
            levels=levels,
            parts=tuple(parts[k] for k in used.tolist()),
            counts=tuple(counts.tolist()),
            codes=np.ascontiguousarray(codes.reshape(-1), dtype=np.int32),
        )

    @property
    def core(self) -> Residual:
        return core_residual("strata", self.counts)

    def basis(self, rows: Rows, threads: int = 1) -> list[CrossProducts]:
        given = np.ones(rows.y.size) if rows.weights is None else rows.weights
        return [
            cross_products(rows.replace(weights=np.where(self.codes == k, given, 0.0)), threads)
            for k in range(len(self.levels))
        ]

    def _all_ratios(self, phi: Array) -> Array:
        return np.concatenate([[1.0], self.core.parameters(phi)])

    def weights(self, given: Array | None, phi: Array) -> Array | None:
        own = self._all_ratios(phi)[self.codes] ** -2.0
        return np.asarray(own if given is None else given * own)

    def whitening(self, phi: Array) -> Whitening | None:
        return None

    @property
    def reads(self) -> tuple[str, ...]:
        return self.spec.columns

    def ratios(self, table: Table, phi: Array) -> Array:
        factors = [as_factor(table[name.name]) for name in self.spec.variables]
        known = {part: k for k, part in enumerate(self.parts)}
        stratum = np.full(table.n_rows, -1)
        for k, own in enumerate(zip(*(factor.values.tolist() for factor in factors), strict=True)):
            if min(own) >= 0:
                names = tuple(f.levels[code] for f, code in zip(factors, own, strict=True))
                if names not in known:
                    raise _unknown(self.spec, ":".join(names), self.levels, k)
                stratum[k] = known[names]
        return np.asarray(np.append(self._all_ratios(phi), np.nan)[stratum])

    def frame(self, phi: Array, sigma: float) -> dict[str, list[Any]]:
        ratios = self._all_ratios(phi)
        return {
            "stratum": list(self.levels),
            "rows": list(self.counts),
            "ratio": ratios.tolist(),
            "sd": (sigma * ratios).tolist(),
        }

    def lines(self, phi: Array, sigma: float) -> tuple[Line, ...]:
        sds = (sigma * self._all_ratios(phi)).tolist()
        return tuple(Line(level, sd, True) for level, sd in zip(self.levels, sds, strict=True))

    @property
    def parameter_words(self) -> tuple[str, ...]:
        return tuple(f"the residual variance of {level}" for level in self.levels[1:])

    def check_found(self, phi: Array) -> None:
        ratios = self._all_ratios(phi)
        least = int(np.argmin(ratios))
        if ratios[least] < NOTHING * ratios.max():
            raise DesignError(
                f"the residual variance of '{self.levels[least]}' is zero",
                where=self.spec.where(self.spec.variables[0]),
                found=f"{count(self.counts[least], 'row')}, which the model fits exactly: the "
                "smaller the variance the larger the likelihood",
                fix="join this stratum with another one, or leave out its rows",
            )

    def nested_in(self, other: ResidualStructure, order: NDArray[np.int64] | None) -> bool:
        if not isinstance(other, Strata):
            return False
        codes = self.codes if order is None else self.codes[order]
        own = np.full(len(other.levels), -1)
        own[other.codes] = codes
        return bool(np.array_equal(own[other.codes], codes))

    def without_rows(self) -> Self:
        return type(self)(
            spec=self.spec,
            levels=self.levels,
            parts=self.parts,
            counts=self.counts,
            codes=np.zeros(0, dtype=np.int32),
        )


def _unknown(spec: ResidualSpec, level: str, levels: Sequence[str], row: int) -> DataError:
    return DataError(
        "the residual variance of a row is not known",
        where=f"row {row} (from 0): '{level}' in {spec.text}",
        found=f"strata {', '.join(levels[:12])}{', ...' if len(levels) > 12 else ''}",
        fix="leave out rows of other strata, or ask for interval='confidence'",
    )


def _check(spec: ResidualSpec, levels: Sequence[str], counts: NDArray[np.int64]) -> None:
    names = " and ".join(f"'{name.name}'" for name in spec.variables)
    where = spec.where(spec.variables[0])
    if len(levels) < 2:
        raise DesignError(
            "there is one stratum",
            where=where,
            found=f"{names} is '{levels[0]}' in all rows used",
            fix="leave out residual=",
        )
    if len(levels) > MOST:
        raise DesignError(
            f"there are more than {MOST} strata",
            where=where,
            found=f"{count(len(levels), 'value')} of {names}",
            fix="name a category; ranef has no variance that depends on a number",
        )
    small = np.flatnonzero(counts < FEWEST)
    if small.size:
        shown = ", ".join(f"'{levels[k]}'" for k in small[:5].tolist())
        raise DesignError(
            "a stratum with one row does not determine its variance",
            where=where,
            found=f"{small.size} of {len(levels)} strata have one row: {shown}"
            + (", ..." if small.size > 5 else ""),
            fix="join small strata, or leave out their rows",
        )
