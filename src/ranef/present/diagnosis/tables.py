"""The tables of a diagnosis: the rungs as models, and what they say of the coefficients."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ranef.diagnose.ladder import Effect, Rung, Test
from ranef.page import cells
from ranef.page.lines import pieces
from ranef.present.diagnosis.record import DiagnosisRecord
from ranef.present.text.numbers import fixed, p_text, significant
from ranef.present.text.remarks import not_shown

__all__ = ["Table", "ladder_tables"]

_CHANGE = "change"

_VERDICTS = {
    "interior optimum": "interior",
    "boundary optimum": "boundary",
    "not at an optimum": "stopped",
    "limited by rounding": "rounding",
}


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text, head line first; columns in `left` are flush left, the others flush right.

    Attributes
    ----------
    title : str
    rows : list of list of str
    left : tuple of int
    notes : tuple of str
    groups : tuple of (str, int)
        Heads over several columns each, for a page that has them; `under` is then the head line.
    under : tuple of str
    """

    title: str
    rows: list[list[str]]
    left: tuple[int, ...]
    notes: tuple[str, ...]
    groups: tuple[tuple[str, int], ...] = ()
    under: tuple[str, ...] = ()


def ladder_tables(diagnosis: DiagnosisRecord, width: int) -> list[Table]:
    """One table of models, and one of coefficients where there are any."""
    rungs = diagnosis.ladder.rungs
    tables = [_narrowed(_models(rungs, diagnosis.reml), width)]
    refused = any(rung.verdict == "not fitted" for rung in rungs)
    sums = any(finding.code == "rows-elsewhere" for finding in diagnosis.findings)
    if refused or (sums and not all(rung.fitted for rung in rungs)):
        tables[0] = replace(tables[0], title="The ladder")
    if rungs[0].effects:
        tables.append(_coefficients(rungs, width))
    return tables


def _models(rungs: Sequence[Rung], reml: bool) -> Table:
    criterion = "REML" if reml else "-2 loglik"
    rows = [["", "rung", "verdict", "rank", "df", criterion, "AIC (ML)", "BIC (ML)", "p"]]
    rows += [[str(k), rung.title, *_model_cells(rung)] for k, rung in enumerate(rungs)]
    if not any(rung.test for rung in rungs):
        rows = [row[:-1] for row in rows]
    notes = []
    fitted = [rung for rung in rungs if rung.fitted]
    other_rows = any(rung.nobs != rungs[0].nobs for rung in fitted)
    compared = all(rung.comparable for rung in fitted if rung.nobs == rungs[0].nobs)
    if not compared and not reml:
        notes.append(
            "In brackets: another approximation of the likelihood"
            f"{', or other rows' if other_rows else ''}: it does not compare with rung 0."
        )
    elif not compared:
        notes.append(
            f"In brackets: REML criteria of other fixed effects{' or rows' if other_rows else ''}, "
            "which do not compare with rung 0. AIC and BIC are those of ML fits and compare "
            "throughout."
        )
    elif other_rows:
        notes.append("In brackets: criteria of other rows, which do not compare with rung 0.")
    tests = {k: rung.test for k, rung in enumerate(rungs) if rung.test is not None}
    if tests:
        notes.append(_tests_note(rungs, tests))
    return Table("The ladder, every rung fitted", rows, (1, 2, 3), tuple(notes))


def _narrowed(table: Table, width: int) -> Table:
    """The table with its least needed columns left out until it fits."""
    rows = table.rows
    for name in ("BIC (ML)", "rank", "df"):
        used = sum(2 + max(map(cells, column)) for column in zip(*rows, strict=True))
        if used > width and name in rows[0]:
            j = rows[0].index(name)
            rows = [[*row[:j], *row[j + 1 :]] for row in rows]
    left = tuple(j for j, name in enumerate(rows[0]) if name in ("rung", "verdict", "rank"))
    return replace(table, rows=rows, left=left)


def _model_cells(rung: Rung) -> list[str]:
    if not rung.fitted:
        return [rung.verdict, *[""] * 6]
    criterion = f"{rung.criterion:.2f}"
    return [
        _VERDICTS.get(rung.verdict, rung.verdict),
        rung.ranks.replace(" of ", "/"),
        str(rung.df),
        criterion if rung.comparable else f"({criterion})",
        *("" if math.isnan(x) else f"{x:.2f}" for x in (rung.aic_ml, rung.bic_ml)),
        "" if rung.test is None else _p(rung.test),
    ]


