"""Text to :class:`~ranef.formula.model.Formula`."""

from __future__ import annotations

from functools import lru_cache

from ranef.errors import FormulaError
from ranef.formula.check import check_factor, check_numeric
from ranef.formula.functions import CATEGORY
from ranef.formula.grouping import expand_group
from ranef.formula.model import Bar, Formula
from ranef.formula.naming import typed
from ranef.formula.nodes import Call, Expr, Name, Negative, Number, RandomPart, Sum, walk
from ranef.formula.occasions import of_occasions
from ranef.formula.parser import parse_right_side, parse_sides
from ranef.formula.position import formula_error
from ranef.formula.render import to_source, to_text
from ranef.formula.structures import ORDERED, tagged
from ranef.formula.terms import Model, expand

__all__ = ["parse", "parse_part", "summands"]


def parse(text: str, *, random: bool = True) -> Formula:
    """Read a mixed-model formula in lme4's notation.

    Parameters
    ----------
    text : str
        ``"math ~ ses * sector + (ses | sch.id)"``.
    random : bool
        Whether there has to be a random part; if not, there must be none.

    Returns
    -------
    Formula

    Raises
    ------
    FormulaError
        The text is not such a formula; ``where`` shows the place.

    Notes
    -----
    The notation is that of Bates, Maechler, Bolker and Walker (2015), Journal of Statistical
    Software 67(1), section 2.2, with R's precedence of operators. ``(x | a/b)`` becomes
    ``(x | b:a) + (x | a)``. Covariance structures are written as in glmmTMB: ``cs(0 + f | g)``.

    Examples
    --------
    >>> formula = parse("strength ~ 1 + (1 | batch/cask)")
    >>> [bar.label for bar in formula.bars]
    ['cask:batch', 'batch']
    """
    if not isinstance(text, str):
        raise FormulaError(
            "the formula must be a text",
            found=type(text).__name__,
            fix='write it in quotes, as in "y ~ x + (1 | group)"',
        )
    return _read(text, random)


def parse_part(text: str, option: str) -> Formula:
    """Read the formula of another part of a model, such as its dispersion: ``"~ x"``.

    Parameters
    ----------
    text : str
    option : str
        The argument that it was given by, for messages.

    Returns
    -------
    Formula
        Its response is the number 1, which is not a column.

    Raises
    ------
    FormulaError
        The text is not a formula of fixed effects.

    Examples
    --------
    >>> [term.name for term in parse_part("~ x * z", "dispersion").fixed]
    ['x', 'z', 'x:z']
    """
    if not isinstance(text, str):
        raise FormulaError(
            f"{option} is a formula, as text",
            found=type(text).__name__,
            fix=f'write it in quotes, as in {option}="~ x"',
        )
    right = parse_right_side(text)
    items = summands(right)
    for _, item in items:
        if isinstance(item, RandomPart):
            raise formula_error(
                f"{option} has fixed effects alone",
                text,
                item.span,
                fix="leave out the random part",
            )
    model = expand(items, text)
    _check_model(model, text)
    if model.offsets:
        raise formula_error(
            f"an offset cannot stand in {option}",
            text,
            model.offsets[0].span,
            fix="leave it out",
        )
    if not model.intercept and not model.terms:
        raise formula_error(f"{option} has no effects", text, right.span, fix="write ~ 1")
    one = Number(1.0, (0, 0))
    return Formula(text, one, model.terms, model.intercept, (), (), model.removed)


# Formulas are frozen: who fits one a thousand times reads it once.
@lru_cache(maxsize=256)
def _read(text: str, random: bool) -> Formula:
    response, right = parse_sides(text)
    _check_response(response, text)
    items = summands(right)
    fixed = [(sign, item) for sign, item in items if not isinstance(item, RandomPart)]
    model = expand(fixed, text)
    _check_model(model, text)
    bars = [
        bar
        for sign, item in items
        if isinstance(item, RandomPart)
        for bar in _expand_bar(item, sign, text)
    ]
    if random and not bars:
        raise _no_random_part(right, text)
    if bars and not random:
        raise formula_error(
            "a model fitted by least squares has no random part",
            text,
            bars[0].span,
            fix="rn.lmm(formula, data) fits models with random effects",
        )
    _check_response_apart(response, model, text)
    removed = (*model.removed, *(factor for bar in bars for factor in bar.model.removed))
    return Formula(
        text, response, model.terms, model.intercept, tuple(bars), model.offsets, removed
    )


