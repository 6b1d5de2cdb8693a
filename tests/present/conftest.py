"""A fit made of given numbers, with the members that the presentation layer reads."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ranef.core import TermLabel
from ranef.present.protocol import TermCovariance
from ranef.present.text.words import Words
from ranef.types import Finding, MissingRows

HERE = Path(__file__).parent
HSB = json.loads((HERE / "hsb.json").read_text())
NO_ROWS_MISSING = MissingRows(np.array([], dtype=np.int64), {}, 7185)
COLUMNS = ["estimate", "std_error", "df", "statistic", "p_value", "conf_low", "conf_high"]


@dataclass(frozen=True)
class FakeCertificate:
    verdict: str = "interior optimum"
    certified: bool = True
    gain: float = 2e-12
    rank: Mapping[str, int] = field(default_factory=lambda: {"sch.id": 2})
    sentence: str = "certified interior optimum: predicted gain 2e-12 deviance units"

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True)
class FakeFit:
    formula: str
    table: pd.DataFrame
    components: pd.DataFrame
    sigma: float
    loglik: float
    aic: float
    bic: float
    criterion: float
    df_model: int
    reml: bool = True
    prior: Mapping[str, Any] | None = None
    nobs: int = 7185
    ngroups: Mapping[str, int] = field(default_factory=lambda: {"sch.id": 160})
    dropped: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    missing_rows: MissingRows = NO_ROWS_MISSING
    findings: tuple[Finding, ...] = ()
    certificate: FakeCertificate = FakeCertificate()
    data: pd.DataFrame = field(default_factory=pd.DataFrame)
    modes: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    fitted: np.ndarray = field(default_factory=lambda: np.zeros(5))
    resid: np.ndarray = field(
        default_factory=lambda: 6.0 * np.array([-3.0647, -0.7317, 0.0141, 0.7535, 2.9419])
    )

    @property
    def fixef(self) -> pd.Series:
        aliased = pd.Series(dict.fromkeys(self.dropped, math.nan), dtype=float)
        return pd.concat([self.table["estimate"], aliased])

    @property
    def _findings_to_show(self) -> tuple[Finding, ...]:
        return self.findings

    def _df_in_words(self, ddf: str, vcov: Any) -> str:
        return ""

    @property
    def deviance(self) -> float:
        return -2.0 * self.loglik

    @property
    def df_resid(self) -> int:
        return self.nobs - self.df_model

    @property
    def leverage(self) -> np.ndarray:
        return np.full(self.resid.size, 0.1)

    @property
    def _covariances(self) -> list[TermCovariance]:
        random = self.components[self.components["group"] != "Residual"]
        return [self._term(str(g), rows) for g, rows in random.groupby("group", sort=False)]

    def _term(self, group: str, rows: pd.DataFrame) -> TermCovariance:
        """The matrix whose variances and covariances are `rows`."""
        names = [str(name) for name in rows.loc[rows["term2"].isna(), "term1"]]
        matrix = np.zeros((len(names), len(names)))
        for one, other, value in rows[["term1", "term2", "variance"]].itertuples(index=False):
            i, j = names.index(one), names.index(other if isinstance(other, str) else one)
            matrix[i, j] = matrix[j, i] = value
        factor = next(name for name in (*self.ngroups, group) if f"{group}.".startswith(f"{name}."))
        label = TermLabel(group, factor, tuple(names), self.ngroups.get(factor, 0))
        return TermCovariance(label, matrix)

    @property
    def _words(self) -> Words:
        return Words(self.labels)

    @property
    def _residual_text(self) -> str:
        return ""

    @property
    def _residual_lines(self) -> tuple[Any, ...]:
        return ()

    @property
    def _distribution(self) -> None:
        return None

    @property
    def _has_residual(self) -> bool:
        return bool((self.components["group"] == "Residual").any())

    @property
    def _kind(self) -> str:
        return "Linear mixed model" if self._has_residual else "Generalised linear mixed model"

    @property
    def _fitted_by(self) -> str:
        return "REML" if self.reml else "maximum likelihood"

    @property
    def _discrete(self) -> bool:
        return not self._has_residual

    def coefficients(self, ddf: str = "satterthwaite", level: float = 0.95) -> pd.DataFrame:
        return self.table

    def residuals(self, kind: str = "response") -> np.ndarray:
        return self.resid

    def model_frame(self) -> pd.DataFrame:
        return self.data

    def ranef(self, condvar: bool = True) -> Mapping[str, pd.DataFrame]:
        keep = (lambda c: True) if condvar else (lambda c: not c.endswith("_sd"))
        return {g: f[[c for c in f.columns if keep(c)]] for g, f in self.modes.items()}

    def coef(self) -> Mapping[str, pd.DataFrame]:
        out = {}
        for group, modes in self.ranef(condvar=False).items():
            total = pd.DataFrame(dict(self.fixef.items()), index=modes.index)
            for name in modes.columns:
                total[name] = total.get(name, 0.0) + modes[name]
            out[group] = total
        return out

    def _fixed(self, data: pd.DataFrame) -> np.ndarray:
        return np.column_stack([column(data, name) for name in self.table.index])

    def predict(
        self,
        newdata: Any = None,
        level: str = "conditional",
        new_levels: str = "error",
        interval: str | None = None,
    ) -> Any:
        data = self.data if newdata is None else newdata
        X = self._fixed(data)
        mean = X @ self.table["estimate"].to_numpy()
        if level == "conditional":
            for group, modes in self.ranef(condvar=False).items():
                rows = modes.loc[data[group].astype(str)]
                mean = mean + sum(column(data, c) * rows[c].to_numpy() for c in modes.columns)
        if interval is None:
            return mean
        half = 1.96 * np.sqrt(((X * self.table["std_error"].to_numpy()) ** 2).sum(axis=1))
        return pd.DataFrame({"estimate": mean, "conf_low": mean - half, "conf_high": mean + half})


def column(data: pd.DataFrame, name: str) -> np.ndarray:
    out = np.ones(len(data))
    for part in name.split(":"):
        if part.endswith("]"):
            variable, level = part[:-1].split("[T.")
            out = out * (data[variable].astype(str) == level).to_numpy()
        elif part != "Intercept":
            out = out * data[part].to_numpy(dtype=float)
    return out


def components(cov: np.ndarray, names: list[str], group: str, sigma: float) -> pd.DataFrame:
    sd = np.sqrt(np.diag(cov))
    rows: list[tuple[Any, ...]] = [
        (group, name, None, cov[i, i], sd[i]) for i, name in enumerate(names)
    ]
    for j in range(len(names)):
        for i in range(j + 1, len(names)):
            rows.append((group, names[j], names[i], cov[i, j], cov[i, j] / (sd[i] * sd[j])))
    if sigma:
        rows.append(("Residual", "", None, sigma**2, sigma))
    return pd.DataFrame(rows, columns=["group", "term1", "term2", "variance", "sd"])


def hsb_fit(which: str, **changes: Any) -> FakeFit:
    d = HSB[which]
    operator = "*" if which.startswith("int") else "+"
    fit = FakeFit(
        formula=f"math ~ cwc_ses {operator} sector + (cwc_ses | sch.id)",
        table=pd.DataFrame.from_dict(d["coefficients"], orient="index", columns=COLUMNS),
        components=components(np.array(d["cov"]), ["Intercept", "cwc_ses"], "sch.id", d["sigma"]),
        sigma=d["sigma"],
        loglik=d["loglik"],
        aic=d["aic"],
        bic=d["bic"],
        criterion=d["criterion"],
        df_model=d["npar"],
        reml=which.endswith("reml"),
    )
    return replace(fit, **changes)


def simulated(n_groups: int = 160, size: int = 24, seed: int = 1) -> FakeFit:
    """Schools drawn from the estimates of ``int_reml``, with their exact conditional modes."""
    base = hsb_fit("int_reml")
    rng = np.random.default_rng(seed)
    D, s2 = np.array(HSB["int_reml"]["cov"]), base.sigma**2
    frames, rows, fitted, resid = [], {}, [], []
    beta = base.table["estimate"].to_numpy()
    for j in range(n_groups):
        n = int(rng.integers(4, 2 * size - 4))
        ses = rng.normal(0.0, 0.66, n)
        ses -= ses.mean()
        sector = float(j % 2)
        Z = np.column_stack([np.ones(n), ses])
        X = np.column_stack([np.ones(n), ses, np.full(n, sector), ses * sector])
        y = X @ beta + Z @ rng.multivariate_normal([0, 0], D) + rng.normal(0, base.sigma, n)
        gain = D @ Z.T @ np.linalg.inv(Z @ D @ Z.T + s2 * np.eye(n))
        b, V = gain @ (y - X @ beta), D - gain @ Z @ D
        level = str(1000 + 7 * j)
        rows[level] = [*b, *np.sqrt(np.diag(V))]
        fitted.append(X @ beta + Z @ b)
        resid.append(y - fitted[-1])
        frames.append(pd.DataFrame({"math": y, "cwc_ses": ses, "sector": sector, "sch.id": level}))
    names = ["Intercept", "cwc_ses", "Intercept_sd", "cwc_ses_sd"]
    modes = pd.DataFrame.from_dict(rows, orient="index", columns=names)
    data = pd.concat(frames, ignore_index=True)
    return replace(
        base,
        data=data,
        nobs=len(data),
        ngroups={"sch.id": n_groups},
        modes={"sch.id": modes},
        fitted=np.concatenate(fitted),
        resid=np.concatenate(resid),
    )


@pytest.fixture(scope="session")
def hsb() -> Callable[..., FakeFit]:
    return hsb_fit


@pytest.fixture(scope="session")
def schools() -> FakeFit:
    return simulated(n_groups=24)


@pytest.fixture(scope="session")
def make_schools() -> Callable[..., FakeFit]:
    return simulated
