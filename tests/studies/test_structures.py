"""A small version of the study of structures: it holds, and it notices what is broken."""

from __future__ import annotations

import numpy as np
import pytest
from studies import structures
from studies.structured_problems import KINDS, structured_problem
from studies.structures import Rival

import ranef as rn


@pytest.mark.parametrize("number", range(16))
def test_small_problems(number: int) -> None:
    found = structures.judge(structured_problem(3, number))
    assert found.kind == KINDS[number % len(KINDS)]
    assert found.verdict not in ("crashed", "not at an optimum")
    assert not found.broken


def test_a_certificate_that_lies_is_noticed() -> None:
    """From a point beside the optimum the study finds the way down."""
    problem = structured_problem(3, 2)
    fit = rn.lmm(problem.formula, problem.data, reml=problem.reml)
    rival = Rival(fit._problem, np.random.default_rng(0))
    beside = fit._solution.inner + 0.1
    here = rival.value(beside)
    assert here > fit.criterion + 1e-3
    assert rival.descend(beside) == pytest.approx(fit.criterion, abs=1e-6)
    outcome = structures.Outcome(0, "cs", "interior optimum", True, near=here - fit.criterion)
    assert outcome.broken
    assert "BROKEN" in structures.described(outcome)
    assert structures.table([outcome]).splitlines()[-1].startswith("| all | 1 | 1 | 0 |")
