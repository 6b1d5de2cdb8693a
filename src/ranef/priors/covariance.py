"""Priors of the random effects' relative covariance matrix S = Cov(b) / sigma^2.

Each knows the penalty, -2 log density, that it adds to the criterion for a term of q effects.
Densities are those of S (Wishart), of the SDs sqrt(S_ii) (gamma, half-t, half-normal) or of the
correlation matrix (LKJ). A mode depends on what the density is a density of; these are the
conventions of blme, and of Stan's users for the last three.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite, lgamma, log, pi
from typing import Any, ClassVar

import numpy as np

from ranef.core import CovariancePenalty
from ranef.errors import OptionError
from ranef.options import real, shown
from ranef.page.shown import Call
from ranef.types import Array

__all__ = ["LKJ", "CovariancePrior", "Gamma", "HalfNormal", "HalfT", "Wishart"]


class CovariancePrior(Call, ABC):
    """A prior of the relative covariance matrix of a random-effects term."""

    __slots__ = ()

    of_sds: ClassVar[bool] = False
    """Whether it is one of each standard deviation: where effects share one, it counts once."""

    @abstractmethod
    def penalty(self, q: int, where: str = "") -> CovariancePenalty:
        """-2 log density for a term of q effects; `where` names the term in errors."""

    def for_size(self, q: int) -> CovariancePrior:
        """The same prior with what depends on the number of effects filled in."""
        return self


@dataclass(frozen=True, slots=True)
class Wishart(CovariancePrior):
    """Wishart prior of the relative covariance matrix: blme's default.

    With an infinite scale the density is proportional to ``|S|^((df - q - 1) / 2)``, which is zero
    at every singular matrix and, with the default df, as weak as a density can be that pulls the
    mode off the boundary and lets the likelihood speak elsewhere.

    Parameters
    ----------
    df : float, optional
        Degrees of freedom; q + 2.5 where not given. At least q + 1: below, the density is infinite
        at singular matrices and no mode exists.
    scale : float or array-like, shape (q,) or (q, q)
        Scale matrix, its diagonal, or one number for the whole diagonal; infinite by default.

    References
    ----------
    Chung, Gelman, Rabe-Hesketh, Liu and Dorie (2015), Weakly informative prior for point
    estimation of covariance matrices in hierarchical models, Journal of Educational and Behavioral
    Statistics 40(2); the reference manual of blme, ``bmerDist-class``.

    Examples
    --------
    >>> import ranef as rn
    >>> fit = rn.lmm(
    ...     "math ~ ses * sector + (ses | sch.id)",
    ...     rn.datasets.load("hsb"),
    ...     prior=rn.priors.Wishart(),
    ... )
    >>> fit.certificate.verdict, round(fit.criterion, 2)
    ('interior optimum', 46581.64)
    """

    df: float | None = None
    scale: Any = inf

    def __post_init__(self) -> None:
        if self.df is not None and not isfinite(_number("df", self.df)):
            raise OptionError("the degrees of freedom are not finite", found=f"df={self.df}")
        object.__setattr__(self, "scale", _frozen("scale", self.scale))

    def for_size(self, q: int) -> Wishart:
        return self if self.df is not None else Wishart(q + 2.5, self.scale)

    def penalty(self, q: int, where: str = "") -> CovariancePenalty:
        df = q + 2.5 if self.df is None else float(self.df)
        if df < q + 1:
            raise OptionError(
                "this Wishart density is infinite at singular covariance matrices: it has no mode",
                where=where,
                found=f"df={df:g} for {_effects(q)}",
                fix=f"use df of at least {q + 1}; blme's default is {q + 2.5:g}",
            )
        matrix = self._matrix(q, where)
        if matrix is None:
            return CovariancePenalty(q, log_det=df - q - 1)
        _, log_det = np.linalg.slogdet(matrix)
        constant = df * (q * log(2.0) + float(log_det)) + 0.5 * q * (q - 1) * log(pi)
        constant += 2.0 * sum(lgamma(0.5 * (df + 1 - i)) for i in range(1, q + 1))
        return CovariancePenalty(
            q, log_det=df - q - 1, trace=np.asarray(np.linalg.inv(matrix)), constant=constant
        )

    def _matrix(self, q: int, where: str) -> Array | None:
        scale = np.asarray(self.scale, dtype=np.float64)
        if np.all(np.isinf(scale)) and np.all(scale > 0.0):
            return None
        matrix = scale if scale.ndim == 2 else np.diag(np.broadcast_to(scale, (q,)).astype(float))
        good = matrix.shape == (q, q) and bool(np.all(np.isfinite(matrix)))
        if not (good and np.allclose(matrix, matrix.T) and np.linalg.eigvalsh(matrix)[0] > 0.0):
            raise OptionError(
                "the scale of a Wishart prior is not a covariance matrix of the right size",
                where=where,
                found=f"scale={self.scale!r} for {_effects(q)}",
                fix=f"give inf, a positive number, or a positive definite {q} x {q} matrix",
            )
        return np.asarray(matrix)

    def __repr__(self) -> str:
        parts = [] if self.df is None else [f"df={self.df:g}"]
        return f"Wishart({', '.join([*parts, f'scale={_text(self.scale)}'])})"


@dataclass(frozen=True, slots=True)
class Gamma(CovariancePrior):
    """Gamma prior of the relative standard deviation of a single random effect, or of all.

    The density is proportional to s^(shape - 1) exp(-rate s). blme's default, shape 2.5 and rate
    0, is the Wishart prior of one effect. Effects can share their SD, as in ``ar1(...)``. For terms
    with several SDs use :class:`Wishart`, or :class:`LKJ`.

    Parameters
    ----------
    shape : float
        More than 1: at 1 and below the density does not go to zero with the SD.
    rate : float
        Not negative; 1 over a relative SD in the data's units.

    References
    ----------
    Chung, Rabe-Hesketh, Dorie, Gelman and Liu (2013), A nondegenerate penalized likelihood
    estimator for variance parameters in multilevel models, Psychometrika 78(4).

    Examples
    --------
    >>> import ranef as rn
    >>> data = rn.datasets.load("dyestuff2")
    >>> fit = rn.lmm("Yield ~ 1 + (1 | Batch)", data, prior=rn.priors.Gamma())
    >>> fit.certificate.verdict, fit.prior
    ('interior optimum', {'Batch': Gamma(shape=2.5, rate=0)})
    """

    of_sds: ClassVar[bool] = True

    shape: float = 2.5
    rate: float = 0.0

    def __post_init__(self) -> None:
        if not 1.0 < _number("shape", self.shape) < inf:
            raise OptionError(
                "a gamma prior needs a shape above 1",
                found=f"shape={self.shape:g}: the density of an SD of zero is not zero",
                fix="use a larger shape (blme's default is 2.5); HalfNormal and HalfT allow zero",
            )
        if not 0.0 <= _number("rate", self.rate) < inf:
            raise OptionError(
                "the rate of a gamma prior is not negative",
                found=f"rate={self.rate:g}",
                fix="use 0 for a density that grows with a power of the SD",
            )

    def penalty(self, q: int, where: str = "") -> CovariancePenalty:
        if q > 1:
            raise OptionError(
                "a gamma prior is one of a single standard deviation",
                where=where,
                found=_effects(q),
                fix="use Wishart() for the whole covariance matrix, or [LKJ(), HalfT()]",
            )
        constant = 0.0
        if self.rate > 0.0:
            constant = -2.0 * (self.shape * log(self.rate) - lgamma(self.shape))
        return CovariancePenalty(
            q,
            log_sd=np.full(q, 2.0 * (self.shape - 1.0)),
            sd=np.full(q, 2.0 * self.rate),
            constant=constant,
        )

    def __repr__(self) -> str:
        return f"Gamma(shape={self.shape:g}, rate={self.rate:g})"


@dataclass(frozen=True, slots=True)
class LKJ(CovariancePrior):
    """Prior of the correlations of a term's random effects; the SDs are left alone.

    The density is proportional to ``|C|^(eta - 1)``: 1 is flat, larger values favour correlations
    near zero. It keeps correlations off +1 and -1, not SDs off zero: combine it with a prior of
    the SDs in a list for that. A term of one effect has no correlation and is not affected.

    Parameters
    ----------
    eta : float
        At least 1: below, the density is infinite at perfect correlations and no mode exists.

    References
    ----------
    Lewandowski, Kurowicka and Joe (2009), Generating random correlation matrices based on vines
    and extended onion method, Journal of Multivariate Analysis 100(9), eq. 16.

    Examples
    --------
    >>> import ranef as rn
    >>> fit = rn.lmm(
    ...     "Reaction ~ Days + (Days | Subject)",
    ...     rn.datasets.load("sleepstudy"),
    ...     prior=[rn.priors.LKJ(2), rn.priors.HalfT(df=3, scale=2.5)],
    ... )
    >>> fit.certificate.certified
    True
    """

    eta: float = 2.0

    def __post_init__(self) -> None:
        if not 1.0 <= _number("eta", self.eta) < inf:
            raise OptionError(
                "eta of an LKJ prior is at least 1",
                found=f"eta={self.eta:g}: the density is infinite at a perfect correlation",
                fix="use 1 for flat, 2 for weakly informative",
            )

    def penalty(self, q: int, where: str = "") -> CovariancePenalty:
        log_volume = 0.0
        for k in range(1, q):
            half = self.eta + 0.5 * (q - k - 1)
            log_volume += (2.0 * self.eta - 2.0 + q - k) * (q - k) * log(2.0)
            log_volume += (q - k) * (2.0 * lgamma(half) - lgamma(2.0 * half))
        weight = 2.0 * (self.eta - 1.0) if q > 1 else 0.0
        return CovariancePenalty(q, log_correlation=weight, constant=2.0 * log_volume)

    def __repr__(self) -> str:
        return f"LKJ(eta={self.eta:g})"


@dataclass(frozen=True, slots=True)
class HalfNormal(CovariancePrior):
    """Half-normal prior of each relative standard deviation of a term.

    Zero has the largest density: large SDs are held back, a mode on the boundary stays there.

    Parameters
    ----------
    scale : float or sequence of float, shape (q,)
        One for all effects of a term, or one for each, in units of response over predictor and
        sigma.

    References
    ----------
    Gelman (2006), Prior distributions for variance parameters in hierarchical models, Bayesian
    Analysis 1(3).

    Examples
    --------
    >>> import ranef as rn
    >>> rn.priors.HalfNormal(scale=1)
    HalfNormal(scale=1)
    """

    of_sds: ClassVar[bool] = True

    scale: Any = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", _positive("scale", self.scale))

    def penalty(self, q: int, where: str = "") -> CovariancePenalty:
        scale = _scales(self.scale, q, where)
        constant = float(np.sum(np.log(2.0 * pi * scale**2) - 2.0 * log(2.0)))
        return CovariancePenalty(q, trace=np.diag(scale**-2.0), constant=constant)

    def __repr__(self) -> str:
        return f"HalfNormal(scale={_text(self.scale)})"


@dataclass(frozen=True, slots=True)
class HalfT(CovariancePrior):
    """Half-t prior of each relative standard deviation of a term.

    Zero has the largest density: large SDs are held back gently, a mode on the boundary stays
    there.

    Parameters
    ----------
    df : float
        Degrees of freedom; 1 is the half-Cauchy.
    scale : float or sequence of float, shape (q,)
        One for all effects of a term, or one for each, in units of response over predictor and
        sigma.

    References
    ----------
    Gelman (2006), Prior distributions for variance parameters in hierarchical models, Bayesian
    Analysis 1(3).

    Examples
    --------
    >>> import ranef as rn
    >>> rn.priors.HalfT(df=3, scale=(2.5, 1))
    HalfT(df=3, scale=(2.5, 1))
    """

    of_sds: ClassVar[bool] = True

    df: float = 3.0
    scale: Any = 2.5

    def __post_init__(self) -> None:
        if not 0.0 < _number("df", self.df) < inf:
            raise OptionError(
                "the degrees of freedom of a half-t prior are positive and finite",
                found=f"df={self.df:g}",
                fix="use HalfNormal() for the limit of infinite df",
            )
        object.__setattr__(self, "scale", _positive("scale", self.scale))

    def penalty(self, q: int, where: str = "") -> CovariancePenalty:
        scale, df = _scales(self.scale, q, where), float(self.df)
        each = log(2.0) + lgamma(0.5 * (df + 1.0)) - lgamma(0.5 * df) - 0.5 * log(df * pi)
        return CovariancePenalty(
            q,
            tail_weight=np.full((1, q), df + 1.0),
            tail_scale=df * scale[None, :] ** 2,
            constant=-2.0 * float(np.sum(each - np.log(scale))),
        )

    def __repr__(self) -> str:
        return f"HalfT(df={self.df:g}, scale={_text(self.scale)})"


def _number(name: str, value: Any) -> float:
    what = f"{name} is not a number"
    return real(name, value, what=what, fix="use the default, or a number", infinite=True)


def _frozen(name: str, value: Any) -> Any:
    """A number, or nested tuples of numbers."""
    if isinstance(value, (Sequence, np.ndarray)) and not isinstance(value, str):
        return tuple(_frozen(name, item) for item in value)
    return _number(name, value)


def _positive(name: str, value: Any) -> Any:
    out = _frozen(name, value)
    values = np.asarray(out, dtype=np.float64)
    if values.ndim > 1 or values.size == 0 or not np.all((values > 0.0) & np.isfinite(values)):
        raise OptionError(
            f"{name} is one positive number, or one for each random effect of a term",
            found=f"{name}={shown(value)}",
            fix="give one positive number, or as many as the term has effects",
        )
    return out


def _scales(scale: Any, q: int, where: str) -> Array:
    values = np.atleast_1d(np.asarray(scale, dtype=np.float64))
    if values.size not in (1, q):
        raise OptionError(
            "the prior has another number of scales than the term has effects",
            where=where,
            found=f"{values.size} scales, {_effects(q)}",
            fix="give one number, or one for each effect",
        )
    return np.asarray(np.broadcast_to(values, (q,)).copy())


def _effects(q: int) -> str:
    return "a term of 1 random effect" if q == 1 else f"a term of {q} random effects"


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        inner = ", ".join(_text(item) for item in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return f"{value:g}"
