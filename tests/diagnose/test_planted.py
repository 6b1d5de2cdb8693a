"""A small version of the study of planted causes, and the texts that a reader gets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from studies.causes import CAUSES, CLEAN, Cause
from studies.planted import findings_of, judge

import ranef as rn

COUNT = 5
TEXTS = Path(__file__).with_name("findings.txt").read_text(encoding="utf-8")
EXPECTED = dict(block.split("\n", 1) for block in TEXTS.strip().split("\n\n"))


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.name)
def test_planted_causes_are_found_and_cured(cause: Cause) -> None:
    outcomes = [judge(cause, (11, k)) for k in range(COUNT)]
    assert sum(outcome.named for outcome in outcomes) >= COUNT - 2
    assert sum(bool(outcome.cured) for outcome in outcomes) >= COUNT - 2


@pytest.mark.parametrize("cause", CLEAN, ids=lambda cause: cause.name)
def test_clean_data_give_no_warnings(cause: Cause) -> None:
    for k in range(COUNT):
        assert judge(cause, (12, k)).alarms == ()


def first_text(cause: Cause) -> str:
    """What is said about the first data set in which the cause is found.

    The verdict on a flat criterion is left out: where along it a search ends is its own affair.
    """
    codes = set(cause.codes) - {"flat"}
    for k in range(COUNT):
        data = cause.draw(np.random.default_rng((11, k)))
        named = [f for f in findings_of(cause.formula, data) if f.code in codes]
        if named:
            return "\n".join(f"{f.code}: {f}\n  fix: {f.fix}" for f in named)
    return ""


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.name)
def test_texts(cause: Cause) -> None:
    assert first_text(cause) == EXPECTED[f"# {cause.name}"]


def test_no_text_calls_a_singular_fit_a_failure() -> None:
    for word in ("fail", "error in", "wrong", "did not converge", "warning:"):
        assert word not in TEXTS.lower()


def test_every_text_belongs_to_a_cause() -> None:
    assert list(EXPECTED) == [f"# {cause.name}" for cause in CAUSES]


def test_a_flat_verdict_names_both_factors() -> None:
    (cause,) = (cause for cause in CAUSES if "two names" in cause.name)
    for k in range(3 * COUNT):
        certificate = rn.lmm(cause.formula, cause.draw(np.random.default_rng((11, k)))).certificate
        assert certificate.verdict == "flat"
        (direction,) = certificate.directions
        assert "school" in direction
        assert "head" in direction
