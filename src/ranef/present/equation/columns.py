r"""Columns of a model matrix in an equation: products of variables, indicators of levels.

A level of a category is an indicator, I(service_i = 1). A category of many levels is one sum over
its levels, and what belongs to a level has the letter of the sum above it: gamma^(m).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from math import prod

from ranef.design.state import Category
from ranef.formula.naming import factors, without_level
from ranef.present.equation.expression import Writer
from ranef.present.equation.upright import upright
from ranef.present.text.words import Words
from ranef.types import INTERCEPT

__all__ = ["Column", "Piece", "columns_of_names", "letters_of", "summed"]

MOST_SEPARATE = 3
"""Columns of a category that are written one by one."""

LETTERS = "mlhqvw"
"""Of levels in a sum, by category."""

_CODE = re.compile(r"\[(?:([DHST])\.)?(.*)\]\Z", re.DOTALL)
_CALLED = re.compile(r"(?:C|factor|as\.factor|ordered|relevel|cut)\(")


@dataclass(frozen=True, slots=True)
class Piece:
    """One factor of a product.

    Attributes
    ----------
    text : str
        As the coefficient has it: ``"sex[T.male]"``; of a sum, its first one.
    variable : str
        Without the level.
    level : str
        Of which the piece is the indicator; empty for other pieces.
    code : str
        Of a contrast in LaTeX, or the number of a column; empty for other pieces.
    letter : str
        Of a sum over levels, else empty.
    without : str
        The level that a sum leaves out.
    """

    text: str
    variable: str
    level: str = ""
    code: str = ""
    letter: str = ""
    without: str = ""

    def written(self, index: str, writer: Writer) -> str:
        """The piece with its index."""
        words = writer.words
        own = words.categories.get(self.variable)
        if self.level or (self.letter and not self.code):
            column = self.variable if own is None else own.column
            name = words.labels.get(self.variable, words.variable(column))
            value = self.letter or upright(self.level)
            return rf"\mathrm{{I}}({upright(name)}_{{{index}}} = {value})"
        if not self.code:
            return writer.variable(self.variable, index)
        if own is not None:
            name = upright(words.labels.get(self.variable, words.variable(own.column)))
            kind = "contrast" if own.contrast.kind == "custom" else own.contrast.kind
            return rf"\mathrm{{{kind}}}_{{{self.code}}}({name}_{{{index}}})"
        if self.code.isdigit():
            return writer.basis(self.variable, self.code, index)
        return writer.upright(words.coefficient(self.text), index)


@dataclass(frozen=True, slots=True)
class Column:
    """A product of pieces, or the sum of products over levels. The constant has no pieces.

    Attributes
    ----------
    pieces : tuple of Piece
    names : tuple of str
        The coefficients that it stands for.
    """

    pieces: tuple[Piece, ...] = ()
    names: tuple[str, ...] = field(default=(), compare=False)

    @property
    def letters(self) -> tuple[str, ...]:
        """Of the sums."""
        return tuple(piece.letter for piece in self.pieces if piece.letter)

    def written(self, index: str, writer: Writer) -> str:
        r"""The product, with one index for all pieces."""
        return r" \, ".join(piece.written(index, writer) for piece in self.pieces)


def summed(pieces: Sequence[Piece]) -> str:
    """The signs of the sums over levels."""
    signs = [
        rf"\sum_{{{p.letter} \ne {upright(p.without)}}}" if p.without else rf"\sum_{{{p.letter}}}"
        for p in pieces
        if p.letter
    ]
    return "".join(f"{sign} " for sign in signs)


def letters_of(pieces: Sequence[Piece]) -> str:
    """The superscript of a coefficient of these pieces: ``"^{(m)}"``, or empty."""
    letters = dict.fromkeys(piece.letter for piece in pieces if piece.letter)
    return f"^{{({', '.join(letters)})}}" if letters else ""


def piece_of(factor: str, words: Words) -> Piece:
    """One factor of a coefficient's name."""
    variable = without_level(factor)
    inside = factor[len(variable) :]
    found = _CODE.match(inside)
    if found is None:
        return Piece(factor, variable)
    mark, code = found[1], _unquoted(found[2])
    own = words.categories.get(variable)
    if own is None:
        category = mark == "T" or (not mark and not code.isdigit()) or _CALLED.match(variable)
        plain = mark in (None, "T") and bool(category)
        return (
            Piece(factor, variable, code) if plain else Piece(factor, variable, code=inside[1:-1])
        )
    kind = own.contrast.kind
    indicator = mark == "T" or (not mark and code in own.levels.names and kind != "custom")
    if indicator and (mark != "T" or kind in ("treatment", "SAS")):
        return Piece(factor, variable, code)
    return Piece(factor, variable, code=_of_contrast(code, inside[1:-1], own))


