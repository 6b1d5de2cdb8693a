"""Responses a thousand to a hundred million times larger than their residuals."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.core import Evidence
from ranef.solve.certificate import certificate

sys.path.insert(0, str(Path(__file__).parent))
from qr_criterion import criterion_of, lowest

STRUCTURES = ("intercepts", "slopes", "nested", "crossed", "crossed slopes")


def problem(structure, ratio, seed, n=60, weighted=False):
    """Formula, data, terms and X: the SD of random effects is `ratio` times sigma = 1."""
    rng = np.random.default_rng([STRUCTURES.index(structure), seed])
    a = rng.integers(0, 8, n)
    a[:8] = np.arange(8)
    b = 2 * a + rng.integers(0, 2, n) if structure == "nested" else rng.integers(0, 5, n)
    x = rng.normal(size=n)
    w = rng.choice([0.5, 1.0, 4.0], n) if weighted else np.ones(n)
    one, both = np.ones((n, 1)), np.column_stack([np.ones(n), x])
    y = 1.0 + 0.5 * x + ratio * rng.normal(size=8)[a] + rng.normal(size=n) / np.sqrt(w)
    formula, terms = "y ~ x + (1 | a)", [(a, one)]
    if "slopes" in structure:
        y = y + ratio * x * rng.normal(size=8)[a]
        formula, terms = "y ~ x + (x | a)", [(a, both)]
    if structure in ("nested", "crossed", "crossed slopes"):
        y = y + ratio * rng.normal(size=16)[b]
        formula, terms = formula + " + (1 | b)", [*terms, (b, one)]
    return formula, pd.DataFrame({"y": y, "x": x, "a": a, "b": b, "w": w}), terms, both


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("ratio", [1e3, 1e5, 1e6])
@pytest.mark.parametrize("reml", [True, False])
def test_the_promise_holds_where_effects_dwarf_residuals(structure, ratio, reml):
    formula, data, terms, x = problem(structure, ratio, 1, weighted=reml)
    fit = rn.lmm(formula, data, weights="w", reml=reml)
    c = fit.certificate
    # Two factors that share a constant: log|V| itself has lost a digit for each power of ten.
    if not (ratio == 1e6 and len(terms) == 2 and c.verdict == "limited by rounding"):
        assert c.certified, str(c)
    terms = [terms["ab".index(label.factor)] for label in fit._problem.labels]  # theta's order
    criterion = criterion_of(terms, x, data.y.to_numpy(), data.w.to_numpy(), reml)
    here = criterion(fit.theta)
    # The oracle's own r2 has lost log10(ratio) digits of sixteen.
    own = 1e-14 * ratio * len(data)
    assert abs(fit.criterion - here) < 1e-7 + 10.0 * c.rounding + own
    assert here - lowest(criterion, fit.theta) < 1e-6 + c.rounding + own


@pytest.mark.parametrize("structure", ["intercepts", "crossed"])
def test_estimates_do_not_depend_on_how_large_the_effects_are(structure):
    """With SDs of 1e6 sigma the within-group estimates are those of least squares in the limit."""
    formula, data, terms, x = problem(structure, 1e6, 3)
    fit = rn.lmm(formula, data)
    indicators = [codes[:, None] == np.unique(codes) for codes, _ in terms]
    dummies = np.column_stack([x[:, 1], *indicators])
    slope, *_ = np.linalg.lstsq(dummies, data.y.to_numpy(), rcond=None)[0]
    rank = np.linalg.matrix_rank(dummies)
    residual = data.y - dummies @ np.linalg.lstsq(dummies, data.y.to_numpy(), rcond=None)[0]
    sigma = np.sqrt(np.sum(residual**2) / (len(data) - rank))
    se = sigma / np.sqrt(len(data))
    assert fit.fixef["x"] == pytest.approx(slope, abs=1e-5 * se)
    # A thousandth of a standard error of theta, which a certificate may leave, is 1e-4 of sigma.
    assert fit.sigma == pytest.approx(sigma, rel=1e-5)
    # Fitted values are the response less residuals of size sigma, on every row.
    np.testing.assert_allclose(fit.residuals(), residual, atol=1e-4 * sigma)


def test_predictors_that_explain_nearly_all():
    rng = np.random.default_rng(5)
    g, x = np.repeat(np.arange(12), 6), rng.normal(size=72)
    e = rng.normal(size=12)[g] + rng.normal(size=72)
    plain = rn.lmm("y ~ x + (1 | g)", pd.DataFrame({"y": e, "x": x, "g": g}))
    for size in (1e4, 1e6, 1e8):
        data = pd.DataFrame({"y": size * (1.0 + x) + e, "x": x, "g": g})
        fit = rn.lmm("y ~ x + (1 | g)", data)
        assert fit.certificate.certified
        # The response itself is rounded to 1e-16 of its size.
        assert fit.criterion == pytest.approx(plain.criterion, abs=1e-6 + 1e-13 * size)
        assert fit.theta == pytest.approx(plain.theta, rel=1e-6 + 1e-13 * size)
        assert fit.fixef["x"] - size == pytest.approx(plain.fixef["x"], abs=1e-6 + 1e-14 * size)


def test_a_value_that_stands_for_a_missing_one_is_no_exact_fit():
    rng = np.random.default_rng(7)
    g = np.repeat(np.arange(15), 8)
    x = rng.normal(size=120)
    y = 1.0 + 2.0 * x + rng.normal(size=15)[g] + rng.normal(size=120)
    for value in (1e6, 1e8, 1e10):
        data = pd.DataFrame({"y": np.where(g > 0, y, value), "x": x, "g": g})
        fit = rn.lmm("y ~ x + (1 | g)", data)
        assert 0.5 < fit.sigma < 2.0
        assert fit.certificate.certified or fit.certificate.verdict == "limited by rounding"


def test_exact_fits_are_still_refused():
    rng = np.random.default_rng(3)
    g, x = np.repeat(np.arange(9), 5), rng.normal(size=45)
    u = rng.normal(size=9)
    with pytest.raises(rn.errors.DesignError, match="never varies within a level of 'g'"):
        rn.lmm("y ~ 1 + (1 | g)", pd.DataFrame({"y": u[g], "g": g}))
    with pytest.raises(rn.errors.DesignError, match="fit 'y' exactly"):
        rn.lmm("y ~ x + (1 | g)", pd.DataFrame({"y": 1.0 + x + 1e3 * u[g], "x": x, "g": g}))
    with pytest.raises(rn.errors.DesignError, match="fixed part fits 'y' exactly"):
        rn.lmm("y ~ x + (1 | g)", pd.DataFrame({"y": 1.0 + 3.0 * x, "x": x, "g": g}))


def test_rounding_that_hides_the_optimum_is_named():
    fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff"))
    found = dict(zip(Evidence._fields, fit._solution.found.evidence, strict=True))

    def verdict(**changed):
        evidence = Evidence(**{**found, **changed})
        return certificate(fit._problem, fit._solution.inner, evidence, 1)

    assert verdict(rounding=1e-9).certified
    told = verdict(rounding=3e-5)
    assert told.certified
    assert "known to 3e-05" in str(told)
    hidden = verdict(rounding=2e-3)
    assert not hidden.certified
    assert hidden.verdict == "limited by rounding"
    assert "limited by rounding" in str(hidden)
    # What the search could not do for noise is rounding's fault, what it did not do is its own.
    assert verdict(gain=1e-5, rounding=2e-6).verdict == "limited by rounding"
    assert verdict(gain=1e-5, rounding=1e-9).verdict == "not at an optimum"
    assert verdict(gain=1.0, rounding=1e-2).verdict == "not at an optimum"
