"""The contextual effect: how much a slope between groups differs from the slope within them.

A predictor x that varies within groups and between their means answers two questions at once. With
x split into its deviation from the group mean and the group mean itself,

    y = ... + w (x_ij - x_j) + b x_j + ...,

w compares members of one group, b compares groups, and b - w is the contextual effect (Mundlak
1978; Raudenbush and Bryk 2002, p. 139). A model with the one slope of x holds that b = w.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol

import numpy as np

from ranef.design import Design
from ranef.design.matrix import ModelColumns
from ranef.design.rank import dependent_columns
from ranef.design.terms import RandomTerm
from ranef.errors import OptionError, suggestion
from ranef.formula import Formula
from ranef.formula.grouping import expand_group
from ranef.formula.naming import find, in_formula, of_column, typed
from ranef.formula.nodes import Call, Name, walk
from ranef.formula.render import to_text
from ranef.frame import Column, Table
from ranef.frame.grouping import group_means, is_constant_within
from ranef.inference.ddf import Method, row_tests
from ranef.options import name as name_option
from ranef.page.phrases import figures, p_value
from ranef.page.shown import Sentence
from ranef.types import Array

__all__ = ["Contextual", "InRows", "Look", "Refit", "Split", "candidates", "contextual"]


class Rows(Protocol):
    """The data of a fit of any kind: a dataclass with a field `design`."""

    @property
    def design(self) -> Design: ...
    @property
    def table(self) -> Table: ...
    @property
    def left_out(self) -> Table | None: ...


Refit = Callable[[Any], tuple[Array, Method]]
"""Fixed effects of the model for other data, and what judges them."""


class Split(NamedTuple):
    """A model with a predictor in two parts.

    Attributes
    ----------
    beta : ndarray, shape (p,)
    method : Method
    pairs : tuple of (int, int)
        The columns within and between of the predictor first, then of its interactions.
    """

    beta: Array
    method: Method
    pairs: tuple[tuple[int, int], ...]


class Look(Protocol):
    """What is asked about the rows of a model: they answer, or their sums."""

    def is_number(self, name: str) -> bool:
        """Whether a variable is one of numbers."""
        ...

    def varies(self, name: str, factor: str) -> bool:
        """Whether a number varies within some and between the means of a factor's levels."""
        ...

    def is_constant(self, name: str, factor: str) -> bool:
        """Whether a column of X does not vary within any level of a factor."""
        ...

    def fitted(self) -> tuple[Array, Method]:
        """Fixed effects of the model, and what judges them; no prior plays a part."""
        ...

    def split(self, name: str, factor: str) -> Split | None:
        """The same with a predictor split; None if the model holds its group means already."""
        ...


# A group mean of which less than this share is left by the other columns is in the model already.
NEW = 0.01


@dataclass(frozen=True, slots=True, repr=False)
class Contextual(Sentence):
    """The contextual effect of one predictor. ``str()`` is a sentence.

    Where the predictor is part of interactions, all three slopes are those at zero of the
    variables it interacts with.

    Attributes
    ----------
    variable, group : str
    estimate, std_error : float
        Slope between less slope within, in units of the response (of the linear predictor in a
        generalised model) for one unit of the variable.
    df, statistic, p_value : float
        t test against zero with Satterthwaite's degrees of freedom; z test of a generalised model.
    within, within_se, between, between_se : float
        The two slopes.
    p_joint : float
        Of the contextual effects of the variable and of its interactions together: the smallest
        of their p values times their number (Bonferroni), at most 1.
    """

    variable: str
    group: str
    estimate: float
    std_error: float
    df: float
    statistic: float
    p_value: float
    within: float
    within_se: float
    between: float
    between_se: float
    p_joint: float

    def __str__(self) -> str:
        test = f"t = {self.statistic:.2f} on {self.df:.0f} df"
        if math.isinf(self.df):
            test = f"z = {self.statistic:.2f}"
        test += f", {p_value(self.p_value)}" if self.p_value == self.p_value else ""
        return (
            f"the slope of {self.variable} is {figures(self.between, 4)} "
            f"(SE {figures(self.between_se, 2)}) between levels of {self.group} and "
            f"{figures(self.within, 4)} (SE {figures(self.within_se, 2)}) "
            "within them: "
            f"a contextual effect of {figures(self.estimate, 4)} "
            f"(SE {figures(self.std_error, 2)}, {test})"
        )


def candidates(formula: Formula, design: Design, look: Look) -> list[tuple[str, str]]:
    """Predictors and grouping factors for which a contextual effect can be asked.

    A predictor is a number used as it is, in the fixed part, that varies within some and between
    the means of the factor's levels. Those that stand in a function too are left out, and those
    whose group means are in the model by name (``between(x, g)``).
    """
    inside = {
        node.name
        for term in formula.fixed
        for factor in term.factors
        if not isinstance(factor, Name)
        for node in walk(factor)
        if isinstance(node, Name)
    }
    names = dict.fromkeys(
        t.factors[0].name for t in formula.fixed if t.degree == 1 and isinstance(t.factors[0], Name)
    )
    factors = dict.fromkeys(term.factor for term in design.terms)
    return [
        (name, factor)
        for name in names
        if name not in inside and look.is_number(name) and _main(design, name)
        for factor in factors
        if look.varies(name, factor)
    ]


