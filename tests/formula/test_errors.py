"""Every mistake has a caret under it and a way out."""

import pickle

import pytest

from ranef.errors import FormulaError
from ranef.formula import parse


@pytest.mark.parametrize(
    ("text", "what", "culprit"),
    [
        ("", "the formula is empty", ""),
        ("y x + (1 | g)", "no ~", "y x + (1 | g)"),
        ("y = x + (1 | g)", "not =", "="),
        ("y ~", "right of the ~", "~"),
        ("~ x + (1 | g)", "left of the ~", "~"),
        ("y ~ x ~ z", "second ~", "~ z"[:1]),
        ("y ~ (x + (1 | g)", "never closed", "("),
        ("y ~ x + (1 | g))", "closes nothing", ")"),
        ("y ~ x | g", "outside of parentheses", "|"),
        ("y ~ x + z", "no random part", "x + z"),
        ("y ~ x * + (1 | g)", "combined with other terms", "(1 | g)"),
        ("y ~ x + (1 | g) +", "nothing stands after this +", "+"),
        ("y ~ x : + ", "nothing stands after this +", "+"),
        ("y ~ lgo(x) + (1 | g)", "unknown function 'lgo'", "lgo"),
        ("y ~ x + (1 | 3)", "number 3 is not a grouping factor", "3"),
        ("y ~ x + (1 | a + b)", "not a grouping factor", "a + b"),
        ("y ~ x + (1 |)", "no grouping factor after", "|"),
        ("y ~ x + (| g)", "left of the |", "|"),
        ("y ~ x + (0 | g)", "no effects", "0"),
        ("y ~ x + (1 | g | h)", "a second bar", "|"),
        ("y ~ x + ((1 | g) | h)", "inside of a random part", "(1 | g)"),
        ("y ~ x - (1 | g)", "cannot be subtracted", "(1 | g)"),
        ("y ~ x * (1 | g)", "combined with other terms", "(1 | g)"),
        ("y ~ x + (1 | g) z", "no operator before 'z'", "z"),
        ("y ~ . + (1 | g)", "does not stand for all columns", "."),
        ("y ~ 2 + (1 | g)", "2 is not a term", "2"),
        ("y ~ 'x' + (1 | g)", "'x' is not a term", "'x'"),
        ("y ~ x^2 + (1 | g)", "outside of I()", "x^2"),
        ("y ~ (a + b)^c + (1 | g)", "exponent", "c"),
        ("y ~ y + (1 | g)", "also a predictor", "y"),
        ("3 ~ x + (1 | g)", "is not a column", "3"),
        ("y ~ x > 2 + (1 | g)", "outside of a function", ">"),
        ("y ~ I(a:b) + (1 | g)", "a:b is not a number", "a:b"),
        ("y ~ log(a, 2) + (1 | g)", "takes one argument", "log(a, 2)"),
        ("y ~ within(x) + (1 | g)", "column and a grouping factor", "within(x)"),
        ("y ~ within(x, a/b) + (1 | g)", "one grouping factor", "a/b"),
        ("y ~ C(x + z) + (1 | g)", "takes a column", "C(x + z)"),
        ("y ~ poly(x, n) + (1 | g)", "must be a number", "n"),
        ("y ~ cbind(a, b) + (1 | g)", "cannot be used here", "cbind(a, b)"),
        ("cbind(a) ~ x + (1 | g)", "two columns of counts", "cbind(a)"),
        ("y ~ x:offset(z) + (1 | g)", "cannot be used here", "offset(z)"),
        ("y ~ x + (offset(z) | g)", "belongs to the fixed part", "offset(z)"),
        ("y ~ x $ z", "unexpected character '$'", "$"),
        ("y ~ `x + (1 | g)", "never closed", "`x + (1 | g)"),
        ("y ~ `` + (1 | g)", "empty name", "``"),
        ("y ~ 1e999 + (1 | g)", "too large", "1e999"),
        ("y ~ log(x, ) + (1 | g)", "after this comma", ","),
        ("y ~ poly(x, degree=) + (1 | g)", "no value", "degree="),
    ],
)
def test_the_caret_is_under_the_culprit(text: str, what: str, culprit: str) -> None:
    with pytest.raises(FormulaError) as caught:
        parse(text)
    error = caught.value
    assert what in error.what
    assert error.fix
    line, carets = error.where.split("\n")
    start, length = carets.index("^"), carets.count("^")
    assert line[start : start + length] == culprit
    assert isinstance(error, ValueError)


def test_suggestions_and_hints() -> None:
    with pytest.raises(FormulaError) as caught:
        parse("y ~ lgo(x) + (1 | g)")
    assert caught.value.fix == "did you mean 'log'?"
    with pytest.raises(FormulaError) as caught:
        parse("y ~ s(x, 3) + (1 | g)")
    assert "bs(x" in caught.value.fix


@pytest.mark.parametrize(
    "text",
    [
        "y ~ " + "(" * 5000 + "x" + ")" * 5000,
        "y ~ " + "-" * 5000 + "x",
        "y ~ " + "log(" * 5000,
        "y ~ " + "x^" * 5000 + "2",
        "y ~ " + ":".join(["x"] * 5000) + " + (1 | g)",
        "y ~ " + "*".join(f"x{i}" for i in range(40)) + " + (1 | g)",
        "y ~ x + " + "(1 | " * 5000,
        "y ~ x + (1 | " + "/".join(f"g{i}" for i in range(5000)) + ")",
    ],
)
def test_monstrous_formulas_are_refused_calmly(text: str) -> None:
    with pytest.raises(FormulaError) as caught:
        parse(text)
    assert len(caught.value.where) < 2000


def test_line_breaks_do_not_move_the_caret() -> None:
    with pytest.raises(FormulaError) as caught:
        parse("y ~ x +\n  foo(z) +\n\t(1 | g)")
    line, carets = caught.value.where.split("\n")
    assert line[carets.index("^") :].startswith("foo(z)")


def test_errors_survive_pickling() -> None:
    with pytest.raises(FormulaError) as caught:
        parse("y ~ x")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
