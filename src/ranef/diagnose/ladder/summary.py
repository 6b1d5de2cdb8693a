"""What the rungs say together."""

from __future__ import annotations

from collections.abc import Sequence

from ranef.diagnose.contextual import LEVEL
from ranef.diagnose.generalised.subject import GeneralisedSubject
from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.kind import Place
from ranef.diagnose.ladder.means import raw_names, source_names
from ranef.diagnose.ladder.recommended import recommended
from ranef.diagnose.ladder.rung import Effect, Rung
from ranef.diagnose.ladder.rungs import group_mean, kind_of
from ranef.diagnose.ladder.words import CLEAR, number, sentence
from ranef.diagnose.larger import effect_text
from ranef.diagnose.words import join
from ranef.page.phrases import count, figures, one_of_them, whole
from ranef.types import Finding

__all__ = ["needs_remedy", "on_coefficients", "repeated", "summary"]

STEADY = 1.0  # standard errors of the asked model
MOST_NAMES = 6


def needs_remedy(facts: Facts) -> bool:
    """Whether there is more to say than that all is well."""
    return (
        facts.subject.certificate.verdict != "interior optimum"
        or _lower_elsewhere(facts)
        or bool(_means_missing(facts))
        or bool(facts.climb.larger.clear)
        or facts.climb.families.best is not None
    )


def summary(facts: Facts, rungs: tuple[Rung, ...], findings: Sequence[Finding]) -> tuple[str, ...]:
    """The page's first sentences."""
    said = [
        *_optimum(facts, findings),
        *_family(facts, rungs),
        *_larger(facts, rungs),
        *_cause(facts),
        *_remedies(facts, rungs, findings),
        *_recommended(facts, rungs),
    ]
    said += on_coefficients(facts, rungs)
    return tuple(filter(None, map(sentence, said)))


def on_coefficients(facts: Facts, rungs: tuple[Rung, ...]) -> list[str]:
    """The page's last sentences: which conclusions hold in every rung, and which sizes do not."""
    if not (facts.certificate.certified and needs_remedy(facts)):
        return []
    return _conclusions(rungs)


def repeated(facts: Facts, findings: Sequence[Finding]) -> int:
    """How many of the first sentences of the summary only say that the fit is at its optimum.

    None if a better optimum was found, which the certificate cannot know.
    """
    if _lower_elsewhere(facts):
        return 0
    return len(_optimum(facts, findings)) - len(_singular(facts))


def _optimum(facts: Facts, findings: Sequence[Finding]) -> list[str]:
    searches, asked = facts.climb.searches, facts.subject.certificate
    if _lower_elsewhere(facts):
        assert searches is not None
        stopped = "" if asked.certified else ", and the search of the fit stopped before its own"
        return [
            f"a search from elsewhere found an optimum {figures(searches.gain)} deviance units "
            f"lower{stopped}: fit from there first (rung 1)",
            *_singular(facts),
        ]
    met = (
        f", and {count(searches.count - 1, 'search', 'searches')} from elsewhere met no lower one"
        if searches is not None and searches.count > 1
        else ""
    )
    match asked.verdict:
        case "interior optimum":
            said = f"the fit is at its optimum{met}"
            if facts.boundary:
                return [
                    f"{said}. That is an optimum with a prior; without it the optimum is singular: "
                    + join(facts.directions)
                ]
            if needs_remedy(facts):
                return [said]
            graver = sum(finding.severity != "note" for finding in findings)
            if not graver:
                return [f"nothing to remedy: {said}"]
            return [
                f"nothing to remedy in the search or the covariances: {said}. "
                + ("One more finding does" if graver == 1 else f"{whole(graver)} more findings do")
                + " not bear on this question"
            ]
        case "boundary optimum" if not facts.boundary:
            ends = join([end.words for end in asked.ends])
            return [f"the fit is at its optimum{met}, at the end of its family: {ends}"]
        case "no finite maximum":
            at = [f"rung {k}" for k, rung in enumerate(facts.climb.rungs) if rung.certified]
            return [
                "the likelihood has no finite maximum: more searching will not help. A prior or a "
                "smaller model gives finite estimates" + (f" ({join(at)})" if at else "")
            ]
        case "boundary optimum":
            return [
                f"the fit is at its optimum{met}: the search is not in question",
                *_singular(facts),
            ]
        case "flat":
            return [
                f"the model is not identified: {join(facts.directions)}. More searching will not "
                "help; a smaller model will"
            ]
        case _:
            return [
                f"the search stopped with at least {figures(asked.gain)} deviance units left to "
                "gain: nothing below counts until it has reached an optimum"
            ]


