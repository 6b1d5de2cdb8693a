"""Any text gives a formula or a formula error, nothing else."""

from hypothesis import example, given
from hypothesis import strategies as st

from ranef.errors import FormulaError
from ranef.formula import Formula, parse, to_formulaic, to_text
from ranef.formula.parser import parse_sides

_PIECES = st.sampled_from(
    [
        "y",
        "x",
        "a",
        "b.c",
        ".z",
        "`m`",
        "`",
        "~",
        "+",
        "-",
        "*",
        "/",
        ":",
        "^",
        "**",
        "%in%",
        "(",
        ")",
        "|",
        "||",
        ",",
        "=",
        "0",
        "1",
        "2",
        "1.5",
        "'f'",
        "log(",
        "I(",
        "C(",
        "within(",
        "offset(",
        "factor(",
        "cbind(",
        "poly(",
        "c(",
        "[",
        "]",
        "==",
        "<",
        "TRUE",
        "NULL",
        "(1|g)",
        "(x||g/h)",
        "cs(",
        "ar1(",
        "rr(",
        "ar1(0+x|g)",
        "rr(x|g,1)",
    ]
)
_TOKENS = st.lists(_PIECES, max_size=30).map(" ".join)
_TAILS = st.lists(_PIECES, max_size=12).map(lambda pieces: "y ~ x + (1 | g) " + " ".join(pieces))

_NAMES = st.sampled_from(["a", "b", "c.d", "e f"])
_ARITHMETIC = st.recursive(
    _NAMES.map(lambda name: f"`{name}`") | st.integers(0, 9).map(str),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/^"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda text: f"(-{text})"),
        inner.map(lambda text: f"log({text})"),
    ),
    max_leaves=12,
)


@given(st.text(max_size=60) | _TOKENS | _TAILS)
@example("\x00")
@example("y~x+(1|g)\u2028")
@example("~" * 300)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        formula = parse(text)
    except FormulaError as error:
        line, carets = error.where.split("\n")
        assert set(carets) <= {" ", "^"}
        assert "^" in carets
        assert len(carets) <= len(line) + 1
    else:
        assert isinstance(formula, Formula)
        assert formula.bars
        formula.variables()


@given(_ARITHMETIC)
def test_rendered_text_reads_back_as_the_same_tree(text: str) -> None:
    _, tree = parse_sides(f"y ~ I({text})")
    again = to_formulaic(tree)
    assert parse_sides(f"y ~ {again}")[1] == tree
    assert to_text(tree) == again.replace("`", "")
