"""The numbers behind findings against plain ways to get them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

import ranef as rn
from ranef.core import TermLabel
from ranef.diagnose.effects import evaluated, group_effects
from ranef.diagnose.influence import _left_out, displacements
from ranef.diagnose.normality import anderson_darling
from ranef.diagnose.rank import cost_of_rank, principal_components
from ranef.diagnose.spread import residual_spread
from ranef.diagnose.subject import Subject
from ranef.diagnose.words import null_sentences
from ranef.fit.subject import subject_of
from ranef.problem.parameters import group_lambdas


def subject(formula: str, data: pd.DataFrame, **options: object) -> Subject:
    return subject_of(rn.lmm(formula, data, **options))


@pytest.fixture(scope="module")
def sleep() -> pd.DataFrame:
    return rn.datasets.load("sleepstudy")


# -- cost of a lower rank ---------------------------------------------------------------------
def test_cost_of_no_slope_variance_is_the_likelihood_ratio(sleep: pd.DataFrame) -> None:
    larger = subject("Reaction ~ Days + (Days || Subject)", sleep)
    smaller = rn.lmm("Reaction ~ Days + (1 | Subject)", sleep)
    slope = [label.names for label in larger.problem.labels].index(("Days",))
    kernel = larger.problem.kernel()
    found = cost_of_rank(larger.problem, kernel, larger.solution.inner, slope, 0)
    expected = smaller.criterion - larger.solution.criterion
    assert found.cost == pytest.approx(expected, abs=2e-3)
    assert found.exact


@pytest.mark.parametrize("first", ["intercept", "little"])
def test_cost_of_rank_one_is_that_of_the_best_rank_one(sleep: pd.DataFrame, first: str) -> None:
    """Also where the first effect varies least, so that the face takes the second one first."""
    random = "(Days | Subject)" if first == "intercept" else "(0 + one + Days | Subject)"
    whole = subject(f"Reaction ~ Days + {random}", sleep.assign(one=1.0))
    kernel = whole.problem.kernel()

    def rank_one(root: np.ndarray) -> float:
        theta = np.array([root[0], root[1], 0.0])
        assert kernel.evaluate(group_lambdas(whole.problem, theta))
        return kernel.value

    starts = ([1.0, 0.5], [1.0, -0.5])
    best = min(optimize.minimize(rank_one, s, method="Nelder-Mead").fun for s in starts)
    found = cost_of_rank(whole.problem, kernel, whole.solution.inner, 0, 1)
    assert found.cost == pytest.approx(best - whole.solution.criterion, abs=2e-3)


def test_principal_components_do_not_depend_on_units_or_origin(sleep: pd.DataFrame) -> None:
    components = []
    for days in (sleep["Days"], 24.0 * sleep["Days"] + 1000.0):
        s = subject("Reaction ~ D + (D | Subject)", sleep.assign(D=days))
        components.append(principal_components(s.problem, s.solution.inner, 0))
    assert components[0] == pytest.approx(components[1], rel=1e-4)


# -- influence ----------------------------------------------------------------------------------
def sd_changes_by_deletion(s: Subject, factor: int = 0) -> np.ndarray:
    effects = group_effects(s, evaluated(s))[factor]
    out = []
    for level in range(len(effects.levels)):
        other = s.refit(rows=effects.codes != level)
        ratio = np.sqrt(
            np.diag(other.estimates.covariances[0]) / np.diag(s.estimates.covariances[0])
        )
        out.append([*ratio, other.estimates.sigma / s.estimates.sigma])
    return np.log(np.array(out))


@pytest.mark.parametrize("model", ["sleepstudy", "hsb"])
def test_first_order_changes_follow_true_deletion(model: str) -> None:
    data = rn.datasets.load(model)
    if model == "hsb":
        data = data[data["sch.id"].isin(sorted(data["sch.id"].unique())[::4])]
        s = subject("math ~ sector + (1 | sch.id)", data)
    else:
        s = subject("Reaction ~ Days + (Days | Subject)", data)
    at = evaluated(s)
    effects = group_effects(s, at)[0]
    found = displacements(s, at, effects)
    true = sd_changes_by_deletion(s)
    # The inner scale centres Days: its intercept is another one, the slope and sigma are not.
    columns = [-1] if model == "hsb" else [1, 2]
    columns = [0, 1] if model == "hsb" else columns
    for column in columns:
        first, exact = found.sd_change[:, column], true[:, column]
        assert np.corrcoef(first, exact)[0, 1] > 0.95
        # Leaving a group out in earnest goes further than the first order by about its share.
        assert 0.6 < np.polyfit(first, exact, 1)[0] < 1.7


def test_shares_of_the_gradient_add_up_to_nothing(sleep: pd.DataFrame) -> None:
    """At an ML optimum the groups' shares cancel: the displacement is measured from a minimum."""
    s = subject("Reaction ~ Days + (Days | Subject)", sleep, reml=False)
    at = evaluated(s)
    effects = group_effects(s, at)[0]
    score = np.einsum("jab->ab", effects.spread) - np.einsum("ja,jb->ab", effects.u, effects.u)
    assert np.abs(score).max() < 1e-5
    assert float(at.marginal @ at.residuals) == pytest.approx(len(sleep), rel=1e-9)


def test_a_group_left_out_is_reported_with_the_figures_of_that_fit(sleep: pd.DataFrame) -> None:
    from ranef.diagnose.influence import influence_findings

    wild = sleep.assign(
        Reaction=sleep["Reaction"] + 400.0 * (sleep["Subject"].astype(str) == "310")
    )
    s = subject("Reaction ~ Days + (1 | Subject)", wild)
    (finding,) = influence_findings(s, evaluated(s))
    without = rn.lmm("Reaction ~ Days + (1 | Subject)", wild[wild["Subject"].astype(str) != "310"])
    sd = float(without.varcorr()["sd"].iloc[0])
    assert finding.where == "Subject = 310"
    assert f"to {sd:.3g}" in finding.message


