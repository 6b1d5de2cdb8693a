"""Sets of contrasts between the means of a group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from ranef.errors import OptionError, suggestion
from ranef.options import numbers, one_of, shown
from ranef.page.phrases import count
from ranef.types import Array

__all__ = ["CONTRASTS", "ContrastSet", "contrast_set"]

CONTRASTS = ("pairwise", "treatment", "deviation", "polynomial", "consecutive")
_OTHER_WORDS = {
    "eff": "deviation",
    "poly": "polynomial",
    "consec": "consecutive",
    "trt.vs.ctrl": "treatment",
}
_POWERS = ("linear", "quadratic", "cubic", "quartic")
_MOST_POWERS = 6


@dataclass(frozen=True, slots=True, eq=False)
class ContrastSet:
    """Names and coefficients, shape (k, m), of contrasts of m means.

    Attributes
    ----------
    method : str
        One of `CONTRASTS`, or ``"own"``.
    ratios : tuple of str
        The names if the means are compared by ratios; empty if these are the same.
    """

    method: str
    names: tuple[str, ...]
    coefficients: Array
    ratios: tuple[str, ...] = ()


def contrast_set(
    method: Any, labels: Sequence[str], reference: Any = None, bare: Sequence[str] = ()
) -> ContrastSet:
    """The contrasts of a method.

    Parameters
    ----------
    method : str, mapping of str to sequence of float, or array-like, shape (k, m) or (m,)
    labels : sequence of str
        Of the m means.
    reference : str or int, optional
        The mean that ``"treatment"`` compares the others with: its label, or its place from 0.
    bare : sequence of str, optional
        The labels without the names of variables, by which a reference may be named too.

    Raises
    ------
    OptionError
        Another method; coefficients that are not m numbers; one mean.
    """
    m = len(labels)
    if not isinstance(method, str):
        if reference is not None:
            _refuse_reference(reference)
        return _own(method, m)
    word = _OTHER_WORDS.get(method, method)
    one_of("method", word, CONTRASTS, what=f"unknown contrasts {shown(method)}")
    if reference is not None and word != "treatment":
        _refuse_reference(reference)
    if m < 2:
        raise OptionError(
            "there is one mean and nothing to compare it with",
            found=f"the mean of {labels[0] or 'all rows'}",
            fix="leave out by= here, or name a variable with several values",
        )
    eye = np.eye(m)
    names = [_enclosed(label) for label in labels]
    if word == "pairwise":
        pairs = list(combinations(range(m), 2))
        return ContrastSet(
            word,
            tuple(f"{names[a]} - {names[b]}" for a, b in pairs),
            np.array([eye[a] - eye[b] for a, b in pairs]),
            tuple(f"{names[a]} / {names[b]}" for a, b in pairs),
        )
    if word == "treatment":
        base = _reference(reference, labels, bare)
        others = [k for k in range(m) if k != base]
        return ContrastSet(
            word,
            tuple(f"{names[k]} - {names[base]}" for k in others),
            np.array([eye[k] - eye[base] for k in others]),
            tuple(f"{names[k]} / {names[base]}" for k in others),
        )
    if word == "deviation":
        return ContrastSet(word, tuple(f"{name} effect" for name in names), eye - 1.0 / m)
    if word == "consecutive":
        return ContrastSet(
            word,
            tuple(f"{names[k + 1]} - {names[k]}" for k in range(m - 1)),
            eye[1:] - eye[:-1],
            tuple(f"{names[k + 1]} / {names[k]}" for k in range(m - 1)),
        )
    return _polynomial(m)


def _refuse_reference(reference: Any) -> None:
    raise OptionError(
        "a reference is for treatment contrasts",
        found=f"reference={shown(reference)}",
        fix='contrast("treatment", reference=...)',
    )


def _enclosed(label: str) -> str:
    """A label in a difference: in parentheses if it looks like one itself."""
    return f"({label})" if any(sign in label for sign in "+-*/(") else label


def _reference(reference: Any, labels: Sequence[str], bare: Sequence[str]) -> int:
    if reference is None:
        return 0
    whole = isinstance(reference, (int, np.integer)) and not isinstance(reference, bool)
    for known in (list(labels), list(bare)):
        if (whole or isinstance(reference, str)) and str(reference) in known:
            return known.index(str(reference))
    if whole and 0 <= reference < len(labels):
        return int(reference)
    raise OptionError(
        f"no mean is called {shown(reference)}",
        found="means " + ", ".join(labels[:20]),
        fix=suggestion(reference, labels) or f"as in reference={labels[0]!r}",
    )


def _polynomial(m: int) -> ContrastSet:
    """Orthogonal polynomials of equally spaced levels, in whole numbers as in tables of them."""
    x = np.arange(m) - 0.5 * (m - 1)
    powers = np.vander(x / max(1.0, x[-1]), min(m, _MOST_POWERS + 1), increasing=True)
    q, r = np.linalg.qr(powers)
    rows, names = [], []
    for degree in range(1, powers.shape[1]):
        row = q[:, degree] * np.sign(r[degree, degree])
        row[np.abs(row) < 1e-10] = 0.0
        rows.append(_whole_numbers(row))
        names.append(_POWERS[degree - 1] if degree <= len(_POWERS) else f"degree {degree}")
    return ContrastSet("polynomial", tuple(names), np.array(rows))


def _whole_numbers(row: Array) -> Array:
    """The smallest whole numbers in these proportions; the row itself if there are none."""
    row = row / np.abs(row[row != 0.0]).min()
    for factor in range(1, 1000):
        scaled = factor * row
        if np.abs(scaled - np.rint(scaled)).max() < 1e-6 * factor:
            return np.asarray(np.rint(scaled))
    return row


def _own(method: Any, m: int) -> ContrastSet:
    if hasattr(method, "index") and hasattr(method, "columns"):  # a frame: a contrast a row
        names, given = [str(label) for label in method.index], [list(r) for r in method.to_numpy()]
    elif isinstance(method, Mapping):
        names, given = [str(name) for name in method], list(method.values())
    else:
        values = numbers(
            "method",
            method,
            what="contrasts are a word, a dict or numbers",
            fix=f"use one of {', '.join(CONTRASTS)}, or a dict of coefficients by name",
        )
        values = values[None, :] if values.ndim == 1 else values
        given = list(values) if values.ndim == 2 else []
        names = [f"C{k + 1}" for k in range(len(given))]
    rows = []
    for name, row in zip(names, given, strict=True):
        values = numbers(
            "method",
            row,
            what=f"the coefficients of the contrast '{name}' are not numbers",
            fix=f"give {count(m, 'number')}, one for each mean",
        )
        if values.shape != (m,) or not np.isfinite(values).all():
            raise OptionError(
                f"the contrast '{name}' does not have one coefficient for each mean",
                found=f"{values.size} numbers for {m} means"
                if values.shape != (m,)
                else "values that are not finite",
                fix=f"give {count(m, 'finite number')} in the order of the means",
            )
        rows.append(values)
    if not rows:
        raise OptionError(
            "there are no contrasts",
            found=f"method={shown(method)}",
            fix='give a dict such as {"name": [1, -1, 0]}',
        )
    return ContrastSet("own", tuple(names), np.array(rows))
