"""How long the projection of a normal vector onto a cone is: the laws of variances tested at zero.

Under the null hypothesis the likelihood ratio of new covariances is the squared length of the
projection of N(0, C) on a cone, in the metric of C^-1: a product of cones of positive semidefinite
matrices, one for each term with effects whose variance is zero, times free directions (Self and
Liang 1987; Shapiro 1988). Its law is a mixture of chi-squares. The weights are known in closed form
for up to three variances and for one 2 x 2 covariance matrix; otherwise the law is an average over
drawn directions, in which the length is integrated exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ranef.inference.chi_bar_square import chi_bar_square
from ranef.types import Array

__all__ = ["Tail", "cone_tail", "pair_weights", "simulated_tail", "variance_weights"]

DIRECTIONS = 2000  # drawn in pairs of opposite ones; fewer for large cones
LARGE = 10  # dimensions of a cone from which on they are fewer, as projections take longer
FEWEST = 400
POINTS = 4096  # along the edge of the cone of 2 x 2 matrices
STEPS = 2000  # of a projection, at most
SETTLED = 1e-5  # the length of the projection is wrong by the square of this
SEED = 20_260  # the same directions in every call


class Tail(NamedTuple):
    """P(T >= t), with the weights of its chi-squares where they are known.

    Attributes
    ----------
    p : callable
        Of a statistic.
    weights : mapping of int to float, or None
    error : callable
        Standard error of `p`, of a statistic: 0 where the weights are known.
    """

    p: Callable[[float], float]
    weights: Mapping[int, float] | None
    error: Callable[[float], float]


def cone_tail(covariance: Array, sizes: Sequence[int], free: int) -> Tail:
    """The law of the squared length of a projection.

    Parameters
    ----------
    covariance : ndarray, shape (k, k)
        C, of the elements (upper triangle, row by row) of the new covariance matrices, everything
        else being free.
    sizes : sequence of int
        Of these matrices.
    free : int
        Directions without a bound, orthogonal to the cone.
    """
    weights = _known_weights(covariance, sizes)
    if weights is None:
        return simulated_tail(covariance, sizes, free)
    shifted = {df + free: weight for df, weight in weights.items()}
    return Tail(lambda t: chi_bar_square(t, shifted), shifted, lambda t: 0.0)


def _known_weights(covariance: Array, sizes: Sequence[int]) -> dict[int, float] | None:
    """Weights of chi-squares on 0, 1, ... degrees of freedom, where a closed form is known."""
    if not sizes:
        return {0: 1.0}
    if all(size == 1 for size in sizes) and len(sizes) <= 3:
        return variance_weights(covariance)
    if list(sizes) == [2]:
        return pair_weights(covariance)
    return None


def variance_weights(covariance: Array) -> dict[int, float]:
    """For one to three variances, each zero or positive.

    References
    ----------
    Kudo (1963), A multivariate analogue of the one-sided test, Biometrika 50, 403-418. Shapiro
    (1988), Towards a unified theory of inequality constrained testing in multivariate analysis,
    International Statistical Review 56, 49-62, equations 5.8 and 5.9.

    Examples
    --------
    >>> variance_weights(np.eye(2))
    {0: 0.25, 1: 0.5, 2: 0.25}
    """
    sd = np.sqrt(np.diag(covariance))
    r = np.clip(covariance / np.outer(sd, sd), -1.0, 1.0)
    if sd.size == 1:
        return {0: 0.5, 1: 0.5}
    if sd.size == 2:
        both = 0.5 - float(np.arccos(r[0, 1])) / (2.0 * np.pi)
        return {0: 0.5 - both, 1: 0.5, 2: both}
    plain = partial = 0.0
    for i, j, k in ((0, 1, 2), (0, 2, 1), (1, 2, 0)):
        plain += float(np.arccos(r[i, j]))
        left = np.sqrt((1.0 - r[i, k] ** 2) * (1.0 - r[j, k] ** 2))
        partial += float(np.arccos(np.clip((r[i, j] - r[i, k] * r[j, k]) / left, -1.0, 1.0)))
    three = (2.0 * np.pi - plain) / (4.0 * np.pi)
    two = (3.0 * np.pi - partial) / (4.0 * np.pi)
    return {0: 0.5 - two, 1: 0.5 - three, 2: two, 3: three}


def pair_weights(covariance: Array) -> dict[int, float]:
    """For one 2 x 2 covariance matrix.

    Its cone has three dimensions. There the weight of chi2(2) is the length of the curve in which
    the cone meets the unit sphere, over 4 pi, and that of chi2(1) the same of the polar cone; the
    odd weights and the even ones add to 1/2 each.

    References
    ----------
    Santalo (1976), Integral Geometry and Geometric Probability, chapter 17. Shapiro (1988),
    section 3.

    Examples
    --------
    >>> {k: round(w, 4) for k, w in pair_weights(np.diag([1.0, 0.5, 1.0])).items()}
    {0: 0.1464, 1: 0.3536, 2: 0.3536, 3: 0.1464}
    """
    root = np.linalg.cholesky(covariance)
    angle = np.linspace(0.0, np.pi, POINTS, endpoint=False)
    c, s = np.cos(angle), np.sin(angle)
    edge, turn = np.array([c * c, c * s, s * s]), np.array([-2 * c * s, c * c - s * s, 2 * c * s])
    double = np.array([1.0, 2.0, 1.0])[:, None]
    two = _length(np.linalg.solve(root, edge), np.linalg.solve(root, turn)) / (4.0 * np.pi)
    one = _length(root.T @ (double * edge), root.T @ (double * turn)) / (4.0 * np.pi)
    return {0: 0.5 - two, 1: one, 2: two, 3: 0.5 - one}


def _length(curve: Array, derivative: Array) -> float:
    """Of a closed curve's image on the unit sphere, by the trapezoid rule."""
    size = np.sqrt(np.sum(curve**2, axis=0))
    unit = curve / size
    across = (derivative - unit * np.sum(unit * derivative, axis=0)) / size
    return float(np.pi * np.mean(np.sqrt(np.sum(across**2, axis=0))))


