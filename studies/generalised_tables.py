"""Tables of the study of generalised models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

__all__ = ["accuracy_table", "outcome_table"]

CRITICAL = 1.959963984540054

METHODS = ("ranef", "lme4", "glmmTMB", "ranef, quadrature", "lme4, quadrature")

LAPLACE = ("ranef", "lme4", "glmmTMB")
"""Their log-likelihoods have the same constants."""

LOWER = 0.005
"""Of log-likelihood, from which on a fit counts as lower than another program's."""

OFF = 3.0
"""Monte Carlo errors from which on a level is marked."""


def outcome_table(fits: pd.DataFrame) -> str:
    """By method: how many fits ended well, how, and how many another program beats."""
    first = fits.drop_duplicates(["scenario", "number", "method"])
    wide = first[first["method"].isin(LAPLACE)].pivot(
        index="number", columns="method", values="loglik"
    )
    lower = wide.lt(wide.max(axis=1) - LOWER, axis=0).sum()
    lines = [
        "| | data sets | finished | interior | boundary | no maximum | not finished "
        "| lower than another | median ms |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for method in METHODS:
        own = first[first["method"] == method]
        finished = own["finished"].astype(bool)
        kinds = [
            str((finished & own["verdict"].str.startswith(kind)).sum())
            for kind in ("interior", "boundary", "no finite")
        ]
        if not method.startswith("ranef"):
            kinds = ["", "", ""]
        below = str(lower[method]) if method in LAPLACE else ""
        lines.append(
            f"| {method} | {len(own):,} | {finished.sum():,} | {' | '.join(kinds)} "
            f"| {(~finished).sum()} | {below} | {1e3 * own['seconds'].median():.0f} |"
        )
    return "\n".join(lines)


def accuracy_table(
    fits: pd.DataFrame, scenarios: Sequence[tuple[str, float]], truth: Mapping[str, float]
) -> str:
    """By scenario: Laplace's method / quadrature, over the data sets that have both."""
    lines = [
        "| scenario | bias of x | RMSE of x | bias of w | RMSE of w | mean SD | RMSE of the SD "
        "| level of x | level of w |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    both = fits[fits["method"].isin(("ranef", "ranef, quadrature")) & fits["finished"]]
    both = both[both["term"].notna()]
    counted = both.groupby(["scenario", "number"])["method"].transform("nunique") == 2
    for name, sd in scenarios:
        own = both[counted & (both["scenario"] == name)]
        parts = [own[own["method"] == m] for m in ("ranef", "ranef, quadrature")]
        cells = [_cells(part, truth, sd) for part in parts]
        joined = " | ".join(f"{a} / {b}" for a, b in zip(*cells, strict=True))
        lines.append(f"| {name} | {joined} |")
    return "\n".join(lines)


def _cells(own: pd.DataFrame, truth: Mapping[str, float], sd: float) -> list[str]:
    cells, levels = [], []
    for term in ("x", "w"):
        part = own[own["term"] == term]
        error = part["estimate"] - truth[term]
        cells += [f"{error.mean():+.3f}", f"{np.sqrt((error**2).mean()):.3f}"]
        levels.append(_level(np.asarray(error.abs() > CRITICAL * part["se"])))
    sds = own.drop_duplicates("number")["sd"]
    return [*cells, f"{sds.mean():.3f}", f"{np.sqrt(((sds - sd) ** 2).mean()):.3f}", *levels]


def _level(rejected: np.ndarray) -> str:
    share = float(rejected.mean())
    error = np.sqrt(0.05 * 0.95 / rejected.size)
    return f"{100.0 * share:.1f}" + ("\\*" if abs(share - 0.05) > OFF * error else "")
