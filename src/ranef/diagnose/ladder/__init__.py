"""The ladder of remedies: every rung fitted, tested and judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ranef.diagnose.ladder.climb import fit_rungs
from ranef.diagnose.ladder.extra import not_tried, other_starts_rung, reduced_rank_rung
from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.judgement import judged
from ranef.diagnose.ladder.kind import Place
from ranef.diagnose.ladder.kinds import kind_of
from ranef.diagnose.ladder.recommended import recommended
from ranef.diagnose.ladder.rung import Call, Effect, Ladder, Rung, Test
from ranef.diagnose.ladder.summary import needs_remedy, summary
from ranef.diagnose.larger import Larger
from ranef.diagnose.rank import Support
from ranef.diagnose.subject import Subject
from ranef.types import Finding

__all__ = ["Effect", "Ladder", "Rung", "Test", "build_ladder"]


def build_ladder(
    subject: Subject,
    call: Call,
    findings: Sequence[Finding] = (),
    supports: Sequence[Support] = (),
    larger: Larger | None = None,
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
    larger : Larger, optional
        The larger random parts looked at.
    climbed : callable
        Told which share of the rungs has been fitted.
    """
    climb = fit_rungs(subject, call, findings, supports, larger or Larger(), climbed)
    facts = Facts(subject, climb)
    asked, *rest = judged(climb, facts)
    reduced = reduced_rank_rung(facts, call)
    before = [rung for rung in rest if kind_of(rung.key).place < Place.RANK]
    after = [rung for rung in rest if kind_of(rung.key).place >= Place.RANK]
    rungs = (
        asked,
        other_starts_rung(facts, call),
        *before,
        *([] if reduced is None else [reduced]),
        *after,
        *(not_tried(plan, call) for plan in climb.left_out),
    )
    best = recommended(facts, rungs)
    return Ladder(
        rungs,
        summary(facts, rungs, findings),
        needs_remedy(facts),
        climb.larger.told,
        None if best is None else rungs.index(best),
    )
