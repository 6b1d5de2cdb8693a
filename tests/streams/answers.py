"""Rows of a model with a category, and answers of two fits side by side."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import ranef as rn
from ranef.sums import Moments

FORMULA = "y ~ x * f + (x | g)"


def rows(n: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    g, x = rng.integers(20, size=n), rng.normal(size=n)
    f = rng.choice(["a", "b", "c"], n, p=[0.6, 0.3, 0.1])
    y = x + (f == "b") + rng.normal(size=20)[g] * (1 + x / 2) + rng.normal(size=n)
    off, w = rng.uniform(size=n), rng.uniform(1.0, 2.0, size=n)
    return pd.DataFrame({"y": y, "x": x, "f": f, "g": [f"g{k:02d}" for k in g], "o": off, "w": w})


def plain(value: Any, name: str) -> Any:
    """Numbers as they are, pages as text, without what only rows or the clock know."""
    if isinstance(value, Path) or name.startswith("plot.") or name == "log":
        return type(value).__name__
    if isinstance(value, Moments):
        return value.n
    if name in ("profile", "bootstrap"):
        return value.confint()
    if hasattr(value, "frame") and isinstance(value.frame, pd.DataFrame):
        return value.frame
    if isinstance(value, rn.Fit):
        return value.glance()
    if name == "diagnose":
        return value.remedies
    if name == "summary":
        return re.sub(r"\n\nScaled residuals\n.*\n.*\n", "\n", str(value))
    return value


def same(found: Any, expected: Any, name: str) -> None:
    if isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(found, expected, rtol=1e-6, atol=1e-8, obj=name)
    elif isinstance(expected, pd.Series):
        pd.testing.assert_series_equal(found, expected, rtol=1e-6, atol=1e-8, obj=name)
    elif isinstance(expected, dict):
        assert found.keys() == expected.keys(), name
        for key, own in expected.items():
            same(found[key], own, f"{name} of {key}")
    elif isinstance(expected, np.ndarray | float):
        assert np.size(found), f"{name} is empty"
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8, err_msg=name)
    else:
        assert str(found) == str(expected), name
