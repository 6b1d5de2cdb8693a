"""Columns, names, terms and levels."""

import numpy as np
import pandas as pd
import pytest

from ranef.design import build
from ranef.design.coding import _products, code
from ranef.design.fixed import code_terms
from ranef.design.learn import learn_state
from ranef.family import parse_family
from ranef.formula import parse
from ranef.frame import Table, read_table


def names(table: Table, fixed: str, **options: object) -> tuple[str, ...]:
    return build(parse(f"y ~ {fixed} + (1 | g)"), table, **options).x_names


@pytest.mark.parametrize(
    ("fixed", "expected"),
    [
        ("x:z + x", ["Intercept", "x", "x:z"]),
        ("f", ["Intercept", "f[T.a]", "f[T.c]"]),
        ("o", ["Intercept", "o[T.q]", "o[T.r]"]),
        ("0 + f + h", ["f[b]", "f[a]", "f[c]", "h[T.v]"]),
        ("x*h", ["Intercept", "x", "h[T.v]", "x:h[T.v]"]),
        ("f:x", ["Intercept", "f[b]:x", "f[a]:x", "f[c]:x"]),
        ("factor(k)", ["Intercept", "C(k)[T.2]", "C(k)[T.3]"]),
        ("flag", ["Intercept", "flag"]),
        ("sch.id", ["Intercept", "sch.id"]),
        ("log(z) + I(x^2)", ["Intercept", "log(z)", "I(x ** 2)"]),
        ("poly(x, 2)", ["Intercept", "poly(x, 2)[1]", "poly(x, 2)[2]"]),
        ("within(x, sch.id)", ["Intercept", "within(x, sch.id)"]),
        ("C(f, contr.sum)", ["Intercept", "C(f, contr.sum)[S.b]", "C(f, contr.sum)[S.a]"]),
        ("C(h, contr.treatment(base='v'))", None),
    ],
)
def test_names(table: Table, fixed: str, expected: list[str] | None) -> None:
    expected = expected or ["Intercept", "C(h, contr.treatment(base='v'))[T.u]"]
    assert names(table, fixed) == tuple(expected)


def test_interactions_come_after_main_effects_and_the_later_alias_goes(table: Table) -> None:
    design = build(parse("y ~ f:h + I(2 * x) + f + h + x + constant + (1 | g)"), table)
    assert design.x_names[-2:] == ("f[T.a]:h[T.v]", "f[T.c]:h[T.v]")
    assert design.dropped == ("x", "constant")
    assert design.encoding.fixed_terms == {
        "I(2 * x)": (1,),
        "f": (2, 3),
        "h": (4,),
        "x": (),
        "constant": (),
        "f:h": (5, 6),
    }
    assert design.X.flags.f_contiguous
    assert np.linalg.matrix_rank(design.X) == design.p


def test_contrasts_by_name_and_by_matrix(table: Table) -> None:
    matrix = pd.DataFrame([[1, 0], [0, 1], [-1, -1]], index=list("abc"), columns=["A", "B"])
    design = build(parse("y ~ f + h + (1 | g)"), table, {"f": matrix, "h": "helmert"})
    assert design.x_names == ("Intercept", "f[A]", "f[B]", "h[H.v]")
    expected = matrix.to_numpy()[[1, 0, 2]][table["f"].values]
    np.testing.assert_array_equal(design.X[:, 1:3], expected)
    np.testing.assert_array_equal(np.unique(design.X[:, 3]), [-1, 1])


def test_plain_products_are_what_formulaic_makes(table: Table) -> None:
    formula = parse("y ~ x * z * k - x:z + (1 | g)")
    state = learn_state(formula, table, {})
    values = {name: table[name].values for name in "xzk"}
    ends = {name: table.ends(name) for name in "xzk"}
    ours = _products(True, formula.fixed, values, ends, table)
    terms = [term.name.split(":") for term in formula.fixed]
    matrix, names, term_columns = code_terms(True, terms, values, table.n_rows)
    assert ours.names == names
    assert ours.term_columns == term_columns
    np.testing.assert_allclose(ours.columns.matrix(), matrix, rtol=1e-14)
    coded = code(True, formula.fixed, table, state)
    np.testing.assert_array_equal(ours.columns.matrix(), coded.columns.matrix())


