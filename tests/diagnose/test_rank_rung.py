"""The rung of a lower rank: the best fit among covariances of that rank, and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

import ranef as rn
from ranef.diagnose.rank import supported_ranks
from ranef.diagnose.reduced import can_have_rank, with_ranks
from ranef.diagnose.subject import Subject
from ranef.fit.subject import subject_of
from ranef.present.diagnosis.facade import Diagnosis
from ranef.problem.parameters import group_lambdas

DiagnosisOf = Callable[[str], Diagnosis]
MEAN = "math ~ ses * sector + between(ses, sch.id) * sector + (ses | sch.id)"


@pytest.fixture(scope="module")
def contextual() -> rn.Fit:
    return rn.lmm(MEAN, rn.datasets.load("hsb"))


@pytest.fixture(scope="module")
def three() -> pd.DataFrame:
    """Three effects that move together: one dimension, and noise."""
    rng = np.random.default_rng(8)
    g = np.repeat(np.arange(40), 12)
    x, z = rng.normal(size=(2, g.size))
    b = rng.normal(size=40)[g]
    y = 1.0 + x + b * (1.0 + 0.6 * x - 0.5 * z) + rng.normal(size=g.size)
    return pd.DataFrame({"y": y, "x": x, "z": z, "g": [f"g{k:02d}" for k in g]})


def held(subject: Subject, rank: int) -> Subject:
    return subject.refit(with_ranks(subject, {0: rank}), random=rank > 0)


def test_it_is_the_best_of_that_rank(contextual: rn.Fit) -> None:
    """Against a derivative-free search over T = (a, b; 0 0) from both signs."""
    subject = subject_of(contextual)
    fit = held(subject, 1)
    kernel = subject.problem.kernel()

    def criterion(root: np.ndarray) -> float:
        assert kernel.evaluate(group_lambdas(subject.problem, np.array([*root, 0.0])))
        return kernel.value

    options = {"xatol": 1e-8, "fatol": 1e-9, "maxiter": 2000}
    best = min(
        optimize.minimize(criterion, start, method="Nelder-Mead", options=options).fun
        for start in ([0.3, 0.1], [0.3, -0.1])
    )
    assert fit.solution.criterion == pytest.approx(best, abs=1e-6)
    assert fit.certificate.certified
    assert fit.certificate.gain < 1e-6


def test_its_estimates_are_those_of_its_theta(contextual: rn.Fit) -> None:
    """beta and its covariance by generalised least squares with the covariances it reports."""
    subject = subject_of(contextual)
    fit = held(subject, 1)
    (covariance,) = fit.estimates.covariances
    assert np.linalg.matrix_rank(covariance, tol=1e-8 * np.trace(covariance)) == 1
    (term,) = fit.design.terms
    cross, moment = np.zeros((fit.design.p,) * 2), np.zeros(fit.design.p)
    for level in range(term.n_levels):
        rows = term.codes == level
        X, Z, y = fit.design.X[rows], term.Z[rows], fit.design.y[rows]
        V = Z @ covariance @ Z.T + fit.estimates.sigma**2 * np.eye(int(rows.sum()))
        cross += X.T @ np.linalg.solve(V, X)
        moment += X.T @ np.linalg.solve(V, y)
    assert fit.estimates.beta == pytest.approx(np.linalg.solve(cross, moment), rel=1e-7)
    assert fit.estimates.vcov == pytest.approx(np.linalg.inv(cross), rel=1e-6, abs=1e-10)


def test_the_row_of_an_interior_fit(diagnosis_of: DiagnosisOf) -> None:
    frame = diagnosis_of("hsb-mean").remedies.set_index("rung")
    asked, row = frame.loc["as-asked"], frame.loc["reduced-rank"]
    assert (row["title"], row["rank"]) == ("rank 1", "1 of 2")
    assert row["verdict"] == "interior optimum"
    assert row["formula"] == MEAN.replace("(ses | sch.id)", "rr(ses | sch.id, 1)")
    assert row["code"] == f'rn.lmm("{row["formula"]}", data)'
    cost = row["criterion"] - asked["criterion"]
    assert 0.0 < cost < 0.2
    assert row["statistic"] == pytest.approx(cost, abs=1e-8)
    assert row["p_value"] == pytest.approx(0.5 * stats.chi2.sf(cost, 1), rel=1e-6)
    assert row["df"] == asked["df"] - 1
    assert row["aic_ml"] == pytest.approx(-2.0 * row["loglik_ml"] + 2.0 * row["df"])
    assert 0.0 < row["max_change"] < 0.1
    assert "a correlation of +1" in row["judgement"]
    assert "No coefficient moves by more than 0.04 standard errors" in row["judgement"]


def test_two_dimensions_of_three_are_left_out(three: pd.DataFrame) -> None:
    fit = rn.lmm("y ~ x + z + (x + z | g)", three)
    frame = fit.diagnose().remedies
    assert fit.certificate.rank == {"g": 2}
    same, smaller = frame[frame["rung"] == "reduced-rank"].to_dict("records")
    assert (same["rank"], same["df"]) == ("2 of 3", fit.df_model - 1)
    assert (smaller["rank"], smaller["df"]) == ("1 of 3", fit.df_model - 3)
    assert same["criterion"] == pytest.approx(fit.criterion, abs=1e-6)
    assert np.isnan(same["statistic"])
    assert smaller["statistic"] == pytest.approx(smaller["criterion"] - fit.criterion, abs=1e-8)
    # Two dimensions fewer: a 2 x 2 covariance matrix is tested, whose law is known.
    assert 0.05 < smaller["p_low"] == smaller["p_value"] < 1.0


def test_from_full_rank_down_to_none_it_costs_more_and_more(three: pd.DataFrame) -> None:
    subject = subject_of(rn.lmm("y ~ x + z + (x + z | g)", three))
    fits = [held(subject, rank) for rank in (2, 1, 0)]
    values = [subject.solution.criterion, *(fit.solution.criterion for fit in fits)]
    assert all(low <= high + 1e-8 for low, high in pairwise(values))
    full = subject.estimates.n_parameters
    assert [full - fit.estimates.n_parameters for fit in fits] == [1, 3, 6]
    # Without random effects the fit is that of least squares.
    beta = np.linalg.lstsq(subject.design.X, subject.design.y, rcond=None)[0]
    assert fits[-1].estimates.beta == pytest.approx(beta, rel=1e-9)


def test_on_the_boundary_the_lower_rank_is_the_fit(diagnosis_of: DiagnosisOf) -> None:
    fit = rn.lmm("math ~ ses * sector + (ses | sch.id)", rn.datasets.load("hsb"))
    lower = held(subject_of(fit), 1)
    assert lower.solution.criterion == pytest.approx(fit.criterion, abs=1e-7)
    assert lower.estimates.beta == pytest.approx(fit.fixef.to_numpy(), rel=1e-5)
    row = diagnosis_of("hsb").remedies.set_index("rung").loc["reduced-rank"]
    assert "The same optimum with 1 parameter fewer" in row["judgement"]
    assert "rank" not in diagnosis_of("hsb").summary[0]


def test_a_rank_that_the_data_do_not_allow_is_no_rung(diagnosis_of: DiagnosisOf) -> None:
    assert "reduced-rank" not in diagnosis_of("sleepstudy").remedies["rung"].tolist()
    fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
    subject = subject_of(fit)
    (support,) = supported_ranks(subject, subject.problem.kernel())
    assert (support.rank, support.reduced) == (2, None)


def test_a_variance_that_cannot_be_told_from_zero_is_left_out() -> None:
    rng = np.random.default_rng(23)
    g = np.repeat(np.arange(30), 10)
    data = pd.DataFrame({"y": 0.15 * rng.normal(size=30)[g] + rng.normal(size=300), "g": g})
    fit = rn.lmm("y ~ 1 + (1 | g)", data)
    assert fit.certificate.verdict == "interior optimum"
    row = fit.diagnose().remedies.set_index("rung").loc["reduced-rank"]
    assert (row["title"], row["rank"]) == ("without g", "")
    assert row["code"] == 'rn.lm("y ~ 1", data)'
    sigma2 = data["y"].var()
    expected = -2.0 * (-0.5 * 299 * (np.log(2.0 * np.pi * sigma2) + 1.0) - 0.5 * np.log(300))
    assert row["criterion"] == pytest.approx(expected, abs=1e-8)


def test_only_a_part_by_itself_can_be_held_to_a_rank(three: pd.DataFrame) -> None:
    def possible(part: str, rank: int) -> list[bool]:
        subject = subject_of(rn.lmm(f"y ~ x + {part}", three))
        return [can_have_rank(subject, k, rank) for k in range(len(subject.problem.labels))]

    assert possible("(x + z | g)", 1) == possible("rr(x + z | g, 2)", 1) == [True]
    assert possible("(x || g)", 0) == [False, False]
    assert (possible("cs(x + z | g)", 1), possible("cs(x + z | g)", 0)) == ([False], [True])


def test_parts_are_held_or_left_out_by_formula(three: pd.DataFrame) -> None:
    frame = three.assign(h=np.arange(len(three)) % 7)
    subject = subject_of(rn.lmm("y ~ x + (1 | h) + (x + z | g)", frame))
    of = {label.factor: k for k, label in enumerate(subject.problem.labels)}
    held_both = with_ranks(subject, {of["g"]: 2, of["h"]: 0})
    assert held_both == "y ~ x + rr(x + z | g, 2)"
    assert with_ranks(subject, {of["g"]: 0, of["h"]: 0}) == "y ~ x"
