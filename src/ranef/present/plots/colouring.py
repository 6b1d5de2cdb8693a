"""Colours for the values of a variable: distinct for a few values, a scale for many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ranef.errors import OptionError
from ranef.present.plots.choice import is_number
from ranef.present.plots.grid import levels_in_order
from ranef.present.plots.style import PALETTE

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Colouring", "colouring"]


@dataclass(frozen=True, slots=True)
class Colouring:
    """A colour for each value.

    Attributes
    ----------
    values : tuple
        The distinct values, or three reference values of a scale.
    colour : callable
        From a value to a Matplotlib colour.
    scale : ScalarMappable or None
        For a colour bar; None for distinct values.
    """

    values: tuple[Any, ...]
    colour: Callable[[Any], Any]
    scale: Any = None

    def labels(self) -> Sequence[str]:
        """The values as text, whole numbers without decimals."""
        return [f"{v:.4g}" if isinstance(v, float) else str(v) for v in self.values]


def colouring(values: pd.Series[Any], name: str) -> Colouring:
    """Colours for `values`.

    Raises
    ------
    OptionError
        More categories than can be told apart by colour.
    """
    distinct = levels_in_order(values)
    if len(distinct) <= len(PALETTE):
        table = dict(zip(distinct, PALETTE, strict=False))
        return Colouring(tuple(distinct), table.__getitem__)
    if not is_number(values):
        raise OptionError(
            f"{name!r} has too many values to tell apart by colour",
            found=f"{len(distinct)} values, at most {len(PALETTE)}",
            fix="name a variable with fewer values, or a numeric one",
        )
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    low, high = float(distinct[0]), float(distinct[-1])
    colours = colormaps["viridis"]
    scale = ScalarMappable(Normalize(low, high), colours)
    reference = tuple(float(q) for q in values.quantile([0.1, 0.5, 0.9]))
    return Colouring(reference, lambda value: colours((float(value) - low) / (high - low)), scale)
