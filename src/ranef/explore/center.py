"""Centring: within groups, on the whole, and of group-level variables on groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from ranef.answers import refuse_unknown_options
from ranef.errors import DataError, OptionError
from ranef.frame.export import with_columns
from ranef.frame.grouping import (
    as_names,
    columns_of_groups,
    group_means,
    grouping,
    is_constant_within,
    relate,
    spread,
)
from ranef.frame.open import OpenFrame, collect, open_frame
from ranef.frame.read import read_open_frame
from ranef.frame.table import Column
from ranef.options import boolean, mapping, name_list, one_of, text
from ranef.types import Array

__all__ = ["center", "decompose"]

SUFFIXES = {"within": "_within", "between": "_between", "grand": "_grand"}


@refuse_unknown_options("rn.center")
def center(
    data: Any,
    *columns: str | Sequence[str],
    by: str | Sequence[str] | None = None,
    how: Literal["within", "grand"] = "within",
    at: Literal["row", "group"] = "row",
    suffixes: Mapping[str, str] | None = None,
    overwrite: bool = False,
) -> Any:
    r"""Add centred copies of variables to a data frame.

    ``how="within"`` (centring within clusters) adds ``x_within``, the deviation from the group
    mean, and ``x_between``, the group mean, so that ``x = x_within + x_between``. With both in a
    model, the slope of ``x_within`` compares members of one group, and the slope of
    ``x_between`` compares groups.

    Several grouping factors in `by` are recognised as nested or crossed from the data:

    - nested, as in ``by=["school", "child"]`` (in any order; of two factors that make the same
      groups the first counts as the outer one): one step of the hierarchy at a
      time. ``x_within`` is the deviation from the innermost mean, ``x_between_child`` the child
      mean minus the school mean, ``x_between_school`` the school mean. They add up to ``x``. All
      means are means over rows, so that ``x_within`` sums to zero in every child and
      ``x_between_child`` in every school (over the rows where ``x`` is present).
    - crossed: ``x_within = x - mean_a - mean_b + grand mean`` (for K factors: minus all K means,
      plus K - 1 grand means), with ``x_between_a`` and ``x_between_b`` the group means. In
      balanced data ``x_within`` sums to zero within every level of each factor.

    ``how="grand"`` adds ``x_grand``, the deviation from the mean of all rows; `by` is then not
    needed.

    ``at="group"`` treats a variable that is constant within groups: each group of the innermost
    factor counts once, whatever its size. With one factor it adds ``x_grand``, the deviation
    from the mean over groups; with nested factors and ``how="within"`` the variable is centred
    within the outer ones.

    Missing values are left out of every mean and stay missing; a row whose group is missing has
    no parts. Means are over all rows that have the variable and the group, whatever else is missing
    there; ``within()`` and ``between()`` in a formula take the same rows.

    Parameters
    ----------
    data : pandas, Polars (eager or lazy), PyArrow, DuckDB relation, or mapping of columns
        Never changed.
    *columns : str or list of str
        Number columns to centre.
    by : str or list of str, optional
        Grouping columns; ``"batch:cask"`` is the combination of two.
    how : {"within", "grand"}
    at : {"row", "group"}
        What counts once in a mean.
    suffixes : mapping of str to str, optional
        Other endings than ``{"within": "_within", "between": "_between", "grand": "_grand"}``.
    overwrite : bool
        Whether columns of the new names may be replaced.

    Returns
    -------
    object
        The same kind of frame with the new columns; a pandas index is kept. A DuckDB relation
        gives a PyArrow table.

    Raises
    ------
    DataError
        A column is not numeric or is infinite somewhere, a new name is taken, or with
        ``at="group"`` a variable varies within a group.
    OptionError
        The options do not fit together, or `by` mixes nested and crossed factors.
    UnknownColumnError
        A name is not a column.

    References
    ----------
    Enders, C. K. and Tofighi, D. (2007) Psychological Methods 12, 121-138 (two levels).
    Brincks, A. M. et al. (2017) Journal of Experimental Education 85, 149-163 (three levels).
    Raudenbush, S. W. (2009) Education Finance and Policy 4, 468-491 (crossed factors).

    Examples
    --------
    >>> import pandas as pd
    >>> pupils = pd.DataFrame({"school": ["a", "a", "b", "b"], "ses": [1.0, 3.0, 4.0, 8.0]})
    >>> center(pupils, "ses", by="school")
      school  ses  ses_within  ses_between
    0      a  1.0        -1.0          2.0
    1      a  3.0         1.0          2.0
    2      b  4.0        -2.0          6.0
    3      b  8.0         2.0          6.0
    """
    names = _columns(columns)
    groups = () if by is None else as_names(by, "by")
    endings = _suffixes(suffixes)
    _check_options(how, at, groups)
    boolean("overwrite", overwrite)
    frame = open_frame(data)
    if how == "grand" and at == "row":
        groups = ()
    frame.require((*names, *columns_of_groups(frame, groups)))
    lazy = frame.library == "polars-lazy"
    frame = collect(frame)
    table = read_open_frame(frame, (*names, *columns_of_groups(frame, groups)))
    factors = _ordered([grouping(table, group) for group in groups], at)
    new: dict[str, Array] = {}
    for name in names:
        values = _numbers(table[name])
        if at == "group":
            parts = _parts_at_groups(table[name], factors, how)
        elif how == "grand":
            parts = {"grand": values - _mean(values)}
        else:
            parts = decompose(values, factors)
        made = {name + _ending(part, endings): part_values for part, part_values in parts.items()}
        if len(made) < len(parts) or not made.keys().isdisjoint(new):
            raise OptionError(
                f"two of the new columns of '{name}' would have one name",
                found="endings " + ", ".join(_ending(part, endings) for part in parts),
                fix="rename one of the columns, or give other endings by suffixes={...}",
            )
        new |= made
    _refuse_taken(frame, tuple(new), overwrite)
    result = with_columns(frame, new)
    return result.lazy() if lazy else result


def decompose(values: Array, factors: Sequence[Column]) -> dict[str, Array]:
    """The parts of a variable by level: ``within``, and ``between`` or ``between_<factor>``.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        NaN where missing.
    factors : sequence of Column
        Grouping factors: one; or nested, outermost first; or crossed.

    Returns
    -------
    dict of str to ndarray of shape (n,)
        See :func:`center`.
    """
    means = [
        spread(group_means(values, factor.values, len(factor.levels)), factor.values)
        for factor in factors
    ]
    if len(factors) == 1:
        return {"within": values - means[0], "between": means[0]}
    parts = [f"between_{factor.name.replace(':', '_')}" for factor in factors]
    if len(set(parts)) < len(parts):
        parts = [f"between_{factor.name}" for factor in factors]
    if relate(factors[0], factors[1]).kind.endswith("crossed"):
        grand = _mean(values)
        deviations = sum((mean - grand for mean in means), np.zeros_like(values))
        return {"within": values - grand - deviations, **dict(zip(parts, means, strict=True))}
    steps = [means[0], *(inner - outer for outer, inner in pairwise(means))]
    return {"within": values - means[-1], **dict(zip(parts, steps, strict=True))}


def _parts_at_groups(column: Column, factors: Sequence[Column], how: str) -> dict[str, Array]:
    unit = factors[-1]
    constant = is_constant_within(column, unit.values, len(unit.levels))
    if not constant.all():
        varying = [unit.levels[i] for i in np.flatnonzero(~constant)]
        more = f" and {len(varying) - 3} more" if len(varying) > 3 else ""
        raise DataError(
            f"'{column.name}' varies within {unit.name}",
            found=f"several values in {unit.name} {', '.join(varying[:3])}{more}",
            fix='at="row" centres a variable that differs from row to row',
        )
    by_unit = group_means(column.values, unit.values, len(unit.levels))
    if how == "grand" or len(factors) == 1:
        parts = {"grand": by_unit - _mean(by_unit)}
    else:
        parts = decompose(by_unit, [_on_units(outer, unit) for outer in factors[:-1]])
    absent = np.isnan(column.values)
    spread_parts = {part: spread(values, unit.values) for part, values in parts.items()}
    return {
        part: np.where(absent, np.nan, values) if not part.startswith("between") else values
        for part, values in spread_parts.items()
    }


def _on_units(outer: Column, unit: Column) -> Column:
    """An outer factor with one code for each level of the innermost one."""
    codes = np.full(len(unit.levels), -1, dtype=np.int32)
    present = (unit.values >= 0) & (outer.values >= 0)
    codes[unit.values[present]] = outer.values[present]
    return Column(outer.name, "factor", codes, outer.levels)


def _ordered(factors: list[Column], at: str) -> list[Column]:
    """Nested factors from the outermost to the innermost; crossed ones as they are.

    Raises
    ------
    OptionError
        Some are nested and others crossed, or crossed ones are to be the units of a mean.
    """
    pairs = [relate(a, b) for i, a in enumerate(factors) for b in factors[i + 1 :]]
    crossed = [pair for pair in pairs if pair.kind.endswith("crossed")]
    if crossed and len(crossed) < len(pairs):
        nested = next(pair for pair in pairs if not pair.kind.endswith("crossed"))
        raise OptionError(
            "by mixes nested and crossed grouping factors",
            found=f"{nested.a} nested in {nested.b}, "
            f"but {crossed[0].a} crossed with {crossed[0].b}",
            fix="centre by the nested factors alone, or by the crossed ones alone",
        )
    if crossed and at == "group":
        raise OptionError(
            'at="group" needs one grouping factor, or nested ones',
            found=f"{crossed[0].a} crossed with {crossed[0].b}",
            fix="name the factor within which the variable is constant",
        )
    if crossed or not pairs:
        return factors
    inside = {factor.name: 0 for factor in factors}
    for pair in pairs:
        inside[pair.a] += pair.kind == "nested"
    return sorted(factors, key=lambda factor: inside[factor.name])


def _columns(columns: tuple[str | Sequence[str], ...]) -> tuple[str, ...]:
    flat: list[str] = []
    for item in columns:
        flat += name_list("columns", item, "column")
    return as_names(flat, "the columns to centre")


def _suffixes(suffixes: Mapping[str, str] | None) -> dict[str, str]:
    if suffixes is None:
        return dict(SUFFIXES)
    example = 'as in suffixes={"within": "_cwc"}'
    mapping("suffixes", suffixes, "suffixes are given by the kind of part", example)
    for ending in suffixes.values():
        text("suffixes", ending)
    unknown = set(suffixes) - set(SUFFIXES)
    if unknown:
        raise OptionError(
            "suffixes has an unknown key",
            found=", ".join(sorted(unknown)),
            fix=f"the keys are {', '.join(SUFFIXES)}",
        )
    return {**SUFFIXES, **suffixes}


def _ending(part: str, endings: Mapping[str, str]) -> str:
    kind, _, factor = part.partition("_")
    return endings[kind] + (f"_{factor}" if factor else "")


def _check_options(how: str, at: str, groups: tuple[str, ...]) -> None:
    one_of("how", how, ("within", "grand"))
    one_of("at", at, ("row", "group"))
    if not groups and (how == "within" or at == "group"):
        asked = 'at="group"' if at == "group" else 'how="within"'
        raise OptionError(
            f"{asked} needs grouping columns",
            found="by=None",
            fix='name them, as in by="school"; how="grand" alone centres on the mean of all rows',
        )


def _numbers(column: Column) -> Array:
    if column.kind == "factor":
        raise DataError(
            f"'{column.name}' is not numeric, so it has no mean",
            found=f"type {column.source_type}",
            fix="centre number columns only",
        )
    if np.isinf(column.values).any():
        raise DataError(
            f"'{column.name}' has infinite values",
            found=f"{int(np.isinf(column.values).sum())} of {len(column)}",
            fix="make them missing, or transform the variable another way",
        )
    return column.values


def _mean(values: Array) -> float:
    present = values[~np.isnan(values)]
    return float(present.mean()) if present.size else np.nan


def _refuse_taken(frame: OpenFrame, new: tuple[str, ...], overwrite: bool) -> None:
    taken = [name for name in new if name in frame.names]
    if taken and not overwrite:
        raise DataError(
            f"the data already have {', '.join(repr(name) for name in taken)}",
            found=f"columns {', '.join(frame.names)}",
            fix="overwrite=True replaces them; suffixes={...} gives the new ones other names",
        )
