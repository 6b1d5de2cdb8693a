"""Priors as penalties of the criterion: what a kernel is given, and the mathematics in NumPy.

With S = B D B' the relative covariance of a term on the data's scale, s_i = sqrt(S_ii) and C its
correlation matrix, -2 log density of every prior offered is a sum of the forms in
:class:`CovariancePenalty`, and so is that of a product of priors.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from ranef.core.protocol import Direction, TermBlock
from ranef.types import Array

__all__ = ["NO_PENALTY", "CovariancePenalty", "Penalty", "TermPenalty"]

# Effects of an SD below 1e-10, for inner columns of size one and beside the largest SD of the
# term, are there by rounding error.
ZERO = 1e-20


def _none() -> Array:
    return np.zeros((0, 0))


@dataclass(frozen=True, slots=True, eq=False)
class CovariancePenalty:
    """Coefficients of the sum

    -a log|S| + tr(K S) - kappa log|C| + sum_i (-g_i log s_i + r_i s_i)
    + sum_i w_i log(1 + S_ii / t_i) + constant.

    Attributes
    ----------
    log_det, log_correlation : float
        a and kappa; not negative.
    trace : ndarray, shape (q, q)
        K.
    log_sd, sd : ndarray, shape (q,)
        g and r; r_i > 0 only where g_i > 0.
    tail_weight, tail_scale : ndarray, shape (m, q)
        w and t, one row for each half-t prior.
    constant : float
    """

    q: int
    log_det: float = 0.0
    log_correlation: float = 0.0
    trace: Array = field(default_factory=_none)
    log_sd: Array = field(default_factory=_none)
    sd: Array = field(default_factory=_none)
    tail_weight: Array = field(default_factory=_none)
    tail_scale: Array = field(default_factory=_none)
    constant: float = 0.0

    def __post_init__(self) -> None:
        shapes = {
            "trace": (self.q, self.q),
            "log_sd": (self.q,),
            "sd": (self.q,),
            "tail_weight": (0, self.q),
            "tail_scale": (0, self.q),
        }
        for name, shape in shapes.items():
            if getattr(self, name).size == 0:
                object.__setattr__(self, name, np.zeros(shape))

    def __add__(self, other: CovariancePenalty) -> CovariancePenalty:
        return CovariancePenalty(
            q=self.q,
            log_det=self.log_det + other.log_det,
            log_correlation=self.log_correlation + other.log_correlation,
            trace=self.trace + other.trace,
            log_sd=self.log_sd + other.log_sd,
            sd=self.sd + other.sd,
            tail_weight=np.vstack([self.tail_weight, other.tail_weight]),
            tail_scale=np.vstack([self.tail_scale, other.tail_scale]),
            constant=self.constant + other.constant,
        )

    def of_first(self, q: int) -> CovariancePenalty:
        """A penalty of one effect as that of the first of q effects that share their variance."""
        out = CovariancePenalty(
            q,
            tail_weight=np.zeros((self.tail_weight.shape[0], q)),
            tail_scale=np.ones((self.tail_scale.shape[0], q)),
            constant=self.constant,
        )
        for name in ("trace", "log_sd", "sd", "tail_weight", "tail_scale"):
            whole, one = getattr(out, name), getattr(self, name)
            whole[tuple(slice(n) for n in one.shape)] = one
        return out

    @property
    def has_barrier(self) -> bool:
        """Whether the density is zero at every singular covariance matrix."""
        return self.log_det > 0.0 or (self.q == 1 and bool(self.log_sd[0] > 0.0))

    def value(self, s: Array) -> float:
        """-2 log density at a covariance matrix S; infinite where the density is zero."""
        variances = np.diag(s)
        live = variances > 0.0
        if np.any(~live & (self.log_sd > 0.0)) or (self.log_det > 0.0 and not live.all()):
            return float("inf")
        v = variances[live]
        out = self.constant + float(np.sum(self.trace * s))
        out += float(np.sum(-0.5 * self.log_sd[live] * np.log(v) + self.sd[live] * np.sqrt(v)))
        out += float(np.sum(self.tail_weight[:, live] * np.log1p(v / self.tail_scale[:, live])))
        if (self.log_det > 0.0 or self.log_correlation > 0.0) and v.size:
            sign, log_det = np.linalg.slogdet(s[np.ix_(live, live)])
            if not sign > 0.0:
                return float("inf")
            out -= self.log_det * log_det + self.log_correlation * (log_det - np.log(v).sum())
        return float(out)

    def slope(self, s: Array) -> Array:
        """Derivative with respect to S, where no SD is zero."""
        variances = np.diag(s)
        out = self.trace - (self.log_det + self.log_correlation) * _inverse(self, s)
        diagonal = (self.tail_weight / (self.tail_scale + variances)).sum(axis=0)
        live = variances > 0.0
        v = variances[live]
        diagonal[live] += (self.log_correlation - 0.5 * self.log_sd[live]) / v
        diagonal[live] += 0.5 * self.sd[live] / np.sqrt(v)
        return np.asarray(out + np.diag(diagonal))

    def curvature(self, s: Array, e: Array, f: Array) -> float:
        """Second derivative along E and F, where no SD is zero."""
        variances = np.diag(s)
        inverse = _inverse(self, s)
        out = (self.log_det + self.log_correlation) * float(np.trace(inverse @ e @ inverse @ f))
        second = -(self.tail_weight / (self.tail_scale + variances) ** 2).sum(axis=0)
        live = variances > 0.0
        v = variances[live]
        second[live] += (0.5 * self.log_sd[live] - self.log_correlation) / v**2
        second[live] -= 0.25 * self.sd[live] / v**1.5
        return out + float(np.sum(second * np.diag(e) * np.diag(f)))


def _inverse(penalty: CovariancePenalty, s: Array) -> Array:
    """S^-1 over the effects with an SD, zero elsewhere; zero where it does not matter."""
    out = np.zeros_like(s)
    live = np.flatnonzero(np.diag(s) > 0.0)
    if live.size and (penalty.log_det > 0.0 or penalty.log_correlation > 0.0):
        out[np.ix_(live, live)] = np.linalg.inv(s[np.ix_(live, live)])
    return out


@dataclass(frozen=True, slots=True, eq=False)
class TermPenalty:
    """A penalty of one random-effects term: where it stands, and B."""

    block: TermBlock
    change: Array
    form: CovariancePenalty

    def covariance(self, lambda_: list[Array]) -> Array:
        """S on the data's scale, variances of nothing but rounding error set to zero."""
        s = slice(self.block.offset, self.block.offset + self.block.q)
        t = lambda_[self.block.group][s, s]
        root = self.change @ t
        out = root @ root.T
        unit = ZERO * max(1.0, float(np.sum(t**2)))
        gone = ~(np.diag(out) > unit * np.sum(self.change**2, axis=1))
        out[gone] = 0.0
        out[:, gone] = 0.0
        return np.asarray(out)


