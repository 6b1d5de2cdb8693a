"""Code for other programs: it fits the same model, or says what the program does not have."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.paper import models
from tests.paper.pages import page
from tests.paper.pages.__main__ import CODE

import ranef as rn
from ranef.present.code.registry import PROGRAMS

load = rn.datasets.load


def sleep() -> pd.DataFrame:
    data = load("sleepstudy")
    n = len(data)
    data = data.assign(w=np.linspace(0.5, 2.0, n), o=np.sin(np.arange(n)))
    data["odd name"] = data["Days"].where(np.arange(n) != 3).astype(float)
    return data


Case = tuple[str, Callable[[], pd.DataFrame], str, dict[str, Any]]
CASES: dict[str, Case] = {
    "slopes": ("lme4", lambda: load("hsb"), "math ~ ses * sector + (ses | sch.id)", {}),
    "group means": (
        "lme4",
        lambda: load("hsb"),
        "math ~ within(ses, sch.id) * sector + between(ses, sch.id) + (1 | sch.id)",
        {"subset": "size > 500 & !(minority == 1)"},
    ),
    "contrasts": (
        "lme4",
        lambda: load("cake"),
        "angle ~ recipe * C(temperature, contr.sum) + (1 | recipe:replicate)",
        {"contrasts": {"recipe": "diff"}},
    ),
    "functions": (
        "lme4",
        lambda: load("cake"),
        "angle ~ relevel(recipe, ref='C') + poly(temp, 2) + (1 | replicate/recipe)",
        {"reml": False},
    ),
    "intervals": (
        "lme4",
        lambda: load("cake"),
        "angle ~ cut(temp, c(170, 190, 210, 230)) + bs(temp, df=4) + (1 | replicate)",
        {"reml": False},
    ),
    "independent": (
        "lme4",
        lambda: load("machines"),
        "score ~ Machine + (Machine || Worker)",
        {},
    ),
    "weights": (
        "lme4",
        sleep,
        "log(Reaction) ~ `odd name` + I(Days^2) + scale(Days) + (Days | Subject)",
        {"weights": "w", "offset": "o"},
    ),
    "odd names": (
        "lme4",
        lambda: models.odd().rename(columns={"school of the pupil in the second wave": "a b"}),
        "`y|z` ~ `a^b` + `s\\t` + `if` + `it's` + band + (1 + `a^b` | `a b`)",
        {},
    ),
    "trials": (
        "lme4",
        lambda: load("cbpp"),
        "incidence / size ~ period + (1 | herd)",
        {"weights": "size", "family": "binomial"},
    ),
    "correlated in time": (
        "nlme",
        lambda: load("orthodont"),
        "distance ~ age * Sex + (1 | Subject)",
        {"residual": "ar1(age | Subject)", "reml": False},
    ),
    "strata": (
        "nlme",
        lambda: sleep().assign(half=lambda d: np.where(d["Days"] > 4, "b", "a")),
        "Reaction ~ Days + offset(o) + (Days | Subject)",
        {"residual": "strata(half)", "weights": "w"},
    ),
    "symmetric": (
        "nlme",
        lambda: load("machines"),
        "score ~ Machine + homcs(0 + Machine | Worker)",
        {},
    ),
    "nested": (
        "nlme",
        lambda: load("pastes"),
        "strength ~ 1 + (1 | batch/cask)",
        {},
    ),
    "gaps": (
        "glmmTMB",
        lambda: load("sleepstudy"),
        "Reaction ~ Days + ar1(0 + Days | Subject)",
        {"subset": "Days != 3"},
    ),
    "tmb structures": (
        "glmmTMB",
        lambda: load("machines"),
        "score ~ Machine + cs(0 + Machine | Worker)",
        {},
    ),
    "tmb family": (
        "glmmTMB",
        lambda: load("cbpp"),
        "cbind(incidence, size - incidence) ~ period + (1 | herd)",
        {"family": "betabinomial"},
    ),
}
FIXEF = {"glmmTMB": "fixef(fit)$cond"}


@cache
def fit_of(name: str) -> Any:
    _, data, formula, options = CASES[name]
    call = rn.glmm if "family" in options else rn.lmm
    return call(formula, data(), **options)


@cache
def in_r() -> dict[str, tuple[float, np.ndarray]]:
    """-2 log-likelihood and coefficients of all cases, from one run of R."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        parts = []
        for k, (name, (program, data, *_)) in enumerate(CASES.items()):
            data().to_csv(Path(folder) / f"{k}.csv", index=False)
            text = fit_of(name).code(program, data=f"{k}.csv").replace("summary(fit)", "")
            fixef = FIXEF.get(program, "fixef(fit)")
            parts.append(
                f"if (nzchar(system.file(package = '{program}'))) try(local({{\n{text}\n"
                f'cat("\\n#{name}#", format(c(-2 * as.numeric(logLik(fit)), {fixef}), digits = 12),'
                ' "\\n")\n}))\n'
            )
        (Path(folder) / "all.R").write_text("\n".join(parts), encoding="utf-8")
        command = ["Rscript", "all.R"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=200)
    found = {}
    for name, numbers in re.findall(r"^#(.+)# (.+)$", done.stdout, flags=re.MULTILINE):
        values = np.array(numbers.split(), dtype=float)
        found[name] = (float(values[0]), values[1:])
    return found


