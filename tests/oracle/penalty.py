"""Penalties of priors in NumPy: the oracle of the core's (``cpp/criterion/penalty.hpp``)."""

from __future__ import annotations

import numpy as np

from ranef.core import CovariancePenalty, Direction, Penalty, TermPenalty
from ranef.types import Array

__all__ = ["add_gamma", "add_hessian", "total", "value"]

# Effects of an SD below 1e-10, for inner columns of size one and beside the largest SD of the
# term, are there by rounding error.
ZERO = 1e-20


def value(form: CovariancePenalty, s: Array) -> float:
    """-2 log density at a covariance matrix S; infinite where the density is zero."""
    variances = np.diag(s)
    live = variances > 0.0
    if np.any(~live & (form.log_sd > 0.0)) or (form.log_det > 0.0 and not live.all()):
        return float("inf")
    v = variances[live]
    out = form.constant + float(np.sum(form.trace * s))
    out += float(np.sum(-0.5 * form.log_sd[live] * np.log(v) + form.sd[live] * np.sqrt(v)))
    out += float(np.sum(form.tail_weight[:, live] * np.log1p(v / form.tail_scale[:, live])))
    if (form.log_det > 0.0 or form.log_correlation > 0.0) and v.size:
        sign, log_det = np.linalg.slogdet(s[np.ix_(live, live)])
        if not sign > 0.0:
            return float("inf")
        out -= form.log_det * log_det + form.log_correlation * (log_det - np.log(v).sum())
    return float(out)


def slope(form: CovariancePenalty, s: Array) -> Array:
    """Derivative with respect to S, where no SD is zero."""
    variances = np.diag(s)
    out = form.trace - (form.log_det + form.log_correlation) * _inverse(form, s)
    diagonal = (form.tail_weight / (form.tail_scale + variances)).sum(axis=0)
    live = variances > 0.0
    v = variances[live]
    diagonal[live] += (form.log_correlation - 0.5 * form.log_sd[live]) / v
    diagonal[live] += 0.5 * form.sd[live] / np.sqrt(v)
    return np.asarray(out + np.diag(diagonal))


def curvature(form: CovariancePenalty, s: Array, e: Array, f: Array) -> float:
    """Second derivative along E and F, where no SD is zero."""
    variances = np.diag(s)
    inverse = _inverse(form, s)
    out = (form.log_det + form.log_correlation) * float(np.trace(inverse @ e @ inverse @ f))
    second = -(form.tail_weight / (form.tail_scale + variances) ** 2).sum(axis=0)
    live = variances > 0.0
    v = variances[live]
    second[live] += (0.5 * form.log_sd[live] - form.log_correlation) / v**2
    second[live] -= 0.25 * form.sd[live] / v**1.5
    return out + float(np.sum(second * np.diag(e) * np.diag(f)))


def _inverse(penalty: CovariancePenalty, s: Array) -> Array:
    """S^-1 over the effects with an SD, zero elsewhere; zero where it does not matter."""
    out = np.zeros_like(s)
    live = np.flatnonzero(np.diag(s) > 0.0)
    if live.size and (penalty.log_det > 0.0 or penalty.log_correlation > 0.0):
        out[np.ix_(live, live)] = np.linalg.inv(s[np.ix_(live, live)])
    return out


def covariance(term: TermPenalty, lambda_: list[Array]) -> Array:
    """S on the data's scale, variances of nothing but rounding error set to zero."""
    s = slice(term.block.offset, term.block.offset + term.block.q)
    t = lambda_[term.block.group][s, s]
    root = term.change @ t
    out = root @ root.T
    unit = ZERO * max(1.0, float(np.sum(t**2)))
    gone = ~(np.diag(out) > unit * np.sum(term.change**2, axis=1))
    out[gone] = 0.0
    out[:, gone] = 0.0
    return np.asarray(out)


def total(penalty: Penalty, lambda_: list[Array]) -> float:
    """What priors of covariances add to the criterion."""
    return sum(value(term.form, covariance(term, lambda_)) for term in penalty.terms)


def add_gamma(penalty: Penalty, gamma: list[Array], lambda_: list[Array]) -> None:
    """Add the derivative with respect to D; at an SD of zero, that along the best direction.

    Where s_i = 0, let the effect have a small SD r and correlations c with the others. To
    second order in r the criterion changes by 2 r sum_j G_ij s_j c_j + kappa c' C^-1 c +
    r^2 G_ii; the best c is proportional to r and leaves r^2 (G_ii - G_i S G_i' / kappa).
    """
    for term in penalty.terms:
        at = slice(term.block.offset, term.block.offset + term.block.q)
        s, b, kappa = covariance(term, lambda_), term.change, term.form.log_correlation
        whole = gamma[term.block.group]
        add = b.T @ slope(term.form, s) @ b
        zero = np.diag(s) == 0.0
        if kappa > 0.0 and zero.any():
            back = np.linalg.inv(b)
            total = back.T @ (whole[at, at] + add) @ back
            correction = np.where(zero[:, None] | zero[None, :], -total, 0.0)
            for i in np.flatnonzero(zero):
                cross = np.where(zero, 0.0, total[i])
                correction[i, i] = -cross @ s @ cross / kappa
            add = add + b.T @ correction @ b
        whole[at, at] += add


def add_hessian(
    penalty: Penalty, directions: list[Direction], hessian: Array, lambda_: list[Array]
) -> None:
    """Add the second derivatives along directions of D."""
    for term in penalty.terms:
        at = slice(term.block.offset, term.block.offset + term.block.q)
        s, b = covariance(term, lambda_), term.change
        own = [k for k, d in enumerate(directions) if d.group == term.block.group]
        moved = {k: b @ directions[k].d[at, at] @ b.T for k in own}
        for k in own:
            for m in own:
                hessian[k, m] += curvature(term.form, s, moved[k], moved[m])
