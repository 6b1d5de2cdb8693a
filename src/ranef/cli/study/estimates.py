"""Single numbers out of a fit, for sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any

from ranef.cli.study.fits import GROUP

__all__ = ["Estimate", "combination", "correlation", "variance"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its standard error; prints as ``2.80 (SE 0.16)``."""

    value: float
    std_error: float

    def __str__(self) -> str:
        return f"{self.value:.2f} (SE {self.std_error:.2f})"


def combination(model: Any, weights: Mapping[str, float]) -> Estimate:
    """A linear combination of fixed effects: c'beta, with the square root of c'Vc."""
    names = list(weights)
    value = sum(weights[name] * float(model.fixef[name]) for name in names)
    square = sum(
        weights[a] * weights[b] * float(model.vcov.loc[a, b]) for a in names for b in names
    )
    return Estimate(value, sqrt(square))


def variance(model: Any, term: str) -> float:
    """The variance of the schools' random effect `term`."""
    frame = model.varcorr()
    row = frame[(frame["group"] == GROUP) & (frame["term1"] == term) & frame["term2"].isna()]
    return float(row["variance"].iloc[0])


def correlation(model: Any) -> float:
    """The correlation of the schools' two random effects."""
    frame = model.varcorr()
    return float(frame[(frame["group"] == GROUP) & frame["term2"].notna()]["sd"].iloc[0])
