"""The log of a fit: what it says is what happened."""

from __future__ import annotations

import pytest

import ranef as rn


@pytest.fixture(scope="module")
def pupils():
    return rn.lmm("math ~ ses + (ses | sch.id)", rn.datasets.load("hsb"))


def test_steps_are_those_of_the_search(pupils):
    log = pupils.log
    assert (log.path, log.status, log.layout.hessian) == (
        "one factor",
        "converged",
        "sums over levels",
    )
    assert log.evaluations == pupils.certificate.evaluations
    accepted = [step.criterion for step in log.steps if step.accepted]
    assert len(accepted) > 1
    assert accepted == sorted(accepted, reverse=True)
    assert accepted[-1] == pytest.approx(pupils.criterion, abs=1e-8)
    (factor,) = log.factors
    assert (factor.name, factor.levels, factor.columns) == ("sch.id", 160, 2)


def test_moments_of_balanced_data_are_the_optimum_of_reml():
    """Nothing is left to search for: one evaluation there, one to see."""
    fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
    assert fit.log.steps == ()
    assert fit.certificate.evaluations <= 2
    assert "no steps: the start left nothing to search for" in str(fit.log)


def test_searches_from_elsewhere_are_counted_apart():
    """At most eight evaluations for three parameters, by the search that found the optimum."""
    fit = rn.lmm("math ~ ses*sector + (ses | sch.id)", rn.datasets.load("hsb"))
    log = fit.log
    assert log.evaluations == fit.certificate.evaluations <= 8
    assert (log.starts, log.basins) == (4, 1)
    assert log.elsewhere > 0
    assert f"4 starts ({log.elsewhere} evaluations from elsewhere): 1 optimum" in str(log)


def test_time_is_told_by_phase(pupils):
    phases = ["read", "formula and design", "cross-products", "search", "certificate", "record"]
    assert list(pupils.log.seconds) == phases
    assert all(t >= 0.0 for t in pupils.log.seconds.values())
    assert list(pupils.with_reml(False).log.seconds) == phases[2:]
    assert pupils.with_reml(False).log.criterion == "ML"


@pytest.mark.parametrize(
    ("formula", "data", "path", "hessian"),
    [
        ("strength ~ 1 + (1 | batch/cask)", "pastes", "nested factors", "nested tangents"),
        (
            "diameter ~ 1 + (1 | plate) + (1 | sample)",
            "penicillin",
            "one factor and a dense tail",
            "trace products",
        ),
    ],
)
def test_structure_and_path(formula, data, path, hessian):
    log = rn.lmm(formula, rn.datasets.load(data)).log
    assert (log.path, log.layout.hessian) == (path, hessian)
    text = str(log)
    for factor in log.factors:
        assert f"{factor.name}: {factor.levels} levels of {factor.columns} column" in text
    assert ("in the dense tail" in text) == bool(log.layout.tail)
