"""Laplace's approximation in the core: a dense one, differences, and the laws it obeys."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracle import marginal
from tests.oracle.families import FAMILIES
from tests.oracle.marginal import Model, Term, make_model, richardson

from ranef import _core

TIGHT = 1e-24  # of the inner search: modes to rounding error

Point = tuple[list[Any], Any]


def kernel(model: Model, name: str, threads: int = 1, n_agq: int = 1) -> Any:
    groups = [
        _core.RowsGroup(
            term.codes.astype(np.int32),
            term.levels,
            [np.ascontiguousarray(column) for column in term.columns.T],
        )
        for term in model.terms
    ]
    x = [np.ascontiguousarray(column) for column in model.X.T]
    rows = _core.Rows(
        groups=groups, x=x, y=np.ascontiguousarray(model.y), weights=model.weights.copy()
    )
    channels, others = [], 0
    for columns in model.channels:
        width = columns.shape[1]
        own = [np.ascontiguousarray(column) for column in columns.T]
        channels.append(_core.Channel(columns=own, coefficients=[*range(others, others + width)]))
        others += width
    family, _, link = name.rstrip(")").partition("(")
    return _core.Generalised(
        rows=rows,
        offset=model.offset.copy(),
        channels=channels,
        others=others,
        family=family,
        link=link,
        constants=[],
        n_agq=n_agq,
        priors=[],
        normal=None,
        held=[],
        threads=threads,
    )


def at(core: Any, point: Point, tolerance: float = TIGHT) -> Any:
    blocks, coefficients = point
    lambdas = [np.asfortranarray(block, dtype=float) for block in blocks]
    assert core.evaluate(lambdas, np.asarray(coefficients, dtype=float), tolerance)
    return core


LAYOUTS = ("one", "slopes", "nested", "crossed", "three")


def terms_of(layout: str, rng: np.random.Generator, x: Any) -> list[Term]:
    n = len(x)
    one, slope = np.ones((n, 1)), np.column_stack([np.ones(n), x])
    school = rng.integers(0, 4, n)
    inner = 3 * school + rng.integers(0, 3, n)
    other = rng.integers(0, 5, n)
    third = rng.integers(0, 3, n)
    return {
        "one": [Term(one, inner)],
        "slopes": [Term(slope, inner)],
        "nested": [Term(one, school), Term(slope, inner)],
        "crossed": [Term(slope, inner), Term(one, other)],
        "three": [Term(one, inner), Term(slope, other), Term(one, third)],
    }[layout]


def simulated(name: str, layout: str, seed: int = 3, n: int = 90) -> tuple[Model, Point]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    terms = terms_of(layout, rng, x)
    eta = 0.3 + 0.4 * x + rng.normal(size=12)[terms[0].codes % 12] * 0.5
    weights = np.ones(n)
    family = FAMILIES[name]
    if name.startswith("binomial"):
        weights = rng.integers(1, 5, n).astype(float)
        y = rng.binomial(weights.astype(int), 1 / (1 + np.exp(-eta))) / weights
    elif name.startswith("gamma"):
        y = rng.gamma(3, np.exp(eta) / 3)
    elif name.startswith("gaussian"):
        y = np.exp(eta) + 0.4 * rng.normal(size=n) if "log" in name else eta + rng.normal(size=n)
    else:
        y = rng.poisson(np.exp(eta)).astype(float)
    X = np.column_stack([np.ones(n), x])
    channels = [np.column_stack([np.ones(n), x]) for _ in range(family.channels)]
    offset = 0.1 * rng.normal(size=n)
    model = make_model(family, y, X, terms, weights, offset, channels)
    blocks = []
    for term in terms:
        q = term.columns.shape[1]
        blocks.append(np.tril(0.15 * rng.normal(size=(q, q)), -1) + np.diag([0.6, 0.4][:q]))
    others = 0.2 * rng.normal(size=2 * family.channels)
    return model, (blocks, np.concatenate([[0.3, 0.2], others]))


NAMES = (
    "binomial(logit)",
    "binomial(probit)",
    "poisson(log)",
    "gamma(log)",
    "gaussian(log)",
    "nbinom2(log)",
    "nbinom1(log)",
    "zero_inflated_poisson(log)",
)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", NAMES)
def test_value_and_gradient_are_those_of_the_dense_oracle(name: str, layout: str) -> None:
    model, point = simulated(name, layout)
    core = at(kernel(model, name), point)
    assert core.value == pytest.approx(marginal.laplace(model, *point), rel=1e-11)
    dense = marginal.gradient(model, *point)
    np.testing.assert_allclose(core.slopes(), dense.slopes, rtol=1e-8, atol=1e-8)
    for ours, theirs in zip(core.gamma(), dense.gamma, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-8)


def entries(point: Point) -> list[tuple[int, int, int]]:
    """Of the lower triangles of all Lambda."""
    return [
        (g, int(a), int(b))
        for g, block in enumerate(point[0])
        for b in range(len(block))
        for a in range(b, len(block))
    ]


def unpack(point: Point, x: Any) -> Point:
    blocks = [np.zeros_like(block) for block in point[0]]
    for value, (g, a, b) in zip(x, entries(point), strict=False):
        blocks[g][a, b] = value
    return blocks, x[len(entries(point)) :]


def pack(point: Point) -> Any:
    return np.concatenate([[point[0][g][a, b] for g, a, b in entries(point)], point[1]])


def directions(point: Point) -> list[tuple[int, Any]]:
    out = []
    for g, a, b in entries(point):
        block = point[0][g]
        change = np.zeros_like(block)
        change[a] += block[:, b]
        change[:, a] += block[:, b]
        out.append((g, np.asfortranarray(change)))
    return out


def slopes_by_entry(core: Any, point: Point) -> Any:
    gamma = core.gamma()
    own = [2 * (gamma[g] @ point[0][g])[a, b] for g, a, b in entries(point)]
    return np.concatenate([own, core.slopes()])


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ["binomial(logit)", "nbinom2(log)", "zero_inflated_poisson(log)"])
def test_second_derivatives_are_those_of_the_gradient(name: str, layout: str) -> None:
    model, point = simulated(name, layout)
    core = at(kernel(model, name), point)
    hessian = core.second(directions(point), exact=True)
    gamma = core.gamma()
    for k, (g, a, b) in enumerate(entries(point)):
        for m, (h, c, d) in enumerate(entries(point)):
            if g == h and b == d:
                hessian[k, m] += 2 * gamma[g][a, c]

    def slopes(x: Any) -> Any:
        there = unpack(point, x)
        return slopes_by_entry(at(core, there), there)

    found = richardson(slopes, pack(point), 4e-3)
    # Differences of a gradient with relative rounding errors of 1e-13 over steps of 5e-4.
    scale = np.abs(hessian).max()
    np.testing.assert_allclose(hessian, found, rtol=1e-7, atol=1e-8 * scale)


def test_gamma_holds_where_a_covariance_is_singular() -> None:
    """The derivative along a new column of Lambda, from one side."""
    model, (blocks, coefficients) = simulated("poisson(log)", "crossed")
    blocks[0][1, 1] = 0.0
    core = kernel(model, "poisson(log)")
    gamma = at(core, (blocks, coefficients)).gamma()[0]

    def value(variance: float) -> float:
        there = blocks[0].copy()
        there[1, 1] = np.sqrt(variance)
        return float(at(core, ([there, blocks[1]], coefficients)).value)

    h = 1e-4
    weights = [-25 / 12, 4, -3, 4 / 3, -1 / 4]  # forward, of fourth order
    slope = sum(w * value(k * h) for k, w in enumerate(weights)) / h
    # Rounding errors of 1e-12 in values of 300, divided by h.
    assert gamma[1, 1] == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("layout", ["slopes", "crossed"])
def test_covariances_of_zero_leave_the_model_of_the_fixed_effects(layout: str) -> None:
    model, (blocks, coefficients) = simulated("nbinom2(log)", layout)
    none = [np.zeros_like(block) for block in blocks]
    core = at(kernel(model, "nbinom2(log)"), (none, coefficients))
    fixed, psi = model.split(coefficients)
    assert core.value == pytest.approx(-2 * model.loglik(fixed, psi).sum(), rel=1e-13)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_gaussian_family_has_the_likelihood_of_the_linear_model(layout: str) -> None:
    """Laplace's method is exact there: V = Z D Z' + sigma^2 I."""
    model, (blocks, coefficients) = simulated("gaussian(identity)", layout)
    core = at(kernel(model, "gaussian(identity)"), (blocks, coefficients))
    fixed, (psi,) = model.split(coefficients)
    root = model.Z() @ model.Lambda(blocks)
    at_mean = model.family.loglik(fixed, model.weights, fixed, [psi])  # -log(2 pi variance) / 2
    variance = np.exp(-2 * at_mean) / (2 * np.pi)
    V = root @ root.T + np.diag(variance)
    residual = model.y - fixed
    deviance = (
        residual @ np.linalg.solve(V, residual)
        + np.linalg.slogdet(V)[1]
        + len(fixed) * np.log(2 * np.pi)
    )
    assert core.value == pytest.approx(deviance, rel=1e-12)


def test_trials_one_by_one_are_the_binomial_without_its_constant() -> None:
    model, point = simulated("binomial(logit)", "crossed")
    trials = model.weights.astype(int)
    successes = np.rint(model.y * trials).astype(int)
    rows = np.repeat(np.arange(len(trials)), trials)
    nth = np.concatenate([np.arange(t) for t in trials])
    single = make_model(
        model.family,
        (nth < successes[rows]).astype(float),
        model.X[rows],
        [Term(term.columns[rows], term.codes[rows]) for term in model.terms],
        None,
        model.offset[rows],
    )
    together = at(kernel(model, "binomial(logit)"), point)
    apart = at(kernel(single, "binomial(logit)"), point)
    fixed, _ = model.split(point[1])
    constant = model.loglik(fixed, []).sum() - single.loglik(fixed[rows], []).sum()
    assert together.value == pytest.approx(apart.value - 2 * constant, rel=1e-12)
    np.testing.assert_allclose(together.slopes(), apart.slopes(), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(together.gamma()[0], apart.gamma()[0], rtol=1e-9, atol=1e-9)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_the_order_of_the_rows_does_not_matter(seed: int) -> None:
    model, point = simulated("poisson(log)", "three", seed)
    order = np.random.default_rng(seed).permutation(len(model.y))
    shuffled = make_model(
        model.family,
        model.y[order],
        model.X[order],
        [Term(term.columns[order], term.codes[order]) for term in model.terms],
        model.weights[order],
        model.offset[order],
    )
    first = at(kernel(model, "poisson(log)"), point)
    second = at(kernel(shuffled, "poisson(log)"), point)
    assert first.value == pytest.approx(second.value, rel=1e-13)
    for ours, theirs in zip(first.modes(), second.modes(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_threads_change_no_bit(layout: str) -> None:
    model, point = simulated("binomial(logit)", layout, n=40_000)  # enough rows for threads
    found = []
    for threads in (1, 3):
        core = at(kernel(model, "binomial(logit)", threads), point, 1e-10)
        parts = [np.array([core.value]), core.slopes(), *core.gamma()]
        parts += [core.second(directions(point), exact=True), *core.modes()]
        found.append(np.concatenate([np.ravel(part) for part in parts]))
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize(
    ("name", "layout", "seed"),
    [
        ("binomial(logit)", "slopes", 3),
        ("binomial(logit)", "crossed", 4),
        ("nbinom2(log)", "nested", 3),
        ("poisson(log)", "three", 4),
    ],
)
def test_a_loose_inner_search_is_corrected_for(name: str, layout: str, seed: int) -> None:
    """At a decrement of 1e-4 a value that is not corrected is off by that much."""
    model, point = simulated(name, layout, seed)
    exact = at(kernel(model, name), point)
    loose = at(kernel(model, name), point, 1e-4)
    # The step left has a size of 1e-2. The value's error is of its second order times the next
    # derivatives, that of the scores of its first order times those of log|M|.
    assert 0 < abs(loose.value - exact.value) < 1e-5
    np.testing.assert_allclose(loose.slopes(), exact.slopes(), atol=6e-3)


def test_modes_follow_a_small_step_to_first_order() -> None:
    model, point = simulated("nbinom2(log)", "crossed")
    core = at(kernel(model, "nbinom2(log)"), point)
    moves = core.mode_derivatives(directions(point))
    before = core.modes()
    step = 1e-4 * np.cos(np.arange(len(pack(point))))
    after = at(core, unpack(point, pack(point) + step)).modes()
    for move, old, new in zip(moves, before, after, strict=True):
        foretold = old[:, :, 0] + move @ step
        np.testing.assert_allclose(new[:, :, 0], foretold, atol=1e-7)  # step squared


def test_the_next_term_is_what_quadrature_finds() -> None:
    """With some thirty counts a level the terms after it are smaller by a factor of ten."""
    model, point = simulated("poisson(log)", "slopes", n=400)
    core = at(kernel(model, "poisson(log)"), point)
    term, complete = core.next_term()
    exact = marginal.quadrature(model, *point, nodes=15)
    assert complete
    assert term == pytest.approx(exact - core.value, rel=0.1)


def test_the_next_term_of_crossed_factors_is_that_of_one_if_the_other_is_nil() -> None:
    model, (blocks, coefficients) = simulated("binomial(logit)", "crossed")
    both = at(kernel(model, "binomial(logit)"), ([blocks[0], np.zeros((1, 1))], coefficients))
    one = make_model(
        model.family, model.y, model.X, model.terms[:1], model.weights, model.offset, model.channels
    )
    alone = at(kernel(one, "binomial(logit)"), ([blocks[0]], coefficients))
    assert both.next_term()[0] == pytest.approx(alone.next_term()[0], rel=1e-10)


def test_an_evaluation_outside_of_the_domain_fails_and_leaves_the_kernel_usable() -> None:
    model, point = simulated("gamma(inverse)", "slopes")
    core = kernel(model, "gamma(inverse)")
    inside = (point[0], np.concatenate([[3.0, 0.05], point[1][2:]]))
    small = ([0.1 * block for block in point[0]], inside[1])
    value = at(core, small).value
    outside = np.concatenate([[-50.0, 0.0], point[1][2:]])
    assert not core.evaluate([np.asfortranarray(block) for block in small[0]], outside, TIGHT)
    assert at(core, small).value == pytest.approx(value, rel=1e-13)
