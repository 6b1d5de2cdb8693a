"""A small version of the study of certificates of generalised fits."""

from __future__ import annotations

import pytest
from studies.generalised_certificates import TOLERANCE, judge


@pytest.mark.parametrize("seed", range(1000, 1012))
def test_verdicts_are_right(seed: int) -> None:
    outcome = judge(seed)
    assert not outcome.wrong
    assert not outcome.withheld
    if outcome.certified:
        assert outcome.excess < TOLERANCE


@pytest.mark.parametrize(
    ("seed", "verdict"),
    [
        (1396, "interior optimum"),
        (2909, "interior optimum"),
        (2652, "boundary optimum"),
        # The fixed effects separate these too. The first search ends where no mode can be found.
        (2731, "no finite maximum"),
    ],
)
def test_searches_that_run_to_a_vanishing_mode_begin_again(seed: int, verdict: str) -> None:
    outcome = judge(seed)
    assert outcome.kind == "zero-inflated"
    assert outcome.verdict == verdict
    assert not outcome.wrong
    assert not outcome.withheld
