"""Every picture that the project draws, by name; each is a function that takes the place to draw.

The methods of ``fit.plot`` are found by themselves. Another class with a method ``plot`` needs a
line in ``PICTURES``; a test says so.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

import ranef
import ranef as rn
from ranef.present.plots.accessor import PlotAccessor

Picture = Callable[..., Any]

LABELS = {"x": "Hours of practice a week", "g": "Participant", "dose": "Dose"}


@lru_cache(maxsize=1)
def linear() -> Any:
    """A linear model with a number, an ordered category, a truth value, and labels."""
    rng = np.random.default_rng(3)
    g = np.repeat(np.arange(14), 9)
    data = pd.DataFrame({"x": rng.normal(size=g.size), "g": [f"p{k:02d}" for k in g]})
    levels = ["none", "some", "much"]
    data["dose"] = pd.Categorical(rng.choice(levels, g.size), levels, ordered=True)
    data["ill"] = rng.uniform(size=g.size) < 0.4
    data["y"] = 5.0 + data.x + 2.0 * data.dose.cat.codes - data.ill + 2.0 * rng.normal(size=14)[g]
    data["y"] += (0.8 * rng.normal(size=14))[g] * data.x + rng.normal(size=g.size)
    return rn.lmm("y ~ x * dose + ill + (x | g)", data, labels=LABELS)


@lru_cache(maxsize=1)
def generalised() -> Any:
    """A model of counts."""
    rng = np.random.default_rng(4)
    g = np.repeat(np.arange(12), 8)
    data = pd.DataFrame({"x": rng.normal(size=g.size), "g": g, "f": rng.choice(["a", "b"], g.size)})
    mean = np.exp(0.7 + 0.4 * data.x + 0.5 * rng.normal(size=12)[g])
    return rn.glmm("n ~ x + f + (1 | g)", data.assign(n=rng.poisson(mean)), family="poisson")


@lru_cache(maxsize=1)
def simple() -> Any:
    return rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff"))


@lru_cache(maxsize=1)
def diagnosis() -> Any:
    return linear().diagnose()


def sensitivity() -> Any:
    return rn.priors.sensitivity(linear(), strengths=[0.0, 0.1, 1.0])


def power() -> Any:
    return rn.power(
        "y ~ x + (1 | g)",
        design={"x": "within"},
        n_groups=[10, 20],
        per_group=[5, 10],
        effects={"x": 0.3},
        variances={"g": 0.25, "Residual": 1.0},
        method="approximate",
    )


#: Arguments that a method of ``fit.plot`` needs, of a linear and of a generalised model.
NEEDED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "effects": ({"x": "x", "by": "dose"}, {"x": "f", "by": "x"}),
    "check": ({"n": 39}, {"n": 39}),
    "qq": ({"n": 39}, {"n": 39}),
    "residuals": ({"n": 39}, {"n": 39}),
}
#: Methods of ``fit.plot`` that linear models have alone.
LINEAR = {"shrinkage"}


def methods(cls: type) -> list[str]:
    return sorted(
        name for name, value in inspect.getmembers(cls, inspect.isfunction) if name[0] != "_"
    )


def of_fit(model: Callable[[], Any], name: str, which: int) -> Picture:
    needed = NEEDED.get(name, ({}, {}))[which]
    return lambda **options: getattr(model().plot, name)(**needed, **options)


def of_result(make: Callable[[], Any], *given: Any, **options: Any) -> Picture:
    """Of a result that is made once, whatever it is drawn on."""
    made = lru_cache(maxsize=1)(make)
    return lambda **more: made().plot(*given, **options, **more)


ACCESSOR = methods(PlotAccessor)
PICTURES: dict[str, Picture] = {
    **{f"plot.{name}": of_fit(linear, name, 0) for name in ACCESSOR},
    **{f"counts.{name}": of_fit(generalised, name, 1) for name in ACCESSOR if name not in LINEAR},
    "effects of a category": lambda **o: linear().plot.effects("dose", data=True, **o),
    "effects in panels": lambda **o: linear().plot.effects("x", by="ill", facet="dose", **o),
    "lines of a category": lambda **o: linear().plot.slopes("dose", **o),
    "one caterpillar": lambda **o: linear().plot.caterpillar(term="x", **o),
    "a simulated statistic": lambda **o: linear().plot.simulated("max", n=39, seed=1, **o),
    "simulated levels": lambda **o: linear().plot.simulated("sd", by="g", n=39, seed=1, **o),
    "quantiles of effects": lambda **o: linear().plot.qq(group="g", **o),
    "Means.plot": of_result(lambda: linear().emmeans("dose", by="ill")),
    "means at numbers": of_result(lambda: linear().emmeans("x", at={"x": [-1, 0, 1]})),
    "Contrasts.plot": of_result(lambda: linear().emmeans("dose", by="ill").pairs()),
    "Bootstrap.plot": of_result(lambda: simple().bootstrap(60, seed=1)),
    "Profile.plot": of_result(lambda: simple().profile()),
    "profiles as densities": of_result(lambda: simple().profile(), "density"),
    "pairs of profiles": of_result(lambda: simple().profile(), "pairs"),
    "Influence.plot": of_result(lambda: linear().influence()),
    "forest of influence": of_result(lambda: linear().influence(), "coefficients"),
    "ResidualCheck.plot": of_result(lambda: linear().check_residuals(19, seed=1)),
    "ComparisonTable.plot": of_result(lambda: rn.compare(linear(), linear().with_reml(False))),
    "Diagnosis.plot": of_result(diagnosis),
    "Sensitivity.plot": of_result(sensitivity),
    "Power.plot": of_result(power),
}


def classes() -> Iterator[type]:
    """The public classes of the project that draw themselves."""
    for module in pkgutil.walk_packages(ranef.__path__, "ranef."):
        if module.name.endswith(("_core", "__main__")):
            continue
        for _, cls in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if cls.__module__ == module.name and inspect.isfunction(vars(cls).get("plot")):
                yield cls
