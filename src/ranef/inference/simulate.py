"""New responses from a fitted model: new random effects, new residuals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ranef.design import Design
from ranef.options import seed as checked_seed
from ranef.options import whole
from ranef.problem.parameters import semidefinite_cholesky
from ranef.types import Array, Codes

__all__ = ["draw_key", "one_response", "simulate_responses"]


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
    """
    key = draw_key(seed)
    n = whole("n", n, of="the number of draws")
    roots = [semidefinite_cholesky(c) for c in covariances]
    noise = sigma if weights is None else sigma / np.sqrt(weights)
    out = np.empty((design.n, n), order="F")
    blocks = [(term.codes, term.Z, term.n_levels) for term in design.terms]
    for k in range(n):
        out[:, k] = one_response(mean, noise, blocks, roots, key, k)
    return out


def one_response(
    mean: Array,
    noise: Array | float,
    blocks: Sequence[tuple[Codes, Array, int]],
    roots: Sequence[Array],
    key: int,
    k: int,
) -> Array:
    """Draw k of the streams of `key`, shape (rows,).

    Parameters
    ----------
    mean : ndarray, shape (rows,)
    noise : float or ndarray, shape (rows,)
        Standard deviations of the errors.
    blocks : sequence of (ndarray of int, ndarray, int)
        Codes, model matrix and number of levels of each random-effects term.
    roots : sequence of ndarray, shape (q, q)
        L with L L' the covariance of the term's effects.
    """
    rng = np.random.Generator(np.random.Philox(key=np.array([key, k], dtype=np.uint64)))
    y = mean + noise * rng.standard_normal(mean.size)
    for (codes, z, n_levels), root in zip(blocks, roots, strict=True):
        b = rng.standard_normal((n_levels, root.shape[0])) @ root.T
        y += np.einsum("ij,ij->i", z, b[codes])
    return y
