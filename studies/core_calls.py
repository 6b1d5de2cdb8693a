"""Right calls of every function and method of the compiled core, on small problems of all kinds."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.linalg import cython_blas, cython_lapack

from ranef import _core
from studies.core_parts import (
    ROWS,
    made,
    plan_from,
    pools_from,
    prior_of,
    priors_from,
    read,
    reading,
    rows_from,
    term_from,
    terms_from,
)  # fmt: skip
from studies.generalised_calls import generalised_calls

__all__ = ["Call", "Problem", "calls", "problem"]

BLAS = cython_blas.__pyx_capi__
LAPACK = cython_lapack.__pyx_capi__


class Call(NamedTuple):
    """What is called by which name, and the arguments that it takes."""

    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]


class Problem(NamedTuple):
    """Parts that arguments are made of, and what the core has made of them."""

    rows: tuple[Any, ...]
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
    columns = [None, *(rng.normal(size=n) for _ in range(3))]
    random = [(g, columns[: rng.integers(1, 4)]) for g in range(len(counts))]
    if rng.random() < 0.3:
        random.append((0, columns[3:]))  # a term without correlations with the first
    y = rng.normal(size=n) + rng.normal(size=counts[0])[codes[0]]
    weights = rng.uniform(0.5, 2.0, n) if rng.random() < 0.5 else None

    def plain(used: list[Any]) -> tuple[list[Any], list[float], list[float]]:
        return used, [0.0] * len(used), [1.0] * len(used)

    groups, terms, widths = [], [], [0] * len(counts)
    for group, used in random:
        terms.append((group, widths[group], len(used)))
        widths[group] += len(used)
    for g, (c, count) in enumerate(zip(codes, counts, strict=True)):
        own = [column for group, used in random if group == g for column in used]
        groups.append((c, count, *plain(own)))
    rows = (groups, *plain(columns[: rng.integers(0, 4)]), y, 0.0, 1.0, weights)
    priors = [prior_of(*term) for term in terms[: rng.integers(0, len(terms) + 1)]]
    scaling = _core.scaling_of(rows_from(rows), terms_from(terms), 1)
    products = _core.cross_products(rows_from(rows).scaled(scaling), 1)
    workspace = _core.Workspace(products, True, 0.0, [], None, 1)
    solved = workspace.solve(scaling, None, 20, 1e-8, 0, True, 1)
    return Problem(rows, terms, priors, scaling, products, solved)


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
    y = p.rows[4]
    out: list[Call] = []

    def call(name: str, function: Callable[..., Any], *arguments: Any) -> None:
        out.append(Call(name, function, arguments))

    priors = priors_from(p.priors)
    rows, terms = rows_from(p.rows), terms_from(p.terms)
    workspace = _core.Workspace(p.products, True, 0.0, priors, None, 1)
    workspace.evaluate(identities)
    made_workspace = made(_core.Workspace, None, None, None, priors_from)
    refined = _refined(workspace, identities, directions)
    call("Workspace", made_workspace, p.products, True, 0.0, p.priors, prior_rows, 1)
    call("Workspace of priors", _core.Workspace, p.products, True, 0.0, priors, prior_rows, 1)
    call("Workspace.evaluate", workspace.evaluate, identities)
    call("Workspace.refine", made(refined, rows_from), p.rows)
    call("Workspace.refine by rows", refined, rows)
    call("Workspace.hessian", workspace.hessian, directions)
    call("Workspace.average_information", workspace.average_information, directions)
    call("Workspace.moment_start", made(workspace.moment_start, terms_from), p.terms)
    call("Workspace.moment_start of terms", workspace.moment_start, terms)
    call(
        "Workspace.optimise",
        made(reading(workspace.optimise), terms_from),
        p.terms,
        theta,
        20,
        1e-8,
        True,
    )
    evidence = made(lambda *arguments: read(workspace.evidence(*arguments)), terms_from)
    call("Workspace.evidence", evidence, p.terms, theta, bases)
    call("Workspace.solve", workspace.solve, p.scaling, theta, 20, 1e-8, 1, True, 1)
    call("Workspace.row_variances", made(workspace.row_variances, rows_from), p.rows)
    for name in ("gamma", "modes", "scores", "conditional_variances"):
        call(f"Workspace.{name}", getattr(workspace, name))
    call("Workspace properties", read, workspace)
    solver = (1, 2, 4, 0.1, 0.5)
    call("Workspace by iterations", _iterated(p), solver, identities, theta, np.ones(n_theta))

    replication = _core.Replication(p.products, True, terms, priors, np.zeros((0, m)))
    plan = (1, 0, 3, 1, theta, 10, 1e-6, lambda done: None)
    modes = [np.zeros(levels * q) for levels, q in p.products.sizes]
    pools = [(place, np.ones((2, place[2]))) for place in p.terms]
    made_replication = made(_core.Replication, None, None, terms_from, priors_from)

    def refits(name: str, *makers: Callable[[Any], Any]) -> Callable[..., Any]:
        function = made(getattr(replication, name), plan_from, *makers)
        return lambda *arguments: read(function(*arguments))

    call("Replication", made_replication, p.products, True, p.terms, p.priors, prior_rows)
    call("Replication.parametric", refits("parametric"), plan, theta, beta, 1.0)
    call("Replication.conditional", refits("conditional"), plan, beta, 1.0, modes)
    residual = made(refits("residual", rows_from), None, None, None, pools_from)
    call("Replication.residual", residual, plan, p.rows, beta, pools, y)
    call("Replication.cluster", refits("cluster", rows_from), plan, p.rows)
    call("Replication.response", replication.response, 1, 0, theta, beta, 1.0)
    call("Replication properties", read, replication)

    call("Term", term_from, 0, 0, 2, "cs", 0, [0, 1])
    _structure_calls(call, rng)
    generalised_calls(call, p, rng)
    _family_calls(call, rng)
    tags = [(str(rng.choice(STRUCTURES)), 1, []) for _ in p.terms]
    call("Workspace of structures", _structured(p), tags, theta, bases)
    call("Rows", made(read, rows_from), p.rows)
    call("Rows.scaled", made(_core.Rows.scaled, rows_from), p.rows, p.scaling)
    call("Rows.replace", _replaced, rows, dict(zip(ROWS[1:], p.rows[1:], strict=True)))
    call("RowsGroup", lambda *parts: read(_core.RowsGroup(*parts)), *p.rows[0][0])
    call("RowsGroup.replace", _replaced, rows.groups[0], {"n_levels": 9})
    call("scaling_of", made(_core.scaling_of, rows_from, terms_from), p.rows, p.terms, 1)
    call("scaling_of rows", _core.scaling_of, rows, terms, 2)
    call("cross_products", made(_core.cross_products, rows_from), p.rows, 1)
    call("cross_products of rows", _core.cross_products, rows, 1)
    call("change_response", made(_core.change_response, None, rows_from), p.products, p.rows, 1)
    call("change_fixed", _core.change_fixed, p.products, np.asfortranarray(np.eye(m)))
    codes, n_levels = p.rows[0][0][:2]
    cells = _core.RowsGroup(codes, n_levels, [None])
    by_cell = _core.cross_products(_core.Rows(groups=[*rows.groups, cells], x=[], y=y), 1)
    few = np.asfortranarray(rng.normal(size=(n_levels, 2)))
    call("from_cells", _core.from_cells, by_cell, few)
    call("CrossProducts.__add__", _core.CrossProducts.__add__, p.products, p.products)
    call("CrossProducts.dense", _core.CrossProducts.dense, p.products)
    call("CrossProducts properties", read, p.products)
    call("Scaling.constant", p.scaling.constant, 10.0, True)
    call("Scaling.with_response", p.scaling.with_response, 0.0, 1.0)
    call("Scaling.with_unit", p.scaling.with_unit, 2.0)
    call("Scaling.with_orthogonal", p.scaling.with_orthogonal, np.asfortranarray(np.eye(m - 1)))
    call("Scaling properties", read, p.scaling)
    call("Solved properties", read, p.solved)
    for one in (p.products, p.scaling, p.solved, rows, rows.groups[0]):
        call(f"{type(one).__name__}.__setstate__", _restored, type(one), one.__getstate__())
        call(f"{type(one).__name__} pickled", pickle.dumps, one)

    columns = [rng.normal(size=y.size) for _ in range(3)]
    call("column_scales", _core.column_scales, columns, [True] * 3, 2)
    call("ends", _core.ends, codes, 2)
    whole = rng.integers(0, 9, y.size).astype(rng.choice(["i1", "u1", "i4", "i8", "u8", "f8"]))
    found = np.zeros(y.size, np.int32)
    call("whole_codes", _core.whole_codes, whole, 0, 8, 2, found)
    call("philox", _core.philox, [1, 2, 3, 4], [5, 6])
    call("version", _core.version)
    # Those the core takes, so that a routine in the place of another is not one of hundreds.
    blas = {name: BLAS[name] for name in ("dgemm", "dsymm", "dtrsm", "dsyrk")}
    call("use_blas", _core.use_blas, blas, {"dpotrf": LAPACK["dpotrf"]})
    return out


STRUCTURES = ("us", "rr", "homdiag", "cs", "homcs", "ar1", "hetar1", "toep", "homtoep")


def _structure_calls(call: Callable[..., None], rng: np.random.Generator) -> None:
    """A structure of some size, its methods, and those of a face, often one on the boundary."""
    name, q = str(rng.choice(STRUCTURES)), int(rng.integers(1, 6))
    rank = int(rng.integers(1, q + 1)) if name == "rr" else 0
    gaps = rng.integers(1, 4, q)
    positions = [int(t) for t in np.cumsum(gaps)] if "ar1" in name else []
    parts = (q, name, rank, positions)
    structure = _structure(*parts)
    x = rng.uniform(-1.5, 1.5, structure.size)
    x[rng.random(x.size) < 0.3] = rng.choice([0.0, np.pi / 2])
    half = rng.normal(size=(q, q))
    square = np.asfortranarray(half + half.T)
    parameters = structure.parameters(x)
    face = structure.face(x)
    step = rng.normal(size=len(face.coordinates))
    call("Structure", lambda *made: read(_structure(*made)), *parts)
    call("Structure in use", _used, *parts, x, square)
    call("Structure.nearest", structure.nearest, square)
    call("Structure.coordinates", structure.coordinates, parameters)
    call("Structure.on_scale", structure.on_scale, x, np.asfortranarray(np.eye(q)))
    call("Structure.bend", structure.bend, x, square)
    call("Structure.scaled", structure.scaled, x, 2.0)
    call("Structure.settled", structure.settled, x, 1e-4)
    for method in ("root", "canonical", "parameters", "directions"):
        call(f"Structure.{method}", getattr(structure, method), x)
    call("Structure.face", lambda at: read(structure.face(at)), x)
    call("TermFace.gradient", face.gradient, square)
    call("TermFace.bend", face.bend, square)
    call("TermFace.moved", face.moved, step)


FAMILIES: tuple[tuple[str, str, list[float], int], ...] = (
    ("binomial", "probit", [], 0),
    ("poisson", "log", [], 0),
    ("nbinom1", "log", [], 1),
    ("beta", "cloglog", [], 1),
    ("betabinomial", "logit", [], 1),
    ("tweedie", "log", [1.5], 1),
    ("cumulative", "probit", [4.0], 2),
    ("truncated_nbinom2", "log", [], 1),
    ("zero_inflated_nbinom2", "log", [], 2),
)


def _family_calls(call: Callable[..., None], rng: np.random.Generator) -> None:
    """Rows of some family, whether it could have such responses or not."""
    name, link, constants, channels = FAMILIES[int(rng.integers(len(FAMILIES)))]
    n = int(rng.integers(1, 30))
    eta = rng.normal(size=n)
    psi = [rng.normal(size=n) for _ in range(channels)]
    y = rng.integers(0, 5, n) / rng.choice([1.0, 4.0])
    weights = rng.uniform(0.0, 9.0, n) if rng.random() < 0.5 else None
    order = int(rng.integers(2, 5))
    call("family_facts", _core.family_facts, name, link, constants)
    call("family_rows", _core.family_rows, name, link, constants, order, eta, psi, y, weights)
    call("family_expected", _core.family_expected, name, link, constants, eta, psi, y, weights)
    call("family_start", _core.family_start, name, link, constants, y, weights)


def _iterated(p: Problem) -> Callable[..., None]:
    """Evaluation, solution and errors where crossed factors are solved by iterations."""
    terms = terms_from(p.terms)

    def iterated(solver: Any, lambdas: Any, theta: Any, steps: Any) -> None:
        workspace = _core.Workspace(p.products, True, 0.0, [], None, 1, iterative=solver)
        workspace.evaluate(lambdas)
        read(workspace)
        workspace.covariance_error(terms, theta, steps)
        workspace.estimation(terms, theta)
        workspace.conditional_variance_errors()
        read(workspace.solve(p.scaling, theta, 20, 1e-8, 0, True, 1))

    return iterated


def _structured(p: Problem) -> Callable[..., None]:
    """Search, certificate and a whole solution with other structures of the terms."""

    def structured(tags: Any, theta: Any, bases: Any) -> None:
        terms = [
            _core.Term(
                group=group, offset=offset, q=q, structure=name, rank=rank, positions=positions
            )
            for (group, offset, q), (name, rank, positions) in zip(p.terms, tags, strict=True)
        ]
        size = sum(_core.Structure(term).size for term in terms)
        coordinates = np.resize(theta, size)
        workspace = _core.Workspace(p.products, True, 0.0, [], None, 1)
        read(workspace.optimise(terms, coordinates, 20, 1e-8, True))
        workspace.evaluate([np.asfortranarray(np.eye(q)) for _, q in p.products.sizes])
        read(workspace.evidence(terms, coordinates, bases))
        workspace.moment_start(terms)
        scaling = _core.scaling_of(rows_from(p.rows), terms, 1)
        products = _core.cross_products(rows_from(p.rows).scaled(scaling), 1)
        again = _core.Workspace(products, True, 0.0, [], None, 1)
        read(again.solve(scaling, None, 20, 1e-8, 1, True, 1))
        read(again.solve(scaling, coordinates, 20, 1e-8, 0, True, 1))

    return structured


def _structure(q: Any, name: Any, rank: Any, positions: Any) -> Any:
    term = _core.Term(group=0, offset=0, q=q, structure=name, rank=rank, positions=positions)
    return _core.Structure(term)


def _used(q: Any, name: Any, rank: Any, positions: Any, x: Any, square: Any) -> None:
    """Another structure than the numbers are of, perhaps."""
    structure = _structure(q, name, rank, positions)
    face = structure.face(x)
    face.gradient(square), face.bend(square)
    structure.bend(structure.nearest(square), square)


def _refined(workspace: Any, identities: list[Any], directions: list[Any]) -> Callable[..., Any]:
    """Refines, and uses what has been refined."""

    def refined(rows: Any) -> None:
        try:
            workspace.refine(rows)
        finally:
            if workspace.evaluate(identities):
                workspace.hessian(directions), workspace.modes()

    return refined


def _replaced(one: Any, changes: Any) -> Any:
    return read(one.replace(**changes))


def _restored(kind: type, state: Any) -> Any:
    """What a state makes, looked at, and a problem made of it."""
    one = kind.__new__(kind)
    one.__setstate__(state)
    read(one)
    one.__getstate__()
    if isinstance(one, _core.Rows):
        _core.cross_products(one, 1)
    if isinstance(one, _core.CrossProducts):
        one.dense()
        workspace = _core.Workspace(one, False, 0.0, [], None, 1)
        if workspace.evaluate([np.asfortranarray(np.eye(q)) for _, q in one.sizes]):
            workspace.gamma(), workspace.conditional_variances()
    return one
