"""Optima that are planted on a boundary: named, certified, and nothing lower around them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from studies.structured_problems import member
from studies.structures import Rival

import ranef as rn

Array = np.ndarray
GROUPS, REPEATS = 16, 4


def exact(d: Array, seed: int, sigma: float = 1.0) -> pd.DataFrame:
    """Effects whose sample covariance is that of a matrix but for rounding, and residuals."""
    rng = np.random.default_rng(seed)
    q = len(d)
    # Means over repeats have residuals of their own, which are taken off: they sum to zero.
    residuals = rng.normal(size=(GROUPS, q, REPEATS))
    residuals -= residuals.mean(axis=2, keepdims=True)
    values, vectors = np.linalg.eigh(d)
    root = vectors * np.sqrt(values.clip(0.0))
    drawn = np.linalg.qr(np.column_stack([np.ones(GROUPS), rng.normal(size=(GROUPS, q))]))[0]
    effects = np.sqrt(GROUPS) * drawn[:, 1 : q + 1] @ root.T
    y = effects[:, :, None] + sigma * residuals
    g, t, _ = np.indices(y.shape)
    data = pd.DataFrame({"y": y.ravel(), "g": g.ravel(), "t": t.ravel()})
    data["f"] = pd.Categorical([f"f{k}" for k in data["t"]])
    return data


def lag(q: int) -> Array:
    return np.abs(np.subtract.outer(range(q), range(q)))


def with_sds(c: Array, *sds: float) -> Array:
    return np.outer(sds, sds) * c


def against(d: Array, k: int) -> Array:
    """One effect of little variance goes against the others, which a structure cannot tell."""
    out = np.array(d, dtype=float)
    out[k, :] = out[:, k] = -0.2
    out[k, k] = 0.2
    return out


def compound(q: int, rho: float) -> Array:
    return np.where(np.eye(q) > 0, 1.0, rho)


PLANTED = {
    "cs, one": (
        "cs(0 + f | g)",
        with_sds(compound(3, 1.0), 1, 2, 3),
        ["the correlation is 1 in g"],
    ),
    "cs, lowest": (
        "cs(0 + f | g)",
        with_sds(compound(3, -0.5), 1, 2, 3),
        ["the correlation is at its lowest, -0.5, in g"],
    ),
    "homcs, one": ("homcs(0 + f | g)", 4 * compound(4, 1.0), ["the correlation is 1 in g"]),
    "homcs, lowest": (
        "homcs(0 + f | g)",
        4 * compound(5, -0.25),
        ["the correlation is at its lowest, -0.25, in g"],
    ),
    "ar1, one": ("ar1(0 + t | g)", 4 * np.ones((4, 4)), ["the correlation is 1 in g"]),
    "ar1, minus one": (
        "ar1(0 + t | g)",
        4 * (-1.0) ** lag(4),
        ["the correlation is at its lowest, -1, in g"],
    ),
    "hetar1, minus one": (
        "hetar1(0 + t | g)",
        with_sds((-1.0) ** lag(3), 1, 3, 2),
        ["the correlation is at its lowest, -1, in g"],
    ),
    "hetar1, one SD": (
        "hetar1(0 + t | g)",
        against(with_sds(0.7 ** lag(4), 2, 2, 2, 0), 3),
        ["no variance of t[3] between levels of g"],
    ),
    "cs, one SD": (
        "cs(0 + f | g)",
        against(with_sds(compound(4, 0.6), 0, 2, 2, 3), 0),
        ["no variance of f[f0] between levels of g"],
    ),
    "toep, singular": (
        "toep(0 + t | g)",
        with_sds(np.cos(0.7 * lag(4)), 2, 3, 2, 3),
        ["the covariance matrix in g is singular: rank 2 of 4"],
    ),
    "homtoep, singular": (
        "homtoep(0 + t | g)",
        4 * (0.6 + 0.4 * np.cos(2.0 * lag(5))),
        ["the covariance matrix in g is singular: rank 3 of 5"],
    ),
    "homtoep, equal": (
        "homtoep(0 + t | g)",
        4 * np.ones((4, 4)),
        [f"the correlation at distance {k} is 1 in g" for k in (1, 2, 3)],
    ),
    "rr, lower": (
        "rr(0 + f | g, 2)",
        np.outer([1, 2, -1, 3], [1, 2, -1, 3]),
        ["rank 1 of the 2 allowed in g"],
    ),
}
NOTHING = {
    kind: (f"{kind}(0 + {'f' if 'cs' in kind or 'diag' in kind else 't'} | g)", np.zeros((3, 3)))
    for kind in ("homdiag", "cs", "homcs", "ar1", "hetar1", "toep", "homtoep")
}


def nothing_lower(fit: Any) -> None:
    """Near members of the structure by descents from beside the fit, and far ones at random."""
    rival = Rival(fit._problem, np.random.default_rng(1))
    inner = fit._solution.inner
    here = rival.value(inner)
    assert here == pytest.approx(fit.criterion, rel=1e-10)
    for size in (1e-3, 1e-2, 1e-1):
        assert min(rival.value(rival.beside(inner, size)) for _ in range(40)) > here - 1e-6
        assert rival.descend(rival.beside(inner, size)) > here - 1e-6
    assert rival.scan() > here - 1e-6
    assert min(rival.descend(rival.random()) for _ in range(4)) > here - 1e-6


@pytest.mark.parametrize("name", PLANTED)
@pytest.mark.parametrize("reml", [True, False])
def test_at_a_bound(name: str, reml: bool) -> None:
    part, d, phrases = PLANTED[name]
    fit = rn.lmm(f"y ~ 1 + {part}", exact(np.asarray(d, dtype=float), 5), reml=reml)
    c = fit.certificate
    assert c.verdict == "boundary optimum"
    assert c.certified
    assert list(c.directions) == phrases
    assert c.dual_min_eig > 0 or "rr" in name
    nothing_lower(fit)


@pytest.mark.parametrize("kind", NOTHING)
@pytest.mark.parametrize("seed", range(3))
def test_no_variance_at_all(kind: str, seed: int) -> None:
    """Every mean of a group is nearly the same: less than the residuals would make it."""
    part, _ = NOTHING[kind]
    data = exact(0.01 * np.eye(3), seed)
    fit = rn.lmm(f"y ~ 1 + {part}", data)
    c = fit.certificate
    assert c.verdict == "boundary optimum"
    assert list(c.directions) == ["no variance between levels of g"]
    assert set(c.rank.values()) == {0}
    assert c.dual_min_eig > 0
    nothing_lower(fit)


def test_no_variance_where_gamma_is_not_definite() -> None:
    """One pair of columns goes against each other, further than compound symmetry allows."""
    d = 0.02 * np.eye(5)
    d[:2, :2] += 0.35 * np.array([[1.0, -1.0], [-1.0, 1.0]])
    fit = rn.lmm("y ~ 1 + cs(0 + f | g)", exact(d, 3))
    assert fit.certificate.certified
    nothing_lower(fit)


@pytest.mark.parametrize("kind", ["homtoep", "toep"])
@pytest.mark.parametrize("seed", range(4))
def test_what_makes_no_difference_at_a_bound_does_beyond_it(kind: str, seed: int) -> None:
    """With a first correlation of one the others are inert: the certificate is not theirs."""
    rng = np.random.default_rng(seed)
    slopes = np.arange(4) - 1.5
    data = exact(np.ones((4, 4)) * 4 + 0.1 * np.outer(slopes, slopes), seed)
    data["y"] += 0.3 * rng.normal(size=len(data))
    fit = rn.lmm(f"y ~ 1 + {kind}(0 + t | g)", data)
    problem, inner = fit._problem, fit._solution.inner.copy()
    kernel = problem.kernel()
    found = []
    first = inner.size - 3
    inner[first] = np.pi / 2
    for angle in (-1.5, -0.7, 0.0, 0.7, 1.5):
        inner[first + 1 :] = angle
        rival = Rival(problem, np.random.default_rng(0))
        assert rival.value(inner) >= fit.criterion - 1e-9
        kernel.evaluate(rival.roots(inner))
        found.append(kernel.evidence(problem.terms, inner, problem.scaling.B).dual)
    np.testing.assert_allclose(found, found[0], rtol=1e-6)
    assert (found[0] < 0.0) == (rival.value(inner) > fit.criterion + 1e-6)


@pytest.mark.parametrize("tag", ["hetar1(0 + t", "cs(0 + f", "toep(0 + t"])
def test_the_correlation_of_one_variance_alone(tag: str) -> None:
    """It makes no difference as long as the others are zero."""
    data = exact(with_sds(0.6 ** lag(3), 1.5, 1, 1), 2)
    fit = rn.lmm(f"y ~ 1 + {tag} | g)", data)
    problem = fit._problem
    kernel = problem.kernel()
    rival = Rival(problem, np.random.default_rng(0))
    found = []
    for angle in (-1.2, 0.0, 0.5, 1.2):
        inner = np.zeros(problem.n_theta)
        inner[0], inner[3:] = 1.0, angle
        kernel.evaluate(rival.roots(inner))
        found.append(kernel.evidence(problem.terms, inner, problem.scaling.B).dual)
    np.testing.assert_allclose(found, found[0], rtol=1e-6)
    assert found[0] < 0.0


@pytest.mark.parametrize("kind", ["cs", "homcs", "ar1", "toep"])
def test_members_are_of_their_structure(kind: str) -> None:
    """The rival's covariances are what the structure holds: none is lower than it can be."""
    for seed in range(20):
        d = member(np.random.default_rng(seed), kind, 4)
        assert np.linalg.eigvalsh(d).min() > -1e-9 * (1 + d.max())


