"""Formula errors with a caret under the culprit."""

from __future__ import annotations

from ranef.errors import FormulaError, caret
from ranef.formula.nodes import Span

__all__ = ["formula_error", "pointer"]

_WIDEST = 400
_MARGIN = 60


def pointer(text: str, span: Span) -> str:
    """The formula on one line with carets under `span`; a long one is cut around it.

    Examples
    --------
    >>> print(pointer("y ~ x +", (6, 7)))
    y ~ x +
          ^
    """
    line = "".join(c if c.isprintable() else " " for c in text)
    start, end = min(span[0], len(line)), min(span[1], len(line))
    if len(line) > _WIDEST:
        left = max(0, start - _MARGIN)
        end = min(end, start + _MARGIN)
        head, tail = "..." if left else "", "..." if end + _MARGIN < len(line) else ""
        line = head + line[left : end + _MARGIN] + tail
        shift = left - len(head)
        start, end = start - shift, end - shift
    return caret(line, start, end)


def formula_error(
    what: str, text: str, span: Span, *, found: str = "", fix: str = ""
) -> FormulaError:
    """A :class:`FormulaError` whose ``where`` shows the formula and carets under `span`."""
    return FormulaError(what, where=pointer(text, span), found=found, fix=fix)
