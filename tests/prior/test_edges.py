"""Starts on the boundary of a prior, and priors that outweigh the data."""

from __future__ import annotations

import numpy as np
import pytest

import ranef as rn
from ranef.core import Evidence
from ranef.solve.certificate import certificate

HSB = "math ~ ses * sector + (ses | sch.id)"
DYE = "Yield ~ 1 + (1 | Batch)"
P = rn.priors


@pytest.mark.parametrize("start", [[0.32, 0.045, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.3]])
@pytest.mark.parametrize("prior", [P.Wishart(), P.LKJ(), [P.LKJ(), P.HalfT()]], ids=str)
def test_a_start_where_the_density_is_zero_is_moved_inside(start, prior) -> None:
    data = rn.datasets.load("hsb")
    fit = rn.lmm(HSB, data, prior=prior, start=start)
    assert fit.criterion == pytest.approx(rn.lmm(HSB, data, prior=prior).criterion, abs=1e-6)
    assert fit.certificate.certified


def test_the_log_tells_that_a_start_was_moved() -> None:
    data = rn.datasets.load("hsb")
    moved = rn.lmm(HSB, data, prior=P.Wishart(), start=[0.32, 0.045, 0.0])
    assert moved.log.start_moved
    assert "start values moved inside: the density of the prior is zero" in str(moved.log)
    for fit in (
        rn.lmm(HSB, data, prior=P.Wishart(), start=[0.32, 0.045, 0.1]),
        rn.lmm(HSB, data, start=[0.32, 0.045, 0.0]),
        rn.lmm(HSB, data, prior=P.Wishart()),
    ):
        assert not fit.log.start_moved
        assert "moved inside" not in str(fit.log)


def test_only_terms_with_a_prior_are_moved() -> None:
    """The other keeps its zero, where a search of one step leaves it."""
    data = rn.datasets.load("penicillin")
    fit = rn.lmm(
        "diameter ~ 1 + (1 | plate) + (1 | sample)",
        data,
        prior={"plate": P.Gamma()},
        start=[0.0, 0.0],
        control=rn.Control(max_evaluations=1, restarts=0),
    )
    assert fit.log.start_moved
    assert fit.theta[0] > 0.0
    assert fit.theta[1] == 0.0


@pytest.mark.parametrize("shape", [6.0, 6.1, 8.0])
def test_from_a_shape_of_the_number_of_groups_on_there_is_no_mode(shape: float) -> None:
    """-2 log likelihood by REML grows as 2 (J - 1) log s, -2 log density falls by shape - 1."""
    fit = rn.lmm(DYE, rn.datasets.load("dyestuff"), prior=P.Gamma(shape=shape))
    assert not fit.certificate.certified
    (finding,) = fit.findings
    assert finding.code in ("flat", "not-at-an-optimum")
    assert finding.severity == "problem"
    assert f"Gamma(shape={shape:g}, rate=0) outweighs the data" in finding.message
    assert "there is no mode" in finding.message
    assert "Gamma(rate=...)" in finding.fix
    assert "max_evaluations" not in finding.fix


def test_what_the_finding_advises_has_a_mode() -> None:
    data = rn.datasets.load("dyestuff")
    advised = (
        P.Gamma(shape=5.9),
        P.Gamma(),
        P.Gamma(shape=6.0, rate=1.0),
        P.Wishart(scale=1.0),
        P.HalfNormal(),
    )
    for prior in advised:
        fit = rn.lmm(DYE, data, prior=prior)
        assert fit.certificate.certified, prior
        assert not fit.findings


def test_a_large_variance_is_not_taken_for_none() -> None:
    """Groups a hundred thousand sigma apart: the prior plays no part, and the fit is certified."""
    rng = np.random.default_rng(2)
    g = np.repeat(np.arange(30), 5)
    data = {"y": 1e5 * rng.normal(size=30)[g] + rng.normal(size=150), "g": g}
    fit = rn.lmm("y ~ 1 + (1 | g)", data, prior=P.Wishart())
    assert fit.theta[0] > 1e4
    assert fit.certificate.certified


@pytest.mark.parametrize(
    ("curvature", "verdict"), [(0.99e-4, "flat"), (1.01e-4, "interior optimum")]
)
@pytest.mark.parametrize(("sd", "beyond"), [(1.01e3, True), (0.99e3, False)])
def test_a_variance_without_bound_is_told_by_size_and_curvature(
    curvature: float, verdict: str, sd: float, beyond: bool
) -> None:
    """Curvature of 1e-4 leaves the SD known to a factor of e^100; it must be above 1e3 sigma."""
    fit = rn.lmm(DYE, rn.datasets.load("dyestuff"), prior=P.Gamma(shape=5.9))
    found = Evidence(*fit._solution.found.evidence)._replace(curvature=curvature)
    judged = certificate(fit._problem, np.array([sd]), found, 1)
    assert judged.verdict == (verdict if beyond else "interior optimum")
    plain = fit._problem.with_prior(None)
    assert certificate(plain, np.array([sd]), found, 1).verdict == "interior optimum"
