"""Text that reads as a number, as patterns that match all of it."""

from __future__ import annotations

__all__ = ["COMMA", "EITHER", "MISSING", "NUMBER", "THOUSANDS"]

MISSING = ("", "NA")
"""Cells of a text file that stand for a missing value, spaces around them aside.

In a column of numbers ``NaN`` does too; in a column of text it is a level, as ``None`` and ``null``
are.
"""

NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?i:nan|inf|infinity)"

COMMA = r"[+-]?(?:\d+,\d*|,\d+)(?:[eE][+-]?\d+)?"
"""A number with a decimal comma."""

THOUSANDS = {
    ",": r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?",
    ".": r"[+-]?\d{1,3}(?:\.\d{3})+(?:,\d*)?",
}
"""A number whose thousands are separated, by the sign between them."""

EITHER = r"[+-]?[1-9]\d{0,2}(?:,\d{3})+"
"""Thousands, or a number below a thousand with three decimals."""
