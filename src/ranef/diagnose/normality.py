"""Random effects whose distribution is not normal."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ranef.diagnose.effects import Evaluated, group_effects
from ranef.diagnose.subject import Subject
from ranef.diagnose.words import effect
from ranef.types import Array, Finding

__all__ = ["anderson_darling", "normality_findings", "shapiro_wilk"]

LEVEL = 0.01
"""For all effects of a factor together (Bonferroni)."""

LARGE = 0.5
"""Skewness or excess kurtosis of a size that matters."""

FEWEST_GROUPS = 20
MOST_GROUPS = 5000
"""For which the law of the Shapiro-Wilk statistic is known; beyond it Anderson-Darling will do."""

# Royston's polynomials, highest power first: the two outermost weights in n^(-1/2), and mean and
# log standard deviation of log(1 - W) in log n.
LAST = (-2.706056, 4.434685, -2.07119, -0.147981, 0.221157, 0.0)
SECOND = (-3.582633, 5.682633, -1.752461, -0.293762, 0.042981, 0.0)
MEAN = (0.0038915, -0.083751, -0.31082, -1.5861)
LOG_SD = (0.0030302, -0.082676, -0.4803)


def anderson_darling(z: Array) -> float:
    """p value of the Anderson-Darling test of normality, mean and variance estimated.

    Parameters
    ----------
    z : ndarray, shape (n,)

    References
    ----------
    D'Agostino and Stephens (1986), Goodness-of-Fit Techniques, Dekker, table 4.9.

    Examples
    --------
    >>> from scipy.special import ndtri
    >>> round(anderson_darling(ndtri((np.arange(50) + 0.5) / 50)), 2)
    1.0
    """
    from scipy import special

    n = z.size
    x = np.sort((z - z.mean()) / z.std(ddof=1))
    i = np.arange(1, n + 1)
    a2 = -n - float(np.sum((2 * i - 1) * (special.log_ndtr(x) + special.log_ndtr(-x[::-1])))) / n
    a = a2 * (1.0 + 0.75 / n + 2.25 / n**2)
    if a >= 0.6:
        # The quadratic turns up beyond a of 150, where p is nil already.
        return float(np.exp(1.2937 - 5.709 * min(a, 100.0) + 0.0186 * min(a, 100.0) ** 2))
    if a >= 0.34:
        return float(np.exp(0.9177 - 4.279 * a - 1.38 * a**2))
    if a >= 0.2:
        return float(1.0 - np.exp(-8.318 + 42.796 * a - 59.938 * a**2))
    return float(1.0 - np.exp(-13.436 + 101.14 * a - 223.73 * a**2))


def shapiro_wilk(z: Array) -> float:
    """p value of the Shapiro-Wilk test of normality, by Royston's approximation.

    Of the common tests it has most power against skewness.

    Parameters
    ----------
    z : ndarray, shape (n,)
        At least 12 values, at most `MOST_GROUPS`.

    References
    ----------
    Royston, P. (1995), Remark AS R94: a remark on algorithm AS 181: the W-test for normality,
    Applied Statistics 44, 547-551.

    Examples
    --------
    >>> from scipy.special import ndtri
    >>> round(shapiro_wilk(ndtri((np.arange(50) + 0.5) / 50)), 2)
    1.0
    """
    from scipy import special

    n = z.size
    m = special.ndtri((np.arange(1, n + 1) - 0.375) / (n + 0.25))
    length, small = float(np.sqrt(m @ m)), 1.0 / np.sqrt(n)
    last = np.polyval(LAST, small) + m[-1] / length
    second = np.polyval(SECOND, small) + m[-2] / length
    inner = m[2:-2]
    a = np.empty(n)
    a[2:-2] = inner * np.sqrt((1.0 - 2.0 * (last**2 + second**2)) / (inner @ inner))
    a[-1], a[-2], a[0], a[1] = last, second, -last, -second
    x = np.sort(z) - z.mean()
    w = float(a @ x) ** 2 / float(x @ x)
    log_n = np.log(n)
    y = np.log(max(1.0 - w, 1e-300))
    return float(special.ndtr((np.polyval(MEAN, log_n) - y) / np.exp(np.polyval(LOG_SD, log_n))))


def normality_findings(subject: Subject, at: Evaluated) -> Iterator[Finding]:
    """Test the predicted effects, each over its own standard deviation under the model.

    A predicted effect is shrunk towards zero, and the more so the less its group says; divided by
    the standard deviation that it has when the model holds, (T (I - K_j) T')^(1/2) sigma, all of
    them are standard normal. Shrinkage costs power, not level.
    """
    for effects in group_effects(subject, at):
        if len(effects.levels) < FEWEST_GROUPS:
            continue
        tests = sum(subject.problem.terms[k].q for k in effects.terms)
        for k in effects.terms:
            block, label = subject.problem.terms[k], subject.problem.labels[k]
            change = subject.problem.scaling.B[k]
            part = slice(block.offset, block.offset + block.q)
            root = change @ effects.root[part]
            b = effects.u @ root.T
            variance = np.einsum("jaa->ja", root @ effects.spread @ root.T)
            for i, name in enumerate(label.names):
                here = variance[:, i] > 1e-8 * max(1e-300, float(variance[:, i].max()))
                if int(here.sum()) < FEWEST_GROUPS:
                    continue
                z = b[here, i] / np.sqrt(variance[here, i])
                p_value = shapiro_wilk(z) if z.size <= MOST_GROUPS else anderson_darling(z)
                if p_value < LEVEL / tests:
                    yield from _finding(effect(name, label.factor), label.label, z, p_value)


def _finding(what: str, where: str, z: Array, p_value: float) -> Iterator[Finding]:
    """The shape in words; nothing where it is so near to normal that only a test tells."""
    x = (z - z.mean()) / z.std()
    test = "Shapiro-Wilk" if z.size <= MOST_GROUPS else "Anderson-Darling"
    skew, kurtosis = float(np.mean(x**3)), float(np.mean(x**4)) - 3.0
    if abs(skew) > LARGE:
        shape = f"skewed to the {'right' if skew > 0 else 'left'}"
    elif kurtosis > LARGE:
        shape = "of longer tails than the normal distribution"
    elif kurtosis < -LARGE:
        shape = "of short tails, as where there are clusters or the scale ends"
    else:
        return
    yield Finding(
        code="non-normal-effects",
        severity="note",
        message=f"the predicted values of {what} are {shape}",
        evidence=f"skewness {skew:.2f}, excess kurtosis {kurtosis:.2f} over {z.size} levels, "
        f"{test} p {'< 1e-4' if p_value < 1e-4 else f'= {p_value:.1g}'}",
        where=where,
        fix="fixed effects and their standard errors hardly depend on it; predictions of single "
        "levels and intervals of the variance do. A missing predictor between groups is the usual "
        "cause",
    )