def _singular(facts: Facts) -> list[str]:
    if not facts.boundary:
        return []
    return [
        f"the optimum is singular: {join(facts.directions)}. That is a fact about this model and "
        "these data"
    ]


def _cause(facts: Facts) -> list[str]:
    said = []
    for rung in _means_missing(facts):
        names, group = join(source_names(facts, rung)), facts.group_of(rung)
        raw = raw_names(facts, rung)
        if facts.cures(rung):
            said.append(
                f"the likely cause: the mean of {names} by {group} is missing. With it the optimum "
                "is in the interior" + (f", even with {join(raw)} uncentred" if raw else "")
            )
        elif raw:
            said.append(
                f"within and between {group} the {one_of_them(len(raw), 'slope', 'slopes')} of "
                f"{join(raw)} {one_of_them(len(raw), 'differs', 'differ')}: one coefficient mixes "
                "two comparisons"
            )
        else:
            said.append(f"the mean of {names} by {group} is not in the model and matters")
    return said


def _family(facts: Facts, rungs: tuple[Rung, ...]) -> list[str]:
    """What the family leaves out although the data ask for it."""
    families, subject = facts.climb.families, facts.subject
    if families.best is None or not isinstance(subject, GeneralisedSubject):
        return []
    counts = "counts" if subject.family.RESPONSE == "count" else "proportions"
    said = []
    if families.overdispersed:
        said.append(f"vary more than {subject.family.title} ones")
    if families.extra_zeros:
        said.append(f"hold more zeros than {subject.family.title} ones")
    rung = next((k for k, rung in enumerate(rungs) if _is_best(facts, rung)), None)
    where = "" if rung is None else f" (rung {rung})"
    low, high = families.best.error_ratios(subject)
    return [
        f"the {counts} {join(said)}, and the model leaves that out. With a wider family{where} "
        f"standard errors are {low:.2f} to {high:.2f} times as large"
    ]


def _is_best(facts: Facts, rung: Rung) -> bool:
    best = facts.climb.families.best
    return best is not None and rung.fitted and facts.tried(rung).fit is best.fit


def _larger(facts: Facts, rungs: tuple[Rung, ...]) -> list[str]:
    """What the random part leaves out although the data ask for it."""
    said = []
    for found in facts.climb.larger.clear:
        factor = found.candidate.factor
        what, varies = effect_text(facts.subject, found.candidate.name)
        if found.candidate.kind == "interaction":
            what, varies = f"the combinations {found.candidate.name}", "vary"
            fact = f"{what} {varies} beyond the sum of their parts"
        else:
            fact = f"{what} {varies} between levels of {factor}"
        at = [k for k, rung in enumerate(rungs) if rung.formula == found.formula.text]
        where = f" (rung {at[0]})" if at else ""
        if found.ratio is None:
            said.append(f"{fact}, says a score test: the model leaves that out{where}")
            continue
        said.append(
            f"{fact}, and the model leaves that out: with it the criterion is "
            f"{found.ratio.statistic:.1f} deviance units lower{where}"
        )
        if found.inner:
            said.append(
                f"it looks as if {found.inner} were numbered anew in each level of {found.outer}: "
                f"{found.inner} by itself does not vary"
            )
    return said


def _recommended(facts: Facts, rungs: tuple[Rung, ...]) -> list[str]:
    rung = recommended(facts, rungs)
    if rung is None:
        return []
    where = f"rung {rungs.index(rung)}" + ("" if rung.fitted else ", not fitted for its cost")
    family = facts.tried(rung).plan.arguments if rung.fitted else ()
    return [f"recommended: {', '.join((rung.formula, *family))} ({where})"]


