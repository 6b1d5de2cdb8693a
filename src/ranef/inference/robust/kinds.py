"""How the residuals of a cluster are adjusted before they are squared.

Rows are scaled by the roots of their weights. In a basis of the columns of one cluster, with
V = L L' its covariance and S that of its residuals (both over sigma^2), X* = L^-1 X and
M = (X'V^-1 X)^-1 over all clusters, a kind answers for

    K = A V^-1 X,  the weights of the residuals,   and  L'K.

Bell and McCaffrey (2002), Bias reduction in standard errors for linear regression with multi-stage
samples, Survey Methodology 28, 169-181. Pustejovsky and Tipton (2018), Small-sample methods for
cluster-robust variance estimation and hypothesis testing in fixed effects models, Journal of
Business & Economic Statistics 36, 672-683, section 2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ranef.types import Array

__all__ = ["NO_RESIDUAL", "Kind", "as_they_are", "many_clusters", "one", "unbiased"]

# Of the variance of a residual, beside that of its error: below, the fit leaves no residual.
NO_RESIDUAL = 1e-10


class Kind(NamedTuple):
    """A cluster-robust covariance.

    Attributes
    ----------
    weights : callable
        From L (b, r, r), X* (b, r, p) and M (p, p) of a batch to K and L'K, (b, r, p) each.
    factor : callable
        From the number of clusters to what the covariance is multiplied by.
    """

    weights: Callable[[Array, Array, Array], tuple[Array, Array]]
    factor: Callable[[int], float]


def one(clusters: int) -> float:
    """No correction."""
    return 1.0


def many_clusters(clusters: int) -> float:
    """J / (J - 1)."""
    return clusters / (clusters - 1.0)


def as_they_are(root: Array, x: Array, m: Array) -> tuple[Array, Array]:
    """A = I: K = L'^-1 X*."""
    return np.asarray(np.linalg.solve(root.transpose(0, 2, 1), x), dtype=np.float64), x


def unbiased(root: Array, x: Array, m: Array) -> tuple[Array, Array]:
    """The symmetric A with A S A = V: the covariance is unbiased if the model is right.

    A = L (L'S L)^-1/2 L'. With L^-1 S L'^-1 = I - X* M X*' = F e F' and the singular value
    decomposition L'L F e^1/2 = P s Q', A = L P s^-1 P' L'. Directions in which a cluster
    determines its own coefficient have e = 0, no residual, and are left out.
    """
    r = x.shape[1]
    values, vectors = np.linalg.eigh(np.eye(r) - (x @ m) @ x.transpose(0, 2, 1))
    absent = np.sum(values < NO_RESIDUAL, axis=1)
    weights, turned = np.zeros_like(x), np.zeros_like(x)
    for none in np.unique(absent):
        own = np.flatnonzero(absent == none)
        lower = root[own]
        gram = lower.transpose(0, 2, 1) @ lower
        scaled = vectors[own][:, :, none:] * np.sqrt(values[own][:, None, none:])
        left, sizes, _ = np.linalg.svd(gram @ scaled, full_matrices=False)
        met = left @ ((left.transpose(0, 2, 1) @ x[own]) / sizes[:, :, None])
        weights[own], turned[own] = lower @ met, gram @ met
    return weights, turned
