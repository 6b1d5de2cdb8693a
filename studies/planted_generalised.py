"""Does the diagnosis of generalised fits find a planted cause, and stay silent on clean data?

As `studies.planted` for linear fits. Findings are made for every data set, the ladder is climbed
for every fourth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.progress import track

from ranef.diagnose.generalised import family_fits, generalised_findings
from ranef.fit.generalised.subject import generalised_subject_of
from ranef.types import Finding
from studies.generalised_causes import CAUSES, CLEAN, GeneralisedCause
from studies.page import replace_block
from studies.planted import PAGE

__all__ = ["Outcome", "findings_of", "judge", "run"]

EACH = 4
COUNT = 60


@dataclass(frozen=True)
class Outcome:
    """What was said about one data set; `cured` is None where the ladder was not climbed."""

    found: bool
    named: bool
    alarms: tuple[str, ...]
    notes: tuple[str, ...]
    cured: bool | None


def findings_of(cause: GeneralisedCause, seed: Sequence[int]) -> tuple[Finding, ...]:
    """Findings about a fit to data of a cause, without the error of Laplace's method."""
    fit = cause.fit(cause.draw(np.random.default_rng(seed)))
    subject = generalised_subject_of(fit)
    return generalised_findings(subject, family_fits(subject), fit._coefficients_of)


def judge(cause: GeneralisedCause, seed: Sequence[int], remedy: bool = True) -> Outcome:
    """Draw one data set, diagnose it and, if asked, look at the remedy."""
    findings = findings_of(cause, seed)
    own = [f for f in findings if f.code == cause.code]
    others = [f for f in findings if f.code != cause.code]
    cured = None
    if cause.code and remedy:
        fit = cause.fit(cause.draw(np.random.default_rng(seed)))
        cured = cause.cured(fit.diagnose().ladder.rungs)
    return Outcome(
        found=bool(own),
        named=any(all(word in finding.message for word in cause.words) for finding in own),
        alarms=tuple(sorted({f.code for f in others if f.severity != "note"})),
        notes=tuple(sorted({f.code for f in others if f.severity == "note"})),
        cured=cured,
    )


def _counted(said: Sequence[tuple[str, ...]]) -> str:
    some = sum(map(bool, said))
    codes = Counter(code for each in said for code in each)
    inside = ", ".join(f"{code} {n}" for code, n in codes.most_common())
    return f"{some} ({inside})" if some else "0"


def run(n: int | None, seed: int, write: bool) -> None:
    """Draw `n` data sets of each cause (60 if not given) and print the tables."""
    count = n or COUNT
    lines = [
        "| planted | data sets | found | named | missed | remedy | cured | other alarms |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    clean = ["| clean data | data sets | false alarms | notes |", "| --- | --- | --- | --- |"]
    for index, cause in enumerate((*CAUSES, *CLEAN)):
        outcomes = [
            judge(cause, (seed, index, k), remedy=k % EACH == 0)
            for k in track(range(count), cause.name)
        ]
        alarms = _counted([o.alarms for o in outcomes])
        if not cause.code:
            notes = _counted([o.notes for o in outcomes])
            clean.append(f"| {cause.name} | {count} | {alarms} | {notes} |")
            continue
        hits, named = sum(o.found for o in outcomes), sum(o.named for o in outcomes)
        tried = [o.cured for o in outcomes if o.cured is not None]
        lines.append(
            f"| {cause.name} | {count} | {hits} | {named} | {count - hits} | {cause.remedy} "
            f"| {sum(tried)} of {len(tried)} | {alarms} |"
        )
    print("\n".join(lines), "\n".join(clean), sep="\n\n")
    if write:
        replace_block(PAGE, "planted-generalised", "\n".join(lines))
        replace_block(PAGE, "clean-generalised", "\n".join(clean))
