"""Which likelihood criteria of several models may be compared with which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from ranef.errors import RanefError
from ranef.present.protocol import FittedModel
from ranef.present.text.names import response_of
from ranef.types import Array

__all__ = ["Comparability", "comparability"]

Comparability = Literal[
    "all",
    "same fixed part",
    "same method",
    "different rows",
    "different response",
    "different measure",
]


def _response_values(model: FittedModel) -> Array | None:
    try:
        y = np.asarray(model.fitted, float) + np.asarray(model.residuals("response"), float)
        return np.asarray(y)
    except RanefError:  # a fit of streamed data keeps no rows
        return None


def _same_values(models: Sequence[FittedModel]) -> bool:
    """Whether the responses are the same, in whatever order the rows stand."""
    first = None
    for model in models:
        y = _response_values(model)
        if y is None or y.size != model.nobs:
            continue
        y = np.sort(y)
        if first is None:
            first = y
        elif not np.allclose(y, first, rtol=1e-8, atol=1e-8 * float(np.std(first))):
            return False
    return True


def comparability(models: Sequence[FittedModel]) -> Comparability:
    """What the criteria of `models` allow.

    Returns
    -------
    str
        ``"all"``: every criterion compares with every other. ``"same fixed part"``: REML
        criteria compare only within the same fixed part, ML criteria always. ``"same method"``:
        fixed parts are the same, but some models are fitted by REML and some by ML.
        ``"different response"``, ``"different rows"``, ``"different measure"``: nothing compares.
        Of the last some likelihoods are made of probabilities and others of densities.

    Notes
    -----
    The REML criterion contains the log determinant of X'V^-1 X, hence depends on the fixed
    part itself (Pinheiro and Bates 2000, section 2.4.1).
    """
    if len({response_of(model.formula).replace(" ", "") for model in models}) > 1:
        return "different response"
    if len({model.nobs for model in models}) > 1:
        return "different rows"
    if not _same_values(models):
        return "different rows"
    if len({model._discrete for model in models}) > 1:
        return "different measure"
    if not any(model.reml for model in models):
        return "all"
    fixed_parts = {frozenset(model.fixef.dropna().index) for model in models}
    if len(fixed_parts) > 1:
        return "same fixed part"
    return "all" if all(model.reml for model in models) else "same method"
