"""The styles that a table can have: what a journal wants of numbers, words and notes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["DEFAULT", "STYLES", "Style"]


@dataclass(frozen=True, slots=True)
class Style:
    """Conventions of one style.

    Attributes
    ----------
    name : str
    stars : bool
        Whether coefficients have stars unless the call says otherwise.
    statistic : tuple of str
        The lines under an estimate unless the call says otherwise.
    leading_zero : bool
        Whether numbers that cannot be above 1 are written ``0.03`` and not ``.03``.
    thousands : bool
        Whether commas separate thousands.
    symbols : bool
        Whether symbols of statistics are in italics, and notes are one paragraph that says so.
    spread_words : bool
        Whether all variances are named in words, and not as in texreg.
    words : mapping of str to str
        Its own words for rows, by the names of ``gof=``; ``{}`` stands for a group.
    """

    name: str
    stars: bool = True
    statistic: tuple[str, ...] = ("se",)
    leading_zero: bool = True
    thousands: bool = False
    symbols: bool = False
    spread_words: bool = False
    words: Mapping[str, str] = field(default_factory=dict)


DEFAULT = Style("default")

APA = Style(
    "apa",
    stars=False,
    statistic=("se", "p"),
    leading_zero=False,
    thousands=True,
    symbols=True,
    spread_words=True,
    words={"loglik": "Log likelihood", "nobs": "N", "ngroups": "N ({})"},
)
"""American Psychological Association (2020), Publication Manual, 7th edition, sections 6.36-6.44
(numbers and statistics) and 7.8-7.20 (tables)."""

STYLES = {style.name: style for style in (DEFAULT, APA)}
