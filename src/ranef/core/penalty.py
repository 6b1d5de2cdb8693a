"""Priors as penalties of the criterion: what a kernel is given.

With S = B D B' the relative covariance of a term on the data's scale, s_i = sqrt(S_ii) and C its
correlation matrix, -2 log density of every prior offered is a sum of the forms in
:class:`CovariancePenalty`, and so is that of a product of priors.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ranef.core.protocol import TermBlock
from ranef.types import Array

__all__ = ["NO_PENALTY", "CovariancePenalty", "Penalty", "TermPenalty"]


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


@dataclass(frozen=True, slots=True, eq=False)
class TermPenalty:
    """A penalty of one random-effects term: where it stands, and B."""

    block: TermBlock
    change: Array
    form: CovariancePenalty


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


NO_PENALTY = Penalty()
