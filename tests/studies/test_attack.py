"""A small version of the attack: its oracle is right, and it notices what is broken."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from studies import attack
from studies.attack_problems import KINDS, hard_problem
from studies.oracle import Oracle, Term

import ranef as rn

ROOT = Path(__file__).parents[2]


def dense(oracle: Oracle, theta: np.ndarray) -> float:
    """The criterion from V itself."""
    n, p = oracle.x.shape
    v, left = np.diag(1.0 / oracle.weights), list(theta)
    for term in oracle.terms:
        q = term.columns.shape[1]
        root = np.zeros((q, q))
        for b in range(q):
            for a in range(b, q):
                root[a, b] = left.pop(0)
        same = term.codes[:, None] == term.codes
        v = v + same * (term.columns @ root @ root.T @ term.columns.T)
    xv = np.linalg.solve(v, oracle.x).T
    r = oracle.y - oracle.x @ np.linalg.solve(xv @ oracle.x, xv @ oracle.y)
    nu = n - p if oracle.reml else n
    value = np.linalg.slogdet(v)[1] + nu * (
        1.0 + np.log(2.0 * np.pi * (r @ np.linalg.solve(v, r)) / nu)
    )
    return float(value + (np.linalg.slogdet(xv @ oracle.x)[1] if oracle.reml else 0.0))


@pytest.mark.parametrize("reml", [True, False])
def test_the_oracle_is_the_criterion(reml: bool) -> None:
    rng = np.random.default_rng(3)
    n = 30
    x = np.column_stack([np.ones(n), rng.normal(size=n)])
    terms = [Term(rng.integers(0, 5, n), x), Term(rng.integers(0, 4, n), x[:, :1])]
    oracle = Oracle(terms, x, rng.normal(size=n), rng.uniform(0.5, 2.0, n), reml)
    theta = np.array([0.7, -0.4, 0.5, 1.3])
    assert oracle(theta) == pytest.approx(dense(oracle, theta), rel=1e-12)
    assert float(oracle.precise(theta)) == pytest.approx(oracle(theta), rel=1e-13)
    lowest, where = oracle.lowest(np.ones(4))
    assert oracle(where) == lowest
    for step in 1e-2 * np.vstack([np.eye(4), -np.eye(4)]):
        assert oracle(where + step) > lowest


def test_one_parameter_is_scanned_whole() -> None:
    """Two valleys, at nil and far out: the lower one is found from the other."""
    a = np.array([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 4, 5, 6])
    y = np.array([-1, 1, -1, 1] * 3 + [90.0, -70.0, 40.0, -60.0])
    w = np.where(a < 3, 1.0, 0.02)
    oracle = Oracle([Term(a, np.ones((16, 1)))], np.ones((16, 1)), y, w, False)
    grid = np.geomspace(1e-3, 1e4, 400)
    values = [oracle(np.array([t])) for t in grid]
    lowest, where = oracle.lowest(np.zeros(1))
    assert oracle(np.zeros(1)) > min(values) + 1.0
    assert lowest == pytest.approx(min(values), abs=0.1)
    assert lowest <= min(values)
    assert oracle.hill_between(np.zeros(1), where, 1e-6)
    assert not oracle.hill_between(1.1 * where, where, 1e-6)


@pytest.mark.parametrize("number", range(len(KINDS)), ids=KINDS)
def test_certified_fits_keep_their_promise(number: int) -> None:
    problem = hard_problem(8, number)
    assert problem.kind == KINDS[number]
    outcome = attack.judge(problem)
    assert outcome.verdict != "crashed", outcome.said
    assert not outcome.above, attack.described(outcome)
    assert not outcome.misstated, attack.described(outcome)


def test_what_is_broken_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search stopped at its first evaluation, and a certificate that does not say so."""
    problem = hard_problem(8, 0)
    honest = rn.lmm

    def dishonest(*args: object, **options: object) -> object:
        fit = honest(*args, control=rn.Control(max_evaluations=1), start=[3.0], **options)
        assert not fit.certificate.certified
        false = dataclasses.replace(fit.certificate, verdict="interior optimum", certified=True)
        return Stated(fit, false)

    monkeypatch.setattr(rn, "lmm", dishonest)
    outcome = attack.judge(problem)
    assert outcome.broken
    assert not outcome.misstated
    assert attack.table([outcome]).splitlines()[-1].endswith("| 1 |")


class Stated:
    """A fit with another certificate."""

    def __init__(self, fit: rn.Fit, certificate: object) -> None:
        self._fit, self.certificate = fit, certificate

    def __getattr__(self, name: str) -> object:
        return getattr(self._fit, name)


def test_errors_that_are_none_of_ours_are_crashes(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(rn, "lmm", crash)
    assert attack.judge(hard_problem(8, 0)).verdict == "crashed"


def test_the_command_prints_a_table_and_replays_one_problem() -> None:
    def printed(*options: str) -> str:
        command = [sys.executable, "-m", "studies", "attack", "--seed", "8", *options]
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=300
        ).stdout

    assert "| all | 3 |" in printed("--n", "3")
    assert "2: independent slopes, " in printed("--only", "2")


@pytest.mark.parametrize(
    "number",
    [575, 301, 1947],
    ids=["across a correlation of zero", "along an axis of the covariance", "two strong terms"],
)
def test_the_lower_of_two_valleys(number: int) -> None:
    outcome = attack.judge(hard_problem(1, number))
    assert outcome.certified
    assert not outcome.lower_valley


def test_a_valley_that_runs_to_infinity() -> None:
    """Newton's step promises 5e-11 at a theta of 5,000; 1.1e-6 are left."""
    outcome = attack.judge(hard_problem(1, 1457))
    assert outcome.left <= outcome.promised
