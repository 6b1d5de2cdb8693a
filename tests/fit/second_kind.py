"""A second kind of fit: a logistic or Poisson model whose estimates are given.

It shows what a generalised fit has to provide beside what it inherits. Its random effects are
there to be shown; the fixed effects are those of the model without them, for which there are
closed forms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NoReturn, Self

import numpy as np
import pandas as pd
from scipy import stats

import ranef as rn
from ranef.answers import refuse_unknown_options
from ranef.core import TermBlock, TermLabel
from ranef.design import Data
from ranef.errors import OptionError
from ranef.fit.large_sample import LargeSample
from ranef.fit.mixed_fit import MixedFit
from ranef.fit.ratios import Ratios
from ranef.fit.without_residual import WithoutResidual
from ranef.formula import Formula
from ranef.inference.ddf.normal import Normal
from ranef.inference.means.response import ResponseScale
from ranef.inference.rows import random_part
from ranef.solve import Control
from ranef.types import Array, Finding


def expit(eta: Array) -> Array:
    return 1.0 / (1.0 + np.exp(-eta))


def of_probability(eta: Array) -> Array:
    p = expit(eta)
    return p * (1.0 - p)


LOGIT = ResponseScale(
    "logit",
    expit,
    of_probability,
    lambda eta: of_probability(eta) * (1.0 - 2.0 * expit(eta)),
    "odds ratio",
    "log odds",
    "probability",
)
LOG = ResponseScale("log", np.exp, np.exp, np.exp, "rate ratio", "log of the mean count")
PROBIT = ResponseScale("probit", stats.norm.cdf, stats.norm.pdf, lambda e: -e * stats.norm.pdf(e))

FORMULA = "hit ~ f * x + h + (1 + x | g)"


@dataclass(frozen=True, slots=True)
class Spec:
    formula: Formula
    control: Control = field(default_factory=Control)
    given: Any = None


@dataclass(frozen=True, slots=True)
class Problem:
    n: int
    p: int
    terms: tuple[TermBlock, ...]
    labels: tuple[TermLabel, ...]
    prior: None = None


@dataclass(frozen=True, slots=True)
class Certificate:
    rank: Mapping[str, int]
    verdict: str = "interior optimum"
    certified: bool = True
    gain: float = 1e-12

    def __str__(self) -> str:
        return "certified interior optimum"


@dataclass(frozen=True, slots=True)
class Solution:
    theta: Array
    certificate: Certificate


@dataclass(frozen=True, slots=True)
class Estimates:
    beta: Array
    vcov: Array
    covariances: tuple[Array, ...]
    loglik: float
    n: int
    n_parameters: int
    sigma: None = None

    @property
    def deviance(self) -> float:
        return -2.0 * self.loglik

    @property
    def criterion(self) -> float:
        return self.deviance

    @property
    def aic(self) -> float:
        return self.deviance + 2.0 * self.n_parameters

    @property
    def bic(self) -> float:
        return self.deviance + float(np.log(self.n)) * self.n_parameters


@refuse_unknown_options("fit")
@dataclass(frozen=True, eq=False, repr=False)
class SecondFit(LargeSample, WithoutResidual, MixedFit):
    _spec: Spec
    _data: Data
    _problem: Problem
    _solution: Solution
    _estimates: Estimates
    _scale: ResponseScale
    findings: tuple[Finding, ...] = ()
    _kept: None = None

    _stored_as: ClassVar[str] = "second fit"

    @property
    def _response_scale(self) -> ResponseScale:
        return self._scale

    @property
    def _kind(self) -> str:
        return f"Generalised linear mixed model ({self._scale.link} link)"

    @property
    def _fitted_by(self) -> str:
        return "maximum likelihood (Laplace approximation)"

    @property
    def reml(self) -> bool:
        return False

    @property
    def _discrete(self) -> bool:
        return True

    def _call(self) -> NoReturn:
        raise OptionError("nobody called for it")

    @property
    def log(self) -> NoReturn:
        raise OptionError("no search was made")

    @property
    def _modes(self) -> tuple[Array, ...]:
        return tuple(
            0.1 * np.arange(t.n_levels * t.q, dtype=float).reshape(t.n_levels, t.q)
            for t in self._design.terms
        )

    @property
    def _conditional_covariances(self) -> tuple[Array, ...]:
        return tuple(np.tile(0.04 * np.eye(t.q), (t.n_levels, 1, 1)) for t in self._design.terms)

    @property
    def _fitted(self) -> Array:
        blocks = [(term.codes, term.Z) for term in self._design.terms]
        return self._scale.mean(self._mean + random_part(blocks, self._modes))

    def residuals(self, kind: str = "response", rows: str = "used") -> Any:
        values = self._design.y - self._fitted
        if kind == "pearson":
            values = values / np.sqrt(self._fitted)
        return self._on_rows(values)

    @property
    def leverage(self) -> NoReturn:
        raise OptionError("leverages are for linear models")

    def predict(self, newdata: Any = None, level: str = "conditional", **_: Any) -> Any:
        return self._scale.mean(self._mean) if level == "population" else self._fitted

    def _by_ml(self) -> Self:
        return self

    def _ratios(
        self, fits: Sequence[Self], method: str, n: int, seed: int | None, bar: Any
    ) -> Ratios:
        each = [fit._estimates for fit in fits]
        none = np.full(len(fits), np.nan)
        return Ratios(
            formulas=tuple(fit.formula for fit in fits),
            npar=np.array([float(e.n_parameters) for e in each]),
            aic=np.array([e.aic for e in each]),
            bic=np.array([e.bic for e in each]),
            loglik=np.array([e.loglik for e in each]),
            deviance=np.array([e.deviance for e in each]),
            statistic=none,
            df=none,
            p_value=none,
            law=("",) * len(fits),
        )

    def _coefficients_of(self, data: Data) -> tuple[Array, Normal]:
        beta, vcov, _ = maximum(data.design.X, data.design.y, data.offset, self._scale)
        return beta, Normal(vcov)

    def _stored_parts(self) -> dict[str, Any]:
        return {"formula": self.formula}


def fit_from(parts: Any) -> SecondFit | None:
    return second(parts["formula"]) if isinstance(parts, dict) else None


def maximum(
    x: Array, y: Array, offset: Array | None, scale: ResponseScale
) -> tuple[Array, Array, float]:
    """Fixed effects, their covariance and the log-likelihood of a model with a canonical link."""
    o = np.zeros(y.size) if offset is None else offset
    beta = np.zeros(x.shape[1])
    if scale is LOG:
        beta = np.linalg.lstsq(x, np.log(y + 0.5) - o)[0]
    for _ in range(50):
        eta = x @ beta + o
        information = x.T @ (scale.slope(eta)[:, None] * x)
        beta = beta + np.linalg.solve(information, x.T @ (y - scale.mean(eta)))
    eta = x @ beta + o
    total = np.exp(eta) if scale is LOG else np.log1p(np.exp(eta))
    return beta, np.linalg.inv(information), float(np.sum(y * eta - total))


def data() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    n = 240
    frame = pd.DataFrame(
        {
            "f": pd.Categorical.from_codes(np.arange(n) % 3, ["a", "b", "c"]),
            "h": pd.Categorical.from_codes((np.arange(n) // 3) % 2, ["no", "yes"]),
            "x": rng.normal(size=n),
            "time": rng.uniform(1.0, 3.0, n),
            "g": np.repeat(np.arange(12), 20),
        }
    )
    eta = -0.4 + 0.8 * (frame["f"] == "b") + 0.6 * frame["x"]
    frame["hit"] = (rng.uniform(size=n) < expit(eta.to_numpy())).astype(float)
    frame["count"] = rng.poisson(np.exp(eta.to_numpy()) * frame["time"]).astype(float)
    return frame


def second(
    formula: str, scale: ResponseScale = LOGIT, frame: pd.DataFrame | None = None
) -> SecondFit:
    """A fit of the second kind, over the design that a linear model has for the same formula."""
    linear = rn.lmm(formula, data() if frame is None else frame)
    own, design = linear._data, linear._design
    beta, vcov, loglik = maximum(design.X, design.y, own.offset, scale)
    terms, labels = linear._problem.terms, linear._problem.labels
    covariances = tuple(0.25 * np.eye(term.q) for term in terms)
    theta = np.concatenate([0.5 * np.eye(t.q)[np.tril_indices(t.q)] for t in terms])
    return SecondFit(
        Spec(linear._formula),
        own,
        Problem(design.n, design.p, terms, labels),
        Solution(theta, Certificate({label.label: len(label.names) for label in labels})),
        Estimates(beta, vcov, covariances, loglik, design.n, beta.size + theta.size),
        scale,
    )
