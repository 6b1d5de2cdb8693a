"""The population prediction in an average group: one variable moves, the others are averaged."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.design.reads import reads
from ranef.errors import NotEstimableWarning
from ranef.formula import parse, to_text
from ranef.formula.functions import CENTRING
from ranef.formula.naming import of_column
from ranef.formula.nodes import Call, Expr, Name, walk
from ranef.present.plots.choice import variables_in
from ranef.present.plots.grid import is_category, repeated, value_text
from ranef.present.plots.wording import joined
from ranef.present.protocol import FittedModel
from ranef.present.text.words import Words
from ranef.types import OFFSET

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["average_group", "centred_within", "held_in_words", "straight_along"]

_MOST_ROWS = 200_000
"""Coded at once."""
_MOST_NAMED = 3
"""Variables of a kind that are named one by one."""


def average_group(
    model: FittedModel,
    data: pd.DataFrame,
    moving: dict[str, Sequence[Any]],
    linked: bool = False,
    level: float = 0.95,
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
    level : float
        Of the intervals, which are those of tests of the coefficients: t, with Satterthwaite's
        degrees of freedom in a linear model.

    Returns
    -------
    DataFrame
        One row a point: estimate, conf_low, conf_high. A point that the data of the fit do not
        determine is NaN.
    """
    import pandas as pd

    averages, categories = _averages(model), _others(model, data, moving)[1]
    row = {
        str(name): float(data[name].mean())
        for name in data.columns
        if name not in moving and not is_category(data[name], str(name), model)
    }
    row |= averages
    if not categories:
        frame = repeated(data, row, **moving)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotEstimableWarning)
            if model._distribution is not None:
                return model._population_averages(frame, np.ones(1), linked, level)
            wide: Any = {} if level == 0.95 else {"confidence": level}
            made: pd.DataFrame = model.predict(
                frame, level="population", interval="confidence", **wide
            )
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
        rows = repeated(data, row, **every)
        pieces.append(model._population_averages(rows, weights, linked, level))
    return pd.concat(pieces, ignore_index=True)


def held_in_words(
    model: FittedModel, data: pd.DataFrame, moving: Sequence[str], words: Words
) -> str:
    """At what a picture of an average group holds the variables that do not move.

    Parameters
    ----------
    model : FittedModel
    data : DataFrame
    moving : sequence of str
    words : Words

    Returns
    -------
    str
        A phrase: "with sector at its mean (0.493) and random effects at zero"; empty if nothing is
        held.
    """
    numbers, categories = _others(model, data, moving)
    parts = [
        f"{'the offset' if name == OFFSET else words.variable(name)} at its mean "
        f"({_rounded(float(data[name].mean()), data[name])})"
        for name in numbers
    ]
    if len(parts) > _MOST_NAMED:
        parts = [f"{len(numbers)} numbers at their means"]
    parts += [
        f"{words.variable(name)} at its average ({_rounded(value, data[variables_in(name)[0]])})"
        for name, value in _averages(model).items()
    ]
    if model.ngroups:
        parts.append("random effects at zero")
    said = [f"with {joined(parts)}"] if parts else []
    if len(categories) > _MOST_NAMED:
        said.append(f"averaged over {len(categories)} categories, as often as each value occurs")
    elif categories:
        named = joined([words.variable(name) for name in categories])
        said.append(f"averaged over {named}, as often as each value occurs")
    return "; ".join(said)


def _rounded(value: float, values: pd.Series[Any]) -> str:
    """A mean with as many decimals as the spread of the values deserves."""
    spread = float(values.std())
    decimals = 2 - int(np.floor(np.log10(spread))) if spread > 0.0 else 4
    if not 0 <= decimals <= 5:
        return value_text(value)
    return f"{value:.{decimals}f}".replace("-", "\N{MINUS SIGN}")


def _averages(model: FittedModel) -> dict[str, float]:
    """Of the group means in the fixed part, by the name of their columns."""
    return model._average_means() if any(_calls(_fixed_part(model))) else {}


def _others(
    model: FittedModel, data: pd.DataFrame, moving: Iterable[str]
) -> tuple[list[str], list[str]]:
    """Numbers and categories that the fixed part reads, without those that move."""
    means, fixed = _averages(model), set(moving)
    names = {name for expr in _fixed_part(model) for name in reads(expr, means)}
    if OFFSET in data.columns:
        names.add(OFFSET)
    held = [str(name) for name in data.columns if name in names and name not in fixed]
    categories = [name for name in held if is_category(data[name], name, model)]
    return [name for name in held if name not in categories], categories


def centred_within(model: FittedModel, x: str) -> str | None:
    """The groups within which the fixed part centres `x`; None if it takes x as it is."""
    for call in _calls(_fixed_part(model)):
        if to_text(call.args[0]) == of_column(x):
            return to_text(call.args[1])
    return None


def straight_along(model: FittedModel, x: str) -> bool:
    """Whether the mean is a straight line along `x` on every scale that it is drawn on.

    So if each factor of the formula that reads `x` is `x` itself, or `x` less a mean.
    """
    formula = parse(model.formula, random=bool(model.ngroups))
    terms = [*formula.fixed, *(term for bar in formula.bars for term in bar.model.terms)]
    for term in terms:
        reading = [f for f in term.factors if x in {n.name for n in walk(f) if isinstance(n, Name)}]
        inner = [f.args[0] if f in _calls([f]) and isinstance(f, Call) else f for f in reading]
        if len(reading) > 1 or any(not isinstance(f, Name) for f in inner):
            return False
    offset = {n.name for f in formula.offsets for n in walk(f) if isinstance(n, Name)}
    return model._distribution is None and x not in offset


def _fixed_part(model: FittedModel) -> list[Expr]:
    formula = parse(model.formula, random=bool(model.ngroups))
    return [*(factor for term in formula.fixed for factor in term.factors), *formula.offsets]


def _calls(exprs: Sequence[Expr]) -> list[Call]:
    nodes = [node for expr in exprs for node in walk(expr)]
    return [node for node in nodes if isinstance(node, Call) and node.function in CENTRING]


def _each(values: Sequence[Any], times: int) -> list[Any]:
    return [value for value in values for _ in range(times)]
