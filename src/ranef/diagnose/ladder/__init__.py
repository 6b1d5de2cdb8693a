"""The ladder of remedies: every rung fitted, tested and judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ranef.diagnose.call import Call
from ranef.diagnose.generalised.families import FamilyFits
from ranef.diagnose.ladder.climb import fit_rungs
from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.judgement import judged
from ranef.diagnose.ladder.kind import Asked, Place
from ranef.diagnose.ladder.outcome import not_tried
from ranef.diagnose.ladder.recommended import recommended
from ranef.diagnose.ladder.rung import Effect, Ladder, Rung, Test
from ranef.diagnose.ladder.rungs import kind_of, kinds_for
from ranef.diagnose.ladder.summary import needs_remedy, on_coefficients, repeated, summary
from ranef.diagnose.larger import Larger
from ranef.diagnose.rank import Support
from ranef.diagnose.subject import AnySubject
from ranef.types import Finding

__all__ = ["Effect", "Ladder", "Place", "Rung", "Test", "build_ladder", "kind_of"]


def build_ladder(
    subject: AnySubject,
    call: Call,
    findings: Sequence[Finding] = (),
    supports: Sequence[Support] = (),
    larger: Larger | None = None,
    climbed: Callable[[float], None] = lambda share: None,
    families: FamilyFits | None = None,
) -> Ladder:
    """Fit, test and judge every rung that applies.

    Parameters
    ----------
    subject : AnySubject
    call : Call
        What the model was fitted by.
    findings : sequence of Finding
        Of the subject; those that name rows or predictors call for rungs of their own, and a
        summary that all is well does not pass over warnings.
    supports : sequence of Support
        The ranks that the data support.
    larger : Larger, optional
        The larger random parts looked at.
    climbed : callable
        Told which share of the rungs has been fitted.
    families : FamilyFits, optional
        The wider families fitted to a generalised model's data.
    """
    asked = Asked(subject, findings, supports, larger or Larger(), families or FamilyFits())
    climb = fit_rungs(asked, call, climbed)
    facts = Facts(subject, climb)
    kinds = kinds_for(subject)
    read_off = [rung for kind in kinds if (rung := kind.read_off(facts)) is not None]
    # Of one place what is read off goes first.
    climbed_rungs = sorted(
        (*read_off, *judged(climb, facts)), key=lambda rung: kind_of(rung.key).place
    )
    rungs = (*climbed_rungs, *(not_tried(plan, call) for plan in climb.left_out))
    best = recommended(facts, rungs)
    return Ladder(
        rungs,
        summary(facts, rungs, findings),
        needs_remedy(facts),
        climb.larger.told,
        None if best is None else rungs.index(best),
        repeated(facts, findings),
        len(on_coefficients(facts, rungs)),
    )