def summands(right: Expr) -> list[tuple[int, Expr]]:
    """Top-level summands with their signs; parenthesised sums that hold a bar are opened."""
    flat: list[tuple[int, Expr]] = []
    stack: list[tuple[int, Expr]] = [(1, right)]
    while stack:
        sign, item = stack.pop()
        opens = isinstance(item, Sum) and (
            item is right or any(isinstance(node, RandomPart) for node in walk(item))
        )
        if isinstance(item, Sum) and opens:
            stack.extend((sign * s, each) for s, each in reversed(item.items))
        elif isinstance(item, Negative):
            stack.append((-sign, item.operand))
        else:
            flat.append((sign, item))
    return flat


def _expand_bar(part: RandomPart, sign: int, text: str) -> list[Bar]:
    if sign < 0:
        raise formula_error(
            "a random part cannot be subtracted",
            text,
            part.span,
            fix="leave it out of the formula",
        )
    for node in walk(part.lhs):
        if isinstance(node, RandomPart):
            raise formula_error(
                "a random part inside of a random part",
                text,
                node.span,
                fix="write them side by side: (1 | a) + (1 | b)",
            )
        if isinstance(node, Call) and node.function == "offset":
            raise formula_error(
                "offset() belongs to the fixed part",
                text,
                node.span,
                fix="write y ~ x + offset(z) + (1 | group)",
            )
    groups = expand_group(part.group, text)
    items = part.lhs.items if isinstance(part.lhs, Sum) else ((1, part.lhs),)
    model = expand(items, text)
    _check_model(model, text)
    if not model.intercept and not model.terms:
        raise formula_error(
            "this random part has no effects",
            text,
            part.lhs.span,
            fix="write 1 for a random intercept, as in (1 | group)",
        )
    if part.structure in ORDERED:
        model = of_occasions(part.structure, model, to_source(part.group), text, part.lhs.span)
    bar = "|" if part.correlated else "||"
    lhs = to_source(part.lhs)
    return [
        Bar(
            lhs=part.lhs,
            model=model,
            factors=group.factors,
            label=group.label,
            correlated=part.correlated,
            span=part.span,
            text=tagged(part.structure, f"{lhs} {bar} {typed(group.label)}", part.rank),
            group_names=group.names,
            structure=part.structure,
            rank=part.rank,
        )
        for group in groups
    ]


def _check_model(model: Model, text: str) -> None:
    for term in model.terms:
        for factor in term.factors:
            check_factor(factor, text)
    for offset in model.offsets:
        check_numeric(offset, text)


def _check_response(response: Expr, text: str) -> None:
    if isinstance(response, Call) and response.function == "cbind":
        if len(response.args) != 2 or response.keywords:
            raise formula_error(
                "cbind() takes two columns of counts",
                text,
                response.span,
                found=f"{len(response.args) + len(response.keywords)} of them",
                fix="write cbind(successes, failures)",
            )
        for arg in response.args:
            check_numeric(arg, text)
    elif isinstance(response, Call) and response.function in CATEGORY:
        raise formula_error(
            f"{response.function}() makes a category, which a response does not need",
            text,
            response.span,
            fix="write the column by itself; the order of its categories is that of the data frame",
        )
    else:
        check_numeric(response, text)
    if not any(isinstance(node, Name) for node in walk(response)):
        raise formula_error(
            f"the response {to_text(response)} is not a column",
            text,
            response.span,
            fix="write the response's column before the ~",
        )


def _check_response_apart(response: Expr, model: Model, text: str) -> None:
    for term in model.terms:
        if term.factors == (response,):
            raise formula_error(
                f"the response {to_text(response)} is also a predictor",
                text,
                term.factors[0].span,
                fix="leave it out on the right side",
            )


def _no_random_part(right: Expr, text: str) -> Exception:
    return formula_error(
        "no random part",
        text,
        right.span,
        found="a formula for an ordinary regression",
        fix="add one, as in + (1 | group); rn.lm(formula, data) fits a linear model without "
        "groups, and statsmodels a generalised one",
    )
