"""From the linear predictor to the mean of the response, and what is said on its scale."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ranef.errors import OptionError
from ranef.inference.ddf import RowTests
from ranef.types import Array

__all__ = ["IDENTITY", "ResponseScale", "on_response"]

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


def on_response(tests: RowTests, sums: Array, scale: ResponseScale) -> RowTests:
    """Means of the response in place of linear predictors, ratios in place of their differences.

    Standard errors by the delta method. Limits are those on the scale of the linear predictor,
    transformed, and tests are the same.

    Parameters
    ----------
    tests : RowTests
    sums : ndarray, shape (m,)
        What the weights of each row add up to: 1 for means.
    scale : ResponseScale

    Raises
    ------
    OptionError
        Differences that have no ratio.
    """
    is_mean = np.isclose(sums, 1.0)
    if not is_mean.all() and not scale.ratio:
        raise OptionError(
            "differences of linear predictors have no ratio under this link",
            found=f"{scale.link} link",
            fix="fit.comparisons(variable) has differences of means",
        )

    def chosen(function: Function, values: Array) -> Array:
        out = np.exp(values)
        out[is_mean] = function(values[is_mean])
        return out

    ends = np.stack([chosen(scale.mean, v) for v in (tests.conf_low, tests.conf_high)])
    return tests._replace(
        estimate=chosen(scale.mean, tests.estimate),
        std_error=np.abs(chosen(scale.slope, tests.estimate)) * tests.std_error,
        conf_low=ends.min(axis=0),
        conf_high=ends.max(axis=0),
    )