def test_a_factor_that_loses_a_level_may_come_second() -> None:
    """Terms are ordered by their levels: two factors of twenty each change places."""
    from ranef.diagnose.influence import influence_findings

    rng = np.random.default_rng(8)
    data = pd.DataFrame({"a": np.repeat(np.arange(20), 40), "b": np.tile(np.arange(20), 40)})
    effect_a, effect_b = 0.3 * rng.normal(size=20), 3.0 * rng.normal(size=20)
    effect_a[4] += 5.0
    data["y"] = effect_a[data["a"]] + effect_b[data["b"]] + rng.normal(size=800)
    s = subject("y ~ 1 + (1 | a) + (1 | b)", data)
    assert [label.factor for label in s.problem.labels] == ["a", "b"]
    (finding,) = influence_findings(s, evaluated(s))
    fits = [rn.lmm(s.formula.text, d) for d in (data, data[data["a"] != 4])]
    before, after = (float(f.varcorr().set_index("group")["sd"]["a"]) for f in fits)
    assert finding.where == "a = 4"
    assert f"the SD of the a intercept goes from {before:.3g} to {after:.3g}" in finding.message


@pytest.mark.parametrize(("change", "said"), [(-0.097, False), (-0.103, True)])
def test_a_group_is_named_if_an_sd_changes_by_a_tenth(change: float, said: bool) -> None:
    """Balanced groups: the variance between is that of the means less sigma^2 / m, in closed form.

    Every group has the same values about its mean, so that sigma stays where it is.
    """
    means = np.random.default_rng(1).normal(size=24)
    inner = np.array([-1.0, 1.0, 0.0, 0.0])
    share = float(np.sum(inner**2)) / 3.0 / 4.0  # sigma^2 / m

    def moved(outlier: float) -> float:
        whole = np.var(np.append(means, outlier), ddof=1) - share
        return float(np.sqrt((np.var(means, ddof=1) - share) / whole) - 1.0 - change)

    outlier = optimize.brentq(moved, means.mean() + 0.5, means.mean() + 20.0)
    y = (np.append(means, outlier)[:, None] + inner).ravel()
    s = subject("y ~ 1 + (1 | g)", pd.DataFrame({"y": y, "g": np.repeat(np.arange(25), 4)}))
    at = evaluated(s)
    (effects,) = group_effects(s, at)
    finding = _left_out(s, effects, displacements(s, at, effects), 24)
    assert (finding is not None) is said
    if finding is not None:
        assert "-10.3%" in finding.evidence


# -- spread -------------------------------------------------------------------------------------
def test_spread_is_uniform_under_equal_variances_and_any_unit() -> None:
    rng = np.random.default_rng(3)
    sizes = np.resize([7, 7, 7, 40], 40)
    group = np.repeat(np.arange(40), sizes)
    n = group.size
    s = subject("y ~ 1 + (1 | g)", pd.DataFrame({"g": group, "y": rng.normal(size=n)}))
    term = s.design.terms[0]
    leverage = (1.0 / sizes)[term.codes]
    p_values, scaled, apart = [], [], []
    for _ in range(400):
        r = rng.normal(size=n)
        r -= (np.bincount(term.codes, weights=r) / sizes)[term.codes]
        found = residual_spread(r, leverage, term.codes, term.n_levels)
        again = residual_spread(1e6 * r, leverage, term.codes, term.n_levels)
        assert found is not None
        assert again is not None
        p_values.append(found.p_value)
        scaled.append(again.p_value)
        apart.append(found.log_sigma[sizes == 7].mean() - found.log_sigma[sizes == 40].mean())
    assert p_values == pytest.approx(scaled, rel=1e-6)
    # The allowance for tails is never below one, so the test is a little conservative.
    # Small groups look no quieter than large ones.
    assert np.mean(apart) == pytest.approx(0.0, abs=3.0 * np.std(apart) / 20.0)
    # Three standard errors of 400 draws above and below.
    assert np.mean(np.array(p_values) < 0.05) < 0.083
    assert 0.35 < np.mean(np.array(p_values) < 0.5) < 0.575


def test_anderson_darling_keeps_its_level() -> None:
    rng = np.random.default_rng(4)
    p = np.array([anderson_darling(rng.normal(size=40)) for _ in range(4000)])
    for level in (0.5, 0.1, 0.02):
        assert np.mean(p < level) == pytest.approx(level, abs=4.0 * np.sqrt(level / 4000))
    assert anderson_darling(stats.expon.ppf((np.arange(60) + 0.5) / 60)) < 1e-4


# -- words --------------------------------------------------------------------------------------
def test_null_directions_in_words() -> None:
    two = TermLabel("school", "school", ("Intercept", "ses"), 160)
    assert null_sentences(two, np.outer([2.0, -1.0], [2.0, -1.0]), 1) == [
        "the school intercept and the slope of ses are perfectly correlated: the 2x2 covariance "
        "has rank 1"
    ]
    assert null_sentences(two, np.zeros((2, 2)), 0) == [
        "the school intercept has no variance",
        "the slope of ses has no variance between levels of school",
    ]
    three = TermLabel("g", "g", ("Intercept", "x", "z"), 9)
    a, b = np.array([1.0, 0.0, 1.0]), np.array([0.0, 1.0, 1.0])
    (text,) = null_sentences(three, np.outer(a, a) + np.outer(b, b), 2)
    assert text == (
        "z - 0.71 (Intercept) - 0.71 x (in SDs) has no variance between levels of g: the 3x3 "
        "covariance has rank 2"
    )
