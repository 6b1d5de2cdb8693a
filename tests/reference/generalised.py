"""R's results for generalised models, their data, and the same models dense.

README.md beside this file says what a record holds.

    reference = MODELS["cbpp_agq1"]
    laplace(reference.dense(), reference.blocks, reference.coefficients)
"""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from formulaic import model_matrix
from tests.oracle.families import FAMILIES
from tests.oracle.marginal import Model, Term, make_model

import ranef as rn

Array = np.ndarray
CONTENT = gzip.decompress((Path(__file__).parent / "glmer.json.gz").read_bytes())
FAMILY = {"Gamma": "gamma"}
"""Families of R that are called otherwise here."""


@dataclass(frozen=True)
class Reference:
    """One model of R. Random-effects terms and their levels are in R's order, by varcorr."""

    record: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.record["id"])

    @property
    def formula(self) -> str:
        return str(self.record["formula"])

    @property
    def family(self) -> str:
        """As ranef writes it: ``binomial(probit)``."""
        name = self.record["family"]
        return f"{FAMILY.get(name, name)}({self.record['link']})"

    @property
    def weights(self) -> str | None:
        return self.record.get("weights")

    @property
    def n_agq(self) -> int:
        """Nodes of the quadrature; 1 is Laplace's method, 0 lme4's joint modes."""
        return int(self.record.get("nAGQ", 1))

    @property
    def laplace(self) -> bool:
        return self.n_agq == 1

    @property
    def gamma_of_lme4(self) -> bool:
        return self.record["family"] == "Gamma" and self.record["engine"] == "lme4::glmer"

    @property
    def loglik(self) -> float:
        """With all constants, as the program that made the record defines it."""
        complete = self.record.get("logLik_with_constants")
        return float(self.record["logLik"] if complete is None else complete)

    @property
    def loglik_exact(self) -> float | None:
        """glmmTMB's value at the parameters of the record: Laplace's method, observed weights."""
        if self.record["engine"] == "glmmTMB::glmmTMB":
            return float(self.record["logLik"])
        return self.record.get("logLik_glmmTMB")

    @property
    def names(self) -> list[str]:
        return [row["name"] for row in self.record["fixef"]]

    @property
    def beta(self) -> Array:
        return np.array([row["estimate"] for row in self.record["fixef"]])

    @property
    def se(self) -> Array:
        return np.array([row["se"] for row in self.record["fixef"]])

    @property
    def blocks(self) -> list[Array]:
        """Lambda of each term, in units of the linear predictor."""
        return [np.linalg.cholesky(np.array(term["cov"])) for term in self.record["varcorr"]]

    @property
    def psi(self) -> list[float]:
        """Parameters of the family on the scale of `tests.oracle.families`."""
        if "dispersion" not in self.record:
            return []
        value = self.record["dispersion"]["value"]
        return [-2 * np.log(value) if self.record["family"] == "Gamma" else np.log(value)]

    @property
    def coefficients(self) -> Array:
        return np.concatenate([self.beta, self.psi])

    def data(self) -> pd.DataFrame:
        return _data(self.id)

    def dense(self) -> Model:
        return _dense(self.id)


MODELS: dict[str, Reference] = {record["id"]: Reference(record) for record in json.loads(CONTENT)}


@cache
def _data(name: str) -> pd.DataFrame:
    record = MODELS[name].record
    scope: dict[str, Any] = {"d": rn.datasets.load(record["dataset"])}
    for step in record["preprocessing"]:
        exec(step, scope)
    frame: pd.DataFrame = scope["d"]
    return frame


@cache
def _dense(name: str) -> Model:
    reference, data = MODELS[name], _data(name)
    response, right = reference.formula.split("~")
    offset = re.search(r"offset\(log\((\w+)\)\)", right)
    fixed = re.sub(r"\+ (offset\(log\(\w+\)\)|\([^()]*\|[^()]*\))", "", right).replace("^", "**")
    X = np.asarray(model_matrix(fixed, data), dtype=float)
    y, weights = _response(response.strip(), data)
    terms = []
    for term in reference.record["varcorr"]:
        columns = X[:, [reference.names.index(column) for column in term["names"]]]
        labels = data[term["group"].split(":")].astype(str).agg(":".join, axis=1)
        terms.append(Term(columns, pd.factorize(labels)[0]))
    return make_model(
        FAMILIES[reference.family],
        y,
        X,
        terms,
        weights=data[reference.weights].to_numpy() if reference.weights else weights,
        offset=np.log(data[offset[1]].to_numpy()) if offset else None,
    )


def _response(text: str, data: pd.DataFrame) -> tuple[Array, Array | None]:
    """Proportions and trials of ``cbind(hits, all - hits)``, else the column."""
    counts = re.fullmatch(r"cbind\((\w+), (\w+) - \1\)", text)
    if counts:
        trials = data[counts[2]].to_numpy(dtype=float)
        return data[counts[1]].to_numpy() / trials, trials
    column = data[text]
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(dtype=float), None
    return column.to_numpy(dtype=float), None