def _p(test: Test) -> str:
    low, high = p_text(test.p_low), p_text(test.p_high)
    return high if test.exact or low == high else f"{low.removeprefix('<')} to {high}"


def _tests_note(rungs: Sequence[Rung], tests: dict[int, Test]) -> str:
    """Against which rung each one is tested."""
    at = {rung.title: k for k, rung in enumerate(rungs)}
    elsewhere = len(rungs) > 1 and rungs[1].key == "other-starts"
    if elsewhere and rungs[1].criterion < rungs[0].criterion:
        at[rungs[0].title] = 1
    against = {
        k: at[test.larger if at[test.smaller] == k else test.smaller] for k, test in tests.items()
    }
    base = Counter(against.values()).most_common(1)[0][0]
    others = [f"rung {k} against rung {other}" for k, other in against.items() if other != base]
    aside = f" ({', '.join(others)})" if others else ""
    return (
        f"p: likelihood-ratio tests against rung {base}{aside}, with the distribution that holds "
        "at a boundary."
    )


def _coefficients(rungs: Sequence[Rung], width: int) -> Table:
    shown = [(k, r) for k, r in enumerate(rungs) if r.fitted and not _same_fit(k, rungs)]
    rows = [["", "rung"], *([str(k), rung.title] for k, rung in shown)]
    used = 2 + sum(2 + max(map(cells, column)) for column in zip(*rows, strict=True))
    columns: dict[str, list[list[str]]] = {}
    for effect in sorted(rungs[0].effects, key=lambda e: -_largest_change(e, rungs)):
        own = [[effect.name, _CHANGE], *(_effect_cells(effect, rung) for _, rung in shown)]
        if not any(change for _, change in own[1:]):
            own = [row[:1] for row in own]
        needed = sum(
            2 + max(_least(head), *map(cells, body)) for head, *body in zip(*own, strict=True)
        )
        if used + needed <= width or not columns:
            used += needed
            columns[effect.name] = own
    kept = [e.name for e in rungs[0].effects if e.name in columns]
    for name in kept:
        for row, own_cells in zip(rows, columns[name], strict=True):
            row += own_cells
    hidden = len(rungs[0].effects) - len(columns)
    notes = ["Estimate (standard error) and change, in standard errors of rung 0."]
    if not any(len(own[0]) > 1 for own in columns.values()):
        notes = ["Estimate (standard error)."]
        if not any(math.isnan(effect.std_error) for effect in rungs[0].effects):
            notes[0] += " No change is as large as a tenth of a standard error of rung 0."
    if hidden:
        notes.append(not_shown(hidden, "; remedies lists them all"))
    groups = [("", 2), *((name, len(columns[name][0])) for name in kept)]
    under = ["", "rung"]
    for name in kept:
        under += ["estimate (SE)", _CHANGE][: len(columns[name][0])]
    title = "The coefficients, rung by rung"
    return Table(title, rows, (1,), tuple(notes), tuple(groups), tuple(under))


def _least(head: str) -> int:
    """The width of a head that is broken where a name may be."""
    return max(cells(piece.rstrip()) for piece in pieces(head))


def _same_fit(k: int, rungs: Sequence[Rung]) -> bool:
    """Whether a rung reads the fit of the first one again."""
    return k > 0 and rungs[k].effects == rungs[0].effects


def _effect_cells(asked: Effect, rung: Rung) -> list[str]:
    """Estimate with its standard error, and the change; empty where there is nothing to say."""
    found = [e for e in rung.effects if e.name == asked.name]
    if not found:
        return ["", ""]
    decimals = significant([asked.std_error], 2, least=2)
    if math.isnan(found[0].std_error):
        return ["no estimate", ""]
    estimate, error = (fixed(x, decimals) for x in (found[0].estimate, found[0].std_error))
    change = round(found[0].change, 1) + 0.0
    return [f"{estimate} ({error})", f"{change:+.1f}" if abs(change) >= 0.1 else ""]


def _largest_change(effect: Effect, rungs: Sequence[Rung]) -> float:
    return max(abs(e.change) for rung in rungs for e in rung.effects if e.name == effect.name)
