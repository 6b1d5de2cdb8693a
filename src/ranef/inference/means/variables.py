"""The variables of the fixed part, and at which values a mean is taken."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ranef.design import Encoding
from ranef.design.levels import learn_levels
from ranef.design.state import Category
from ranef.errors import OptionError, UnknownColumnError, suggestion
from ranef.formula.render import to_text
from ranef.frame import Table
from ranef.options import mapping, name_list, numbers, shown
from ranef.options import name as name_option
from ranef.types import Array, Codes

__all__ = ["Variable", "names_in", "number_in", "plain", "values_at", "variables_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Variable:
    """A variable, and the values at which it stands in a grid.

    Attributes
    ----------
    name : str
    kind : {"category", "truth", "pair", "number"}
        A pair is a number that has two values in the rows used.
    values : ndarray, shape (k,)
        Codes of levels if the column is a factor; numbers otherwise.
    labels : tuple
        The same as the user sees them: text, numbers, True and False.
    codes : ndarray or None, shape (n,)
        Which of the values each row used has, -1 for none of them; None for a number that stands
        at its mean or at values the user gave.
    is_factor : bool
        Whether the column is a factor, and `values` are codes.
    """

    name: str
    kind: Literal["category", "truth", "pair", "number"]
    values: Array
    labels: tuple[Any, ...]
    codes: Codes | None
    is_factor: bool = False

    def __len__(self) -> int:
        return len(self.labels)

    def at(self, asked: Any) -> Variable:
        """The same variable at values that the user asks for."""
        single = isinstance(asked, (str, bytes, Mapping)) or not isinstance(asked, Iterable)
        wanted = [asked] if single else list(asked)
        if not wanted:
            raise OptionError(
                f"at has no values of '{self.name}'",
                found=f"at={{'{self.name}': []}}",
                fix="give one value or a list of them",
            )
        places = [self._place(value) for value in wanted]
        unknown = [value for value, place in zip(wanted, places, strict=True) if place is None]
        if self.kind == "number" or (self.kind == "pair" and unknown):
            return self._at_numbers(wanted)
        if unknown:
            levels = [str(label) for label in self.labels]
            raise OptionError(
                f"'{self.name}' has no level {shown(unknown[0])}",
                found="levels " + ", ".join(levels[:20]),
                fix=suggestion(unknown[0], levels) or "use levels that the data of the fit hold",
            )
        chosen = np.array([place for place in places if place is not None])
        if len(set(chosen.tolist())) < chosen.size:
            self._refuse_repeated(wanted)
        codes = None
        if self.codes is not None:
            back = np.full(len(self) + 1, -1, dtype=np.int32)
            back[chosen] = np.arange(chosen.size)
            codes = back[self.codes]
        labels = tuple(self.labels[k] for k in chosen)
        return Variable(self.name, self.kind, self.values[chosen], labels, codes, self.is_factor)

    def _at_numbers(self, wanted: list[Any]) -> Variable:
        fix = f"as in at={{'{self.name}': [0, 1]}}"
        what = f"at has values of '{self.name}' that are not finite numbers"
        given = numbers("at", wanted, what=what, fix=fix)
        if given.ndim != 1 or not np.isfinite(given).all():
            raise OptionError(what, found=shown(wanted), fix=fix)
        if np.unique(given).size < given.size:
            self._refuse_repeated(wanted)
        return Variable(self.name, "number", given, tuple(plain(given)), None)

    def _refuse_repeated(self, wanted: list[Any]) -> None:
        raise OptionError(
            f"at has a value of '{self.name}' twice", found=shown(wanted), fix="give it once"
        )

    def _place(self, value: Any) -> int | None:
        return next((k for k, label in enumerate(self.labels) if _same(value, label)), None)


def _same(value: Any, label: Any) -> bool:
    if isinstance(label, str) or isinstance(value, str):
        return str(value) == str(label)
    try:
        return bool(float(value) == float(label))
    except (TypeError, ValueError, OverflowError):
        return False


def plain(values: Array) -> list[Any]:
    """Numbers as Python's, whole ones as int where all are."""
    if values.size and np.all(values == np.rint(values)) and np.all(np.abs(values) < 2**53):
        return [int(v) for v in values]
    return [float(v) for v in values]


