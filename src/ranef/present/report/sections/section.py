"""A section of the report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ranef.present.report.material import Material

__all__ = ["Section"]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it.

    Attributes
    ----------
    key : str
        Its address on the page.
    heading, link : str
        Over the section, and among the links to all sections.
    body : callable
        The HTML, or nothing if the section does not apply to the model.
    """

    key: str
    heading: str
    link: str
    body: Callable[[Material], str]
