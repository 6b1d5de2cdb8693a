"""Random generalised problems: families, layouts and ranks, with separation planted in some."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["FAMILIES", "LAYOUTS", "GeneralisedProblem", "generalised_problem"]

FAMILIES = (
    *("binomial", "binomial(probit)", "binomial(cloglog)", "trials", "poisson", "nbinom2"),
    *("nbinom1", "zero-inflated", "gamma(log)", "cumulative"),
)
LAYOUTS = ("one", "slope", "nested", "crossed")
RANKS = ("full", "small", "none", "line")


@dataclass(frozen=True)
class GeneralisedProblem:
    """One problem: what `rn.glmm` takes, and what was planted."""

    formula: str
    data: pd.DataFrame
    family: str
    layout: str
    rank: str
    planted: bool
    kind: str
    options: dict[str, Any] = field(default_factory=dict)


def generalised_problem(seed: int) -> GeneralisedProblem:
    """The problem of a seed."""
    rng = np.random.default_rng(seed)
    kind, layout = str(rng.choice(FAMILIES)), str(rng.choice(LAYOUTS))
    rank = str(rng.choice(RANKS, p=[0.5, 0.2, 0.15, 0.15]))
    planted = bool(rng.random() < 0.25) and not kind.startswith("gamma")
    groups, size = int(rng.integers(6, 40)), int(rng.integers(4, 16))
    g = np.repeat(np.arange(groups), size)
    n = g.size
    h = g * 3 + rng.integers(0, 3, n) if layout == "nested" else rng.integers(0, 12, n)
    x, f = rng.normal(size=n), rng.integers(0, 3, n)
    eta = (
        rng.normal(0.0, 0.7) + rng.normal(0.0, 0.5) * x + 0.4 * (f == 1) + _random(rng, rank, g, x)
    )
    if layout in ("nested", "crossed"):
        eta = eta + rng.normal(0.0, 0.6, int(h.max()) + 1)[h]
    data = pd.DataFrame({"g": g, "h": h, "x": x, "f": np.array(["a", "b", "c"])[f]})
    data["y"], options = _response(rng, kind, eta, data)
    if planted:
        top = kind.startswith("binomial") or kind in ("trials", "cumulative")
        value = data["y"].max() if top and rng.random() < 0.5 else data["y"].min() if top else 0.0
        data.loc[data["f"] == "c", "y"] = value
    random = {
        "one": "(1 | g)",
        "slope": "(x | g)",
        "nested": "(1 | g) + (1 | h)",
        "crossed": "(1 | g) + (1 | h)",
    }[layout]
    family = {"trials": "binomial", "zero-inflated": "poisson"}.get(kind, kind)
    return GeneralisedProblem(
        f"y ~ x + f + {random}", data, family, layout, rank, planted, kind, options
    )


def _random(rng: np.random.Generator, rank: str, g: Any, x: Any) -> Any:
    """Random effects of g with a covariance of that rank."""
    sd = {"full": 1.0, "small": 0.1, "none": 0.0, "line": 0.8}[rank]
    b = rng.normal(0.0, 1.0, (int(g.max()) + 1, 2)) * [sd, 0.5 * sd]
    slope = 0.6 * b[:, 0] if rank == "line" else b[:, 1]
    return b[g, 0] + slope[g] * x


def _response(
    rng: np.random.Generator, kind: str, eta: Any, data: pd.DataFrame
) -> tuple[Any, dict[str, Any]]:
    n = eta.size
    mu = np.exp(np.clip(eta, -5.0, 5.0))
    p = 1.0 / (1.0 + np.exp(-eta))
    match kind:
        case "trials":
            data["m"] = rng.integers(1, 12, n)
            return rng.binomial(data["m"], p) / data["m"], {"weights": "m"}
        case "poisson":
            return rng.poisson(mu).astype(float), {}
        case "nbinom2" | "nbinom1":
            # In one half of the problems there is no overdispersion to be found.
            size = 1e9 if rng.random() < 0.5 else float(np.exp(rng.normal(1.0, 1.0)))
            return rng.poisson(mu * rng.gamma(size, 1.0 / size, n)).astype(float), {}
        case "zero-inflated":
            share = float(rng.choice([0.0, 0.3]))
            counts = np.where(rng.random(n) < share, 0, rng.poisson(mu))
            return counts.astype(float), {"zero_inflation": "~ 1"}
        case "gamma(log)":
            return np.maximum(rng.gamma(3.0, mu / 3.0), 1e-10), {}
        case "cumulative":
            latent = eta + rng.logistic(size=n)
            return np.digitize(latent, [-1.0, 1.0]), {}
        case _:
            return (rng.random(n) < p).astype(float), {}
