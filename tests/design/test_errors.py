"""What cannot be estimated is said before anything is estimated."""

import numpy as np
import pandas as pd
import pytest

from ranef.design import build, check_identifiable
from ranef.errors import DataError, DesignError, FormulaError, OptionError, UnknownColumnError
from ranef.formula import parse
from ranef.frame import Table, read_table


@pytest.mark.parametrize(
    ("text", "error", "what", "culprit"),
    [
        ("y ~ xx + (1 | g)", UnknownColumnError, "'xx' in the fixed part", "xx"),
        ("yy ~ x + (1 | g)", UnknownColumnError, "'yy' in the response", "yy"),
        ("y ~ x + (1 | gg)", UnknownColumnError, "'gg' in the random part", "gg"),
        ("y ~ x + (xx | g)", UnknownColumnError, "'xx' in the random part", "xx"),
        ("y ~ x + offset(o1) + (1 | g)", UnknownColumnError, "'o1' in the offset", "o1"),
        ("f ~ x + (1 | g)", DataError, "'f' is not numeric", "f"),
        ("constant ~ x + (1 | g)", DataError, "is constant", "constant"),
        ("cbind(k, g) ~ x + (1 | h)", DataError, "counts", "cbind(k, g)"),
        ("y ~ log(x) + (1 | g)", DataError, "'log(x)' is not defined in", "log(x)"),
        ("y ~ I(1 / g) + (1 | g)", DataError, "is infinite in", "I(1 / g)"),
        ("log(x) ~ z + (1 | g)", DataError, "is not defined in", "log(x)"),
        ("y ~ x + offset(log(x)) + (1 | g)", DataError, "is not defined in", "log(x)"),
        ("y ~ poly(f, 2) + (1 | g)", DataError, "'f' is a category", "f"),
        ("y ~ I(poly(x, 2)) + (1 | g)", DataError, "several columns", "I(poly(x, 2))"),
        ("y ~ poly(constant, 2) + (1 | g)", DesignError, "no finite", "poly(constant, 2)"),
        ("y ~ poly(x, degre=2) + (1 | g)", DesignError, "computed", "poly(x, degre=2)"),
        ("y ~ I(x == 'a') + (1 | g)", DataError, "compared with a text", "x"),
        ("y ~ factor(constant) + (1 | g)", DesignError, "has one level", "factor(constant)"),
        ("y ~ x + (1 | constant)", DesignError, "has one level", "constant"),
        ("y ~ x + (level2 | g)", DesignError, "random slope of 'level2'", "level2"),
        ("y ~ x + (x + level2 || g)", DesignError, "random slope of 'level2'", "level2"),
        ("y ~ C(f, contr.foo) + (1 | g)", FormulaError, "no contrast", "contr.foo"),
    ],
)
def test_the_culprit_is_named(
    table: Table, text: str, error: type[Exception], what: str, culprit: str
) -> None:
    with pytest.raises(error) as caught:
        build(parse(text), table)
    assert what in caught.value.what
    assert caught.value.fix
    line, carets = caught.value.where.split("\n")
    start = carets.index("^")
    assert line[start : start + carets.count("^")] == culprit


def test_an_unknown_column_reads_as_promised() -> None:
    frame = pd.DataFrame({"math": [1.0], "ses": [1.0], "sector": [0], "school": [1]})
    with pytest.raises(UnknownColumnError) as caught:
        build(parse("math ~ ses + (sess | school)"), read_table(frame))
    assert str(caught.value) == (
        "unknown column 'sess' in the random part\n"
        "  where  math ~ ses + (sess | school)\n"
        "                       ^^^^\n"
        "  found  columns math, ses, sector, school\n"
        "  fix    did you mean 'ses'?"
    )


def test_an_infinite_value_is_counted_and_placed(frame: pd.DataFrame) -> None:
    frame.loc[[5, 9], "x"] = np.inf
    with pytest.raises(DataError, match="'x' is infinite in 2 rows") as caught:
        build(parse("y ~ x + (1 | g)"), read_table(frame))
    assert "row 5" in caught.value.found


def test_no_rows(frame: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="no rows"):
        build(parse("y ~ x + (1 | g)"), read_table(frame.iloc[:0]))


def test_a_group_level_slope_without_an_intercept_is_no_error(table: Table) -> None:
    build(parse("y ~ x + (0 + level2 | g) + (0 + f | g)"), table)


@pytest.mark.parametrize(
    ("contrasts", "what"),
    [
        ({"f": "summ"}, "unknown contrast 'summ'"),
        ({"nobody": "sum"}, "not in the model"),
        ({"x": "sum"}, "no category of the model"),
        ({"f": [[1, 0], [0, 1]]}, "neither a name nor a labelled matrix"),
        ({"f": pd.DataFrame([[1.0], [0.0]], index=["a", "b"])}, "are not its levels"),
        ({"f": pd.DataFrame([[1.0]] * 3, index=list("abc"))}, "dependent columns"),
    ],
)
def test_contrasts_that_do_not_fit(table: Table, contrasts: dict, what: str) -> None:
    with pytest.raises(OptionError) as caught:
        build(parse("y ~ x + f + (1 | g)"), table, contrasts)
    assert what in caught.value.what


@pytest.mark.parametrize(
    ("part", "what"),
    [
        ("(1 | row)", "as many levels as there are rows"),
        ("(x | pair)", "too many random effects"),
        ("(1 | pair) + (0 + x | pair)", "too many random effects"),
    ],
)
def test_random_effects_that_take_all_the_variance(
    frame: pd.DataFrame, part: str, what: str
) -> None:
    n = len(frame)
    table = read_table(frame.assign(row=np.arange(n), pair=np.arange(n) // 2))
    design = build(parse(f"y ~ x + {part}"), table)
    with pytest.raises(DesignError) as caught:
        check_identifiable(design, weighted=False)
    assert what in caught.value.what
    check_identifiable(design, weighted=True)


def test_one_large_level_identifies_the_variances(frame: pd.DataFrame) -> None:
    group = np.arange(len(frame))
    group[:10] = 0
    design = build(parse("y ~ x + (x | lonely)"), read_table(frame.assign(lonely=group)))
    check_identifiable(design, weighted=False)