@dataclass(frozen=True, slots=True, eq=False)
class Penalty:
    """All that priors add to a problem.

    Attributes
    ----------
    terms : tuple of TermPenalty
    fixed_rows : ndarray, shape (k, p + 1), or None
        A normal prior of the fixed effects: rows of [X y] without random effects.
    """

    terms: tuple[TermPenalty, ...] = ()
    fixed_rows: Array | None = None

    @property
    def n_fixed(self) -> int:
        return 0 if self.fixed_rows is None else int(self.fixed_rows.shape[0])

    def without_fixed(self) -> Penalty:
        return replace(self, fixed_rows=None)

    def value(self, lambda_: list[Array]) -> float:
        return sum(term.form.value(term.covariance(lambda_)) for term in self.terms)

    def add_gamma(self, gamma: list[Array], lambda_: list[Array]) -> None:
        """Add the derivative with respect to D; at an SD of zero, that along the best direction.

        Where s_i = 0, let the effect have a small SD r and correlations c with the others. To
        second order in r the criterion changes by 2 r sum_j G_ij s_j c_j + kappa c' C^-1 c +
        r^2 G_ii; the best c is proportional to r and leaves r^2 (G_ii - G_i S G_i' / kappa).
        """
        for term in self.terms:
            at = slice(term.block.offset, term.block.offset + term.block.q)
            s, b, kappa = term.covariance(lambda_), term.change, term.form.log_correlation
            whole = gamma[term.block.group]
            add = b.T @ term.form.slope(s) @ b
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
        self, directions: list[Direction], hessian: Array, lambda_: list[Array]
    ) -> None:
        for term in self.terms:
            at = slice(term.block.offset, term.block.offset + term.block.q)
            s, b = term.covariance(lambda_), term.change
            own = [k for k, d in enumerate(directions) if d.group == term.block.group]
            moved = {k: b @ directions[k].d[at, at] @ b.T for k in own}
            for k in own:
                for m in own:
                    hessian[k, m] += term.form.curvature(s, moved[k], moved[m])


NO_PENALTY = Penalty()