@pytest.mark.parametrize(
    ("part", "d"),
    [
        ("hetar1(0 + t | g)", with_sds(0.5 ** lag(3), 2, 0, 2)),
        ("cs(0 + f | g)", with_sds(compound(4, 0.6), 0, 2, 2, 3)),
    ],
)
def test_what_leaving_the_boundary_promises(part: str, d: Array) -> None:
    """An optimum just inside: from the bound beside it, the gain is that of a parabola."""
    fit = rn.lmm(f"y ~ 1 + {part}", exact(d, 5))
    assert fit.certificate.verdict == "interior optimum"
    problem, inner = fit._problem, fit._solution.inner.copy()
    n_sds = len(d)
    smallest = int(np.argmin(np.abs(inner[:n_sds])))
    assert abs(inner[smallest]) < 0.1
    inner[smallest] = 0.0
    rival = Rival(problem, np.random.default_rng(0))
    left = rival.value(inner) - fit.criterion
    assert left > 1e-4
    found = rival.kernel.evidence(problem.terms, inner, problem.scaling.B)
    assert found.dual < 0.0
    assert found.gain == pytest.approx(left, rel=0.01)


@pytest.mark.parametrize(
    ("part", "place"),
    [
        ("cs(0 + f | g)", [1.0, 1.0, 1.0, np.pi / 2]),
        ("homcs(0 + f | g)", [1.0, -np.pi / 2]),
        ("ar1(0 + t | g)", [1.0, np.pi / 2]),
        ("hetar1(0 + t | g)", [0.0, 1.0, 1.0, 0.3]),
        ("hetar1(0 + t | g)", [0.0, 0.0, 0.0, 0.3]),
        ("hetar1(0 + t | g)", [0.0, 0.0, 1.0, 0.3]),
        ("toep(0 + t | g)", [1.0, 0.0, 1.0, 0.3, 0.1]),
        ("toep(0 + t | g)", [0.0, 0.0, 0.0, 0.3, 0.1]),
        ("homtoep(0 + t | g)", [1.0, np.pi / 2, 0.1]),
        ("homdiag(0 + f | g)", [0.0]),
    ],
)
def test_a_search_leaves_a_bound_by_itself(part: str, place: list[float]) -> None:
    """A slope along a fold is zero there; without any variance curvatures are, too."""
    fit = rn.lmm(f"y ~ 1 + {part}", exact(4 * 0.6 ** lag(3), 1))
    problem = fit._problem
    found = problem.kernel().optimise(problem.terms, np.array(place), 200, 1e-9, "newton")
    if not any(place[:1] if len(place) < 4 else place[:3]):
        assert found.escapes >= 1
    assert found.criterion == pytest.approx(fit.criterion, abs=1e-6)