def _remedies(facts: Facts, rungs: tuple[Rung, ...], findings: Sequence[Finding]) -> list[str]:
    unlike = [f.where for f in findings if f.code == "negative-correlation"]
    if unlike:
        return [
            f"rows of one level of {join(unlike)} are less alike than chance has them: the "
            "correlation is negative, and no random intercept holds it"
        ]
    if not facts.boundary or any(facts.cures(rung) for rung in _means_missing(facts)):
        return []
    cures = [
        rung.title for rung in rungs if facts.cures(rung) and kind_of(rung.key).place < Place.PRIOR
    ]
    if cures:
        return [f"rungs that are not singular: {join(cures)}"]
    if not any(bar.model.terms for bar in facts.subject.formula.bars):
        groups = [k for k, rank in facts.certificate.rank.items() if not rank]
        return [
            f"the estimates are those of the model without {join(groups)}. Where the groups belong "
            "to the design, leave the model as it is"
        ]
    return []


def _conclusions(rungs: tuple[Rung, ...]) -> list[str]:
    asked, others = rungs[0], [rung for rung in rungs[1:] if rung.fitted and rung.certified]
    tenable = [rung for rung in others if not _rejected(rung, others)]
    always: list[Effect] = []
    mostly: list[Effect] = []
    moving: list[Effect] = []
    changed: list[Effect] = []
    for effect in asked.effects:
        if not _of(effect, others):
            continue
        if all(e.holds for e in _of(effect, others)):
            far = max(abs(e.change) for e in _of(effect, others)) > STEADY
            (moving if far and not _renamed(effect, others) else always).append(effect)
        else:
            same = all(e.holds for e in _of(effect, tenable))
            (mostly if same else changed).append(effect)
    said = []
    if always:
        said.append(f"conclusions on {_named(always, others)} hold in every rung")
    if mostly:
        said.append(
            f"conclusions on {_named(mostly, others)} hold in every rung that the data do not "
            "reject"
        )
    if moving:
        said.append(
            f"the size of {_named(moving, others)} depends on the rung, the conclusion does not: "
            "decide which comparison is meant"
        )
    if changed:
        said.append(
            f"the conclusion on {_named(changed, others)} depends on the rung: say which model it "
            "rests on"
        )
    return said


def _of(effect: Effect, rungs: list[Rung]) -> list[Effect]:
    return [e for rung in rungs for e in rung.effects if e.name == effect.name]


def _renamed(effect: Effect, rungs: list[Rung]) -> bool:
    """Whether a rung takes the coefficient apart, so that a change is what it is for."""
    return any(e.here != e.name for e in _of(effect, rungs))


def _named(effects: list[Effect], rungs: list[Rung]) -> str:
    """The coefficients with the range of their estimates."""
    if len(effects) > MOST_NAMES:
        return count(len(effects), "coefficient")
    parts = []
    for effect in effects:
        values = [effect.estimate, *(e.estimate for e in _of(effect, rungs))]
        low, high = (number(x, effect.std_error) for x in (min(values), max(values)))
        parts.append(f"{effect.name} ({low if low == high else f'{low} to {high}'})")
    return join(parts)


def _rejected(rung: Rung, rungs: list[Rung]) -> bool:
    """Whether a test clearly rejects a rung in favour of a larger model."""
    tests = [other.test for other in rungs if other.test is not None]
    return any(test.smaller == rung.title and test.p_high < CLEAR for test in tests)


def _lower_elsewhere(facts: Facts) -> bool:
    return facts.climb.searches is not None and facts.climb.searches.gain > 0.0


def _means_missing(facts: Facts) -> list[Rung]:
    """The rungs with a group mean that matters.

    A singular optimum has a cause that is looked for; elsewhere the level is that of the finding.
    """
    level = CLEAR if facts.boundary else LEVEL
    return [
        rung
        for rung in facts.climb.rungs
        if rung.key == group_mean.KEY and rung.test is not None and rung.test.p_high < level
    ]
