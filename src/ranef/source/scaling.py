"""Centring and scaling of the columns inside, so that units never matter.

X = X_inner R^-1, Z_k = Z_inner B_k^-1 and y = y_shift + y_scale y_inner. With an intercept at
hand, other columns are shifted by their means: a change of basis that the intercept absorbs.
Where X is nearly collinear the inner columns are those of its QR decomposition: cross-products
square the condition number, and this takes it out before the squaring.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field, replace
from math import log

import numpy as np

from ranef.design import Design
from ranef.errors import DataError
from ranef.kernel import column_scales
from ranef.record import record
from ranef.types import Array

__all__ = ["COLLINEAR", "Scaling", "orthogonal_scaling", "scaling_of", "with_response"]

INTERCEPT = "Intercept"

# Variances of slopes are squares of ratios of sizes: they must fit into double precision.
SMALLEST, LARGEST = 1e-70, 1e70

# Below this smallest eigenvalue of the correlations of X's columns, cross-products would lose
# more than six of the sixteen digits.
COLLINEAR = 1e-6


@record(frozen=True, slots=True)
class Scaling:
    """How inner columns are made from the data's.

    Attributes
    ----------
    x_shifts, x_scales : ndarray, shape (p,)
    y_shift, y_scale : float
    z_shifts, z_scales : tuple of ndarray, shape (q,)
        One for each random-effects term.
    R : ndarray, shape (p, p)
        beta = y_scale R beta_inner + y_shift e, e the intercept's unit vector.
    B : tuple of ndarray, shape (q, q)
        b = y_scale B b_inner, one for each term.
    log_volume : float
        log |det R|.
    orthogonal : ndarray or None, shape (n, p)
        Inner columns of a nearly collinear X.
    """

    x_shifts: Array
    x_scales: Array
    y_shift: float
    y_scale: float
    z_shifts: tuple[Array, ...]
    z_scales: tuple[Array, ...]
    R: Array
    B: tuple[Array, ...]
    log_volume: float
    intercept: int | None
    orthogonal: Array | None = field(default=None, repr=False)

    def criterion_constant(self, nu: float, reml: bool) -> float:
        """What the criterion on the data's scale has on top of the inner one."""
        constant = 2.0 * nu * log(self.y_scale)
        return constant - 2.0 * self.log_volume if reml else constant

    def beta(self, inner: Array) -> Array:
        """Fixed effects on the data's scale."""
        out = self.y_scale * (self.R @ inner)
        if self.intercept is not None:
            out[self.intercept] += self.y_shift
        return np.asarray(out)


def scaling_of(design: Design, y: Array, threads: int = 1) -> Scaling:
    """Scaling for a design and its response (offset already taken off).

    A column that several terms share is read once.
    """
    names = design.x_names
    sizes = _Sizes()
    x = sizes.ask(design.columns.columns, names)
    intercept = _intercept_of(names)
    response = sizes.ask((y,), (design.response,), centred=intercept is not None)
    z = [sizes.ask(term.columns.columns, term.names) for term in design.terms]
    sizes.find(threads)

    shifts, scales = sizes.of(x)
    _check_sizes(names, scales)
    (y_shift,), (y_scale,) = sizes.of(response)
    _check_sizes((design.response,), (y_scale,))
    random = [sizes.of(asked) for asked in z]
    for term, (_, sizes_of_term) in zip(design.terms, random, strict=True):
        _check_sizes(term.names, sizes_of_term)
    return Scaling(
        x_shifts=np.array(shifts),
        x_scales=np.array(scales),
        y_shift=y_shift,
        y_scale=y_scale,
        z_shifts=tuple(np.array(a) for a, _ in random),
        z_scales=tuple(np.array(b) for _, b in random),
        R=_change(shifts, scales, intercept),
        B=tuple(
            _change(a, b, _intercept_of(term.names))
            for term, (a, b) in zip(design.terms, random, strict=True)
        ),
        log_volume=-sum(map(log, scales)),
        intercept=intercept,
    )


class _Sizes:
    """Questions for shifts and scales of columns, answered all at once."""

    def __init__(self) -> None:
        self._place: dict[tuple[int, bool], int] = {}
        self._columns: list[Array] = []
        self._shifts: list[float] = []
        self._scales: list[float] = []

    def ask(
        self,
        columns: Sequence[Array | None],
        names: Sequence[str],
        centred: bool | None = None,
    ) -> list[int]:
        """Places of the answers, -1 for the intercept and other constants."""
        if centred is None:
            centred = INTERCEPT in names
        places = []
        for column, name in zip(columns, names, strict=True):
            if column is None or name == INTERCEPT:
                places.append(-1)
                continue
            place = self._place.setdefault((id(column), centred), len(self._columns))
            if place == len(self._columns):
                self._columns.append(column)
            places.append(place)
        return places

    def find(self, threads: int) -> None:
        centred = [flag for _, flag in self._place]
        shifts, scales = column_scales(self._columns, centred, threads)
        self._shifts, self._scales = [*shifts.tolist(), 0.0], [*scales.tolist(), 1.0]

    def of(self, places: Sequence[int]) -> tuple[list[float], list[float]]:
        return [self._shifts[k] for k in places], [self._scales[k] for k in places]


def _intercept_of(names: Sequence[str]) -> int | None:
    return names.index(INTERCEPT) if INTERCEPT in names else None


def _change(shifts: Sequence[float], scales: Sequence[float], intercept: int | None) -> Array:
    """R with X = X_inner R^-1, shape (k, k); the intercept takes up the shifts."""
    k = len(scales)
    change = np.zeros((k, k))
    for j, (shift, scale) in enumerate(zip(shifts, scales, strict=True)):
        change[j, j] = 1.0 / scale
        if intercept is not None and j != intercept:
            change[intercept, j] = -shift / scale
    return change


def with_response(scaling: Scaling, name: str, y: Array) -> Scaling:
    """The same columns beside another response (offset already taken off)."""
    shifts, scales = column_scales([y], [scaling.intercept is not None])
    _check_sizes((name,), (float(scales[0]),))
    return replace(scaling, y_shift=float(shifts[0]), y_scale=float(scales[0]))


def orthogonal_scaling(design: Design, scaling: Scaling) -> Scaling:
    """The same for a nearly collinear X: its inner columns are those of its QR decomposition."""
    q, r = np.linalg.qr((design.X - scaling.x_shifts) / scaling.x_scales)
    root = np.sqrt(design.n)
    return replace(
        scaling,
        x_shifts=np.zeros(design.p),
        x_scales=np.ones(design.p),
        R=scaling.R @ np.linalg.inv(r / root),
        log_volume=scaling.log_volume - float(np.log(np.abs(np.diag(r)) / root).sum()),
        orthogonal=np.asfortranarray(q * root),
    )


def _check_sizes(names: Sequence[str], sizes: Sequence[float]) -> None:
    for name, size in zip(names, sizes, strict=True):
        if not SMALLEST < size < LARGEST:
            extreme = "small" if size < 1.0 else "large"
            raise DataError(
                f"the values of '{name}' are too {extreme} to be squared",
                found=f"a typical size of {size:.3g}",
                fix="measure it in another unit",
            )
