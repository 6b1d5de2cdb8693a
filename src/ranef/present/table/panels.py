"""Tables that are too wide for their page: the columns in several panels, one below the other."""

from __future__ import annotations

from collections.abc import Sequence

from ranef.present.table.record import Spanner

__all__ = ["balanced", "widened"]


def widened(
    widths: Sequence[float], spanners: Sequence[Spanner], needs: Sequence[float], gap: float = 0.0
) -> list[float]:
    """The widths of columns, of which the last below each heading has what the heading needs.

    Parameters
    ----------
    widths : sequence of float
    spanners : sequence of Spanner
    needs : sequence of float
        The width of each.
    gap : float
        Between columns.

    Examples
    --------
    >>> widened([5, 5, 5], [Spanner("Linear models", 0, 1)], [13], gap=2)
    [5, 6, 5]
    """
    out = list(widths)
    for spanner, need in zip(spanners, needs, strict=True):
        inside = out[spanner.first : spanner.last + 1]
        out[spanner.last] += max(0, need - sum(inside) - gap * (len(inside) - 1))
    return out


def balanced(widths: Sequence[float], room: float) -> list[list[int]]:
    """The columns of each panel, in order: as few panels as can be, of about equal width.

    Parameters
    ----------
    widths : sequence of float
        Of the columns. One that is wider than the room has a panel of its own.
    room : float

    Examples
    --------
    >>> balanced([15] * 6, 80), balanced([15, 15], 80), balanced([], 80)
    ([[0, 1, 2], [3, 4, 5]], [[0, 1]], [[]])
    """
    panels = _filled(widths, room)
    narrow = room
    while len(panels) > 1 and narrow > 0:
        narrow = max(sum(widths[j] for j in panel) for panel in panels) - 1
        tighter = _filled(widths, narrow)
        if len(tighter) > len(panels) or narrow < max(widths):
            break
        panels = tighter
    return panels


def _filled(widths: Sequence[float], room: float) -> list[list[int]]:
    panels: list[list[int]] = [[]]
    used = 0.0
    for j, width in enumerate(widths):
        if panels[-1] and used + width > room:
            panels.append([])
            used = 0.0
        panels[-1].append(j)
        used += width
    return panels
