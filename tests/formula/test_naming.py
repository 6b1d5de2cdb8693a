"""Texts of coefficients and groups: equal texts mean equal things, and every text can be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranef.formula import parse
from ranef.formula.naming import (
    column_of,
    columns_of,
    factors,
    in_formula,
    numbered,
    of_column,
    of_group,
    of_level,
    pairs,
    set_apart,
    typed,
    without_level,
)

# Names made of what texts are made of: joints, brackets, calls, blanks.
_PIECES = st.sampled_from(
    [":", "[", "]", "[T.", "(", ")", "|", " ", ".", "log(", "a", "b", "x", "2", "'", "~", "-"]
)
_NAMES = (
    st.lists(_PIECES, min_size=1, max_size=6).map("".join).filter(lambda name: name.strip(" ."))
)
_NAMES |= st.sampled_from(["Intercept", "(Intercept)", "sigma", "Residual", "fixed", "TRUE", "1"])
_LEVELS = st.lists(_PIECES | st.just("`"), max_size=6).map("".join)
_FACTORS = st.tuples(_NAMES, st.none() | _LEVELS)


def _text(factor: tuple[str, str | None]) -> str:
    name, level = factor
    return of_column(name) + ("" if level is None else f"[T.{of_level(level)}]")


@given(st.lists(_FACTORS, min_size=1, max_size=4))
def test_a_coefficient_is_read_back_factor_by_factor(made: list[tuple[str, str | None]]) -> None:
    found = factors(":".join(map(_text, made)))
    assert found == tuple(map(_text, made))
    assert [column_of(factor) for factor in found] == [name for name, _ in made]
    assert [without_level(factor) for factor in found] == [of_column(name) for name, _ in made]


@given(_FACTORS, _FACTORS)
def test_different_factors_have_different_texts(
    a: tuple[str, str | None], b: tuple[str, str | None]
) -> None:
    assert (_text(a) == _text(b)) == (a == b)


@given(st.lists(_NAMES, min_size=1, max_size=3, unique=True))
def test_a_grouping_factor_is_read_back_and_typed(names: list[str]) -> None:
    formula = parse(f"y ~ (1 | {':'.join(in_formula(name) for name in names)})")
    label = formula.bars[0].label
    assert columns_of(label) == formula.bars[0].factors == tuple(names)
    again = parse(f"y ~ (1 | {typed(label)})").bars[0]
    assert (again.factors, again.label) == (tuple(names), label)


@given(st.lists(_NAMES, min_size=1, max_size=3, unique=True))
def test_a_term_is_typed_as_it_was(names: list[str]) -> None:
    terms = parse(f"y ~ {':'.join(in_formula(name) for name in names)} + (1 | g)").fixed
    assert parse(f"y ~ {typed(terms[0].name)} + (1 | g)").fixed == terms


@pytest.mark.parametrize(
    "name", ["ses", "sch.id", "reading score", "post-test", "x (cm)", "score [pts]", "1", "x_sd"]
)
def test_a_name_that_is_nothing_else_stays_bare(name: str) -> None:
    assert of_column(name) == name
    assert of_group(name) == name


@pytest.mark.parametrize(
    "name", ["a:b", "log(x)", "x[T.b]", "a|b", "sd__x", " x", "x ", "(b", "as.factor(g)"]
)
def test_a_name_that_could_be_something_else_carries_backticks(name: str) -> None:
    assert of_column(name) == f"`{name}`"
    assert of_group(name) == f"`{name}`"


def test_names_are_reserved_where_they_stand_for_something() -> None:
    assert [of_column(name) for name in ("Intercept", "(Intercept)", "sigma", "Residual")] == [
        "`Intercept`",
        "`(Intercept)`",
        "`sigma`",
        "Residual",
    ]
    assert [of_group(name) for name in ("Residual", "fixed", "Intercept", "sigma")] == [
        "`Residual`",
        "`fixed`",
        "`Intercept`",
        "sigma",
    ]


def test_terms_of_one_text_are_different_terms() -> None:
    names = [term.name for term in parse("y ~ a*b + `a:b` + log(a) + `log(a)` + (1 | g)").fixed]
    assert names == ["a", "b", "`a:b`", "log(a)", "`log(a)`", "a:b"]


@given(st.lists(st.sampled_from(["g", "g.1", "g.2", "g.1.1"]), min_size=1, max_size=6))
def test_numbered_labels_are_unique(labels: list[str]) -> None:
    found = numbered(labels)
    assert len(set(found)) == len(found)
    for k, label in enumerate(labels):
        if label not in labels[:k]:
            assert found[k] == label


@given(
    st.lists(st.sampled_from(["x", "x_sd", "x_sd_sd", "`x_sd`"]), max_size=4, unique=True),
    st.sampled_from([(), ("x",), ("x_sd", "x")]),
)
def test_columns_of_one_frame_are_told_apart(texts: list[str], others: tuple[str, ...]) -> None:
    found = set_apart(texts, others, "_sd")
    every = [*found, *(f"{name}_sd" for name in found), *others]
    assert len(set(every)) == len(every)


def test_pairs_of_dotted_names_are_told_apart() -> None:
    found = pairs([("a", "b.c"), ("a.b", "c"), ("a", "d")])
    assert len(set(found)) == 3
