"""Random effects whose distribution is not normal."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ranef.diagnose.effects import Evaluated, group_effects
from ranef.diagnose.subject import Subject
from ranef.diagnose.words import effect
from ranef.page.phrases import count
from ranef.page.phrases import p_value as said
from ranef.types import Array, Finding

__all__ = ["anderson_darling", "normality_findings"]

LEVEL = 0.01
"""For all effects of a factor together (Bonferroni)."""

LARGE = 0.5
"""Skewness or excess kurtosis of a size that matters."""

FEWEST_GROUPS = 20
MOST_GROUPS = 5000
"""For which the law of the Shapiro-Wilk statistic is known; beyond it Anderson-Darling will do."""


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


def normality_findings(subject: Subject, at: Evaluated) -> Iterator[Finding]:
    """Test the predicted effects, each over its own standard deviation under the model.

    A predicted effect is shrunk towards zero, and the more so the less its group says; divided by
    the standard deviation that it has when the model holds, (T (I - K_j) T')^(1/2) sigma, all of
    them are standard normal. Shrinkage costs power, not level.
    """
    from scipy.stats import shapiro

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
                # Of the common tests Shapiro and Wilk's has most power against skewness.
                p_value = anderson_darling(z) if z.size > MOST_GROUPS else float(shapiro(z).pvalue)
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
        evidence=f"skewness {skew:.2f}, excess kurtosis {kurtosis:.2f} over "
        f"{count(z.size, 'level')}, {test} {said(p_value)}",
        where=where,
        fix="fixed effects and their standard errors hardly depend on it; predictions of single "
        "levels and intervals of the variance do. A missing predictor between groups is the usual "
        "cause",
    )
