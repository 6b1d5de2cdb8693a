"""Texts that name one thing each: columns, levels, coefficients and grouping factors.

A coefficient is known to the user by a text: ``ses:sex[T.male]``. Bare, the text of a column
could be that of something else: a column called ``Intercept`` beside the constant, a column ``a:b``
beside the interaction of ``a`` and ``b``. Such a column is written between backticks, as it is
typed in a formula. All rules are in this file, and with them equal texts mean equal things, in one
model and in any two.

A coefficient's text is one or more factors joined with ``:``. A factor is a column (bare or between
backticks) or a call such as ``log(x)``, and it may end in brackets that hold a level, a contrast or
the number of a column.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from ranef.errors import DataError
from ranef.formula.functions import KNOWN
from ranef.page.phrases import one_of_them
from ranef.types import INTERCEPT

__all__ = [
    "RESIDUAL",
    "column_of",
    "columns_of",
    "factors",
    "find",
    "in_call",
    "in_formula",
    "label_parts",
    "numbered",
    "of_column",
    "of_group",
    "of_level",
    "pairs",
    "refuse_taken",
    "set_apart",
    "typed",
    "without_level",
]

RESIDUAL = "Residual"
"""The group of the residual variance."""

_COEFFICIENTS = frozenset({INTERCEPT, f"({INTERCEPT})", "sigma"})
"""The constant in both spellings, and the residual standard deviation among the parameters."""

_GROUPS = frozenset({RESIDUAL, "fixed", INTERCEPT})
"""What stands beside grouping factors: in ``varcorr``, in the mapping of priors, and as a column of
a frame whose index has the factor's name."""

_CALLS = "|".join(re.escape(name) for name in sorted(KNOWN))
_CALL = re.compile(rf"(?:{_CALLS})\(")
_LIKE_ANOTHER = re.compile(rf"[\s(]|.*(?:[:|`]|\S\[|\s\Z)|(?:{_CALLS})\(|(?:sd|cor)__", re.DOTALL)
"""Blanks at an end, a joint, brackets, a call, the name of a variance parameter."""

_WORDS_IN_A_ROW = re.compile(r"(?:[^\W\d]|\.(?!\d))[\w.]*+(?: [\w.]++)*+\Z")
_OF_CATEGORY = re.compile(r"(C|factor|as\.factor)\((`[^`]*`|[^`(),]*)\)\Z")
_TYPED_BARE = re.compile(r"(?:[^\W\d]|\.(?!\d))[\w.]*+\Z")
_WORDS = frozenset({".", "TRUE", "FALSE", "True", "False", "NULL", "None", "pi", "Inf"})
_CONTRAST = re.compile(r"[DHST]\.")


def of_column(name: str) -> str:
    """A column as a factor of a term.

    Examples
    --------
    >>> of_column("reading score"), of_column("Intercept"), of_column("a:b"), of_column("log(x)")
    ('reading score', '`Intercept`', '`a:b`', '`log(x)`')
    """
    return f"`{name}`" if name in _COEFFICIENTS or _LIKE_ANOTHER.match(name) else name


def of_group(name: str) -> str:
    """A column as a grouping factor.

    Examples
    --------
    >>> of_group("sch.id"), of_group("Residual"), of_group("a:b")
    ('sch.id', '`Residual`', '`a:b`')
    """
    return f"`{name}`" if name in _GROUPS or _LIKE_ANOTHER.match(name) else name


def in_call(name: str) -> str:
    """A column inside of a call: an operator or a number in its name needs backticks there.

    Examples
    --------
    >>> in_call("reading score"), in_call("post-test"), in_call("2")
    ('reading score', '`post-test`', '`2`')
    """
    return name if _WORDS_IN_A_ROW.match(name) and name not in _WORDS else f"`{name}`"


def in_formula(name: str) -> str:
    """A column as it is typed in a formula.

    Examples
    --------
    >>> in_formula("sch.id"), in_formula("reading score"), in_formula("2")
    ('sch.id', '`reading score`', '`2`')
    """
    return name if _TYPED_BARE.match(name) and name not in _WORDS else f"`{name}`"


