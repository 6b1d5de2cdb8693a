"""Centring and scaling of the columns inside, so that units never matter.

X = X_inner R^-1, Z_k = Z_inner B_k^-1 and y = y_shift + y_scale y_inner. With an intercept at
hand, other columns are shifted by their means: a change of basis that the intercept absorbs.
Where X is nearly collinear the inner columns are those of its QR decomposition: cross-products
square the condition number, and this takes it out before the squaring.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ranef.core import CoreScaling, column_scales
from ranef.core.sums import SIZE_LIMITS
from ranef.design import Design
from ranef.errors import DataError
from ranef.types import Array

__all__ = ["COLLINEAR", "Scaling", "checked", "orthogonal_scaling", "with_response"]

# Below this smallest eigenvalue of the correlations of X's columns, cross-products would lose
# more than six of the sixteen digits.
COLLINEAR = 1e-6


@dataclass(frozen=True, slots=True)
class Scaling:
    """How inner columns are made from the data's.

    Attributes
    ----------
    core : CoreScaling
    orthogonal : ndarray or None, shape (n, p)
        Inner columns of a nearly collinear X.
    """

    core: CoreScaling = field(repr=False)
    orthogonal: Array | None = field(default=None, repr=False)

    @property
    def x_shifts(self) -> Array:
        """Of the columns that become X_inner, shape (p,)."""
        return self.core.x_shifts if self.orthogonal is None else np.zeros(self.orthogonal.shape[1])

    @property
    def x_scales(self) -> Array:
        return self.core.x_scales if self.orthogonal is None else np.ones(self.orthogonal.shape[1])

    @property
    def y_shift(self) -> float:
        return self.core.y_shift

    @property
    def y_scale(self) -> float:
        return self.core.y_scale

    @property
    def z_shifts(self) -> list[Array]:
        """By random-effects term, shape (q,) each."""
        return self.core.z_shifts

    @property
    def z_scales(self) -> list[Array]:
        return self.core.z_scales

    @property
    def intercept(self) -> int | None:
        """Position of the intercept in X."""
        return self.core.intercept

    @property
    def R(self) -> Array:
        """beta = y_scale R beta_inner + y_shift e, e the intercept's unit vector; shape (p, p)."""
        return self.core.R

    @property
    def B(self) -> list[Array]:
        """b = y_scale B b_inner, by random-effects term, shape (q, q) each."""
        return self.core.B

    def criterion_constant(self, nu: float, reml: bool) -> float:
        """What the criterion on the data's scale has on top of the inner one."""
        return self.core.constant(nu, reml)

    def beta(self, inner: Array) -> Array:
        """Fixed effects on the data's scale."""
        out = self.y_scale * (self.R @ inner)
        if self.intercept is not None:
            out[self.intercept] += self.y_shift
        return np.asarray(out)


def checked(design: Design, core: CoreScaling) -> Scaling:
    """A scaling whose sizes can be squared.

    Raises
    ------
    DataError
        A column whose values are too small or too large.
    """
    if not core.representable:
        _check_sizes(design.x_names, core.x_scales)
        _check_sizes((design.response,), (core.y_scale,))
        for term, scales in zip(design.terms, core.z_scales, strict=True):
            _check_sizes(term.names, scales)
    return Scaling(core)


def with_response(scaling: Scaling, name: str, y: Array) -> Scaling:
    """The same columns beside another response (offset already taken off)."""
    shifts, scales = column_scales([y], [scaling.intercept is not None])
    shift, scale = float(shifts[0]), float(scales[0])
    _check_sizes((name,), (scale,))
    return Scaling(scaling.core.with_response(shift, scale), scaling.orthogonal)


def orthogonal_scaling(
    design: Design, scaling: Scaling, middle: Array | float = 0.0, ratios: Array | float = 1.0
) -> Scaling:
    """The same for a nearly collinear X: its inner columns are those of its QR decomposition.

    Parameters
    ----------
    design : Design
    scaling : Scaling
    middle : ndarray, shape (p,), optional
        Taken from the columns beside the shifts of `scaling`.
    ratios : ndarray, shape (p,), optional
        The columns that are decomposed are so many times those of `scaling`.
    """
    columns = (design.X - scaling.x_shifts - middle) / scaling.x_scales * ratios
    q, r = np.linalg.qr(columns)
    root = np.sqrt(design.n)
    inverse = np.triu(np.asarray(ratios)[..., None] * np.linalg.inv(r / root))
    return Scaling(scaling.core.with_orthogonal(inverse), np.asfortranarray(q * root))


def _check_sizes(names: Sequence[str], sizes: Sequence[float] | Array) -> None:
    smallest, largest = SIZE_LIMITS
    for name, size in zip(names, sizes, strict=True):
        if not smallest < size < largest:
            extreme = "small" if size < 1.0 else "large"
            raise DataError(
                f"the values of '{name}' are too {extreme} to be squared",
                found=f"a typical size of {size:.3g}",
                fix="measure it in another unit",
            )
