"""The criterion without cross-products: a QR decomposition of [Z Lambda, X, y; I, 0, 0].

Rows are sorted by size, so that Householder's method is stable row by row (Higham 2002, section
19.4). Of the digits of r2 it loses half as many as cross-products do.
"""

from __future__ import annotations

import numpy as np

__all__ = ["criterion_of", "lowest"]


def criterion_of(terms, x, y, weights=None, reml=True):
    """The profiled criterion as a function of theta.

    `terms`: codes and columns, shape (n, q), of each; lower triangles follow by column in theta.
    """
    n, p = x.shape
    w = np.ones(n) if weights is None else np.asarray(weights, dtype=float)
    root = np.sqrt(w)[:, None]
    indicators = [(codes[:, None] == np.unique(codes)).astype(float) for codes, _ in terms]

    def criterion(theta):
        blocks, theta = [], list(theta)
        for indicator, (_, columns) in zip(indicators, terms, strict=True):
            q = columns.shape[1]
            for b in range(q):
                combined = sum(theta.pop(0) * columns[:, a] for a in range(b, q))
                blocks.append(indicator * combined[:, None] * root)
        z = np.hstack(blocks)
        size = z.shape[1]
        m = np.zeros((n + size, size + p + 1))
        m[:n, :size], m[:n, size:-1], m[:n, -1:] = z, x * root, y[:, None] * root
        m[n:, :size] = np.eye(size)
        m = m[np.argsort(-np.abs(m[:, :-1]).max(axis=1), kind="stable")]
        r = np.abs(np.diag(np.linalg.qr(m, mode="r")))
        nu = n - p if reml else n
        value = 2.0 * np.log(r[:size]).sum() + nu * (1.0 + np.log(2.0 * np.pi * r[-1] ** 2 / nu))
        if reml:
            value += 2.0 * np.log(r[size:-1]).sum()
        return float(value - np.log(w).sum())

    return criterion


def lowest(criterion, theta):
    """The lowest value that a simplex finds from theta."""
    from scipy.optimize import minimize

    theta = np.asarray(theta, dtype=float)
    size = np.maximum(np.abs(theta), 1e-3)
    simplex = np.vstack([np.zeros(theta.size), 0.05 * np.eye(theta.size)])
    found = minimize(
        lambda h: criterion(theta + size * h),
        np.zeros(theta.size),
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-11, "maxiter": 3000, "initial_simplex": simplex},
    )
    return min(found.fun, criterion(theta))
