"""A small version of the study of certificates: every structure three times."""

from __future__ import annotations

import pytest
from studies.certificates import TOLERANCE, judge, size_table
from studies.random_problems import STRUCTURES


@pytest.mark.parametrize("structure", range(len(STRUCTURES)), ids=list(STRUCTURES))
def test_certified_fits_are_at_the_optimum_on_any_scale(structure: int) -> None:
    for k in range(3):
        outcome = judge(5_000_000 + structure + k * len(STRUCTURES))
        assert not outcome.wrong
        assert not outcome.withheld
        assert outcome.excess < TOLERANCE
        # From below the dense search may be beaten: it has no escapes from saddles.
        assert outcome.verdict == outcome.plain_verdict


@pytest.mark.parametrize("seed", [5_000_055, 5_000_185])
def test_a_hundred_thousand_rows_are_judged_by_the_same_rule(seed: int) -> None:
    outcome = judge(seed)
    assert outcome.n > 100_000
    assert outcome.certified
    assert not outcome.wrong
    assert outcome.excess < TOLERANCE
    table = size_table([outcome]).splitlines()
    assert table[2].startswith("| 100,000 to 300,000 | 1 | 1 | 0 | 0 | 0 | ")
