"""Laws of p values and intervals that are adjusted for several tests at a time."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from ranef.inference.means.adjust import Family, adjusted
from ranef.inference.means.multivariate_t import MaximumOfT
from ranef.inference.means.normal_range import StudentizedRange


def family(t: list[float], df: list[float], means: int, correlation: float = 0.5) -> Family:
    k = len(t)
    covariance = correlation * np.ones((k, k)) + (1 - correlation) * np.eye(k)
    return Family(np.array(t), np.array(df), covariance, k, means)


@pytest.mark.parametrize("adjust", ["tukey", "sidak", "bonferroni", "scheffe", "mvt"])
@pytest.mark.parametrize("df", [4.3, 60.0, np.inf])
def test_intervals_end_where_p_is_one_less_the_level(adjust: str, df: float) -> None:
    means = 3 if adjust == "tukey" else 0
    critical = adjusted(family([1.0, 2.0, 0.5], [df] * 3, means), adjust, 0.9).critical
    again = adjusted(family(list(critical), [df] * 3, means), adjust, 0.9)
    np.testing.assert_allclose(again.p_value, 0.1, atol=1e-7)
    assert again.method == adjust


def test_every_row_has_its_own_degrees_of_freedom() -> None:
    both = adjusted(family([2.5, 2.5, 1.0], [5.0, 50.0, 9.0], 3), "tukey", 0.95)
    for k, df in enumerate((5.0, 50.0)):
        truth = stats.studentized_range.sf(np.sqrt(2) * 2.5, 3, df)
        assert both.p_value[k] == pytest.approx(truth, rel=1e-8)


@pytest.mark.parametrize("means", [3, 6, 20])
def test_studentized_range_against_scipy(means: int) -> None:
    """Relative in the tail too, down to where SciPy's quadrature ends."""
    law = StudentizedRange(means)
    for df in (1.0, 4.7, 90.0, np.inf):
        for t in (0.5, 2.0, 4.0):
            truth = stats.studentized_range.sf(np.sqrt(2) * t, means, df)
            assert law.tail(t, df) == pytest.approx(truth, rel=1e-6)


def test_studentized_range_of_two_is_t() -> None:
    law = StudentizedRange(2)
    for t in (0.1, 2.0, 12.0):
        assert law.tail(t, 4.7) == pytest.approx(2 * stats.t.sf(t, 4.7), rel=1e-8)


@pytest.mark.parametrize(("k", "error"), [(3, 1e-5), (10, 3e-4)])
@pytest.mark.parametrize("df", [5.3, np.inf])
def test_maximum_of_t_against_quadrature(k: int, error: float, df: float) -> None:
    """Equal correlations of 1/2: given what they share the statistics are independent."""
    maximum = MaximumOfT(0.5 * np.eye(k) + 0.5)
    for t in (1.0, 2.5, 4.0):
        assert maximum.tail(t, df) == pytest.approx(_shared(k, t, df), abs=error)


def _shared(k: int, t: float, df: float) -> float:
    z = np.linspace(-9.0, 9.0, 601)
    weight = np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi) * (z[1] - z[0])

    def inside(s: float) -> float:
        c = np.sqrt(2.0) * t * s
        return float(np.sum(weight * (special.ndtr(z + c) - special.ndtr(z - c)) ** k))

    if np.isinf(df):
        return 1.0 - inside(1.0)
    spread = 1.0 / np.sqrt(2.0 * df)
    u = np.linspace(-14 * spread - 1.0, 9 * spread + 0.5, 1200)
    log_density = np.log(2.0) + df / 2 * np.log(df / 2) - special.gammaln(df / 2)
    log_density = log_density + df * u - df * np.exp(2 * u) / 2
    outside = np.array([1.0 - inside(s) for s in np.exp(u)])
    return float(np.sum(np.exp(log_density) * outside) * (u[1] - u[0]))


def test_pairs_by_the_multivariate_t_law_are_tukeys_in_balanced_data() -> None:
    contrasts = np.array([np.eye(4)[a] - np.eye(4)[b] for a in range(4) for b in range(a)])
    maximum = MaximumOfT(contrasts @ contrasts.T)
    for t, df in ((1.0, 10.0), (2.5, 10.5), (3.0, np.inf)):
        truth = stats.studentized_range.sf(np.sqrt(2) * t, 4, df)
        assert maximum.tail(t, df) == pytest.approx(truth, abs=1e-4)