def simulated_tail(
    covariance: Array, sizes: Sequence[int], free: int, directions: int | None = None
) -> Tail:
    """The same for any cone: T = R^2 s with R^2 chi-square and s the share of a direction.

    R and the direction of a normal vector are independent: only directions are drawn, and R is
    integrated exactly.
    """
    from scipy import special

    rng = np.random.Generator(np.random.Philox(key=SEED))
    k = covariance.shape[0]
    if directions is None:
        directions = max(FEWEST, int(DIRECTIONS * min(1.0, (LARGE / k) ** 1.5)))
    half = rng.standard_normal((directions // 2, k + free))
    drawn = np.concatenate([half, -half])
    drawn /= np.sqrt(np.sum(drawn**2, axis=1, keepdims=True))
    share = np.sum(drawn[:, k:] ** 2, axis=1) + _squared_lengths(covariance, sizes, drawn[:, :k])
    share = np.clip(share, 0.0, 1.0)

    def tails(t: float) -> Array:
        if not t > 0.0:
            return np.ones(share.size)
        with np.errstate(divide="ignore"):
            return np.asarray(special.chdtrc(k + free, t / share))

    def error(t: float) -> float:
        pairs = tails(t).reshape(2, -1).mean(axis=0)
        return float(np.std(pairs) / np.sqrt(pairs.size))

    return Tail(lambda t: float(np.mean(tails(t))), None, error)


def _squared_lengths(covariance: Array, sizes: Sequence[int], normals: Array) -> Array:
    """Of the projections of rows of standard normals, times the root of C.

    Accelerated projected gradients (Beck and Teboulle 2009), in coordinates in which the elements
    of a matrix have the length of the matrix and the variances' own variances are 1.
    """
    scale = np.concatenate(_scales(np.diag(covariance), sizes))
    root = np.linalg.cholesky(covariance * np.outer(scale, scale))
    z = normals @ root.T
    metric = np.linalg.inv(root @ root.T)
    step = 1.0 / float(np.linalg.eigvalsh(metric)[-1])
    x = _project(z, sizes)
    ahead, going, t = x.copy(), np.arange(z.shape[0]), np.ones(z.shape[0])
    for _ in range(STEPS):
        before = x[going]
        after = _project(ahead - step * (ahead - z[going]) @ metric, sizes)
        # Where the momentum points backwards it starts anew (O'Donoghue and Candes 2015).
        t[np.einsum("ij,ij->i", ahead - after, after - before) > 0.0] = 1.0
        t_after = 0.5 * (1.0 + np.sqrt(1.0 + 4.0 * t * t))
        ahead = after + ((t - 1.0) / t_after)[:, None] * (after - before)
        x[going] = after
        left = np.max(np.abs(after - before), axis=1) >= SETTLED
        if not left.any():
            break
        going, ahead, t = going[left], ahead[left], t_after[left]
    return np.asarray(np.einsum("ia,ab,ib->i", x, metric, x))


def _scales(variances: Array, sizes: Sequence[int]) -> list[Array]:
    out, start = [], 0
    for size in sizes:
        rows, columns = np.triu_indices(size)
        own = variances[start : start + rows.size]
        unit = own[rows == columns] ** -0.25
        out.append(unit[rows] * unit[columns] * np.where(rows == columns, 1.0, np.sqrt(2.0)))
        start += rows.size
    return out


def _project(x: Array, sizes: Sequence[int]) -> Array:
    """Rows of elements to the nearest positive semidefinite matrices."""
    out, start = np.empty_like(x), 0
    for size in sizes:
        count = size * (size + 1) // 2
        own = x[:, start : start + count]
        if size == 1:
            out[:, start : start + 1] = np.maximum(own, 0.0)
        else:
            rows, columns = np.triu_indices(size)
            weight = np.where(rows == columns, 1.0, np.sqrt(0.5))
            full = np.zeros((x.shape[0], size, size))
            full[:, rows, columns] = full[:, columns, rows] = own * weight
            values, vectors = np.linalg.eigh(full)
            full = (vectors * np.maximum(values, 0.0)[:, None, :]) @ vectors.transpose(0, 2, 1)
            out[:, start : start + count] = full[:, rows, columns] / weight
        start += count
    return out
