"""R's results for the linear models, the same models fitted here, and how near they must be."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import ranef as rn

CONTENT = gzip.decompress((Path(__file__).parent / "lmer.json.gz").read_bytes())
MODELS: dict[str, dict[str, Any]] = {model["id"]: model for model in json.loads(CONTENT)}

# quantity: (relative, absolute, why). The absolute part is in units of the `scale` that a test
# gives, 1 where it gives none.
TOLERANCES = {
    "function": (1e-11, 0.0, "the same function of theta, summed in another order"),
    "criterion": (0.0, 1e-5, "both minima are flat to 1e-8; R's digits are 15"),
    "fixef": (0.0, 1e-5, "of a standard error: no reader sees less"),
    "se": (1e-5, 0.0, "depends on theta to first order"),
    "vcov": (0.0, 1e-5, "of the product of two standard errors"),
    "sigma": (1e-5, 0.0, "depends on theta to first order at the optimum"),
    "sd": (1e-5, 0.0, "R's theta is good to 1e-7"),
    "sd, singular or small": (1e-5, 1e-4, "of sigma: the criterion is even in a vanishing SD"),
    "cov": (1e-5, 1e-5, "of the product of the two SDs"),
    "cov, singular": (0.0, 1e-3, "of the term's largest element: theta is flat on the boundary"),
    "ranef": (0.0, 1e-4, "of the SD of the modes over levels"),
    "cond_sd": (1e-4, 1e-4, "of sigma where the SD vanishes"),
    "fitted": (0.0, 1e-4, "of the SD of the fitted values"),
    "residuals": (0.0, 1e-4, "of the residual SD"),
    "sum": (1e-6, 1e-6, "of n times the SD: sums over all rows"),
    "df": (1e-3, 0.0, "R's second derivatives are numerical"),
    "p": (1e-3, 1e-12, "follows the df"),
    "predict": (0.0, 1e-4, "of the SD of the fitted values"),
}


@cache
def data_of(name: str) -> pd.DataFrame:
    """The data of a model, after the steps that the reference recorded."""
    model = MODELS[name]
    scope = {"d": rn.datasets.load(model["dataset"])}
    for step in model["preprocessing"]:
        exec(step, scope)
    return scope["d"]


@cache
def fit_of(name: str, at_reference: bool = False) -> Any:
    """The model fitted, or evaluated at R's theta without a step."""
    model = MODELS[name]
    control = rn.Control(max_evaluations=1) if at_reference else rn.Control()
    return rn.lmm(
        model["formula"],
        data_of(name),
        reml=model["reml"],
        weights=model.get("weights"),
        contrasts=model["contrasts"] or None,
        start=np.array(model["theta"]["values"]) if at_reference else None,
        control=control,
    )


@pytest.fixture(scope="session", params=sorted(MODELS))
def model(request: pytest.FixtureRequest) -> dict[str, Any]:
    return MODELS[request.param]


@pytest.fixture(scope="session")
def fit(model: dict[str, Any]) -> Any:
    return fit_of(model["id"])


@pytest.fixture(scope="session")
def evaluated(model: dict[str, Any]) -> Any:
    return fit_of(model["id"], at_reference=True)


@pytest.fixture(scope="session")
def fitted_model() -> Callable[[str], Any]:
    return fit_of


@pytest.fixture(scope="session")
def reference() -> dict[str, dict[str, Any]]:
    return MODELS


@pytest.fixture(scope="session")
def close() -> Callable[..., None]:
    """Assert that values agree as well as the table of tolerances asks."""

    def check(quantity: str, ours: Any, theirs: Any, scale: Any = 1.0) -> None:
        relative, absolute, why = TOLERANCES[quantity]
        ours, theirs = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
        assert ours.shape == theirs.shape
        allowed = relative * np.abs(theirs) + absolute * np.asarray(scale, dtype=float)
        excess = np.abs(ours - theirs) - allowed
        assert np.all(excess <= 0), (
            f"{quantity}: {ours} against {theirs}, allowed {allowed} ({why})"
        )

    return check
