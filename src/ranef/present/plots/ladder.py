"""The focal coefficients rung by rung over the interval of the asked model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.diagnose.ladder import Effect, Rung
from ranef.errors import OptionError, suggestion
from ranef.options import name_list
from ranef.present.plots.forest import draw_intervals, fit_x
from ranef.present.plots.ink import accent_on, faint_on, ink_on, muted_on, second_on
from ranef.present.plots.panels import Panels, with_data
from ranef.present.plots.style import head, name_y, panel_axes, title
from ranef.present.text.words import Words

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["ladder"]

MOST = 9  # panels, if nobody names them


def ladder(
    rungs: Sequence[Rung],
    parameters: str | Sequence[str] | None = None,
    words: Words | None = None,
    ax: Any = None,
) -> Axes | Panels:
    """Draw the rungs of a ladder.

    Parameters
    ----------
    rungs : sequence of Rung
        The asked model first.
    parameters : str or sequence of str, optional
        Some of the coefficients.
    words : Words, optional
    ax : Axes or sequence of Axes, optional
        As many as there are coefficients.

    Returns
    -------
    Axes, or Panels
        Panels if there are several coefficients.

    Raises
    ------
    OptionError
        Another coefficient, or a model without any.
    """
    shown = [
        (k, rung)
        for k, rung in enumerate(rungs)
        if rung.fitted and (k == 0 or rung.effects != rungs[0].effects)
    ]
    asked, left = _asked(rungs, parameters)
    said = words or Words()
    size = (3.3, 0.27 * len(shown) + 1.1) if len(asked) > 1 else (6.4, 0.3 * len(shown) + 1.4)
    panels = panel_axes(len(asked), ax, size)
    frames, differ = [], False
    for k, (one, effect) in enumerate(zip(panels, asked, strict=True)):
        names = ax is not None or k % 3 == 0
        frame = _draw(one, effect, shown, names)
        differ = differ or not bool(frame["holds"].all())
        frames.append(frame.assign(panel=effect.name))
    note = "Lines: 95% intervals; the band is that of the model as asked."
    note += " Diamonds: the interval leads to another conclusion about zero." if differ else ""
    note += f" {left} coefficients that change less are not shown." if left else ""
    for one, effect, frame in zip(panels, asked, frames, strict=True):
        title(one, said.coefficient(effect.name), note if len(asked) == 1 else "")
        frame.attrs["note"] = note
        with_data(one, frame)
    if len(asked) == 1:
        return panels[0]
    head(panels, "Would another model change the answer?", note)
    return Panels(tuple(panels), _joined(frames, note))


def _asked(
    rungs: Sequence[Rung], parameters: str | Sequence[str] | None
) -> tuple[list[Effect], int]:
    """The coefficients to draw, and how many are left out."""
    focal = list(rungs[0].effects)
    names = [effect.name for effect in focal]
    if not focal:
        raise OptionError(
            "there is no coefficient to draw",
            found="a model without fixed effects besides the intercept",
            fix="print the diagnosis: its ladder compares the models",
        )
    if parameters is not None:
        chosen = []
        for one in name_list("parameters", parameters, "coefficient"):
            if one not in names:
                raise OptionError(
                    f"there is no coefficient {one!r}",
                    found=", ".join(names),
                    fix=suggestion(one, names),
                )
            chosen.append(focal[names.index(one)])
        return chosen, 0
    changes = {
        name: max(abs(e.change) for rung in rungs for e in rung.effects if e.name == name)
        for name in names
    }
    most = set(sorted(names, key=lambda name: -changes[name])[:MOST])
    return [effect for effect in focal if effect.name in most], max(0, len(focal) - MOST)


def _draw(ax: Axes, asked: Effect, shown: Sequence[tuple[int, Rung]], names: bool) -> pd.DataFrame:
    import pandas as pd

    y = np.arange(len(shown), 0, -1, dtype=float)
    rows = []
    for k, rung in shown:
        own = next((e for e in rung.effects if e.name == asked.name), None)
        if own is None:
            rows.append((k, rung.key, rung.title, np.nan, np.nan, np.nan, True))
        else:
            ends = own.conf_low, own.conf_high
            rows.append((k, rung.key, rung.title, own.estimate, *ends, own.holds))
    frame = pd.DataFrame(
        rows, columns=["number", "rung", "title", "estimate", "conf_low", "conf_high", "holds"]
    )
    numbers = frame[["estimate", "conf_low", "conf_high"]].to_numpy(dtype=float)
    if np.isfinite(numbers[0, 1:]).all():
        ax.axvspan(numbers[0, 1], numbers[0, 2], color=faint_on(ax), alpha=0.7, linewidth=0)
    holds = frame["holds"].to_numpy(dtype=bool)
    first = np.arange(len(frame)) == 0
    for chosen, colour, mark in (
        (first, ink_on(ax), "o"),
        (holds & ~first, accent_on(ax), "o"),
        (~holds, second_on(ax), "D"),
    ):
        estimate, low, high = numbers[chosen].T
        draw_intervals(ax, estimate, low, high, y[chosen], colour, mark)
    if fit_x(ax, numbers.ravel(), 0.0, within=0.25):
        ax.axvline(0.0, color=muted_on(ax), linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    name_y(ax, y, [f"{k} {rung.title}" for k, rung in shown] if names else [""] * len(shown))
    ax.set_ylim(0.4, len(shown) + 0.6)
    ax.tick_params(axis="y", length=0)
    return frame


def _joined(frames: Sequence[pd.DataFrame], note: str) -> pd.DataFrame:
    import pandas as pd

    whole = pd.concat(frames, ignore_index=True)
    whole.attrs["note"] = note
    return whole
