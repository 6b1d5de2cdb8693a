"""How wide a formula is set, in em of its font: Computer Modern, as LaTeX has it."""

from __future__ import annotations

from unicodedata import east_asian_width, normalize

from ranef.present.equation.tex import (
    Fence,
    Node,
    Over,
    Root,
    Row,
    Scripts,
    Space,
    Symbol,
    Table,
    parse,
)

__all__ = ["width_of"]

# Thousandths of an em, cmr10.
_CHARACTERS = {
    278: "il.,:;!'|[]",
    306: "fj",
    333: " -",
    361: "I",
    389: "t()/_",
    392: "r",
    394: "s",
    444: "cez",
    500: "ago0123456789",
    514: "J",
    528: "kqvxy",
    556: "bdhnpuS",
    611: "Z",
    625: "L",
    653: "F",
    681: "EP",
    708: "B",
    722: "wCT",
    736: "R",
    750: "AHNUVXY",
    764: "D",
    778: "KOQ",
    785: "G",
    833: "m=+<>~#%&@\\×−",
    917: "M",
    1028: "W",
}
_ROMAN = {c: width / 1000 for width, characters in _CHARACTERS.items() for c in characters}
_OTHER = 0.6

# The same, cmmi10 with the italic correction.
_MATHS = {
    310: "l",
    360: "it",
    450: "jrq",
    475: "egsvθ",
    520: "kpdζη",
    560: "τργδ",
    600: "unhλφπσμε",
    640: "βαψω",
    720: "w",
    880: "m",
}
_ITALIC = {"…": 1.4} | {c: width / 1000 for width, characters in _MATHS.items() for c in characters}
_SCRIPT = 0.8  # letters of seven points are wider than seven tenths
_BINARY = 0.78 + 2 * 0.23
_RELATION = 0.78 + 2 * 0.28
_COMMA = 0.17


def width_of(latex: str) -> float:
    r"""The width of a formula in em.

    >>> round(width_of(r"\text{math}_{ij}"), 1), round(width_of(r"\beta_{0j} + e_{ij}"), 1)
    (3.0, 3.9)
    """
    return _width(parse(latex))


def _width(node: Node, small: bool = False) -> float:
    """`small` in indices: no space is left around operators there."""
    match node:
        case Symbol():
            return _symbol(node, small)
        case Space():
            return node.em
        case Row():
            return sum(_width(item, small) for item in node.items)
        case Scripts(base=Symbol(kind="big") as base):
            limits = [
                _SCRIPT * _width(part, True) for part in (node.sub, node.sup) if part is not None
            ]
            return max(_width(base), *limits) + 0.2
        case Scripts():
            parts = [_width(part, True) for part in (node.sub, node.sup) if part is not None]
            return _width(node.base, small) + _SCRIPT * max(parts) + 0.06
        case Root():
            return _width(node.inside) + 0.9
        case Over():
            return _width(node.inside)
        case Fence():
            return _width(node.inside) + 2 * (0.8 if _tall(node.inside) else 0.42) + 0.2
        case Table():
            columns = max(map(len, node.rows))
            widest = [
                max(_width(row[k]) for row in node.rows if k < len(row)) for k in range(columns)
            ]
            brackets = 1.9 if node.name == "pmatrix" else 0.9
            return sum(widest) + (columns - 1) * 1.0 + brackets


def _tall(node: Node) -> bool:
    return isinstance(node, Table) or (isinstance(node, Row) and any(map(_tall, node.items)))


def _symbol(symbol: Symbol, small: bool) -> float:
    if symbol.kind in ("binary", "relation"):
        return 0.8 if small else _BINARY if symbol.kind == "binary" else _RELATION
    if symbol.kind == "letter":
        return _ITALIC.get(symbol.shown, _OTHER)
    if symbol.shown == "," and not small:
        return _character(",") + _COMMA
    if symbol.kind == "big":
        return 1.45
    width = sum(map(_character, symbol.shown))
    return width + (0.17 if symbol.kind == "upright" and len(symbol.shown) > 1 else 0.0)


def _character(c: str) -> float:
    if east_asian_width(c) in "WF":
        return 1.0
    plain = normalize("NFD", c)[0]
    return _ROMAN.get(plain, _OTHER)
