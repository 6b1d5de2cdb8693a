"""Score tests against dense algebra: gradient, information, and the tails."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import ranef as rn
from ranef.core import Direction
from ranef.diagnose.effects import evaluated
from ranef.diagnose.larger import larger_parts
from ranef.diagnose.larger.search import looked_at
from ranef.diagnose.larger.slopes import slope_candidates
from ranef.diagnose.score import less_than_chance
from ranef.diagnose.subject import Subject
from ranef.fit.subject import subject_of

from .planted_data import rivals, waves


def projection(subject: Subject, covariance: np.ndarray) -> np.ndarray:
    """P over sigma^-2: V^-1 less what X takes, for ML as for REML."""
    X = subject.design.X
    inverse = np.linalg.inv(covariance)
    return inverse - inverse @ X @ np.linalg.solve(X.T @ inverse @ X, X.T @ inverse)


def dense(subject: Subject, new: np.ndarray) -> tuple[float, float, float, float]:
    """Q / sigma^2, tr(P V_s), and expected and average information, nuisance partialled out."""
    (term,) = subject.design.terms
    same = term.codes[:, None] == term.codes[None, :]
    (relative,) = subject.solution.covariances
    v_old = same.astype(float)
    V = np.eye(subject.design.n) + relative[0, 0] * v_old
    P = projection(subject, V)
    v_new = same * np.outer(new, new)
    y = subject.design.y
    sigma2 = y @ P @ y / subject.problem.nu
    inside = [v_old, v_new] if relative[0, 0] > 0 else [v_new]
    directions = [*inside[:-1], V, inside[-1]]  # V itself stands for sigma^2
    expected = np.array([[np.trace(P @ a @ P @ b) for b in directions] for a in directions])
    e = P @ y
    average = np.array([[e @ a @ P @ b @ e / sigma2 for b in directions] for a in directions])
    left = [
        m[-1, -1] - m[-1, :-1] @ np.linalg.solve(m[:-1, :-1], m[:-1, -1])
        for m in (expected, average)
    ]
    return float(e @ v_new @ e / sigma2), float(np.trace(P @ v_new)), float(left[0]), float(left[1])


@pytest.fixture(scope="module")
def small() -> Subject:
    data = waves(rho=0.0, groups=12, rows=6, seed=4)
    return subject_of(rn.lmm("y ~ wave + (1 | pupil)", data))


def test_a_slope_is_looked_at_about_the_mean_of_its_predictor(small: Subject) -> None:
    (candidate,) = slope_candidates(small)
    look = looked_at(small, candidate)
    wave = small.table["wave"].values
    q, trace, _, average = dense(small, (wave - wave.mean()) / wave.std())
    assert look is not None
    assert look.p_value == pytest.approx(
        stats.norm.sf((q - trace) / np.sqrt(2.0 * average)), rel=1e-6
    )


def test_the_information_of_a_variance_of_zero_is_the_expected_one() -> None:
    subject = subject_of(rn.lmm("score ~ 1 + (1 | pair)", rivals(pairs=12)))
    less = less_than_chance(
        subject.problem,
        evaluated(subject).kernel,
        subject.solution.inner,
        Direction(0, np.ones((1, 1))),
    )
    q, trace, expected, _ = dense(subject, np.ones(subject.design.n))
    assert subject.certificate.rank == {"pair": 0}
    assert (less.observed, less.expected) == (pytest.approx(q), pytest.approx(trace))
    assert less.information == pytest.approx(expected)


def test_the_lower_tail_is_near_that_of_the_exact_f_test() -> None:
    """Balanced one-way data: mean square between over mean square within."""
    rng = np.random.default_rng(1)
    seen = 0
    for _ in range(60):
        data = rivals(pairs=20)
        data["score"] = rng.normal(size=40)
        subject = subject_of(rn.lmm("score ~ 1 + (1 | pair)", data))
        if subject.certificate.rank["pair"]:
            continue
        values = data["score"].to_numpy().reshape(20, 2)
        between = 2.0 * values.mean(axis=1).var(ddof=1)
        within = values.var(axis=1, ddof=1).mean()
        exact = stats.f.cdf(between / within, 19, 20)
        less = less_than_chance(
            subject.problem,
            evaluated(subject).kernel,
            subject.solution.inner,
            Direction(0, np.ones((1, 1))),
        )
        assert less.p_value == pytest.approx(exact, abs=0.03)
        seen += 1
    assert seen > 20


def test_a_direction_that_the_model_has_taken_up_says_nothing() -> None:
    """A slope of a predictor that is a multiple of another with a slope."""
    data = waves(rho=0.0, groups=12, rows=6, seed=4)
    data["twice"] = 2.0 * data["wave"]
    fit = rn.lmm("y ~ twice + (wave | pupil)", data)
    larger = larger_parts(subject_of(fit))
    assert (larger.slopes, larger.clear) == (1, ())
