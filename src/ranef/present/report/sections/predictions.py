"""Predictions: the effects of the predictors, those with products first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ranef.errors import RanefError
from ranef.formula.naming import column_of, factors, without_level
from ranef.formula.nodes import Name, walk
from ranef.formula.parser import parse_right_side
from ranef.page.phrases import whole
from ranef.present.plots.choice import is_number
from ranef.present.report.blocks import (
    Missing,
    figure,
    folded,
    missing,
    note,
    paragraph,
    side_by_side,
)
from ranef.present.report.material import Material, asked
from ranef.present.report.pictures.effects import Effect, effect_picture

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["body"]

_SHOWN, _MOST = 2, 6
_MOST_LEVELS = 30
_MOST_LINES = 6


def body(material: Material) -> str:
    """A picture and a sentence for each predictor; those after the second are folded."""
    if not material.focal:
        return ""
    if not material.model.certificate.certified:
        why = (
            "The estimates are not those of an optimum, so that predictions from them would mislead"
        )
        return missing(Missing("No predictions", why))
    frame = material.frame
    if isinstance(frame, Missing):
        return missing(frame.part("Predictions"))
    wanted = _wanted(material, frame)
    made: list[Effect] = []
    refused: list[Missing] = []
    for k, (x, by) in enumerate(wanted[:_MOST]):
        one = asked(x, lambda x=x, by=by, k=k: effect_picture(material, frame, x, by, f"eff{k}"))  # type: ignore[misc]
        if isinstance(one, Missing):
            refused.append(one)
        else:
            made.append(one)
    if not made:
        return "".join(map(missing, refused))
    main = _drawn(made[:_SHOWN])
    rest = made[_SHOWN:]
    more = len(wanted) - _MOST
    told = [f"{whole(more)} more: fit.plot.effects(variable)."] if more > 0 else []
    if not rest:
        return main + note(*told)
    noun = "predictor" if len(rest) == 1 else "predictors"
    return main + folded(f"{len(rest)} more {noun}", _drawn(rest) + note(*told))


def _drawn(made: Sequence[Effect]) -> str:
    """A picture with its sentence beside it; of several each sentence is below its picture."""
    if len(made) == 1:
        svg, caption, said = made[0]
        return side_by_side(figure(svg, caption), paragraph(said) if said else "", kind="two flip")
    each = [(paragraph(said) if said else "") + figure(svg, caption) for svg, caption, said in made]
    return side_by_side(*each)


def _wanted(material: Material, frame: pd.DataFrame) -> list[tuple[str, str | None]]:
    """Each variable once, with one that it has a product with; the clearest effects first."""
    order: dict[str, float] = {}
    partners: dict[str, str] = {}
    table = material.coefficients
    for name in material.focal:
        columns = _columns(material, name, frame)
        size = abs(table[name].statistic)
        for column in columns:
            order[column] = max(order.get(column, 0.0), size if size == size else 0.0)
        if len(columns) == 2:
            a, b = columns
            partners.setdefault(a, b)
            partners.setdefault(b, a)
    wanted: list[tuple[str, str | None]] = []
    used: set[str] = set()
    numeric = {name: bool(is_number(frame[name])) for name in order}
    ranked = sorted(order, key=lambda name: (name not in partners, not numeric[name], -order[name]))
    for x in ranked:
        if x in used or (not numeric[x] and int(frame[x].nunique()) > _MOST_LEVELS):
            continue
        by = partners.get(x)
        if by is not None and not numeric[by] and int(frame[by].nunique()) > _MOST_LINES:
            by = None
        used |= {x} | ({by} if by else set())
        wanted.append((x, by))
    return wanted


def _columns(material: Material, name: str, frame: pd.DataFrame) -> list[str]:
    """The columns that a coefficient is about."""
    found: dict[str, None] = {}
    for part in factors(name):
        variable = without_level(part)
        category = material.words.categories.get(variable)
        if category is not None:
            found[category.column] = None
            continue
        column = column_of(variable)
        if column is None:
            column = _first_name(variable)
        if column in frame.columns:
            found[str(column)] = None
    return list(found)


def _first_name(text: str) -> str | None:
    """The column in a call: of ``log(x)`` and of ``within(x, g)`` it is x."""
    try:
        nodes = walk(parse_right_side(f"~ {text}"))
    except RanefError:
        return None
    return next((node.name for node in nodes if isinstance(node, Name)), None)
