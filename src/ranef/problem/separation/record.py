"""What is known about a maximum in the coefficients."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ranef.page.shown import Sentence
from ranef.problem.separation.blocks import Mask
from ranef.types import Array

__all__ = ["Limit", "Separation"]


@dataclass(frozen=True, slots=True)
class Limit:
    """The problem that is left as the coefficients go to infinity along the direction.

    The rows predicted perfectly have likelihood 1 there and are dropped. The other rows have a
    maximum in those combinations of coefficients that they still determine.

    Attributes
    ----------
    rows : ndarray of bool, shape (n,)
        Rows that remain.
    columns : tuple of int
        Columns of X that are linearly independent in these rows; of dependent ones the later is
        left out.
    identified : tuple of str
        Coefficients that keep their meaning: the rows determine them whichever columns are left
        out.
    proven : bool
        Whether it is proven that the remaining rows have a maximum.
    """

    rows: Mask
    columns: tuple[int, ...]
    identified: tuple[str, ...]
    proven: bool


@dataclass(frozen=True, slots=True, repr=False)
class Separation(Sentence):
    """Whether the fixed effects separate the responses, with the proof. ``str()`` is the proof.

    Attributes
    ----------
    exists : bool or None
        True: there is no finite maximum in the coefficients. False: there is one for every
        covariance of the random effects. None: no proof was found either way.
    proof : str
        The proof in words.
    margin : float
        If `exists`, the smallest gain of a row that is predicted perfectly, relative to the sum of
        the absolute values of its terms. If not, the largest relative change of a score that the
        proof makes; the proof holds below 1. NaN if nothing was proven.
    direction : ndarray of shape (p,), or None
        Change of the coefficients along which the likelihood rises for ever.
    coefficients : dict
        Its entries that are not 0, by name.
    predicted : ndarray of bool, shape (n,)
        Rows that some direction predicts perfectly in the limit.
    exact : bool
        Whether the direction is a proof in exact arithmetic for the numbers as they are stored.
        Otherwise it is one up to their rounding.
    limit : Limit or None
        What is left without these rows; None if `exists` is not True.
    cut_points : tuple of str
        Names of the coefficients that are cut points of ordered answers.
    """

    exists: bool | None
    proof: str
    margin: float
    direction: Array | None = None
    coefficients: dict[str, float] = field(default_factory=dict)
    predicted: Mask = field(default_factory=lambda: np.zeros(0, dtype=bool))
    exact: bool = False
    limit: Limit | None = None
    cut_points: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.proof

    @property
    def fixed(self) -> tuple[str, ...]:
        """The fixed effects among `coefficients`, which can have a normal prior."""
        return tuple(name for name in self.coefficients if name not in self.cut_points)

    @property
    def complete(self) -> bool:
        """Whether all rows are predicted perfectly; otherwise separation is quasi-complete."""
        return self.exists is True and bool(np.all(self.predicted))
