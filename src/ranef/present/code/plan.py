"""What the code of every program is made from: the model, and the columns it needs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ranef.design.fixed import category as coded_category
from ranef.design.fixed import code_terms
from ranef.design.state import Category
from ranef.errors import OptionError
from ranef.formula import Bar, Formula, Term
from ranef.formula.naming import columns_of
from ranef.formula.nodes import Call, Expr
from ranef.formula.parser import parse_right_side
from ranef.formula.render import to_text
from ranef.formula.structures import ORDERED
from ranef.present.protocol import FittedModel, term_ranks
from ranef.present.request import Request
from ranef.present.text.words import centring_of
from ranef.types import Array

__all__ = ["Centred", "Coded", "Plan", "plan_of", "refusal"]


def refusal(program: str, what: str, where: str = "", others: str = "") -> OptionError:
    """The error for what a program cannot express."""
    fix = f"{others} can" if others and not others.startswith("leave") else others
    return OptionError(f"{program} cannot fit {what}", where=where, fix=fix)


@dataclass(frozen=True, slots=True)
class Centred:
    """A column that ``within()`` or ``between()`` stands for.

    Attributes
    ----------
    text : str
        In the formula.
    column : str
        A name for it.
    x : Expr
    groups : tuple of str
        Columns of the grouping factor.
    within : bool
        Whether it is the deviation from the mean, and not the mean.
    """

    text: str
    column: str
    x: Expr
    groups: tuple[str, ...]
    within: bool


@dataclass(frozen=True, slots=True)
class Coded:
    """A category.

    Attributes
    ----------
    text : str
        In the formula: ``"sex"``, ``"C(f, contr.sum)"``.
    column : str
        A name for it: that of the data, or another one if the formula recodes it.
    own : Category
    labels : tuple of str
        Of the columns of its contrasts.
    matrix : ndarray, shape (levels, contrasts)
    """

    text: str
    column: str
    own: Category
    labels: tuple[str, ...]
    matrix: Array

    @property
    def levels(self) -> tuple[str, ...]:
        return self.own.levels.names

    @property
    def base(self) -> str | None:
        """The reference level of treatment contrasts; None with others."""
        kind = self.own.contrast.kind
        if kind == "SAS":
            return self.levels[-1]
        return self.own.contrast.base or self.levels[0] if kind == "treatment" else None

    @property
    def numeric(self) -> bool:
        """Whether all levels are whole numbers that are not negative."""
        return all(re.fullmatch(r"\d{1,9}", level) for level in self.levels)


@dataclass(frozen=True)
class Plan:
    """A model that is to be written in another language.

    Attributes
    ----------
    model : FittedModel
    request : Request
    data : str
        The name of a file with the data.
    """

    model: FittedModel
    request: Request
    data: str

    @property
    def formula(self) -> Formula:
        return self.request.formula

    @property
    def text(self) -> str:
        """The formula in one line, for a comment."""
        return " ".join(self.formula.text.split())

    @property
    def family(self) -> str:
        """``"gaussian"`` of linear models too."""
        return "gaussian" if self.request.family is None else self.request.family.name

    @property
    def link(self) -> str:
        return "identity" if self.request.family is None else self.request.family.link

    @property
    def linear(self) -> bool:
        return self.request.family is None

    @property
    def response(self) -> Expr:
        return self.formula.response

    @cached_property
    def categories(self) -> tuple[Coded, ...]:
        """The categories of all formulas, each once."""
        found: dict[str, Coded] = {}
        for state in self.request.states:
            for text, own in state.categories.items():
                if text not in found:
                    found[text] = self._coded(text, own)
        return tuple(found.values())

    def _coded(self, text: str, own: Category) -> Coded:
        names = own.levels.names
        codes = np.arange(len(names), dtype=np.int32)
        values = {"f": coded_category(codes, names, own.contrast)}
        matrix, labels, _ = code_terms(True, [["f"]], values, len(names))
        column = own.column
        if text not in (own.column, f"`{own.column}`"):
            column = self._free(f"{own.column}_{_word(text)}")
        kept = tuple(label[2:-1] for label in labels[1:])
        return Coded(text, column, own, kept, matrix[:, 1:])

    @cached_property
    def centred(self) -> tuple[Centred, ...]:
        """Group means and deviations, each once."""
        found: dict[str, Centred] = {}
        for formula in self.request.formulas:
            for call in _calls(formula):
                text = to_text(call)
                pair = centring_of(text)
                if pair is None or text in found:
                    continue
                x, group = pair
                within = call.function == "within"
                short = re.sub(r"\W+", "_", x).strip("_")
                several = [c for c in found.values() if to_text(c.x) == x and c.within == within]
                name = f"{short}_{call.function}"
                if several:
                    name += "_" + re.sub(r"\W+", "_", group).strip("_")
                tree = parse_right_side(f"~ {x}")
                found[text] = Centred(text, self._free(name), tree, columns_of(group), within)
        return tuple(found.values())

    @property
    def made(self) -> dict[str, str]:
        """Columns that stand for calls, by the text of the call."""
        columns = {one.text: one.column for one in self.centred}
        return columns | {one.text: one.column for one in self.categories}

    def category(self, text: str) -> Coded | None:
        """The category of that text, None if it is none."""
        return next((one for one in self.categories if one.text == text), None)

    def is_category(self, expr: Expr) -> bool:
        """Whether an expression is a category."""
        return self.category(to_text(expr)) is not None

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the data that the model reads."""
        names: dict[str, None] = {}
        for formula in self.request.formulas:
            names |= dict.fromkeys(formula.variables())
        for extra in (self.request.weights, self.request.offset_column):
            names |= {extra: None} if extra else {}
        if self.request.residual is not None:
            names |= dict.fromkeys(self.request.residual.columns)
        return tuple(names)

    def _free(self, name: str) -> str:
        while name in self.columns:
            name += "_"
        return name

    def occasions(self, bar: Bar) -> Coded | None:
        """The category whose levels are the occasions of a structure, None of other structures."""
        if bar.structure not in ORDERED:
            return None
        return self.category(to_text(bar.model.terms[0].factors[0]))

    def need_no_prior(self, program: str) -> None:
        """Refuse penalised fits."""
        if self.request.prior:
            raise OptionError(
                f"{program} has no priors, and this fit has",
                where=self.text,
                found=", ".join(map(str, self.request.prior)),
                fix="blme, brms and rstanarm have priors; or fit without prior= first",
            )

    def need_rows(self, program: str) -> None:
        """Refuse weights and offsets that are not columns of the data."""
        for name, value in (("weights", self.request.weights), ("offset", self.request.offset)):
            known = value is None or (self.request.offset_column if name == "offset" else value)
            if not known:
                raise OptionError(
                    f"the {name} of the fit are an array, which code for {program} cannot name",
                    where=self.text,
                    fix=f"make them a column of the data, and give its name as {name}=",
                )

    def singular(self, mark: str) -> list[str]:
        """A comment if the optimum is where programs that work with logarithms cannot be."""
        if not any(rank < full for _, rank, full in term_ranks(self.model)):
            return []
        return [
            f"{mark} This fit is singular. A program that works with logarithms of variances comes",
            f"{mark} close to the boundary only, and may report that it did not converge.",
        ]

    def check(self, mark: str, theirs: str) -> str:
        """A comment with the number that `theirs` should give."""
        value = -2.0 * self.model.loglik
        return f"{mark} {theirs} should be {value:.4f}, as in ranef"

    def bars_at(self, span: tuple[int, int]) -> list[Bar]:
        """The random parts that one of the formula's text becomes."""
        return [bar for bar in self.formula.bars if bar.span == span]


def plan_of(model: FittedModel, request: Request, data: str) -> Plan:
    """Everything that code is written from."""
    return Plan(model, request, data)


def _calls(formula: Formula) -> Iterator[Call]:
    terms: Sequence[Term] = (
        *formula.fixed,
        *(term for bar in formula.bars for term in bar.model.terms),
    )
    for term in terms:
        for factor in term.factors:
            if isinstance(factor, Call):
                yield factor


def _word(text: str) -> str:
    """A short word for how a category is recoded: the function that does it."""
    function = text.partition("(")[0].replace(".", "_")
    return "f" if function in ("C", "factor", "as_factor") else function