def of_level(level: str, bare: bool = False) -> str:
    """A level, or the label of a contrast, between the brackets of a factor.

    Parameters
    ----------
    level : str
    bare : bool
        Whether no letter of a contrast stands before it, so that it must not look like one.

    Examples
    --------
    >>> of_level("10:30"), of_level("(0, 5]"), of_level("x]:g[T.y"), of_level("T.x", bare=True)
    ('10:30', '(0, 5]', '`x]:g[T.y`', '`T.x`')
    """
    if "]:" in level or level.startswith("`") or (bare and _CONTRAST.match(level)):
        return "`" + level.replace("`", "``") + "`"
    return level


def factors(text: str) -> tuple[str, ...]:
    """The factors of a coefficient's text, or the columns of a grouping factor's.

    Examples
    --------
    >>> factors("sector:within(ses, a:b)"), factors("f[T.x:y]:`a:b`"), factors("c:(b:a)")
    (('sector', 'within(ses, a:b)'), ('f[T.x:y]', '`a:b`'), ('c', '(b:a)'))
    """
    parts, start = [], 0
    while True:
        stop = _end_of_factor(text, start)
        parts.append(text[start:stop])
        if stop >= len(text):
            return tuple(parts)
        start = stop + 1


def _end_of_factor(text: str, start: int) -> int:
    at = start
    if text.startswith("`", at):
        at = text.find("`", at + 1) + 1 or len(text)
    elif text.startswith("(", at) or _CALL.match(text, at):
        at = _end_of_call(text, at)
    while at < len(text) and text[at] != ":":
        if text[at] == "[" and at > start and not text[at - 1].isspace():
            return _end_of_brackets(text, at)
        at += 1
    return at


def _end_of_call(text: str, at: int) -> int:
    depth, quote = 0, ""
    while at < len(text):
        char = text[at]
        if quote:
            at += char == "\\" and quote != "`"
            quote = "" if char == quote else quote
        elif char in "`'\"":
            quote = char
        elif char in "()":
            depth += 1 if char == "(" else -1
            if depth == 0:
                return at + 1
        at += 1
    return len(text)


def _end_of_brackets(text: str, at: int) -> int:
    inner = re.match(r"\[(?:[DHST]\.)?`(?:[^`]|``)*+`\]", text[at:])
    if inner:
        return at + inner.end()
    stop = text.find("]:", at)
    return len(text) if stop < 0 else stop + 1


def without_level(factor: str) -> str:
    """A factor without the brackets behind it: the text of its variable or call.

    Examples
    --------
    >>> without_level("sex[T.male]"), without_level("poly(x, 2)[1]"), without_level("score [pts]")
    ('sex', 'poly(x, 2)', 'score [pts]')
    """
    at = 0
    if factor.startswith("`"):
        at = factor.find("`", 1) + 1 or len(factor)
    elif _CALL.match(factor):
        at = _end_of_call(factor, 0)
    for place in range(max(at, 1), len(factor)):
        if factor[place] == "[" and not factor[place - 1].isspace():
            return factor[:place]
    return factor


def column_of(factor: str) -> str | None:
    """The column whose text a factor is, None for a call.

    Examples
    --------
    >>> column_of("ses"), column_of("`a:b`"), column_of("sex[T.male]"), column_of("log(x)")
    ('ses', 'a:b', 'sex', None)
    """
    variable = without_level(factor)
    if variable.startswith("`"):
        return variable[1:-1]
    return None if _CALL.match(variable) else variable


def columns_of(label: str) -> tuple[str, ...]:
    """The columns behind the text of a grouping factor, or the one of a factor's text.

    Examples
    --------
    >>> columns_of("c:(`b:1`:a)"), columns_of("factor(g)"), columns_of("log(x)")
    (('c', 'b:1', 'a'), ('g',), ())
    """
    out: list[str] = []
    for factor in factors(label):
        column = column_of(factor)
        if factor.startswith("(") and factor.endswith(")"):
            out += columns_of(factor[1:-1])
        elif found := _OF_CATEGORY.match(factor):
            out.append(found[2].strip("`"))
        elif column is not None:
            out.append(column)
    return tuple(out)


