"""What each rung says: one sentence or two, and the conclusions that change."""

from __future__ import annotations

from dataclasses import replace

from ranef.diagnose.ladder.climb import Climb
from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.rung import Rung
from ranef.diagnose.ladder.rungs import kind_of
from ranef.diagnose.ladder.words import sentence
from ranef.diagnose.words import join

__all__ = ["judged"]


def judged(climb: Climb, facts: Facts) -> tuple[Rung, ...]:
    """The rungs with their judgements."""
    return tuple(replace(rung, judgement=_judgement(rung, facts)) for rung in climb.rungs)


def _judgement(rung: Rung, facts: Facts) -> str:
    if rung.verdict == "not fitted":
        return sentence(facts.tried(rung).refusal)
    said = kind_of(rung.key).say(rung, facts)
    return " ".join(filter(None, (*map(sentence, said), _conclusions(rung))))


def _conclusions(rung: Rung) -> str:
    changed = [
        f"the interval of {e.name} "
        + ("now holds zero" if e.conclusion == "open" else f"now lies {e.conclusion}")
        for e in rung.effects
        if not e.holds
    ]
    return sentence("A conclusion changes: " + join(changed)) if changed else ""