@cache
def packages() -> frozenset[str]:
    """Those of R that are installed."""
    if shutil.which("Rscript") is None:
        return frozenset()
    test = (
        'for (p in c("lme4", "nlme", "glmmTMB")) if (nzchar(system.file(package = p))) cat(p, "")'
    )
    done = subprocess.run(["Rscript", "-e", test], capture_output=True, text=True, check=False)
    return frozenset(done.stdout.split())


@pytest.mark.parametrize("name", CASES)
def test_r_finds_no_better_fit_of_the_same_model(name: str) -> None:
    program = CASES[name][0]
    if program not in packages():
        pytest.skip(f"Rscript with {program} is not installed")
    fit = fit_of(name)
    assert name in in_r(), "R could not run the code"
    deviance, fixef = in_r()[name]
    assert -2.0 * fit.loglik <= deviance + 1e-4
    assert -2.0 * fit.loglik >= deviance - 2e-2  # another model would be further away
    own = np.sort(fit.fixef.dropna().to_numpy())
    errors = fit.coefficients()["std_error"].max()
    np.testing.assert_allclose(np.sort(fixef), own, rtol=0.0, atol=0.01 * errors)


@pytest.mark.parametrize("key", [f"{program} {name}" for program in CODE for name in CODE[program]])
def test_the_code_is_what_was_read(key: str) -> None:
    program, _, name = key.partition(" ")
    assert page(key) == str(models.fit(name).code(program))


@pytest.mark.parametrize("name", models.FITS)
def test_every_program_answers_or_says_what_it_lacks(name: str) -> None:
    for program in PROGRAMS:
        try:
            code = models.fit(name).code(program)
        except rn.OptionError as error:
            said = str(error)
            if program.partition(".")[0] not in said and "this program" not in said:
                raise
            continue
        if program == "statsmodels":
            ast.parse(code)
        opened = [code.count(a) - code.count(b) for a, b in ("()", "{}")]
        assert name.startswith("odd") or opened == [0, 0], program


def test_programs_in_any_case() -> None:
    fit = models.fit("hsb")
    for given in (
        "LME4",
        "mixedmodels",
        "MixedModels.jl",
        "stata",
        "StatsModels",
        "spss",
        "glmmtmb",
    ):
        assert "ses" in fit.code(given)
    with pytest.raises(rn.OptionError, match="unknown program 'lme5'"):
        fit.code("lme5")
    with pytest.raises(rn.OptionError, match="use one of lme4"):
        fit.code(4)


@pytest.mark.parametrize(
    ("program", "name", "what"),
    [
        ("lme4", "cs", "covariance cs"),
        ("lme4", "ar1", "structure of the residuals"),
        ("nlme", "cbpp", "generalised models"),
        ("nlme", "insteval", "not nested"),
        ("SPSS", "cbpp", "generalised mixed models"),
        ("statsmodels", "egsingle", "correlated effects of inner or crossed groups"),
        ("statsmodels", "answers", "generalised mixed models"),
        ("MixedModels.jl", "strata", "structure of the residuals"),
        ("Stata", "cs", "covariance cs"),
        ("glmmTMB", "prior", "has no priors"),
    ],
)
def test_what_a_program_does_not_have(program: str, name: str, what: str) -> None:
    with pytest.raises(rn.OptionError, match=what):
        models.fit(name).code(program)


def test_weights_of_an_array_have_no_name() -> None:
    data = sleep()
    fit = rn.lmm("Reaction ~ Days + (1 | Subject)", data, weights=data["w"].to_numpy())
    with pytest.raises(rn.OptionError, match="an array"):
        fit.code("lme4")


def test_singular_fits_are_announced() -> None:
    assert "# This fit is singular." in models.fit("hsb").code("nlme")
    assert "singular" not in models.fit("strata").code("nlme")


def test_a_saved_fit_has_the_same_code(tmp_path: Path) -> None:
    fit = fit_of("weights")
    fit.save(tmp_path / "m.ranef")
    again = rn.load(tmp_path / "m.ranef")
    assert again.code("lme4") == fit.code("lme4")
    assert again.methods() == fit.methods()


def test_it_prints_as_code() -> None:
    made = models.fit("hsb").code("lme4")
    assert isinstance(made, str)
    assert repr(made) == str(made)
    assert made._repr_markdown_().startswith("```r\nlibrary(lme4)")
    assert made._repr_html_().startswith("<pre><code>library(lme4)")
    assert (made.program, made.language) == ("lme4", "r")
