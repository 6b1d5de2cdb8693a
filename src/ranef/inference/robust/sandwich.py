"""The cluster-robust covariance of the fixed effects, and tests with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from ranef.core import one_blas_thread
from ranef.inference.ddf import Fitted, Joint
from ranef.inference.ddf.rows import independent_rows
from ranef.inference.robust.bases import bases, bases_of_sums
from ranef.inference.robust.clusters import Clusters, ClusterSums
from ranef.inference.robust.kinds import NO_RESIDUAL, Kind
from ranef.problem.parameters import group_lambdas
from ranef.solve.solution import at_solution
from ranef.types import Array

__all__ = ["Sandwich", "sandwich"]


@dataclass(frozen=True, slots=True)
class Sandwich:
    """M (sum of g_j g_j') M with g_j = K_j'e_j, and how well it is known.

    For l'beta, cluster j contributes the square of a_j'e, a_j = K_j M l. Under the model these
    have the covariances G_jk = delta_jk d_j - B_j'M B_k, d_j = a_j'V_j a_j, B_j = X_j'a_j, so that
    the degrees of freedom are (tr G)^2 / tr G^2 (Bell and McCaffrey 2002). Several rows are tested
    by the approximate Hotelling statistic: the covariance of L beta is taken for a Wishart matrix
    with the same mean and total variance of its elements (Pustejovsky and Tipton 2018, section 3).
    No clusters by clusters matrix is formed.

    Attributes
    ----------
    name : str
    vcov : ndarray, shape (p, p)
    model : ndarray, shape (p, p)
        The model's own covariance matrix, on the data's scale.
    back : ndarray, shape (p, p)
        From inner coefficients to the data's, R.
    m : ndarray, shape (p, p)
        (X'V^-1 X)^-1, inner.
    own : ndarray, shape (J, p, p)
        K_j'V_j K_j.
    shared : ndarray, shape (J, p, p)
        X_j'K_j.
    factor : float
        What the sum of the squares is multiplied by.
    """

    name: str
    vcov: Array
    model: Array
    back: Array = field(repr=False)
    m: Array = field(repr=False)
    own: Array = field(repr=False)
    shared: Array = field(repr=False)
    normal: ClassVar[bool] = False

    def df(self, rows: Array) -> Array:
        asks = rows.any(axis=1)  # a row of zeros has nothing that is estimated
        out = np.full(rows.shape[0], np.nan)
        with one_blas_thread():
            out[asks] = [self._wishart(row[None, :]) for row in rows[asks]]
        return out

    def joint(self, rows: Array, difference: Array) -> Joint:
        size = np.sqrt(np.einsum("ma,ab,mb->m", rows, self.model, rows))
        size[size == 0.0] = 1.0
        turned, apart, _ = independent_rows(rows / size[:, None], difference / size, self.model)
        q = apart.size
        if q == 0:
            return Joint(float("nan"), 0, float("nan"))
        spread = turned @ self.vcov @ turned.T
        statistic = float(apart @ np.linalg.lstsq(spread, apart)[0]) / q
        df = self._wishart(turned)
        scale = (df - q + 1.0) / df
        if not scale > 0.0:  # too few clusters for so many rows: the statistic has no law
            return Joint(float("nan"), q, float("nan"))
        return Joint(scale * statistic, q, df - q + 1.0, scale)

    def _wishart(self, rows: Array) -> float:
        """q (q + 1) over the summed variances of the elements, in the metric of their mean."""
        q = rows.shape[0]
        at = self.m @ (rows @ self.back).T  # p x q
        own = at.T @ self.own @ at  # J x q x q
        shared = self.shared @ at  # J x p x q
        met = np.linalg.cholesky(self.m).T @ shared
        mean = np.sum(own - met.transpose(0, 2, 1) @ met, axis=0)
        known = at.T @ np.linalg.solve(self.m, at)
        if _smallest_ratio(mean, known) < NO_RESIDUAL:
            return float("nan")  # no residual tells of some combination of the rows
        root = np.linalg.inv(np.linalg.cholesky(mean))
        own, met = root @ own @ root.T, met @ root.T
        inner = met.transpose(0, 2, 1) @ met
        across = np.einsum("jas,jbt->stab", met, met, optimize=True)
        each, of = np.einsum("jss->js", own), np.einsum("jss->js", inner)
        total = (each.sum(axis=1) ** 2).sum() - 2.0 * (each.sum(axis=1) * of.sum(axis=1)).sum()
        total += np.sum(own**2) - 2.0 * np.sum(own * inner)
        total += np.sum(across**2) + np.einsum("stab,stba->", across, across)
        return float(q * (q + 1.0) / total)


def _smallest_ratio(a: Array, b: Array) -> float:
    """The smallest eigenvalue of a in the metric of b."""
    half = np.linalg.inv(np.linalg.cholesky(b))
    return float(np.linalg.eigvalsh(half @ a @ half.T)[0])


def sandwich(name: str, kind: Kind, fitted: Fitted, clusters: Clusters | ClusterSums) -> Sandwich:
    """One pass over the clusters, O(r^3) each for r columns.

    Parameters
    ----------
    name : str
    kind : Kind
    fitted : Fitted
    clusters : Clusters or ClusterSums
    """
    problem, solution = fitted.problem, fitted.solution
    with at_solution(problem, solution) as kernel:
        covariances = [t @ t.T for t in group_lambdas(problem, solution.inner)]
        m, p = kernel.xx_inverse, problem.p
        own, shared = np.empty((2, clusters.count, p, p))
        scores = np.empty((clusters.count, p))
        with one_blas_thread():  # of many small matrices, for which several threads would wait
            if isinstance(clusters, ClusterSums):
                batches = bases_of_sums(clusters.levels, kernel.beta, covariances)
            else:
                rows = problem.rows_of(fitted.design, fitted.y, fitted.weights)
                batches = bases(rows, kernel.beta, covariances, clusters)
            for basis in batches:
                root: Array = np.asarray(np.linalg.cholesky(basis.covariance), dtype=np.float64)
                weights, turned = kind.weights(root, np.asarray(np.linalg.solve(root, basis.x)), m)
                own[basis.which] = turned.transpose(0, 2, 1) @ turned
                shared[basis.which] = basis.x.transpose(0, 2, 1) @ weights
                scores[basis.which] = np.einsum("brp,br->bp", weights, basis.residual)
        scaling = problem.scaling
        bread = scaling.y_scale * (scaling.R @ m)
        half = scores @ bread.T
        vcov = kind.factor(clusters.count) * (half.T @ half)
        return Sandwich(name, vcov, fitted.estimates.vcov, scaling.R, m, own, shared)
