"""The ML and REML criterion of a linear mixed model from its definition: V is written out.

It shares nothing with ranef: the formula is split here, the model matrices come from formulaic or
are indicator columns, V = sum of Z S Z' + R is formed and factorised block by block. Slow, and
plain enough to be trusted.

    model = dense_model("y ~ x + ar1(0 + day | g) + (1 | h)", data)
    model.criterion([covariance_of_days, variance_of_h], sigma, reml=True)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from formulaic import model_matrix
from scipy.linalg import cholesky, solve_triangular
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

Array = np.ndarray
TERM = re.compile(r"(?<!\w)([a-z][a-z0-9]*)?\(([^|()]*(?:\([^()]*\)[^|()]*)*)\|([^()|]*)\)")
RESIDUAL = re.compile(r"(strata|ar1)\(([^|()]*)(?:\|([^()]*))?\)")


@dataclass(frozen=True)
class Term:
    """``kind(columns | group, rank)``: its columns, and the group of every row."""

    kind: str
    group: str
    names: tuple[str, ...]
    columns: Array
    codes: Array


@dataclass(frozen=True)
class Profile:
    """What follows from a covariance V of the response."""

    criterion: float
    fixef: Array
    vcov: Array


@dataclass(frozen=True)
class DenseModel:
    """Response, fixed-effects matrix, terms, and the residual structure of a model."""

    y: Array
    X: Array
    terms: tuple[Term, ...]
    strata: Array | None = None
    time: Array | None = None
    time_group: Array | None = None

    def blocks(self) -> list[Array]:
        """Rows that no covariance joins are in different blocks."""
        n = len(self.y)
        joined = [term.codes for term in self.terms]
        joined += [self.time_group] if self.time_group is not None else []
        edges = [np.arange(n)]
        offset = n
        for codes in joined:
            edges.append(codes + offset)
            offset += int(codes.max()) + 1
        rows = np.tile(np.arange(n), len(edges))
        graph = coo_matrix((np.ones(len(rows)), (rows, np.concatenate(edges))), (offset, offset))
        label = connected_components(graph, directed=False)[1][:n]
        order = np.argsort(label, kind="stable")
        return np.split(order, np.flatnonzero(np.diff(label[order])) + 1)

    def covariance(
        self,
        rows: Array,
        covs: Sequence[Array],
        sigma: float,
        ratio: Array | None = None,
        phi: float = 0.0,
    ) -> Array:
        """V of some rows: the random effects' part and the residual part."""
        V = np.zeros((len(rows), len(rows)))
        for term, cov in zip(self.terms, covs, strict=True):
            Z, codes = term.columns[rows], term.codes[rows]
            V += np.where(codes[:, None] == codes, Z @ np.asarray(cov) @ Z.T, 0.0)
        sd = np.full(len(rows), sigma)
        if self.strata is not None:
            sd = sd * np.asarray(ratio)[self.strata[rows]]
        R = np.diag(sd**2)
        if self.time is not None and self.time_group is not None:
            lag = np.abs(self.time[rows, None] - self.time[rows])
            same = self.time_group[rows, None] == self.time_group[rows]
            R = np.where(same, np.power(phi, lag) * np.outer(sd, sd), 0.0)
        return V + R

    def profile(
        self,
        covs: Sequence[Array],
        sigma: float,
        reml: bool,
        ratio: Array | None = None,
        phi: float = 0.0,
    ) -> Profile:
        """-2 log likelihood with all its constants, at the best fixed effects."""
        n, p = self.X.shape
        blocks = self.blocks()
        factors = [
            cholesky(self.covariance(rows, covs, sigma, ratio, phi), lower=True) for rows in blocks
        ]
        log_det = 2 * sum(float(np.log(np.diag(L)).sum()) for L in factors)
        half = [
            solve_triangular(L, np.column_stack([self.X[rows], self.y[rows]]), lower=True)
            for L, rows in zip(factors, blocks, strict=True)
        ]
        whitened = np.vstack(half)
        X, y = whitened[:, :p], whitened[:, p]
        R = np.linalg.qr(X, mode="r")
        beta = np.linalg.lstsq(X, y, rcond=None)[0]
        square = float(np.sum((y - X @ beta) ** 2))
        count = n - p if reml else n
        extra = 2 * float(np.log(np.abs(np.diag(R))).sum()) if reml else 0.0
        value = count * np.log(2 * np.pi) + log_det + square + extra
        inverse = np.linalg.inv(R)
        return Profile(value, beta, inverse @ inverse.T)

    def criterion(
        self,
        covs: Sequence[Array],
        sigma: float,
        reml: bool,
        ratio: Array | None = None,
        phi: float = 0.0,
    ) -> float:
        return self.profile(covs, sigma, reml, ratio, phi).criterion


def dense_model(formula: str, data: pd.DataFrame, residual: str | None = None) -> DenseModel:
    """Read a formula with terms ``kind(columns | group)`` and a residual structure.

    ``residual`` is ``strata(f)``, ``ar1(time | g)`` or both, joined by ``+``.
    """
    response, right = formula.replace("^", "**").split("~")
    terms = tuple(_term(m, data) for m in TERM.finditer(right))
    fixed = re.sub(r"\+\s*(?=\+|$)", "", TERM.sub("", right).strip()).strip()
    X = np.asarray(model_matrix(fixed or "1", data), dtype=float)
    strata = time = time_group = None
    for kind, what, group in RESIDUAL.findall(residual or ""):
        if kind == "strata":
            strata = pd.Categorical(data[what.strip()]).codes
        else:
            time = data[what.strip()].to_numpy(dtype=float)
            time_group = _codes(group, data)
    y = data[response.strip()].to_numpy(dtype=float)
    return DenseModel(y, X, terms, strata, time, time_group)


def _term(match: re.Match[str], data: pd.DataFrame) -> Term:
    kind, left, right = match.groups()
    group = right.split(",")[0].replace(" ", "")
    names, columns = _columns(left.strip(), data)
    return Term(kind or "us", group, names, columns, _codes(group, data))


def _columns(left: str, data: pd.DataFrame) -> tuple[tuple[str, ...], Array]:
    factor = re.fullmatch(r"0 \+ (\w+)", left)
    if factor and not pd.api.types.is_numeric_dtype(data[factor[1]]):
        values = pd.Categorical(data[factor[1]])
        codes = values.codes[:, None] == np.arange(len(values.categories))
        return tuple(f"{factor[1]}{level}" for level in values.categories), codes.astype(float)
    matrix = model_matrix(left, data)
    return tuple(matrix.columns), np.asarray(matrix, dtype=float)


def _codes(group: str, data: pd.DataFrame) -> Array:
    parts = [data[name.strip()].astype(str) for name in group.split(":")]
    joined = parts[0]
    for part in parts[1:]:
        joined = joined + ":" + part
    return pd.factorize(joined)[0]
