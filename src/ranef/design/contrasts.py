"""Contrasts as the user names them: an argument of the fit, or inside ``C()``."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import numpy as np

from ranef.design.fixed import Contrast
from ranef.design.levels import Levels, learn_levels
from ranef.design.state import State
from ranef.errors import DesignError, OptionError, suggestion
from ranef.formula.literals import literal
from ranef.formula.naming import in_call, of_column
from ranef.formula.nodes import Call, Expr, Name
from ranef.formula.position import formula_error
from ranef.formula.render import to_text
from ranef.frame.factors import level_name
from ranef.frame.table import Table
from ranef.page.phrases import count

__all__ = ["from_argument", "from_call", "to_argument"]

_KINDS = {"treatment", "sum", "helmert", "poly", "diff", "SAS"}
_PATSY = {"Treatment": "treatment", "Sum": "sum", "Helmert": "helmert", "Poly": "poly"}


def from_argument(contrasts: Mapping[str, Any] | None, table: Table) -> dict[str, Contrast]:
    """Contrasts by column from the argument ``contrasts=``.

    Parameters
    ----------
    contrasts : mapping of str to str or DataFrame, or None
        ``"sum"``, ``"helmert"``, ``"poly"``, ``"treatment"`` (also ``"contr.sum"`` and so on), or
        a frame with one row a level, labelled by the index, and one column a contrast.
    table : Table

    Raises
    ------
    OptionError
        An unknown kind or column, or a matrix that does not fit the levels.
    """
    made: dict[str, Contrast] = {}
    for name, value in (contrasts or {}).items():
        if name not in table:
            raise OptionError(
                f"contrasts are given for '{name}', which is not in the model",
                found="columns " + ", ".join(table.names),
                fix=suggestion(name, table.names) or "name a category of the formula",
            )
        if isinstance(value, str):
            made[name] = Contrast(_kind(name, value))
        else:
            made[name] = _matrix(name, value, table)
    return made


def to_argument(state: State, columns: Container[str]) -> dict[str, Any]:
    """The argument ``contrasts=`` that codes the categories among `columns` as `state` does.

    Categories coded inside of ``C()`` are left out: their formula says how.
    """
    found: dict[str, Any] = {}
    for key, category in state.categories.items():
        column, contrast = category.column, category.contrast
        own = (of_column(column), f"C({in_call(column)})")
        if column not in columns or key not in own or contrast == Contrast():
            continue
        if contrast.kind == "custom":
            import pandas as pd

            found[column] = pd.DataFrame(dict(contrast.columns), index=list(category.levels.names))
        else:
            found[column] = contrast.kind
    return found


def _kind(name: str, value: str) -> str:
    kind = value.removeprefix("contr.")
    if kind not in _KINDS:
        kind = kind.lower()
    if kind not in _KINDS:
        raise OptionError(
            f"unknown contrast '{value}' for '{name}'",
            found="contrasts " + ", ".join(sorted(_KINDS, key=str.lower)),
            fix=suggestion(value, sorted(_KINDS)) or "use one of these",
        )
    return kind


def _matrix(name: str, value: Any, table: Table) -> Contrast:
    levels, _ = learn_levels(table[name])
    if not (hasattr(value, "index") and hasattr(value, "columns")):
        raise OptionError(
            f"the contrasts of '{name}' are neither a name nor a labelled matrix",
            found=type(value).__name__,
            fix="give a pandas DataFrame with the levels as index and one column a contrast",
        )
    rows = [level_name(label) for label in value.index]
    if sorted(rows) != sorted(levels.names):
        raise OptionError(
            f"the rows of the contrast matrix of '{name}' are not its levels",
            found=f"rows {', '.join(rows)}; levels {', '.join(levels.names)}",
            fix="label the rows with the levels that occur in the data",
        )
    labels = [str(label) for label in value.columns]
    if len(set(labels)) < len(labels):
        twice = next(label for label in labels if labels.count(label) > 1)
        raise OptionError(
            f"the contrast matrix of '{name}' has two columns called '{twice}'",
            found="columns " + ", ".join(labels),
            fix="give every contrast a name of its own",
        )
    matrix = np.asarray(value, dtype=np.float64)[[rows.index(level) for level in levels.names]]
    full = np.column_stack([np.ones(len(levels)), matrix])
    if not np.isfinite(full).all() or np.linalg.matrix_rank(full) < full.shape[1]:
        raise OptionError(
            f"the contrast matrix of '{name}' has dependent columns",
            found=f"{count(matrix.shape[1], 'column')} for {count(len(levels), 'level')}",
            fix="use at most one column less than levels, independent of each other and of 1",
        )
    columns = zip(labels, matrix.T.tolist(), strict=True)
    return Contrast("custom", columns=tuple((label, tuple(values)) for label, values in columns))


def from_call(call: Call, levels: Levels, text: str) -> tuple[Levels, Contrast]:
    """Levels and contrast of ``C(f)``, ``C(f, contr.sum)``, ``factor(f, levels=c(...))``.

    Raises
    ------
    FormulaError
        A contrast that is none.
    DesignError
        Levels that are not those of the column.
    """
    if call.function == "relevel":
        return _releveled(call, levels, text), Contrast()
    if call.function == "ordered":
        values = [*call.args[1:], *(value for _, value in call.keywords)]
        if values:
            wanted = literal(values[0])
            names = [level_name(v) for v in (wanted if isinstance(wanted, list) else [wanted])]
            levels = _reordered(call, levels, names)
        return levels, Contrast("poly")
    contrast: Expr | None = call.args[1] if len(call.args) > 1 else None
    for key, value in call.keywords:
        if key != "levels":
            raise formula_error(
                f"{call.function}() has no argument '{key}'", text, value.span, fix="remove it"
            )
        wanted = literal(value)
        names = [level_name(v) for v in (wanted if isinstance(wanted, list) else [wanted])]
        levels = _reordered(call, levels, names)
    if contrast is None:
        return levels, Contrast()
    return levels, _contrast(contrast, levels, text)


def _releveled(call: Call, levels: Levels, text: str) -> Levels:
    """The levels with the reference first."""
    value = [*call.args[1:], *(value for _, value in call.keywords)][0]
    base = literal(value)
    if isinstance(base, list) or level_name(base) not in levels.names:
        raise formula_error(
            f"{to_text(value)} is not a level to be the reference",
            text,
            value.span,
            found="levels " + ", ".join(levels.names),
            fix=f"write relevel({to_text(call.args[0])}, ref='{levels.names[0]}')",
        )
    first = level_name(base)
    return Levels((first, *(name for name in levels.names if name != first)))


def _reordered(call: Call, levels: Levels, names: list[str]) -> Levels:
    if sorted(names) != sorted(levels.names):
        raise DesignError(
            f"the levels given in {to_text(call)} are not those of the column",
            found=f"given {', '.join(names)}; in the data {', '.join(levels.names)}",
            fix="list each level that occurs once",
        )
    return Levels(tuple(names))


def _contrast(expr: Expr, levels: Levels, text: str) -> Contrast:
    name = expr.name if isinstance(expr, Name) else getattr(expr, "function", "")
    kind = _PATSY.get(name) or name.removeprefix("contr.")
    if kind not in _KINDS or not (name in _PATSY or name.startswith("contr.")):
        raise formula_error(
            f"{to_text(expr)} is not a contrast",
            text,
            expr.span,
            found="contrasts contr." + ", contr.".join(sorted(_KINDS, key=str.lower)),
            fix="write C(f, contr.sum) or C(f, contr.treatment(base='level'))",
        )
    arguments = (
        [*expr.args, *(value for _, value in expr.keywords)] if isinstance(expr, Call) else []
    )
    if not arguments:
        return Contrast(kind)
    base = literal(arguments[0])
    if isinstance(base, int) and str(base) not in levels.names and 1 <= base <= len(levels):
        base = levels.names[base - 1]
    if kind != "treatment" or len(arguments) > 1 or level_name(base) not in levels.names:
        raise formula_error(
            f"{to_text(expr)} does not name a reference level",
            text,
            expr.span,
            found="levels " + ", ".join(levels.names),
            fix=f"write contr.treatment(base='{levels.names[0]}')",
        )
    return Contrast("treatment", base=level_name(base))
