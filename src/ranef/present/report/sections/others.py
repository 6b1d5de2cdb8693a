"""Would another model change the answer? The ladder: a forest, a table, judgements that open."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ranef.diagnose.ladder import Rung
from ranef.page.html import escaped
from ranef.page.phrases import p_number
from ranef.present.diagnosis.record import DiagnosisRecord
from ranef.present.diagnosis.tables import ladder_tables
from ranef.present.report.blocks import (
    Missing,
    bullet,
    code,
    figure,
    missing,
    note,
    paragraph,
    prose,
)
from ranef.present.report.figures import value
from ranef.present.report.material import Material, asked
from ranef.present.report.pictures.forest import forest
from ranef.present.report.sections.short import left_over

__all__ = ["body"]

_VERDICTS = {
    "interior optimum": ("interior", "interior"),
    "boundary optimum": ("boundary", "boundary"),
    "flat": ("flat", "open"),
    "not at an optimum": ("stopped", "open"),
    "limited by rounding": ("rounding", "open"),
    "no finite maximum": ("no maximum", "open"),
}
_WIDE = 10_000
"""Characters: no column of the page is left out."""


def body(material: Material) -> str:
    """The other models, or why they were not tried."""
    diagnosis = material.diagnosis
    if diagnosis is None:
        return ""
    if isinstance(diagnosis, Missing):
        return missing(diagnosis)
    rungs = diagnosis.ladder.rungs
    if len(rungs) < 2:
        looked = diagnosis.ladder.looked_at
        return paragraph("There is no simpler or larger model to compare this one with.") + note(
            looked
        )
    made = asked("Other models", lambda: forest(material, diagnosis))
    drawn = missing(made) if isinstance(made, Missing) else figure(*made, wide=True) if made else ""
    first = (
        "Each line below is a rung of a ladder: a model that was fitted to the same data and "
        "judged against the model as asked."
    )
    said = bullet([prose(text) for text in left_over(material)]) if left_over(material) else ""
    return paragraph(first) + said + drawn + _table(material, diagnosis) + note(*_notes(diagnosis))


def _table(material: Material, diagnosis: DiagnosisRecord) -> str:
    rungs = diagnosis.ladder.rungs
    tested = any(rung.test is not None for rung in rungs)
    heads = [
        "Rung",
        'Model <span class="hint">(open a line for the judgement and the call)</span>',
        "Optimum",
        "Parameters",
        "AIC (ML)" if diagnosis.reml else "AIC",
        *(["p"] if tested else []),
    ]
    lines = []
    for k, rung in enumerate(rungs):
        best = " rec" if k == diagnosis.ladder.recommended else ""
        cells = [
            f'<td class="n">{k}</td><th scope="row"{f" class={best.strip()}" if best else ""}>'
            f"{_model(rung, k, bool(best))}</th>",
            f'<td class="l">{_verdict(rung)}</td>',
            f"<td>{rung.df or ''}</td>",
            f"<td>{'' if math.isnan(rung.aic_ml) else value(rung.aic_ml, 2)}</td>",
            *([f"<td>{escaped(_p(rung))}</td>"] if tested else []),
        ]
        lines.append(f"<tr>{''.join(cells)}</tr>")
    caption = "The models of the ladder, the one asked for first"
    top = "".join(
        f'<th scope="col"{" class=l" if 0 < j < 3 else ""}>{head}</th>'
        for j, head in enumerate(heads)
    )
    return (
        f'<div class="scroll" tabindex="0" role="group" aria-label="{caption}">'
        f'<table class="t lad"><caption class="vh">{caption}</caption><thead><tr>{top}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def _model(rung: Rung, k: int, recommended: bool) -> str:
    title = escaped(rung.title) + (" <b>(recommended)</b>" if recommended else "")
    if k == 0 or not rung.judgement:
        return title
    inner = f"<p>{prose(rung.judgement)}</p>{code(rung.call.abbreviated().text(90))}"
    return f"<details><summary>{title}</summary>{inner}</details>"


def _verdict(rung: Rung) -> str:
    if not rung.fitted:
        return escaped(rung.verdict)
    said, kind = _VERDICTS.get(rung.verdict, (rung.verdict, "open"))
    return f'<span class="v {kind}">{escaped(said)}</span>'


def _p(rung: Rung) -> str:
    if rung.test is None:
        return ""
    low, high = p_number(rung.test.p_low), p_number(rung.test.p_high)
    if rung.test.exact or low == high:
        return high
    return f"{low.removeprefix('< ')} to {high}"


def _notes(diagnosis: DiagnosisRecord) -> Sequence[str]:
    """What may be compared, in the words of the diagnosis; and what else was looked at."""
    models = ladder_tables(diagnosis, _WIDE)[0]
    kept = [text for text in models.notes if text.startswith("p:")]
    first = "AIC of maximum-likelihood fits: comparable throughout." if diagnosis.reml else ""
    if any(r.fitted and r.nobs != diagnosis.nobs for r in diagnosis.ladder.rungs):
        first = f"{first} Models of other rows have none.".strip()
    return [first, *kept, diagnosis.ladder.looked_at]
