"""Tags of covariance structures: what they mean, how they are written back, what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranef.errors import FormulaError
from ranef.formula import parse, to_source
from ranef.formula.parser import parse_sides
from ranef.formula.structures import ORDERED, STRUCTURES, elsewhere
from ranef.formula.update import updated


@pytest.mark.parametrize(
    ("part", "text", "structure", "rank"),
    [
        ("us(x | g)", "(x | g)", "us", 0),
        ("cs(0 + f | g)", "cs(0 + f | g)", "cs", 0),
        ("cs( f|g )", "cs(f | g)", "cs", 0),
        ("cs(f | g, hom = TRUE)", "homcs(f | g)", "homcs", 0),
        ("cs(f | g, hom=False)", "cs(f | g)", "cs", 0),
        ("homcs(0 + f | g)", "homcs(0 + f | g)", "homcs", 0),
        ("homdiag(x | g)", "homdiag(x | g)", "homdiag", 0),
        ("diag(x | g, hom=TRUE)", "homdiag(x | g)", "homdiag", 0),
        ("ar1(0 + time | g)", "ar1(0 + time | g)", "ar1", 0),
        ("ar1(time - 1 | g)", "ar1(time - 1 | g)", "ar1", 0),
        ("ar1(0 + time | g, hom=FALSE)", "hetar1(0 + time | g)", "hetar1", 0),
        ("hetar1(0 + factor(time) | g)", "hetar1(0 + C(time) | g)", "hetar1", 0),
        ("toep(0 + f | g)", "toep(0 + f | g)", "toep", 0),
        ("homtoep(0 + f | g)", "homtoep(0 + f | g)", "homtoep", 0),
        ("rr(x + z | g)", "rr(x + z | g, 2)", "rr", 2),
        ("rr(x + z | g, 1)", "rr(x + z | g, 1)", "rr", 1),
        ("rr(x + z | g, d = 3L)", "rr(x + z | g, 3)", "rr", 3),
        ("rr(0 + `my f` | `my g`)", "rr(0 + `my f` | `my g`, 2)", "rr", 2),
    ],
)
def test_a_tag_names_a_structure(part: str, text: str, structure: str, rank: int) -> None:
    (bar,) = parse(f"y ~ x + {part}").bars
    assert (bar.text, bar.structure, bar.rank) == (text, structure, rank)
    assert bar.correlated


def test_diag_is_the_double_bar() -> None:
    (tagged,), (plain,) = (parse(f"y ~ x + {p}").bars for p in ("diag(x | g)", "(x || g)"))
    assert tagged.text == plain.text == "(x || g)"
    assert (tagged.structure, tagged.correlated) == (plain.structure, plain.correlated)
    assert (tagged.structure, tagged.correlated) == ("us", False)


def test_nested_groups_expand_as_without_a_tag() -> None:
    bars = parse("y ~ cs(0 + f | a/b) + rr(x | c*d, 1)").bars
    assert [bar.text for bar in bars] == [
        "cs(0 + f | b:a)",
        "cs(0 + f | a)",
        "rr(x | c, 1)",
        "rr(x | d, 1)",
        "rr(x | c:d, 1)",
    ]
    assert [bar.rank for bar in bars] == [0, 0, 1, 1, 1]


@pytest.mark.parametrize("tag", STRUCTURES)
def test_a_tag_is_a_word_like_others_without_a_bar(tag: str) -> None:
    formula = parse(f"{tag} ~ {tag}:x + z + ({tag} | g) + {tag}(0 + {tag} | {tag})")
    assert list(formula.variables()) == [tag, "z", "x", "g"]
    assert [term.name for term in formula.fixed] == ["z", f"{tag}:x"]
    assert formula.bars[1].factors == (tag,)


def test_the_spline_cs_is_not_the_tag() -> None:
    formula = parse("y ~ cs(x, df=4) + cs(0 + f | g) + (cs(x, df=4) | h)")
    assert [term.name for term in formula.fixed] == ["cs(x, df=4)"]
    assert [bar.structure for bar in formula.bars] == ["cs", "us"]


@pytest.mark.parametrize("tag", sorted(ORDERED))
def test_occasions_are_a_category_whatever_the_column(tag: str) -> None:
    (bar,) = parse(f"y ~ time + {tag}(0 + time | g)").bars
    assert [term.name for term in bar.model.terms] == ["C(time)"]
    assert not bar.model.intercept


@pytest.mark.parametrize(
    ("part", "what", "culprit", "fix"),
    [
        ("ar1(time | g)", "without an intercept", "time", "write ar1(0 + time | g)"),
        ("hetar1(1 + f | g)", "without an intercept", "1 + f", "write hetar1(0 + f | g)"),
        ("ar1(1 | g)", "the levels of one factor", "1", "write ar1(0 + time | g), where"),
        ("toep(0 + a + b | g)", "the levels of one factor", "0 + a + b", "toep(0 + time | g)"),
        ("homtoep(0 + a:b | g)", "the levels of one factor", "0 + a:b", "homtoep(0 + time"),
        ("ar1(0 + log(t) | g)", "the levels of one factor", "0 + log(t)", "ar1(0 + time | g)"),
        ("ar1(time)", "has no bar", "ar1", "write ar1(0 + time | group)"),
        ("us(x, z)", "has no bar", "us", "write us(x | group)"),
        ("diag((x | g))", "has no bar", "diag", "write diag(x | group)"),
        ("csh(0 + f | g)", "structure 'csh'", "csh", "cs(0 + f | g) has a variance for each"),
        ("un(x | g)", "structure 'un'", "un", "us(x | g), or (x | g)"),
        ("exp(pos | g)", "structure 'exp'", "exp", "no spatial covariances"),
        ("ou(0 + t | g)", "structure 'ou'", "ou", "respects the gaps"),
        ("homc(0 + f | g)", "structure 'homc'", "homc", "did you mean 'homcs'?"),
        ("log(x | g)", "structure 'log'", "log", "(log(x) | group)"),
        ("foo(x | g)", "structure 'foo'", "foo", "(x | group)"),
        ("cs(x || g)", "|| inside cs()", "||", "write cs(x | group), or (x || group)"),
        ("rr(x | g, 0)", "positive whole number", "0", "write rr(x | g, 2)"),
        ("rr(x | g, 1.5)", "positive whole number", "1.5", "write rr(x | g, 2)"),
        ("rr(x | g, d = k)", "positive whole number", "k", "write rr(x | g, 2)"),
        ("rr(x | g, -1)", "positive whole number", "-1", "write rr(x | g, 2)"),
        ("rr(x | g, rank = 2)", "the option rank=", "2", "d=2"),
        ("rr(x | g, 2, 3)", "at most one option", "3", "remove"),
        ("cs(x | g, 2)", "does not have this option", "2", "hom=TRUE"),
        ("cs(x | g, hom = 1)", "TRUE or FALSE", "1", "hom=TRUE"),
        ("homcs(x | g, hom = TRUE)", "the option hom=", "TRUE", "write homcs(x | g)"),
        ("cs(x, z | g)", "does not come first", ",", "options behind the group"),
        ("cs(x | g, )", "after this comma", ",", "remove it"),
        ("cs(x |)", "no grouping factor after", "|", "(1 | school)"),
        ("cs(x | g | h)", "a second bar", "|", "one bar"),
        ("cs(| g)", "left of the |", "|", "(1 | group)"),
        ("log(ar1(0 + t | g))", "inside a function", "|", "stands by itself"),
        ("x * cs(x | g)", "combined with other terms", "cs(x | g)", "join it with +"),
        ("z - cs(x | g)", "cannot be subtracted", "cs(x | g)", "leave it out"),
        ("(cs(x | g) | h)", "inside of a random part", "cs(x | g)", "side by side"),
    ],
)
def test_mistakes_have_a_caret_and_a_way_out(part: str, what: str, culprit: str, fix: str) -> None:
    with pytest.raises(FormulaError) as caught:
        parse(f"y ~ w + {part}")
    error = caught.value
    assert what in error.what
    assert fix in error.fix
    line, carets = error.where.split("\n")
    start = carets.index("^")
    assert line[start : start + carets.count("^")] == culprit


def test_words_for_structures_elsewhere_are_no_tags() -> None:
    assert not any(elsewhere(tag) for tag in STRUCTURES)


def test_a_function_of_nlme_is_answered_without_a_bar_too() -> None:
    with pytest.raises(FormulaError) as caught:
        parse("y ~ x + pdCompSymm(f) + (1 | g)")
    assert "homcs(0 + f | g)" in caught.value.fix


_COLUMNS = st.sampled_from(["a", "b", "cs", "`e f`", "diag"])
_GROUPS = st.sampled_from(["g", "g:h", "`a b`", "C(k)", "rr"])


@st.composite
def parts(draw: st.DrawFn) -> str:
    """A random part with a tag in one of its spellings, on one grouping factor."""
    tag = draw(st.sampled_from(STRUCTURES))
    if tag in ORDERED:
        lhs = "0 + " + draw(_COLUMNS | st.just("C(a)"))
    else:
        lhs = " + ".join(draw(st.lists(_COLUMNS, min_size=1, max_size=3, unique=True)))
        lhs = draw(st.sampled_from(["", "0 + "])) + lhs
    option = ""
    if tag == "rr":
        option = draw(st.sampled_from(["", ", 1", ", d = 3"]))
    elif tag in ("diag", "cs", "ar1", "toep"):
        option = draw(st.sampled_from(["", ", hom=TRUE", ", hom = FALSE"]))
    space = draw(st.sampled_from(["", " "]))
    return f"{tag}({space}{lhs}{space}|{space}{draw(_GROUPS)}{option})"


@given(st.lists(parts(), min_size=1, max_size=3))
def test_what_is_written_back_reads_as_the_same(written: list[str]) -> None:
    text = f"y ~ x + {' + '.join(written)}"
    tree = parse_sides(text)[1]
    assert parse_sides(f"y ~ {to_source(tree)}")[1] == tree
    for bar in parse(text).bars:
        (again,) = parse(f"y ~ {bar.text}").bars
        assert again.text == bar.text
        assert (again.structure, again.rank, again.correlated, again.factors) == (
            bar.structure,
            bar.rank,
            bar.correlated,
            bar.factors,
        )
        assert again.model == bar.model


@given(parts(), parts())
def test_updates_keep_add_and_take_away_tags(one: str, two: str) -> None:
    first, second = (parse(f"y ~ x + {part}").bars[0].text for part in (one, two))
    old = parse(f"y ~ x + {one}")
    assert [bar.text for bar in parse(updated(old, ". ~ .")).bars] == [first]
    more = updated(old, f". ~ . + {two}")
    assert [bar.text for bar in parse(more).bars] == list(dict.fromkeys([first, second]))
    if first != second:
        less = updated(parse(more), f"~ . - {one}")
        assert [bar.text for bar in parse(less).bars] == [second]
