"""A small version of the study of certificates: every structure three times."""

from __future__ import annotations

import pytest
from studies.certificates import TOLERANCE, judge
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