def pairs(both: Sequence[tuple[str, str]]) -> list[str]:
    """Pairs of texts with a dot between them; those that hold dots get backticks if need be.

    Examples
    --------
    >>> pairs([("Intercept", "sch.ses")]), pairs([("a", "b.c"), ("a.b", "c")])
    (['Intercept.sch.ses'], ['a.`b.c`', '`a.b`.c'])
    """
    plain = [f"{a}.{b}" for a, b in both]
    if len(set(plain)) == len(set(both)):
        return plain
    return [".".join(f"`{text}`" if "." in text else text for text in pair) for pair in both]


def typed(text: str) -> str:
    """A term or grouping factor as it is typed in a formula.

    Examples
    --------
    >>> typed("reading score:sex"), typed("c:(b x:a)"), typed("factor(a b)")
    ('`reading score`:sex', 'c:(`b x`:a)', 'factor(`a b`)')
    """
    parts = []
    for factor in factors(text):
        if factor.startswith("(") and factor.endswith(")"):
            parts.append(f"({typed(factor[1:-1])})")
        elif found := _OF_CATEGORY.match(factor):
            parts.append(f"{found[1]}({in_formula(found[2].strip('`'))})")
        elif factor.startswith("`") or _CALL.match(factor):
            parts.append(factor)
        else:
            parts.append(in_formula(factor))
    return ":".join(parts)


def label_parts(names: Iterable[str]) -> str:
    """Several texts in a row with blanks between them: columns that hold a blank get backticks.

    Examples
    --------
    >>> label_parts(["school", "reading score"]), label_parts(["g", "f[T.a b]", "poly(x, 2)[1]"])
    ('school `reading score`', 'g f[T.a b] poly(x, 2)[1]')
    """
    return " ".join(":".join(map(_without_blanks, factors(name))) for name in names)


def _without_blanks(factor: str) -> str:
    column = column_of(factor)
    if column is None or factor.startswith("`") or not re.search(r"\s", column):
        return factor
    return f"`{column}`{factor[len(column) :]}"


def find(given: str, known: Collection[str]) -> str | None:
    """The text among `known` that a user means: as it is, or a column without its backticks."""
    return next(
        (text for text in (given, of_column(given), of_group(given)) if text in known), None
    )


def numbered(labels: Sequence[str]) -> list[str]:
    """Second and later uses of a label get ``.1``, ``.2``, as by R's ``make.unique``.

    Examples
    --------
    >>> numbered(["g", "g", "h"]), numbered(["g", "g", "g.1"])
    (['g', 'g.1', 'h'], ['g', 'g.2', 'g.1'])
    """
    taken, seen, out = set(labels), set(), []
    for label in labels:
        text, count = label, 0
        while text in seen or (count and text in taken):
            count += 1
            text = f"{label}.{count}"
        seen.add(text)
        out.append(text)
    return out


def set_apart(texts: Sequence[str], others: Collection[str], suffix: str = "") -> list[str]:
    """Texts that are to be the names of columns, beside other columns of the same frame.

    Parameters
    ----------
    texts : sequence of str
    others : collection of str
        Names that the frame has besides. A text that is one of them gets backticks.
    suffix : str
        Every text has a second column, whose name ends in this.

    Examples
    --------
    >>> set_apart(["x", "criterion"], ["criterion"]), set_apart(["x", "x_sd"], [], "_sd")
    (['x', '`criterion`'], ['x', '`x_sd`'])
    """
    out: list[str] = []
    for text in texts:
        beside = {*others, *out}
        if suffix:
            beside |= {other + suffix for other in (*texts, *out)}
        while text in beside or (suffix and text + suffix in out):
            text = f"`{text}`"
        out.append(text)
    return out


def refuse_taken(names: Iterable[str], taken: Collection[str], where: str) -> None:
    """Raise where columns of the data have the names of results that are to stand beside them.

    Raises
    ------
    DataError
        With the columns to rename.
    """
    clash = [name for name in names if name in taken]
    if not clash:
        return
    shown = " and ".join(f"'{name}'" for name in clash)
    k = len(clash)
    raise DataError(
        f"the {one_of_them(k, 'column', 'columns')} {shown} of the data "
        f"{one_of_them(k, 'has', 'have')} the name of a result",
        where=where,
        found="results " + ", ".join(sorted(taken)),
        fix=f"rename {shown} in the data and in the formula, and fit again",
    )
