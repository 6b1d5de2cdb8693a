"""The words of other programs are answered with ranef's own, and hide nothing from Python."""

from __future__ import annotations

import copy
import inspect
import pickle
import pydoc
import re
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import ranef as rn
from ranef.words import FIT, MODULE, OPTIONS


def function_of(name: str, fit: Any) -> Callable[..., Any]:
    """Of `rn`, else of a fit; with a prefix where both have one of that name."""
    owner, _, bare = name.rpartition(".")
    if owner:
        return getattr({"rn": rn, "fit": fit}[owner], bare)
    assert not (hasattr(rn, bare) and hasattr(fit, bare)), f"rn.{bare} or fit.{bare}?"
    return getattr(rn, bare, None) or getattr(fit, bare)


FORMULA = "Reaction ~ Days + (Days | Subject)"


@pytest.fixture(scope="module")
def sleep() -> pd.DataFrame:
    return rn.datasets.load("sleepstudy")


@pytest.fixture(scope="module")
def fit(sleep: pd.DataFrame) -> Any:
    return rn.lmm(FORMULA, sleep)


@pytest.mark.parametrize("word", MODULE)
def test_a_word_of_the_module_is_answered(word: str) -> None:
    assert not hasattr(rn, word), f"rn.{word} exists: delete its line in words.py"
    with pytest.raises(rn.UnknownNameError, match=f"rn.{word}") as caught:
        getattr(rn, word)
    assert caught.value.fix.removeprefix("use ") == MODULE[word]


@pytest.mark.parametrize("word", FIT)
def test_a_word_of_a_fit_is_answered(word: str, fit: Any) -> None:
    assert not hasattr(fit, word), f"fit.{word} exists: delete its line in words.py"
    with pytest.raises(AttributeError, match=f"fit.{word}") as caught:
        getattr(fit, word)
    assert isinstance(caught.value, rn.RanefError)
    assert caught.value.fix.removeprefix("use ") == FIT[word]


@pytest.mark.parametrize(
    ("function", "word"), [(f, w) for f, words in OPTIONS.items() if f for w in words]
)
def test_a_word_for_an_option_is_answered(function: str, word: str, fit: Any, sleep: Any) -> None:
    called = function_of(function, fit)
    same = inspect.signature(called).parameters.get(word)
    assert same is None or same.kind is same.VAR_POSITIONAL, f"{function} has {word}: delete it"
    given = (FORMULA, sleep) if function in ("lmm", "glmm") else ()
    with pytest.raises(rn.UsageError, match=f"no option '{word}'") as caught:
        called(*given, **{word: None})
    assert "help(" not in caught.value.fix


def test_the_answers_name_what_there_is(fit: Any) -> None:
    owners = {"fit": fit, "rn": rn}
    answers = [*MODULE.values(), *FIT.values(), *(a for t in OPTIONS.values() for a in t.values())]
    named = {pair for text in answers for pair in re.findall(r"\b(fit|rn)\.(\w+)", text)}
    assert len(named) > 20
    assert not [f"{owner}.{name}" for owner, name in named if not hasattr(owners[owner], name)]


@pytest.mark.parametrize("function", [f for f in OPTIONS if f])
def test_the_answers_name_options_that_there_are(function: str, fit: Any) -> None:
    called = function_of(function, fit)
    known = inspect.signature(called).parameters
    for answer in OPTIONS[function].values():
        named = re.match(r"(\w+)=", answer)
        assert named is None or named[1] in known, answer


