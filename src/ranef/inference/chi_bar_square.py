"""Tail probabilities of mixtures of chi-square distributions.

A likelihood-ratio statistic for a variance that may be zero does not follow one chi-square
distribution under the null hypothesis: half of the time the estimate would like to be negative and
is held at zero. Its law is a mixture, chi-bar-square.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["chi_bar_square", "one_variance"]

NIL = 1e-6  # deviance units; a statistic below it is rounding


def chi_bar_square(statistic: float, weights: Mapping[int, float]) -> float:
    """P(T >= statistic) for T a mixture of chi-square variables.

    Parameters
    ----------
    statistic : float
        Twice the difference of log-likelihoods, deviance units.
    weights : mapping of int to float
        Weight of each number of degrees of freedom; 0 stands for a mass at zero.

    References
    ----------
    Self and Liang (1987), Asymptotic properties of maximum likelihood estimators and likelihood
    ratio tests under nonstandard conditions, JASA 82, 605-610.

    Examples
    --------
    >>> round(chi_bar_square(2.50, {2: 1.0}), 3), round(chi_bar_square(2.50, {1: 0.5, 2: 0.5}), 3)
    (0.287, 0.2)
    """
    from scipy import special

    t = statistic if statistic > NIL else 0.0
    return float(
        sum(
            weight * (special.chdtrc(df, t) if df else float(t == 0.0))
            for df, weight in weights.items()
        )
    )


def one_variance(q: int) -> dict[int, float]:
    """The mixture for one random effect of q: its variance and q - 1 covariances are zero.

    The other variances are positive and the q effects correlated freely: half and half of q - 1
    and q degrees of freedom.

    References
    ----------
    Stram and Lee (1994), Variance components testing in the longitudinal mixed effects model,
    Biometrics 50, 1171-1177, case 3.

    Examples
    --------
    >>> one_variance(1), one_variance(2)
    ({0: 0.5, 1: 0.5}, {1: 0.5, 2: 0.5})
    """
    return {q - 1: 0.5, q: 0.5}
