"""What is predicted of a row's distribution: a function of its linear predictor and of psi."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

import numpy as np

from ranef.family import Cumulative, Family, Part, Psi
from ranef.types import Array

__all__ = ["Quantity", "mean_of", "probability_of", "psi_slopes"]

Function = Callable[[Array, Psi], Array]

STEP = 1e-5
"""Of central differences along psi, which is a logarithm or a logit: their relative error is some
1e-10."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number that the distribution of a row's response has.

    Attributes
    ----------
    value, slope : callable
        At eta and psi, and its derivative in eta; elementwise.
    parts : tuple of str
        The parts of psi that it depends on.
    scale, back, back_slope : callable
        To a scale on which intervals are symmetric, back, and the derivative of that.
    """

    value: Function = field(repr=False)
    slope: Function = field(repr=False)
    parts: tuple[Part, ...]
    scale: Callable[[Array], Array] = field(repr=False)
    back: Callable[[Array], Array] = field(repr=False)
    back_slope: Callable[[Array], Array] = field(repr=False)


def mean_of(family: Family, answers: int = 0) -> Quantity:
    """The mean of the response; of ordered answers that of their numbers 1 to `answers`.

    Intervals are symmetric on the scale of the link, or if the mean is not an inverse link, on the
    log scale of its distance from the end of its range, or the logit scale between its ends.
    """
    link = family.link_function
    if family.MEAN_IS_LINKED:
        scale, back, back_slope = link.function, link.inverse, link.slope
    elif answers:
        scale, back, back_slope = _between(1.0, float(answers))
    else:
        scale, back, back_slope = _above(family.means_of_response[0])
    return Quantity(family.mean, family.mean_slope, family.mean_parts, scale, back, back_slope)


def probability_of(family: Cumulative, answer: int) -> Quantity:
    """The probability of an answer, counted from 0; intervals are symmetric on the logit scale."""
    return Quantity(
        lambda eta, psi: family.probabilities(eta, psi)[..., answer],
        lambda eta, psi: family.probability_slopes(eta, psi)[..., answer],
        family.mean_parts,
        *_between(0.0, 1.0),
    )


def psi_slopes(
    value: Function, eta: Array, psi: Psi, designs: Mapping[str, tuple[int, Array | None]]
) -> list[tuple[int, Array]]:
    """Derivatives of a quantity in the coefficients of psi.

    Parameters
    ----------
    value : callable
        At eta and psi, shape (rows,).
    designs : mapping of str to (int, ndarray or None)
        By part: its place in psi, and its columns, shape (rows, c); None for thresholds, which are
        coefficients themselves.

    Returns
    -------
    list of (int, ndarray)
        By part, in the order of `designs`: its place in psi, and derivatives, shape (rows, c).
    """
    out = []
    for place, columns in designs.values():
        own = np.asarray(psi[place], dtype=np.float64)
        if columns is not None:
            slope = _difference(value, eta, psi, place, own, np.ones_like(own))
            out.append((place, slope[:, None] * columns))
            continue
        unit = np.eye(own.size)
        slopes = [_difference(value, eta, psi, place, own, step) for step in unit]
        out.append((place, np.column_stack(slopes)))
    return out


def _difference(
    value: Function, eta: Array, psi: Psi, place: int, own: Array, along: Array
) -> Array:
    ends = []
    for step in (STEP, -STEP):
        moved = cast("list[Array | float]", list(psi))
        moved[place] = own + step * along
        ends.append(value(eta, tuple(moved)))
    return np.asarray((ends[0] - ends[1]) / (2.0 * STEP))


Functions = tuple[Callable[[Array], Array], Callable[[Array], Array], Callable[[Array], Array]]


def _between(low: float, high: float) -> Functions:
    from scipy.special import expit, logit

    width = high - low
    return (
        lambda m: np.asarray(logit((m - low) / width)),
        lambda h: np.asarray(low + width * expit(h)),
        lambda h: np.asarray(width * expit(h) * expit(-h)),
    )


def _above(low: float) -> Functions:
    return (
        lambda m: np.asarray(np.log(m - low)),
        lambda h: np.asarray(low + np.exp(h)),
        lambda h: np.asarray(np.exp(h)),
    )
