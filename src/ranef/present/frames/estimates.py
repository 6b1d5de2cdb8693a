"""Estimates as labelled frames: variances, random effects, coefficients by level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.core import TermLabel
from ranef.formula.naming import RESIDUAL, set_apart
from ranef.present.protocol import TermCovariance
from ranef.types import Array

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "coef_frames",
    "coefficient_frame",
    "fixef_series",
    "prediction_frame",
    "ranef_frames",
    "varcorr_frame",
    "vcov_frame",
]


def fixef_series(names: Sequence[str], beta: Array, dropped: Sequence[str]) -> pd.Series[float]:
    """Fixed effects by name; columns that were dropped are NaN."""
    import pandas as pd

    values = dict(zip(names, beta.tolist(), strict=True))
    values |= dict.fromkeys(dropped, float("nan"))
    return pd.Series(values, name="estimate", dtype=float)


def vcov_frame(names: Sequence[str], vcov: Array) -> pd.DataFrame:
    """Covariance matrix of the fixed effects with their names."""
    import pandas as pd

    return pd.DataFrame(vcov.copy(), index=list(names), columns=list(names))


def coefficient_frame(
    names: Sequence[str], columns: Mapping[str, Array], dropped: Sequence[str]
) -> pd.DataFrame:
    """Tests of the fixed effects, one row a coefficient; dropped ones are NaN."""
    import pandas as pd

    frame = pd.DataFrame({k: v.copy() for k, v in columns.items()}, index=list(names))
    return frame.reindex([*names, *dropped])


def prediction_frame(
    columns: Mapping[str, Array], shift: Array | float, index: pd.Index[Any] | None
) -> pd.DataFrame:
    """Predictions with standard errors and limits; `shift` is added to all but the errors."""
    import pandas as pd

    shifted = {k: v if k == "std_error" else v + shift for k, v in columns.items()}
    return pd.DataFrame(shifted, index=index)


def varcorr_frame(terms: Sequence[TermCovariance], sigma: float | None) -> pd.DataFrame:
    """Variances (term2 None) and covariances of the random effects; the residual's last, if any.

    ``variance`` holds the variance or covariance, ``sd`` the standard deviation or correlation.
    """
    import pandas as pd

    rows: list[tuple[str, str, str | None, float, float]] = []
    for term in terms:
        group, names, matrix = term.label.label, term.label.names, term.matrix
        rows += [(group, name, None, matrix[i, i], term.sds[i]) for i, name in enumerate(names)]
        rows += [
            (group, names[i], names[j], term.covariance(i, j), term.correlation(i, j))
            for i, j in term.pairs
        ]
    if sigma is not None:
        rows.append((RESIDUAL, "", None, sigma**2, sigma))
    columns = ["group", "term1", "term2", "variance", "sd"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.astype({"variance": float, "sd": float, "term2": object}).assign(
        term2=pd.Series([row[2] for row in rows], dtype=object)
    )


def ranef_frames(
    labels: Sequence[TermLabel],
    levels: Sequence[Sequence[str]],
    modes: Sequence[Array],
    covariances: Sequence[Array] | None,
) -> dict[str, pd.DataFrame]:
    """By grouping factor: conditional modes, then ``<term>_sd`` where covariances are given.

    A second term on a factor with the same effect is called ``Intercept.<label>``. An effect whose
    name is that of another's standard deviations gets backticks.
    """
    import pandas as pd

    out: dict[str, pd.DataFrame] = {}
    for factor, members in _by_factor(labels).items():
        names: list[str] = []
        for k in members:
            label = labels[k]
            names += [n if n not in names else f"{n}.{label.label}" for n in label.names]
        keys = set_apart(names, (factor,), "_sd")
        places = [(k, j) for k in members for j in range(len(labels[k].names))]
        columns = {key: modes[k][:, j] for key, (k, j) in zip(keys, places, strict=True)}
        if covariances is not None:
            columns |= {
                f"{key}_sd": np.sqrt(covariances[k][:, j, j])
                for key, (k, j) in zip(keys, places, strict=True)
            }
        index = pd.Index(list(levels[members[0]]), name=factor)
        out[factor] = pd.DataFrame(columns, index=index)
    return out


def coef_frames(
    fixef: pd.Series[float],
    labels: Sequence[TermLabel],
    levels: Sequence[Sequence[str]],
    modes: Sequence[Array],
) -> dict[str, pd.DataFrame]:
    """By grouping factor: fixed effects plus conditional modes, one row a level.

    An effect without a fixed counterpart stands alone.
    """
    import pandas as pd

    out = {}
    for factor, members in _by_factor(labels).items():
        n = len(modes[members[0]])
        total = {str(name): np.full(n, value) for name, value in fixef.items()}
        for k in members:
            for j, name in enumerate(labels[k].names):
                total[name] = total.get(name, np.zeros(n)) + modes[k][:, j]
        index = pd.Index(list(levels[members[0]]), name=factor)
        out[factor] = pd.DataFrame(total, index=index)
    return out


def _by_factor(labels: Sequence[TermLabel]) -> dict[str, list[int]]:
    """Positions of the terms on each grouping factor."""
    members: dict[str, list[int]] = {}
    for k, label in enumerate(labels):
        members.setdefault(label.factor, []).append(k)
    return members
