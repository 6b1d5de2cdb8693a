"""Linear hypotheses about the fixed effects, from text or from a matrix.

A text has equations between commas: ``"ses = 0, ses:sector = -1"``, ``"a = b = c"``,
``"2 * a - b = (c + d) / 2"``. Names are those of the coefficients; an expression without ``=`` is
compared with 0. A single equation may be one-sided: ``"ses > 0"`` has the alternative that ses is
larger than 0.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from ranef.errors import OptionError, caret, suggestion
from ranef.options import numbers, one_of, shown
from ranef.types import INTERCEPT, Array

__all__ = ["Hypotheses", "hypotheses"]

# Of the size of the values: more is a contradiction, less is rounding.
CONTRADICTION = 1e-8
EITHER = "write = for a test of both sides, > or < for the side that you expect"
ALTERNATIVES = ("two-sided", "greater", "less")
OTHER_SIDE = {"greater": "less", "less": "greater"}
SIGNS = {"two-sided": "=", "greater": ">", "less": "<"}
EXAMPLE = 'as in fit.test("{0} = 0"), or a matrix with a column for each coefficient'


@dataclass(frozen=True, slots=True)
class Hypotheses:
    """L beta = r.

    Attributes
    ----------
    rows : ndarray, shape (m, p)
    values : ndarray, shape (m,)
    labels : tuple of str
        Each row as an equation.
    alternative : {"two-sided", "greater", "less"}
        On which side of the value a single row is expected.
    """

    rows: Array
    values: Array
    labels: tuple[str, ...]
    alternative: str = "two-sided"


def hypotheses(
    given: Any,
    names: Sequence[str],
    dropped: Sequence[str] = (),
    alternative: str | None = None,
) -> Hypotheses:
    """Read hypotheses about the coefficients `names`.

    Parameters
    ----------
    given : str, list of str, or array-like, shape (m, p) or (p,)
        A matrix asks whether its rows times the coefficients are zero.
    names : sequence of str
        The p coefficients of the fit.
    dropped : sequence of str
        Columns that the fit has left out.
    alternative : {"two-sided", "greater", "less"}, optional
        If the text does not say it by > or <.

    Raises
    ------
    OptionError
        The text cannot be read, names something else, or contradicts itself; or the matrix has
        another number of columns.

    Examples
    --------
    >>> made = hypotheses("ses = 0, 2 * sector - ses = 3", ["Intercept", "ses", "sector"])
    >>> made.rows.tolist(), made.values.tolist()
    ([[0.0, 1.0, 0.0], [0.0, -1.0, 2.0]], [0.0, 3.0])
    """
    texts = [given] if isinstance(given, str) else given
    is_text = isinstance(texts, (list, tuple)) and any(isinstance(t, str) for t in texts)
    if is_text and all(isinstance(t, str) for t in texts):
        equations = [e for text in texts for e in _Reader(text, names, dropped).equations()]
        rows = np.array([e.row for e in equations]).reshape(len(equations), len(names))
        values = np.array([e.value for e in equations])
        made = Hypotheses(rows, values, tuple(e.label for e in equations))
        sides = [e.alternative for e in equations]
    else:
        made = _of_matrix(given, names)
        sides = ["two-sided"] * len(made.labels)
    made = _one_sided(made, sides, alternative)
    _refuse_contradiction(made)
    return made


def _one_sided(made: Hypotheses, sides: Sequence[str], asked: str | None) -> Hypotheses:
    """With the alternative that the text or the option asks for, which is of a single row."""
    if asked is not None:
        one_of("alternative", asked, ALTERNATIVES)
    written = [side for side in sides if side != "two-sided"]
    if not written and asked in (None, "two-sided"):
        return made
    if len(sides) > 1:
        raise OptionError(
            "a one-sided test is of a single hypothesis",
            found=", ".join(made.labels) + ("" if written else f", with alternative={asked!r}"),
            fix="test one inequality at a time, or write = for a joint test",
        )
    if written and asked not in (None, written[0]):
        raise OptionError(
            "the hypothesis and the option ask for different alternatives",
            found=f"{made.labels[0]}, with alternative={asked!r}",
            fix="leave out alternative=",
        )
    side = written[0] if written else str(asked)
    label = made.labels[0]
    if not written:
        label = f" {SIGNS[side]} ".join(label.rsplit(" = ", 1))
    return replace(made, labels=(label,), alternative=side)


def _of_matrix(given: Any, names: Sequence[str]) -> Hypotheses:
    example = EXAMPLE.format(names[-1] if names else "x")
    rows = numbers("hypotheses", given, "hypotheses are a text or a matrix of numbers", example)
    if rows.ndim == 0:
        raise OptionError(
            "hypotheses are a text or a matrix of numbers", found=shown(given), fix=example
        )
    rows = rows[None, :] if rows.ndim == 1 else rows
    if rows.ndim != 2 or rows.shape[1] != len(names) or not rows.shape[0]:
        raise OptionError(
            "the matrix of a hypothesis has a column for each coefficient",
            found=f"shape {' x '.join(map(str, rows.shape))}; {len(names)} coefficients: "
            + ", ".join(names),
            fix="give a matrix with these columns, in this order",
        )
    if not np.isfinite(rows).all() or not rows.any(axis=1).all():
        raise OptionError(
            "a row of the matrix asks nothing",
            found="a row of zeros, or values that are not finite",
            fix="leave out this row",
        )
    labels = tuple(_spelt(row, names) for row in rows)
    return Hypotheses(rows, np.zeros(rows.shape[0]), labels)


def _spelt(row: Array, names: Sequence[str]) -> str:
    text = ""
    for value, name in zip(row.tolist(), names, strict=True):
        if value:
            sign = "-" if value < 0 else "+"
            size = "" if abs(value) == 1.0 else f"{abs(value):.4g} * "
            text += f" {sign} {size}{name}" if text else f"{sign.strip('+')}{size}{name}"
    return f"{text} = 0"


def _refuse_contradiction(made: Hypotheses) -> None:
    solution = np.linalg.lstsq(made.rows, made.values, rcond=None)[0]
    left = np.abs(made.rows @ solution - made.values)
    if left.size and left.max() > CONTRADICTION * float(np.abs(made.values).max()):
        raise OptionError(
            "the hypotheses contradict each other",
            found=", ".join(made.labels),
            fix="leave out one of them: no coefficients fulfil all",
        )


class _Equation(NamedTuple):
    """One row, its value, and itself as text."""

    row: Array
    value: float
    label: str
    alternative: str


class _Linear(NamedTuple):
    """A sum of multiples of coefficients and a number."""

    row: Array
    constant: float


_NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_WORD = re.compile(r"`[^`]*`|[^\W\d][\w.:]*(?:\[[^\]]*\])?|\S")
_JOINS = re.compile(r"[\w.:\[(`]")  # a name that goes on is another name
_BLANKS = re.compile(r"\s*")


class _Reader:
    """Recursive descent over one text; coefficients' names are found before all else."""

    def __init__(self, text: str, names: Sequence[str], dropped: Sequence[str]) -> None:
        self.text, self.names, self.dropped, self.at = text, names, dropped, 0
        spelt = {name: (_pattern(name), k) for k, name in enumerate(names)}
        spelt |= {name: (_pattern(name), -1) for name in dropped}
        for k, name in enumerate(names):
            if name == INTERCEPT:
                spelt[f"({INTERCEPT})"] = _pattern(f"({INTERCEPT})"), k
            elif "`" not in name:
                spelt[f"`{name}`"] = _pattern(f"`{name}`"), k
        self.patterns = [spelt[name] for name in sorted(spelt, key=len, reverse=True)]

    def equations(self) -> list[_Equation]:
        out: list[_Equation] = []
        while True:
            self._skip()
            if self.at == len(self.text) and out:
                return out
            sides, signs, start = [self._side()], [], self.at
            while sign := self._sign():
                signs.append(sign)
                sides.append(self._side())
            if len(sides) == 1:
                zero = _Linear(np.zeros(len(self.names)), 0.0), "0"
                sides.append(zero)
                signs.append("two-sided")
            for (first, second), sign in zip(pairwise(sides), signs, strict=True):
                if sign != "two-sided" and not first[0].row.any():  # 0 < x reads as x > 0
                    first, second, sign = second, first, OTHER_SIDE[sign]
                (left, one), (right, other) = first, second
                row, label = left.row - right.row, f"{one} {SIGNS[sign]} {other}"
                if not row.any():
                    raise self._error("the equation holds no coefficient", start - 1, label)
                out.append(_Equation(row, right.constant - left.constant, label, sign))
            self._skip()
            if self.at < len(self.text) and not (self._take(",") or self._take(";")):
                word = self._word()
                if word in ("!", "≠", "≤", "≥"):
                    raise self._error("a hypothesis is an equation", self.at, word, EITHER)
                raise self._error("equations stand between commas", self.at, word)

    def _sign(self) -> str:
        """What is said of two sides; empty at the end of an equation."""
        if self._take("="):
            self._take("=")
            return "two-sided"
        for mark, side in ((">", "greater"), ("<", "less")):
            if self._take(mark):
                if self._take("="):
                    raise self._error(
                        "an inequality is the alternative", self.at - 1, f"{mark}=", EITHER
                    )
                return side
        return ""

    def _side(self) -> tuple[_Linear, str]:
        self._skip()
        start = self.at
        made = self._sum()
        return made, " ".join(self.text[start : self.at].split())

    def _sum(self) -> _Linear:
        total = self._product()
        while True:
            if self._take("+"):
                sign = 1.0
            elif self._take("-"):
                sign = -1.0
            else:
                return total
            other = self._product()
            total = _Linear(total.row + sign * other.row, total.constant + sign * other.constant)

    def _product(self) -> _Linear:
        made = self._unary()
        while True:
            self._skip()
            start = self.at
            if self._take("*"):
                other = self._unary()
                if made.row.any() and other.row.any():
                    raise self._error("a hypothesis is linear", start, "a product of coefficients")
                number, form = (other, made) if made.row.any() else (made, other)
                factor = number.constant
                made = _Linear(form.row * factor, form.constant * factor)
            elif self._take("/"):
                other = self._unary()
                if other.row.any() or other.constant == 0.0:
                    raise self._error("a hypothesis is linear", start, "this denominator")
                made = _Linear(made.row / other.constant, made.constant / other.constant)
            else:
                return made

    def _unary(self) -> _Linear:
        if self._take("-"):
            made = self._unary()
            return _Linear(-made.row, -made.constant)
        if self._take("+"):
            return self._unary()
        return self._operand()

    def _operand(self) -> _Linear:
        self._skip()
        row = np.zeros(len(self.names))
        for pattern, place in self.patterns:
            found = pattern.match(self.text, self.at)
            if found and not self._goes_on(found):
                if place < 0:
                    raise self._error(
                        "the coefficient was left out of the fit", self.at, found.group(),
                        "other columns determine it: ask about the others",
                    )  # fmt: skip
                self.at = found.end()
                row[place] = 1.0
                return _Linear(row, 0.0)
        number = _NUMBER.match(self.text, self.at)
        if number:
            value = float(number.group())
            if not np.isfinite(value):
                raise self._error("a number is too large", self.at, number.group())
            self.at = number.end()
            return _Linear(row, value)
        if self._take("("):
            made = self._sum()
            if not self._take(")"):
                raise self._error("a ( is not closed", self.at, self._word())
            return made
        raise self._unknown()

    def _goes_on(self, found: re.Match[str]) -> bool:
        ends_in_word = bool(re.match(r"[\w.]", found.group()[-1]))
        after = self.text[found.end() : found.end() + 1]
        if after == ":":
            return True
        return ends_in_word and bool(_JOINS.match(after))

    def _skip(self) -> None:
        found = _BLANKS.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def _take(self, mark: str) -> bool:
        self._skip()
        if self.text.startswith(mark, self.at):
            self.at += len(mark)
            return True
        return False

    def _word(self) -> str:
        found = _WORD.match(self.text, self.at)
        return found.group() if found else ""

    def _unknown(self) -> OptionError:
        word = self._word()
        if not word or not re.match(r"[\w.`]", word):
            what = f"'{word}'" if word else "the end of the text"
            return self._error("a coefficient or a number is missing", self.at, what)
        near = suggestion(word, self.names)
        if any(name.startswith(f"{word}[") for name in self.names):
            near = f"name one of them; fit.anova() tests all coefficients of '{word}' together"
        known = "coefficients " + ", ".join(self.names)
        return self._error(f"unknown coefficient '{word}'", self.at, known, near)

    def _error(self, what: str, at: int, found: str, fix: str = "") -> OptionError:
        example = EXAMPLE.format(self.names[-1] if self.names else "x")
        start = min(max(at, 0), len(self.text))
        end = start + max(1, len(self._word()) if at == self.at else 1)
        one_line = "\n" not in self.text
        return OptionError(
            what,
            where=caret(self.text, start, end) if one_line else self.text,
            found=found,
            fix=fix or example,
        )


def _pattern(name: str) -> re.Pattern[str]:
    """The name with any blanks between its characters that are not of one word."""
    pieces = re.findall(r"\w+|\S", name)
    return re.compile(r"\s*".join(map(re.escape, pieces)))
