"""What is refused of a source, in the words of models in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ranef.design.columns import check_columns as check_names
from ranef.errors import DataError, UnknownColumnError, suggestion
from ranef.formula import Formula
from ranef.formula.functions import CATEGORY
from ranef.formula.nodes import Call, Expr, Name, walk
from ranef.formula.position import pointer
from ranef.formula.render import to_source, to_text
from ranef.page.phrases import one_of_them, share, whole
from ranef.streams.schema import ColumnType, Schema
from ranef.sums.plan import Plan

__all__ = [
    "beyond",
    "check_columns",
    "fixed_categories",
    "no_complete_rows",
    "place_of",
    "refuse_missing",
    "too_many_levels",
]


def check_columns(
    formula: Formula,
    schema: Schema,
    weights: str | None,
    offset: str | None,
    engine: str | None = None,
) -> None:
    """Refuse columns that are not there, or hold what no model takes.

    Parameters
    ----------
    formula : Formula
    schema : Schema
    weights, offset : str, optional
    engine : str, optional
        What answers queries in SQL, to which names that differ in case only are one name.

    Raises
    ------
    UnknownColumnError
        A name is not a column.
    DataError
        Lists and structures, dates as predictors, a response that is not numeric.
    """
    names = tuple(schema)
    if engine is not None:
        _refuse_twins([*formula.variables(), weights, offset], names, engine)
    check_names(formula, names)
    for what, name in (("weights", weights), ("offset", offset)):
        if name is not None and name not in schema:
            raise UnknownColumnError(
                f"unknown column '{name}'",
                where=f"{what}='{name}'",
                found="columns " + ", ".join(names[:12]),
                fix=suggestion(name, names) or "name a column of the data",
            )
    for name in (*formula.variables(), weights, offset):
        if name is not None and schema[name].clash:
            raise DataError(
                f"column '{name}' is not the same in all files",
                found=schema[name].clash,
                fix=f"give all files a column '{name}', and make it numbers in all of them or text "
                "in all of them",
            )
        if name is not None and schema[name].kind == "other":
            raise DataError(
                f"column '{name}' is neither numbers nor labels",
                found=f"type {schema[name].text}",
                fix=f"turn '{name}' into a number or a category",
            )
    response = formula.response
    if isinstance(response, Name) and schema[response.name].kind == "factor":
        raise DataError(
            f"the response '{response.name}' is not numeric",
            where=pointer(formula.text, response.span),
            found=f"type {schema[response.name].text}",
            fix="convert it to numbers",
        )
    for factor in _predictors(formula):
        for used in _as_they_are(factor):
            if schema[used.name].instants:
                raise _instants(used, schema[used.name], formula.text)


def _refuse_twins(used: Iterable[str | None], names: Sequence[str], engine: str) -> None:
    """Refuse a column beside one whose name differs in case only.

    DuckDB calls the second of ``x`` and ``X`` in a file ``X_1``.
    """
    for name in used:
        if name is None:
            continue
        twins = [n for n in names if n.lower() == name.lower() and n != name]
        if twins and (name in names or f"{name}_1" in names):
            raise DataError(
                f"'{name}' and '{twins[0]}' differ in case only, and SQL takes them for one name",
                where=engine,
                found="columns " + ", ".join(names[:12]),
                fix="rename one of them, or give an Arrow data set, which SQL does not read: "
                "pyarrow.dataset.dataset(path)",
            )


def beyond(name: Name, kind: ColumnType, formula: str) -> DataError:
    """What is said of a predictor whose whole numbers a float64 does not hold."""
    column = to_source(name)
    return DataError(
        f"the predictor '{name.name}' holds whole numbers beyond 2**53, not numbers or categories",
        where=pointer(formula, name.span) if name.span[1] else formula,
        found=f"type {kind.text}",
        fix=f"for a trend, make it a column of floats; factor({column}) gives each its own "
        f"coefficient, and (1 | {column}) its own random effect",
    )


def refuse_missing(counts: Mapping[str, int], n_total: int, left_out: int | None = None) -> None:
    """The rule of ``missing="raise"``.

    Parameters
    ----------
    counts : mapping of str to int
        Missing values by column.
    n_total : int
        All rows.
    left_out : int, optional
        Rows with a missing value, if they have been counted.

    Raises
    ------
    DataError
    """
    if not any(counts.values()):
        return
    if left_out is None:
        what = "values of the model's variables are missing"
    else:
        verb = one_of_them(left_out, "has", "have")
        what = f"{share(left_out, n_total, 'row')} {verb} missing values"
    raise DataError(
        what,
        found=_counted(counts, n_total),
        fix='missing="drop" leaves these rows out and records how many they were',
    )


def no_complete_rows(n_total: int, counts: Mapping[str, int]) -> DataError:
    """What is said of data without a complete row."""
    if not n_total:
        return DataError(
            "the data have no rows",
            found="0 rows",
            fix="check the filter or the file that the data come from",
        )
    every = [name for name, count in counts.items() if count == n_total]
    culprits = ", ".join(f"'{name}'" for name in every or counts)
    verb = "is" if len(every) == 1 else "are"
    reason = (
        f"{culprits} {verb} missing in every row"
        if every
        else f"every row misses one or more of {culprits}"
    )
    return DataError(
        f"no row is complete: {reason}",
        found=_counted(counts, n_total),
        fix="check how the file was read, or leave the variable out of the model",
    )


def place_of(plan: Plan, text: str) -> str:
    """Where a summed column stands in the formula."""
    for expr in _every(plan.formula):
        for node in walk(expr):
            span = getattr(node, "span", (0, 0))
            if span[1] and to_text(node) == text:
                return pointer(plan.formula.text, span)
    return plan.formula.text


def fixed_categories(plan: Plan) -> tuple[str, ...]:
    """Categories whose levels are columns of X, and that are not grouping factors too."""
    grouped = {name for factor in plan.factors for name in factor}
    grouped |= {name for own in plan.means for name in own.groups}
    return tuple(name for name in plan.keys if name not in grouped)


def too_many_levels(plan: Plan, name: str, found: str) -> DataError:
    """What is said of a category in the fixed part that has nearly as many levels as rows."""
    return DataError(
        f"the category '{name}' has too many values for the fixed part",
        where=place_of(plan, name),
        found=found,
        fix=f"use it as a grouping factor, (1 | {name}), or as a number; look whether the column "
        "holds numbers that are stored as text",
    )


def _every(formula: Formula) -> list[Expr]:
    return [formula.response, *_predictors(formula)]


def _predictors(formula: Formula) -> list[Expr]:
    terms = [*formula.fixed, *(term for bar in formula.bars for term in bar.model.terms)]
    return [factor for term in terms for factor in term.factors] + list(formula.offsets)


def _as_they_are(expr: Expr) -> list[Name]:
    """Columns whose values are used as they are, not as categories or groups."""
    if isinstance(expr, Call) and expr.function in CATEGORY:
        return []
    if isinstance(expr, Call) and expr.function in ("within", "between"):
        return _as_they_are(expr.args[0])
    return [node for node in walk(expr) if isinstance(node, Name)]


def _instants(name: Name, kind: ColumnType, formula: str) -> DataError:
    column = to_source(name)
    return DataError(
        f"the predictor '{name.name}' holds dates or times, not numbers or categories",
        where=pointer(formula, name.span),
        found=f"type {kind.text}",
        fix="for a trend, use a number such as the days since a start; "
        f"factor({column}) gives each its own coefficient, and (1 | {column}) its own random "
        "effect",
    )


def _counted(counts: Mapping[str, int], n_total: int) -> str:
    return ", ".join(
        f"{name} missing in {whole(count)} of {whole(n_total)}" for name, count in counts.items()
    )
