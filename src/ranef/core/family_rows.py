"""Rows of generalised models on their own: log-densities, and where they have their suprema."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

import ranef._core as _core
from ranef.types import Array

__all__ = ["log_concave", "log_densities", "row_signs"]


def row_signs(
    family: str, link: str, constants: Sequence[float], y: Array, weights: Array | None
) -> NDArray[np.int8]:
    """1 for rows whose log-density rises for ever with eta, -1 as it falls, 0 for all others."""
    _, signs = _core.family_start(family, link, list(constants), y, weights)
    return np.asarray(signs, dtype=np.int8)


def log_densities(
    family: str,
    link: str,
    constants: Sequence[float],
    eta: Array,
    psi: Sequence[Array],
    y: Array,
    weights: Array | None,
) -> Array:
    """Log-densities of rows, shape (n,), with all constants."""
    by_eta = _core.family_rows(family, link, list(constants), 2, eta, list(psi), y, weights)[0]
    return np.asarray(by_eta[0])


def log_concave(family: str, link: str, constants: Sequence[float]) -> bool:
    """Whether log-densities are concave in eta for every response."""
    return bool(_core.family_facts(family, link, list(constants))[0])
