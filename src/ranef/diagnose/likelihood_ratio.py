"""The likelihood ratio of two random parts, with the law that a boundary calls for."""

from __future__ import annotations

import numpy as np

from ranef.diagnose.subject import Subject
from ranef.inference.chi_bar_square import chi_bar_square, one_variance
from ranef.record import record

__all__ = ["WORSE", "Ratio", "certified", "random_part_ratio"]

WORSE = 1e-4  # deviance units by which a larger model may stay behind a smaller one


@record(frozen=True, slots=True)
class Ratio:
    """A likelihood-ratio statistic and its law under the smaller model.

    Attributes
    ----------
    statistic : float
        Deviance units, not negative.
    law : str
        In words.
    p_low, p_high : float
        The p value; two where only bounds are known.
    note : str
        What keeps the law from being exact; empty where it is.
    """

    statistic: float
    law: str
    p_low: float
    p_high: float
    note: str = ""


def random_part_ratio(small: Subject, large: Subject) -> Ratio | None:
    """A model against one with a larger random part; None where the two do not compare.

    Where one of q correlated effects is left out, the law is an equal mixture of q - 1 and q
    degrees of freedom (Stram and Lee 1994, case 3); where only covariances are, the null
    hypothesis is an interior point and the law chi-square. In all other cases the weights of the
    mixture depend on the unknown parameters (Self and Liang 1987), and bounds are given: the law
    lies between that of one variance more than the free covariances and the plain chi-square.
    """
    if set(large.design.x_names) != set(small.design.x_names) or not _nested(small, large):
        return None
    lost = large.problem.n_theta - small.problem.n_theta
    statistic = small.solution.criterion - large.solution.criterion
    if lost < 1 or statistic < -WORSE or not certified(large, small):
        return None
    columns = _columns(large) - _columns(small)
    note = ""
    if small.certificate.verdict != "interior optimum":
        note = "the smaller model is on the boundary itself"
    elif columns > 1:
        note = "the weights of the mixture depend on the parameters"
    if columns == 0:
        law, low, high = _covariances(statistic, lost, zero=_zeros(small))
    elif columns == 1 and not note:
        law = f"half chi2({lost - 1}), half chi2({lost})" if lost > 1 else "half 0, half chi2(1)"
        low = high = chi_bar_square(statistic, one_variance(lost))
    else:
        free = max(lost - columns * (columns + 1) // 2, 0)
        law = f"a mixture of chi2({free}) to chi2({lost})"
        low = chi_bar_square(statistic, one_variance(free + 1))
        high = chi_bar_square(statistic, {lost: 1.0})
    return Ratio(max(statistic, 0.0), law, low, high, note)


def _covariances(statistic: float, lost: int, zero: int) -> tuple[str, float, float]:
    low = chi_bar_square(statistic, {lost: 1.0})
    if not zero:
        return f"chi2({lost})", low, low
    high = chi_bar_square(statistic, {lost + zero: 1.0})
    return f"between chi2({lost}) and chi2({lost + zero})", low, high


def _nested(small: Subject, large: Subject) -> bool:
    """Whether each random effect of the smaller model is a combination of the larger one's."""
    for term in small.design.terms:
        parts = _parts(term.factor)
        same = [other for other in large.design.terms if _parts(other.factor) == parts]
        if any(set(term.names) <= set(other.names) for other in same):
            continue
        Z = np.hstack([other.Z for other in same]) if same else np.zeros((large.design.n, 0))
        fitted = Z @ np.linalg.lstsq(Z, term.Z, rcond=None)[0]
        if not np.allclose(fitted, term.Z, rtol=0.0, atol=1e-8 * float(np.abs(term.Z).max())):
            return False
    return True


def _parts(factor: str) -> frozenset[str]:
    """What a factor is made of: ``a:b`` and ``b:a`` make the same groups."""
    return frozenset(factor.split(":"))


def certified(*fits: Subject) -> bool:
    """Whether all fits are at an optimum."""
    return all(fit.certificate.certified for fit in fits)


def _columns(fit: Subject) -> int:
    return sum(term.q for term in fit.design.terms)


def _zeros(fit: Subject) -> int:
    """Variances that are zero, as far as ranks tell."""
    ranks = fit.certificate.rank
    return int(np.sum([size - ranks[k] for k, size in fit.certificate.dims.items()]))
