"""Equations as MathML, which browsers set without any library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Literal

from ranef.present.equation.lines import PAGE, Line, page_rows
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
from ranef.present.equation.written import Form, lines_of
from ranef.present.protocol import FittedModel

__all__ = ["mathml", "to_mathml"]

_BAR = "border-top:0.06em solid;padding-top:0.1em"


def to_mathml(
    model: FittedModel,
    labels: Mapping[str, str] | None = None,
    form: Form | Literal["auto"] = "auto",
    page: float = PAGE,
) -> str:
    """The equations of a model as a ``math`` element.

    Rows of its table have three cells of the classes ``lab`` (the level and its groups), ``rt``
    (left side) and ``lt`` (right side).

    Parameters
    ----------
    model : FittedModel
    labels : mapping of str to str, optional
        Words by column.
    form : {"auto", "both", "levels", "mixed"}
        ``"auto"``: by levels where the model has them, else in mixed form.
    page : float
        Width of the equations without the headings, in em.
    """
    if form != "auto":
        return mathml(lines_of(model, form, labels), page)
    lines = lines_of(model, "both", labels)
    if any(line.heading == "Level 1" for line in lines):
        lines = lines_of(model, "levels", labels)
    return mathml(lines, page)


def mathml(lines: Iterable[Line], page: float = PAGE) -> str:
    """Lines of equations as a ``math`` element."""
    rows = []
    for row in page_rows(lines, page, headings=False):
        head = f"{row.heading}, {row.of}" if row.of else row.heading
        cells = (("lab", _text(head)), ("rt", _of(row.left)), ("lt", _of(row.right)))
        inner = "".join(f'<mtd class="{name}"{_align(name)}>{cell}</mtd>' for name, cell in cells)
        rows.append(f"<mtr>{inner}</mtr>")
    return (
        '<math xmlns="http://www.w3.org/1998/Math/MathML" display="block">'
        f'<mtable displaystyle="true">{"".join(rows)}</mtable></math>'
    )


def _align(name: str) -> str:
    # Chromium aligns the blocks inside of a cell by its own keyword alone.
    side = "right" if name == "rt" else "left"
    return f' style="text-align:{side};text-align:-webkit-{side}"'


def _text(shown: str) -> str:
    return f"<mtext>{escape(shown)}</mtext>"


def _of(latex: str) -> str:
    return _node(parse(latex)) if latex else ""


def _node(node: Node) -> str:
    match node:
        case Symbol():
            return _symbol(node)
        case Space():
            return f'<mspace width="{node.em:.2f}em"/>'
        case Row():
            return "".join(map(_node, node.items))
        case Scripts(base=Symbol(kind="big") as base):
            return _scripts("munder", "mover", "munderover", base, node)
        case Scripts():
            return _scripts("msub", "msup", "msubsup", node.base, node)
        case Root():
            return f"<msqrt>{_node(node.inside)}</msqrt>"
        case Over():
            # A bar over words: browsers do not stretch the one of mover.
            return f'<mrow style="{_BAR}">{_node(node.inside)}</mrow>'
        case Fence():
            inside = _node(node.inside)
            return f"<mrow><mo>{node.left}</mo>{inside}<mo>{node.right}</mo></mrow>"
        case Table():
            return _table(node)


def _scripts(sub: str, sup: str, both: str, base: Node, node: Scripts) -> str:
    parts = [_one(part) for part in (base, node.sub, node.sup) if part is not None]
    name = both if len(parts) == 3 else sub if node.sub is not None else sup
    return f"<{name}>{''.join(parts)}</{name}>"


def _one(node: Node) -> str:
    """A node as a single element."""
    if isinstance(node, Row) and len(node.items) != 1:
        return f"<mrow>{_node(node)}</mrow>"
    return _node(node)


def _table(table: Table) -> str:
    rows = "".join(
        f"<mtr>{''.join(f'<mtd>{_node(cell)}</mtd>' for cell in row)}</mtr>" for row in table.rows
    )
    inner = f"<mtable>{rows}</mtable>"
    if table.name == "pmatrix":
        return f"<mrow><mo>(</mo>{inner}<mo>)</mo></mrow>"
    return f"<mrow><mo>{{</mo>{inner}</mrow>"


def _symbol(symbol: Symbol) -> str:
    shown = escape(symbol.shown)
    if symbol.kind == "number":
        return f"<mn>{shown}</mn>"
    if symbol.kind == "text":
        return f"<mtext>{shown}</mtext>"
    if symbol.kind == "upright":
        normal = ' mathvariant="normal"' if len(symbol.shown) == 1 else ""
        return f"<mi{normal}>{shown}</mi>"
    if symbol.kind == "letter":
        return f"<mi>{shown}</mi>"
    if symbol.kind == "relation":
        return f'<mo lspace="0.28em" rspace="0.28em">{shown}</mo>'
    stretchy = ' stretchy="false"' if symbol.kind == "operator" and symbol.shown in "()[]|" else ""
    return f"<mo{stretchy}>{shown}</mo>"
