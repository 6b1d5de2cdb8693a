"""What the rungs of the fixed and the random part say, from their numbers."""

from __future__ import annotations

from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.rung import Rung, Test
from ranef.diagnose.ladder.words import evidence, join, tested, weak

__all__ = [
    "as_asked",
    "centred",
    "centred_mean",
    "drop_term",
    "group_mean",
    "prior",
    "singularity",
    "smaller",
    "without_prior",
    "zero_correlation",
]

CLEAR = 0.05
SAME = 1e-4  # deviance units
RISE = 10.0  # of AIC, that is worth a word


def as_asked(rung: Rung, facts: Facts) -> list[str]:
    """Its own verdict."""
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


def centred(rung: Rung, facts: Facts) -> list[str]:
    """Whether centring cures, and what it leaves in other coefficients."""
    names = join(facts.raw_names(rung))
    group = facts.group_of(rung)
    said = [singularity(rung, facts)]
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


def group_mean(rung: Rung, facts: Facts) -> list[str]:
    """Whether the slopes within and between groups differ."""
    names, group = join(facts.source_names(rung)), facts.group_of(rung)
    raw, cured = facts.raw_names(rung), singularity(rung, facts)
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


def centred_mean(rung: Rung, facts: Facts) -> list[str]:
    """The two slopes."""
    said = [singularity(rung, facts)]
    pairs = facts.within_between(rung)
    if pairs:
        said.append("Each comparison has its own slope: " + "; ".join(pairs))
    if rung.test is not None:
        word = "adds to" if rung.test.p_high < CLEAR else "adds little to"
        said.append(f"The mean {word} the centred model {tested(rung.test)}")
    return said


def zero_correlation(rung: Rung, facts: Facts) -> list[str]:
    """Whether the correlation is needed."""
    said = []
    if facts.boundary and rung.verdict == "boundary optimum":
        moved = join(facts.directions_of(rung))
        said.append(f"Still singular, in another direction: {moved}")
    else:
        said.append(singularity(rung, facts))
    if rung.test is not None:
        match evidence(rung.test):
            case "clear":
                said.append(f"The correlation carries information {tested(rung.test)}")
            case "open":
                said.append(
                    "Whether the correlation is needed cannot be decided: the bounds of the p "
                    f"value lie on both sides of {CLEAR} {tested(rung.test)}"
                )
            case _:
                said.append(f"No evidence against zero correlation {tested(rung.test)}")
    origins = facts.origins()
    if origins:
        said.append(
            f"What zero correlation means depends on where {join(origins)} "
            f"{'is' if len(origins) == 1 else 'are'} 0"
        )
    return said


def smaller(rung: Rung, facts: Facts) -> list[str]:
    """One slope less, or intercepts alone."""
    said = [singularity(rung, facts)]
    what, varies, pronoun = facts.left_out(rung)
    if rung.test is not None:
        keep = (
            f"if in doubt, keep {pronoun}, since leaving {pronoun} out may make standard errors "
            "too small"
        )
        match evidence(rung.test):
            case "clear":
                said.append(f"{what} {varies} {tested(rung.test)}: keep {pronoun}")
            case "none":
                said.append(f"No evidence that {what} {varies} {tested(rung.test)}")
            case "weak":
                said.append(f"{weak(rung.test)} that {what} {varies} {tested(rung.test)}: {keep}")
            case "open":
                said.append(
                    f"Whether {what} {varies} cannot be decided: the bounds of the p value lie on "
                    f"both sides of {CLEAR} {tested(rung.test)}: {keep}"
                )
    return said


def drop_term(rung: Rung, facts: Facts) -> list[str]:
    """Whether a whole random part is needed."""
    if facts.certificate.verdict == "flat":
        return ["Identified, at the same height" if rung.certified else "Not identified either"]
    group = facts.group_of(rung)
    if abs(rung.criterion - facts.best_criterion) > SAME:
        said = [singularity(rung, facts)]
        if rung.test is not None:
            said.append(_need(group, rung.test))
        return [*said, "Leaving it in does no harm if the design has it"]
    less = facts.asked_rung.df - rung.df
    return [
        f"The same fit with {less} parameter{'s' if less > 1 else ''} less: the variance of "
        f"{group} is zero. Leaving it in does no harm if the design has it"
    ]


def _need(group: str, test: Test) -> str:
    match evidence(test):
        case "clear":
            return f"{group} is needed {tested(test)}"
        case "open":
            return (
                f"Whether {group} is needed cannot be decided: the bounds of the p value lie on "
                f"both sides of {CLEAR} {tested(test)}"
            )
        case "weak":
            return f"{weak(test)} that {group} is needed {tested(test)}"
        case _:
            return f"No evidence that {group} is needed {tested(test)}"


def prior(rung: Rung, facts: Facts) -> list[str]:
    """What a prior makes of it."""
    said = [singularity(rung, facts)]
    lost = rung.criterion - facts.best_criterion
    if facts.boundary:
        kept = facts.kept_off(rung)
        if kept:
            said.append(join(kept))
        said.append(
            f"This is due to the prior, not to the data: the likelihood is {lost:.2f} deviance "
            "units worse. Use a prior if the covariances themselves are of interest and singular "
            "ones make no sense"
        )
    elif facts.certificate.verdict == "flat":
        said.append("The prior chooses among fits that the data cannot tell apart")
    else:
        said.append(
            "Nothing here needs it. Its pull on the covariances costs "
            f"{lost:.2f} deviance units of likelihood"
        )
    return said


def without_prior(rung: Rung, facts: Facts) -> list[str]:
    """What the data say by themselves."""
    gained = facts.asked_rung.criterion - rung.criterion
    singular = "; singular: " + join(facts.directions_of(rung)) if facts.boundary else ""
    return [
        f"What the data say by themselves, {gained:.2f} deviance units better{singular}",
        "The smaller models are fitted without the prior, and tested against this one",
    ]


def singularity(rung: Rung, facts: Facts) -> str:
    """Whether a rung is singular, beside the asked model."""
    if not facts.boundary:
        if rung.verdict == "boundary optimum":
            return f"Singular here: {join(facts.directions_of(rung))}"
        return "" if rung.certified else f"The verdict is: {rung.verdict}"
    if rung.verdict == "interior optimum":
        return "No longer singular"
    if rung.verdict == "boundary optimum":
        return f"Still singular: {join(facts.directions_of(rung))}"
    return f"The verdict is: {rung.verdict}"
