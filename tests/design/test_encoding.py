"""An encoding replays on other rows, is picklable and holds no data."""

import pickle

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.design import build
from ranef.errors import DataError, UnknownColumnError
from ranef.formula import parse
from ranef.frame import Table, read_table

FORMULAS = [
    "y ~ x * f + (x | g)",
    "y ~ 0 + f:h + C(k, contr.helmert) + (f || g)",
    "y ~ scale(x) + poly(z, 2) + I(scale(z)^2) + (1 | g/h)",
    "y ~ bs(x, df=5) + cr(z, df=4, constraints='center') + cc(x, df=3) + (1 | g)",
    "y ~ within(x, g) * between(x, g) + offset(center(z)) + (within(log(z), g) | g)",
    "y ~ I(2 * x) + x + f + (1 | f:h)",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_any_rows_give_the_rows_of_the_design(text: str, frame: pd.DataFrame) -> None:
    design = build(parse(text), read_table(frame))
    encoding = pickle.loads(pickle.dumps(design.encoding))
    rows = np.random.default_rng(1).permutation(len(frame))[:31]
    table = read_table(frame.iloc[rows].reset_index(drop=True), encoding.variables)
    assert "y" not in table
    np.testing.assert_allclose(encoding.fixed(table), design.X[rows], atol=1e-12)
    for (codes, Z), term in zip(encoding.random(table), design.terms, strict=True):
        np.testing.assert_array_equal(codes, term.codes[rows])
        np.testing.assert_allclose(Z, term.Z[rows], atol=1e-12)
    offset = encoding.offset(table)
    if design.offset is None:
        assert offset is None
    else:
        np.testing.assert_allclose(offset, design.offset[rows], atol=1e-12)


@pytest.mark.parametrize("text", FORMULAS)
def test_an_encoding_does_not_grow_with_the_rows(text: str, frame: pd.DataFrame) -> None:
    few = build(parse(text), read_table(frame)).encoding
    many = build(parse(text), read_table(pd.concat([frame] * 8, ignore_index=True))).encoding
    assert len(pickle.dumps(many)) < 1.1 * len(pickle.dumps(few))


def test_new_groups_have_no_code_and_a_mean_that_is_given(table: Table) -> None:
    design = build(parse("y ~ within(x, g) + (1 | g) + (1 | g:h)"), table)
    x, g = table["x"].values, table["g"].values
    frame = pd.DataFrame({"x": [1.0, 2.0, 5.0], "g": [0, 99, 99], "h": ["u", "u", "w"]})
    with pytest.raises(DataError, match="the mean of 'x' is not known in new levels of 'g'"):
        design.encoding.fixed(read_table(frame))
    new = read_table(frame.assign(**{"between(x, g)": 3.5}))
    np.testing.assert_allclose(
        design.encoding.fixed(new)[:, 1], [1.0 - x[g == 0].mean(), -1.5, 1.5], atol=1e-14
    )
    by_factor = dict(
        zip((t.factor for t in design.terms), design.encoding.random(new), strict=True)
    )
    assert by_factor["g"][0].tolist() == [0, -1, -1]
    assert by_factor["g:h"][0].tolist() == [design.terms[0].levels.index("0:u"), -1, -1]


def test_levels_are_found_by_name_whatever_the_type(table: Table) -> None:
    encoding = build(parse("y ~ factor(k) + f + (1 | sch.id)"), table).encoding
    frame = pd.DataFrame({"k": ["3", "1"], "f": ["c", "b"], "sch.id": ["100", "7.5"]})
    new = read_table(frame)
    np.testing.assert_array_equal(encoding.fixed(new), [[1, 0, 1, 0, 1], [1, 0, 0, 0, 0]])
    assert encoding.random(new)[0][0].tolist() == [3, 1]


def test_missing_values_stay_missing(table: Table) -> None:
    encoding = build(parse("y ~ x + f + (1 | g)"), table).encoding
    new = read_table(
        pd.DataFrame({"x": [1.0, None, 2.0], "f": [None, "a", "a"], "g": [1.0, 1.0, None]})
    )
    assert np.isnan(encoding.fixed(new)).any(axis=1).tolist() == [True, True, False]
    assert encoding.random(new)[0][0].tolist() == [1, 1, -1]


def test_an_unknown_level_of_the_fixed_part_is_an_error(table: Table) -> None:
    encoding = build(parse("y ~ x + f + (1 | g)"), table).encoding
    new = read_table(pd.DataFrame({"x": [1.0], "f": ["d"], "g": [1]}))
    with pytest.raises(DataError, match="unknown level 'd' of 'f'") as caught:
        encoding.fixed(new)
    assert caught.value.found == "levels b, a, c"


def test_a_number_that_became_text_is_an_error(table: Table) -> None:
    encoding = build(parse("y ~ x + (1 | g)"), table).encoding
    with pytest.raises(DataError, match="'x' is not numeric"):
        encoding.fixed(read_table(pd.DataFrame({"x": ["one"], "g": [1]})))


def test_a_column_that_is_not_there(table: Table) -> None:
    encoding = build(parse("y ~ x + (1 | g)"), table).encoding
    with pytest.raises(UnknownColumnError, match="no column 'x'"):
        encoding.fixed(read_table(pd.DataFrame({"X": [1.0], "g": [1]})))


def test_splines_continue_beyond_the_training_range(table: Table) -> None:
    encoding = build(parse("y ~ bs(x, df=4, intercept=TRUE) + (1 | g)"), table).encoding
    far = read_table(pd.DataFrame({"x": [-50.0, 0.0, 50.0], "g": [1, 1, 1]}))
    assert np.isfinite(encoding.fixed(far)).all()


def test_all_levels_are_the_columns_without_an_intercept() -> None:
    """The products that tests of terms use are those that formulaic makes of a term alone."""
    from ranef.design.coding import all_levels, code

    rng = np.random.default_rng(1)
    data = pd.DataFrame(
        {
            "a": rng.choice(list("pqr"), 60),
            "b": rng.choice(list("uv"), 60),
            "x": rng.normal(size=60),
            "g": rng.integers(0, 6, 60),
            "y": rng.normal(size=60),
        }
    )
    fit = rn.lmm("y ~ a * b * x + poly(x, 2):b + (1 | g)", data, contrasts={"a": "sum"})
    encoding, table = fit._design.encoding, fit._table
    for term in encoding.terms:
        expected = code(False, (term,), table, encoding.state).columns.matrix()
        np.testing.assert_array_equal(all_levels(term, table, encoding.state), expected)
