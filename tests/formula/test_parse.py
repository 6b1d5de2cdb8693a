"""What lme4's notation means."""

import pytest

from ranef.errors import FormulaError
from ranef.formula import parse, to_formulaic, to_text


def fixed(right: str) -> tuple[bool, list[str]]:
    formula = parse(f"y ~ {right} + (1 | g)")
    return formula.intercept, [term.name for term in formula.fixed]


def bars(part: str) -> list[str]:
    return [bar.text for bar in parse(f"y ~ x + {part}").bars]


@pytest.mark.parametrize(
    ("right", "intercept", "terms"),
    [
        ("1", True, []),
        ("x", True, ["x"]),
        ("0 + x", False, ["x"]),
        ("x - 1", False, ["x"]),
        ("x + 0 + 1", True, ["x"]),
        ("-1 + x", False, ["x"]),
        ("(0 + x)", False, ["x"]),
        ("a * b", True, ["a", "b", "a:b"]),
        ("a:b + a", True, ["a", "a:b"]),
        ("b:a + a + b", True, ["a", "b", "b:a"]),
        ("a + b + b:a", True, ["a", "b", "a:b"]),
        ("a / b", True, ["a", "a:b"]),
        ("(a + b) / c", True, ["a", "b", "a:b:c"]),
        ("(a + b + c)^2", True, ["a", "b", "c", "a:b", "a:c", "b:c"]),
        ("(a + b + c)**2 - a:b", True, ["a", "b", "c", "a:c", "b:c"]),
        ("a * b * c - a:b:c", True, ["a", "b", "c", "a:b", "a:c", "b:c"]),
        ("a + b %in% a", True, ["a", "a:b"]),
        ("a:a", True, ["a"]),
        ("a + a", True, ["a"]),
        ("-b + a + b - b", True, ["a"]),
        ("I(x^2) + log(sch.size)", True, ["I(x ** 2)", "log(sch.size)"]),
        ("`my x`:.z", True, ["my x:.z"]),
        ("factor(k) + C(f, contr.sum)", True, ["C(k)", "C(f, contr.sum)"]),
        ("poly(x, 2, raw = TRUE)", True, ["poly(x, 2, raw=True)"]),
        ("bs(x, knots = c(1, 2))", True, ["bs(x, knots=[1, 2])"]),
        ("within( ses,sch.id )", True, ["within(ses, sch.id)"]),
    ],
)
def test_fixed_part_expands_as_in_r(right: str, intercept: bool, terms: list[str]) -> None:
    assert fixed(right) == (intercept, terms)


@pytest.mark.parametrize(
    ("part", "expanded"),
    [
        ("(1 | g)", ["(1 | g)"]),
        ("(1 | batch/cask)", ["(1 | cask:batch)", "(1 | batch)"]),
        ("(x | a/b/c)", ["(x | c:(b:a))", "(x | b:a)", "(x | a)"]),
        ("(1 | a*b)", ["(1 | a)", "(1 | b)", "(1 | a:b)"]),
        ("(0 + x || g)", ["(0 + x || g)"]),
        ("((1 | g))", ["(1 | g)"]),
        ("((1 | g) + (x | h))", ["(1 | g)", "(x | h)"]),
        ("(1 | factor(g))", ["(1 | factor(g))"]),
    ],
)
def test_random_parts_expand_as_in_lme4(part: str, expanded: list[str]) -> None:
    assert bars(part) == expanded


def test_columns_of_a_nested_group_are_slowest_first() -> None:
    formula = parse("y ~ 1 + (1 | a/b/c)")
    assert [bar.factors for bar in formula.bars] == [("c", "b", "a"), ("b", "a"), ("a",)]


def test_offsets_leave_the_fixed_part() -> None:
    formula = parse("deaths ~ uvb + offset(log(expected)) + (1 | nation)")
    assert [to_text(offset) for offset in formula.offsets] == ["log(expected)"]
    assert [term.name for term in formula.fixed] == ["uvb"]


def test_variables_know_where_and_as_what_they_are_first_used() -> None:
    text = "log(y) ~ a:within(x, sch.id) + offset(e) + (z | `my g`/h) + (a | k)"
    uses = parse(text).variables()
    assert {name: use.role for name, use in uses.items()} == {
        "y": "response",
        "a": "fixed",
        "x": "fixed",
        "sch.id": "grouping factor",
        "e": "offset",
        "z": "random part",
        "h": "grouping factor",
        "my g": "grouping factor",
        "k": "grouping factor",
    }
    for name, use in uses.items():
        assert text[slice(*use.span)].strip("`") == name


def test_predictors_leave_out_the_response_alone() -> None:
    assert parse("log(y) ~ x + (1 | g)").predictors() == ("x", "g")


@pytest.mark.parametrize(
    ("expr", "text", "formulaic"),
    [
        ("I((a.b + c) * 2^-d)", "I((a.b + c) * 2 ** (-d))", "I((`a.b` + c) * 2 ** (-d))"),
        ("I(-(a - b) - (c - d))", "I(-(a - b) - (c - d))", "I(-(a - b) - (c - d))"),
        ("I((a^b)^c)", "I((a ** b) ** c)", "I((a ** b) ** c)"),
        ("I(a^b^c)", "I(a ** b ** c)", "I(a ** b ** c)"),
        ("I(a/(b/c))", "I(a / (b / c))", "I(a / (b / c))"),
        ('I(f == "it\'s")', "I(f == 'it\\'s')", "I(f == 'it\\'s')"),
        ("log(`a b`)", "log(a b)", "log(`a b`)"),
        ("I(1.5e-3 * x)", "I(0.0015 * x)", "I(0.0015 * x)"),
    ],
)
def test_rendering_keeps_the_meaning(expr: str, text: str, formulaic: str) -> None:
    factor = parse(f"y ~ {expr} + (1 | g)").fixed[0].factors[0]
    assert to_text(factor) == text
    assert to_formulaic(factor) == formulaic


def test_thousands_of_terms_are_no_deep_tree() -> None:
    right = " + ".join(f"x{i}" for i in range(4000))
    formula = parse(f"y ~ {right} + (1 | g)")
    assert len(formula.fixed) == 4000
    assert hash(formula) == hash(parse(formula.text))


def test_the_formula_must_be_a_text() -> None:
    with pytest.raises(FormulaError, match="must be a text"):
        parse(3)  # type: ignore[arg-type]
