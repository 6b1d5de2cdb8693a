"""The likelihood-ratio test of two nested models, for the ladder, `rn.anova` and `fit.ranova`.

The statistic is the decrease of the criterion. Both models are fitted by ML, or by REML if their
fixed parts span the same columns. The law is that of
:func:`~ranef.inference.boundary_law.boundary_law`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from math import hypot

import numpy as np
from numpy.typing import NDArray

from ranef.errors import warn
from ranef.inference.boundary_law import Law, Place, Tested, boundary_law
from ranef.inference.chi_bar_square import chi_bar_square
from ranef.inference.covariance_of_new import linear_new
from ranef.inference.model_nesting import Variances, place_of
from ranef.inference.same_data import AnyRows
from ranef.page.phrases import p_between
from ranef.problem import Problem

__all__ = [
    "Ratio",
    "error_of_ratio",
    "fixed_part_ratio",
    "judged_ratio",
    "nested_ratio",
    "placed_ratio",
    "statistic_of",
    "within_error",
]

WORSE = 1e-4
"""Deviance units by which a larger model may be worse than a smaller one, because of rounding and
of searches that stop. Beyond that it is not at its optimum, and there is no test."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """A likelihood-ratio statistic and its law under the smaller model.

    Attributes
    ----------
    statistic : float
        Deviance units, not negative.
    laws : tuple of str
        In words; those of two bounds if only bounds are known.
    p_low, p_high : float
        The p value; two if only bounds are known.
    singular : bool
        Whether the smaller model is on its own boundary.
    exact : bool
        Whether the law is known, and not bounds alone.
    """

    statistic: float
    laws: tuple[str, ...]
    p_low: float
    p_high: float
    singular: bool = False
    exact: bool = True

    @property
    def law(self) -> str:
        """In words, without p values."""
        return self.laws[0] if len(self.laws) == 1 else f"between {' and '.join(self.laws)}"

    @property
    def law_and_bounds(self) -> str:
        """In words; bounds with their p values."""
        return Tested(self.p_low, self.p_high, self.laws).law

    @property
    def note(self) -> str:
        """Why the law is not exact; empty if it is."""
        return "the smaller model is on the boundary itself" if self.singular else ""


VERDICT = 0.05
"""Level of a test at which the error of an estimated statistic may not turn the verdict."""


def statistic_of(gained: float, error: float = 0.0) -> float:
    """The criterion of the smaller model minus that of the larger one.

    NaN if the larger one is worse by more than its `error`: it is not at its optimum.

    Examples
    --------
    >>> statistic_of(2.5), statistic_of(-1e-6), statistic_of(-1.0)
    (2.5, 0.0, nan)
    """
    return max(gained, 0.0) if gained >= -(WORSE + 1.5 * error) else float("nan")


def error_of_ratio(*errors: float) -> float:
    """The error of a statistic from those of the two criteria, deviance units.

    >>> error_of_ratio(0.03, 0.04)
    0.05
    """
    return hypot(*errors)


def within_error(statistic: float, error: float, judge: Callable[[float], Ratio]) -> Ratio:
    """A test of an estimated statistic, unless its error could turn the verdict at 5%.

    Parameters
    ----------
    statistic : float
    error : float
        Half-width of its 95% interval; 0 if it is exact.
    judge : callable
        The test of a statistic.

    Returns
    -------
    Ratio
        The law says how well the statistic is known. If the p values at both ends of its interval
        lie on different sides of 0.05, the p value is NaN and the law says why.
    """
    if not error > 0.0:
        return judge(statistic)
    ends = [judge(max(0.0, statistic - error)), judge(statistic + error)]
    p_values = [p for end in ends for p in (end.p_low, end.p_high)]
    if min(p_values) <= VERDICT < max(p_values):
        between = p_between(min(p_values), max(p_values))
        warn(
            UserWarning,
            "the error of estimated log-likelihoods could turn the verdict of a test",
            found=f"statistic {statistic:.4g}, known to {error:.2g}: {between}",
            fix="fit both models with control=rn.Control(crossed='exact')",
        )
        law = f"undecided: statistic within {error:.2g}, {between}"
        return Ratio(statistic, (law,), float("nan"), float("nan"))
    own = judge(statistic)
    return replace(own, laws=tuple(f"{law}, statistic within {error:.2g}" for law in own.laws))


def nested_ratio(
    statistic: float,
    small: Variances,
    large: AnyRows,
    problem: Problem,
    order: NDArray[np.int64] | None = None,
    fewer: int = 0,
) -> Ratio:
    """A model against a larger one.

    Parameters
    ----------
    statistic : float
    small : Variances
        Of the smaller model.
    large : Data or GeneralisedData
    problem : Problem
        Of the larger model.
    order : ndarray or None
        Rows of the larger model in the order of the smaller one's, if they differ.
    fewer : int
        Fixed effects that the smaller model lacks.

    Raises
    ------
    NotNested
    """
    return placed_ratio(statistic, place_of(small, large, order), problem, fewer)


def placed_ratio(statistic: float, place: Place, problem: Problem, fewer: int = 0) -> Ratio:
    """The same for a smaller model whose place in the larger one is known."""
    return judged_ratio(
        statistic, place, boundary_law(problem, place, fewer, partial(linear_new, problem))
    )


def judged_ratio(statistic: float, place: Place, law: Law) -> Ratio:
    """The same where the law is known."""
    judged = law.judge(statistic)
    return Ratio(statistic, judged.laws, judged.p_low, judged.p_high, place.singular, law.exact)


def fixed_part_ratio(statistic: float, fewer: int) -> Ratio:
    """Fixed effects alone, by ML: chi-square."""
    p = chi_bar_square(statistic, {fewer: 1.0})
    return Ratio(statistic, (f"chi2({fewer})",), p, p)
