"""From the linear predictor to the mean of the response, and what is said on its scale."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ranef.inference.ddf import RowTests
from ranef.types import Array

__all__ = ["IDENTITY", "ResponseScale", "on_response", "ratios"]

Function = Callable[[Array], Array]


@dataclass(frozen=True, slots=True)
class ResponseScale:
    """The inverse of a link, and the words for both of its sides.

    Attributes
    ----------
    link : str
        Its name, ``"logit"``.
    mean, slope, bend : callable
        The mean of the response at a linear predictor, and its first and second derivative,
        elementwise.
    ratio : str
        What exp of a coefficient is, ``"odds ratio"``; empty if that is not a ratio of anything.
    predictor : str
        What the linear predictor is, ``"log odds"``.
    of : str
        What its mean is, ``"probability"``.
    """

    link: str
    mean: Function = field(repr=False)
    slope: Function = field(repr=False)
    bend: Function = field(repr=False)
    ratio: str = ""
    predictor: str = ""
    of: str = "mean"

    @property
    def linear(self) -> bool:
        """Whether the linear predictor is the mean."""
        return self.link == "identity"


IDENTITY = ResponseScale("identity", np.asarray, np.ones_like, np.zeros_like)


def on_response(tests: RowTests, scale: ResponseScale) -> RowTests:
    """Means of the response in place of linear predictors.

    Standard errors by the delta method. Limits are those of the linear predictor, transformed;
    so are tests.
    """
    ends = np.stack([scale.mean(tests.conf_low), scale.mean(tests.conf_high)])
    return tests._replace(
        estimate=scale.mean(tests.estimate),
        std_error=np.abs(scale.slope(tests.estimate)) * tests.std_error,
        conf_low=ends.min(axis=0),
        conf_high=ends.max(axis=0),
    )


def ratios(tests: RowTests) -> RowTests:
    """exp of differences of logarithms; tests against a ratio of 1 are those of no difference."""
    estimate = np.exp(tests.estimate)
    return tests._replace(
        estimate=estimate,
        std_error=estimate * tests.std_error,
        conf_low=np.exp(tests.conf_low),
        conf_high=np.exp(tests.conf_high),
    )