@dataclass(frozen=True, eq=False)
class InRows:
    """The rows of a fit answer.

    Attributes
    ----------
    formula : Formula
    data : Data or GeneralisedData
        Group means include the rows left out, as those of ``between()`` do.
    refit : callable
    """

    formula: Formula
    data: Rows = field(repr=False)
    refit: Refit = field(repr=False)

    def is_number(self, name: str) -> bool:
        return self.data.table[name].kind == "number"

    def varies(self, name: str, factor: str) -> bool:
        return _varies(self.data.table, name, self._term(factor))

    def is_constant(self, name: str, factor: str) -> bool:
        design, term = self.data.design, self._term(factor)
        column = Column(name, "number", design.X[:, design.x_names.index(name)])
        return bool(is_constant_within(column, term.codes, term.n_levels).all())

    def fitted(self) -> tuple[Array, Method]:
        return self.refit(self.data)

    def split(self, name: str, factor: str) -> Split | None:
        data = self.data
        means = _means(data.table, data.left_out, name, self._term(factor), data.design)
        design, pairs = _split(self.formula, data.table, data.design, name, means)
        if design is None:
            return None
        return Split(*self.refit(replace(data, design=design)), tuple(pairs))  # type: ignore[type-var]

    def _term(self, factor: str) -> RandomTerm:
        return next(term for term in self.data.design.terms if term.factor == factor)


def contextual(
    formula: Formula, design: Design, look: Look, name: str, by: str | None = None
) -> Contextual:
    """Fit the model with the predictor split, and compare its two slopes.

    In the fixed part x and its interactions are replaced by those of ``x - mean``, and those of
    the group mean are added; random slopes of x become slopes of ``x - mean``. A model that holds
    both parts already is fitted as it is. Priors play no part.

    Parameters
    ----------
    formula : Formula
    design : Design
    look : Look
    name : str
        A number of the fixed part.
    by : str, optional
        The grouping factor, where there are several.

    Raises
    ------
    OptionError
        The predictor has no two slopes in this model.

    References
    ----------
    Mundlak (1978), On the pooling of time series and cross section data, Econometrica 46, 69-85.
    Raudenbush and Bryk (2002), Hierarchical Linear Models, 2nd ed., Sage, pp. 139-141.
    """
    factors = {term.factor: term for term in design.terms}
    name_option("variable", name, of="predictor")
    if by is not None:
        name_option("by", by, of="grouping factor")
    asked, by = by, None if by is None else find(by, factors)
    if asked is not None and by is None:
        raise OptionError(
            f"'{asked}' is not a grouping factor of the model",
            found="grouping factors " + ", ".join(factors),
            fix=suggestion(asked, factors) or "name one of these",
        )
    parts = _parts_in_formula(formula, design, look, name, by)
    if parts is not None:
        group, within, between = parts
        return _compare(Split(*look.fitted(), ((within, between),)), name, group)
    possible = candidates(formula, design, look)
    groups = [g for n, g in possible if n == name and by in (None, g)]
    if len(groups) != 1:
        raise _refusal(formula, name, by, groups, possible)
    group = groups[0]
    split = look.split(name, group)
    if split is None:
        raise OptionError(
            f"the model holds the means of '{name}' by '{group}' already",
            found="they are a combination of other columns of the fixed part",
            fix=f"write within({in_formula(name)}, {typed(group)}) and "
            f"between({in_formula(name)}, {typed(group)}) in their place",
        )
    return _compare(split, name, group)


def _main(design: Design, name: str) -> tuple[int, ...]:
    """The columns of X that a variable by itself has."""
    return design.encoding.fixed_terms.get(of_column(name), ())


def _varies(table: Table, name: str, term: RandomTerm) -> bool:
    """Whether a number varies within some and between the means of a factor's levels."""
    column = table[name]
    if is_constant_within(column, term.codes, term.n_levels).all():
        return False
    means = group_means(column.values, term.codes, term.n_levels)
    return float(np.ptp(means)) > 1e-9 * float(np.ptp(column.values))


def _parts_in_formula(
    formula: Formula, design: Design, look: Look, name: str, by: str | None
) -> tuple[str, int, int] | None:
    """Group and columns of ``within(x, g)`` and ``between(x, g)``, or of ``x_within`` and
    ``x_between`` (the names that ``center`` gives), where the fixed part has both."""
    columns = design.encoding.fixed_terms
    for term in formula.fixed:
        factor = term.factors[0]
        if term.degree > 1 or not isinstance(factor, Call) or factor.function != "within":
            continue
        group = expand_group(factor.args[1], formula.text)[0].label
        other = to_text(replace(factor, function="between"))
        same = (of_column(name),) if isinstance(factor.args[0], Name) else (name,)
        if to_text(factor.args[0]) not in same or by not in (None, group):
            continue
        if columns.get(other) and columns[term.name]:
            return group, columns[term.name][0], columns[other][0]
    within, between = _main(design, f"{name}_within"), _main(design, f"{name}_between")
    if not (within and between):
        return None
    for random in design.terms:
        constant = look.is_constant(design.x_names[between[0]], random.factor)
        if by in (None, random.factor) and constant:
            return random.factor, within[0], between[0]
    return None


