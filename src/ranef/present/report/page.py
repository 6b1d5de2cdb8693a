"""The page: its skeleton, style sheet and script around the sections."""

from __future__ import annotations

from importlib.resources import files

from ranef.page.html import escaped
from ranef.present.report.material import Material
from ranef.present.report.sections import SECTIONS
from ranef.present.report.sections.head import head, title_of

__all__ = ["page"]


def page(material: Material) -> str:
    """The report as one HTML document that loads nothing.

    Parameters
    ----------
    material : Material

    Returns
    -------
    str
        The same for the same fit.
    """
    bodies = [(section, section.body(material)) for section in SECTIONS]
    shown = [(section, body) for section, body in bodies if body]
    links = "".join(f'<a href="#{s.key}">{escaped(s.link)}</a>' for s, _ in shown)
    sections = "\n".join(
        f'<section id="{s.key}" aria-labelledby="{s.key}-h"><h2 id="{s.key}-h">'
        f"{escaped(s.heading)}</h2>{body}</section>"
        for s, body in shown
    )
    title = escaped(title_of(material))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{title}</title><style>{_part('page.css')}</style></head><body>\n"
        '<a class="skip" href="#main">Skip to the results</a>\n'
        f'<header>{head(material)}<nav aria-label="Sections">{links}</nav></header>\n'
        f'<main id="main">\n{sections}\n</main>\n'
        "<footer>Made by ranef. This page holds everything it shows and loads nothing.</footer>\n"
        f"<script>{_part('page.js')}</script></body></html>\n"
    )


def _part(name: str) -> str:
    """A file of this folder, without the blanks and comments that only its writers need."""
    text = files("ranef.present.report").joinpath(name).read_text(encoding="utf-8")
    lines = (line.strip() for line in text.splitlines())
    return "".join(line for line in lines if line and not line.startswith(("/*", "//")))
