"""What stands right of a bar: one or several grouping factors."""

from __future__ import annotations

from dataclasses import dataclass

from ranef.formula.naming import in_call, in_formula, of_group
from ranef.formula.nodes import Binary, Call, Expr, Name, Number, String, Sum
from ranef.formula.position import formula_error
from ranef.formula.render import to_text

__all__ = ["Group", "expand_group"]


@dataclass(frozen=True, slots=True)
class Group:
    """One grouping factor.

    Attributes
    ----------
    factors : tuple of str
        Columns whose observed combinations are the levels, slowest first.
    label : str
        The name lme4 prints: ``"cask:batch"``, ``"c:(b:a)"``, ``"factor(g)"``; of a column whose
        name could be that of something else, with backticks.
    names : tuple of Name
        The columns' nodes, for error messages.
    """

    factors: tuple[str, ...]
    label: str
    names: tuple[Name, ...]


def expand_group(expr: Expr, text: str) -> tuple[Group, ...]:
    """Grouping factors in lme4's order.

    ``a/b`` is ``b:a`` and ``a``; ``a*b`` is ``a``, ``b`` and ``a:b``; ``a:b`` is one factor.

    Raises
    ------
    FormulaError
        A number, a sum, or a function that does not name groups.
    """
    match expr:
        case Name() if expr.name != ".":
            return (Group((expr.name,), of_group(expr.name), (expr,)),)
        case Call(function="factor" | "as.factor" | "C", args=(Name() as name,), keywords=()):
            label = f"{expr.function}({in_call(name.name)})"
            return (Group((name.name,), label, (name,)),)
        case Binary(operator=":" | "%in%"):
            left, right = expand_group(expr.left, text), expand_group(expr.right, text)
            return tuple(_cross(a, b) for a in left for b in right)
        case Binary(operator="/"):
            outer, inner = expand_group(expr.left, text), expand_group(expr.right, text)
            return tuple(_cross(each, outer[0]) for each in inner) + outer
        case Binary(operator="*"):
            left, right = expand_group(expr.left, text), expand_group(expr.right, text)
            return left + right + (_cross(left[0], right[0]),)
    raise _no_group(expr, text)


def _cross(a: Group, b: Group) -> Group:
    right = f"({b.label})" if len(b.factors) > 1 else b.label
    seen = dict(zip(a.factors + b.factors, a.names + b.names, strict=True))
    return Group(tuple(seen), f"{a.label}:{right}", tuple(seen.values()))


def _no_group(expr: Expr, text: str) -> Exception:
    shown = to_text(expr)
    match expr:
        case Number():
            what = f"the number {shown} is not a grouping factor"
            fix = "name the column that holds the groups, as in (1 | school)"
        case Sum():
            what = f"{shown} is not a grouping factor"
            fix = "write one random part for each factor, as in (1 | a) + (1 | b)"
        case String():
            what = f"{shown} is a text and no grouping factor"
            fix = f"write the name of the column without quotes: {in_formula(expr.value)}"
        case Name():
            what = "'.' is not a grouping factor"
            fix = "name the column that holds the groups, as in (1 | school)"
        case _:
            what = f"{shown} is not a grouping factor"
            fix = "use a column, a:b, a/b or factor(a); compute anything else before fitting"
    return formula_error(what, text, expr.span, fix=fix)
