"""How wide text is on a terminal: the one place that measures and pads it.

A character takes one cell, an East Asian one or an emoji two, a combining mark none. ``len`` counts
something else; whatever stands in columns is measured, padded and cut here.
"""

from __future__ import annotations

from typing import Literal

__all__ = ["cells", "chopped", "padded"]


def cells(text: str) -> int:
    r"""The cells that `text` takes on a terminal.

    Examples
    --------
    >>> cells("school"), cells("\u5b66\u6821"), cells("e\u0301"), cells("\N{MINUS SIGN}")
    (6, 4, 1, 1)
    """
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # `import ranef` loads NumPy alone

    return cell_len(text)


def padded(text: str, width: int, side: Literal["left", "right", "center"] = "left") -> str:
    r"""`text` in a field of `width` cells, at its left, its right or in its middle.

    Examples
    --------
    >>> padded("n", 3), padded("n", 3, "right"), padded("\u5b66", 4, "center")
    ('n  ', '  n', ' \u5b66 ')
    """
    room = max(0, width - cells(text))
    if side == "left":
        return text + " " * room
    if side == "right":
        return " " * room + text
    # As str.center has it: the odd space goes to the left if the width is odd.
    before = room // 2 + (room & width & 1)
    return " " * before + text + " " * (room - before)


def chopped(text: str, width: int) -> list[str]:
    r"""`text` in pieces of at most `width` cells; what makes up one character stays together.

    There is at least one piece, and each has at least one character.

    Examples
    --------
    >>> chopped("abcde", 2), chopped("\u5b66\u6821", 3)
    (['ab', 'cd', 'e'], ['\u5b66', '\u6821'])
    """
    width = max(1, width)
    if text.isascii():
        return [text[k : k + width] for k in range(0, len(text), width)] or [""]
    from rich.cells import chop_cells

    return [piece for piece in chop_cells(text, width) if piece] or [""]
