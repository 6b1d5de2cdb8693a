"""What the equations of a model are made of, read off its names and variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ranef.formula.naming import column_of, factors, without_level
from ranef.formula.nodes import Call
from ranef.formula.parser import parse_sides
from ranef.formula.render import to_text
from ranef.present.distribution import Distribution
from ranef.present.equation.columns import Column, columns_of_names
from ranef.present.equation.expression import Writer
from ranef.present.equation.hierarchy import MOST_FACTORS, Hierarchy, hierarchy_by, hierarchy_of
from ranef.present.equation.upright import upright
from ranef.present.protocol import FittedModel, TermCovariance
from ranef.present.structured import kind_of_term
from ranef.present.text.names import response_of
from ranef.present.text.words import Words
from ranef.types import INTERCEPT

__all__ = ["Parts", "RandomPart", "hierarchy_of_model", "matrix", "parts_of"]

_OF_CATEGORY = re.compile(r"(?:C|factor|as\.factor|ordered|relevel|cut)\(")
_CONTRAST = re.compile(r"\[[DHST]\.")


@dataclass(frozen=True, slots=True)
class RandomPart:
    """The random effects of one term.

    Attributes
    ----------
    label, factor : str
        Of the term, and its grouping factor.
    names : tuple of str
        Coefficients.
    columns : tuple of Column
        What they multiply.
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
    columns: tuple[Column, ...]
    structure: str = "us"
    one_variance: bool = False
    rank: int = 0
    positions: tuple[int, ...] = ()
    category: str = ""

    @property
    def levels(self) -> tuple[str, ...]:
        """The categories in LaTeX."""
        return tuple(upright(name[len(self.category) + 1 : -1]) for name in self.names)


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that stands in the equations.

    Attributes
    ----------
    response : str
    fixed : tuple of Column
        Without the aliased ones.
    random : tuple of RandomPart
    hierarchy : Hierarchy
        What is constant within the groups, if they are nested.
    linear : bool
        Whether there is a residual variance.
    residual : {"", "strata", "ar1"}
        The structure of the residuals.
    distribution : Distribution or None
        Of a generalised model.
    counted : bool
        Whether the response is a number of successes, and not their proportion.
    writer : Writer
        Puts variables into words.
    others : mapping of str to tuple of Column
        Columns of the family's other predictors, by part.
    """

    response: str
    fixed: tuple[Column, ...]
    random: tuple[RandomPart, ...]
    hierarchy: Hierarchy
    linear: bool
    residual: str = ""
    distribution: Distribution | None = None
    counted: bool = False
    writer: Writer = field(default_factory=Writer)
    others: Mapping[str, tuple[Column, ...]] = field(default_factory=dict)

    @property
    def factors(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(part.factor for part in self.random))


def parts_of(model: FittedModel, labels: Mapping[str, str] | None = None) -> Parts:
    """Collect them from `model`."""
    words = getattr(model, "_words", Words()).also(labels)
    names = tuple(str(name) for name in model.fixef.dropna().index)
    terms = tuple(model._covariances)
    tables = () if model._distribution is None else model._distribution.parts
    others = {
        part.part: tuple(str(name) for name in part.frame.index) for part in tables if part.formula
    }
    hierarchy = hierarchy_of_model(model)
    varying = {name for term in terms for name in term.label.names}
    counted = _successes(model.formula)
    return Parts(
        counted or response_of(model.formula),
        columns_of_names(names, words, varying),
        tuple(_random_part(term, words) for term in terms),
        hierarchy,
        model._has_residual,
        model._residual_text.partition("(")[0],
        model._distribution,
        bool(counted),
        Writer(words, hierarchy),
        {part: columns_of_names(own, words) for part, own in others.items()},
    )


def hierarchy_of_model(model: FittedModel) -> Hierarchy:
    """The levels of a model, from the data or from what a file keeps of them."""
    kept = getattr(model, "_kept", None)  # by a fit from a file
    factors_of = tuple(dict.fromkeys(term.label.factor for term in model._covariances))
    if kept is not None:
        constant = {name: frozenset(pieces) for name, pieces in kept.levels.items()}
        if not constant and len(factors_of) == 1:
            constant = {factors_of[0]: frozenset(kept.group_level)}
        return Hierarchy(tuple(constant), constant)
    names = [str(name) for name in model.fixef.dropna().index]
    names += [name for term in model._covariances for name in term.label.names]
    tables = () if model._distribution is None else model._distribution.parts
    names += [str(name) for part in tables if part.formula for name in part.frame.index]
    pieces = {piece for name in names for piece in factors(name)} - {INTERCEPT}
    if not 0 < len(factors_of) <= MOST_FACTORS:
        return Hierarchy()
    summed = getattr(model, "_constant_in_sums", None)  # of a fit whose rows were summed
    if summed is not None:
        return hierarchy_by(factors_of, sorted(pieces), *summed)
    return hierarchy_of(factors_of, sorted(pieces), model.model_frame())


def _successes(formula: str) -> str:
    """The first column of ``cbind(hits, misses)``; empty for other responses.

    >>> _successes("cbind(hits, misses) ~ 1 + (1 | g)"), _successes("y ~ 1 + (1 | g)")
    ('hits', '')
    """
    response, _ = parse_sides(formula)
    if isinstance(response, Call) and response.function == "cbind":
        return to_text(response.args[0])
    return ""


def _random_part(term: TermCovariance, words: Words) -> RandomPart:
    label, kind = term.label, kind_of_term(term)
    columns = tuple(columns_of_names((name,), words)[0] for name in label.names)
    if kind is None or term.block is None:
        return RandomPart(label.label, label.factor, label.names, columns)
    block = term.block
    return RandomPart(
        label.label,
        label.factor,
        label.names,
        columns,
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


def matrix(rows: list[list[str]]) -> str:
    r"""Rows between parentheses.

    >>> matrix([["1"], ["a", "b"]])
    '\\begin{pmatrix} 1 \\\\ a & b \\end{pmatrix}'
    """
    inner = r" \\ ".join(" & ".join(row) for row in rows)
    return rf"\begin{{pmatrix}} {inner} \end{{pmatrix}}"
