"""What each rung says: one sentence or two, from its numbers."""

from __future__ import annotations

from dataclasses import replace

from ranef.diagnose.ladder.climb import Climb
from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.judge_other import drop_predictor, reduced_rank, without_rows
from ranef.diagnose.ladder.rung import Rung
from ranef.diagnose.ladder.words import join, sentence, tested

__all__ = ["judged"]

CLEAR, WEAK = 0.05, 0.20
SAME = 1e-4  # deviance units
RISE = 10.0  # of AIC, that is worth a word


def judged(climb: Climb, facts: Facts) -> tuple[Rung, ...]:
    """The rungs with their judgements."""
    return tuple(replace(rung, judgement=_judgement(rung, facts)) for rung in climb.rungs)


def _judgement(rung: Rung, facts: Facts) -> str:
    if rung.verdict == "not fitted":
        return sentence(f"The data cannot identify it: {facts.tried(rung).refusal}")
    say = {
        "as-asked": _as_asked,
        "centred": _centred,
        "group-mean": _group_mean,
        "centred-mean": _centred_mean,
        "zero-correlation": _zero_correlation,
        "drop-term": _drop_term,
        "prior": _prior,
        "without-prior": _without_prior,
        "without-copies": without_rows,
        "without-group": without_rows,
        "drop-predictor": drop_predictor,
        "reduced-rank": reduced_rank,
    }.get(rung.key, _smaller)
    return " ".join(filter(None, (*map(sentence, say(rung, facts)), _conclusions(rung))))


def _as_asked(rung: Rung, facts: Facts) -> list[str]:
    match rung.verdict:
        case "interior optimum":
            return ["At its optimum, and every covariance matrix has full rank"]
        case "boundary optimum":
            return [f"At its optimum, which is singular: {join(facts.directions_of(rung))}"]
        case "flat":
            return [f"Not identified: {join(facts.directions_of(rung))}"]
        case _:
            gain = facts.subject.certificate.gain
            return [f"Not at an optimum: at least {gain:.3g} deviance units are left to gain"]


def _centred(rung: Rung, facts: Facts) -> list[str]:
    names = join(facts.raw_names(rung))
    group = facts.group_of(rung)
    said = [_singularity(rung, facts)]
    moved = facts.taken_up(rung)
    if moved:
        parts = join(
            [
                f"{name} is {here} here and {there} once the mean is in"
                for name, here, there in moved
            ]
        )
        said.append(
            f"Centring alone leaves the between-{group} effect of {names} in what is constant "
            f"within {group}: {parts}"
        )
    else:
        said.append(
            f"The slope of {names} is now within {group} only; the mean of {names} is out of the "
            "model"
        )
    rise = rung.aic_ml - facts.asked_rung.aic_ml
    if rise > RISE:
        said.append(
            f"AIC (ML) is {rise:.1f} higher than as asked: differences in {names} between levels "
            f"of {group} matter"
        )
    return said


def _group_mean(rung: Rung, facts: Facts) -> list[str]:
    names, group = join(facts.source_names(rung)), facts.group_of(rung)
    raw, cured = facts.raw_names(rung), _singularity(rung, facts)
    how = f", with {join(raw)} left uncentred" if raw and facts.cures(rung) else ""
    said = [cured + how]
    if rung.test is None:
        return said
    if rung.test.p_high < CLEAR:
        contextual = facts.contextual(rung)
        if raw:
            said.append(
                f"The slopes of {names} within and between levels of {group} differ "
                f"{tested(rung.test)}{contextual}"
            )
        else:
            said.append(f"The mean of {names} belongs in the model {tested(rung.test)}{contextual}")
        for name, here, there in facts.shifted(rung):
            said.append(f"the coefficient of {name} goes from {here} to {there}")
    elif raw:
        said.append(
            f"No sign that the slopes of {names} within and between {group} differ "
            f"{tested(rung.test)}: one slope may serve both"
        )
    else:
        said.append(f"No sign that the mean of {names} is missing {tested(rung.test)}")
    return said


def _centred_mean(rung: Rung, facts: Facts) -> list[str]:
    said = [_singularity(rung, facts)]
    pairs = facts.within_between(rung)
    if pairs:
        said.append("Each comparison has its own slope: " + "; ".join(pairs))
    if rung.test is not None:
        word = "adds to" if rung.test.p_high < CLEAR else "adds little to"
        said.append(f"The mean {word} the centred model {tested(rung.test)}")
    return said


