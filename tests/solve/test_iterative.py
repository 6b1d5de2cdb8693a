"""Crossed factors by iterations: beside the exact fit, on graphs with and without structure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from studies.rating_graphs import GRAPHS, heavy_tailed, rated

import ranef as rn
from ranef.core import CrossedSolver
from ranef.core.arguments import core_terms
from ranef.errors import OptionError, TooLargeError
from ranef.problem import crossed
from ranef.problem.parameters import group_lambdas

EXACT = rn.Control(crossed="exact")
ITERATIVE = rn.Control(crossed="iterative")
FORMULA = "y ~ x + (1 | u) + (1 | v)"
ROWS = 6_000


def drawn(name: str, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng((seed, list(GRAPHS).index(name)))
    return rated(rng, GRAPHS[name](rng, ROWS))


def both(formula: str, data: pd.DataFrame, **options: object) -> tuple[rn.Fit, rn.Fit]:
    exact = rn.lmm(formula, data, control=EXACT, **options)
    return exact, rn.lmm(formula, data, control=ITERATIVE, **options)


def apart(exact: rn.Fit, iterative: rn.Fit) -> float:
    """Between the two thetas, in standard errors: the root of the quadratic form."""
    problem, solution = exact._problem, exact._solution
    kernel = problem.kernel()
    kernel.evaluate(group_lambdas(problem, solution.inner))
    here = kernel.value
    kernel.evaluate(group_lambdas(problem, iterative._solution.inner))
    return float(np.sqrt(max(0.0, kernel.value - here)))


def agree(exact: rn.Fit, iterative: rn.Fit) -> None:
    certificate = iterative.certificate
    assert certificate.certified, str(certificate)
    assert certificate.estimated
    assert certificate.verdict == exact.certificate.verdict
    assert certificate.error_se <= 0.011
    assert apart(exact, iterative) < 0.03
    assert abs(exact.criterion - iterative.criterion) < 3.0 * certificate.error_criterion + 1e-4
    se = np.sqrt(np.diag(exact.vcov))
    assert np.abs((exact.fixef - iterative.fixef) / se).max() < 0.01
    np.testing.assert_allclose(iterative.vcov, exact.vcov, rtol=0.02, atol=1e-8)


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("reml", [False, True])
def test_iterative_and_exact_fits_agree_on_every_graph(name: str, reml: bool) -> None:
    agree(*both(FORMULA, drawn(name), reml=reml))


def with_slopes(seed: int = 2) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    data = rated(rng, heavy_tailed(rng, 8_000, 250, 80))
    v, u = data["v"].to_numpy(), data["u"].to_numpy()
    data["y"] += (
        0.3 * rng.normal(size=80)[v] * data["x"] + 0.2 * rng.normal(size=250)[u] * data["x"]
    )
    data["w"] = rng.integers(0, 40, len(data))
    data["y"] += 0.3 * rng.normal(size=40)[data["w"]]
    data["studio"] = v % 12
    data["town"] = u % 15
    data["weight"] = rng.uniform(0.5, 2.0, len(data))
    data["f"] = np.array(["a", "b", "c"])[rng.integers(0, 3, len(data))]
    return data


@pytest.mark.parametrize(
    "formula",
    [
        "y ~ x + (x | u) + (1 | v)",
        "y ~ x + (1 | u) + (x | v)",
        "y ~ x + (x || u) + (x | v)",
        "y ~ x + (1 | u) + (1 | v) + (1 | w)",
        "y ~ x + (1 | u) + (1 | v) + (1 | studio)",
        "y ~ x + (1 | town / u) + (1 | v)",
        "y ~ x + (1 | town) + (x | u) + (x | v) + (1 | w)",
        "y ~ x + (1 | u) + cs(0 + f | v)",
    ],
)
def test_designs_and_structures(formula: str) -> None:
    agree(*both(formula, with_slopes()))


def test_weights() -> None:
    agree(*both("y ~ x + (1 | u) + (x | v)", with_slopes(), weights="weight"))


def test_priors_of_covariances() -> None:
    exact, iterative = both(FORMULA, drawn("heavy tails"), prior={"v": rn.priors.Wishart()})
    assert apart(exact, iterative) < 0.03


@pytest.mark.parametrize("sds", [(0.0, 0.3), (0.3, 0.0), (0.02, 0.03), (10.0, 10.0)])
def test_variances_at_zero_and_large_ones(sds: tuple[float, float]) -> None:
    rng = np.random.default_rng(5)
    data = rated(rng, heavy_tailed(rng, ROWS, 250, 80), sds)
    agree(*both(FORMULA, data))


def test_no_slope_variance_in_the_tail_is_certified_on_the_boundary() -> None:
    rng = np.random.default_rng(11)
    data = rated(rng, heavy_tailed(rng, ROWS, 250, 80))
    exact, iterative = both("y ~ x + (1 | u) + (x || v)", data)
    assert iterative.certificate.verdict == exact.certificate.verdict
    assert apart(exact, iterative) < 0.03


@pytest.mark.parametrize(
    "formula", [FORMULA, "y ~ x + (1 | town / u) + (x | v)", "y ~ x + (x | u) + (1 | v) + (1 | w)"]
)
def test_results_repeat_and_do_not_depend_on_threads(formula: str) -> None:
    data = with_slopes()
    fits = [
        rn.lmm(formula, data, control=replace(ITERATIVE, threads=threads)) for threads in (1, 1, 3)
    ]
    assert len({fit.criterion for fit in fits}) == 1
    assert len({fit.certificate.error_criterion for fit in fits}) == 1
    assert len({tuple(fit.theta) for fit in fits}) == 1
    assert len({fit.ranef()["v"].to_numpy().tobytes() for fit in fits}) == 1


@pytest.mark.parametrize(("name", "deflated"), [("heavy tails", 0), ("employers", 16)])
def test_the_error_of_the_criterion_covers_it(name: str, deflated: int) -> None:
    """Without directions one eigenvalue makes up most of the noise: Student covers 86 % there."""
    exact = rn.lmm(FORMULA, drawn(name), reml=False, control=EXACT)
    seeds, covered = 150, 0
    for seed in range(seeds):
        solver = CrossedSolver(seed, deflated, 8, np.inf, np.inf)
        problem = replace(exact._problem, solver=solver)
        kernel = problem.kernel()
        kernel.evaluate(group_lambdas(problem, exact._solution.inner))
        told = kernel.workspace.estimation(core_terms(problem.terms), exact._solution.inner)[1]
        covered += abs(kernel.value - exact.criterion) <= told
    assert 0.92 * seeds <= covered


def test_random_effects_with_the_errors_of_their_standard_deviations() -> None:
    exact, iterative = both("y ~ x + (1 | town / u) + (x | v)", with_slopes())
    for group, frame in exact.ranef().items():
        own, errors = iterative.ranef()[group], iterative.ranef_error()[group]
        names = [name for name in frame.columns if name.endswith("_sd")]
        effects = [name for name in frame.columns if name not in names]
        np.testing.assert_allclose(own[effects], frame[effects], atol=0.01)
        assert list(errors.columns) == names
        if not frame[names].to_numpy().max() > 0.0:  # a variance of zero
            assert own[names].to_numpy().max() == 0.0
            continue
        wide = np.abs(own[names] - frame[names]) / frame[names]
        assert float(wide.to_numpy().max()) < 0.03
        told = (errors[names] / frame[names]).to_numpy()
        assert told.min() >= 0.0
        assert told.max() < 0.05
        assert (wide.to_numpy() <= told).mean() >= 0.93


def test_predictions_have_intervals_and_leverages_of_many_rows_are_refused() -> None:
    exact, iterative = both(FORMULA, drawn("heavy tails"))
    new = drawn("heavy tails").head(20)
    options = {"interval": "confidence"}
    np.testing.assert_allclose(
        iterative.predict(new, **options), exact.predict(new, **options), rtol=0.01, atol=0.01
    )
    np.testing.assert_allclose(iterative.leverage, exact.leverage, rtol=0.01)
    rng = np.random.default_rng(4)
    many = rn.lmm(FORMULA, rated(rng, heavy_tailed(rng, 150_000, 6_000, 300)), control=ITERATIVE)
    with pytest.raises(TooLargeError, match="exact factorisation"):
        many.leverage  # noqa: B018
    assert many.augment()[".hat"].isna().all()
    assert (many.ranef()["v"]["Intercept_sd"] > 0.0).all()


def test_profiles_are_refused() -> None:
    with pytest.raises(TooLargeError, match="exact factorisation"):
        rn.lmm(FORMULA, drawn("heavy tails"), control=ITERATIVE).profile()


def test_tests_of_coefficients_and_variances() -> None:
    exact, iterative = both(FORMULA, drawn("heavy tails"))
    own, other = iterative.coefficients(), exact.coefficients()
    np.testing.assert_allclose(own["std_error"], other["std_error"], rtol=1e-3)
    np.testing.assert_allclose(own["df"], other["df"], rtol=0.1)
    assert iterative.loglik_error > 0.0 == exact.loglik_error


def test_bootstrap_refits_by_iterations() -> None:
    data = drawn("heavy tails")
    iterative = rn.lmm(FORMULA, data, control=ITERATIVE)
    draws = iterative.bootstrap(8, seed=1)
    assert draws.n_failed == 0
    assert draws.replicates.notna().all(axis=None)
    with pytest.raises(OptionError, match="exact factorisation"):
        iterative.bootstrap(8, kind="residual", seed=1)


def test_likelihood_ratios_carry_their_error() -> None:
    data = drawn("heavy tails")
    large = rn.lmm(FORMULA, data, reml=False, control=ITERATIVE)
    small = rn.lmm("y ~ 1 + (1 | u) + (1 | v)", data, reml=False, control=ITERATIVE)
    table = rn.anova(small, large)
    assert "statistic within" in table["law"].iloc[1]
    assert table["p_value"].iloc[1] < 1e-6


def test_a_test_that_its_error_could_turn_is_not_decided() -> None:
    from ranef.inference.likelihood_ratio import fixed_part_ratio, within_error

    def judge(statistic: float):  # type: ignore[no-untyped-def]
        return fixed_part_ratio(statistic, 1)

    with pytest.warns(UserWarning, match="could turn the verdict"):
        unsure = within_error(3.8, 0.2, judge)
    assert np.isnan(unsure.p_high)
    assert unsure.law.startswith("undecided")
    assert within_error(3.8, 0.0, judge).p_high == judge(3.8).p_high
    assert within_error(9.0, 0.2, judge).p_high == judge(9.0).p_high


def test_pages_say_which_way_and_why() -> None:
    exact, iterative = both(FORMULA, drawn("communities"))
    assert "(estimated: within 0.0" in str(iterative.certificate)
    assert "by iterations: " in str(iterative.log)
    assert "as asked for" in str(iterative.log)
    assert "crossed factors by iterations" in " ".join(str(iterative.summary()).split())
    assert "exactly: " in str(exact.log)
    assert "estimated" not in str(exact.certificate)
    note = " ".join(str(rn.compare(exact, iterative)).split())
    assert "estimates (crossed factors)" in note
    assert "is not decided" in note


def test_the_way_follows_the_work_of_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    data = drawn("heavy tails")
    assert not rn.lmm(FORMULA, data).certificate.estimated
    monkeypatch.setattr(crossed, "MOST_WORK", 1e3)
    fit = rn.lmm(FORMULA, data)
    assert fit.certificate.estimated
    assert "multiplications: iterations" in fit._problem.path
    assert not rn.lmm(FORMULA, data, control=EXACT).certificate.estimated


def test_average_information_where_second_derivatives_do_not_fit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = drawn("employers")
    exact = rn.lmm(FORMULA, data)
    monkeypatch.setattr(crossed, "MOST_WORK", 1e3)
    monkeypatch.setattr(crossed, "available_memory", lambda: 1e5)
    fit = rn.lmm(FORMULA, data, control=EXACT)
    assert fit._problem.average
    assert fit.certificate.certified
    assert "no memory for exact second derivatives" in str(fit.log)
    np.testing.assert_allclose(fit.theta, exact.theta, rtol=1e-5)


def test_what_iterations_do_not_serve_is_refused_before_the_search() -> None:
    data = with_slopes()
    data["t"] = data.groupby("u").cumcount().astype(float)
    with pytest.raises(OptionError, match="by iterations"):
        rn.lmm(FORMULA, data, residual="strata(f)", control=ITERATIVE)


def test_more_probes_are_taken_until_the_error_is_small() -> None:
    data = drawn("ring")
    rough = rn.lmm(FORMULA, data, control=replace(ITERATIVE, error=1.0))
    fine = rn.lmm(FORMULA, data, control=replace(ITERATIVE, error=0.001))
    assert fine.certificate.error_se <= 0.001
    assert fine.certificate.probes + fine.certificate.deflated > (
        rough.certificate.probes + rough.certificate.deflated
    )


def test_another_seed_stays_within_the_errors() -> None:
    fit = rn.lmm(FORMULA, drawn("communities"), control=ITERATIVE)
    problem = replace(fit._problem, solver=CrossedSolver(99, 16, 8, 0.01, 0.05))
    from ranef.solve import solve

    other = solve(problem, ITERATIVE)
    both_errors = np.hypot(fit.certificate.error_criterion, other.certificate.error_criterion)
    assert abs(other.criterion - fit.criterion) < 2.0 * both_errors


def test_a_fit_from_a_file_is_the_same(tmp_path) -> None:  # type: ignore[no-untyped-def]
    fit = rn.lmm(FORMULA, drawn("heavy tails"), control=ITERATIVE)
    fit.save(tmp_path / "fit.ranef")
    again = rn.load(tmp_path / "fit.ranef")
    assert str(again.certificate) == str(fit.certificate)
    assert again.certificate.error_se == fit.certificate.error_se
    assert again.loglik == fit.loglik
    assert again.loglik_error == fit.loglik_error


@pytest.mark.parametrize("options", [{"crossed": "dense"}, {"error": 0.0}, {"error": "small"}])
def test_options_are_checked(options: dict[str, object]) -> None:
    with pytest.raises(OptionError):
        rn.Control(**options)  # type: ignore[arg-type]
