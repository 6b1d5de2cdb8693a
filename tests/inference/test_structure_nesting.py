"""Structures nested in each other: the table, by numbers; and the laws of their ratios."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import ranef as rn
from ranef.core import TermBlock
from ranef.covariance import structure_of
from ranef.covariance.nesting import is_case_of, smaller_structures

NAMES = ("us", "rr", "toep", "homtoep", "hetar1", "ar1", "cs", "homcs", "homdiag")
Q = 4


def block(name: str, positions: tuple[int, ...] = (0, 1, 2, 3)) -> TermBlock:
    ordered = positions if name in ("ar1", "hetar1", "toep", "homtoep") else ()
    return TermBlock(0, 0, Q, name, 2 if name == "rr" else 0, ordered)


def member(name: str, seed: int, positions: tuple[int, ...] = (0, 1, 2, 3)) -> np.ndarray:
    """Some covariance matrix of a structure."""
    rng = np.random.default_rng(seed)
    if name == "one":
        return np.full((Q, Q), rng.uniform(0.5, 2.0))
    if name == "diag":
        return np.diag(rng.uniform(0.5, 2.0, Q))
    structure = structure_of(block(name, positions))
    root = structure.root(rng.uniform(0.2, 0.6, structure.size))
    return np.asarray(root @ root.T)


def is_met(matrix: np.ndarray, name: str, positions: tuple[int, ...] = (0, 1, 2, 3)) -> bool:
    structure = structure_of(block(name, positions))
    root = structure.root(structure.nearest(matrix))
    return bool(np.abs(root @ root.T - matrix).max() < 1e-8)


@pytest.mark.parametrize("large", NAMES)
@pytest.mark.parametrize("small", [*NAMES, "diag"])
def test_a_special_case_is_met_exactly(small: str, large: str) -> None:
    met = all(is_met(member(small, seed), large) for seed in range(3))
    assert met == is_case_of(small, large)


@pytest.mark.parametrize("large", NAMES)
def test_one_effect_for_all_columns_is_a_correlation_of_one(large: str) -> None:
    structure = structure_of(block(large))
    matrix = member("one", 1)
    if large in ("us", "rr"):
        assert is_met(matrix, large)
        return
    q_sds = structure.size - {"homdiag": 0, "toep": 3, "homtoep": 3}.get(large, 1)
    values = np.concatenate([np.full(q_sds, matrix[0, 0] ** 0.5), np.ones(structure.size - q_sds)])
    root = structure.root(structure.coordinates(values))
    met = bool(np.abs(root @ root.T - matrix).max() < 1e-8)
    assert met == is_case_of("one", large)


def test_gaps_in_time_part_autoregression_from_toeplitz_correlations() -> None:
    gaps = (0, 1, 3, 4)
    for small, large in (("ar1", "homtoep"), ("hetar1", "toep")):
        assert not is_case_of(small, large, even=False)
        assert not is_met(member(small, 1, gaps), large, gaps)
    assert is_case_of("ar1", "hetar1", even=False)
    assert is_met(member("ar1", 1, gaps), "hetar1", gaps)
    assert smaller_structures("toep", gaps) == ("cs", "homtoep")


# -- laws ---------------------------------------------------------------------------------------
def data() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    g, t = np.repeat(np.arange(40), 12), np.tile(np.repeat(np.arange(4), 3), 40)
    common = 0.3 + 0.7 * np.exp(-0.4 * np.abs(np.subtract.outer(np.arange(4), np.arange(4))))
    sds = np.array([0.8, 1.0, 1.3, 0.9])
    b = rng.multivariate_normal(np.zeros(4), common * np.outer(sds, sds), 40)
    x = rng.normal(size=g.size)
    y = x + b[g, t] + rng.normal(size=g.size)
    return pd.DataFrame({"y": y, "x": x, "g": g, "f": np.array([*"abcd"])[t], "t": t})


@pytest.fixture(scope="module")
def fits() -> dict[str, rn.Fit]:
    parts = {
        "one": "(1 | g)",
        "one and each": "(1 | g) + (1 | g:f)",
        "diag": "(0 + f || g)",
        "us": "(0 + f | g)",
        **{name: f"{name}(0 + f | g)" for name in NAMES if name not in ("us", "rr")},
        **{f"rr{rank}": f"rr(0 + f | g, {rank})" for rank in (1, 2, 3)},
    }
    return {name: rn.lmm(f"y ~ x + {part}", data()) for name, part in parts.items()}


@pytest.mark.parametrize(
    ("small", "large", "law"),
    [
        ("cs", "us", "chi2(5)"),
        ("homcs", "cs", "chi2(3)"),
        ("homdiag", "homcs", "chi2(1)"),
        ("homdiag", "diag", "chi2(3)"),
        ("diag", "cs", "chi2(1)"),
        ("diag", "us", "chi2(6)"),
        ("ar1", "toep", "chi2(5)"),
        ("ar1", "hetar1", "chi2(3)"),
        ("homtoep", "toep", "chi2(3)"),
        ("homcs", "homtoep", "chi2(2)"),
        ("one and each", "us", "chi2(8)"),
        ("one and each", "cs", "chi2(3)"),
        ("one", "homcs", "half 0, half chi2(1)"),
        ("one", "ar1", "half 0, half chi2(1)"),
        ("one", "cs", "half chi2(3), half chi2(4)"),
        ("one", "rr1", "chi2(3)"),
        ("rr3", "us", "half 0, half chi2(1)"),
    ],
)
def test_the_law_of_a_restriction(
    fits: dict[str, rn.Fit], small: str, large: str, law: str
) -> None:
    table = rn.anova(fits[small], fits[large])
    assert table["law"].iloc[1] == law
    assert table["statistic"].iloc[1] >= 0.0
    if law.startswith("chi2"):
        df = table["df"].iloc[1]
        assert law == f"chi2({df:.0f})"
        p = stats.chi2.sf(table["statistic"].iloc[1], df)
        assert table["p_value"].iloc[1] == pytest.approx(p, rel=1e-9)


@pytest.mark.parametrize(
    ("small", "large"), [("one", "toep"), ("one", "homtoep"), ("rr1", "rr2"), ("one", "rr2")]
)
def test_where_the_shape_is_not_known_there_are_bounds(
    fits: dict[str, rn.Fit], small: str, large: str
) -> None:
    law = rn.anova(fits[small], fits[large])["law"].iloc[1]
    assert law.startswith("between half ")


@pytest.mark.parametrize(
    ("small", "large"),
    [("one", "homdiag"), ("one", "diag"), ("homcs", "hetar1"), ("cs", "rr3"), ("rr1", "cs")],
)
def test_other_structures_are_not_nested(fits: dict[str, rn.Fit], small: str, large: str) -> None:
    with pytest.raises(rn.OptionError, match="the models are not nested"):
        rn.anova(fits[small], fits[large])


def test_names_of_columns_in_another_order_are_the_same_structure() -> None:
    frame = data()
    moved = frame.assign(f=pd.Categorical(frame["f"], categories=[*"dbac"]))
    small = rn.lmm("y ~ x + homcs(0 + f | g)", moved)
    large = rn.lmm("y ~ x + cs(0 + f | g)", frame)
    assert rn.anova(small, large)["law"].iloc[1] == "chi2(3)"
    with pytest.raises(rn.OptionError):
        rn.anova(rn.lmm("y ~ x + ar1(0 + f | g)", moved), rn.lmm("y ~ x + toep(0 + f | g)", frame))


def test_ranova_takes_the_effects_of_a_structure_out(fits: dict[str, rn.Fit]) -> None:
    laws = {name: fits[name].ranova()["law"].to_dict() for name in ("homcs", "cs", "toep")}
    assert laws["homcs"] == {"f in homcs(0 + f | g)": "half 0, half chi2(1)"}
    assert laws["cs"] == {"f in cs(0 + f | g)": "half chi2(3), half chi2(4)"}
    (toep,) = laws["toep"].items()
    assert toep[0] == "f in toep(0 + f | g)"
    assert toep[1].startswith("between half chi2(3), half chi2(4) (p = ")
    homdiag = fits["homdiag"].ranova()
    assert homdiag["law"].tolist() == ["half 0, half chi2(1)"]
    assert homdiag["npar"].tolist() == [3]


def test_a_structure_with_one_column_less_has_bounds() -> None:
    frame = data().assign(z=lambda d: np.cos(np.arange(len(d))))
    table = rn.lmm("y ~ x + z + cs(x + z | g)", frame).ranova()
    assert table.index.tolist() == ["x in cs(x + z | g)", "z in cs(x + z | g)"]
    assert all(law.startswith("between half 0, half chi2(1) (p") for law in table["law"])


def test_a_singular_structure_gives_bounds() -> None:
    """Its correlation of one may be one in truth or not."""
    rng = np.random.default_rng(1)
    frame = data().assign(y=lambda d: rng.normal(size=40)[d["g"]] + rng.normal(size=len(d)))
    small, large = (rn.lmm(f"y ~ x + {name}(0 + f | g)", frame) for name in ("homcs", "cs"))
    assert small.certificate.verdict == "boundary optimum"
    with pytest.warns(UserWarning, match="singular itself"):
        law = rn.anova(small, large)["law"].iloc[1]
    assert law.startswith("between half 0, half chi2(1) (p = ")
    assert "half chi2(3), half chi2(4)" in law
