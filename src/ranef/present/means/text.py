"""Marginal means and contrasts in text: the cells of their tables, and what is said below."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ranef.inference.means.families import ContrastTests
from ranef.inference.means.grid import Grid
from ranef.page.phrases import count, level_text, one_of_them, whole
from ranef.present.text.numbers import estimate_text, figure, p_text, rounded, significant

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AT_ZERO", "cells_of", "contrast_notes", "mean_notes", "names_of", "titled"]

AT_ZERO = "Random effects are zero here: the average over the groups is different."

_HEADS = {
    "estimate": "Estimate",
    "std_error": "SE",
    "df": "df",
    "statistic": "t",
    "p_value": "p",
    "conf_low": "Low",
    "conf_high": "High",
}

_WEIGHTS = {
    "equal": "each combination with the same weight",
    "proportional": "combinations as frequent as in the rows used",
    "cells": "combinations as frequent as in the rows of each cell",
    "outer": "with the product of the frequencies of each variable",
}

_ADJUSTED = {
    "tukey": "P values and intervals are adjusted by Tukey's method for the pairs of {means} means",
    "sidak": "P values and intervals are adjusted by Sidak's method for {k}",
    "bonferroni": "P values and intervals are adjusted by Bonferroni's method for {k}",
    "holm": "P values are adjusted by Holm's method for {k}, intervals by Bonferroni's",
    "scheffe": "P values and intervals are adjusted by Scheffe's method, for all contrasts",
    "mvt": "P values and intervals are adjusted by the multivariate {law} distribution of {k}",
}


def titled(title: str, unit: str) -> str:
    """A title with what the numbers are, which those of linear models do not say."""
    return f"{title} ({unit})" if unit else title


def cells_of(frame: pd.DataFrame, tests: bool, normal: bool = False) -> list[list[str]]:
    """The table: labels, estimate, SE, df (unless `normal`), then tests or intervals."""
    numbers = ["estimate", "std_error", *([] if normal else ["df"])]
    numbers += ["statistic", "p_value"] if tests else ["conf_low", "conf_high"]
    labels = [str(name) for name in frame.columns if name not in _HEADS]
    decimals = significant(frame["std_error"], 3, least=2)
    endless = all(math.isinf(df) for df in frame["df"])
    head = ["z" if endless and name == "statistic" else _HEADS[name] for name in numbers]
    rows = [[*(name.capitalize() if name == "contrast" else name for name in labels), *head]]
    for record in frame.to_dict("records"):
        own = [_label(record[name]) for name in labels]
        rows.append(own + [_number(name, record, decimals) for name in numbers])
    if not labels:
        rows = [["", *row] if k == 0 else ["all rows", *row] for k, row in enumerate(rows)]
    return rows


def names_of(frame: pd.DataFrame) -> tuple[int, ...]:
    """The columns of the table that hold words: labels, unless all of them are numbers."""
    labels = [name for name in frame.columns if name not in _HEADS]
    own = enumerate(frame[labels].dtypes)
    return (0, *(j for j, dtype in own if j and getattr(dtype, "kind", "O") not in "iuf"))


def _label(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _number(name: str, row: dict[Any, Any], decimals: int) -> str:
    value = float(row[name])
    if math.isnan(value):
        return "not estimable" if name == "estimate" else ""
    if name == "df":
        return "Inf" if math.isinf(value) else rounded(value, 1)
    if name == "statistic":
        return rounded(value, 2)
    if name == "p_value":
        return p_text(value)
    if name == "std_error":
        return figure(value, decimals)
    return estimate_text(value, float(row["std_error"]), decimals)


def mean_notes(
    grid: Grid, weights: str, errors: str, level: float, undetermined: int
) -> tuple[str, ...]:
    """What was averaged over, where numbers stand, and what is missing."""
    notes = []
    if grid.averaged:
        notes.append(f"Averaged over {_listed(grid.averaged)}, {_WEIGHTS[weights]}.")
    if grid.held:
        held = ", ".join(f"{name} = {_label(value)}" for name, value in grid.held.items())
        notes.append(f"At {held}.")
    notes.append(f"{level_text(level)} intervals; {errors}.")
    if undetermined:
        are = one_of_them(undetermined, "is", "are")
        notes.append(
            f"{whole(undetermined)} of them {are} not estimable: the data do not determine a "
            "combination of levels that would be averaged."
        )
    return tuple(notes)


def contrast_notes(tests: ContrastTests, level: float, normal: bool = False) -> tuple[str, ...]:
    """How p values are adjusted, and where that is not what was asked for.

    `normal` calls the multivariate distribution by its name.
    """
    k = tests.families[0].size
    family = f"a family of {k}"
    notes = []
    if k > 1 and tests.adjust in _ADJUSTED:
        said = _ADJUSTED[tests.adjust].format(
            k=family, means=tests.means, law="normal" if normal else "t"
        )
        where = f" within each group of {_listed(tuple(tests.by))}" if tests.by else ""
        notes.append(f"{said}{where}.")
    if k > 1 and tests.asked == "tukey" and tests.adjust == "sidak":
        notes.append("Tukey's method is for all pairs of a set of means; Sidak's took its place.")
    missing = int(sum(math.isnan(v) for v in tests.plain.estimate))
    if missing:
        are = one_of_them(missing, "is", "are")
        notes.append(
            f"{count(missing, 'contrast')} {are} not estimable, and counted in the family."
        )
    return tuple(notes)


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
