"""R's results for structured covariances and residual structures, and their data.

README.md beside this file says what a record holds.
"""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

import ranef as rn

HERE = Path(__file__).parent
CONTENT: dict[str, Any] = json.loads(gzip.decompress((HERE / "structures.json.gz").read_bytes()))
MODELS: dict[str, dict[str, Any]] = {model["id"]: model for model in CONTENT["models"]}


@cache
def data_of(name: str) -> pd.DataFrame:
    """The data of a model, after the steps that its record names."""
    model = MODELS[name]
    scope: dict[str, Any] = {"d": _load(model["dataset"])}
    for step in model["preprocessing"]:
        exec(step, scope)
    frame: pd.DataFrame = scope["d"]
    return frame


def _load(dataset: str) -> pd.DataFrame:
    factors = CONTENT["factors"].get(dataset)
    if factors is None:
        return rn.datasets.load(dataset)
    path = HERE / "data" / f"{dataset}.csv"
    frame = pd.read_csv(path, dtype=dict.fromkeys(factors, str))
    return frame.astype(dict.fromkeys(factors, "category"))
