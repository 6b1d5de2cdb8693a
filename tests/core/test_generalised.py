"""Generalised models in the core: search, certificate, derivatives, and what it refuses."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import ranef as rn
from ranef import _core

N = 160
RNG = np.random.default_rng(4)
G = RNG.integers(0, 14, N).astype(np.int32)
H = RNG.integers(0, 6, N).astype(np.int32)
X = RNG.normal(size=N)
ETA = 0.4 + 0.5 * X + 0.7 * RNG.normal(size=14)[G] + 0.5 * RNG.normal(size=6)[H]
COUNTS = RNG.poisson(np.exp(ETA) * RNG.gamma(2.0, 0.5, N)).astype(float)
GAUSS = ETA + 0.8 * RNG.normal(size=N)
ONE = _core.Channel([None], coefficients=[0])


def rows(y: Any, *columns: tuple[Any, ...], x: Any = (None, X), weights: Any = None) -> Any:
    """Of one factor or two, with these columns."""
    groups = [
        _core.RowsGroup(codes, int(codes.max()) + 1, list(own))
        for codes, own in zip((G.copy(), H.copy()), columns, strict=False)
    ]
    return _core.Rows(groups=groups, x=list(x), y=y, weights=weights)


def terms(data: Any) -> list[Any]:
    return [
        _core.Term(group=g, offset=0, q=len(group.columns)) for g, group in enumerate(data.groups)
    ]


def model(data: Any, family: str, link: str, **parts: Any) -> Any:
    channels = parts.pop("channels", [ONE] if family in ("nbinom2", "gaussian") else [])
    asked: dict[str, Any] = {
        "offset": None,
        "channels": channels,
        "others": len(channels),
        "constants": [],
        "n_agq": 1,
        "priors": [],
        "normal": None,
        "held": [],
        "threads": 1,
    }
    return _core.Generalised(rows=data, family=family, link=link, **(asked | parts))


def solve(one: Any, data: Any, start: Any = None, restarts: int = 3) -> Any:
    return one.solve(_core.scaling_of(data, terms(data), 1), start, 500, 1e-11, restarts, True)


POINT = ([np.asfortranarray([[0.6, 0.0], [0.2, 0.5]]), np.asfortranarray([[0.4]])], (0.3, 0.4, 0.2))
CROSSED = rows(COUNTS, (None, X), (None,))


def test_the_optimum_is_that_of_glmmtmb() -> None:
    data = rn.datasets.load("cbpp")
    periods = [np.ascontiguousarray(data.period.astype(str) == k, float) for k in "234"]
    codes = np.unique(data.herd.astype(str), return_inverse=True)[1].astype(np.int32)
    size = data["size"].to_numpy(float)
    cbpp = _core.Rows(
        groups=[_core.RowsGroup(codes, 15, [None])],
        x=[None, *periods],
        y=data.incidence.to_numpy(float) / size,
        weights=size,
    )
    found = solve(model(cbpp, "binomial", "logit"), cbpp)
    gain, step = found.evidence[:2]
    assert found.status == "converged"
    # glmmTMB 1.1.5: log-likelihood -92.0262818647616, coefficients at its own tolerance.
    assert found.criterion == pytest.approx(2 * 92.0262818647616, abs=1e-9)
    np.testing.assert_allclose(
        found.coefficients, [-1.3985325, -0.9923323, -1.1286713, -1.5803137], atol=1e-5
    )
    assert gain < 1e-9
    assert step < 1e-4
    assert found.evaluations <= 9  # from zero; a start near the optimum saves half of them


@pytest.mark.parametrize(
    ("columns", "n_agq"),
    [(((None,),), 1), (((None, X),), 1), (((None,), (None,)), 1), (((None, X),), 3)],
)
def test_gaussian_rows_give_the_linear_model(columns: Any, n_agq: int) -> None:
    data = rows(GAUSS, *columns)
    found = solve(model(data, "gaussian", "identity", n_agq=n_agq), data)
    scaling = _core.scaling_of(data, terms(data), 1).with_response(0.0, 1.0)
    # The linear criterion of the columns as they are, so that both have one scale.
    workspace = _core.Workspace(_core.cross_products(data, 1), False, 0.0, [], None, 1)
    wanted = workspace.solve(scaling, None, 500, 1e-11, 3, True, 1)
    variance = workspace.r2 / workspace.nu
    assert found.criterion == pytest.approx(wanted.criterion, abs=1e-8)
    np.testing.assert_allclose(found.coefficients[:2], workspace.beta, atol=1e-5)
    assert found.coefficients[2] == pytest.approx(np.log(variance), abs=1e-5)
    for own, relative in zip(found.covariances, wanted.covariances, strict=True):
        np.testing.assert_allclose(own, variance * relative, atol=1e-4)


def penalised() -> Any:
    """Crossed counts with a normal prior and one of standard deviations."""
    eye = np.asfortranarray(np.eye(2))
    none = np.zeros((0, 0), order="F")
    prior = _core.TermPenalty(
        group=0, offset=0, change=eye, log_det=0.4, log_correlation=0.2, trace=eye,
        log_sd=np.full(2, 0.5), sd=np.full(2, 0.1), tail_weight=none, tail_scale=none, constant=0.7,
    )  # fmt: skip
    precision = np.asfortranarray([[1.0, 0.3, 0.0], [0.3, 2.0, 0.1], [0.0, 0.1, 0.5]])
    normal = (precision, np.array([0.1, -0.2, 0.3]), 1.5)
    return model(CROSSED, "nbinom2", "log", priors=[prior], normal=normal), normal, prior


def test_derivatives_with_priors_are_those_of_the_value() -> None:
    one, _, _ = penalised()
    lambda_, c = POINT
    c = np.array(c)
    directions = [(0, np.asfortranarray([[0.5, 0.2], [0.2, 0.3]])), (1, np.asfortranarray([[1.0]]))]

    def at(change: np.ndarray) -> tuple[float, np.ndarray]:
        d = [block @ block.T for block in lambda_]
        for size, (group, direction) in zip(change, directions, strict=False):
            d[group] = d[group] + size * direction
        roots = [np.asfortranarray(np.linalg.cholesky(block)) for block in d]
        assert one.evaluate(roots, c + change[2:], 1e-18)
        gamma = one.gamma()
        slopes = [np.sum(gamma[group] * direction) for group, direction in directions]
        return one.value, np.array([*slopes, *one.slopes()])

    _, gradient = at(np.zeros(5))
    second = one.second(directions)
    step = 1e-4  # central differences are off by its square
    for k in range(5):
        ahead, behind = at(step * np.eye(5)[k]), at(-step * np.eye(5)[k])
        assert (ahead[0] - behind[0]) / (2 * step) == pytest.approx(gradient[k], rel=1e-5)
        np.testing.assert_allclose(
            (ahead[1] - behind[1]) / (2 * step), second[k], rtol=1e-5, atol=1e-5
        )


def test_priors_add_to_the_value() -> None:
    one, (precision, centre, constant), prior = penalised()
    lambda_, c = POINT
    away = np.array(c) - centre
    plain = model(CROSSED, "nbinom2", "log", priors=[prior])
    assert one.evaluate(lambda_, np.array(c), 1e-18)
    assert plain.evaluate(lambda_, np.array(c), 1e-18)
    assert one.value - plain.value == pytest.approx(away @ precision @ away + constant, abs=1e-9)


def test_held_coefficients_stay_and_the_others_are_at_their_best() -> None:
    free = solve(model(CROSSED, "nbinom2", "log"), CROSSED)
    best = free.coefficients
    held = solve(model(CROSSED, "nbinom2", "log", held=[(1, best[1]), (2, best[2] + 0.5)]), CROSSED)
    assert held.coefficients[1] == best[1]
    assert held.coefficients[2] == best[2] + 0.5
    assert held.criterion > free.criterion + 1e-3
    assert held.evidence[0] < 1e-9
    same = solve(model(CROSSED, "nbinom2", "log", held=list(enumerate(best))), CROSSED)
    assert same.criterion == pytest.approx(free.criterion, abs=1e-8)


def test_a_search_begins_where_it_is_told() -> None:
    one = model(CROSSED, "nbinom2", "log")
    first = solve(one, CROSSED)
    again = solve(one, CROSSED, np.concatenate([first.inner, first.coefficients]))
    assert again.evaluations <= 3
    assert again.criterion == pytest.approx(first.criterion, abs=1e-9)


def test_separated_rows_leave_a_flat_direction() -> None:
    group = (H > 2) * 1.0
    y = np.where(group == 1.0, 1.0, (COUNTS > 1) * 1.0)
    data = rows(y, (None,), x=(None, group))
    found = solve(model(data, "binomial", "logit"), data)
    flat = found.evidence[6]
    assert flat.shape[1] == 1
    assert abs(flat[-1, 0]) > 0.99  # along the coefficient of the group
    assert found.coefficients[1] > 5


def test_predictors_and_derivatives_of_the_rows() -> None:
    offset = np.linspace(-0.5, 0.5, N)
    one = model(CROSSED, "nbinom2", "log", offset=offset)
    lambda_, c = POINT
    assert one.evaluate(lambda_, np.array(c), 1e-18)
    slopes, intercepts = one.modes()
    own = offset + c[0] + c[1] * X + slopes[G, 0, 0] + slopes[G, 1, 0] * X + intercepts[H, 0, 0]
    np.testing.assert_allclose(one.eta(), own, atol=1e-12)
    tables = one.row_derivatives(4)
    wanted = _core.family_rows("nbinom2", "log", [], 4, own, [np.full(N, c[2])], COUNTS, None)
    for found, expected in zip(tables, wanted, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
    assert [v.shape for v in one.conditional_variances()] == [(14, 2, 2), (6, 1, 1)]
    assert [v.shape for v in one.mode_derivatives([])] == [(14, 2, 3), (6, 1, 3)]
    assert one.layout[:3] == ([0], [1], 6)


def test_variances_of_rows_are_those_of_all_effects_together() -> None:
    """z'P z with P = (Z'WZ + D^-1)^-1 over both factors, for pairs of levels that never met too."""
    one = model(CROSSED, "nbinom2", "log")
    lambda_, c = POINT
    assert one.evaluate(lambda_, np.array(c), 1e-18)
    w = -one.row_derivatives(2)[0][2]
    of_g = np.zeros((N, 14, 2))
    of_g[np.arange(N), G, 0] = 1.0
    of_g[np.arange(N), G, 1] = X
    z = np.column_stack([of_g.reshape(N, -1), np.eye(6)[H]])
    d = [root @ root.T for root in lambda_]
    whole = np.zeros((34, 34))
    whole[:28, :28] = np.kron(np.eye(14), d[0])
    whole[28:, 28:] = np.kron(np.eye(6), d[1])
    covariance = np.linalg.inv(z.T @ (w[:, None] * z) + np.linalg.inv(whole))
    g, h, x = np.meshgrid(np.arange(14, dtype=np.int32), np.arange(6, dtype=np.int32), [0.5, -1.0])
    g, h, x = g.ravel(), h.ravel(), x.ravel()
    ask = np.zeros((g.size, 34))
    at = np.arange(g.size)
    ask[at, 2 * g], ask[at, 2 * g + 1], ask[at, 28 + h] = 1.0, x, 1.0
    wanted = np.einsum("ij,jk,ik->i", ask, covariance, ask)
    groups = [
        _core.RowsGroup(codes=g, n_levels=14, columns=[np.ones(g.size), x]),
        _core.RowsGroup(codes=h, n_levels=6, columns=[np.ones(g.size)]),
    ]
    asked = _core.Rows(groups=groups, x=[], y=np.zeros(g.size))
    np.testing.assert_allclose(one.row_variances(asked), wanted, rtol=1e-9)
    unseen = [
        _core.RowsGroup(codes=np.full(g.size, -1, np.int32), n_levels=14, columns=[x, x]),
        groups[1],
    ]
    alone = one.row_variances(_core.Rows(groups=unseen, x=[], y=np.zeros(g.size)))
    np.testing.assert_allclose(alone, one.conditional_variances()[1][h, 0, 0], rtol=1e-12)
    with pytest.raises(ValueError, match="another model"):
        one.row_variances(_core.Rows(groups=groups[:1], x=[], y=np.zeros(g.size)))
    high = _core.RowsGroup(codes=h + 1, n_levels=6, columns=[np.ones(g.size)])
    with pytest.raises(ValueError, match="level code"):
        one.row_variances(_core.Rows(groups=[groups[0], high], x=[], y=np.zeros(g.size)))


def test_a_channel_by_row() -> None:
    which = (H % 2).astype(np.int32)
    by_code = _core.Channel([], coefficients=[], which=which)
    by_column = _core.Channel([1.0 - which, 1.0 * which], coefficients=[0, 1])
    lambda_, c = POINT
    values = []
    for channel in (by_code, by_column):
        one = model(CROSSED, "nbinom2", "log", channels=[channel], others=2)
        assert one.evaluate(lambda_, np.array([*c, 0.7]), 1e-18)
        values.append((one.value, *one.slopes()))
    np.testing.assert_allclose(values[0], values[1], rtol=1e-12)


def test_codes_are_copied() -> None:
    data = rows(COUNTS, (None,))
    one = model(data, "poisson", "log")
    at = ([np.asfortranarray([[0.5]])], np.array([0.1, 0.2]), 1e-18)
    assert one.evaluate(*at)
    before = one.value
    data.groups[0].codes[:] = 2**30
    assert one.evaluate(*at)
    assert one.value == before
    assert one.eta().shape == (N,)


def test_a_solution_is_pickled_with_its_coefficients() -> None:
    found = solve(model(CROSSED, "nbinom2", "log"), CROSSED, restarts=0)
    again = pickle.loads(pickle.dumps(found))
    np.testing.assert_array_equal(again.coefficients, found.coefficients)
    older = type(found).__new__(type(found))
    older.__setstate__(found.__getstate__()[:17])
    assert older.coefficients.size == 0
    assert older.criterion == found.criterion


def test_nothing_is_said_before_an_evaluation() -> None:
    one = model(CROSSED, "nbinom2", "log")
    for question in (one.gamma, one.slopes, one.modes, one.eta, one.conditional_variances):
        with pytest.raises(ValueError, match="evaluate"):
            question()
    lambda_, c = POINT
    assert not one.evaluate(lambda_, np.array([*c[:2], np.nan]), 1e-10)
    with pytest.raises(ValueError, match="evaluate"):
        one.slopes()


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"family": "normal"}, "family"),
        ({"link": "logit"}, "link"),
        ({"channels": []}, "channel"),
        ({"channels": [ONE, ONE]}, "channel"),
        ({"others": 0}, "coefficient"),
        ({"others": 2}, "coefficient"),
        ({"others": 2**31 - 1}, "coefficient"),
        ({"channels": [_core.Channel([None, X[:5]], coefficients=[0, 0])]}, "length"),
        ({"channels": [_core.Channel([None], coefficients=[1])]}, "coefficient"),
        ({"channels": [_core.Channel([], coefficients=[], which=H)]}, "coefficient"),
        ({"channels": [_core.Channel([], coefficients=[], which=H[:9] * 0)]}, "length"),
        ({"offset": X[:7]}, "length"),
        ({"n_agq": 0}, "n_agq"),
        ({"n_agq": 5}, "one grouping factor"),
        ({"threads": 0}, "threads"),
        ({"normal": (np.eye(2, order="F"), np.zeros(3), 0.0)}, "normal"),
        ({"normal": (np.eye(3, order="F"), np.full(3, np.inf), 0.0)}, "normal"),
        ({"normal": (np.triu(np.ones((3, 3))).copy("F"), np.zeros(3), 0.0)}, "symmetric"),
        ({"held": [(3, 0.0)]}, "held"),
        ({"held": [(-1, 0.0)]}, "held"),
        ({"held": [(0, 0.0), (0, 1.0)]}, "held"),
        ({"held": [(0, np.nan)]}, "held"),
    ],
)
def test_wrong_parts_are_refused(parts: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        model(CROSSED, **({"family": "nbinom2", "link": "log"} | parts))


def test_rows_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="grouping factor"):
        model(rows(COUNTS), "poisson", "log")
    codes = _core.RowsGroup(G, 14, [None]).replace(n_levels=13)
    with pytest.raises(ValueError, match="level"):
        model(_core.Rows(groups=[codes], x=[None], y=COUNTS), "poisson", "log")
    with pytest.raises(ValueError, match="one coefficient for each column"):
        _core.Channel([None], coefficients=[])
    with pytest.raises(ValueError, match="not both"):
        _core.Channel([None], coefficients=[0], which=H)


def test_points_that_do_not_fit_are_refused() -> None:
    one = model(CROSSED, "nbinom2", "log")
    lambda_, c = POINT
    for wrong in (
        (lambda_[:1], np.array(c), 0.0),
        (lambda_, np.array(c[:2]), 0.0),
        (lambda_, np.array(c), np.nan),
    ):
        with pytest.raises(ValueError, match=r"Lambda|coefficients|tolerance"):
            one.evaluate(*wrong)
    with pytest.raises(ValueError, match="start"):
        solve(one, CROSSED, np.zeros(5))
    assert one.evaluate(lambda_, np.array(c), 0.0)
    for group in (-1, 2):
        with pytest.raises(ValueError, match="grouping factor"):
            one.second([(group, np.asfortranarray([[1.0]]))])
    with pytest.raises(ValueError, match="size"):
        one.mode_derivatives([(0, np.asfortranarray([[1.0]]))])
    with pytest.raises(ValueError, match="order"):
        one.row_derivatives(5)