def _refusal(
    formula: Formula,
    name: str,
    by: str | None,
    groups: Sequence[str],
    possible: Sequence[tuple[str, str]],
) -> OptionError:
    if groups:
        return OptionError(
            f"'{name}' varies between levels of several grouping factors",
            found=", ".join(groups),
            fix=f"name one: by='{groups[0]}'",
        )
    known = list(dict.fromkeys(n for n, _ in possible))
    fixed = [t.factors[0].name for t in formula.fixed if isinstance(t.factors[0], Name)]
    reason = (
        f"'{name}' has no slope of its own in the fixed part"
        if name not in fixed
        else f"'{name}' does not have two slopes" + (f" by '{by}'" if by else "")
    )
    return OptionError(
        reason,
        found="predictors that vary within and between groups: " + (", ".join(known) or "none"),
        fix=suggestion(name, known)
        or "a contextual effect needs a number that varies within groups and between their means",
    )


def _means(
    table: Table, left_out: Table | None, name: str, by: RandomTerm, design: Design
) -> Array:
    """The mean of a predictor in the group of each row used, shape (n,)."""
    values, codes = table[name].values, by.codes
    if left_out is not None:
        codings = zip(design.terms, design.encoding.random_codings, strict=True)
        grouping = next(c.grouping for term, c in codings if term.factor == by.factor)
        values = np.concatenate([values, left_out[name].values])
        codes = np.concatenate([codes, grouping.encode(left_out)])
    return group_means(values, codes, by.n_levels)[by.codes]


def _split(
    formula: Formula, table: Table, design: Design, name: str, means: Array
) -> tuple[Design | None, list[tuple[int, int]]]:
    """The design with x in two parts, and the columns of the parts of each term that holds x.

    None where the means are a combination of other columns.
    """
    inner = _with_column(table, name, table[name].values - means)
    outer = _with_column(table, name, means)
    encoding = design.encoding
    at = [
        j
        for term in formula.fixed
        if any(isinstance(f, Name) and f.name == name for f in term.factors)
        for j in encoding.fixed_terms[term.name]
    ]
    main = _main(design, name)[0]
    at = [main, *(j for j in at if j != main)]
    X = design.X.copy(order="F")
    X[:, at] = encoding.fixed(inner)[:, at]
    added = encoding.fixed(outer)[:, at]
    whole = np.asfortranarray(np.column_stack([X, added]))
    dependent = dependent_columns(whole, intercept=design.has_intercept)
    p = design.p
    if dependent[:p].any() or dependent[p] or _share_left(X, added[:, 0]) < NEW:
        return None, []
    kept = [k for k in range(len(at)) if not dependent[p + k]]
    columns = [*range(p), *(p + k for k in kept)]
    names = [*design.x_names, *(f"between({design.x_names[at[k]]})" for k in kept)]
    terms = tuple(
        replace(term, columns=ModelColumns.of(z))
        for term, (_, z) in zip(design.terms, encoding.random(inner), strict=True)
    )
    split = replace(
        design, columns=ModelColumns.of(whole).take(columns), x_names=tuple(names), terms=terms
    )
    return split, [(at[k], p + i) for i, k in enumerate(kept)]


def _share_left(X: Array, column: Array) -> float:
    """Share of a column's squared deviations that the columns of X do not explain."""
    rest = column - X @ np.linalg.lstsq(X, column)[0]
    total = column - column.mean()
    return float(rest @ rest) / float(total @ total)


def _with_column(table: Table, name: str, values: Array) -> Table:
    return Table(
        {**table.columns, name: replace(table[name], values=values)}, table.n_rows, table.threads
    )


def _compare(split: Split, name: str, group: str) -> Contextual:
    """Slopes and their differences in a fit of a design with both parts of x."""
    beta, method, pairs = split
    contrasts = np.zeros((len(pairs), beta.size))
    for k, (within, between) in enumerate(pairs):
        contrasts[k, between], contrasts[k, within] = 1.0, -1.0
    tests = row_tests(contrasts, beta, method)
    se = np.sqrt(np.diag(method.vcov))
    within, between = pairs[0]
    return Contextual(
        variable=name,
        group=group,
        estimate=float(tests.estimate[0]),
        std_error=float(tests.std_error[0]),
        df=float(tests.df[0]),
        statistic=float(tests.statistic[0]),
        p_value=float(tests.p_value[0]),
        within=float(beta[within]),
        within_se=float(se[within]),
        between=float(beta[between]),
        between_se=float(se[between]),
        p_joint=float(min(1.0, len(pairs) * tests.p_value.min())),
    )
