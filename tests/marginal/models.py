"""Generalised models as the core takes them, from arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import ranef as rn
from ranef import _core

__all__ = ["Model", "model", "published"]

Groups = list[tuple[np.ndarray, np.ndarray]]
"""Columns (n, q) and codes of each grouping factor."""


@dataclass(frozen=True)
class Model:
    """A model with its working memory; columns are centred and scaled as those of a fit."""

    kernel: Any
    scaling: Any
    y: np.ndarray
    X: np.ndarray
    weights: np.ndarray | None

    def solve(self, restarts: int = 0, evaluations: int = 100) -> Any:
        return self.kernel.solve(self.scaling, None, evaluations, 1e-9, restarts, True)


def _column(values: np.ndarray) -> np.ndarray | None:
    return None if np.all(values == 1.0) else np.ascontiguousarray(values, float)


def model(
    y: Any, X: np.ndarray, groups: Groups, family: str, link: str, *, weights: Any = None,
    offset: Any = None, constants: Any = (), channels: Any = None, others: int = 0,
    n_agq: int = 1, structure: str = "us", normal: Any = None, threads: int = 1,
) -> Model:  # fmt: skip
    """Of a family with constant psi, unless `channels` say otherwise."""
    y = np.ascontiguousarray(y, float)
    weights = None if weights is None else np.ascontiguousarray(weights, float)
    rows = _core.Rows(
        groups=[
            _core.RowsGroup(codes.astype(np.int32), int(codes.max()) + 1, [_column(c) for c in z.T])
            for z, codes in groups
        ],
        x=[_column(c) for c in X.T],
        y=y,
        weights=weights,
    )
    terms = [
        _core.Term(group=k, offset=0, q=z.shape[1], structure=structure)
        for k, (z, _) in enumerate(groups)
    ]
    scaling = _core.scaling_of(rows, terms, 1).with_response(0.0, 1.0)
    rows = rows.scaled(scaling)
    if channels is None:
        others = len(_core.family_facts(family, link, list(constants))[1])
        channels = [_core.Channel([None], coefficients=[k]) for k in range(others)]
    kernel = _core.Generalised(
        rows=rows, offset=None if offset is None else np.ascontiguousarray(offset, float),
        channels=channels, others=others, family=family, link=link, constants=list(constants),
        n_agq=n_agq, priors=[], normal=normal, held=[], threads=threads,
    )  # fmt: skip
    inner = [
        np.ones(len(y)) if c is None else (c - shift) / scale
        for c, shift, scale in zip(rows.x, rows.x_shifts, rows.x_scales, strict=True)
    ]
    return Model(kernel, scaling, y, np.reshape(inner, (len(inner), len(y))).T, weights)


def _codes(values: Any) -> np.ndarray:
    return np.unique(np.asarray(values).astype(str), return_inverse=True)[1]


def _dummies(values: Any, levels: str | list[str]) -> np.ndarray:
    return np.column_stack([np.asarray(values).astype(str) == k for k in levels]).astype(float)


def published(name: str) -> Model:
    """The models of data sets that other programs have been measured on."""
    data_set, _, kind = name.partition(" ")
    data = rn.datasets.load(data_set)
    one = np.ones((len(data), 1))
    if data_set == "cbpp":
        size = data["size"].to_numpy(float)
        X = np.hstack([one, _dummies(data.period, "234")])
        groups = [(one, _codes(data.herd))]
        if kind == "rows":
            groups, kind = [(one, np.arange(len(data))), *groups], "logit"
        y = data.incidence.to_numpy(float) / size
        return model(y, X, groups, "binomial", kind, weights=size)
    if data_set == "contraception":
        age = data.age.to_numpy()
        urban = _dummies(data.urban, "Y")
        X = np.column_stack([one, age, age**2, urban, _dummies(data.livch, ["1", "2", "3+"])])
        z = np.hstack([one, urban]) if kind == "slope" else one
        y = np.asarray(data.use) == "Y"
        return model(y, X, [(z, _codes(data.district))], "binomial", "logit")
    if data_set == "verbagg":
        X = np.column_stack(
            [one, data.Anger, _dummies(data.Gender, "M"),
             _dummies(data.btype, ["scold", "shout"]), _dummies(data.situ, ["self"])]
        )  # fmt: skip
        groups = [(one, _codes(data.id)), (one, _codes(data.item))]
        return model(np.asarray(data.r2) == "Y", X, groups, "binomial", "logit")
    if data_set == "grouseticks":
        X = np.column_stack([one, _dummies(data.YEAR, ["96", "97"]), data.cHEIGHT])
        index, brood, place = ((one, _codes(data[k])) for k in ("INDEX", "BROOD", "LOCATION"))
        groups = [index, brood, place] if kind == "poisson3" else [brood]
        family = "poisson" if kind.startswith("poisson") else kind
        return model(data.TICKS, X, groups, family, "log")
    if data_set == "mmmec":
        X = np.column_stack([one, data.uvb])
        nation = _codes(data.nation)
        region = _codes(data.region.astype(str) + ":" + data.nation.astype(str))
        groups = [(X, nation)] if kind == "slope" else [(one, region), (one, nation)]
        family = "nbinom2" if kind == "nbinom2" else "poisson"
        return model(data.deaths, X, groups, family, "log", offset=np.log(data.expected))
    X = np.column_stack([one, data.Days])
    z = X if kind == "slope" else one
    return model(data.Reaction, X, [(z, _codes(data.Subject))], "gamma", "log")
