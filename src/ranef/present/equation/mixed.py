"""The mixed form: everything in one equation; and the distributions of the random parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ranef.present.equation.columns import Column, letters_of, summed
from ranef.present.equation.levels import left_side, of_category, offset_of
from ranef.present.equation.lines import CLAUSE, Line
from ranef.present.equation.parts import Parts, RandomPart, matrix
from ranef.present.equation.structures import law_of_structure
from ranef.present.equation.tree import Tree, joined_numbers
from ranef.present.equation.width import width_of

__all__ = ["error_lines", "general_lines", "laws_of_tree"]

_WIDEST_LAW = 21.0  # em of a covariance matrix that is written out
_WIDEST_NAME = 7.0  # em of a grouping factor that is an index
_MOST_WRITTEN_OUT = 5  # effects of a term
_TOO_LONG = 10  # numbers of two digits need commas between indices


def laws_of_tree(parts: Parts, tree: Tree) -> list[Line]:
    """The distributions of the random effects of a model by levels."""
    several = sum(term.structure != "us" for term in parts.random) > 1
    lines = []
    for term in parts.random:
        level = tree.hierarchy.factors.index(term.factor) + 2
        own = parts.writer.group(term.label) if several else ""
        letter, group = tree.letter_of_effects(level), tree.hierarchy.indices[level - 1]
        if term.category:
            symbols = [rf"{letter}_{{{name},\, {group}}}" for name in term.levels]
            lines.append(law_of_structure(term, symbols, term.levels, own))
            continue
        paths = [tree.random[term.factor, name] for name in term.names]
        symbols = [tree.effect(path) for path in paths]
        numbers = [tuple(one.number for one in path) for path in paths]
        if not any(any(path[1:]) for path in numbers):
            numbers = [path[:1] for path in numbers]
        if term.structure == "us":
            upper = "" if tree.levels == 2 else f"({level})"
            lines.append(_law(symbols, numbers, upper))
        else:
            indices = [joined_numbers(path, "", True) for path in numbers]
            lines.append(law_of_structure(term, symbols, indices, own))
    return lines


@dataclass(frozen=True, slots=True)
class _Group:
    """How a grouping factor is written.

    Attributes
    ----------
    upper : str
        Its name, or a number in brackets if that is long.
    symbol : str
        Of the function that gives the level of a row.
    legend : str
        What the symbol means, empty if it is the name.
    """

    upper: str
    symbol: str
    legend: str = ""

    @property
    def of_row(self) -> str:
        return f"{self.symbol}[i]"

    def of_term(self, term: RandomPart) -> str:
        """An index of the parameters of a structure."""
        number = term.label[len(term.factor) :] if term.label.startswith(term.factor) else ""
        return self.upper + (rf"\text{{{number}}}" if number else "")


def general_lines(parts: Parts) -> list[Line]:
    """Any number of factors: the group of row i is written g[i]."""
    groups = _groups(parts)
    random, laws = _random_parts(parts, groups)
    fixed = [_fixed_term(k, column, parts) for k, column in enumerate(parts.fixed)]
    error = ["e_{i}"] if parts.linear else []
    terms = (*fixed, *random, *offset_of(parts, "i"), *error)
    legend = [Line(g.symbol, "=", (g.legend,)) for g in groups.values() if g.legend]
    return [Line(left_side(parts, "i"), "=", terms), *laws, *error_lines(parts, "i"), *legend]


def _fixed_term(k: int, column: Column, parts: Parts) -> str:
    product = column.written("i", parts.writer)
    symbol = rf"\beta{letters_of(column.pieces)}_{{{k}}}"
    return summed(column.pieces) + symbol + (rf" \, {product}" if product else "")


def _random_parts(parts: Parts, groups: Mapping[str, _Group]) -> tuple[list[str], list[Line]]:
    """What a row has of the random effects, and their distributions."""
    random: list[str] = []
    laws: list[Line] = []
    number: dict[str, int] = {}
    for term in parts.random:
        group = groups[term.factor]
        letter = f"u^{{{group.upper}}}"
        if term.category:
            random.append(of_category(term, letter, "i", group.of_row, parts))
            symbols = [rf"{letter}_{{{level},\, j}}" for level in term.levels]
            laws.append(law_of_structure(term, symbols, term.levels, group.of_term(term)))
            continue
        first = number.get(term.factor, 0)
        number[term.factor] = first + len(term.columns)
        numbers = range(first, number[term.factor])
        for k, column in zip(numbers, term.columns, strict=True):
            product = column.written("i", parts.writer)
            effect = f"{letter}_{{{k},{group.of_row}}}"
            random.append(effect + (rf" \, {product}" if product else ""))
        symbols = [f"{letter}_{{{k},j}}" for k in numbers]
        if term.structure == "us":
            laws.append(_law(symbols, [(k,) for k in numbers], group.upper))
        else:
            indices = [str(k) for k in numbers]
            laws.append(law_of_structure(term, symbols, indices, group.of_term(term)))
    return random, laws


def _groups(parts: Parts) -> dict[str, _Group]:
    names = {factor: parts.writer.group(factor) for factor in parts.factors}
    short = max(map(width_of, names.values()), default=0.0) <= _WIDEST_NAME
    if short:
        return {factor: _Group(name, name) for factor, name in names.items()}
    return {
        factor: _Group(f"({k})", f"g_{{{k}}}", name)
        for k, (factor, name) in enumerate(names.items(), start=1)
    }


def _law(symbols: Sequence[str], numbers: Sequence[tuple[int, ...]], upper: str) -> Line:
    """A free covariance matrix; `upper` distinguishes it from that of other terms."""
    power = f"^{{{upper}}}" if upper else ""
    commas = any(len(path) > 1 or path[0] >= _TOO_LONG for path in numbers)

    def tau(a: tuple[int, ...], b: tuple[int, ...]) -> str:
        joint = "," if commas else ""
        pair = joint.join("".join(map(str, path)) for path in (max(a, b), min(a, b)))
        return rf"\tau{power}_{{{pair}}}"

    if len(symbols) == 1:
        return Line(symbols[0], r"\sim", (rf"\mathcal{{N}}(0, {tau(numbers[0], numbers[0])})",))
    rows = matrix([[tau(a, b) for b in numbers[: i + 1]] for i, a in enumerate(numbers)])
    if len(symbols) > _MOST_WRITTEN_OUT or width_of(rows) > _WIDEST_LAW:
        vector = rf"({symbols[0]}, \dots, {symbols[-1]})'"
        element = rf"\mathrm{{T}}{power}_{{st}} = \tau{power}_{{st}}"
        law = rf"\mathcal{{N}}\left(0, \mathrm{{T}}{power}\right)"
        return Line(vector, r"\sim", (law, element), CLAUSE)
    vector = matrix([[symbol] for symbol in symbols])
    return Line(vector, r"\sim", (rf"\mathcal{{N}}\left(0, {rows}\right)",))


def error_lines(parts: Parts, index: str) -> list[Line]:
    """The distribution of the residuals; none of a generalised model."""
    if not parts.linear:
        return []
    variance = rf"\sigma_{{s[{index}]}}^2" if parts.residual == "strata" else r"\sigma^2"
    lines = [Line(rf"e_{{{index}}}", r"\sim", (rf"\mathcal{{N}}(0, {variance})",))]
    if parts.residual == "ar1":
        own, other = index, f"i'{index[1:]}"
        power = rf"\rho^{{|t_{{{own}}} - t_{{{other}}}|}}"
        left = rf"\mathrm{{Cor}}(e_{{{own}}}, e_{{{other}}})"
        lines.append(Line(left, "=", (power,)))
    return lines
