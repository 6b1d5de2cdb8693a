"""The likelihood-ratio test of two nested models, for the ladder, `rn.anova` and `fit.ranova`.

The statistic is the decrease of the criterion. Both models are fitted by ML, or by REML if their
fixed parts span the same columns. The law is that of
:func:`~ranef.inference.boundary_law.boundary_law`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ranef.inference.boundary_law import Law, Place, Tested, boundary_law
from ranef.inference.chi_bar_square import chi_bar_square
from ranef.inference.covariance_of_new import linear_new
from ranef.inference.model_nesting import Variances, place_of
from ranef.inference.same_data import AnyRows
from ranef.problem import Problem

__all__ = [
    "Ratio",
    "fixed_part_ratio",
    "judged_ratio",
    "nested_ratio",
    "placed_ratio",
    "statistic_of",
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


def statistic_of(gained: float) -> float:
    """The criterion of the smaller model minus that of the larger one.

    NaN if the larger one is worse: it is not at its optimum.

    Examples
    --------
    >>> statistic_of(2.5), statistic_of(-1e-6), statistic_of(-1.0)
    (2.5, 0.0, nan)
    """
    return max(gained, 0.0) if gained >= -WORSE else float("nan")


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
