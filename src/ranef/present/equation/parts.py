"""What the equations of a model are made of, read off its names and variables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ranef.formula.naming import column_of, columns_of, factors, without_level
from ranef.formula.nodes import Call
from ranef.formula.parser import parse_sides
from ranef.formula.render import to_text
from ranef.present.distribution import Distribution
from ranef.present.protocol import FittedModel, TermCovariance
from ranef.present.structured import kind_of_term
from ranef.present.text.names import response_of
from ranef.types import INTERCEPT

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Parts", "RandomPart", "escaped", "matrix", "parts_of", "text", "variable"]

_OF_CATEGORY = re.compile(r"(?:C|factor|as\.factor|ordered|relevel|cut)\(")
_CONTRAST = re.compile(r"\[[DHST]\.")

_ESCAPES = {
    "\\": r"\backslash ",
    "_": r"\_",
    "%": r"\%",
    "&": r"\&",
    "#": r"\#",
    "$": r"\$",
    "{": r"\{",
    "}": r"\}",
    "^": r"\hat{}",
    "~": r"\tilde{}",
    "`": r"\textasciigrave{}",
}


@dataclass(frozen=True, slots=True)
class RandomPart:
    """The random effects of one term.

    Attributes
    ----------
    label, factor : str
        Of the term, and its grouping factor.
    names : tuple of str
        Coefficients.
    structure : str
        Tag of the covariance.
    one_variance : bool
        Whether the effects share one variance.
    rank : int
        Of the structure ``"rr"``.
    positions : tuple of int
        Positions of the effects in time; empty for most structures.
    category : str
        The variable whose categories have an effect each in a structured covariance; a row has that
        of its own category. Empty for other terms.
    """

    label: str
    factor: str
    names: tuple[str, ...]
    structure: str = "us"
    one_variance: bool = False
    rank: int = 0
    positions: tuple[int, ...] = ()
    category: str = ""

    @property
    def levels(self) -> tuple[str, ...]:
        """The categories in LaTeX."""
        return tuple(escaped(name[len(self.category) + 1 : -1]) for name in self.names)


@dataclass(frozen=True, slots=True)
class Parts:
    """Names of everything that stands in the equations.

    Attributes
    ----------
    response : str
    fixed : tuple of str
        Coefficient names without the aliased ones.
    random : tuple of RandomPart
    group_level : frozenset of str
        Parts of coefficient names that are constant within the only grouping factor.
    linear : bool
        Whether there is a residual variance.
    residual : {"", "strata", "ar1"}
        The structure of the residuals.
    distribution : Distribution or None
        Of a generalised model.
    counted : bool
        Whether the response is a number of successes, and not their proportion.
    """

    response: str
    fixed: tuple[str, ...]
    random: tuple[RandomPart, ...]
    group_level: frozenset[str]
    linear: bool
    residual: str = ""
    distribution: Distribution | None = None
    counted: bool = False

    @property
    def factors(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(part.factor for part in self.random))


def parts_of(model: FittedModel) -> Parts:
    """Collect the names from `model`."""
    random = tuple(map(_random_part, model._covariances))
    fixed = tuple(str(name) for name in model.fixef.dropna().index)
    groups = {part.factor for part in random}
    tables = () if model._distribution is None else model._distribution.parts
    others = [str(name) for part in tables if part.formula for name in part.frame.index]
    constant: frozenset[str] = frozenset()
    kept = getattr(model, "_kept", None)  # by a fit from a file
    if kept is not None:
        constant = frozenset(kept.group_level)
    elif len(groups) == 1:
        pieces = {piece for name in (*fixed, *others) for piece in factors(name)} - {INTERCEPT}
        constant = _constant(pieces, model.model_frame(), columns_of(next(iter(groups))))
    structure = model._residual_text.partition("(")[0]
    counted = _successes(model.formula)
    return Parts(
        counted or response_of(model.formula),
        fixed,
        random,
        constant,
        model._has_residual,
        structure,
        model._distribution,
        bool(counted),
    )


def _successes(formula: str) -> str:
    """The first column of ``cbind(hits, misses)``; empty for other responses.

    >>> _successes("cbind(hits, misses) ~ 1 + (1 | g)"), _successes("y ~ 1 + (1 | g)")
    ('hits', '')
    """
    response, _ = parse_sides(formula)
    if isinstance(response, Call) and response.function == "cbind":
        return to_text(response.args[0])
    return ""


def _random_part(term: TermCovariance) -> RandomPart:
    label, kind = term.label, kind_of_term(term)
    if kind is None or term.block is None:
        return RandomPart(label.label, label.factor, label.names)
    block = term.block
    return RandomPart(
        label.label,
        label.factor,
        label.names,
        kind.name,
        kind.one_variance,
        block.rank,
        block.positions,
        _category(label.names),
    )


def _category(names: tuple[str, ...]) -> str:
    """The variable of which all names are the categories; empty if they are something else.

    >>> _category(("f[a]", "f[b]")), _category(("Intercept", "f[T.b]")), _category(("x", "z"))
    ('f', '', '')
    """
    variables = {without_level(name) for name in names}
    variable = variables.pop()
    if variables or not (column_of(variable) or _OF_CATEGORY.match(variable)):
        return ""
    levels = [name[len(variable) :] for name in names]
    each = all(len(factors(name)) == 1 and level for name, level in zip(names, levels, strict=True))
    return variable if each and not any(map(_CONTRAST.match, levels)) else ""


def _constant(pieces: set[str], data: pd.DataFrame, group: tuple[str, ...]) -> frozenset[str]:
    """The pieces all of whose variables have one value in each group of one column."""
    if len(group) != 1:
        return frozenset()
    factor = group[0]
    grouped = data.groupby(factor, observed=True)
    steady = {str(c) for c in data.columns if c != factor and int(grouped[c].nunique().max()) <= 1}
    found = set()
    for piece in pieces:
        used = _variables(piece, [str(c) for c in data.columns])
        if piece.startswith("between(") or (used and used <= steady):
            found.add(piece)
    return frozenset(found)


def _variables(piece: str, columns: list[str]) -> set[str]:
    """Columns that occur in a piece of a coefficient name, ``sex[T.male]`` or ``log(x)``."""
    column = column_of(piece)
    if column is not None:
        return {column}.intersection(columns)
    bare = without_level(piece)
    used = set()
    for name in sorted(columns, key=len, reverse=True):
        pattern = rf"(?<![\w.]){re.escape(name)}(?![\w.])"
        if re.search(pattern, bare):
            used.add(name)
            bare = re.sub(pattern, " ", bare)
    return used


def text(name: str) -> str:
    r"""A name in upright type.

    >>> text("cwc_ses")
    '\\text{cwc\\_ses}'
    """
    variable = without_level(name)
    shown = re.sub(r"^\[T\.(.*)\]$", r" = \1", name[len(variable) :])
    shown = (variable[1:-1] if variable.startswith("`") else variable) + shown
    return escaped(shown)


def escaped(shown: str) -> str:
    """Any characters in upright type."""
    return r"\text{" + "".join(_ESCAPES.get(c, c) for c in shown) + "}"


def matrix(rows: list[list[str]]) -> str:
    r"""Rows between parentheses.

    >>> matrix([["1"], ["a", "b"]])
    '\\begin{pmatrix} 1 \\\\ a & b \\end{pmatrix}'
    """
    inner = r" \\ ".join(" & ".join(row) for row in rows)
    return rf"\begin{{pmatrix}} {inner} \end{{pmatrix}}"


def variable(name: str, index: str) -> str:
    r"""A coefficient's variable with its index; interactions are products.

    >>> variable("ses:sector", "ij")
    '\\text{ses}_{ij} \\, \\text{sector}_{ij}'
    """
    return r" \, ".join(f"{text(piece)}_{{{index}}}" for piece in factors(name))
