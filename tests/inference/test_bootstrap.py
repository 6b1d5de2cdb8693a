"""Bootstrap: refits are the fits of their replicates, and do not depend on threads."""

from __future__ import annotations

import io
import pickle
import sys
import time
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp

import ranef as rn
from ranef.core.replicates import RefitPlan, Replicator
from ranef.core.workspace import philox
from ranef.inference.bootstrap import BootstrapPlan, bootstrap_draws
from ranef.present.progress import progress, progress_bar
from ranef.solve.solution import evaluate_at
from ranef.solve.start import other_starts

from .conftest import data, fitted

KINDS = ["parametric", "conditional", "residual", "cluster"]
NUMBERS = 2**64


def indices(seed: int, replicate: int, stream: int, count: int, size: int) -> np.ndarray:
    """`count` whole numbers below `size`, as the streams of the core give them."""
    out = []
    for block in range((count + 1) // 2):
        words = philox([block, stream, replicate, 0], [seed, 0])
        for half in (0, 2):
            x = (words[half + 1] << 32) | words[half]
            out.append(x * size // NUMBERS)
    return np.array(out[:count])


def kinds_of(layout: str) -> list[str]:
    return [k for k in KINDS if k != "cluster" or layout in ("one factor", "two terms")]


def test_the_same_on_one_thread_and_on_two(fit: rn.Fit, layout: str) -> None:
    for kind in kinds_of(layout):
        one = fit.bootstrap(12, kind=kind, seed=3, threads=1).replicates
        two = fit.bootstrap(20, kind=kind, seed=3, threads=2).replicates
        pd.testing.assert_frame_equal(one, two.iloc[:12], check_exact=True)
        assert two["converged"].all()


def test_another_seed_gives_other_replicates(sleep: rn.Fit) -> None:
    one, other = (sleep.bootstrap(3, seed=seed).replicates for seed in (1, 2))
    assert not np.any(np.isclose(one["Days"], other["Days"]))
    drawn = sleep.bootstrap(2)
    again = sleep.bootstrap(2, seed=drawn.seed)
    pd.testing.assert_frame_equal(drawn.replicates, again.replicates)


def compare(replicate: pd.Series, again: rn.Fit) -> None:
    """One line of replicates beside a fit of the same data, certified by itself."""
    assert again.certificate.certified
    assert replicate["criterion"] == pytest.approx(again.criterion, abs=1e-6)
    assert replicate["sigma"] == pytest.approx(again.sigma, rel=1e-4)
    for name, value in again.fixef.items():
        error = float(np.sqrt(again.vcov.loc[name, name]))
        assert replicate[name] == pytest.approx(value, abs=1e-3 * error)


@pytest.mark.parametrize("reml", [True, False])
def test_residual_replicates_are_refits_of_drawn_rows(layout: str, reml: bool) -> None:
    fit = fitted(layout, True, reml)
    boot = fit.bootstrap(4, kind="residual", seed=5).replicates
    w = data()["w"].to_numpy()
    errors = np.sqrt(w) * fit.residuals()
    errors = errors - errors.mean()
    errors *= fit.sigma / np.sqrt(np.mean(errors**2))
    for k in range(4):
        drawn = errors[indices(5, k, 1, len(errors), len(errors))]
        y = fit.predict(level="population") + drawn / np.sqrt(w)
        y += drawn_effects(fit, k)
        compare(boot.iloc[k], fit.refit(y))


def drawn_effects(fit: rn.Fit, k: int) -> np.ndarray:
    """Random effects drawn from the modes, centred, with the estimated covariance."""
    total = np.zeros(fit.nobs)
    frames = [fit._modes[i] for i in range(len(fit._design.terms))]
    count = sum(len(modes) for modes in frames)
    stream_position = 0
    for term, modes, wanted in zip(
        fit._design.terms, frames, fit._estimates.covariances, strict=True
    ):
        centred = modes - modes.mean(axis=0)
        spread = centred.T @ centred / len(centred)
        # The pools are made on the inner scale; a symmetric map there is not one here.
        b = fit._problem.scaling.B[fit._design.terms.index(term)]
        inverse = np.linalg.inv(b)
        inner = centred @ inverse.T
        s, r = inverse @ spread @ inverse.T, inverse @ wanted @ inverse.T
        root = symmetric_root(s)
        half = np.linalg.pinv(root, 1e-6)
        pool = inner @ (half @ symmetric_root(root @ r @ root) @ half) @ b.T
        np.testing.assert_allclose(pool.T @ pool / len(pool), wanted, rtol=1e-6, atol=1e-9)
        raw = np.array(
            [
                x
                for block in range((count + 1) // 2)
                for words in [philox([block, 0, k, 0], [5, 0])]
                for x in ((words[1] << 32) | words[0], (words[3] << 32) | words[2])
            ],
            dtype=object,
        )
        chosen = [
            int(x * len(pool) // NUMBERS)
            for x in raw[stream_position : stream_position + len(pool)]
        ]
        stream_position += len(pool)
        total += np.einsum("ij,ij->i", term.Z, pool[chosen][term.codes])
    return total


def symmetric_root(matrix: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T


def test_cluster_replicates_are_fits_of_drawn_groups(sleep: rn.Fit) -> None:
    frame = rn.datasets.load("sleepstudy")
    subjects = frame["Subject"].unique()
    boot = sleep.bootstrap(4, kind="cluster", seed=9)
    assert boot.kind == "cluster"
    for k in range(4):
        drawn = subjects[indices(9, k, 3, len(subjects), len(subjects))]
        rows = [
            frame[frame["Subject"] == subject].assign(Subject=f"copy {i}")
            for i, subject in enumerate(drawn)
        ]
        again = rn.lmm(sleep.formula, pd.concat(rows, ignore_index=True))
        compare(boot.replicates.iloc[k], again)
    alike = sleep.bootstrap(4, kind="cases", seed=9).replicates
    pd.testing.assert_frame_equal(boot.replicates, alike)


def test_rows_and_cross_products_give_the_same_distribution() -> None:
    """Kolmogorov-Smirnov on every parameter: responses drawn row by row, and without rows."""
    fit = fitted("one factor")
    boot = fit.bootstrap(1500, seed=2).replicates
    y = fit.simulate(150, seed=4)
    rows = [fit.refit(y[k]) for k in range(150)]
    for name, values in {
        "Intercept": [f.fixef["Intercept"] for f in rows],
        "x": [f.fixef["x"] for f in rows],
        "sigma": [f.sigma for f in rows],
        "sd__Intercept|g": [f.varcorr()["sd"][0] for f in rows],
        "sd__x|g": [f.varcorr()["sd"][1] for f in rows],
        "criterion": [f.criterion for f in rows],
    }.items():
        assert ks_2samp(boot[name], values).pvalue > 1e-4, name


def test_conditional_draws_keep_the_random_effects() -> None:
    fit = fitted("crossed")
    boot = fit.bootstrap(1500, kind="conditional", seed=2).replicates
    rng = np.random.default_rng(8)
    w = data()["w"].to_numpy()
    rows = [
        fit.refit(fit.fitted + fit.sigma * rng.normal(size=fit.nobs) / np.sqrt(w))
        for _ in range(150)
    ]
    for name, values in {
        "Intercept": [f.fixef["Intercept"] for f in rows],
        "sigma": [f.sigma for f in rows],
        "sd__Intercept|g": [f.varcorr()["sd"][0] for f in rows],
    }.items():
        assert ks_2samp(boot[name], values).pvalue > 1e-4, name


def test_intervals_bias_and_error(sleep: rn.Fit) -> None:
    boot = sleep.bootstrap(199, seed=1)
    values = boot.replicates["Days"].sort_values().to_numpy()
    estimate = sleep.fixef["Days"]
    # With 199 replicates the 2.5 % and 97.5 % points are the 5th and the 195th.
    low, high = boot.confint().loc["Days"]
    assert (low, high) == pytest.approx((values[4], values[194]))
    basic = boot.confint(type="basic").loc["Days"]
    assert tuple(basic) == pytest.approx((2 * estimate - high, 2 * estimate - low))
    line = boot.summary().loc["Days"]
    assert line["bias"] == pytest.approx(values.mean() - estimate)
    assert line["std_error"] == pytest.approx(values.std(ddof=1))
    normal = boot.confint(level=0.9, type="normal").loc["Days"]
    middle, reach = estimate - line["bias"], 1.6448536269514722 * line["std_error"]
    assert tuple(normal) == pytest.approx((middle - reach, middle + reach))
    same = sleep.confint(method="bootstrap", n=199, seed=1)
    pd.testing.assert_frame_equal(same, boot.confint())


def test_singular_refits_are_counted_and_their_correlations_left_out() -> None:
    fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff2"))
    boot = fit.bootstrap(300, seed=1)
    frame = boot.replicates
    assert frame["converged"].all()
    assert boot.n_singular == int((frame["sd__Intercept|Batch"] == 0.0).sum())
    assert 100 < boot.n_singular < 250
    assert f"{boot.n_singular} of 300 refits are singular" in str(boot)
    assert boot.confint().loc["sd__Intercept|Batch", "conf_low"] == 0.0


def test_refits_keep_the_prior() -> None:
    prior = [rn.priors.Gamma(), rn.priors.Normal(0.5)]
    fit = rn.lmm("y ~ x + (1 | g)", data(), prior=prior)
    boot = fit.bootstrap(3, kind="residual", seed=5).replicates
    errors = fit.residuals() - fit.residuals().mean()
    errors *= fit.sigma / np.sqrt(np.mean(errors**2))
    for k in range(3):
        y = fit.predict(level="population") + errors[indices(5, k, 1, fit.nobs, fit.nobs)]
        again = fit.refit(y + drawn_effects(fit, k))
        compare(boot.iloc[k], again)


def test_wrong_use_is_refused(sleep: rn.Fit) -> None:
    with pytest.raises(rn.OptionError, match="unknown kind of bootstrap 'wild'"):
        sleep.bootstrap(10, kind="wild")  # type: ignore[arg-type]
    with pytest.raises(rn.OptionError, match="at least 1"):
        sleep.bootstrap(0)
    with pytest.raises(rn.OptionError, match="threads"):
        sleep.bootstrap(2, threads=0)
    with pytest.raises(rn.OptionError, match="a seed"):
        sleep.bootstrap(2, seed=-1)
    with pytest.raises(rn.OptionError, match="single grouping factor"):
        fitted("crossed").bootstrap(2, kind="cluster")
    boot = sleep.bootstrap(2, seed=1)
    with pytest.raises(rn.OptionError, match="unknown type"):
        boot.confint(type="bca")  # type: ignore[arg-type]
    with pytest.raises(rn.OptionError, match="level"):
        boot.confint(level=95)


def test_an_interrupt_ends_the_work(sleep: rn.Fit) -> None:
    def tick(done: int) -> None:
        raise KeyboardInterrupt

    args: Any = (sleep._problem, sleep._solution, sleep._design, sleep._design.y, None)
    plan = BootstrapPlan(10_000_000, "parametric", 1, 2, tick)
    with pytest.raises(KeyboardInterrupt):
        bootstrap_draws(*args, sleep._control, plan)


def test_the_record_is_frozen_and_printed(sleep: rn.Fit) -> None:
    boot = sleep.bootstrap(50, seed=1)
    mine = boot.replicates
    mine.loc[:, "Days"] = 0.0
    assert not (boot.replicates["Days"] == 0.0).any()
    text = str(boot)
    assert max(map(len, text.splitlines())) <= 100
    assert "50 replicates, seed 1" in text
    assert "<table" in boot._repr_html_()
    again = pickle.loads(pickle.dumps(boot))
    pd.testing.assert_frame_equal(again.replicates, boot.replicates)


def test_no_other_start_leads_lower(fit: rn.Fit) -> None:
    """Searches from the fit's own parameters end where searches from elsewhere do."""
    problem, inner = fit._problem, fit._solution.inner
    kernel = problem.kernel()
    evaluate_at(problem, kernel, inner)
    sigma = float(np.sqrt(kernel.r2 / problem.nu))
    replicator = Replicator(problem.products, problem.reml, problem.terms)
    ends = []
    for start in (inner, *other_starts(problem.terms, 2)):
        plan = RefitPlan(
            seed=1, count=40, threads=2, start=start, max_evaluations=500, gain=1e-7,
            tick=lambda done: None,
        )  # fmt: skip
        refits = replicator.parametric(plan, inner, kernel.beta, sigma)
        assert refits.converged.all()
        ends.append(refits.criterion)
    assert np.max(ends[0] - np.min(ends, axis=0)) < 1e-6


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "delay", "shown"),
    [(Terminal, 0.0, True), (Terminal, 60.0, False), (io.StringIO, 0.0, False)],
)
def test_a_bar_on_terminals_when_it_takes_long(
    stream: type[io.StringIO], delay: float, shown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr", stream())
    monkeypatch.setattr("ranef.present.progress.DELAY", delay)
    with progress_bar("bootstrap", 10) as tick:
        tick(3)
        tick(10)
        if shown:
            time.sleep(0.3)  # a timer of its own shows it
    assert ("bootstrap" in sys.stderr.getvalue()) is shown


def test_what_runs_within_something_else_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", Terminal())
    monkeypatch.setattr("ranef.present.progress.DELAY", 0.0)
    with progress("the whole"), progress("its part"), progress_bar("another part", 3) as tick:
        tick(1)
        time.sleep(0.3)
    first = sys.stderr.getvalue()
    with progress("and again"):
        time.sleep(0.3)
    assert "the whole" in first
    assert "part" not in first
    assert "and again" in sys.stderr.getvalue()
