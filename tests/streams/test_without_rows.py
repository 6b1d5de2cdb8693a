"""A fit without rows gives the answers of the fit in memory, or says what to do.

Every public member of a fit is asked, of a fit from moments and of one from a Parquet file. What is
in `NEEDS_ROWS` is refused with a way out; everything else is the same as in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from tests.streams.answers import FORMULA, plain, rows, same

import ranef as rn

mpl.use("Agg")


class Model(NamedTuple):
    formula: str
    data: str
    x: str
    by: str | None
    change: str
    contextual: bool


MODELS = {
    "sleepstudy": Model(
        "Reaction ~ Days + (Days | Subject)", "sleepstudy", "Days", None, "~ . - Days", False
    ),
    "hsb": Model(
        "math ~ ses*sector + (ses | sch.id)", "hsb", "ses", "sector", "~ . - ses:sector", True
    ),
}
SOURCES = ("moments", "Parquet file", "saved fit")

#: Averages over the rows: another pass over a source gives them.
AVERAGES = {"comparisons", "predictions", "slopes"}

#: Members whose answers are of single rows, with those that need the rows for what they average.
NEEDS_ROWS = {
    *("augment", "check_residuals", "fitted", "group_residuals", "influence", "leverage"),
    *("matrices", "model_frame", "model_matrix", "predict", "quantile_residuals", "refit"),
    *("residuals", "simulate"),
    *("bootstrap: residual", "tidy: refit"),
    *("plot.check", "plot.qq", "plot.residuals", "plot.shrinkage", "plot.simulated"),
    *("plot.effects", "plot.slopes"),
}


@cache
def memory(name: str) -> rn.Fit:
    model = MODELS[name]
    return rn.lmm(model.formula, rn.datasets.load(model.data))


@pytest.fixture(scope="module")
def summed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], rn.Fit]:
    folder = tmp_path_factory.mktemp("rows")

    @cache
    def make(name: str, source: str) -> rn.Fit:
        model = MODELS[name]
        data = rn.datasets.load(model.data)
        if source != "Parquet file":
            fit = rn.lmm(model.formula, rn.moments(model.formula, data))
            if source == "moments":
                return fit
            fit.save(folder / f"{name}.ranef")
            return rn.load(folder / f"{name}.ranef")
        data.to_parquet(folder / f"{name}.parquet")
        return rn.lmm(model.formula, folder / f"{name}.parquet")

    return make


def arguments(model: Model, folder: Path) -> dict[str, tuple[Any, ...]]:
    data = rn.datasets.load(model.data)
    return {
        "test": (f"{model.x} = 0",),
        "contextual": (model.x,),
        "emmeans": (model.x,),
        "emtrends": (model.x,),
        "comparisons": (model.x,),
        "slopes": (model.x,),
        "with_reml": (False,),
        "refit": (data[model.formula.split()[0]],),
        "bootstrap": (5, "parametric", 1),
        "check_residuals": (5,),
        "simulate": (1, 1),
        "sentence": (model.x,),
        "code": ("lme4",),
        "save": (folder / "m.ranef",),
        "update": (model.change,),
        "plot.effects": (model.x,),
    }


def more(model: Model) -> dict[str, Callable[[rn.Fit], Any]]:
    """Members in other ways than with their defaults."""
    new = rn.datasets.load(model.data).iloc[:20]
    group = model.formula.split("|")[1].strip(" )")
    smaller = f"~ . - ({model.x} | {group}) + (1 | {group})"
    return {
        "predict: new rows": lambda fit: fit.predict(new),
        "predict: intervals": lambda fit: fit.predict(new, interval="prediction"),
        "bootstrap: residual": lambda fit: fit.bootstrap(5, "residual", 1),
        "confint: profile": lambda fit: fit.confint("profile"),
        "anova: 1": lambda fit: fit.anova(1),
        "anova: 2": lambda fit: fit.anova(2),
        "anova: Kenward-Roger": lambda fit: fit.anova(3, ddf="kenward-roger"),
        "anova: CR2": lambda fit: fit.anova(3, vcov="CR2"),
        "drop1: chisq": lambda fit: fit.drop1("chisq"),
        "robust: CR0": lambda fit: fit.robust("CR0"),
        "rn.anova": lambda fit: rn.anova(fit, fit.update(smaller)),
        "rn.compare": lambda fit: str(rn.compare(fit, fit.with_reml(False))),
        "tidy: ran_pars": lambda fit: fit.tidy("ran_pars"),
        "tidy: ran_vals": lambda fit: fit.tidy("ran_vals"),
        "tidy: refit": lambda fit: fit.tidy(standardize="refit"),
        "tidy: within": lambda fit: fit.tidy(standardize="within"),
        "tidy: basic": lambda fit: fit.tidy(standardize="basic"),
    }


def names() -> list[str]:
    fit = memory("sleepstudy")
    found = [n for n in dir(fit) if not n.startswith("_") and n not in ("plot", "report")]
    found += [f"plot.{n}" for n in dir(fit.plot) if not n.startswith("_")]
    return [*found, *more(MODELS["sleepstudy"])]


def asked(fit: rn.Fit, name: str, model: Model, folder: Path) -> Any:
    other = more(model).get(name)
    if other is not None:
        return other(fit)
    at: Any = fit.plot if name.startswith("plot.") else fit
    member = getattr(at, name.removeprefix("plot."))
    given = arguments(model, folder).get(name, ())
    keywords = {"n": 39, "seed": 1} if name in ("plot.check", "plot.simulated") else {}
    try:
        return member(*given, **keywords) if callable(member) else member
    finally:
        plt.close("all")


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_every_member_answers_as_in_memory_or_says_what_to_do(
    name: str, source: str, summed: Callable[[str, str], rn.Fit], tmp_path: Path
) -> None:
    model, fit = MODELS[name], summed(name, source)
    for member in names():
        if member in NEEDS_ROWS or (source != "Parquet file" and member in AVERAGES):
            with pytest.raises(rn.RanefError) as caught:
                asked(fit, member, model, tmp_path)
            assert caught.value.fix, member
            continue
        expected = in_memory(name, member, tmp_path)
        if isinstance(expected, rn.RanefError):
            with pytest.raises(type(expected)):
                asked(fit, member, model, tmp_path)
        else:
            same(plain(asked(fit, member, model, tmp_path), member), expected, member)


KNOWN: dict[tuple[str, str], Any] = {}


def in_memory(name: str, member: str, folder: Path) -> Any:
    """The answer of the fit in memory, asked for once."""
    if (name, member) not in KNOWN:
        try:
            found = plain(asked(memory(name), member, MODELS[name], folder), member)
        except rn.RanefError as error:
            found = error
        KNOWN[name, member] = found
    return KNOWN[name, member]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_report_says_what_the_rows_would_show(
    summed: Callable[[str, str], rn.Fit], tmp_path: Path
) -> None:
    for source, residuals in (
        ("moments", "A fit of whole groups"),
        ("Parquet file", "<code>fit.augm"),
    ):
        page = summed("sleepstudy", source).report(tmp_path / "page.html").read_text("utf-8")
        for part in ("Residuals", "What varies where", "Lines by group", "Predictions"):
            assert f"{part}:</b> This answer needs the data" in page
        assert f"Residuals:</b> This answer needs the data. {residuals}" in page
        assert page.count("fit.augment") == (2 if source == "Parquet file" else 0)
        assert "Fit.augment" not in page
        assert "read the rows into memory" not in page


def test_clusters_are_drawn_from_the_sums_of_groups(
    summed: Callable[[str, str], rn.Fit],
) -> None:
    """A replicate is the fit of the drawn groups, each a level of its own."""
    drawn = summed("sleepstudy", "moments").bootstrap(3, "cluster", 7)
    data = rn.datasets.load("sleepstudy")
    subjects = data["Subject"].unique()
    replicates = drawn.replicates[["Intercept", "Days", "sigma"]].to_numpy()
    for k, values in enumerate(replicates):
        which = np.random.Generator(np.random.Philox(key=[7, k])).integers(18, size=18)
        rows = pd.concat(
            data[data["Subject"] == subjects[j]].assign(Subject=i) for i, j in enumerate(which)
        )
        fit = rn.lmm(MODELS["sleepstudy"].formula, rows)
        np.testing.assert_allclose(values, [*fit.fixef, fit.sigma], rtol=1e-5)


@pytest.mark.parametrize("options", [{}, {"offset": "o"}, {"weights": "w"}])
@pytest.mark.parametrize("weights", ["equal", "proportional", "cells", "outer"])
def test_marginal_means_know_frequencies_and_offsets(weights: str, options: dict[str, str]) -> None:
    data = rows()
    fits = rn.lmm(FORMULA, data, **options), rn.lmm(FORMULA, rn.moments(FORMULA, data, **options))
    for of in ("x", "f"):
        one, other = (fit.emmeans(of, weights=weights).frame for fit in fits)
        same(other, one, f"{of} with weights {weights}")


def test_what_counts_rows_without_weights_is_read_again_or_refused(tmp_path: Path) -> None:
    data = rows()
    data.to_parquet(tmp_path / "rows.parquet")
    memory = rn.lmm(FORMULA, data, weights="w")
    streamed = rn.lmm(FORMULA, tmp_path / "rows.parquet", weights="w")
    kept = rn.lmm(FORMULA, rn.moments(FORMULA, data, weights="w"))
    same(kept.anova(3), memory.anova(3), "type 3")
    for ask in (lambda fit: fit.anova(1), lambda fit: fit.anova(2), lambda fit: fit.r2().frame):
        same(ask(streamed), ask(memory), "another pass")
        with pytest.raises(rn.RanefError, match="without the weights") as caught:
            ask(kept)
        assert "rn.scan" in caught.value.fix


def test_group_means_of_rows_left_out_are_read_again_or_refused(tmp_path: Path) -> None:
    data = rn.datasets.load("hsb")
    data.loc[5:20, "math"] = np.nan
    data.to_parquet(tmp_path / "rows.parquet")
    formula = "math ~ ses + (1 | sch.id)"
    expected = str(rn.lmm(formula, data).contextual("ses"))
    assert str(rn.lmm(formula, tmp_path / "rows.parquet").contextual("ses")) == expected
    with pytest.raises(rn.DataError, match="group means of ses") as caught:
        rn.lmm(formula, rn.moments(formula, data)).contextual("ses")
    assert "rn.moments" in caught.value.fix


def test_averages_over_rows_take_one_pass(tmp_path: Path) -> None:
    data = rows()
    data.loc[3, "x"] = np.nan
    formula = "y ~ x * f + I(x ^ 2) + (x | g)"
    memory = rn.lmm(formula, data, offset="o")
    streamed = rn.lmm(formula, rn.scan([data[:150], data[150:]]), offset="o")
    for by in (None, "f", ["f", "g"]):
        same(streamed.predictions(by=by), memory.predictions(by=by), f"predictions by {by}")
        same(streamed.slopes("x", by=by), memory.slopes("x", by=by), f"slopes by {by}")
    same(streamed.comparisons("f"), memory.comparisons("f"), "comparisons")


def test_crossed_factors_answer_too() -> None:
    data = rn.datasets.load("scotssec").astype({"sex": str})
    formula = "attain ~ sex + verbal + (verbal | primary) + (1 | second)"
    memory, summed = rn.lmm(formula, data), rn.lmm(formula, rn.moments(formula, data))
    same(summed.r2().frame, memory.r2().frame, "r2")
    same(summed.r2(by="primary").frame, memory.r2(by="primary").frame, "r2 by primary")
    same(summed.icc().by_group, memory.icc().by_group, "icc")
    same(summed.ranova(), memory.ranova(), "ranova")
    same(summed.drop1("chisq"), memory.drop1("chisq"), "drop1")
    for ask in (summed.robust, lambda: summed.bootstrap(3, "cluster")):
        with pytest.raises(rn.RanefError) as caught:
            ask()
        assert caught.value.fix


def test_nested_factors_are_known_by_their_sums() -> None:
    data = rn.datasets.load("pastes")
    formula = "strength ~ 1 + (1 | batch/cask)"
    memory, summed = rn.lmm(formula, data), rn.lmm(formula, rn.moments(formula, data))
    drawn = [fit.plot.caterpillar().data for fit in (memory, summed)]
    same(drawn[1], drawn[0], "levels of the outer factor")
    plt.close("all")
    assert str(summed.r2()) == str(memory.r2())
    assert str(summed.equation()) == str(memory.equation())


def test_a_number_that_is_a_category_in_the_formula() -> None:
    data = rows().assign(k=np.tile([1, 2, 5, 7], 100))
    formula = "y ~ x * factor(k) + (x | g)"
    memory, summed = rn.lmm(formula, data), rn.lmm(formula, rn.moments(formula, data))
    same(summed.anova(), memory.anova(), "anova")
    for weights in ("equal", "cells"):
        one, other = (fit.emmeans("k", weights=weights).frame for fit in (memory, summed))
        same(other, one, f"means with weights {weights}")
    same(summed.diagnose().remedies, memory.diagnose().remedies, "diagnosis")


def test_a_model_without_random_effects() -> None:
    formula = "y ~ x * f"
    memory, summed = rn.lm(formula, rows()), rn.lm(formula, rn.moments(formula, rows()))
    for ask in (lambda fit: fit.anova(2), lambda fit: fit.drop1(), lambda fit: fit.tidy()):
        same(ask(summed), ask(memory), formula)


def test_rungs_cost_what_their_sums_cost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that are summed do not count; another pass over them does."""
    data = rows().assign(w=1.0, z=rows()["x"] ** 2)
    formula = "y ~ x + z + (1 | g)"
    monkeypatch.setattr("ranef.diagnose.ladder.climb.BUDGET", 20_000)
    monkeypatch.setattr("ranef.diagnose.ladder.climb.SEARCHES", 20_000)
    memory = rn.lmm(formula, pd.concat([data] * 10))
    kept = rn.lmm(formula, rn.moments(formula, pd.concat([data] * 10)))
    assert "not tried" in {rung.verdict for rung in memory.diagnose().ladder.rungs}
    assert "not tried" not in {rung.verdict for rung in kept.diagnose().ladder.rungs}
    data.loc[3, "y"] = np.nan  # group means of all rows: not in the sums of those used
    data.to_parquet(tmp_path / "rows.parquet")
    fits = [rn.lmm(formula, tmp_path / "rows.parquet") for _ in range(2)]
    found = []
    for fit, seconds in zip(fits, (1e-9, 1e3), strict=True):
        fit._seconds["sums over rows"] = seconds
        found.append([rung.verdict for rung in fit.diagnose().ladder.rungs])
    assert "not tried" not in found[0]
    assert found[1].count("not tried") >= 2
    assert len(found[1]) - found[1].count("not tried") >= 3, "what needs no pass is tried"


