"""Counts that are zero with a probability of their own, and otherwise those of another family."""

from __future__ import annotations

from abc import abstractmethod
from math import inf
from typing import ClassVar

import numpy as np

from ranef.family.base import Family, Part, Psi, Response, together
from ranef.types import Array

__all__ = ["ExtraZeros"]


class ExtraZeros(Family):
    """A mixture: zero with the probability pi, else a count of the family `rest`.

    The last entry of psi is the logit of pi; those before it belong to `rest`.
    """

    __slots__ = ()

    RESPONSE: ClassVar[Response] = "count"
    MEANS: ClassVar[tuple[float, float]] = (0.0, inf)
    DISCRETE: ClassVar[bool] = True

    @property
    @abstractmethod
    def rest(self) -> Family:
        """The family of the other counts."""

    @property
    def parts(self) -> tuple[Part, ...]:
        return (*self.rest.parts, "zero")

    @property
    def dispersion_name(self) -> str | None:
        return self.rest.dispersion_name

    def dispersion(self, psi: Array | float) -> Array:
        return self.rest.dispersion(psi)

    def mean(self, eta: Array, psi: Psi = ()) -> Array:
        return not_zero(psi) * self.rest.mean(eta, psi[:-1])

    def mean_slope(self, eta: Array, psi: Psi = ()) -> Array:
        return not_zero(psi) * self.rest.mean_slope(eta, psi[:-1])

    def variance(self, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        mu, inner = self.rest.mean(eta, psi[:-1]), self.rest.variance(eta, psi[:-1], weights)
        return not_zero(psi) * (inner + zero(psi) * mu**2)

    def cdf(self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        made = zero(psi) + not_zero(psi) * self.rest.cdf(y, eta, psi[:-1], weights)
        return np.where(np.asarray(y) < 0.0, 0.0, np.minimum(made, 1.0))

    def survival(self, y: Array, eta: Array, psi: Psi = (), weights: Array | None = None) -> Array:
        made = not_zero(psi) * self.rest.survival(y, eta, psi[:-1], weights)
        return np.where(np.asarray(y) < 0.0, 1.0, made)

    def simulate(
        self,
        rng: np.random.Generator,
        eta: Array,
        psi: Psi = (),
        weights: Array | None = None,
    ) -> Array:
        eta, none, _ = together(eta, zero(psi), weights)
        counts = self.rest.simulate(rng, eta, psi[:-1], weights)
        return np.where(rng.random(counts.shape) < none, 0.0, counts)


def zero(psi: Psi) -> Array:
    """The probability pi."""
    from scipy.special import expit

    return np.asarray(expit(np.asarray(psi[-1], dtype=np.float64)))


def not_zero(psi: Psi) -> Array:
    """1 - pi."""
    from scipy.special import expit

    return np.asarray(expit(-np.asarray(psi[-1], dtype=np.float64)))
