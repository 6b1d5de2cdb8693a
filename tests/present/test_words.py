"""What readers call coefficients, variances and groups."""

from __future__ import annotations

import pandas as pd
import pytest

import ranef as rn
from ranef.errors import OptionError

CAKE = rn.datasets.load("cake")


def said(contrast: str) -> list[str]:
    fit = rn.lmm("angle ~ recipe + (1 | replicate)", CAKE, contrasts={"recipe": contrast})
    return [fit._words.coefficient(name) for name in fit.fixef.index[1:]]


@pytest.mark.parametrize(
    ("contrast", "words"),
    [
        ("treatment", ["recipe: B (vs A)", "recipe: C (vs A)"]),
        ("SAS", ["recipe: A (vs C)", "recipe: B (vs C)"]),
        ("sum", ["recipe: A (vs mean of levels)", "recipe: B (vs mean of levels)"]),
        ("diff", ["recipe: B (vs A)", "recipe: C (vs B)"]),
        ("poly", ["recipe: linear", "recipe: quadratic"]),
    ],
)
def test_a_level_says_what_it_is_compared_with(contrast: str, words: list[str]) -> None:
    assert said(contrast) == words


def test_the_reference_level_is_that_of_the_formula() -> None:
    fit = rn.lmm("angle ~ relevel(recipe, ref='C') + (1 | replicate)", CAKE)
    assert fit._words.coefficient(fit.fixef.index[1]) == "recipe: A (vs C)"
    fit = rn.lmm("angle ~ 0 + recipe + (1 | replicate)", CAKE)
    assert fit._words.coefficient("recipe[A]") == "recipe: A"


def test_labels_come_from_the_data_and_from_the_call() -> None:
    data = rn.datasets.load("sleepstudy")
    data.attrs["labels"] = {"Days": "Days without sleep", "Subject": "driver"}
    fit = rn.lmm("Reaction ~ Days + (Days | Subject)", data, labels={"Subject": "person"})
    words = fit._words
    assert words.coefficient("Days") == "Days without sleep"
    assert words.spread("SD", "Subject", ["Days"]) == "SD of slopes of Days without sleep, person"
    assert words.also({"Days": "d"}).coefficient("Days") == "d"
    assert fit.update("~ . - (Days | Subject) + (1 | Subject)")._words == words


def test_group_means_are_named_after_their_variable_and_group() -> None:
    fit = rn.lmm(
        "math ~ within(ses, sch.id) * sector + between(ses, sch.id) + (1 | sch.id)",
        rn.datasets.load("hsb"),
        labels={"ses": "SES", "sch.id": "school"},
    )
    found = [fit._words.coefficient(name) for name in fit.fixef.index]
    assert found == [
        "(Intercept)",
        "SES (within school)",
        "sector",
        "SES (school mean)",
        "SES (within school) × sector",
    ]


def test_labels_survive_a_file(tmp_path: object) -> None:
    data = rn.datasets.load("sleepstudy")
    fit = rn.lmm("Reaction ~ Days + (1 | Subject)", data, labels={"Days": "Days without sleep"})
    path = f"{tmp_path}/fit.ranef"
    fit.save(path)
    assert rn.load(path)._words.coefficient("Days") == "Days without sleep"


def test_a_label_for_a_column_that_is_not_there_is_refused() -> None:
    data = pd.DataFrame(rn.datasets.load("sleepstudy"))
    with pytest.raises(OptionError, match="'Day', which is not a column") as error:
        rn.lmm("Reaction ~ Days + (1 | Subject)", data, labels={"Day": "x"})
    assert "Days" in str(error.value)
    with pytest.raises(OptionError, match="labels are words by column"):
        rn.lmm("Reaction ~ Days + (1 | Subject)", data, labels={"Days": 3})


def test_group_means_of_names_with_blanks() -> None:
    """The text of a coefficient has them without backticks, as no formula does."""
    data = rn.datasets.load("hsb").rename(columns={"sch.id": "school id", "ses": "x[T.b]"})
    formula = "math ~ within(`x[T.b]`, `school id`) + (1 | `school id`)"
    fit = rn.lmm(formula, data, labels={"x[T.b]": "SES"})
    assert fit._words.coefficient(fit.fixef.index[1]) == "SES (within school id)"
