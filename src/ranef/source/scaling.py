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
from ranef.kernel import column_scales, vector_scale
from ranef.record import record
from ranef.types import Array, RandomTerm

__all__ = ["COLLINEAR", "Scaling", "orthogonal_scaling", "scaling_of"]

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


def scaling_of(design: Design, y: Array) -> Scaling:
    """Scaling for a design and its response (offset already taken off)."""
    names = design.x_names
    intercept = names.index(INTERCEPT) if INTERCEPT in names else None
    shifts, scales, change = column_scales(design.columns.columns, intercept)
    sizes = scales.tolist()
    _check_sizes(names, sizes)
    y_shift, y_scale = vector_scale(y, centred=intercept is not None)
    _check_sizes((design.response,), (y_scale,))
    z = [_term_scaling(term) for term in design.terms]
    return Scaling(
        x_shifts=shifts,
        x_scales=scales,
        y_shift=y_shift,
        y_scale=y_scale,
        z_shifts=tuple(shift for shift, _, _ in z),
        z_scales=tuple(scale for _, scale, _ in z),
        R=change,
        B=tuple(b for _, _, b in z),
        log_volume=-sum(map(log, sizes)),
        intercept=intercept,
    )


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


def _term_scaling(term: RandomTerm) -> tuple[Array, Array, Array]:
    if term.names == (INTERCEPT,):
        return np.zeros(1), np.ones(1), np.ones((1, 1))
    intercept = term.names.index(INTERCEPT) if INTERCEPT in term.names else None
    shifts, scales, change = column_scales(term.columns.columns, intercept)
    _check_sizes(term.names, scales.tolist())
    return shifts, scales, change
