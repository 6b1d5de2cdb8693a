"""Data with one thing the matter, for pages and tests."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

__all__ = ["PLANTED", "ar1", "classes", "rivals", "waves", "words"]


def classes(own: float = 0.0, seed: int = 21) -> pd.DataFrame:
    """Four rooms in each of 20 schools, numbered anew; `own` is a variance of the numbers."""
    rng = np.random.default_rng(seed)
    school, room = np.repeat(np.arange(20), 20), np.tile(np.repeat(np.arange(4), 5), 20)
    ses = rng.normal(size=400)
    y = 1.0 + 0.5 * ses + rng.normal(size=20)[school] + rng.normal(size=400)
    y = y + 1.5 * rng.normal(size=80)[school * 4 + room] + own * np.array([-1, 0.5, -0.5, 1])[room]
    return pd.DataFrame(
        {
            "math": y,
            "ses": ses,
            "school": [f"s{j:02d}" for j in school],
            "room": [f"c{j + 1}" for j in room],
        }
    )


def rivals(pairs: int = 40, seed: int = 8) -> pd.DataFrame:
    """Two rows a pair that sum to next to nothing."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(pairs, 2))
    z = z - z.mean(axis=1, keepdims=True) + 0.1 * rng.normal(size=z.shape)
    return pd.DataFrame({"score": z.ravel(), "pair": np.repeat([f"p{j}" for j in range(pairs)], 2)})


def ar1(rng: np.random.Generator, groups: int, rows: int, rho: float) -> np.ndarray:
    """Stationary residuals of variance 1, shape (groups, rows)."""
    e = np.empty((groups, rows))
    e[:, 0] = rng.normal(size=groups)
    for t in range(1, rows):
        e[:, t] = rho * e[:, t - 1] + np.sqrt(1.0 - rho**2) * rng.normal(size=groups)
    return e


def waves(rho: float = 0.8, seed: int = 1000, groups: int = 40, rows: int = 20) -> pd.DataFrame:
    """Residuals that are serially correlated, with one variance in all groups."""
    rng = np.random.default_rng(seed)
    y = ar1(rng, groups, rows, rho) + rng.normal(size=(groups, 1))
    return pd.DataFrame(
        {
            "y": y.ravel(),
            "pupil": np.repeat([f"p{j:02d}" for j in range(groups)], rows),
            "wave": np.tile(np.arange(rows), groups),
        }
    )


def words(seed: int = 3) -> pd.DataFrame:
    """Subjects and items with intercepts, and a slope of soa by subject: the maximal model is too
    large."""
    rng = np.random.default_rng(seed)
    subj, item = (a.ravel() for a in np.meshgrid(np.arange(30), np.arange(24), indexing="ij"))
    prime = np.where((subj + item) % 2, 0.5, -0.5)
    soa = np.where((subj // 2 + item // 2) % 2, 0.5, -0.5)
    y = 600.0 + 20.0 * prime + 10.0 * soa + 40.0 * rng.normal(size=30)[subj]
    y = y + 40.0 * rng.normal(size=30)[subj] * soa + 30.0 * rng.normal(size=24)[item]
    return pd.DataFrame(
        {
            "rt": y + 60.0 * rng.normal(size=subj.size),
            "prime": prime,
            "soa": soa,
            "subj": [f"s{j:02d}" for j in subj],
            "item": [f"i{j:02d}" for j in item],
        }
    )


PLANTED: dict[str, Callable[[], pd.DataFrame]] = {
    "classes": classes,
    "rivals": rivals,
    "waves": waves,
    "words": words,
}