@pytest.mark.parametrize(
    ("call", "fix"),
    [
        (lambda f, d: rn.lmer, "rn.lmm(formula, data)"),
        (lambda f, d: rn.VarCorr, "fit.varcorr()"),
        (lambda f, d: rn.isSingular, "fit.certificate"),
        (lambda f, d: rn.lmmn, "did you mean 'lmm'?"),
        (lambda f, d: rn.lmm(FORMULA, d, REML=False), "write reml=False"),
        (lambda f, d: rn.lmm(FORMULA, d, wieghts=None), "did you mean 'weights'?"),
        (lambda f, d: rn.lmm(FORMULA, d, na_action="na.omit"), 'missing="drop"'),
        (lambda f, d: rn.lmm(FORMULA, d, **{"na.action": "na.omit"}), 'missing="drop"'),
        (lambda f, d: rn.lmm(FORMULA, d, family="binomial"), "use rn.glmm(formula, data, family="),
        (lambda f, d: rn.glmm(FORMULA, d, nAGQ=9), "n_agq="),
        (lambda f, d: rn.glmm(FORMULA, d, ziformula="~ 1"), "zero_inflation="),
        (lambda f, d: rn.lmm(FORMULA, d, groups="Subject"), '"y ~ x + (x | g)"'),
        (lambda f, d: rn.lmm(FORMULA, d, False), "reml="),
        (lambda f, d: f.predict(re_form=None), 'level="population"'),
        (lambda f, d: f.predict(new_data=d), "newdata="),
        (lambda f, d: f.bootstrap(nsim=3), "n="),
        (lambda f, d: f.bootstrap(2, random_state=3), "seed="),
        (lambda f, d: f.glance(random_state=3), "help(fit.glance)"),
        (lambda f, d: f.params, "fit.fixef"),
        (lambda f, d: f.pvalues, 'fit.coefficients(), in the column "p_value"'),
        (lambda f, d: f.log_lik, "fit.loglik"),
        (lambda f, d: f.sigm, "did you mean 'sigma'?"),
        (lambda f, d: f.nothing_of_the_kind, "dir(fit)"),
        (lambda f, d: f.glance(1), "help(fit.glance)"),
    ],
)
def test_the_way_out(call: Callable[[Any, Any], Any], fix: str, fit: Any, sleep: Any) -> None:
    with pytest.raises(rn.RanefError) as caught:
        call(fit, sleep)
    assert fix in caught.value.fix
    assert all(len(line) <= 200 for line in str(caught.value).splitlines())


@pytest.mark.parametrize(
    "name", ["_repr_mimebundle_", "_ipython_display_", "__array__", "__dataframe__", "_x"]
)
def test_hooks_find_nothing_and_no_advice(name: str, fit: Any) -> None:
    for owner in (rn, fit):
        assert getattr(owner, name, None) is None
        with pytest.raises(AttributeError) as caught:
            getattr(owner, name)
        assert type(caught.value) is AttributeError


def test_copies_and_pickles_are_fits(fit: Any) -> None:
    for again in (copy.copy(fit), copy.deepcopy(fit), pickle.loads(pickle.dumps(fit))):
        assert again.criterion == fit.criterion
        with pytest.raises(rn.UnknownNameError):
            again.params  # noqa: B018


def test_an_error_within_a_property_is_not_hidden() -> None:
    class Broken(rn.Fit):
        @property
        def sigma(self) -> float:
            raise AttributeError("of its own")

    with pytest.raises(AttributeError, match="of its own"):
        object.__new__(Broken).sigma  # noqa: B018


def test_dir_and_help_show_the_public_names() -> None:
    assert dir(rn) == sorted(rn.__all__)
    page = pydoc.plain(pydoc.render_doc(rn))
    functions = re.search(r"\nFUNCTIONS\n(.*?)\n(?:DATA|VERSION|FILE)\n", page, re.DOTALL)
    assert functions is not None
    found = re.findall(r"^    (\w+)\(", functions[1], re.MULTILINE)
    assert found == sorted(name for name in rn.__all__ if inspect.isfunction(getattr(rn, name)))


@pytest.mark.parametrize("name", ["lmm", "compare", "center", "structure"])
def test_a_signature_is_that_of_the_function(name: str) -> None:
    parameters = inspect.signature(getattr(rn, name)).parameters
    assert not {"values", "options"} & set(parameters)
    assert getattr(rn, name).__name__ == name