def variables_of(encoding: Encoding, table: Table) -> dict[str, Variable]:
    """The variables of the fixed part: categories at their levels, numbers at their means.

    Truth values, and numbers that have two values in the rows used, stand at both.

    Parameters
    ----------
    encoding : Encoding
    table : Table
        The rows used.
    """
    # A number of the fixed part may be a category in the random part: the occasions of ar1().
    fixed = {to_text(factor) for term in encoding.terms for factor in term.factors}
    coded = {
        category.column: category
        for text, category in encoding.state.categories.items()
        if category.cuts is None and text in fixed  # a number that is cut stays a number
    }
    return {
        name: _variable(name, table, coded.get(name)) for name in encoding.fixed_variables(table)
    }


def _variable(name: str, table: Table, category: Category | None) -> Variable:
    column = table[name]
    if column.kind == "factor":
        levels = learn_levels(column)[0] if category is None else category.levels
        position = {level: k for k, level in enumerate(column.levels)}
        places = np.array([position[level] for level in levels.names], dtype=np.float64)
        labels = tuple(levels.names)
        return Variable(name, "category", places, labels, levels.encode(column), is_factor=True)
    truth = column.holds_truth
    if category is None and not truth and _many(column.values):
        mean = _mean(column.values)
        return Variable(name, "number", np.array([mean]), (mean,), None)
    found, codes = learn_levels(column)
    values = np.asarray(found.numbers, dtype=np.float64)
    if truth:
        return Variable(name, "truth", values, tuple(bool(v) for v in values), codes)
    if category is None:
        return Variable(name, "pair", values, tuple(plain(values)), codes)
    order = [int(np.flatnonzero(values == float(level))[0]) for level in category.levels.names]
    rank = np.argsort(order).astype(np.int32)
    return Variable(name, "category", values[order], tuple(plain(values[order])), rank[codes])


def _mean(values: Array) -> float:
    """The mean; zero where a centred column has no more than rounding left."""
    mean = float(np.mean(values))
    rounding = len(values) * np.finfo(np.float64).eps * float(np.max(np.abs(values)))
    return 0.0 if abs(mean) <= rounding else mean


def _many(values: Array) -> bool:
    """Whether a number has more than two values."""
    return bool(np.any((values != values.min()) & (values != values.max())))


def names_in(
    option: str,
    given: Any,
    known: Collection[str],
    of: str = "variable of the fixed part of the model",
) -> tuple[str, ...]:
    """Names of variables that are known, each once.

    Raises
    ------
    OptionError, UnknownColumnError
    """
    names = name_list(option, given, "variable")
    for name in names:
        if name not in known:
            raise UnknownColumnError(
                f"{shown(name)} is not a {of}",
                found="variables " + (", ".join(known) or "none"),
                fix=suggestion(name, known)
                or ("use one of these variables" if known else f"add {name} to the formula"),
            )
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise OptionError(
            f"{option} names '{twice}' twice", found=f"{option}={shown(given)}", fix="name it once"
        )
    return names


def number_in(option: str, given: Any, variables: Mapping[str, Variable]) -> str:
    """The name of a variable that has slopes."""
    known = names_in(option, name_option(option, given, of="variable"), variables)[0]
    variable = variables[known]
    if variable.kind in ("category", "truth"):
        raise OptionError(
            f"'{known}' is a category, and a category has no slope",
            found="levels " + ", ".join(str(label) for label in variable.labels[:6]),
            fix=f"compare its levels: comparisons('{known}') or emmeans('{known}').pairs()",
        )
    return known


def values_at(at: Any, variables: Mapping[str, Variable]) -> dict[str, Variable]:
    """The variables where the user wants them.

    Raises
    ------
    OptionError, UnknownColumnError
    """
    if at is None:
        return dict(variables)
    given = mapping("at", at, "at is a dict of values by variable", "as in at={'ses': [-1, 0, 1]}")
    names = names_in("at", list(given), variables) if given else ()
    return {
        name: variable.at(given[name]) if name in names else variable
        for name, variable in variables.items()
    }
