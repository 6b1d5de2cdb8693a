"""The refusal of a model whose variances the data do not identify, in the user's words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ranef.design.design import Design
from ranef.design.nearest import Part, nearest_parts, parts_of_factor
from ranef.design.variance_map import TAKES_PART, FlatDirection
from ranef.errors import DesignError
from ranef.formula.parse import parse
from ranef.formula.position import pointer
from ranef.page import phrases
from ranef.types import INTERCEPT, Array

__all__ = ["identified_parts", "refusal"]

_MOST_NAMED = 4


def refusal(
    design: Design,
    members: Sequence[int],
    flat: Sequence[FlatDirection],
    weights: Array | None,
) -> DesignError:
    """What cannot be told apart, why, and the nearest model in which it can.

    Parameters
    ----------
    design : Design
    members : sequence of int
        Positions in the design of the terms on one grouping factor.
    flat : sequence of FlatDirection
        Not empty.
    weights : ndarray or None, shape (n,)
    """
    formula = parse(design.encoding.state.formula)
    terms = [design.terms[k] for k in members]
    factor = terms[0].factor
    names = [name for term in terms for name in term.names]
    parts = parts_of_factor(design, formula, members)
    moved = _moved(flat)
    residual = any(each.moves_residual for each in flat)
    together = _together(names, moved, residual)
    nearest = nearest_parts(design, parts, members, weights)
    fix = f"remove the random part of '{factor}'"
    if nearest:
        fix = f"the nearest model that the data identify has {_text(nearest)}"
    where = pointer(formula.text, parts[0].bar.span)
    structured = [part for part in parts if part.structure != "us"]
    if structured:
        where = pointer(formula.text, structured[0].bar.span)
        return _of_structure(structured, len(parts), residual, where, fix)
    if len(names) == 1:
        levels = terms[0].n_levels
        return DesignError(
            f"'{factor}' has as many levels as there are rows"
            if levels == design.n
            else f"the random effects of '{factor}' cannot be told from the residuals",
            found=f"{phrases.count(levels, 'level')}, {phrases.count(design.n, 'row')}: its "
            "variance and the residual variance cannot be told apart",
            fix=f"remove the random part of '{factor}', or use data with several rows in a level",
        )
    if residual:
        most = int(np.bincount(terms[0].codes).max())
        return DesignError(
            f"'{factor}' has too many random effects for its rows",
            where=where,
            found=f"{len(names)} random effects ({', '.join(names)}) for each of "
            f"{phrases.count(terms[0].n_levels, 'level')}, at most {phrases.count(most, 'row')} in "
            f"a level;\n{together}",
            fix=fix,
        )
    constant = _constant_slopes(design, members, moved)
    if constant:
        place, owner, name, values = constant[0]
        bar = formula.bars[place]
        term = bar.model.terms[owner]
        rest = _without(design, parts, members, weights, constant)
        advice = f"keep '{term.name}' in the fixed part only"
        if rest:
            advice += f", as in {_text(rest)}"
        if nearest and nearest != rest:
            advice += f"; {_text(nearest)} lets the variance between levels depend on it"
        return DesignError(
            f"the random slope of '{name}' cannot be told from the intercept of '{factor}'",
            where=pointer(formula.text, term.factors[0].span),
            found=f"'{name}' never varies within a level of '{factor}' in {bar.text}, and takes "
            f"{values} values between them;\n{together}",
            fix=advice,
        )
    return DesignError(
        f"the data do not tell the random effects of '{factor}' apart",
        where=where,
        found=together,
        fix=fix,
    )


def _of_structure(
    structured: Sequence[Part], n_parts: int, residual: bool, where: str, fix: str
) -> DesignError:
    """The error for terms with structures, whose parameters have no names here."""
    first = structured[0].bar
    texts = " and ".join(part.bar.text for part in structured)
    count = sum(part.n_parameters for part in structured)
    words = [f"the {count} parameters of {texts}" if count > 1 else f"the parameter of {texts}"]
    if len(structured) < n_parts:
        words.append(f"the other random effects of '{first.label}'")
    what = f"the data do not tell the random effects of '{first.label}' apart"
    if residual:
        what = f"the data do not tell the random effects of '{first.label}' from the residuals"
        words.append("the residual variance")
    return DesignError(
        what,
        where=where,
        found=f"{', '.join(words[:-1])}{' and ' * (len(words) > 1)}{words[-1]} are determined only "
        "in combination",
        fix=fix,
    )


def identified_parts(
    design: Design,
    members: Sequence[int],
    flat: Sequence[FlatDirection],
    weights: Array | None,
) -> list[Part]:
    """Smaller random parts on a factor whose variances the data identify; maybe none.

    Without slopes that never vary within a level, if these take part in what is not identified;
    else as :func:`~ranef.design.nearest.nearest_parts`.
    """
    parts = parts_of_factor(design, parse(design.encoding.state.formula), members)
    constant = _constant_slopes(design, members, _moved(flat))
    return _without(design, parts, members, weights, constant) or []


def _without(
    design: Design,
    parts: Sequence[Part],
    members: Sequence[int],
    weights: Array | None,
    constant: Sequence[tuple[int, int, str, int]],
) -> list[Part] | None:
    gone = frozenset((place, owner) for place, owner, _, _ in constant)
    return nearest_parts(design, parts, members, weights, gone)


def _text(parts: Sequence[Part]) -> str:
    return " + ".join(part.text for part in parts)


def _moved(flat: Sequence[FlatDirection]) -> NDArray[np.bool_]:
    """Which variances and covariances take part in some flat direction, shape (Q, Q)."""
    largest = np.max([np.abs(each.covariance) for each in flat], axis=0)
    return np.asarray(largest > TAKES_PART)


def _constant_slopes(
    design: Design, members: Sequence[int], moved: NDArray[np.bool_]
) -> list[tuple[int, int, str, int]]:
    """Slopes beside an intercept that take part and never vary within a level.

    Random part, position of the term in it, name of the column, number of its values.
    """
    out = []
    start = 0
    for k in members:
        term, coding = design.terms[k], design.encoding.random_codings[k]
        for j in term.constant if coding.intercept else ():
            column = term.columns.columns[j]
            if moved[start + j].any() and column is not None:
                values = int(np.unique(column).size)
                out.append((coding.bar, coding.owners[j], term.names[j], values))
        start += term.q
    return out


def _together(names: Sequence[str], moved: NDArray[np.bool_], residual: bool) -> str:
    """The parameters that may change with no change of the response's variance."""
    words = [
        _parameter(names[a], names[b], a == b)
        for a in range(len(names))
        for b in range(a, len(names))
        if moved[a, b]
    ]
    if residual:
        words.append("the residual variance")
    if len(words) == 1:
        return f"{words[0]} has no effect on the variance of the response"
    if len(words) > _MOST_NAMED:
        words = [*words[: _MOST_NAMED - 1], f"{len(words) - _MOST_NAMED + 1} more"]
    return f"{', '.join(words[:-1])} and {words[-1]} are determined only in combination"


def _parameter(first: str, second: str, same: bool) -> str:
    first, second = ("intercept" if n == INTERCEPT else n for n in (first, second))
    return f"Var({first})" if same else f"Cov({first}, {second})"
