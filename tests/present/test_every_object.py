"""Whatever a user gets hold of says itself: at a prompt of any width, and in a notebook.

The objects are of two small fits whose variables have names of two scripts and characters that mean
something to HTML. A class that is missing here fails a test.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import ranef as rn
from ranef.fit import Fit
from ranef.fit.generalised import GeneralisedFit
from ranef.page import cells
from ranef.page.shown import Call, Sentence
from ranef.present.plots.panels import Panels
from ranef.solve.family_ends import FamilyEnd
from ranef.solve.finite import RisingVariances

GROUP = "学校<q>"
X = "x_<b>&'社会経済'"
VOID = {"br", "hr", "img"}


@cache
def linear() -> rn.Fit:
    """A singular fit with missing rows."""
    rng = np.random.default_rng(1)
    g = np.repeat([f"第{k}学校 👩‍🏫" for k in range(20)], 6)
    x = rng.normal(size=120)
    data = pd.DataFrame({"y": x + rng.normal(size=120), X: x, GROUP: g})
    data["f"] = rng.choice(["<u>a", "b", "c"], 120)
    data.loc[3:14, "y"] = np.nan
    return rn.lmm(f"y ~ `{X}` + f + (`{X}` | `{GROUP}`)", data)


@cache
def generalised() -> rn.GeneralisedFit:
    return rn.glmm(
        "incidence / size ~ period + (1 | herd)", rn.datasets.load("cbpp"), weights="size"
    )


@cache
def separated() -> rn.GeneralisedFit:
    """A predictor that tells all successes from failures."""
    rng = np.random.default_rng(5)
    data = pd.DataFrame({"x": np.repeat([0, 1], 60), "g": np.tile(np.arange(12), 10)})
    data["hit"] = np.where(data["x"] == 1, 1, rng.random(120) < 0.5).astype(int)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return rn.glmm("hit ~ x + (1 | g)", data, family="binomial")


@cache
def diagnosis() -> Any:
    return linear().diagnose()


@cache
def means() -> Any:
    return linear().emmeans("f")


def power() -> Any:
    return rn.power(
        *("y ~ x + (1 | g)", {"x": "within"}, {"x": 0.3}, {"g": 0.2, "Residual": 1}),
        **{"n_groups": [5, 10], "per_group": 5, "method": "approximate"},
    )


def panels() -> Any:
    figure = Figure()
    return Panels(tuple(figure.subplots(1, 2)), pd.DataFrame({"panel": ["a", "b"]}))


def data() -> pd.DataFrame:
    return linear().model_frame().assign(odd=1, pair=np.arange(108) // 4)


PAGES: dict[str, Callable[[], Any]] = {
    "linear summary": lambda: linear().summary(),
    "generalised summary": lambda: generalised().summary(exponentiate=True),
    "table": lambda: rn.compare(linear(), linear().with_reml(False)),
    "diagnosis": diagnosis,
    "generalised diagnosis": lambda: generalised().diagnose(),
    "log": lambda: linear().log,
    "profile": lambda: generalised().profile(),
    "bootstrap": lambda: linear().bootstrap(20, seed=1),
    "means": means,
    "means on the response": lambda: generalised().emmeans("period").response,
    "slopes": lambda: linear().emtrends(X, by="f"),
    "contrasts": lambda: means().pairs(),
    "hypothesis": lambda: linear().test(f"`{X}` = 0"),
    "r2": lambda: linear().r2(),
    "icc": lambda: linear().icc(),
    "influence": lambda: linear().influence(),
    "residual check": lambda: linear().check_residuals(calibrate=False),
    "power": power,
    "sensitivity": lambda: rn.priors.sensitivity(linear(), strengths=[0, 0.1, 1]),
    "matrices": lambda: linear().matrices(),
    "structure": lambda: rn.structure(data(), [GROUP, "pair"]),
    "limit": lambda: separated().limit,
    "data set": lambda: rn.datasets.describe("hsb"),
}

SENTENCES: dict[str, Callable[[], Any]] = {
    "certificate": lambda: linear().certificate,
    "certificate without a maximum": lambda: separated().certificate,
    "missing rows": lambda: linear().missing_rows,
    "findings": lambda: linear().findings,
    "no findings": lambda: rn.lm("Yield ~ 1", rn.datasets.load("dyestuff")).findings,
    "finding": lambda: linear().findings[0],
    "contextual": lambda: linear().contextual(X),
    "laplace error": lambda: generalised().laplace_error,
    "weakest prior": lambda: rn.priors.smallest(linear()),
    "ladder": lambda: diagnosis().ladder,
    "rung": lambda: diagnosis().ladder.rungs[2],
    "effect": lambda: diagnosis().ladder.rungs[0].effects[0],
    "test": lambda: next(r.test for r in diagnosis().ladder.rungs if r.test is not None),
    "separation": lambda: separated().certificate.separation,
    "end of a family": lambda: FamilyEnd("zero", -1, "poisson", "hurdle", "no zeros <b>", 1.0),
    "rising variances": lambda: RisingVariances(("g<b>",), "all rows are predicted", -3.0),
    "component": lambda: linear().summary().components[0],
    "fixed effect": lambda: linear().summary().fixed[1],
    "factor": lambda: linear().log.factors[0],
    "column": lambda: rn.datasets.describe("insteval").columns[0],
    "plots": lambda: linear().plot,
    "panels": panels,
    "fit": linear,
    "generalised fit": generalised,
    "moments": lambda: rn.moments(f"y ~ `{X}` + f + (1 | `{GROUP}`)", data()),
    "scan": lambda: rn.scan([data()]),
    "fit without rows": lambda: rn.lmm(f"y ~ `{X}` + (1 | `{GROUP}`)", shown("moments")),
}

CALLS: dict[str, Callable[[], Any]] = {
    "control": rn.Control,
    "Wishart": rn.priors.Wishart,
    "Gamma prior": rn.priors.Gamma,
    "LKJ": rn.priors.LKJ,
    "HalfNormal": rn.priors.HalfNormal,
    "HalfT": rn.priors.HalfT,
    "Normal": rn.priors.Normal,
    "Tweedie": lambda: rn.Tweedie(1.5),
    "family of a fit": lambda: generalised()._family,
    **{
        name: getattr(rn, name)
        for name in rn.__all__
        if inspect.isclass(getattr(rn, name))
        and issubclass(getattr(rn, name), Call)
        and name not in ("Control", "Tweedie")
    },
}

ALL = PAGES | SENTENCES | CALLS


@cache
def shown(name: str) -> Any:
    return ALL[name]()


class Page(HTMLParser):
    """What is in a fragment: tags closed in order, text, heads of tables."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.text: list[str] = []
        self.heads: list[dict[str, str | None]] = []
        self.styles: list[str] = []
        self.tables: list[set[str]] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = dict(attrs)
        self.tags.add(tag)
        self.styles.append(own.get("style") or "")
        if tag == "table":
            self.tables.append(set())
        elif self.tables:
            self.tables[-1].add(tag)
        if tag == "th":
            self.heads.append(own)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.mark.parametrize("name", list(ALL))
