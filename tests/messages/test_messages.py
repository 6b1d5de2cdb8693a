"""What a user reads when something is wrong, word for word.

The texts stand in ``messages.txt``: a heading, the class and the builtin it also is, the message.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import ranef as rn

SES = "math ~ ses + (1 | school)"


def schools() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    school = np.repeat(np.arange(1, 7), 5)
    ses = np.round(rng.normal(size=30), 3)
    return pd.DataFrame(
        {
            "math": np.round(12 + 2 * ses + rng.normal(size=30) + rng.normal(size=7)[school], 3),
            "ses": ses,
            "sector": school % 2,
            "school": school,
        }
    )


def call(formula: Any = SES, data: Any = None, **options: Any) -> Any:
    return rn.lmm(formula, schools() if data is None else data, **options)


def with_column(**columns: Any) -> pd.DataFrame:
    return schools().assign(**columns)


def text(values: list[str]) -> pd.Series:
    """A column of strings whose type has the same name in every version of pandas."""
    return pd.Series(values, dtype="string")


def spoiled(column: str, rows: list[int], value: float) -> pd.DataFrame:
    data = schools().astype({column: float})
    data.loc[rows, column] = value
    return data


def renamed(**names: str) -> pd.DataFrame:
    return schools().rename(columns=names)


def some(value: float) -> np.ndarray:
    weights = np.ones(30)
    weights[[4, 9]] = value
    return weights


CALLS: dict[str, dict[str, Any]] = {
    "unknown column in the random part": {"formula": "math ~ ses + (sess | school)"},
    "unknown column in the fixed part": {"formula": "math ~ Ses + (1 | school)"},
    "unknown grouping factor": {"formula": "math ~ ses + (1 | scool)"},
    "unknown response": {"formula": "maths ~ ses + (1 | school)"},
    "unbalanced parenthesis": {"formula": "math ~ ses + (1 | school"},
    "parenthesis that closes nothing": {"formula": "math ~ ses + (1 | school))"},
    "no random part": {"formula": "math ~ ses"},
    "bar without parentheses": {"formula": "math ~ ses + 1 | school"},
    "formula that is no text": {"formula": 3},
    "unknown covariance structure": {"formula": "math ~ ses + csh(0 + time | school)"},
    "covariance by distance": {"formula": "math ~ ses + exp(time + 0 | school)"},
    "structure with a double bar": {"formula": "math ~ ses + cs(ses || school)"},
    "structure without a bar": {"formula": "math ~ ses + ar1(time) + (1 | school)"},
    "occasions beside an intercept": {"formula": "math ~ ses + ar1(time | school)"},
    "rank that is none": {"formula": "math ~ ses + rr(ses | school, d = 0)"},
    "rank above the number of columns": {"formula": "math ~ ses + rr(ses | school, 3)"},
    "times without a common unit": {
        "formula": "math ~ ses + ar1(0 + time | school)",
        "data": with_column(time=np.tile([0.0, 1.0, 2.0, 3.5, 6.1415], 6)),
    },
    "structure that hides the residuals": {
        "formula": "math ~ ses + homcs(0 + time | school)",
        "data": with_column(time=np.tile(list("abcde"), 6)),
    },
    "one level": {"data": with_column(school="A")},
    "as many levels as rows": {"data": with_column(school=np.arange(30))},
    "too many random effects": {
        "formula": "math ~ ses + (time | school)",
        "data": with_column(school=np.arange(30) // 2, time=np.arange(30) % 2),
    },
    "slope that never varies within a group": {
        "formula": "math ~ ses + sector + (sector | school)"
    },
    "random part without columns": {"formula": "math ~ ses + (0 + poly(ses, 0) || school)"},
    "arithmetic on a basis": {"formula": "math ~ log(bs(ses, df=4)) + (1 | school)"},
    "effects that determine each other": {"formula": "math ~ ses + (ses + I(10 * ses) | school)"},
    "no estimate by maximum likelihood": {
        "formula": "math ~ a + b + ses + (ses | school)",
        "data": with_column(a=np.sin(np.arange(30.0)), b=np.cos(np.arange(30.0) ** 2)).iloc[::3],
        "reml": False,
    },
    "text response": {"data": with_column(math=text(["low", "high", "mid"] * 10))},
    "response of digits": {"data": with_column(math=text([str(300 + i) for i in range(30)]))},
    "constant response": {"data": with_column(math=3.5)},
    "all rows missing": {"data": with_column(ses=np.nan)},
    "missing rows refused": {"data": spoiled("ses", [3, 8], np.nan), "missing": "raise"},
    "infinite predictor": {"data": spoiled("ses", [3, 8], np.inf)},
    "infinite response": {"data": spoiled("math", [0], -np.inf)},
    "logarithm of a negative number": {"formula": "math ~ log(ses) + (1 | school)"},
    "no rows": {"data": schools().iloc[:0]},
    "duplicate column names": {"data": renamed(sector="ses")},
    "dates": {"data": with_column(ses=np.datetime64("2020-01-01", "s"))},
    "dates as response": {"data": with_column(math=np.datetime64("2020-01-01", "s"))},
    "lists": {"data": with_column(ses=[[1, 2]] * 30)},
    "identifiers as predictor": {"data": with_column(ses=2**60 + np.arange(30))},
    "list for data": {"data": [[1.0, 2.0]]},
    "path for data": {"data": "schools.csv"},
    "array for data": {"data": np.ones((3, 3))},
    "negative weights": {"weights": some(-1.0)},
    "zero weights": {"weights": some(0.0)},
    "infinite weights": {"weights": some(np.inf)},
    "weights that are all missing": {"weights": some(np.nan) * np.nan},
    "weights of the wrong length": {"weights": np.ones(29)},
    "weights in an unknown column": {"weights": "sectr"},
    "weights of text": {"data": with_column(w=text(["heavy"] * 30)), "weights": "w"},
    "offset of the wrong length": {"offset": np.ones(31)},
    "offset in an unknown column": {"offset": "off"},
    "infinite offset": {"offset": some(np.inf)},
    "unknown contrasts": {
        "formula": "math ~ f + (1 | school)",
        "data": with_column(f=["a", "b", "c"] * 10),
        "contrasts": {"f": "summ"},
    },
    "contrasts for a number": {"contrasts": {"ses": "sum"}},
    "unknown rule for missing rows": {"missing": "omit"},
    "start of the wrong length": {"start": np.ones(3)},
    "start that is not finite": {"start": np.array([np.nan])},
}

# What is asked of a fit.
METHODS: dict[str, Callable[[Any], Any]] = {
    "new levels": lambda fit: fit.predict({"ses": [0.0, 1.0], "school": [1, 99]}),
    "new data without a predictor": lambda fit: fit.predict({"sess": [0.0], "school": [1]}),
    "new data without the groups": lambda fit: fit.predict({"ses": [0.0]}),
    "unknown level of prediction": lambda fit: fit.predict(level="marginal"),
    "unknown rule for new levels": lambda fit: fit.predict(new_levels="zero"),
    "new group without its mean": lambda fit: call(
        "math ~ within(ses, school) + (1 | school)"
    ).predict({"ses": [0.0, 1.0], "school": [1, 99]}, new_levels="population"),
    "new data without the offset of the fit": lambda fit: call(offset=np.ones(30)).predict(
        {"ses": [0.0], "school": [1]}
    ),
    "offset of new data of the wrong length": lambda fit: fit.predict(
        {"ses": [0.0], "school": [1]}, offset=[1.0, 2.0]
    ),
    "offset of predictions in an unknown column": lambda fit: fit.predict(offset="off"),
    "labels that repeat in rows left out": lambda fit: call(
        data=spoiled("math", [2], np.nan).set_axis([0, 1, 1, *range(3, 30)])
    ).augment(),
    "unknown rows of residuals": lambda fit: fit.residuals(rows="both"),
    "unknown kind of residuals": lambda fit: fit.residuals("studentized"),
    "unknown degrees of freedom": lambda fit: fit.coefficients(ddf="satterthwait"),
    "Kenward-Roger by ML": lambda fit: fit.with_reml(False).anova(ddf="kenward-roger"),
    "hypothesis about another coefficient": lambda fit: fit.test("Intercept = 0, sess = 1"),
    "hypothesis about a term of several coefficients": lambda fit: call(
        "math ~ f + (1 | school)", with_column(f=["a", "b", "c"] * 10)
    ).test("f = 0"),
    "hypothesis that is no equation": lambda fit: fit.test("ses ~ 0"),
    "hypothesis about a product": lambda fit: fit.test("ses * ses = 1"),
    "hypotheses that contradict each other": lambda fit: fit.test("ses = 0, 2 * ses = 1"),
    "hypothesis with too few columns": lambda fit: fit.test([1.0]),
    "unknown type of an analysis of variance": lambda fit: fit.anova(type="III"),
    "a model in place of a type": lambda fit: fit.anova(fit),
    "unknown test of terms left out": lambda fit: fit.drop1("lrt"),
    "confidence level in per cent": lambda fit: fit.coefficients(level=95),
    "interval of one coefficient": lambda fit: fit.confint("ses"),
    "refit to another number of rows": lambda fit: fit.refit(np.ones(29)),
    "refit to missing values": lambda fit: fit.refit(np.full(30, np.nan)),
    "contextual effect of a name that is no predictor": lambda fit: fit.contextual("sess"),
    "contextual effect of a variable of the group": lambda fit: call(
        "math ~ ses + sector + (1 | school)"
    ).contextual("sector"),
    "contextual effect by a factor that is not there": lambda fit: fit.contextual(
        "ses", by="scool"
    ),
    "contextual effect with the means in the model": lambda fit: call(
        "math ~ ses + mean + (1 | school)",
        with_column(mean=schools().groupby("school")["ses"].transform("mean")),
    ).contextual("ses"),
    "change of a formula without ~": lambda fit: fit.update("+ sector"),
    "unknown kind of effects": lambda fit: fit.tidy(effects="random"),
}

TEXTS = (Path(__file__).parent / "messages.txt").read_text(encoding="utf-8")
EXPECTED = dict(block.split("\n", 1) for block in TEXTS.strip().split("\n\n"))


def run(name: str, fit: Any) -> Any:
    return call(**CALLS[name]) if name in CALLS else METHODS[name](fit)


def raised(name: str, fit: Any) -> rn.RanefError:
    with pytest.raises(rn.RanefError) as caught:
        run(name, fit)
    return caught.value


@pytest.fixture(scope="module")
def fit() -> Any:
    return call()


@pytest.mark.parametrize("name", [*CALLS, *METHODS])
def test_message(name: str, fit: Any) -> None:
    error = raised(name, fit)
    builtin = next(base for base in type(error).__mro__ if base.__module__ == "builtins")
    assert f"{type(error).__name__}, {builtin.__name__}\n{error}" == EXPECTED[f"# {name}"]
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


@pytest.mark.parametrize("name", [*CALLS, *METHODS])
def test_message_is_one_line_and_a_way_out(name: str, fit: Any) -> None:
    error = raised(name, fit)
    assert error.fix
    assert "\n" not in error.what
    assert not error.what.endswith(".")
    assert all(len(line) <= 160 for line in str(error).splitlines())


def test_every_text_is_tested() -> None:
    assert list(EXPECTED) == [f"# {name}" for name in (*CALLS, *METHODS)]
