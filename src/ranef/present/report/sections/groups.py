"""How groups differ: variances with their intervals, lines by group, and the groups in order."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ranef.formula.naming import RESIDUAL
from ranef.page.html import escaped, minus
from ranef.present.protocol import TermCovariance, residual_sd
from ranef.present.report.blocks import (
    Missing,
    Row,
    figure,
    folded,
    missing,
    note,
    side_by_side,
    table,
)
from ranef.present.report.figures import decimals_of, interval, value
from ranef.present.report.material import Material, asked
from ranef.present.report.pictures.caterpillar import caterpillar, effects_of
from ranef.present.report.pictures.lines import lines
from ranef.present.structured import (
    correlation_text,
    correlations_of,
    heading,
    kind_of_term,
    legends,
    sds_of,
    structured,
)
from ranef.present.text.numbers import rounded
from ranef.types import INTERCEPT

if TYPE_CHECKING:
    from ranef.covariance import Kind

__all__ = ["body"]

Ends = tuple[float, float]

_MOST_EFFECTS = 6
"""Effects of a term up to which each of its correlations has a line."""
_MOST_ROWS = 40
_MOST_PICTURES = 3


def body(material: Material) -> str:
    """The table, the lines beside it, and a picture for each of the first grouping factors."""
    model = material.model
    if not model.ngroups and not model._residual_lines:
        return ""
    drawn = _lines(material)
    pictures = [_levels(material, group) for group in list(model.ngroups)[:_MOST_PICTURES]]
    return side_by_side(_table(material), drawn) + "".join(pictures)


def _table(material: Material) -> str:
    rows = [row for term in material.model._covariances for row in _term(material, term)]
    rows += _residual(material)
    several = sum(row.group for row in rows) > 1
    heads = ["Effect", "Variance", "SD", "95% interval"]
    if not several:
        rows = [row for row in rows if not row.group]
    hidden = len(rows) - _MOST_ROWS
    caption = "Variances, standard deviations and correlations"
    shown = table(caption, heads, rows[:_MOST_ROWS], kind="var")
    tags = legends(material.model._covariances)
    notes = [material.spread_method, f"{'; '.join(tags)}." if tags else ""]
    if hidden > 0:
        notes.append(f"{hidden} more lines are in fit.varcorr().")
    return shown + note(*notes)


def _term(material: Material, term: TermCovariance) -> Iterator[Row]:
    words, label = material.words, term.label
    kind = kind_of_term(term)
    intervals = _intervals(material, label.label)

    def row(effect: str, told: str, cells: tuple[str, str, str]) -> Row:
        small = f"<small>{escaped(told)}</small>" if told else ""
        return Row(f"{escaped(effect)}{small}", cells)

    yield Row(escaped(words.group(label.label)), (), start=True, group=True)
    if kind is not None:
        yield row(heading(term, kind), "", ("", "", ""))
    special = structured(term)
    if special is not None:
        yield from _structured(material, term, special, intervals)
        return
    for name, sd in zip(label.names, term.sds.tolist(), strict=True):
        told = _told(material, name, label.names)
        yield row(_capital(words.effect(name)), told, _sd_cells(sd, intervals.get(f"sd__{name}")))
    if len(label.names) > _MOST_EFFECTS:
        yield row("Correlations", "in fit.varcorr()", ("", "", ""))
        return
    for i, j in term.pairs:
        a, b = label.names[i], label.names[j]
        ends = intervals.get(f"cor__{a}.{b}")
        cells = _correlation_cells(term.correlation(i, j), ends)
        yield row("Correlation", f"of {words.effect(a)} and {words.effect(b)}", cells)


def _structured(
    material: Material, term: TermCovariance, kind: Kind, intervals: Mapping[str, Ends]
) -> Iterator[Row]:
    """The parameters of a structure: those that are shared stand once."""
    shared = [ends for key, ends in intervals.items() if key.startswith("sd__")]
    for name, sd in sds_of(term, kind):
        ends = intervals.get(f"sd__{name}") if name else next(iter(shared), None)
        effect = _capital(material.words.effect(name)) if name else "Every effect"
        yield Row(escaped(effect), _sd_cells(sd, ends))
    own = {ends for key, ends in intervals.items() if key.startswith("cor__")}
    correlations = correlations_of(term, kind)
    for name, rho in correlations:
        ends = next(iter(own)) if len(own) == 1 and len(correlations) == 1 else None
        yield Row(escaped(f"Correlation {name}".strip()), _correlation_cells(rho, ends))


def _told(material: Material, name: str, names: tuple[str, ...]) -> str:
    """What a variance is about, if the name of the effect does not say it."""
    others = [other for other in names if other not in (INTERCEPT, name)]
    if name != INTERCEPT or not others:
        return ""
    kinds = {material.meanings.kind(other) for other in others}
    if kinds != {"number"}:
        return ""
    inside = [other for other in others if other.startswith("within(")]
    zero = ", ".join(f"{material.words.variable(other)} = 0" for other in others)
    return "" if inside else f"where {zero}"


def _residual(material: Material) -> Iterator[Row]:
    model = material.model
    if not model._has_residual:
        return
    ends = _intervals(material, RESIDUAL).get("sd__Observation")
    strata = [line for line in model._residual_lines if line.sd]
    if not strata:
        cells = _sd_cells(residual_sd(model), ends)
        yield Row("Residual<small>rows about their prediction</small>", cells, start=True)
    for k, line in enumerate(strata):  # sigma is that of the first stratum, and so is its interval
        yield Row(
            f"Residual<small>{escaped(line.label)}</small>",
            _sd_cells(line.value, ends if k == 0 else None),
            start=k == 0,
        )
    for line in model._residual_lines:
        if not line.sd:
            told = f"Residual, {escaped(line.label)}<small>{escaped(model._residual_text)}</small>"
            yield Row(told, ("", minus(rounded(line.value, 3)), ""))


def _intervals(material: Material, group: str) -> dict[str, Ends]:
    frame = material.spreads
    if isinstance(frame, Missing):
        return {}
    own = frame[frame["group"] == group]
    found = zip(own["term"], own["conf_low"], own["conf_high"], strict=True)
    return {str(term): (float(a), float(b)) for term, a, b in found if a == a and b == b}


def _sd_cells(sd: float, ends: Ends | None) -> tuple[str, str, str]:
    """Variance, SD and interval: two digits of its half width, or three of an SD without one."""
    half = 0.0 if ends is None or not math.isfinite(ends[1]) else (ends[1] - ends[0]) / 2.0
    found = decimals_of([half])[0] if half > 0.0 else decimals_of([sd or 1.0], 3)[0]
    decimals = max(found, 2 if sd < 100.0 else 0)
    variance = value(sd**2, max(decimals_of([sd**2 or 1.0])[0], 2 if sd < 10.0 else 0))
    return variance, value(sd, decimals), "" if ends is None else interval(*ends, decimals)


def _correlation_cells(rho: float, ends: Ends | None) -> tuple[str, str, str]:
    shown = "" if ends is None else interval(*ends, 2)
    text = "" if math.isnan(rho) else minus(correlation_text(rho))
    return "", text or "not defined", shown


def _capital(text: str) -> str:
    """An effect at the start of a line; names stay as they are."""
    named = not text.startswith(("intercepts", "slopes of"))
    return text if named else f"{text[:1].upper()}{text[1:]}"


def _lines(material: Material) -> str:
    what, frame = "Lines by group", material.frame
    made = asked(what, lambda: lines(material))
    if isinstance(made, Missing) and isinstance(frame, Missing):
        made = frame.part(what)
    return missing(made) if isinstance(made, Missing) else figure(*made) if made else ""


def _levels(material: Material, group: str) -> str:
    """The levels in order by the first effect; by the others where that is opened."""
    found = asked(f"Levels of {group}", lambda: effects_of(material, group))
    if isinstance(found, Missing):
        return missing(found)
    shown = [_picture(material, group, term) for term in found[:_MOST_EFFECTS]]
    others = "".join(shown[1:])
    noun = "effect" if len(shown) == 2 else "effects"
    name = material.words.group(group)
    more = folded(f"{len(shown) - 1} more {noun} of {name}", others) if others else ""
    return "".join(shown[:1]) + more


def _picture(material: Material, group: str, term: str) -> str:
    made = asked(f"Levels of {group}", lambda: caterpillar(material, group, term))
    return missing(made) if isinstance(made, Missing) else figure(*made, wide=True) if made else ""
