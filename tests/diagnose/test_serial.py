"""Serial correlation, and unequal variances under it."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.diagnose.findings import all_findings
from ranef.diagnose.serial import neighbour_correlation, serial_correlations, whitened
from ranef.fit.subject import subject_of
from ranef.types import Finding

from .planted_data import ar1, rivals, waves


def found(formula: str, data: pd.DataFrame) -> dict[str, Finding]:
    return {f.code: f for f in all_findings(subject_of(rn.lmm(formula, data)))}


@pytest.mark.parametrize("n", [3, 4, 6])
def test_mean_and_variance_over_all_orders(n: int) -> None:
    values = np.random.default_rng(n).normal(size=n) ** 3
    products = []
    for order in permutations(range(n)):
        d = values[list(order)] - values.mean()
        products.append(float(d[1:] @ d[:-1]))
    centred = values - values.mean()
    _, z, pairs = neighbour_correlation(values, np.zeros(n, dtype=np.int32))
    expected = (float(centred[1:] @ centred[:-1]) - np.mean(products)) / np.std(products)
    assert z == pytest.approx(expected)
    assert pairs == n - 1


def test_serial_correlation_is_named_and_not_called_unequal_variances() -> None:
    named = 0
    for seed in range(12):
        by_code = found("y ~ wave + (1 | pupil)", waves(rho=0.9, seed=seed))
        assert "unequal-variances" not in by_code
        named += "serially correlated in wave" in by_code["serial-correlation"].message
    assert named == 12


def test_independent_residuals_are_not_called_serial() -> None:
    for seed in range(12):
        by_code = found("y ~ wave + (1 | pupil)", waves(rho=0.0, seed=seed))
        assert "serial-correlation" not in by_code
        assert "unequal-variances" not in by_code


def test_unequal_variances_are_seen_through_serial_correlation() -> None:
    rng = np.random.default_rng(5)
    data = waves(rho=0.0)
    sigma = np.exp(0.8 * rng.normal(size=(40, 1)))
    data["y"] = (sigma * ar1(rng, 40, 20, 0.6) + rng.normal(size=(40, 1))).ravel()
    by_code = found("y ~ wave + (1 | pupil)", data)
    assert "serial correlation of 0." in by_code["unequal-variances"].evidence
    assert "serial-correlation" in by_code


def test_rho_is_found_although_lines_were_fitted_to_each_group() -> None:
    """Ten rows and two coefficients a group: a naive estimate is far too small."""
    rho = []
    for seed in range(8):
        data = waves(rho=0.6, seed=seed, groups=80, rows=10)
        subject = subject_of(rn.lmm("y ~ wave + (1 | pupil)", data))
        (term,) = subject.design.terms
        y = subject.design.y
        (serial,) = serial_correlations(subject, y).values()
        Z = np.column_stack([np.ones(y.size), data["wave"]])
        rho.append(whitened(serial, y, term, Z).rho)
    assert np.mean(rho) == pytest.approx(0.6, abs=0.05)


def test_an_order_that_no_variable_gives_is_a_weaker_claim() -> None:
    by_code = found("y ~ 1 + (1 | pupil)", waves(rho=0.8))
    finding = by_code["serial-correlation"]
    assert finding.severity == "note"
    assert "follow one another in the data" in finding.message
    shuffled = waves(rho=0.8).sample(frac=1.0, random_state=1)
    assert "serial-correlation" not in found("y ~ 1 + (1 | pupil)", shuffled)
    by_code = found("y ~ wave + (1 | pupil)", shuffled)
    assert by_code["serial-correlation"].severity == "warning"


def test_a_variable_with_equal_values_orders_nothing() -> None:
    data = waves(rho=0.8).assign(half=lambda d: d["wave"] // 10)
    assert (
        "follow one another" in found("y ~ half + (1 | pupil)", data)["serial-correlation"].message
    )


def test_a_curve_that_all_groups_share_is_not_serial() -> None:
    data = waves(rho=0.0)
    data["y"] += 0.05 * (data["wave"] - 10.0) ** 2
    assert "serial-correlation" not in found("y ~ wave + (1 | pupil)", data)


def test_a_slope_that_was_left_out_is_not_serial() -> None:
    rng = np.random.default_rng(2)
    data = waves(rho=0.0)
    data["y"] += np.repeat(0.5 * rng.normal(size=40), 20) * data["wave"]
    by_code = found("y ~ wave + (1 | pupil)", data)
    assert "missing-slope" in by_code
    assert "serial-correlation" not in by_code


def test_an_ordered_category_orders_rows() -> None:
    data = waves(rho=0.8)
    levels = [f"w{k}" for k in range(20)]
    data["step"] = pd.Categorical([f"w{k}" for k in data["wave"]], levels, ordered=True)
    by_code = found("y ~ step + (1 | pupil)", data)
    assert "serially correlated in step" in by_code["serial-correlation"].message


def test_pairs_that_sum_to_nothing_are_negatively_correlated() -> None:
    by_code = found("score ~ 1 + (1 | pair)", rivals())
    assert "negatively correlated (-0.9" in by_code["negative-correlation"].message
    assert "a predictor is missing" not in by_code["boundary"].fix
    errors = "within levels are too small here, those between levels too large"
    assert errors in by_code["negative-correlation"].fix


def test_a_zero_variance_by_chance_is_not_negative() -> None:
    batch = found("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff2"))
    assert "negative-correlation" not in batch
    assert "a predictor is missing between groups" in batch["boundary"].fix


def test_it_is_seen_beside_other_factors_and_with_predictors() -> None:
    rng = np.random.default_rng(4)
    data = rivals(pairs=60)
    data["club"] = np.repeat(np.arange(12), 10)
    data["x"] = rng.normal(size=120)
    data["score"] += data["x"] + np.repeat(rng.normal(size=12), 10)
    for formula in (
        "score ~ x + (1 | club) + (1 | pair)",
        "score ~ x + (1 | club/pair)",
    ):
        assert "pair" in found(formula, data)["negative-correlation"].where


def test_the_advice_on_standard_errors_is_right() -> None:
    """Of differences within pairs and of means of pairs, against their spread over data sets."""
    rng = np.random.default_rng(9)
    within, between, claimed = [], [], []
    for _ in range(40):
        z = rng.normal(size=(40, 2))
        z = z - 0.8 * z.mean(axis=1, keepdims=True)
        data = pd.DataFrame({"y": z.ravel(), "side": np.tile([0.0, 1.0], 40)})
        data["pair"] = np.repeat(np.arange(40), 2)
        fit = rn.lmm("y ~ side + (1 | pair)", data)
        within.append(fit.fixef["side"])
        between.append(fit.fixef["Intercept"] + 0.5 * fit.fixef["side"])
        v = fit.vcov.to_numpy()
        claimed.append((v[1, 1], v[0, 0] + v[0, 1] + 0.25 * v[1, 1]))
    of_difference, of_mean = np.sqrt(np.mean(claimed, axis=0))
    assert of_difference < 0.9 * np.std(within)
    assert of_mean > 1.5 * np.std(between)
