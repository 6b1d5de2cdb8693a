"""Terms with covariance structures: their columns, structures, ranks and positions in time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranef.core import TermBlock
from ranef.design import Design, build
from ranef.errors import DesignError
from ranef.formula import parse
from ranef.frame import read_table

GROUPS = 6


def frame(**columns: Any) -> pd.DataFrame:
    """Columns given for one group, repeated for all; `y` and `x` vary."""
    n = len(next(iter(columns.values()))) * GROUPS
    rng = np.random.default_rng(3)
    made = {"y": rng.normal(size=n), "x": rng.normal(size=n)}
    for name, values in columns.items():
        if isinstance(values, pd.Categorical):
            made[name] = pd.Categorical(np.tile(values, GROUPS), dtype=values.dtype)
        else:
            made[name] = np.tile(values, GROUPS)
    made["g"] = np.repeat(np.arange(GROUPS), n // GROUPS)
    return pd.DataFrame(made)


def design(part: str, data: pd.DataFrame, fixed: str = "x") -> Design:
    return build(parse(f"y ~ {fixed} + {part}"), read_table(data))


def positions(values: Any, part: str = "ar1(0 + time | g)") -> tuple[int, ...]:
    (term,) = design(part, frame(time=values)).terms
    return term.positions


@pytest.mark.parametrize(
    ("part", "names", "structure", "rank"),
    [
        ("cs(0 + f | g)", ("f[a]", "f[b]", "f[c]"), "cs", 0),
        ("cs(f | g)", ("Intercept", "f[T.b]", "f[T.c]"), "cs", 0),
        ("homcs(1 + x | g)", ("Intercept", "x"), "homcs", 0),
        ("homdiag(x | g)", ("Intercept", "x"), "homdiag", 0),
        ("rr(0 + f | g)", ("f[a]", "f[b]", "f[c]"), "rr", 2),
        ("rr(0 + f | g, 3)", ("f[a]", "f[b]", "f[c]"), "rr", 3),
        ("ar1(0 + f | g)", ("f[a]", "f[b]", "f[c]"), "ar1", 0),
        ("toep(0 + ordered(f) | g)", tuple(f"ordered(f)[{k}]" for k in "abc"), "toep", 0),
        ("homtoep(0 + C(f, contr.sum) | g)", None, "homtoep", 0),
        ("us(0 + f | g)", ("f[a]", "f[b]", "f[c]"), "us", 0),
    ],
)
def test_terms_carry_their_structure(
    part: str, names: tuple[str, ...] | None, structure: str, rank: int
) -> None:
    made = design(part, frame(f=list("abc")))
    (term,) = made.terms
    assert (term.structure, term.rank) == (structure, rank)
    assert names is None or term.names == names
    occasions = structure in ("ar1", "toep", "homtoep")
    assert term.positions == ((0, 1, 2) if occasions else ())
    assert made.plan.blocks == (TermBlock(0, 0, term.q, structure, rank, term.positions),)
    assert made.plan.labels[0].structure == structure


@pytest.mark.parametrize(
    "part", ["cs(1 | g)", "homcs(0 + x | g)", "homdiag(1 | g)", "rr(1 | g, 1)"]
)
def test_one_column_has_no_structure(part: str) -> None:
    (term,) = design(part, frame(f=list("abc"))).terms
    assert (term.structure, term.rank) == ("us", 0)


def test_diag_makes_the_terms_of_the_double_bar() -> None:
    data = frame(f=list("abc"))
    tagged, plain = design("diag(x + f | g)", data), design("(x + f || g)", data)
    assert tagged.plan.blocks == plain.plan.blocks
    assert tagged.plan.labels == plain.plan.labels
    assert {term.structure for term in tagged.terms} == {"us"}


def test_terms_are_sorted_by_levels_with_their_structures() -> None:
    data = frame(f=list("abc")).assign(h=lambda d: d["g"] % 3)
    made = design("cs(0 + f | h) + homdiag(x | g) + (1 | h)", data)
    assert [(t.label, t.structure) for t in made.terms] == [
        ("g", "homdiag"),
        ("h", "us"),
        ("h.1", "cs"),
    ]
    assert [b.structure for b in made.plan.blocks] == ["homdiag", "us", "cs"]


def test_numbers_are_occasions_and_stay_numbers_in_the_fixed_part() -> None:
    made = design("ar1(0 + time | g)", frame(time=[3.0, 1.0, 2.0]), fixed="time")
    (term,) = made.terms
    assert term.names == ("time[1]", "time[2]", "time[3]")
    assert made.x_names == ("Intercept", "time")
    assert term.Z[:3].tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]


def test_names_are_spelt_as_those_of_a_category() -> None:
    data = frame(f=list("abc")).rename(columns={"f": "log(x)"})
    as_typed, written = (
        design(f"{tag}(0 + `log(x)` | g)", data).terms[0].names for tag in ("cs", "ar1")
    )
    assert as_typed == written == ("`log(x)`[a]", "`log(x)`[b]", "`log(x)`[c]")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2, 3, 4], (0, 1, 2, 3)),
        ([1, 2, 4], (0, 1, 3)),
        ([2000, 2005, 2015], (0, 1, 3)),
        ([0, 2, 5], (0, 2, 5)),
        ([-1, 0, 3], (0, 1, 4)),
        ([0.1, 0.2, 0.3, 0.7], (0, 1, 2, 6)),
        ([0.5, 1.0, 1.75], (0, 2, 5)),
        ([True, False], (0, 1)),
        (["1", "2", "4"], (0, 1, 3)),
        (["w1", "w2", "w4"], (0, 1, 2)),
        (pd.Categorical(list("ab"), categories=list("abcd")), (0, 1)),
        (pd.Categorical(list("ad"), categories=list("abcd")), (0, 3)),
        (pd.Categorical(list("bd"), categories=list("abcd")), (0, 2)),
        (pd.Categorical(["1", "2", "4"]), (0, 1, 2)),
    ],
)
def test_gaps_between_occasions_count(values: Any, expected: tuple[int, ...]) -> None:
    for tag in ("ar1", "hetar1"):
        assert positions(values, f"{tag}(0 + time | g)") == expected
    for tag in ("toep", "homtoep"):  # occasions in their order
        assert positions(values, f"{tag}(0 + time | g)") == tuple(range(len(expected)))
    assert positions(values, "ar1(0 + factor(time) | g)") == expected


@given(
    st.lists(st.integers(-50, 50), min_size=2, max_size=8, unique=True),
    st.integers(1, 7),
    st.integers(-1000, 1000),
)
def test_positions_do_not_depend_on_unit_and_origin(
    times: list[int], unit: int, origin: int
) -> None:
    found = positions(times)
    assert positions([origin + unit * t for t in times]) == found
    assert found[0] == 0
    distances = np.sort(times) - min(times)
    assert np.gcd.reduce(found) == 1
    assert (np.array(found) * np.gcd.reduce(distances) == distances).all()


@pytest.mark.parametrize(
    ("part", "values", "what", "fix"),
    [
        ("rr(x | g, 3)", [1, 2, 3], "rank of rr(x | g, 3)", "write (x | g), whose"),
        ("rr(1 | g)", [1, 2, 3], "rank of rr(1 | g, 2)", "write (1 | g), whose"),
        ("ar1(0 + time | g)", [0.0, np.sqrt(2), np.pi], "no common unit", "whole number"),
        ("toep(0 + time | g)", ["1", "2", "10"], "order of time", "into numbers"),
        ("ar1(0 + relevel(time, ref='2') | g)", [1, 2, 3], "order of time", "0 + time"),
        (
            "ar1(0 + time | g)",
            pd.date_range("2024-01-01", periods=3, freq="MS"),
            "how far apart",
            "whole numbers",
        ),
        ("ar1(0 + time | g)", [4, 4, 4], "has one level", "leave"),
    ],
)
def test_what_has_no_meaning_is_refused(part: str, values: Any, what: str, fix: str) -> None:
    with pytest.raises(DesignError) as caught:
        design(part, frame(time=values))
    assert what in caught.value.what
    assert fix in caught.value.fix
    assert "^" in caught.value.where


def test_new_rows_are_coded_alike() -> None:
    data = frame(time=[1, 2, 4])
    made = design("ar1(0 + time | g)", data)
    rows = data.iloc[[5, 0, 4]].reset_index(drop=True)
    ((codes, Z),) = made.encoding.random(read_table(rows))
    assert codes.tolist() == [1, 0, 1]
    assert Z.tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
