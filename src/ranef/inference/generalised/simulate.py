"""New responses from a generalised model: new random effects, new responses given them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ranef.covariance import semidefinite_cholesky
from ranef.family import Family, Psi
from ranef.inference.simulate import SimulatedTerm, draw_key, drawn_parts
from ranef.options import whole
from ranef.types import Array

__all__ = ["simulate_generalised"]


def simulate_generalised(
    family: Family,
    terms: Sequence[SimulatedTerm],
    fixed: Array,
    covariances: Sequence[Array],
    psi: Psi,
    weights: Array | None,
    n: int,
    seed: int | None,
    first: int = 0,
) -> Array:
    """Draw responses as the family takes them, shape (rows, n), the first with number `first`.

    Draw k has a counter-based stream of its own (Philox keyed by seed and k), so it does not depend
    on how many draws are asked for.

    Parameters
    ----------
    family : Family
    terms : sequence of SimulatedTerm
    fixed : ndarray, shape (rows,)
        Offset + X beta.
    covariances : sequence of ndarray, shape (q, q)
        Of the random effects of each term.
    psi : sequence of ndarray or float
    weights : ndarray, shape (rows,), or None
    n : int
    seed : int or None
    first : int

    Returns
    -------
    ndarray, shape (rows, n)
        NaN in rows whose predictors or groups are missing.
    """
    key = draw_key(seed)
    n = whole("n", n, of="the number of draws")
    roots = [semidefinite_cholesky(c) for c in covariances]
    out = np.empty((fixed.size, n), order="F")
    for k in range(n):
        bits = np.random.Philox(key=np.array([key, first + k], dtype=np.uint64))
        rng = np.random.Generator(bits)
        eta = fixed + sum(drawn_parts(terms, roots, rng))
        missing = np.isnan(eta)
        for value in (*psi, weights):
            if value is not None and np.shape(value) == fixed.shape:
                missing |= np.isnan(value)
        if not missing.any():
            out[:, k] = family.simulate(rng, eta, psi, weights)
            continue
        # The draws of the other rows are those that they have if nothing is missing.
        of_rows = tuple(_filled(value) for value in psi)
        y = family.simulate(
            rng,
            np.where(missing, 0.0, eta),
            of_rows,
            None if weights is None else np.where(np.isnan(weights), 1.0, weights),
        )
        out[:, k] = np.where(missing, np.nan, y)
    return out


def _filled(value: Array | float) -> Array | float:
    return np.where(np.isnan(value), 0.0, value)
