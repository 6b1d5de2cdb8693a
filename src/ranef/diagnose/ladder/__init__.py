"""The ladder of remedies: every rung fitted, tested and judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ranef.diagnose.ladder.climb import fit_rungs
from ranef.diagnose.ladder.extra import not_tried, other_starts_rung, reduced_rank_rung
from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.judge import judged
from ranef.diagnose.ladder.rung import Call, Effect, Ladder, Rung, Test
from ranef.diagnose.ladder.summary import needs_remedy, summary
from ranef.diagnose.rank import Support
from ranef.diagnose.subject import Subject
from ranef.types import Finding

__all__ = ["Effect", "Ladder", "Rung", "Test", "build_ladder"]

_FIRST = ("without-prior",)
_RANK = ("reduced-rank",)
_AFTER_RANK = ("drop-slope", "drop-term", "random-intercepts", "prior")


def build_ladder(
    subject: Subject,
    call: Call,
    findings: Sequence[Finding] = (),
    supports: Sequence[Support] = (),
    climbed: Callable[[float], None] = lambda share: None,
) -> Ladder:
    """Fit, test and judge every rung that applies.

    Parameters
    ----------
    subject : Subject
    call : callable
        From a formula to the call that fits it.
    findings : sequence of Finding
        Of the subject; those that name rows or predictors call for rungs of their own, and a
        summary that all is well does not pass over warnings.
    supports : sequence of Support
        The ranks that the data support.
    climbed : callable
        Told which share of the rungs has been fitted.
    """
    facts = Facts(subject, fit_rungs(subject, call, findings, supports, climbed))
    asked, *rest = judged(facts.climb, facts)
    first = [rung for rung in rest if rung.key in _FIRST]
    before = [rung for rung in rest if rung.key not in (*_FIRST, *_RANK, *_AFTER_RANK)]
    after = [rung for rung in rest if rung.key in _AFTER_RANK]
    numerics, reduced = other_starts_rung(facts, call), reduced_rank_rung(facts, call)
    rank = [] if reduced is None else [reduced]
    rank += [rung for rung in rest if rung.key in _RANK]
    left_out = [not_tried(plan, call) for plan in facts.climb.left_out]
    rungs = (asked, numerics, *first, *before, *rank, *after, *left_out)
    return Ladder(rungs, summary(facts, rungs, findings), needs_remedy(facts))
