r"""The proof that there is a maximum: scores that add up to zero.

Stiemke's lemma: exactly one of these holds,

    there is gamma with s_i x_i'gamma >= 0, = 0 where s_i = 0, and not all 0;
    there are numbers g_i with s_i g_i > 0 where s_i is not 0, any elsewhere, and X'g = 0.

At a maximum over the coefficients and the random effects together the scores g_i = dl_i/deta_i are
such numbers, but for rounding and for what the search has left. Let r = X'g and G = diag |g_i|,
with any positive numbers in the rows where s_i = 0. Then

    g* = g - G X c,   c = (X'G X)^-1 r,

has X'g* = 0, and its signs are those of g if |x_i'c| < 1 in all rows where s_i is not 0. With any
square T and M = T'X'G X T, by the Cauchy-Schwarz inequality,

    |x_i'c| = |(T'x_i)' M^-1 T'r| <= |T'x_i| |T'r| / (1 - |M - I|),

which is bounded from above here with all rounding errors: T need only make M nearly the identity.
Sums of m terms have relative errors of at most m u / (1 - m u), u = 2^-53, in any order of
summation (Higham 2002, chapter 3). The numbers g_i are free: where scores have the wrong sign,
small ones take their places.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ranef.problem.separation.blocks import BLOCK, Mask, Signs, largest, row_blocks
from ranef.types import Array

__all__ = ["Certificate", "certificate", "orthonormal"]

_MIXED = 1e4
"""Weight of rows that have no sign, relative to the largest of the others: it is free, and a
large one keeps their predictors still."""

_WRONG = 1e-6
"""What takes the place of scores of the wrong sign, of the mean score."""

_NULL = 1e-11
"""Length of X t, relative to the sum of the lengths of its terms, that counts as 0."""

_CLIP = 1e-13
"""Eigenvalues of M are as good as this, relative to the largest."""

_ROUNDS = 6

_U = 2.0**-53


@dataclass(frozen=True, slots=True)
class Certificate:
    """Attributes
    ----------
    bound : float
        Upper bound of the relative change of any score; a proof if below 1.
    T : ndarray, shape (p, r)
        X T has nearly orthonormal columns in the metric of the scores.
    """

    bound: float
    T: Array

    @property
    def holds(self) -> bool:
        return self.bound < 1.0


def certificate(X: Array, s: Signs, scores: Array, T: Array | None = None) -> Certificate:
    """How far scores are from a proof.

    Parameters
    ----------
    X : ndarray, shape (n, p)
    s : ndarray, shape (n,)
        Signs: 1, -1 or 0.
    scores : ndarray, shape (n,)
    T : ndarray, shape (p, r), optional
        From a call with similar scores.

    Returns
    -------
    Certificate
        If columns of X are dependent, T has fewer columns and the proof is about the span of the
        others.
    """
    g, G = _signed(s, scores)
    T, M, r, reach = orthonormal(X, G, g, s != 0, T)
    if T.shape[1] == 0:
        return Certificate(0.0, T)
    lengths, peaks = _lengths(X, G), largest(X)
    p, summed = X.shape[1], _growth(BLOCK + len(X) // BLOCK + 4)
    rows_of_T = np.sqrt(np.sum(T**2, axis=1))
    slack = _growth(p + 1) * float(lengths @ rows_of_T)  # of X T in the metric G, as a length
    trace = float(np.trace(M))
    apart = float(np.linalg.norm(M - np.eye(len(M))))
    apart += summed * trace + 2.0 * slack * np.sqrt(trace) + slack**2
    total = np.sqrt(float(np.sum(g**2 / G)))
    left = float(np.linalg.norm(r)) + (summed * np.sqrt(trace) + slack) * total
    reach += _growth(p + 1) * float(peaks @ rows_of_T)
    bound = 1.01 * reach * left / (1.0 - apart) if apart < 1.0 else np.inf
    return Certificate(float(bound) if np.isfinite(bound) else np.inf, T)


def orthonormal(
    X: Array, G: Array, g: Array, signed: Mask, T: Array | None = None
) -> tuple[Array, Array, Array, float]:
    """T, M = T'X'G X T near I, T'X'g and the longest T'x_i of rows with a sign."""
    lengths = _lengths(X, G)
    if T is None or len(T) == 0:
        used = np.flatnonzero(lengths > 0.0)
        T = np.zeros((X.shape[1], used.size))
        T[used, np.arange(used.size)] = 1.0 / lengths[used]
    M, r, reach = _pass(X, T, G, g, signed)
    for attempt in range(_ROUNDS):
        if T.shape[1] == 0 or np.linalg.norm(M - np.eye(len(M))) < 0.1:
            break
        values, vectors = np.linalg.eigh(M)
        turned = T @ vectors
        terms = lengths @ np.abs(turned)
        clip = _CLIP * values[-1]
        kept = np.sqrt(np.maximum(values, 0.0)) > _NULL * terms
        if attempt == 0:
            kept |= values < clip  # noise: known once the directions have been stretched
        values = np.maximum(values, clip)
        T = turned[:, kept] / np.sqrt(values[kept])
        M, r, reach = _pass(X, T, G, g, signed)
    return T, M, r, reach


def _signed(s: Signs, scores: Array) -> tuple[Array, Array]:
    """g with the signs s, and G."""
    signed = s != 0
    g = np.where(np.isfinite(scores), scores, 0.0)
    sizes = np.abs(g[signed])
    typical = float(sizes.mean()) if sizes.size and sizes.any() else 1.0
    g = np.where(signed & (g * s <= 0.0), _WRONG * typical * s, g)
    G = np.abs(g)
    most = float(G[signed].max()) if np.any(signed) else 1.0
    return g, np.where(signed, G, _MIXED * most)


def _growth(terms: int) -> float:
    return terms * _U / (1.0 - terms * _U)


def _lengths(X: Array, G: Array) -> Array:
    """Lengths of the columns in the metric G."""
    out = np.zeros(X.shape[1])
    for rows in row_blocks(len(X)):
        out += np.einsum("ij,i,ij->j", X[rows], G[rows], X[rows])
    return np.sqrt(out)


def _pass(X: Array, T: Array, G: Array, g: Array, signed: Mask) -> tuple[Array, Array, float]:
    M, r, reach = np.zeros((T.shape[1], T.shape[1])), np.zeros(T.shape[1]), 0.0
    for rows in row_blocks(len(X)):
        Y = X[rows] @ T
        M += (Y.T * G[rows]) @ Y
        r += Y.T @ g[rows]
        squares = np.einsum("ij,ij->i", Y, Y)[signed[rows]]
        reach = max(reach, float(squares.max())) if squares.size else reach
    return M, r, float(np.sqrt(reach))
