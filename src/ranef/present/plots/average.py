"""The population prediction in an average group: one variable moves, the others are averaged."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.design.reads import reads
from ranef.errors import NotEstimableWarning
from ranef.formula import parse, to_text
from ranef.formula.functions import CENTRING
from ranef.formula.naming import of_column
from ranef.formula.nodes import Call, Expr, walk
from ranef.present.plots.grid import is_category, repeated
from ranef.present.protocol import FittedModel

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["average_group", "centred_within"]

_MOST_ROWS = 200_000
"""Coded at once."""


def average_group(
    model: FittedModel,
    data: pd.DataFrame,
    moving: dict[str, Sequence[Any]],
    linked: bool = False,
) -> pd.DataFrame:
    """Population predictions along some variables, in an average group.

    Numbers are at their mean, group means ``between(x, g)`` too, so that x moves ``within(x, g)``
    alone. Categories are at their proportions: the prediction is averaged over the combinations
    that occur, each as often as it does.

    Parameters
    ----------
    model : FittedModel
    data : DataFrame
        The model's variables in the rows used.
    moving : dict of str to sequence
        Values of the variables that move, all of one length.
    linked : bool
        Whether they are linear predictors, and not means of the response.

    Returns
    -------
    DataFrame
        One row a point: estimate, conf_low, conf_high (95%). A point that the data of the fit do
        not determine is NaN.
    """
    import pandas as pd

    exprs = _fixed_part(model)
    means = model._average_means() if any(_calls(exprs)) else {}
    names = {name for expr in exprs for name in reads(expr, means)}
    categories = [
        str(name)
        for name in data.columns
        if name in names and name not in moving and is_category(data[name], str(name), model)
    ]
    row = {
        str(name): float(data[name].mean())
        for name in data.columns
        if name not in moving and not is_category(data[name], str(name), model)
    }
    row |= means
    if not categories:
        frame = repeated(data, row, **moving)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotEstimableWarning)
            if model._distribution is not None:
                return model._population_averages(frame, np.ones(1), linked)
            made: pd.DataFrame = model.predict(frame, level="population", interval="confidence")
        return made
    cells = data.groupby(categories, observed=True, sort=False).size()
    held = cells.index.to_frame(index=False)
    weights = cells.to_numpy(dtype=float) / float(cells.sum())
    length = len(next(iter(moving.values())))
    step = max(1, _MOST_ROWS // len(held))
    pieces = []
    for start in range(0, length, step):
        some = {name: list(values[start : start + step]) for name, values in moving.items()}
        points = len(next(iter(some.values())))
        every: dict[str, Any] = {n: np.tile(np.asarray(held[n]), points) for n in categories}
        every |= {name: _each(values, len(held)) for name, values in some.items()}
        pieces.append(model._population_averages(repeated(data, row, **every), weights, linked))
    return pd.concat(pieces, ignore_index=True)


def centred_within(model: FittedModel, x: str) -> str | None:
    """The groups within which the fixed part centres `x`; None if it takes x as it is."""
    for call in _calls(_fixed_part(model)):
        if to_text(call.args[0]) == of_column(x):
            return to_text(call.args[1])
    return None


def _fixed_part(model: FittedModel) -> list[Expr]:
    formula = parse(model.formula, random=bool(model.ngroups))
    return [*(factor for term in formula.fixed for factor in term.factors), *formula.offsets]


def _calls(exprs: Sequence[Expr]) -> list[Call]:
    nodes = [node for expr in exprs for node in walk(expr)]
    return [node for node in nodes if isinstance(node, Call) and node.function in CENTRING]


def _each(values: Sequence[Any], times: int) -> list[Any]:
    return [value for value in values for _ in range(times)]
