"""Does the model fit? Pictures of the residuals, and the findings with what to do."""

from __future__ import annotations

from collections.abc import Sequence

from ranef.page.html import escaped
from ranef.page.phrases import percent, sentence, whole
from ranef.present.report.blocks import Missing, figure, folded, missing, note, prose, side_by_side
from ranef.present.report.material import Material
from ranef.present.report.pictures.checks import effects, quantiles, residuals
from ranef.types import Finding

__all__ = ["body", "findings_of"]

_MARKS = {"note": "i", "warning": "!", "problem": "✕"}
_QUIET = ("nothing to do",)


def body(material: Material) -> str:
    """Three pictures, then the findings."""
    found = findings_of(material)
    if not found and isinstance(material.frame, Missing):
        return _pictures(material)
    return _pictures(material) + _findings(found)


def _pictures(material: Material) -> str:
    """Residuals, their quantiles, and those of the effects of the outermost groups."""
    check = material.check
    if check is None or isinstance(check, Missing):
        return "" if check is None else missing(check)
    drawn = [residuals(material, check), quantiles(material, check)]
    outer = [found for found in check.effects if found.factor == check.effects[-1].factor]
    drawn += [effects(material, found) for found in outer[:1]]
    bands = (
        f"Grey bands: where {percent(check.level)} of {whole(check.n)} responses that were "
        "simulated from the model lie, point by point: if it holds, about "
        f"{percent(1.0 - check.level)} of the points are outside."
    )
    return side_by_side(*(figure(*each) for each in drawn), kind="three") + note(bands)


def findings_of(material: Material) -> Sequence[Finding]:
    """Those of the diagnosis if there is one, the gravest first."""
    diagnosis = material.diagnosis
    found: Sequence[Finding] = material.model._findings_to_show
    if diagnosis is not None and not isinstance(diagnosis, Missing):
        found = diagnosis.findings
    grave = {"problem": 0, "warning": 1, "note": 2}
    return sorted(found, key=lambda finding: grave[finding.severity])


def _findings(found: Sequence[Finding]) -> str:
    if not found:
        return note("Nothing was found that asks for attention.")
    quiet = [f for f in found if f.severity == "note" and (not f.fix or f.fix.startswith(_QUIET))]
    loud = [finding for finding in found if finding not in quiet]
    shown = _list(loud) if loud else note("Nothing was found that asks for attention.")
    if not quiet:
        return shown
    noun = "note asks" if len(quiet) == 1 else "notes ask"
    return shown + folded(f"{len(quiet)} {noun} for nothing", _list(quiet))


def _list(found: Sequence[Finding]) -> str:
    return f'<ul class="finds">{"".join(map(_item, found))}</ul>'


def _item(finding: Finding) -> str:
    advice = f'<span class="do">{prose(sentence(finding.fix))}</span>' if finding.fix else ""
    return (
        f'<li class="s-{finding.severity}"><span class="sev" aria-hidden="true">'
        f"{_MARKS[finding.severity]}</span><div>"
        f"<b>{finding.severity.capitalize()}: {prose(finding.message)}.</b> "
        f"{prose(sentence(finding.evidence))} {advice} "
        f'<code class="code">{escaped(finding.code)}</code></div></li>'
    )
