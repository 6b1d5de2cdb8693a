"""Does the diagnosis find a planted cause, name it, and stay silent on clean data?

Every cause is planted in many data sets and nothing else is; the model asked for is the one a
person would ask for who does not know. A cause counts as found where a finding of its code names
the variables at fault. On clean data the model that is fitted is the one the data are drawn from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from rich.progress import track

import ranef as rn
from ranef.diagnose.findings import all_findings, before_findings
from ranef.fit.subject import subject_of
from ranef.formula import parse
from ranef.frame import complete_rows, read_table
from studies.causes import CAUSES, CLEAN, Cause
from studies.page import replace_block

__all__ = ["Outcome", "findings_of", "judge", "run"]

EACH = 10
"""The ladder, a dozen fits, is climbed for every tenth data set."""

PAGE = Path(__file__).parents[1] / "docs" / "findings.md"


@dataclass(frozen=True)
class Outcome:
    """What was said about one data set.

    Attributes
    ----------
    found : bool
        The cause was named.
    alarms : tuple of str
        Codes of warnings and problems that are not the cause's.
    notes : tuple of str
        Codes of notes that are not the cause's.
    cured : bool or None
        The remedy is among those that were tried, its fit is certified and has no finding of the
        cause; None where no remedy was tried.
    """

    found: bool
    alarms: tuple[str, ...]
    notes: tuple[str, ...]
    cured: bool | None


def findings_of(formula: str, data: pd.DataFrame) -> tuple[rn.Finding, ...]:
    """Findings about a fit, or about the data where the model is refused."""
    try:
        return all_findings(subject_of(rn.lmm(formula, data)))
    except rn.DesignError:
        parsed = parse(formula)
        names = list(parsed.variables())
        return before_findings(parsed, *complete_rows(read_table(data, names), names))


def judge(cause: Cause, seed: Sequence[int], remedy: bool = True) -> Outcome:
    """Draw one data set, diagnose it and, if asked, try the remedy."""
    data = cause.draw(np.random.default_rng(seed))
    findings = findings_of(cause.formula, data)
    named = any(_names(cause, finding) for finding in findings)
    others = [f for f in findings if f.code not in cause.codes]
    return Outcome(
        found=named,
        alarms=tuple(sorted({f.code for f in others if f.severity != "note"})),
        notes=tuple(sorted({f.code for f in others if f.severity == "note"})),
        cured=_cured(cause, data) if cause.cure and remedy else None,
    )


def _names(cause: Cause, finding: rn.Finding) -> bool:
    return finding.code in cause.codes and all(word in finding.message for word in cause.words)


def _cured(cause: Cause, data: pd.DataFrame) -> bool:
    if "~" in cause.cure:
        return _sound(cause, rn.lmm(cause.cure, data))
    remedies = rn.lmm(cause.formula, data).diagnose().remedies
    formulas = remedies.loc[remedies["rung"] == cause.cure, "formula"]
    return any(_sound(cause, rn.lmm(formula, data)) for formula in formulas)


def _sound(cause: Cause, fit: rn.Fit) -> bool:
    findings = all_findings(subject_of(fit))
    return fit.certificate.certified and not any(_names(cause, f) for f in findings)


def _counted(outcomes: Sequence[Outcome], of: Callable[[Outcome], tuple[str, ...]]) -> str:
    """``3 (contextual-effect 2, ...)``: data sets with any, and how often each."""
    some = sum(bool(of(o)) for o in outcomes)
    if not some:
        return "0"
    codes = Counter(code for o in outcomes for code in of(o))
    return f"{some} ({', '.join(f'{code} {n}' for code, n in codes.most_common())})"


def table(found: dict[str, list[Outcome]]) -> str:
    """One line for each cause."""
    lines = [
        "| planted | data sets | found | missed | cured by its remedy | other alarms |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, outcomes in found.items():
        hits = sum(o.found for o in outcomes)
        tried = [o.cured for o in outcomes if o.cured is not None]
        cured = f"{sum(tried)} of {len(tried)}" if tried else "–"
        others = _counted(outcomes, lambda o: o.alarms)
        lines.append(
            f"| {name} | {len(outcomes)} | {hits} | {len(outcomes) - hits} | {cured} | {others} |"
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
    """Draw `n` data sets of each cause (200 if not given) and print both tables."""
    count = n or 200
    outcomes: dict[str, list[Outcome]] = {}
    for index, cause in enumerate((*CAUSES, *CLEAN)):
        outcomes[cause.name] = [
            judge(cause, (seed, index, k), remedy=k % EACH == 0)
            for k in track(range(count), cause.name)
        ]
    planted = table({c.name: outcomes[c.name] for c in CAUSES})
    clean = clean_table({c.name: outcomes[c.name] for c in CLEAN})
    print(planted, clean, sep="\n\n")
    if write:
        replace_block(PAGE, "planted", planted)
        replace_block(PAGE, "clean", clean)
