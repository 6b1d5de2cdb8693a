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
        ("y ~ log(bs(x, df=4)) + (1 | g)", DataError, "several columns", "bs(x, df=4)"),
        ("y ~ x + (I(2 * cr(x, df=4)) | g)", DataError, "several columns", "cr(x, df=4)"),
        ("y ~ scale(poly(x, 2)) + (1 | g)", DataError, "several columns", "poly(x, 2)"),
        ("log(bs(y, df=4)) ~ x + (1 | g)", DataError, "several columns", "bs(y, df=4)"),
        ("y ~ x + offset(bs(x, df=4)) + (1 | g)", DataError, "several columns", "bs(x, df=4)"),
        ("y ~ I(poly(x, 2) == 1) + (1 | g)", DataError, "several columns", "poly(x, 2)"),
        ("y ~ x + (0 + poly(x, 0) || g)", DesignError, "makes no columns", "poly(x, 0)"),
        ("y ~ x + (0 + poly(x, 0) | g)", DesignError, "makes no columns", "poly(x, 0)"),
        ("y ~ x + (0 + f:poly(x, 0) || g)", DesignError, "makes no columns", "f"),
        ("y ~ x + (bs(x, degree=0) | g)", DesignError, "makes no columns", "bs(x, degree=0)"),
        ("y ~ poly(x, 0) + (1 | g)", DesignError, "makes no columns", "poly(x, 0)"),
        ("y ~ C(f, contr.foo) + (1 | g)", FormulaError, "not a contrast", "contr.foo"),
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
        ({"x": "sum"}, "not a category of the model"),
        ({"f": [[1, 0], [0, 1]]}, "neither a name nor a labelled matrix"),
        ({"f": pd.DataFrame([[1.0], [0.0]], index=["a", "b"])}, "are not its levels"),
        ({"f": pd.DataFrame([[1.0]] * 3, index=list("abc"))}, "dependent columns"),
    ],
)
def test_contrasts_that_do_not_fit(table: Table, contrasts: dict, what: str) -> None:
    with pytest.raises(OptionError) as caught:
        build(parse("y ~ x + f + (1 | g)"), table, contrasts)
    assert what in caught.value.what


def refused(frame: pd.DataFrame, part: str, weights: np.ndarray | None = None) -> DesignError:
    design = build(parse(f"y ~ x + {part}"), read_table(frame))
    with pytest.raises(DesignError) as caught:
        check_identifiable(design, weights)
    assert caught.value.fix
    return caught.value


def accepted(frame: pd.DataFrame, part: str, weights: np.ndarray | None = None) -> None:
    check_identifiable(build(parse(f"y ~ x + {part}"), read_table(frame)), weights)


@pytest.fixture
def pairs(frame: pd.DataFrame) -> pd.DataFrame:
    """Two rows a pair, with one spacing of `t` in all pairs."""
    n = len(frame)
    return frame.assign(
        row=np.arange(n),
        pair=np.arange(n) // 2,
        t=np.tile([1.0, 9.0], n // 2),
        sign=np.tile([-1.0, 1.0], n // 2),
        arm=frame["g"] % 2,
        kind=frame["g"] % 3,
    )


@pytest.mark.parametrize(
    ("part", "what", "fix"),
    [
        ("(1 | row)", "as many levels as there are rows", "remove the random part"),
        ("(0 + sign | row)", "as many levels as there are rows", "remove the random part"),
        ("(x | row)", "too many random effects", "(0 + x | row)"),
        ("(t | pair)", "too many random effects", "(t || pair)"),
        ("(1 | pair) + (0 + t | pair) + (0 + sign | pair)", "too many", "(1 | pair)"),
        ("(0 + factor(t) | pair)", "too many random effects", "remove the random part"),
        ("(arm | g)", "random slope of 'arm' cannot be told", "as in (1 | g); (arm || g)"),
        ("(x + arm | g)", "random slope of 'arm' cannot be told", "as in (x | g)"),
        ("(factor(kind) | g)", "random slope of 'C(kind)[T.1]'", "as in (1 | g)"),
        ("(1 | h) + (arm | g)", "random slope of 'arm' cannot be told", "as in (1 | g)"),
        ("(0 + factor(arm) | g)", "random effects of 'g' apart", "(0 + C(arm) || g)"),
        ("(x + I(2 * x) | g)", "random effects of 'g' apart", "(x | g)"),
        ("(0 + x + I(arm * x) + I((1 - arm) * x) | g)", "random effects of 'g' apart", "| g)"),
    ],
)
def test_variances_that_are_not_identified(
    pairs: pd.DataFrame, part: str, what: str, fix: str
) -> None:
    error = refused(pairs, part)
    assert what in error.what
    assert fix in error.fix
    assert any(w in error.found for w in ("told apart", "only in combination", "no effect on"))


@pytest.mark.parametrize(
    "part",
    [
        "(x | pair)",  # the spacing differs
        "(x || pair)",
        "(t || pair)",
        "(1 | pair) + (0 + t | pair)",
        "(x + z | pair)",
        "(level2 | g)",  # a quadratic variance function
        "(x + level2 | g)",
        "(level2 || g)",
        "(arm || g)",
        "(factor(arm) || g)",
        "(0 + factor(arm) || g)",
        "(1 | g) + (0 + arm | g)",
        "(1 | g) + (0 + x | row)",  # unequal residual variances
        "(1 | g) + (x || g)",  # terms that compete: a flat fit
        "(1 | g) + (1 | g)",
        "(x | g) + (0 + f || g) + (1 | h)",
        "(poly(z, 3) | g)",
        "(1 | g) + (level2 | g:h)",
    ],
)
def test_variances_that_are_identified(pairs: pd.DataFrame, part: str) -> None:
    accepted(pairs, part)


def test_an_origin_far_away_does_not_matter(pairs: pd.DataFrame) -> None:
    within = np.arange(len(pairs)) % 8
    accepted(pairs.assign(far=1e15 + within), "(far | g)")
    year = 2000.0 + within
    accepted(pairs.assign(a=year, b=year**2, c=year**3), "(a + b + c | g)")
    accepted(pairs.assign(size=1e-150 * pairs["level2"]), "(size | g)")
    refused(pairs.assign(far=1e15 + pairs["arm"]), "(far | g)")


def test_group_means_with_rounding_errors_are_constant(pairs: pd.DataFrame) -> None:
    noise = 1.0 + 2e-16 * (np.arange(len(pairs)) % 2)
    refused(pairs.assign(arm=(1.0 + pairs["arm"]) / 3.0 * noise), "(arm | g)")


def test_weights_tell_rows_from_residuals(pairs: pd.DataFrame) -> None:
    n = len(pairs)
    accepted(pairs, "(1 | row)", 1.0 + pairs["x"].to_numpy() ** 2)
    refused(pairs, "(1 | row)", np.full(n, 3.0))
    # Weights that take the effect back: the same variance in all rows of what is left.
    size = np.abs(pairs["x"].to_numpy()) + 0.1
    refused(pairs.assign(size=size), "(0 + size | row)", size**-2.0)
    # Next to equal they identify next to nothing: that is for the certificate to say.
    accepted(pairs, "(1 | row)", 1.0 + 1e-9 * np.arange(n))


def test_one_large_level_identifies_the_variances(frame: pd.DataFrame) -> None:
    group = np.arange(len(frame))
    group[:10] = 0
    accepted(frame.assign(lonely=group), "(x | lonely)")
