"""Fewer dimensions of the random effects: those of the optimum, and those that the data need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ranef.diagnose.ladder.comparison import test_random_part
from ranef.diagnose.ladder.facts import Facts
from ranef.diagnose.ladder.kind import Asked, Kind, Place
from ranef.diagnose.ladder.rung import Plan, Rung, Test, Tried
from ranef.diagnose.ladder.sentences import largest_change
from ranef.diagnose.ladder.words import CLEAR, evidence, tested, weak
from ranef.diagnose.reduced import can_have_rank, with_ranks
from ranef.diagnose.subject import AnySubject, Subject
from ranef.diagnose.words import join
from ranef.page.phrases import count

__all__ = ["KIND"]

KEY = "reduced-rank"
SAME = 1e-4  # deviance units


def _plans(asked: Asked) -> list[Plan]:
    """The ranks of a singular optimum; for each term the lowest rank that fits as well.

    A rank of zero is a model without the term, which other rungs fit. It is fitted here only if
    no random part would be left.
    """
    subject = asked.subject
    if subject.problem.prior is not None:
        return []
    wanted = [_of_optimum(subject), *_supported(asked)]
    # A residual structure may need the groups of a random part, a generalised model needs one.
    alone = (
        len(subject.problem.labels) == 1
        and isinstance(subject, Subject)
        and subject.data.residual is None
    )
    plans: dict[str, Plan] = {}
    for ranks in wanted:
        if not ranks or not (any(ranks.values()) or alone):
            continue
        plan = _plan(subject, ranks)
        plans.setdefault(plan.formula, plan)
    return list(plans.values())


def _of_optimum(subject: AnySubject) -> dict[int, int]:
    """The ranks of a singular optimum, by term; one less if the search stopped early."""
    certificate, labels = subject.certificate, subject.problem.labels
    if certificate.verdict == "boundary optimum":
        found = {k: certificate.rank[label.label] for k, label in enumerate(labels)}
    elif certificate.verdict == "not at an optimum":
        found = {k: max(len(label.names) - 1, 1) for k, label in enumerate(labels)}
    else:
        return {}
    return {
        k: rank
        for k, rank in found.items()
        if rank < certificate.full[labels[k].label] and can_have_rank(subject, k, rank)
    }


def _supported(asked: Asked) -> Iterator[dict[int, int]]:
    for support in asked.supports:
        exact = support.reduced is not None and support.reduced.exact
        if exact and can_have_rank(asked.subject, support.term, support.rank):
            yield {support.term: support.rank}


def _plan(subject: AnySubject, ranks: Mapping[int, int]) -> Plan:
    labels = [subject.problem.labels[k] for k in ranks]
    alone = len(subject.problem.labels) == 1
    if len(labels) > 1:
        title = "reduced ranks"
    elif ranks[next(iter(ranks))] == 0:
        title = f"without {labels[0].label}"
    else:
        (rank,) = ranks.values()
        title = f"rank {rank}" + ("" if alone else f" by {labels[0].label}")
    return Plan(
        KEY,
        title,
        with_ranks(subject, ranks),
        group=labels[0].factor if len(labels) == 1 else "",
        random=not alone or any(ranks.values()),
    )


def _is_same(asked: Tried, tried: Tried) -> bool:
    """Whether the rung is the asked model's own optimum, written with the rank it has."""
    if asked.fit is None or tried.fit is None:
        return False
    ranks = asked.fit.certificate.rank
    short = asked.fit.certificate.verdict == "boundary optimum"
    own = tried.fit.certificate.rank
    return (
        short
        and all(own.get(label, 0) == rank for label, rank in ranks.items())
        and abs(tried.fit.solution.criterion - asked.fit.solution.criterion) < SAME
    )


def _test(asked: Tried, tried: Tried, every: Sequence[Tried]) -> Test | None:
    return None if _is_same(asked, tried) else test_random_part(tried, asked)


def _say(rung: Rung, facts: Facts) -> list[str]:
    """What a smaller rank, or no random part, costs and changes."""
    tried = facts.tried(rung)
    if tried.fit is None:
        return []
    what = _what(facts.subject, tried.fit)
    if _is_same(facts.climb.best, tried):
        less = facts.asked_rung.df - rung.df
        return [
            f"The same optimum with {count(less, 'parameter')} fewer: {what}",
        ]
    said = [what]
    if rung.test is not None:
        more = "more" if tried.fit.problem.terms else "them"
        match evidence(rung.test):
            case "clear":
                said.append(f"The data ask for {more} {tested(rung.test)}")
            case "open":
                said.append(
                    f"Whether the data ask for {more} cannot be decided: the bounds of the p value "
                    f"lie on both sides of {CLEAR} {tested(rung.test)}"
                )
            case "weak":
                said.append(f"{weak(rung.test)} for {more} {tested(rung.test)}")
            case "none":
                said.append(f"No evidence for {more} {tested(rung.test)}")
    if not rung.certified:
        said.append(f"The verdict is: {rung.verdict}")
    return [*said, largest_change(rung)]


def _what(subject: AnySubject, fit: AnySubject) -> str:
    """The effects that remain of each covariance matrix with a lower rank."""
    own = {label.label: label for label in fit.problem.labels}
    said = []
    for label in subject.problem.labels:
        size = len(label.names)
        if label.label not in own:
            said.append(f"no random effects of {label.label}")
        elif own[label.label].structure == "rr":
            rank = fit.certificate.full[label.label]
            effect = "dimension" if rank == 1 else "dimensions"
            said.append(
                f"{rank} {effect} of {size} by {label.label}{_correlated(fit, label.label)}"
            )
    return join(said)


def _correlated(fit: AnySubject, label: str) -> str:
    """What rank 1 means for two effects."""
    k = [each.label for each in fit.problem.labels].index(label)
    covariance = fit.solution.covariances[k]
    if covariance.shape[0] != 2 or not covariance[0, 1]:
        return ""
    return f", a correlation of {'+' if covariance[0, 1] > 0.0 else '-'}1"


KIND = Kind(KEY, Place.RANK, _plans, test=_test, say=_say)
