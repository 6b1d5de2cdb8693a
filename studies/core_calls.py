"""Right calls of every function and method of the compiled core, on small problems of all kinds."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.linalg import cython_blas, cython_lapack

from ranef import _core

__all__ = ["Call", "Problem", "calls", "problem"]

BLAS = cython_blas.__pyx_capi__
LAPACK = cython_lapack.__pyx_capi__


class Call(NamedTuple):
    """What is called by which name, and the arguments that it takes."""

    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]


class Problem(NamedTuple):
    """Columns, and what the core has made of them."""

    model: tuple[Any, ...]
    rows: tuple[Any, ...]
    y: Any
    weights: Any
    terms: list[tuple[int, int, int]]
    priors: list[tuple[Any, ...]]
    scaling: Any
    products: Any
    solved: Any


def problem(rng: np.random.Generator) -> Problem:
    """One to three factors, nested or crossed, of one to three columns; none to three in X."""
    n = int(rng.integers(20, 60))
    counts = [int(k) for k in rng.integers(2, 9, rng.integers(1, 4))]
    codes = [rng.integers(0, k, n).astype(np.int32) for k in counts]
    for g in range(1, len(counts)):
        if rng.random() < 0.5:
            codes[g] = (codes[g - 1] % counts[g]).astype(np.int32)
    columns = [rng.normal(size=n) for _ in range(3)]
    random = [(g, [-1, 0, 1][: rng.integers(1, 4)]) for g in range(len(counts))]
    if rng.random() < 0.3:
        random.append((0, [2]))  # a term without correlations with the first
    fixed = [-1, 0, 1][: rng.integers(0, 4)]
    y = rng.normal(size=n) + rng.normal(size=counts[0])[codes[0]]
    weights = rng.uniform(0.5, 2.0, n) if rng.random() < 0.5 else None
    model = (columns, [True] * 3, list(zip(codes, counts, strict=True)), random, fixed)
    scaling, products = _core.gather(model, y, weights, 1)

    def plain(used: list[int]) -> tuple[list[Any], list[float], list[float]]:
        return [None if k < 0 else columns[k] for k in used], [0.0] * len(used), [1.0] * len(used)

    groups, terms, widths = [], [], [0] * len(counts)
    for group, used in random:
        terms.append((group, widths[group], len(used)))
        widths[group] += len(used)
    for g, (c, count) in enumerate(zip(codes, counts, strict=True)):
        groups.append((c, count, *plain([k for group, used in random if group == g for k in used])))
    priors = [_prior(*term) for term in terms[: rng.integers(0, len(terms) + 1)]]
    workspace = _core.Workspace(products, True, 0.0, [], None, 1)
    solved = workspace.solve(scaling, None, 20, 1e-8, 0, True, 1)
    rows = (groups, plain(fixed))
    return Problem(model, rows, y, weights, terms, priors, scaling, products, solved)


def _prior(group: int, offset: int, q: int) -> tuple[Any, ...]:
    eye = np.asfortranarray(np.eye(q))
    ones = np.ones((1, q), order="F")
    return (group, offset, eye, 0.1, 0.1, eye, np.full(q, 0.1), np.ones(q), ones, ones, 0.0)


def calls(p: Problem, rng: np.random.Generator) -> list[Call]:
    """One call of each function and method, of objects made for them."""
    m = p.products.p + 1
    n_theta = sum(q * (q + 1) // 2 for _, _, q in p.terms)
    theta = rng.normal(size=n_theta)
    beta = rng.normal(size=m - 1)
    identities = [np.asfortranarray(np.eye(q)) for _, q in p.products.sizes]
    directions = [(g, d) for g, d in enumerate(identities)]
    bases = [np.asfortranarray(np.eye(q)) for _, _, q in p.terms]
    prior_rows = np.asfortranarray(rng.normal(size=(2, m)))
    response = (p.y, 0.0, 1.0, p.weights)
    out: list[Call] = []

    def call(name: str, function: Callable[..., Any], *arguments: Any) -> None:
        out.append(Call(name, function, arguments))

    workspace = _core.Workspace(p.products, True, 0.0, p.priors, None, 1)
    workspace.evaluate(identities)
    call("Workspace", _core.Workspace, p.products, True, 0.0, p.priors, prior_rows, 1)
    call("Workspace.evaluate", workspace.evaluate, identities)
    call("Workspace.refine", _refined(workspace, identities, directions), *p.rows, *response)
    call("Workspace.hessian", workspace.hessian, directions)
    call("Workspace.average_information", workspace.average_information, directions)
    call("Workspace.moment_start", workspace.moment_start, p.terms)
    call("Workspace.optimise", workspace.optimise, p.terms, theta, 20, 1e-8, True)
    call("Workspace.evidence", workspace.evidence, p.terms, theta, bases)
    call("Workspace.solve", workspace.solve, p.scaling, theta, 20, 1e-8, 1, True, 1)
    call("Workspace.row_variances", workspace.row_variances, *p.rows, p.weights)
    for name in ("gamma", "modes", "scores", "conditional_variances"):
        call(f"Workspace.{name}", getattr(workspace, name))
    call("Workspace properties", _read, workspace)

    replication = _core.Replication(p.products, True, p.terms, p.priors, np.zeros((0, m)))
    plan = (1, 0, 3, 1, theta, 10, 1e-6, lambda done: None)
    modes = [np.zeros(levels * q) for levels, q in p.products.sizes]
    pools = [(group, offset, np.ones((2, q))) for group, offset, q in p.terms]
    call("Replication", _core.Replication, p.products, True, p.terms, p.priors, prior_rows)
    call("Replication.parametric", replication.parametric, plan, theta, beta, 1.0)
    call("Replication.conditional", replication.conditional, plan, beta, 1.0, modes)
    call("Replication.residual", replication.residual, plan, *p.rows, p.weights, beta, pools, p.y)
    call("Replication.cluster", replication.cluster, plan, *p.rows, *response)
    call("Replication.response", replication.response, 1, 0, theta, beta, 1.0)
    call("Replication properties", _read, replication)

    call("gather", _core.gather, p.model, p.y, p.weights, 2)
    call("scaling_of", _core.scaling_of, p.model, p.y, 1)
    call("cross_products", _core.cross_products, *p.rows, *response, 1)
    call("change_response", _core.change_response, p.products, *p.rows, *response, 1)
    call("change_fixed", _core.change_fixed, p.products, np.asfortranarray(np.eye(m)))
    cells = (p.model[2][0][0], p.model[2][0][1], [None], [0.0], [1.0])
    by_cell = _core.cross_products([*p.rows[0], cells], ([], [], []), *response, 1)
    call("from_cells", _core.from_cells, by_cell, np.asfortranarray(rng.normal(size=(cells[1], 2))))
    call("CrossProducts.__add__", _core.CrossProducts.__add__, p.products, p.products)
    call("CrossProducts.dense", _core.CrossProducts.dense, p.products)
    call("CrossProducts properties", _read, p.products)
    call("Scaling.constant", p.scaling.constant, 10.0, True)
    call("Scaling.with_response", p.scaling.with_response, 0.0, 1.0)
    call("Scaling.with_orthogonal", p.scaling.with_orthogonal, np.asfortranarray(np.eye(m - 1)))
    call("Scaling properties", _read, p.scaling)
    call("Solved properties", _read, p.solved)
    for one in (p.products, p.scaling, p.solved):
        call(f"{type(one).__name__}.__setstate__", _restored, type(one), one.__getstate__())
        call(f"{type(one).__name__} pickled", pickle.dumps, one)

    call("column_scales", _core.column_scales, p.model[0], p.model[1], 2)
    call("ends", _core.ends, p.model[2][0][0], 2)
    whole = rng.integers(0, 9, p.y.size).astype(rng.choice(["i1", "u1", "i4", "i8", "u8", "f8"]))
    codes = np.zeros(p.y.size, np.int32)
    call("whole_codes", _core.whole_codes, whole, 0, 8, 2, codes)
    call("philox", _core.philox, [1, 2, 3, 4], [5, 6])
    call("version", _core.version)
    # Those the core takes, so that a routine in the place of another is not one of hundreds.
    blas = {name: BLAS[name] for name in ("dgemm", "dsymm", "dtrsm", "dsyrk")}
    call("use_blas", _core.use_blas, blas, {"dpotrf": LAPACK["dpotrf"]})
    return out


def _refined(workspace: Any, identities: list[Any], directions: list[Any]) -> Callable[..., Any]:
    """Refines, and uses what has been refined."""

    def refined(*rows: Any) -> None:
        try:
            workspace.refine(*rows)
        finally:
            if workspace.evaluate(identities):
                workspace.hessian(directions), workspace.modes()

    return refined


def _read(one: Any) -> list[Any]:
    return [getattr(one, name) for name in dir(one) if not name.startswith("__")]


def _restored(kind: type, state: Any) -> Any:
    """What a state makes, looked at, and a problem made of it."""
    one = kind.__new__(kind)
    one.__setstate__(state)
    _read(one)
    one.__getstate__()
    if isinstance(one, _core.CrossProducts):
        one.dense()
        workspace = _core.Workspace(one, False, 0.0, [], None, 1)
        if workspace.evaluate([np.asfortranarray(np.eye(q)) for _, q in one.sizes]):
            workspace.gamma(), workspace.conditional_variances()
    return one
