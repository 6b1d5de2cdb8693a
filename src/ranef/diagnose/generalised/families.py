"""Wider families fitted to the data of a generalised model: is its own one too narrow?

Counts that vary more than the family has it, and counts with more zeros, look alike: each of the
two extensions takes up a part of the other's. If both are clearly better than the family, the model
with both decides which of them is needed beside the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isnan

import numpy as np

from ranef.diagnose.generalised.at_modes import AtModes, at_modes
from ranef.diagnose.generalised.pearson import Pearson, pearson, tells_dispersion
from ranef.diagnose.generalised.subject import GeneralisedSubject
from ranef.errors import RanefError
from ranef.family import BetaBinomial, Family, NegativeBinomial, ZeroInflated
from ranef.inference.chi_bar_square import chi_bar_square
from ranef.inference.likelihood_ratio import Ratio, statistic_of

__all__ = ["LEVEL", "FamilyFits", "Wider", "Zeros", "family_fits", "half_line_ratio"]

LEVEL = 0.01

FITTED = 20_000_000
"""Numbers read by one evaluation, times parameters, up to which families are fitted: a second or
two each."""


@dataclass(frozen=True, slots=True)
class Wider:
    """A wider family.

    Attributes
    ----------
    family : Family
    fit : GeneralisedSubject
    ratio : Ratio or None
        Against the asked model; None if one of the two is not certified.
    """

    family: Family
    fit: GeneralisedSubject = field(repr=False)
    ratio: Ratio | None

    def error_ratios(self, asked: GeneralisedSubject) -> tuple[float, float]:
        """Standard errors of the fixed effects over those of the asked model, extremes."""
        errors = [np.sqrt(np.diag(fit.estimates.vcov)) for fit in (self.fit, asked)]
        ratios = errors[0] / errors[1]
        return float(ratios.min()), float(ratios.max())

    @property
    def clear(self) -> bool:
        """Whether the data reject the asked family for it."""
        return self.ratio is not None and self.ratio.p_high < LEVEL


@dataclass(frozen=True, slots=True)
class Zeros:
    """Zeros in the response: how many there are, and how many the fit has at the modes."""

    observed: int
    expected: float


@dataclass(frozen=True, slots=True)
class FamilyFits:
    """What wider families come to.

    Attributes
    ----------
    pearson : Pearson or None
        None if the family has a variance of its own, or none can be told.
    zeros : Zeros or None
        None if the response is not a count.
    dispersed : Wider or None
        With more variance.
    inflated : Wider or None
        With extra zeros.
    both : Wider or None
        Fitted if either by itself is clearly better.
    overdispersed : bool
        Whether the data ask for more variance.
    extra_zeros : bool
        Whether they ask for more zeros.
    """

    pearson: Pearson | None = None
    zeros: Zeros | None = None
    dispersed: Wider | None = None
    inflated: Wider | None = None
    both: Wider | None = None
    overdispersed: bool = False
    extra_zeros: bool = False

    @property
    def best(self) -> Wider | None:
        """The family that holds all that the data ask for; None if they ask for nothing."""
        if self.overdispersed and self.extra_zeros:
            return self.both
        if self.overdispersed:
            return self.dispersed
        return self.inflated if self.extra_zeros else None


def family_fits(subject: GeneralisedSubject) -> FamilyFits:
    """Fit the wider families that the rows of a fit call for."""
    if not subject.certificate.certified or subject.problem.prior is not None:
        return FamilyFits()
    at = at_modes(subject)
    own = pearson(subject, at) if tells_dispersion(subject) else None
    zeros = _zeros(subject, at)
    affordable = subject.work * max(subject.problem.n_theta, 1) < FITTED
    dispersed = inflated = both = None
    if affordable and own is not None and own.ratio > 1.0:
        dispersed = _wider(subject, _with_dispersion(subject.family))
    if affordable and zeros is not None and zeros.observed > zeros.expected:
        inflated = _wider(subject, ZeroInflated(subject.family))
    over = dispersed is not None and dispersed.clear
    extra = inflated is not None and inflated.clear
    if over and extra:
        assert dispersed is not None
        assert inflated is not None
        both = _wider(subject, ZeroInflated(dispersed.family))
        over, extra = _needed(dispersed, inflated, both)
    return FamilyFits(own, zeros, dispersed, inflated, both, over, extra)


def half_line_ratio(small: GeneralisedSubject, large: GeneralisedSubject) -> Ratio | None:
    """A family against one with a parameter that cannot go beyond it: half 0, half chi2(1).

    None if one of the two is not at an optimum.

    References
    ----------
    Self and Liang (1987), Asymptotic properties of maximum likelihood estimators and likelihood
    ratio tests under nonstandard conditions, JASA 82, 605-610, case 5.
    """
    if not (small.certificate.certified and large.certificate.certified):
        return None
    statistic = statistic_of(small.solution.criterion - large.solution.criterion)
    if isnan(statistic):
        return None
    p = chi_bar_square(statistic, {0: 0.5, 1: 0.5})
    return Ratio(statistic, ("half 0, half chi2(1)",), p, p)


def _needed(dispersed: Wider, inflated: Wider, both: Wider | None) -> tuple[bool, bool]:
    """Whether more variance and more zeros are needed, each beside the other."""
    beside_zeros = None if both is None else half_line_ratio(inflated.fit, both.fit)
    beside_variance = None if both is None else half_line_ratio(dispersed.fit, both.fit)
    over = beside_zeros is not None and beside_zeros.p_high < LEVEL
    extra = beside_variance is not None and beside_variance.p_high < LEVEL
    if over or extra:
        return over, extra
    more_variance = dispersed.fit.estimates.aic <= inflated.fit.estimates.aic
    return more_variance, not more_variance


def _wider(subject: GeneralisedSubject, family: Family | None) -> Wider | None:
    if family is None:
        return None
    try:
        fit = subject.refit(family=family)
    except RanefError:
        return None
    return Wider(family, fit, half_line_ratio(subject, fit))


def _with_dispersion(family: Family) -> Family | None:
    if family.link not in (BetaBinomial if family.name == "binomial" else NegativeBinomial).LINKS:
        return None
    if family.name == "binomial":
        return BetaBinomial(family.link)
    return NegativeBinomial(2, family.link)


def _zeros(subject: GeneralisedSubject, at: AtModes) -> Zeros | None:
    family = subject.family
    if (
        family.RESPONSE != "count"
        or "zero" in family.parts
        or family.link not in ZeroInflated.LINKS
    ):
        return None
    nil = np.zeros(at.eta.size)
    expected = family.cdf(nil, at.eta, at.psi, subject.data.weights)
    return Zeros(int(np.count_nonzero(subject.data.y == 0.0)), float(expected.sum()))
