"""Left sides of generalised models: every form a user may have, and every wrong one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import ranef as rn
from ranef.design import GeneralisedResponse, build
from ranef.design.generalised.code import CODERS
from ranef.errors import RanefError
from ranef.family import FAMILIES, parse_family
from ranef.formula import parse
from ranef.frame import read_table

N = 12
HITS = np.array([2, 0, 3, 5, 1, 4, 2, 2, 0, 5, 3, 1])
TRIALS = np.full(N, 5)
PASSED = np.array([False, True, True] * 4)
RATING = np.array(["low", "mid", "high"] * 4)


def data() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "g": list("aabbccddeeff"),
            "hits": HITS,
            "misses": TRIALS - HITS,
            "trials": TRIALS,
            "share": HITS / TRIALS,
            "passed": PASSED,
            # Types whose names are the same in every version of pandas.
            "answer": pd.Series(np.where(PASSED, "yes", "no"), dtype="string"),
            "rating": pd.Series(RATING, dtype="string"),
            "score": np.array([1, 2, 4] * 4),
            "amount": np.linspace(0.5, 6.0, N),
            "change": np.linspace(-1.5, 4.0, N),
            "part": np.linspace(0.05, 0.95, N),
            "nothing": np.zeros(N),
            "day": np.datetime64("2020-01-01", "s") + np.arange(N) * np.timedelta64(86_400, "s"),
        }
    )


def coded(left: str, family: str, frame: Any = None, weights: Any = None) -> GeneralisedResponse:
    table = read_table(data() if frame is None else frame)
    weights = None if weights is None else np.asarray(weights, dtype=np.float64)
    formula = parse(f"{left} ~ 1 + (1 | g)")
    design = build(formula, table, family=parse_family(family), weights=weights)
    assert design.generalised is not None
    np.testing.assert_array_equal(design.y, design.generalised.y)
    assert design.response == design.generalised.name
    return design.generalised


def test_every_response_of_a_family_has_a_coder() -> None:
    assert {parse_family(name).RESPONSE for name in FAMILIES} == set(CODERS)


# Successes and failures.


@pytest.mark.parametrize("left", ["cbind(hits, misses)", "cbind(hits, trials - hits)"])
@pytest.mark.parametrize("family", ["binomial", "betabinomial"])
def test_counts_of_both(left: str, family: str) -> None:
    made = coded(left, family)
    np.testing.assert_array_equal(made.y, HITS / 5.0)
    np.testing.assert_array_equal(made.weights, TRIALS)
    assert (made.name, made.levels, made.notes, made.n) == (left, (), (), N)


@pytest.mark.parametrize("left", ["share", "hits / trials", "I(hits / trials)"])
def test_proportions_with_trials(left: str) -> None:
    made = coded(left, "binomial", weights=TRIALS)
    np.testing.assert_array_equal(made.y * made.weights, HITS)


def test_rounded_proportions_are_the_nearest_whole_numbers() -> None:
    frame = data().assign(share=HITS / 5.0 + 1.9e-7)
    np.testing.assert_array_equal(coded("share", "binomial", frame, TRIALS).y, HITS / 5.0)
    with pytest.raises(rn.DataError):
        coded("share", "binomial", data().assign(share=HITS / 5.0 + 2.1e-7), TRIALS)


FRAMES = {
    "pandas": lambda values: pd.DataFrame({**values}),
    "nullable pandas": lambda values: pd.DataFrame(values).convert_dtypes(),
    "pandas of Arrow": lambda values: pd.DataFrame(values).convert_dtypes(dtype_backend="pyarrow"),
    "polars": lambda values: pl.DataFrame(values),
    "pyarrow": lambda values: pa.table(values),
}


@pytest.mark.parametrize("library", FRAMES)
@pytest.mark.parametrize(
    "values",
    [PASSED.tolist(), PASSED.astype(int).tolist(), PASSED.astype(float).tolist()],
    ids=["truth", "whole", "float"],
)
def test_zero_and_one(library: str, values: list[Any]) -> None:
    frame = FRAMES[library]({"y": values, "g": list("aabbccddeeff")})
    made = coded("y", "binomial", frame)
    np.testing.assert_array_equal(made.y, PASSED)
    assert made.weights is None
    assert made.notes == ()


@pytest.mark.parametrize("library", FRAMES)
def test_the_second_text_is_the_success(library: str) -> None:
    values = {"y": np.where(PASSED, "a", "b").tolist(), "g": list("aabbccddeeff")}
    made = coded("y", "binomial", FRAMES[library](values))
    np.testing.assert_array_equal(made.y, ~PASSED)
    assert made.levels == ("a", "b")
    (note,) = made.notes
    assert note.code == "success-level"
    assert note.severity == "note"
    assert note.message == "the model is of the probability that 'y' is 'b', not 'a'"
    assert note.evidence == "'b' in 4 of 12 rows"


CATEGORIES = ["b", "unused", "a"]
OF_CATEGORIES = {
    "pandas": lambda values: pd.DataFrame({"y": pd.Categorical(values, CATEGORIES)}),
    "polars": lambda values: pl.DataFrame({"y": pl.Series(values, dtype=pl.Enum(CATEGORIES))}),
    "pyarrow": lambda values: pa.table(
        {
            "y": pa.DictionaryArray.from_arrays(
                pa.array([CATEGORIES.index(value) for value in values], pa.int32()), CATEGORIES
            )
        }
    ),
}


@pytest.mark.parametrize("library", OF_CATEGORIES)
def test_the_order_of_categories_decides(library: str) -> None:
    frame = OF_CATEGORIES[library](np.where(PASSED, "a", "b").tolist())
    if library == "polars":
        frame = frame.with_columns(g=pl.Series(list("aabbccddeeff")))
    elif library == "pyarrow":
        frame = frame.append_column("g", [list("aabbccddeeff")])
    else:
        frame["g"] = list("aabbccddeeff")
    made = coded("y", "binomial", frame)
    assert made.levels == ("b", "a")
    np.testing.assert_array_equal(made.y, PASSED)


def test_the_way_to_the_other_level() -> None:
    (note,) = coded("answer", "binomial").notes
    other = note.fix.split(" as response")[0]
    np.testing.assert_array_equal(coded(other, "binomial").y, ~PASSED)


def test_categories_may_have_trials() -> None:
    np.testing.assert_array_equal(coded("answer", "binomial", weights=TRIALS).weights, TRIALS)


# Counts and amounts.


@pytest.mark.parametrize(
    ("left", "family"),
    [
        ("hits", "poisson"),
        ("hits", "nbinom2"),
        ("hits", "hurdle_poisson"),
        ("trials + hits", "truncated_poisson"),
        ("amount", "gamma"),
        ("amount", "inverse_gaussian"),
        ("change", "gaussian"),
        ("part", "beta"),
        ("hits", "tweedie"),
    ],
)
@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_numbers(left: str, family: str, library: str) -> None:
    frame = data() if library == "pandas" else pl.from_pandas(data())
    made = coded(left, family, frame, weights=np.arange(1.0, N + 1))
    expected = TRIALS + HITS if "+" in left else data()[left]
    np.testing.assert_array_equal(made.y, expected)
    np.testing.assert_array_equal(made.weights, np.arange(1.0, N + 1))
    assert made.levels == ()


# Ordered answers.

ORDER = ["low", "mid", "high", "never"]
CODES = np.array([1.0, 2.0, 3.0] * 4)
G = list("aabbccddeeff")
ORDERED = {
    "pandas": pd.DataFrame({"g": G, "y": pd.Categorical(RATING, ORDER, ordered=True)}),
    "polars": pl.DataFrame({"g": G, "y": pl.Series(RATING.tolist(), dtype=pl.Enum(ORDER))}),
    "pyarrow": pa.table(
        {
            "g": G,
            "y": pa.DictionaryArray.from_arrays(
                pa.array([0, 1, 2] * 4, pa.int32()), ORDER, ordered=True
            ),
        }
    ),
}


@pytest.mark.parametrize("library", ORDERED)
def test_ordered_categories(library: str) -> None:
    made = coded("y", "cumulative", ORDERED[library])
    assert made.levels == ("low", "mid", "high")
    np.testing.assert_array_equal(made.y, CODES)
    notes = {note.code: note for note in made.notes}
    assert notes["empty-answer"].message == (
        "the answer 'never' of 'y' does not occur and has no threshold"
    )
    # Polars records no order of an Enum: what was taken is said.
    assert ("answer-order" in notes) == (library == "polars")


def test_text_is_ordered_by_the_alphabet_and_said() -> None:
    made = coded("rating", "cumulative")
    assert made.levels == ("high", "low", "mid")
    (note,) = made.notes
    assert note.code == "answer-order"
    assert "high < low < mid" in note.message
    assert note.evidence == "alphabetical order"


def test_whole_numbers_are_answers() -> None:
    made = coded("score", "cumulative")
    assert made.levels == ("1", "2", "4")
    np.testing.assert_array_equal(made.y, CODES)
    (note,) = made.notes
    assert note.message == "the answer '3' of 'score' does not occur and has no threshold"
    assert coded("I(2 * amount)", "cumulative").levels == tuple(map(str, range(1, 13)))


# What a user reads: what, where, found, fix. The texts stand in ``generalised.txt``.

WRONG: dict[str, tuple[str, str] | tuple[str, str, Any]] = {
    "three categories": ("rating", "binomial"),
    "dates as successes": ("day", "binomial"),
    "one category": ("one", "binomial"),
    "all successes": ("I(trials > 0)", "binomial"),
    "proportion without trials": ("share", "binomial"),
    "quotient without trials": ("hits / trials", "binomial"),
    "quotient of a sum": ("hits / (hits + misses)", "binomial"),
    "one and two": ("I(passed + 1)", "binomial"),
    "counts as successes": ("hits", "binomial"),
    "percentages as successes": ("I(90 * share + 0.5)", "binomial"),
    "negative numbers as successes": ("change", "binomial"),
    "proportion that is not of the trials": ("share", "binomial", np.full(N, 7.0)),
    "number of trials that is not whole": ("passed", "binomial", np.full(N, 0.5)),
    "counts beside trials": ("hits", "betabinomial", np.full(N, 5.0)),
    "cbind with trials": ("cbind(hits, misses)", "binomial", np.full(N, 5.0)),
    "negative misses": ("cbind(trials, hits - trials)", "binomial"),
    "hits that are not whole": ("cbind(share, misses)", "binomial"),
    "a row without trials": ("cbind(hits, nothing)", "binomial"),
    "negative counts": ("change", "poisson"),
    "counts that are not whole": ("amount", "nbinom2"),
    "text as counts": ("rating", "poisson"),
    "two categories as counts": ("answer", "nbinom1"),
    "cbind as counts": ("cbind(hits, misses)", "poisson"),
    "no counts": ("nothing", "poisson"),
    "zeros that are truncated": ("hits", "truncated_poisson"),
    "zeros as amounts": ("hits", "gamma"),
    "negative amounts": ("change", "inverse_gaussian"),
    "negative amounts with zeros": ("change", "tweedie"),
    "constant amounts": ("trials", "gamma"),
    "dates as amounts": ("day", "gaussian"),
    "zeros as proportions": ("share", "beta"),
    "percentages as proportions": ("I(100 * part)", "beta"),
    "negative proportions": ("change", "beta"),
    "truth as answers": ("passed", "cumulative"),
    "measurements as answers": ("amount", "cumulative"),
    "dates as answers": ("day", "cumulative"),
    "one answer": ("trials", "cumulative"),
    "cbind as answers": ("cbind(hits, misses)", "cumulative"),
    "infinite amounts": ("I(1 / nothing)", "gamma"),
    "a category made in the formula": ("ordered(rating)", "cumulative"),
    "a function of cbind": ("log(cbind(hits, misses))", "binomial"),
    "cbind of three": ("cbind(hits, misses, trials)", "binomial"),
}

TEXTS = (Path(__file__).parent / "generalised.txt").read_text(encoding="utf-8")
EXPECTED = dict(block.split("\n", 1) for block in TEXTS.strip().split("\n\n"))


def raised(name: str) -> RanefError:
    left, family, *weights = WRONG[name]
    with pytest.raises(RanefError) as caught:
        coded(left, family, data().assign(one="x"), *weights)
    return caught.value


@pytest.mark.parametrize("name", WRONG)
def test_message(name: str) -> None:
    error = raised(name)
    assert f"{type(error).__name__}\n{error}" == EXPECTED[f"# {name}"]
    assert error.where
    assert error.fix
    assert all(len(line) <= 180 for line in str(error).splitlines())


def test_every_text_is_tested() -> None:
    assert list(EXPECTED) == [f"# {name}" for name in WRONG]


@pytest.mark.parametrize("call", [rn.lmm, rn.lm])
def test_counts_of_both_are_refused_by_a_linear_model(call: Any) -> None:
    bar = " + (1 | g)" if call is rn.lmm else ""
    with pytest.raises(rn.DataError, match="the model is a linear one") as caught:
        call(f"cbind(hits, misses) ~ 1{bar}", data())
    assert "^" * len("cbind(hits, misses)") in caught.value.where
    assert 'family="binomial"' in caught.value.fix


@pytest.mark.parametrize(
    ("column", "words"), [("answer", "fits two categories"), ("rating", "fits ordered categories")]
)
def test_categories_are_refused_by_a_linear_model(column: str, words: str) -> None:
    with pytest.raises(rn.DataError, match="is not numeric") as caught:
        rn.lmm(f"{column} ~ 1 + (1 | g)", data())
    assert words in caught.value.fix
