"""Which rows belong together: clusters that no random effect reaches across."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ranef.design import Design
from ranef.errors import DataError, OptionError
from ranef.inference.nesting import nested_in, outermost_factor
from ranef.options import shown
from ranef.page import phrases
from ranef.sums.inner import LevelProducts
from ranef.types import Codes, MissingRows

__all__ = ["ClusterSums", "Clusters", "clusters_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """A partition of the rows.

    Attributes
    ----------
    name : str
    codes : ndarray of int, shape (n,)
        The cluster of each row.
    count : int
    """

    name: str
    codes: Codes
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class ClusterSums:
    """The levels of the only grouping factor, if the rows are not in memory.

    Attributes
    ----------
    levels : LevelProducts
    """

    levels: LevelProducts

    @property
    def name(self) -> str:
        return self.levels.factor

    @property
    def count(self) -> int:
        return int(self.levels.rows.size)


def clusters_of(
    design: Design, cluster: Any, columns: Any = None, missing: MissingRows | None = None
) -> Clusters:
    """The clusters that a user names; without a name the outermost grouping factor.

    Parameters
    ----------
    design : Design
    cluster : str, array-like or None
        A grouping factor of the fit, a column of `columns`, or the cluster of each row (of those
        used, or of all rows of the data).
    columns : DataFrame, optional
        The variables of the model in the rows used.
    missing : MissingRows, optional

    Raises
    ------
    OptionError
        No such factor, or random effects that reach across clusters.
    DataError
        Clusters of another number of rows, or missing ones.
    """
    factors = {t.factor: (t.codes, t.n_levels) for t in design.terms}
    if cluster is None and not factors:
        raise OptionError(
            "robust errors of a model without random effects need clusters",
            fix="give the cluster of each row, as in fit.robust(cluster=data[column]); with a "
            "cluster for each row they hold for unequal residual variances",
        )
    if cluster is None:
        name = outermost_factor(design)
        if name is None:
            raise OptionError(
                "robust errors need clusters that no random effect reaches across",
                found=f"crossed grouping factors {', '.join(factors)}",
                fix="give cluster= a column in which all of them are nested, if there is one; "
                "else keep the standard errors of the model",
            )
        found = Clusters(name, *factors[name])
    elif isinstance(cluster, str) and cluster in factors:
        found = Clusters(cluster, *factors[cluster])
    elif isinstance(cluster, str):
        if columns is None or cluster not in columns:
            raise OptionError(
                f"unknown cluster {shown(cluster)}",
                found=f"cluster={shown(cluster)}",
                fix=f"name one of {', '.join(factors)}, or give the cluster of each row, as in "
                "cluster=data[column]",
            )
        found = _labelled(cluster, columns[cluster], design.n, None)
    else:
        name = getattr(cluster, "name", None)
        found = _labelled(name if isinstance(name, str) else "cluster", cluster, design.n, missing)
    _check(found, factors)
    return found


def _labelled(name: str, labels: Any, n: int, missing: MissingRows | None) -> Clusters:
    import pandas as pd

    try:
        values = pd.Series(np.asarray(labels)) if not isinstance(labels, pd.Series) else labels
        codes, _ = pd.factorize(values)
    except (TypeError, ValueError):
        raise _not_clusters(labels, n) from None
    if missing is not None and len(missing) and codes.size == missing.n_total:
        codes = np.delete(codes, missing.rows)
    if codes.shape != (n,):
        raise _not_clusters(labels, n)
    if np.any(codes < 0):
        raise DataError(
            "the cluster of some rows is missing",
            where=name,
            found=phrases.share(int(np.sum(codes < 0)), n, "row"),
            fix="give each row of the fit a cluster",
        )
    levels, own = np.unique(codes, return_inverse=True)
    return Clusters(name, own.astype(np.int32), levels.size)


def _not_clusters(labels: Any, n: int) -> OptionError:
    size = phrases.count(len(labels), "value") if hasattr(labels, "__len__") else shown(labels)
    return OptionError(
        "cluster is a grouping factor, or has the cluster of each row",
        found=f"{size} for {phrases.count(n, 'row')}",
        fix="name a grouping factor of the fit, or give one value for each row",
    )


def _check(found: Clusters, factors: dict[str, tuple[Codes, int]]) -> None:
    across = [n for n, (own, count) in factors.items() if not nested_in(own, found.codes, count)]
    if across:
        raise OptionError(
            f"random effects reach across the clusters of '{found.name}'",
            found=f"levels of {', '.join(across)} with rows in several clusters",
            fix="choose clusters in which every grouping factor is nested",
        )
    if found.count < 2:
        raise OptionError(
            "robust errors need several clusters",
            found=f"{found.count} of '{found.name}'",
            fix="choose a finer clustering, or keep the standard errors of the model",
        )
