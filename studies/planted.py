"""Does the diagnosis find a planted cause, name it, and stay silent on clean data?

Every cause is planted in many data sets and nothing else is; the model asked for is the one a
person would ask for who does not know. A cause is found where there is a finding of its code, named
where that names the variables at fault, and cured where the diagnosis has fitted the remedy and the
fit gives the planted truth (`studies.cures`). On clean data the model that is fitted is the one the
data are drawn from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from rich.progress import track
from scipy import stats

import ranef as rn
from ranef.diagnose import contextual, influence, normality, serial, spread
from ranef.diagnose.findings import all_findings
from ranef.diagnose.larger import search
from ranef.diagnose.larger.slopes import slope_candidates
from ranef.fit.subject import subject_of
from ranef.inference.contextual import candidates
from studies.causes import CAUSES, CLEAN, Cause
from studies.page import replace_block

__all__ = ["Outcome", "findings_of", "judge", "run"]

EACH = 4
"""The ladder, a dozen fits, is climbed for every fourth data set."""

LEVELS = {
    "contextual-effect": contextual.LEVEL,
    "influential-group": influence.LEVEL,
    "unequal-variances": spread.LEVEL,
    "non-normal-effects": normality.LEVEL,
    "missing-slope": search.LEVEL,
    "serial-correlation": serial.LEVEL,
}
"""Of the findings that rest on a test, by code."""

PAGE = Path(__file__).parents[1] / "docs" / "findings.md"


@dataclass(frozen=True)
class Outcome:
    """What was said about one data set.

    Attributes
    ----------
    found : bool
        There is a finding of the cause's code.
    named : bool
        It names the variables at fault.
    alarms : tuple of str
        Codes of warnings and problems that are not the cause's.
    notes : tuple of str
        Codes of notes that are not the cause's.
    cured : bool or None
        The diagnosis has fitted the remedy, and it gives the planted truth, whether the cause was
        found or not; None where that was not looked at.
    tests : mapping of str to int
        How often the tests behind findings were made on clean data, by code.
    """

    found: bool
    named: bool
    alarms: tuple[str, ...]
    notes: tuple[str, ...]
    cured: bool | None
    tests: Mapping[str, int]


def findings_of(formula: str, data: pd.DataFrame) -> tuple[rn.Finding, ...]:
    """Findings about a fit, or about the data where the model is refused."""
    try:
        return all_findings(subject_of(rn.lmm(formula, data)))
    except rn.DesignError as error:
        return error.findings


def judge(cause: Cause, seed: Sequence[int], remedy: bool = True) -> Outcome:
    """Draw one data set, diagnose it and, if asked, look at the remedy."""
    data = cause.draw(np.random.default_rng(seed))
    findings = findings_of(cause.formula, data)
    own = [f for f in findings if f.code in cause.codes]
    others = [f for f in findings if f.code not in cause.codes]
    return Outcome(
        found=bool(own),
        named=any(all(word in finding.message for word in cause.words) for finding in own),
        alarms=tuple(sorted(f.code for f in others if f.severity != "note")),
        notes=tuple(sorted(f.code for f in others if f.severity == "note")),
        cured=cause.cure.tried(cause.formula, data) if cause.cure and remedy else None,
        tests={} if cause.cure else tests_made(cause.formula, data),
    )


def tests_made(formula: str, data: pd.DataFrame) -> dict[str, int]:
    """How many tests stand behind each kind of finding for a model."""
    subject = subject_of(rn.lmm(formula, data))
    factors = len({term.factor for term in subject.design.terms})
    pairs = candidates(subject.formula, subject.table, subject.design)
    return {
        "contextual-effect": int(bool(pairs)),  # Bonferroni over predictors and factors
        "influential-group": factors,
        "unequal-variances": factors,
        "non-normal-effects": sum(
            levels >= normality.FEWEST_GROUPS
            for levels in {term.factor: term.n_levels for term in subject.design.terms}.values()
        ),
        "missing-slope": int(bool(slope_candidates(subject))),  # Bonferroni, as above
        "serial-correlation": 1,
    }


def _counted(outcomes: Sequence[Outcome], of: Callable[[Outcome], tuple[str, ...]]) -> str:
    """``3 (contextual-effect 2, ...)``: data sets with any, and how often each."""
    some = sum(bool(of(o)) for o in outcomes)
    if not some:
        return "0"
    codes = Counter(code for o in outcomes for code in set(of(o)))
    return f"{some} ({', '.join(f'{code} {n}' for code, n in codes.most_common())})"


def table(found: dict[str, list[Outcome]]) -> str:
    """One line for each cause."""
    lines = [
        "| planted | data sets | found | named | missed | remedy | cured | other alarms |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for cause in CAUSES:
        outcomes = found[cause.name]
        hits, named = sum(o.found for o in outcomes), sum(o.named for o in outcomes)
        tried = [o.cured for o in outcomes if o.cured is not None]
        assert cause.cure is not None
        lines.append(
            f"| {cause.name} | {len(outcomes)} | {hits} | {named} | {len(outcomes) - hits} "
            f"| {cause.cure.name} | {sum(tried)} of {len(tried)} "
            f"| {_counted(outcomes, lambda o: o.alarms)} |"
        )
    return "\n".join(lines)


def level_table(outcomes: Sequence[Outcome]) -> str:
    """The tests behind findings on clean data: how often they were made and spoke."""
    lines = [
        "| finding | level | tests | expected, at most | seen | chance of as many |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for code, level in LEVELS.items():
        made = sum(o.tests[code] for o in outcomes)
        seen = sum((*o.alarms, *o.notes).count(code) for o in outcomes)
        chance = stats.binom.sf(seen - 1, made, level)
        lines.append(
            f"| {code} | {level:g} | {made} | {level * made:.3g} | {seen} | {chance:.2g} |"
        )
    return "\n".join(lines)


def clean_table(found: dict[str, list[Outcome]]) -> str:
    """One line for each kind of clean data, and all of them together."""
    lines = ["| clean data | data sets | false alarms | notes |", "| --- | --- | --- | --- |"]
    together = {**found, "all": [o for outcomes in found.values() for o in outcomes]}
    for name, outcomes in together.items():
        lines.append(
            f"| {name} | {len(outcomes)} | {_counted(outcomes, lambda o: o.alarms)} | "
            f"{_counted(outcomes, lambda o: o.notes)} |"
        )
    return "\n".join(lines)


def run(n: int | None, seed: int, write: bool) -> None:
    """Draw `n` data sets of each cause (200 if not given) and print the tables."""
    count = n or 200
    outcomes: dict[str, list[Outcome]] = {}
    for index, cause in enumerate((*CAUSES, *CLEAN)):
        outcomes[cause.name] = [
            judge(cause, (seed, index, k), remedy=k % EACH == 0)
            for k in track(range(count), cause.name)
        ]
    planted = table({c.name: outcomes[c.name] for c in CAUSES})
    clean = {c.name: outcomes[c.name] for c in CLEAN}
    alarms, levels = clean_table(clean), level_table([o for each in clean.values() for o in each])
    print(planted, alarms, levels, sep="\n\n")
    if write:
        replace_block(PAGE, "planted", planted)
        replace_block(PAGE, "clean", alarms)
        replace_block(PAGE, "levels", levels)
