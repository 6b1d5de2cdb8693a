"""What a certificate promises is put to the test: the step is taken, ways of nil are looked at."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ranef as rn

MODELS = {
    "interior": ("Reaction ~ Days + (Days | Subject)", "sleepstudy"),
    "boundary": ("math ~ ses * sector + (ses | sch.id)", "hsb"),
    "nested": ("strength ~ 1 + (1 | batch/cask)", "pastes"),
    "crossed": ("diameter ~ 1 + (1 | plate) + (1 | sample)", "penicillin"),
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("gain", [1e-2, 1.0])
def test_a_search_that_stops_early_is_brought_to_the_end_by_its_promises(model, gain):
    formula, data = MODELS[model]
    data = rn.datasets.load(data)
    best = rn.lmm(formula, data)
    early = rn.Control(gain=gain, restarts=0)
    # Away from the moments, which some searches need no step from.
    start = best.theta * 1.1 + 1e-2
    fit = rn.lmm(formula, data, start=start, control=early)
    assert fit.criterion <= best.criterion + 1e-6
    assert fit.certificate.certified
    assert fit.certificate.rank == best.certificate.rank


def test_promises_are_not_tested_beyond_the_evaluations_allowed():
    data = rn.datasets.load("sleepstudy")
    for limit in (1, 2, 3, 4):
        control = rn.Control(gain=10.0, max_evaluations=limit, restarts=0)
        fit = rn.lmm(
            "Reaction ~ Days + (Days | Subject)", data, start=[3.0, 0.0, 1.0], control=control
        )
        assert fit.certificate.evaluations <= limit


def same_levels_under_another_name(data, factor, name):
    return data.assign(**{name: "x" + data[factor].astype(str)})


def test_a_dual_eigenvalue_of_nil_is_flat():
    """A term twice, the second without variance: what the first loses the other can take."""
    data = rn.datasets.load("penicillin")
    twin = same_levels_under_another_name(data, "sample", "specimen")
    formulas = (
        ("diameter ~ (1 | plate) + (1 | plate) + (1 | sample)", data),
        ("diameter ~ (1 | plate) + (1 | sample) + (1 | specimen)", twin),
    )
    for formula, frame in formulas:
        for reml in (True, False):
            fit = rn.lmm(formula, frame, reml=reml)
            assert fit.certificate.verdict == "flat", (formula, reml)
            (direction,) = fit.certificate.directions
            assert "do not tell apart" in direction


def test_the_same_from_a_start_on_the_boundary():
    """Rank 0 of one of the twins is where a search may well end: forced here."""
    data = rn.datasets.load("sleepstudy")
    twin = same_levels_under_another_name(data, "Subject", "Person")
    one = rn.lmm("Reaction ~ Days + (1 | Subject)", data)
    control = rn.Control(max_evaluations=1)
    for start in ([one.theta[0], 0.0], [0.0, one.theta[0]]):
        fit = rn.lmm(
            "Reaction ~ Days + (1 | Subject) + (1 | Person)", twin, start=start, control=control
        )
        c = fit.certificate
        assert sorted(c.rank.values()) == [0, 1]
        assert abs(c.dual_min_eig) < 1e-4
        assert c.verdict == "flat"
        assert "Subject" in c.directions[0]
        assert "Person" in c.directions[0]


def test_a_positive_dual_eigenvalue_stays_a_boundary():
    fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff2"))
    assert fit.certificate.verdict == "boundary optimum"
    rng = np.random.default_rng(4)
    g, h = np.repeat(np.arange(8), 6), np.tile(np.arange(6), 8)
    y = rng.normal(size=8)[g] + rng.normal(size=48)
    y -= pd.Series(y).groupby(h).transform("mean").to_numpy()
    fit = rn.lmm("y ~ 1 + (1 | g) + (1 | h)", pd.DataFrame({"y": y, "g": g, "h": h}))
    assert fit.certificate.verdict == "boundary optimum"
    assert fit.certificate.rank == {"g": 1, "h": 0}
    assert fit.certificate.dual_min_eig > 0.0
