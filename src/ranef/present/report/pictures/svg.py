"""A Matplotlib figure as a small piece of SVG, in the colours of the page that it stands on.

Matplotlib writes whole files: with a head, an id for each group, five decimals, the names of fonts,
and colours. A page needs the shapes. Paths that look alike and follow each other become one path,
and a disc becomes a line without length that has round ends.
"""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ranef.page.html import escaped
from ranef.present.report.pictures.colours import css_colour
from ranef.present.report.pictures.paths import dot_radius, moved, number, parse, text_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["inline_svg"]

_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_KEPT = (
    *("fill", "fill-opacity", "opacity", "stroke", "stroke-dasharray", "stroke-linecap"),
    *("stroke-linejoin", "stroke-opacity", "stroke-width"),
)
_OF_TEXT = ("fill", "font-weight", "font-style", "opacity")
_ROTATION = re.compile(r"rotate\((-?[\d.]+)")
_PLAIN_SIZE = 9.5


@dataclass(frozen=True, slots=True)
class _Shape:
    """A path, or a text, that has its final place."""

    d: str
    style: str
    clip: str
    text: str = ""


def inline_svg(figure: Figure, name: str, label: str) -> str:
    """The figure as an element ``<svg>``.

    Parameters
    ----------
    figure : Figure
        Drawn under :func:`~ranef.present.report.pictures.colours.drawing_style`.
    name : str
        Of the picture on its page; ids begin with it.
    label : str
        What the picture shows, in words: its accessible name.

    Returns
    -------
    str
        Without ids, but for areas to which it is cut.
    """
    file = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(file, format="svg", metadata=nothing)
    root = ET.fromstring(file.getvalue())
    ids = {node.get("id", ""): node for node in root.iter() if node.get("id")}
    areas = {key: node for key, node in ids.items() if node.tag == f"{_SVG}clipPath"}
    clips = {key: f"{name}-{k}" for k, key in enumerate(areas)}
    shapes = _merged(_shapes(root, ids, clips))
    used = {shape.clip for shape in shapes if shape.clip}
    cut = "".join(_area(areas[key], own) for key, own in clips.items() if own in used)
    box = " ".join(number(float(v)) for v in root.get("viewBox", "").split())
    return (
        f'<svg class="fig" viewBox="{box}" role="img" aria-label="{escaped(label)}">'
        f"{f'<defs>{cut}</defs>' if cut else ''}{''.join(map(_written, shapes))}</svg>"
    )


def _shapes(
    node: ET.Element, ids: Mapping[str, ET.Element], clips: Mapping[str, str], clip: str = ""
) -> Iterator[_Shape]:
    """All that is drawn, in order."""
    own = clips.get(node.get("clip-path", "").removeprefix("url(#").removesuffix(")"), clip)
    if node.tag == f"{_SVG}path":
        style = _style(node.get("style", ""))
        if _seen(style):
            yield _Shape(text_of(parse(node.get("d", ""))), _css(style, _KEPT), own)
    elif node.tag == f"{_SVG}use":
        yield from _used(node, ids, own)
    elif node.tag == f"{_SVG}text":
        yield _text(node)
    elif node.tag not in (f"{_SVG}defs", f"{_SVG}clipPath", f"{_SVG}metadata"):
        for child in node:
            yield from _shapes(child, ids, clips, own)


def _used(node: ET.Element, ids: Mapping[str, ET.Element], clip: str) -> Iterator[_Shape]:
    """A shape drawn elsewhere: a tick, a marker."""
    source = ids[node.get(_LINK, "").removeprefix("#")]
    style = _style(source.get("style", "")) | _style(node.get("style", ""))
    if not _seen(style):
        return
    path = parse(source.get("d", ""))
    x, y = float(node.get("x", "0")), float(node.get("y", "0"))
    radius = dot_radius(path)
    if radius is None:
        yield _Shape(text_of(moved(path, x, y)), _css(style, _KEPT), clip)
        return
    d = f"M{number(x)} {number(y)}h0"
    line = float(style.get("stroke-width", "1")) if style.get("stroke", "none") != "none" else 0.0
    fill = style.get("fill", "#000000")
    rings = [(style["stroke"], radius + line / 2.0)] if line and style["stroke"] != fill else []
    inner = radius - line / 2.0 if rings else radius + line / 2.0
    for colour, size in (*rings, (fill, inner)):
        if colour == "none":
            colour = "#ffffff"
        shown = {"stroke": colour, "stroke-width": f"{2.0 * size}", "stroke-linecap": "round"}
        kept = {"opacity": "opacity", "fill-opacity": "stroke-opacity"}
        shown |= {name: style[key] for key, name in kept.items() if key in style}
        yield _Shape(d, _css(shown, _KEPT), clip)


def _text(node: ET.Element) -> _Shape:
    style = _style(node.get("style", ""))
    anchor = style.get("text-anchor", "start")
    size = float(style.get("font-size", f"{_PLAIN_SIZE}px").removesuffix("px"))
    rotated = _ROTATION.match(node.get("transform", ""))
    angle = float(rotated[1]) if rotated else 0.0
    x, y = (number(float(node.get(key, "0"))) for key in ("x", "y"))
    attributes = [f'x="{x}" y="{y}"']
    if anchor != "start":
        attributes.append(f'text-anchor="{anchor}"')
    if size != _PLAIN_SIZE:
        attributes.append(f'font-size="{number(size)}"')
    if angle:
        attributes.append(f'transform="rotate({number(angle)} {x} {y})"')
    css = _css(style, _OF_TEXT)
    if css and css != "fill:var(--ink)":
        attributes.append(f'style="{css}"')
    content = escaped("".join(node.itertext()))
    return _Shape("", "", "", f"<text {' '.join(attributes)}>{content}</text>")


def _style(text: str) -> dict[str, str]:
    pairs = (part.partition(":") for part in text.split(";") if ":" in part)
    return {key.strip(): value.strip() for key, _, value in pairs}


def _seen(style: Mapping[str, str]) -> bool:
    """Whether anything is drawn: not the white ground of figure and axes."""
    fill, stroke = style.get("fill", "#000000"), style.get("stroke", "none")
    return not (fill in ("none", "#ffffff") and stroke == "none") and style.get("opacity") != "0"


def _css(style: Mapping[str, str], kept: tuple[str, ...]) -> str:
    found = []
    for key in kept:
        value = style.get(key)
        if value is None or (key == "stroke-linejoin" and value == "round"):
            continue
        if key in ("fill", "stroke"):
            value = css_colour(value)
        elif key == "stroke-width":
            value = f"{float(value):.2f}".rstrip("0").rstrip(".")
        found.append(f"{key}:{value}")
    return ";".join(found)


def _merged(shapes: Iterator[_Shape]) -> list[_Shape]:
    out: list[_Shape] = []
    for shape in shapes:
        last = out[-1] if out else None
        alike = last is not None and not shape.text and not last.text
        if alike and last is not None and (last.style, last.clip) == (shape.style, shape.clip):
            out[-1] = replace(last, d=last.d + shape.d)
        else:
            out.append(shape)
    return out


def _written(shape: _Shape) -> str:
    if shape.text:
        return shape.text
    clip = f' clip-path="url(#{shape.clip})"' if shape.clip else ""
    return f'<path d="{shape.d}"{clip} style="{shape.style}"/>'


def _area(node: ET.Element, name: str) -> str:
    rect = node[0]
    places = " ".join(
        f'{key}="{number(float(rect.get(key, "0")))}"' for key in ("x", "y", "width", "height")
    )
    return f'<clipPath id="{name}"><rect {places}/></clipPath>'
