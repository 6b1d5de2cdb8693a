"""Numbers of repeated runs, and whether two tools found the same optimum."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

__all__ = ["AGREE", "Plan", "agrees", "exponent", "median", "spread"]

AGREE = 1e-6  # relative


@dataclass(frozen=True, slots=True)
class Plan:
    """How often to run.

    Attributes
    ----------
    repeats : int
        Runs after the first one.
    slow_repeats : int
        The same where one run takes longer than `slow_seconds`; 0 takes the first run as it is.
    sample_seconds : float
        Fits that are faster are run several times in a row for one sample.
    """

    repeats: int = 7
    slow_repeats: int = 3
    slow_seconds: float = 10.0
    sample_seconds: float = 0.05

    def repeats_at(self, seconds: float) -> int:
        """Samples to take where one fit takes this long."""
        return self.slow_repeats if seconds > self.slow_seconds else self.repeats

    def count_at(self, seconds: float) -> int:
        """Fits in one sample."""
        return max(1, math.ceil(self.sample_seconds / max(seconds, 1e-9)))


def agrees(objective: float, reference: float) -> bool:
    """Whether two objectives are equal to 1e-6 relative."""
    return abs(objective - reference) <= AGREE * abs(reference)


def spread(times: Sequence[float]) -> float:
    """Half the distance between the quartiles, as a share of the median."""
    low, high = np.quantile(times, [0.25, 0.75])
    return float((high - low) / 2.0 / median(times))


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """b of values = a sizes^b, by least squares on logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])
