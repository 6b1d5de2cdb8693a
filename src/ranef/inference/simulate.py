"""New responses from a fitted model: new random effects, new residuals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ranef.covariance import semidefinite_cholesky
from ranef.design import Encoding
from ranef.design.grouping import learn_grouping
from ranef.frame import Table
from ranef.options import seed as checked_seed
from ranef.options import whole
from ranef.problem import Problem
from ranef.types import Array, Codes

__all__ = [
    "Noise",
    "SimulatedTerm",
    "draw_key",
    "drawn_parts",
    "noise_of",
    "residuals_from",
    "simulate_response",
    "simulate_responses",
    "terms_of_rows",
]

Noise = Array | float | Callable[[Array], Array]
"""Standard deviations of independent residuals, or a function of standard normal values."""


def noise_of(problem: Problem, sigma: float, weights: Array | None) -> Noise:
    """The residuals of the rows of a problem.

    Parameters
    ----------
    sigma : float
        Of a row of weight 1.
    weights : ndarray or None, shape (n,)
    """
    scale: Array | float = sigma if weights is None else sigma / np.sqrt(weights)
    whitening = None if problem.residual is None else problem.residual.whitening
    if whitening is None:
        return scale
    dependent = whitening.dependent
    return lambda values: np.asarray(scale * dependent(values))


def residuals_from(noise: Noise, values: Array) -> Array:
    """Residuals from standard normal values."""
    return noise(values) if callable(noise) else np.asarray(noise * values)


def draw_key(seed: int | None) -> int:
    """A seed as the key of counter-based streams; a fresh one where it is None."""
    checked = checked_seed("seed", seed)
    if checked is None:
        return int(np.random.SeedSequence().generate_state(1, np.uint64)[0])
    return checked


@dataclass(frozen=True, slots=True)
class SimulatedTerm:
    """A random-effects term of the rows to simulate.

    Attributes
    ----------
    codes : ndarray of int32, shape (n,)
        The level of each row; -1 where it is missing.
    z : ndarray, shape (n, q)
    n_levels : int
    held : ndarray, shape (n_levels, q), optional
        Random effects that are not drawn; NaN in the levels that are.
    """

    codes: Codes
    z: Array
    n_levels: int
    held: Array | None = None


def simulate_responses(
    terms: Sequence[SimulatedTerm],
    mean: Array,
    covariances: Sequence[Array],
    noise: Noise,
    n: int,
    seed: int | None,
    first: int = 0,
) -> Array:
    """Draw responses, shape (rows, n), the first of them with the number `first`.

    Draw k has a counter-based stream of its own (Philox keyed by seed and k), so it does not depend
    on how many draws are asked for.

    Parameters
    ----------
    mean : ndarray, shape (rows,)
        Offset + X beta.
    covariances : sequence of ndarray, shape (q, q)
        Of the random effects of each term.
    noise : ndarray, shape (rows,), float, or callable
        Of the residuals: see `Noise`.
    first : int
        Number of the first draw: the same seed gives the same draws in one call or in several.
    """
    key = draw_key(seed)
    n = whole("n", n, of="the number of draws")
    roots = [semidefinite_cholesky(c) for c in covariances]
    out = np.empty((mean.size, n), order="F")
    for k in range(n):
        out[:, k] = simulate_response(terms, mean, roots, noise, key, first + k)
    return out


def simulate_response(
    terms: Sequence[SimulatedTerm],
    mean: Array,
    roots: Sequence[Array],
    noise: Noise,
    key: int,
    k: int,
) -> Array:
    """Draw k, shape (rows,); `roots` L of the covariances L L', `noise` of the residuals."""
    rng = np.random.Generator(np.random.Philox(key=np.array([key, k], dtype=np.uint64)))
    y = mean + residuals_from(noise, rng.standard_normal(mean.size))
    for part in drawn_parts(terms, roots, rng):
        y += part
    return np.asarray(y)


def drawn_parts(
    terms: Sequence[SimulatedTerm], roots: Sequence[Array], rng: np.random.Generator
) -> Iterator[Array]:
    """z'b of each term with random effects drawn, or held, shape (rows,)."""
    for term, root in zip(terms, roots, strict=True):
        b = rng.standard_normal((max(term.n_levels, 1), term.z.shape[1])) @ root.T
        if term.held is not None:
            b = np.where(np.isnan(term.held), b, term.held)
        yield np.where(term.codes < 0, np.nan, np.einsum("ij,ij->i", term.z, b[term.codes]))


def terms_of_rows(
    table: Table, encoding: Encoding, modes: Sequence[Array] | None
) -> tuple[SimulatedTerm, ...]:
    """The random-effects terms of new rows; the effects of known levels are held at `modes`."""
    out = []
    for k, ((known, z), coding) in enumerate(
        zip(encoding.random(table), encoding.random_codings, strict=True)
    ):
        grouping, codes = learn_grouping(coding.grouping.columns, table)
        held = None
        if modes is not None:
            held = np.full((len(grouping), z.shape[1]), np.nan)
            seen = (known >= 0) & (codes >= 0)
            held[codes[seen]] = modes[k][known[seen]]
        out.append(SimulatedTerm(codes, z, len(grouping), held))
    return tuple(out)
