"""Counter-based numbers, and the law of responses that are drawn as cross-products."""

from __future__ import annotations

import numpy as np
import pytest

from ranef.core import CrossProducts, Rows, RowsGroup, TermBlock, cross_products
from ranef.core.replicates import Replicator
from ranef.core.workspace import philox
from ranef.problem.parameters import place

N, DRAWS = 40, 3000
BETA, SIGMA = np.array([1.0, -0.5]), 0.7


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ([0] * 4, [0] * 2, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ([2**32 - 1] * 4, [2**32 - 1] * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            [0xA4093822, 0x299F31D0],
            "d16cfe09 94fdcceb 5001e420 24126ea1",
        ),
    ],
)
def test_philox_known_answers(counter: list[int], key: list[int], expected: str) -> None:
    """The vectors published with Random123 (Salmon et al. 2011)."""
    assert " ".join(f"{word:08x}" for word in philox(counter, key)) == expected


def problem(layout: str) -> tuple[CrossProducts, list[TermBlock], np.ndarray]:
    """Cross-products, terms and theta; level 0 of g has one row, fewer than its columns."""
    rng = np.random.default_rng(0)
    g = (1 + np.arange(N) % 9).astype(np.int32)
    g[0] = 0
    x = rng.normal(size=N)
    groups = [RowsGroup(g, 10, (None, x), (0.0, 0.1), (1.0, 1.3))]
    terms, theta = [TermBlock(0, 0, 2)], [0.8, 0.3, 0.5]
    if layout != "one factor":
        other = g // 4 if layout == "nested" else ((np.arange(N) // 3) % 5).astype(np.int32)
        groups.append(RowsGroup(other, int(other.max()) + 1, (None,), (0.0,), (1.0,)))
        terms, theta = [*terms, TermBlock(1, 0, 1)], [*theta, 0.9]
    rows = Rows(
        groups=tuple(groups),
        x=(None, x),
        x_shifts=(0.0, 0.2),
        x_scales=(1.0, 0.9),
        y=rng.normal(size=N),
        y_shift=0.0,
        y_scale=1.0,
        weights=rng.uniform(0.5, 2.0, size=N),
    )
    return cross_products(rows), terms, np.array(theta)


def lambda_rows(products: CrossProducts, terms: list[TermBlock], theta: np.ndarray) -> np.ndarray:
    """Covariance of all random effects over sigma^2."""
    t = np.zeros((2, 2))
    t[[0, 1, 1], [0, 0, 1]] = theta[:3]
    blocks = [t, *([np.array([[theta[3]]])] if len(terms) > 1 else [])]
    lower = place(terms, blocks, [q for _, q in products.sizes])
    parts = [
        np.kron(np.eye(n), block @ block.T)
        for (n, _), block in zip(products.sizes, lower, strict=True)
    ]
    size = sum(len(part) for part in parts)
    out = np.zeros((size, size))
    at = 0
    for part in parts:
        out[at : at + len(part), at : at + len(part)] = part
        at += len(part)
    return out


@pytest.mark.parametrize("layout", ["one factor", "nested", "crossed"])
def test_law_of_the_drawn_cross_products(layout: str) -> None:
    """Means, variances and the distribution of what is left, within five standard errors."""
    products, terms, theta = problem(layout)
    replicator = Replicator(products, True, terms)
    draws = [replicator.response(11, k, theta, BETA, SIGMA) for k in range(DRAWS)]
    v = np.array([np.concatenate([z, x]) for z, x, _ in draws])
    squares = np.array([s for _, _, s in draws])

    gram = products.dense()[:-1, :-1]
    p, size = 2, len(gram)
    d = np.zeros((size, size))
    d[:-p, :-p] = lambda_rows(products, terms, theta)
    mean = gram[:, -p:] @ BETA
    covariance = SIGMA**2 * (gram @ d @ gram + gram)

    rng = np.random.default_rng(1)
    contrasts = np.concatenate([np.eye(size), rng.normal(size=(40, size))])
    variances = np.einsum("ki,ij,kj->k", contrasts, covariance, contrasts)
    found = (v - mean) @ contrasts.T
    assert np.abs(found.mean(axis=0) / np.sqrt(variances / DRAWS)).max() < 5.0
    ratio = (found**2).mean(axis=0) / variances
    assert np.abs(ratio - 1.0).max() < 5.0 * np.sqrt(2.0 / DRAWS)

    # What the columns do not explain: sigma^2 chi-squared(n - rank), whatever they explain.
    rank = int(np.linalg.matrix_rank(gram, hermitian=True))
    explained = np.einsum("ki,ij,kj->k", v, np.linalg.pinv(gram, 1e-10, hermitian=True), v)
    left = (squares - explained) / SIGMA**2
    df = N - rank
    assert abs(left.mean() - df) < 5.0 * np.sqrt(2.0 * df / DRAWS)
    assert abs(left.var() / (2.0 * df) - 1.0) < 5.0 * np.sqrt((2.0 + 12.0 / df) / DRAWS)
    assert abs(np.corrcoef(left, explained)[0, 1]) < 5.0 / np.sqrt(DRAWS)


def test_draws_are_functions_of_seed_and_number() -> None:
    products, terms, theta = problem("one factor")
    replicator = Replicator(products, True, terms)
    first, again, other, next_ = (
        replicator.response(seed, k, theta, BETA, SIGMA)[1]
        for seed, k in ((1, 5), (1, 5), (2, 5), (1, 6))
    )
    assert np.array_equal(first, again)
    assert not np.any(np.isclose(first, other))
    assert not np.any(np.isclose(first, next_))
