"""The focal coefficients in every model that was tried, over the interval of the model as asked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ranef.diagnose.ladder import Effect, Rung
from ranef.diagnose.words import join
from ranef.page.html import escaped
from ranef.present.report.figures import plain
from ranef.present.report.pictures.canvas import COLOURS, FAINT, GREY, INK, picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ranef.present.diagnosis.record import DiagnosisRecord
    from ranef.present.report.material import Material

__all__ = ["forest"]

_MOST_PANELS = 3
_MOST_RUNGS = 14
_LONGEST = (44, 36, 28)
"""Characters of a title beside one panel, two and three."""
_FAR = 15.0


def forest(material: Material, diagnosis: DiagnosisRecord) -> tuple[str, str] | None:
    """The picture and its caption; None if no other model has a coefficient of this one."""
    rungs = [r for r in diagnosis.ladder.rungs if r.fitted and r.effects]
    first, others = rungs[:1], [r for r in rungs[1:] if not _same(r, rungs[0])]
    rungs = [*first, *others[: _MOST_RUNGS - 1]]
    if len(rungs) < 2:
        return None
    names = _chosen(rungs)
    if not names:
        return None

    def draw(*axes: Axes) -> None:
        for k, (ax, name) in enumerate(zip(axes, names, strict=True)):
            _panel(ax, material.name(name), name, rungs, _LONGEST[len(names) - 1] if k == 0 else 0)

    high = 0.24 * len(rungs) + 0.95
    shown = join([f"{material.name(name)} from {_range(name, rungs)}" for name in names])
    label = f"Estimates with 95% intervals in {len(rungs)} models: {shown}"
    hidden = len(rungs[0].effects) - len(names)
    noun = "coefficient is" if hidden == 1 else "coefficients are"
    most = f" {hidden} more {noun} in the table of fit.diagnose()." if hidden else ""
    caption = (
        "Estimates with 95% intervals, model by model; the band is the interval of the model as "
        f"asked.{most}"
    )
    svg = picture("forest", (10.6, high), label, draw, len(names))
    return svg, escaped(caption)


def _same(rung: Rung, first: Rung) -> bool:
    """Whether a rung reads the fit of the first one again."""
    return rung.effects == first.effects


def _chosen(rungs: Sequence[Rung]) -> list[str]:
    """The coefficients that change most, in the order of the model."""
    found = [e for e in rungs[0].effects if math.isfinite(e.std_error)]
    here = [e for e in found if any(_effect(e.name, rung) is not None for rung in rungs[1:])]
    ranked = sorted(here, key=lambda e: -_change(e.name, rungs))[:_MOST_PANELS]
    return [e.name for e in here if e in ranked]


def _change(name: str, rungs: Sequence[Rung]) -> float:
    found = [_effect(name, rung) for rung in rungs]
    return max((abs(e.change) for e in found if e is not None), default=0.0)


def _effect(name: str, rung: Rung) -> Effect | None:
    own = (e for e in rung.effects if e.name == name and math.isfinite(e.std_error))
    return next(own, None)


def _range(name: str, rungs: Sequence[Rung]) -> str:
    values = [e.estimate for rung in rungs if (e := _effect(name, rung)) is not None]
    return f"{plain(min(values))} to {plain(max(values))}"


def _panel(ax: Axes, title: str, name: str, rungs: Sequence[Rung], longest: int) -> None:
    base = _effect(name, rungs[0])
    assert base is not None
    ax.axvspan(
        base.conf_low,
        base.conf_high,
        color=FAINT,
        alpha=0.6,
        linewidth=0.0,
    )
    for k, rung in enumerate(rungs):
        effect = _effect(name, rung)
        if effect is None or effect.std_error > _FAR * base.std_error:
            continue
        colour = INK if k == 0 else COLOURS[0]
        ax.plot([effect.conf_low, effect.conf_high], [k, k], color=colour, lw=1.8)
        ax.plot([effect.estimate], [k], "o", color=colour, markersize=5.0, markeredgewidth=0.0)
    low, high = ax.get_xlim()
    if low <= 0.0 <= high:
        ax.axvline(0.0, color=GREY, linewidth=0.8, zorder=0.5)
    ax.set_ylim(len(rungs) - 0.5, -0.5)
    ax.set_title(title, fontweight="bold")
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0.0)
    ax.set_yticks(range(len(rungs)), [_short(r.title, longest) for r in rungs])
    ax.locator_params(axis="x", nbins=5)


def _short(title: str, longest: int) -> str:
    """A title beside the first panel; nothing beside the others."""
    if not longest:
        return ""
    return title if len(title) <= longest else f"{title[: longest - 1]}…"