def test_double_bar_gives_one_term_for_each_column(table: Table) -> None:
    design = build(parse("y ~ x + (f || g) + (0 + x | g)"), table)
    assert [(t.label, t.factor, t.names) for t in design.terms] == [
        ("g", "g", ("Intercept",)),
        ("g.1", "g", ("f[T.a]",)),
        ("g.2", "g", ("f[T.c]",)),
        ("g.3", "g", ("x",)),
    ]
    assert all(term.codes is design.terms[0].codes for term in design.terms)


def test_terms_come_in_lme4s_order(table: Table) -> None:
    design = build(parse("y ~ x + (1 | h) + (1 | g) + (x | f) + (0 + x | g) + (1 | o)"), table)
    assert [term.label for term in design.terms] == ["g", "g.1", "o", "f", "h"]


def test_only_observed_combinations_are_levels() -> None:
    frame = pd.DataFrame(
        {
            "y": [1.0, 2, 4, 3, 5],
            "a": [10, 9, 9, 10, 10],
            "b": list("vuvvv"),
            "c": [1.5, 2, 2, 2, 2],
        }
    )
    design = build(parse("y ~ 1 + (1 | a:b) + (1 | c)"), read_table(frame))
    assert design.terms[0].levels == ("9:u", "9:v", "10:v")
    assert design.terms[0].codes.tolist() == [2, 0, 1, 2, 2]
    assert design.terms[1].levels == ("1.5", "2")
    new = read_table(pd.DataFrame({"a": [10, 10, 9], "b": list("uvu"), "c": [2, 2, 2]}))
    assert design.encoding.random(new)[0][0].tolist() == [-1, 2, 0]


def test_within_and_between_add_up_and_means_are_those_of_groups(
    table: Table, frame: pd.DataFrame
) -> None:
    design = build(parse("y ~ within(x, g:h) + between(x, g:h) + (within(x, g) | g)"), table)
    means = frame.groupby(["g", "h"])["x"].transform("mean").to_numpy()
    np.testing.assert_allclose(design.X[:, 2], means, atol=1e-14)
    np.testing.assert_allclose(design.X[:, 1] + design.X[:, 2], frame["x"], atol=1e-14)


def test_response_and_offset(table: Table, frame: pd.DataFrame) -> None:
    design = build(parse("log(z + 1) ~ x + offset(2 * z) + offset(x) + (1 | g)"), table)
    assert design.response == "log(z + 1)"
    np.testing.assert_allclose(design.y, np.log(frame["z"] + 1))
    np.testing.assert_allclose(design.offset, 2 * frame["z"] + frame["x"])
    assert build(parse("y ~ x + (1 | g)"), table).offset is None


def test_binomial_responses(table: Table, frame: pd.DataFrame) -> None:
    binomial = parse_family("binomial")
    counts = build(parse("cbind(k, g - k * 0) ~ x + (1 | h)"), table, family=binomial)
    np.testing.assert_allclose(counts.y, frame["k"] / (frame["k"] + frame["g"]))
    assert counts.generalised is not None
    np.testing.assert_allclose(counts.generalised.weights, frame["k"] + frame["g"])
    category = build(parse("h ~ x + (1 | g)"), table, family=binomial)
    assert category.generalised is not None
    assert category.generalised.levels == ("u", "v")
    np.testing.assert_array_equal(category.y, frame["h"] == "v")


def test_comparisons_are_zero_and_one(table: Table, frame: pd.DataFrame) -> None:
    design = build(parse("y ~ I(x > 0) + I(f == 'a') + (1 | g)"), table)
    np.testing.assert_array_equal(design.X[:, 1], frame["x"] > 0)
    np.testing.assert_array_equal(design.X[:, 2], frame["f"] == "a")