def test_rungs_that_sums_do_not_hold_say_which_sums_would() -> None:
    data = rows()
    data.loc[3:9, "y"] = np.nan
    formula = "y ~ x + (1 | g)"
    diagnosis = rn.lmm(formula, rn.moments(formula, data)).diagnose()
    refused = [rung for rung in diagnosis.ladder.rungs if rung.verdict == "not fitted"]
    assert refused
    for rung in refused:
        assert "The sums do not hold it: they lack group means of x by g" in rung.judgement
        assert f'rn.moments("{rung.formula}", data) makes sums that do' in rung.judgement
        assert "identify" not in rung.judgement
    from ranef.present.diagnosis.tables import ladder_tables

    assert ladder_tables(diagnosis, 100)[0].title == "The ladder"


def test_advice_fits_what_can_be_read_again(summed: Callable[[str, str], rn.Fit]) -> None:
    for source, first in (("moments", False), ("Parquet file", True), ("saved fit", False)):
        fit = summed("sleepstudy", source)
        with pytest.raises(rn.DataError) as caught:
            fit.residuals()
        assert caught.value.fix.startswith("fit.augment(to=") == first
        note = next(f for f in fit.diagnose().findings if f.code == "rows-elsewhere")
        assert ("fit.augment" in note.fix) == first


