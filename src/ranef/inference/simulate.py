"""New responses from a fitted model: new random effects, new residuals."""

from __future__ import annotations

import numpy as np

from ranef.design import Design
from ranef.options import seed as checked_seed
from ranef.options import whole
from ranef.problem.parameters import semidefinite_cholesky
from ranef.types import Array

__all__ = ["draw_key", "simulate_responses"]


def draw_key(seed: int | None) -> int:
    """A seed as the key of counter-based streams; a fresh one where it is None."""
    checked = checked_seed("seed", seed)
    if checked is None:
        return int(np.random.SeedSequence().generate_state(1, np.uint64)[0])
    return checked


def simulate_responses(
    design: Design,
    mean: Array,
    covariances: tuple[Array, ...],
    sigma: float,
    weights: Array | None,
    n: int,
    seed: int | None,
    first: int = 0,
) -> Array:
    """Draw from the marginal model, shape (rows, n).

    Draw k has a counter-based stream of its own (Philox keyed by seed and k), so it does not depend
    on how many draws are asked for.

    Parameters
    ----------
    mean : ndarray, shape (rows,)
        Offset + X beta.
    covariances : tuple of ndarray, shape (q, q)
        Of the random effects of each term.
    first : int
        Number of the first draw: the same seed gives the same draws in one call or in several.
    """
    key = draw_key(seed)
    n = whole("n", n, of="the number of draws")
    roots = [semidefinite_cholesky(c) for c in covariances]
    noise = sigma if weights is None else sigma / np.sqrt(weights)
    out = np.empty((design.n, n), order="F")
    for k in range(n):
        rng = np.random.Generator(np.random.Philox(key=np.array([key, first + k], dtype=np.uint64)))
        y = mean + noise * rng.standard_normal(design.n)
        for term, root in zip(design.terms, roots, strict=True):
            b = rng.standard_normal((term.n_levels, term.q)) @ root.T
            y += np.einsum("ij,ij->i", term.Z, b[term.codes])
        out[:, k] = y
    return out
