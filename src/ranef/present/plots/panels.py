"""What a plot gives back: axes that know the numbers drawn on them, alone or as several panels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

from ranef.present.plots.ink import figure_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Panels", "with_data"]


def with_data(ax: Axes, frame: pd.DataFrame) -> Axes:
    """The axes with the numbers drawn on them as ``ax.data``."""
    ax.data = frame  # type: ignore[attr-defined]
    return ax


@dataclass(frozen=True, eq=False)
class Panels(Sequence["Axes"]):
    """Several axes of one plot, in reading order; ``panels[0]`` is the first.

    Equal to the tuple of its axes. What it does not have itself it has from the first of them, so
    that ``panels.get_ylabel()`` answers whatever the number of panels.

    Attributes
    ----------
    axes : tuple of Axes
    data : DataFrame
        The numbers drawn, with a column ``panel``.
    """

    axes: tuple[Axes, ...]
    data: pd.DataFrame = field(repr=False)

    @property
    def figure(self) -> Figure:
        """The figure that the first panel belongs to: ``panels.figure.savefig("plot.pdf")``."""
        return figure_of(self.axes[0])

    @overload
    def __getitem__(self, index: int) -> Axes: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Axes, ...]: ...
    def __getitem__(self, index: int | slice) -> Axes | tuple[Axes, ...]:
        return self.axes[index]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "axes":
            raise AttributeError(name)
        return getattr(self.axes[0], name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self.axes == tuple(other)

    def __hash__(self) -> int:
        return hash(self.axes)

    def __len__(self) -> int:
        return len(self.axes)

    def __iter__(self) -> Iterator[Axes]:
        return iter(self.axes)