def test_pictures_of_effects_name_the_means_that_stand_in() -> None:
    fit = rn.lmm(FORMULA, rn.moments(FORMULA, rows()))
    for name in ("x", "f"):
        with pytest.raises(rn.DataError, match="averages over the rows") as caught:
            fit.plot.effects(name)
        call = caught.value.fix.partition(" draws")[0]
        assert eval(call, {"fit": fit}) is not None
        plt.close("all")


def test_rows_given_as_names_are_answered_with_predict() -> None:
    fits = rn.lmm(FORMULA, rows()), rn.lmm(FORMULA, rn.moments(FORMULA, rows()))
    for fit in fits:
        for method, given in ((fit.predictions, ()), (fit.slopes, ("x",))):
            with pytest.raises(rn.OptionError, match="by takes names") as caught:
                method(*given, by=rows(9))
            assert "fit.predict(data)" in caught.value.fix


def test_fits_of_rows_and_of_sums_are_not_compared() -> None:
    data = rows()
    small = rn.lmm("y ~ x * f + (1 | g)", data)
    sums = rn.moments(FORMULA, data)
    with pytest.raises(rn.OptionError, match="rows and the other to sums"):
        rn.anova(small, rn.lmm(FORMULA, sums))
    with pytest.raises(rn.OptionError, match="different rows"):
        rn.anova(
            rn.lmm("y ~ x * f + (1 | g)", rn.moments(FORMULA, data[:300])), rn.lmm(FORMULA, sums)
        )