def test_a_prompt_shows_no_fields_and_no_addresses(name: str) -> None:
    text = repr(shown(name))
    assert text.strip()
    assert "array(" not in text
    assert " object at 0x" not in text
    if re.match(r"\w+\((\w+=|\)$)", text):
        assert name in CALLS, "a record's fields are not for reading"
        assert "\n" not in text
        assert len(text) <= 100


@pytest.mark.parametrize("name", [*PAGES, *SENTENCES])
@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_prompt_keeps_to_the_terminals_width(
    name: str, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = shown(name)
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = repr(made).splitlines()
    widest = max(lines, key=cells)
    assert cells(widest) <= min(columns, 100), widest


@pytest.mark.parametrize("name", list(ALL))
def test_a_notebook_shows_a_balanced_escaped_accessible_fragment(name: str) -> None:
    source = shown(name)._repr_html_()
    page = Page(source)
    assert not page.open
    assert "".join(page.text).strip()
    assert not page.tags & {"h1", "h2", "h3", "h4", "h5", "h6", "script", "style", "q", "u"}
    assert all(head.get("scope") in ("col", "row", "colgroup") for head in page.heads)
    assert all({"thead", "tbody", "th"} <= table for table in page.tables)
    for style in page.styles:  # a page may be light or dark
        assert not re.search(r"(?<!-)color\s*:|background", style.replace("currentColor", ""))


@pytest.mark.parametrize("name", [name for name in PAGES if "generalised" not in name])
def test_names_are_text_of_the_fragment(name: str) -> None:
    made = shown(name)
    said = "".join(Page(made._repr_html_()).text)
    assert X not in made._repr_html_()
    if GROUP in str(made):
        assert GROUP in said


def classes() -> Iterator[type]:
    """Every class of the package."""
    for module in pkgutil.walk_packages(rn.__path__, "ranef."):
        for found in vars(importlib.import_module(module.name)).values():
            if inspect.isclass(found) and found.__module__ == module.name:
                yield found


def test_every_class_that_shows_itself_is_here() -> None:
    tested = {base for name in ALL for base in type(shown(name)).__mro__}
    kept = {Call, Sentence}
    elsewhere = {"PartBlock", "ResidualLine", "ZeroInflated"}  # parts of pages of other models
    elsewhere |= {"Equation", "Methods", "Prose", "Script", "Sentence"}  # tests/paper
    missing = {
        found.__name__
        for found in classes()
        if hasattr(found, "_repr_html_") and found not in tested | kept
    }
    assert missing <= elsewhere


def test_whatever_a_fit_gives_back_shows_itself() -> None:
    """By the annotations of public methods, and of the records that these return."""
    named: dict[str, list[type]] = {}
    for found in classes():
        named.setdefault(found.__name__, []).append(found)
    todo, seen = [Fit, GeneralisedFit], {Fit, GeneralisedFit}
    while todo:
        for text in _annotations(todo.pop()):
            for word in re.findall(r"\b[A-Z]\w+", text):
                new = [found for found in named.get(word, []) if found not in seen]
                seen.update(new)
                todo += [found for found in new if "fit" in found.__module__]
    raw = {
        found.__name__
        for found in seen
        if not hasattr(found, "_repr_html_") and ".present." in found.__module__
    }
    assert raw <= {"Certificate"}, "the protocol of one"


def _annotations(found: type) -> Iterator[str]:
    for name in dir(found):
        member = inspect.getattr_static(found, name)
        function = member.fget if isinstance(member, property) else member
        if not name.startswith("_") and callable(function):
            yield str(getattr(inspect.unwrap(function), "__annotations__", {}).get("return", ""))


def test_a_finding_that_begins_with_a_name_keeps_its_letter() -> None:
    finding = rn.Finding("collinear", "note", "ses and income overlap", "", "ses, income", "look")
    assert "ses and income overlap.<br>Look." in finding._repr_html_()
    other = rn.Finding("collinear", "note", "the columns overlap", "", "ses, income")
    assert "The columns overlap." in other._repr_html_()