def _of_contrast(code: str, whole: str, own: Category) -> str:
    """A column of a contrast in LaTeX: the level, or the degree of a polynomial."""
    if own.contrast.kind == "poly":
        return str({".L": 1, ".Q": 2, ".C": 3}.get(whole) or whole.lstrip(".^"))
    return upright(code if own.contrast.kind != "custom" else _unquoted(whole))


def _unquoted(code: str) -> str:
    return code[1:-1].replace("``", "`") if code[:1] == code[-1:] == "`" and code else code


def columns_of_names(
    names: Sequence[str], words: Words, separate: Collection[str] = ()
) -> tuple[Column, ...]:
    """The columns behind coefficients, categories of many levels as sums.

    Parameters
    ----------
    names : sequence of str
    words : Words
    separate : collection of str
        Coefficients that are written one by one: those that vary between groups.
    """
    letters: dict[str, str] = {}
    out: list[Column] = []
    split = [(name, tuple(piece_of(f, words) for f in factors(name))) for name in names]
    for _, run in groupby(split, key=lambda entry: tuple(piece.variable for piece in entry[1])):
        out += _of_run(list(run), words, separate, letters)
    return tuple(out)


def _of_run(
    run: list[tuple[str, tuple[Piece, ...]]],
    words: Words,
    separate: Collection[str],
    letters: dict[str, str],
) -> list[Column]:
    """Columns of the same variables."""
    one_by_one = [
        Column() if name == INTERCEPT else Column(pieces, (name,)) for name, pieces in run
    ]
    names = [name for name, _ in run]
    if len(run) <= MOST_SEPARATE or any(name in separate for name in names):
        return one_by_one
    places = range(len(run[0][1]))
    texts = [{pieces[k].text for _, pieces in run} for k in places]
    many = [
        k
        for k in places
        if len(texts[k]) > MOST_SEPARATE and _is_complete([pieces[k] for _, pieces in run], words)
    ]
    if not many or len(run) < prod(map(len, texts)):
        return one_by_one
    found: dict[tuple[Piece, ...], list[str]] = {}
    for name, pieces in run:
        key = tuple(
            _sum_of(piece, run[0][1][k], words, letters) if k in many else piece
            for k, piece in enumerate(pieces)
        )
        found.setdefault(key, []).append(name)
    return [Column(pieces, tuple(own)) for pieces, own in found.items()]


def _is_complete(pieces: Sequence[Piece], words: Words) -> bool:
    """Whether these are all columns of a category."""
    own = words.categories.get(pieces[0].variable)
    if own is None:
        return False
    found = len({piece.text for piece in pieces})
    whole = len(own.levels.names)
    one_less = not pieces[0].level or "[T." in pieces[0].text  # contrasts, or dummies
    return found == whole - one_less


def _sum_of(piece: Piece, first: Piece, words: Words, letters: dict[str, str]) -> Piece:
    own = words.categories[piece.variable]
    letter = letters.setdefault(piece.variable, LETTERS[min(len(letters), len(LETTERS) - 1)])
    if piece.code:
        return Piece(first.text, piece.variable, code=letter, letter=letter)
    without = ""
    if piece.text[len(piece.variable) :].startswith("[T."):
        names = own.levels.names
        without = own.contrast.base or (names[-1] if own.contrast.kind == "SAS" else names[0])
    return Piece(first.text, piece.variable, letter=letter, without=without)