def _zero_correlation(rung: Rung, facts: Facts) -> list[str]:
    said = []
    if facts.boundary and rung.verdict == "boundary optimum":
        moved = join(facts.directions_of(rung))
        said.append(f"Still singular: {moved}. The singularity has moved and is not gone")
    else:
        said.append(_singularity(rung, facts))
    if rung.test is not None:
        if rung.test.p_low >= CLEAR:
            said.append(f"No evidence against zero correlation {tested(rung.test)}")
        else:
            lost = (
                "The correlation carries information"
                if rung.test.p_high < CLEAR
                else ("Whether the correlation is needed is a close call")
            )
            said.append(f"{lost} {tested(rung.test)}")
    origins = facts.origins()
    if origins:
        said.append(
            f"What zero correlation means depends on where {join(origins)} "
            f"{'is' if len(origins) == 1 else 'are'} 0"
        )
    return said


def _smaller(rung: Rung, facts: Facts) -> list[str]:
    """One slope less, or intercepts alone."""
    said = [_singularity(rung, facts)]
    what, varies, pronoun = facts.left_out(rung)
    if rung.test is not None:
        if rung.test.p_high < CLEAR:
            said.append(f"{what} {varies} {tested(rung.test)}: keep {pronoun}")
        elif rung.test.p_low > WEAK:
            said.append(f"No evidence that {what} {varies} {tested(rung.test)}")
        else:
            said.append(
                f"Weak evidence that {what} {varies} {tested(rung.test)}: where in doubt keep "
                f"{pronoun}, since leaving {pronoun} out may make standard errors too small"
            )
    return said


def _drop_term(rung: Rung, facts: Facts) -> list[str]:
    if facts.certificate.verdict == "flat":
        return ["Identified, at the same height" if rung.certified else "Not identified either"]
    group = facts.group_of(rung)
    if abs(rung.criterion - facts.best_criterion) > SAME:
        said = [_singularity(rung, facts)]
        if rung.test is not None:
            said.append(f"No evidence that {group} is needed {tested(rung.test)}")
        return [*said, "Leaving it in does no harm if the design has it"]
    less = facts.asked_rung.df - rung.df
    return [
        f"The same fit with {less} parameter{'s' if less > 1 else ''} less: the variance of "
        f"{group} is zero. Leaving it in does no harm if the design has it"
    ]


def _prior(rung: Rung, facts: Facts) -> list[str]:
    said = [_singularity(rung, facts)]
    lost = rung.criterion - facts.best_criterion
    if facts.boundary:
        kept = facts.kept_off(rung)
        if kept:
            said.append(join(kept))
        said.append(
            f"The prior does it, not the data, whose fit is {lost:.2f} deviance units worse. Use "
            "it where the covariances themselves are of interest and singular ones make no sense"
        )
    elif facts.certificate.verdict == "flat":
        said.append("The prior chooses among fits that the data cannot tell apart")
    else:
        said.append(
            "Nothing here needs it. Its pull on the covariances costs "
            f"{lost:.2f} deviance units of likelihood"
        )
    return said


def _without_prior(rung: Rung, facts: Facts) -> list[str]:
    gained = facts.asked_rung.criterion - rung.criterion
    singular = "; singular: " + join(facts.directions_of(rung)) if facts.boundary else ""
    return [
        f"What the data say by themselves, {gained:.2f} deviance units better{singular}",
        "The smaller models are fitted without the prior, and tested against this one",
    ]


def _singularity(rung: Rung, facts: Facts) -> str:
    if not facts.boundary:
        if rung.verdict == "boundary optimum":
            return f"Singular here: {join(facts.directions_of(rung))}"
        return "" if rung.certified else f"The verdict is: {rung.verdict}"
    if rung.verdict == "interior optimum":
        return "No longer singular"
    if rung.verdict == "boundary optimum":
        return f"Still singular: {join(facts.directions_of(rung))}"
    return f"The verdict is: {rung.verdict}"


def _conclusions(rung: Rung) -> str:
    changed = [
        f"the interval of {e.name} "
        + ("now holds zero" if e.conclusion == "open" else f"now lies {e.conclusion}")
        for e in rung.effects
        if not e.holds
    ]
    return sentence("A conclusion changes: " + join(changed)) if changed else ""
