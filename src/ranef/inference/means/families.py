"""Contrasts of marginal means, in families that are adjusted together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ranef.errors import TooLargeError
from ranef.inference.ddf import Joint, RowTests
from ranef.inference.means.adjust import Family, adjusted
from ranef.inference.means.contrast_sets import ContrastSet, contrast_set
from ranef.inference.means.rows import Basis, MeanRows
from ranef.problem.memory import available_memory
from ranef.types import Array

__all__ = ["ContrastTests", "MeanSet", "contrast_tests", "joint_tests"]

_DEFAULTS = {
    "pairwise": "tukey",
    "treatment": "mvt",
    "deviation": "mvt",
    "consecutive": "mvt",
    "polynomial": "none",
    "own": "none",
}
"""The adjustment of each set of contrasts if the user names none."""

_COPIES = 4
"""Arrays of the size of all contrasts, and of their covariance, that exist at once."""


@dataclass(frozen=True, slots=True, eq=False)
class MeanSet:
    """Marginal means (or slopes) with what tests them.

    Attributes
    ----------
    rows : MeanRows
    labels : mapping of str to tuple
        Of the variables that the means are of, one label a mean.
    by : tuple of str
        Those within whose values means are compared.
    basis : Basis
    level : float
        Of intervals.
    """

    rows: MeanRows
    labels: Mapping[str, tuple[Any, ...]]
    by: tuple[str, ...]
    basis: Basis
    level: float

    def groups(self, by: Sequence[str]) -> list[tuple[tuple[Any, ...], NDArray[np.intp]]]:
        """The values of the `by` variables that occur, each with the places of its means."""
        keys = list(zip(*(self.labels[name] for name in by), strict=True)) if by else []
        if not keys:
            return [((), np.arange(self.rows.sums.size))]
        places: dict[tuple[Any, ...], list[int]] = {}
        for k, key in enumerate(keys):
            places.setdefault(key, []).append(k)
        return [(key, np.array(own)) for key, own in places.items()]

    def names(
        self, places: NDArray[np.intp], by: Sequence[str], *, bare: bool = False
    ) -> list[str]:
        """How means are called in contrasts: their labels.

        Those of numbers have the variable before them, unless `bare`.
        """
        shown = []
        for name, labels in self.labels.items():
            if name not in by:
                first = name if not bare and all(_numeric(label) for label in labels) else ""
                shown.append([f"{first}{labels[k]}" for k in places])
        return [" ".join(parts) for parts in zip(*shown, strict=True)] if shown else [""]


def _numeric(label: Any) -> bool:
    if isinstance(label, bool):
        return False
    try:
        float(label)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True, eq=False)
class ContrastTests:
    """Contrasts of all groups, one after the other.

    Attributes
    ----------
    by : mapping of str to tuple
        Values of the variables within which means are compared, one a contrast.
    names : tuple of str
    rows : MeanRows
    plain : RowTests
        Not adjusted.
    p_value, conf_low, conf_high : ndarray, shape (k,)
        Adjusted.
    families : tuple of ndarray of int
        The places of the contrasts that were adjusted together.
    method : str
        Of the contrasts.
    asked, adjust : str
        The adjustment that was asked for, and the one that was made.
    means : int
        Means in each group.
    ratios : tuple of str
        Names of the contrasts as ratios.
    """

    by: Mapping[str, tuple[Any, ...]]
    names: tuple[str, ...]
    rows: MeanRows
    plain: RowTests
    p_value: Array
    conf_low: Array
    conf_high: Array
    families: tuple[NDArray[np.intp], ...]
    method: str
    asked: str
    adjust: str
    means: int
    ratios: tuple[str, ...]


def contrast_tests(
    means: MeanSet,
    method: Any,
    adjust: str | None,
    by: Sequence[str],
    reference: Any = None,
) -> ContrastTests:
    """Contrasts within each group of means, tested against zero.

    Parameters
    ----------
    means : MeanSet
    method : str, mapping or array-like
        As in :func:`~ranef.inference.means.contrast_sets.contrast_set`.
    adjust : str or None
        None takes the usual one of the method.
    by : sequence of str
    reference : str or int, optional
    """
    groups = means.groups(by)
    if isinstance(method, str) and method == "pairwise":
        _check_memory([places.size for _, places in groups], means.rows.full.shape, adjust)
    sets: list[ContrastSet] = []
    pieces: list[Array] = []
    total = means.rows.sums.size
    for _, places in groups:
        names = [means.names(places, by, bare=bare) for bare in (False, True)]
        made = contrast_set(method, names[0], reference, names[1])
        whole = np.zeros((len(made.names), total))
        whole[:, places] = made.coefficients
        sets.append(made)
        pieces.append(whole)
    wanted = _DEFAULTS[sets[0].method] if adjust is None else adjust
    rows = means.rows.combined(np.concatenate(pieces))
    plain = means.basis.estimates(rows, means.level)
    p_value, half = plain.p_value.copy(), np.empty(plain.p_value.size)
    families, start, done = [], 0, wanted
    for (_, places), made in zip(groups, sets, strict=True):
        own = np.arange(start, start + len(made.names))
        start += own.size
        families.append(own)
        part = adjusted(
            _family(means.basis, rows, plain, own, made, places.size, wanted),
            wanted,
            means.level,
        )
        p_value[own], half[own], done = part.p_value, part.critical, part.method
    half = np.where(plain.std_error == 0.0, 0.0, half * plain.std_error)
    values = {
        name: tuple(key[j] for (key, _), own in zip(groups, families, strict=True) for _ in own)
        for j, name in enumerate(by)
    }
    return ContrastTests(
        by=values,
        names=tuple(name for made in sets for name in made.names),
        rows=rows,
        plain=plain,
        p_value=p_value,
        conf_low=plain.estimate - half,
        conf_high=plain.estimate + half,
        families=tuple(families),
        method=sets[0].method,
        asked=wanted,
        adjust=done,
        means=groups[0][1].size,
        ratios=tuple(name for made in sets for name in made.ratios or made.names),
    )


def _check_memory(sizes: Sequence[int], shape: tuple[int, ...], adjust: str | None) -> None:
    """Refuse more pairs than fit in memory, before any of them is made."""
    pairs = [m * (m - 1) // 2 for m in sizes]
    needed = 8.0 * _COPIES * sum(pairs) * sum(shape)
    if adjust == "mvt":
        needed += 8.0 * _COPIES * max(pairs) ** 2
    available = available_memory()
    if available is not None and needed > available:
        raise TooLargeError(
            "the pairs of these means are too many",
            found=f"{sum(pairs):,} differences need {needed / 1e9:.1f} GB of memory; "
            f"{available / 1e9:.1f} GB are available",
            fix="compare within the values of another variable, by=, or compare with one mean: "
            'contrast("treatment")',
        )


def _family(
    basis: Basis,
    rows: MeanRows,
    plain: RowTests,
    own: NDArray[np.intp],
    made: ContrastSet,
    means: int,
    adjust: str,
) -> Family:
    covariance, rank = np.zeros((0, 0)), 0
    if adjust == "mvt":
        covariance = basis.covariance(rows.taken(own))
        covariance[np.isnan(plain.estimate[own])] = np.nan
    if adjust == "scheffe":
        full = rows.full[own]
        rank = _rank(full[np.isfinite(full).all(axis=1)])
    return Family(
        statistic=plain.statistic[own],
        df=plain.df[own],
        covariance=covariance,
        rank=rank,
        means=means if made.method == "pairwise" else 0,
    )


def _rank(rows: Array) -> int:
    """Of the rows, each column in its own size."""
    size = np.abs(rows).max(axis=0, initial=0.0)
    scaled = rows[:, size > 0.0] / size[size > 0.0]
    return int(np.linalg.matrix_rank(scaled)) if scaled.size else 0


def joint_tests(basis: Basis, tests: ContrastTests) -> list[Joint]:
    """Whether all contrasts of a group are zero, by group."""
    out = []
    for own in tests.families:
        good = own[~np.isnan(tests.plain.estimate[own])]
        kept = basis.kept(tests.rows.taken(good))
        if good.size:
            out.append(basis.method.joint(kept, tests.plain.estimate[good]))
        else:
            out.append(Joint(float("nan"), 0, float("nan")))
    return out
