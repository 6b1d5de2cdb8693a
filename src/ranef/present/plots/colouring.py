"""Colours for the values of a variable: distinct for a few values, a scale for many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ranef.errors import OptionError
from ranef.present.plots.choice import is_number
from ranef.present.plots.grid import levels_in_order, value_text
from ranef.present.plots.ink import palette_on, scale_on

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = [
    "MOST_COLOURS",
    "Colouring",
    "SeriesStyle",
    "colouring",
    "series_colours",
    "series_style",
]

MOST_COLOURS = 6
"""That a reader can tell apart and keep in mind."""


@dataclass(frozen=True, slots=True)
class Colouring:
    """A colour for each value.

    Attributes
    ----------
    values : tuple
        The distinct values, or three reference values of a scale.
    limits : pair of float or None
        The ends of the scale; None for distinct values.
    """

    values: tuple[Any, ...]
    limits: tuple[float, float] | None = None

    def labels(self) -> list[str]:
        """The values as text, whole numbers without decimals."""
        return [value_text(value) for value in self.values]

    def colour(self, value: Any, ax: Axes) -> Any:
        """The colour of a value on these axes."""
        return self.colours([value], ax)[0]

    def colours(self, values: Sequence[Any], ax: Axes) -> list[Any]:
        """The colours of some values on these axes."""
        if self.limits is not None:
            low, high = self.limits
            shares = (np.asarray(values, dtype=float) - low) / ((high - low) or 1.0)
            return list(scale_on(ax)(shares))
        known = dict(zip(self.values, series_colours(ax, len(self.values)), strict=True))
        return [known[value] for value in values]

    def scale(self, ax: Axes) -> Any:
        """For a colour bar; None for distinct values."""
        if self.limits is None:
            return None
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import Normalize

        return ScalarMappable(Normalize(*self.limits), scale_on(ax))


class SeriesStyle(NamedTuple):
    """What tells series apart without colours."""

    dash: Any
    mark: str


_DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1.2, 1.6)), (0, (6, 2, 1.2, 2)))
_MARKS = ("o", "s", "^", "D", "v", "P")


def series_style(k: int) -> SeriesStyle:
    """The dashes and the mark of the k-th series."""
    return SeriesStyle(_DASHES[k % len(_DASHES)], _MARKS[k % len(_MARKS)])


def colouring(values: pd.Series[Any], name: str, most: int = MOST_COLOURS) -> Colouring:
    """Colours for `values`: at most `most` distinct ones.

    Raises
    ------
    OptionError
        More categories than can be told apart by colour.
    """
    distinct = levels_in_order(values)
    if len(distinct) <= most:
        return Colouring(tuple(distinct))
    if not is_number(values):
        raise OptionError(
            f"{name!r} has too many values to tell apart",
            found=f"{len(distinct)} values, at most {most}",
            fix="name a variable with fewer values, or a numeric one",
        )
    reference = tuple(float(q) for q in values.quantile([0.1, 0.5, 0.9]))
    return Colouring(reference, (float(distinct[0]), float(distinct[-1])))


def series_colours(ax: Axes, count: int) -> list[Any]:
    """Distinct colours for a few series, a scale for many."""
    palette = palette_on(ax)
    if count <= len(palette):
        return palette[:count]
    scale = scale_on(ax)
    return [scale(k / (count - 1)) for k in range(count)]
