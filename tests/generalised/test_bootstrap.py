"""Bootstrap of generalised fits, with refits in the core."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from tests.generalised.fits import answers, broods, cbpp, grouped, of_groups

import ranef as rn
from ranef.present.results.bootstrap import Bootstrap


@cache
def boot(kind: str = "parametric", n: int = 400) -> Bootstrap:
    return cbpp().bootstrap(n, kind, seed=1)  # type: ignore[arg-type]


def test_standard_errors_are_near_walds() -> None:
    """On a case with 20 groups of 12 counts; 5 % for 400 replicates, 10 % for the law."""
    fit = of_groups("count", "poisson", "1")
    found = fit.bootstrap(400, seed=2).summary()
    wald = np.sqrt(np.diag(fit.vcov_full))
    np.testing.assert_allclose(found["std_error"], wald, rtol=0.15)
    assert np.all(np.abs(found["bias"]) < 0.35 * wald)


def test_the_same_bits_on_any_number_of_threads() -> None:
    for kind in ("parametric", "conditional", "cluster"):
        one = cbpp().bootstrap(60, kind, seed=3, threads=1)  # type: ignore[arg-type]
        three = cbpp().bootstrap(60, kind, seed=3, threads=3)  # type: ignore[arg-type]
        pd.testing.assert_frame_equal(one.replicates, three.replicates, check_exact=True)
    assert not boot().replicates.iloc[:60].equals(one.replicates)


@pytest.mark.parametrize(
    "fit", [cbpp, broods, answers, lambda: of_groups("amount", "gamma(log)"),
            lambda: of_groups("inflated", "poisson", "1", zero_inflation="~ 1"),
            lambda: cbpp(n_agq=5)],
    ids=["binomial", "crossed nbinom2", "ordered", "gamma slopes", "inflated", "quadrature"],
)  # fmt: skip
def test_refits_are_those_of_a_fit_to_each_response(fit: object) -> None:
    """The core's refit of a response, and a whole fit to it that is certified."""
    model = fit()  # type: ignore[operator]
    found = model.bootstrap(4, seed=5)
    drawn = model._draws(4, 5, "new", 0)
    for k in range(4):
        whole = model._refitted(drawn[:, k])
        if not (found.replicates["converged"][k] and whole.certificate.certified):
            continue
        assert found.replicates["criterion"][k] == pytest.approx(whole.criterion, abs=1e-5)
        own = found.replicates.iloc[k, : len(model._parameters)].to_numpy(dtype=float)
        errors = np.sqrt(np.diag(model.vcov_full))
        # 1e-6 deviance units are 1e-3 standard errors.
        np.testing.assert_allclose((own - whole._parameter_values) / errors, 0.0, atol=2e-3)
    assert found.replicates["converged"].any()


def test_a_bootstrap_of_clusters_refits_whole_groups() -> None:
    """Drawn levels, put together again as a data frame, give the same refit."""
    from ranef.core.generalised import drawn_levels

    found = boot("cluster")
    data = rn.datasets.load("cbpp")
    herds = list(cbpp()._design.terms[0].levels)
    for k in (0, 7):
        parts = [
            data[data["herd"].astype(str) == herds[level]].assign(herd=f"herd {place}")
            for place, level in enumerate(drawn_levels(1, k, len(herds)))
        ]
        again = rn.glmm(cbpp().formula, pd.concat(parts), weights="size")
        assert found.replicates["criterion"][k] == pytest.approx(again.criterion, abs=1e-6)


def test_conditional_replicates_keep_the_groups_apart() -> None:
    """The groups' effects are held, so that the intercept varies less."""
    assert boot("conditional").summary()["std_error"]["Intercept"] < (
        0.8 * boot().summary()["std_error"]["Intercept"]
    )


def test_no_finite_maximum_is_counted() -> None:
    """One success in three trials of level c: many responses have none there."""
    data = pd.DataFrame(
        {
            "g": np.repeat(np.arange(12), 6),
            "f": (["a", "b"] * 36),
            "y": np.tile([0, 1, 1, 0, 1, 0], 12),
        }
    )
    data.loc[:2, "f"] = "c"
    data.loc[:2, "y"] = [0, 1, 0]
    fit = rn.glmm("y ~ f + (1 | g)", data)
    found = fit.bootstrap(200, seed=1)
    drawn = fit._draws(200, found.seed, "new", 0)
    certain = np.ptp(drawn[:3], axis=0) == 0.0
    assert 20 < certain.sum() < 180
    assert found.replicates["unbounded"].to_list() == certain.tolist()
    assert not found.replicates["converged"][certain].any()
    assert found.n_unbounded == certain.sum()
    assert f"{certain.sum()} of 200 refits have no finite maximum" in str(found)
    assert np.isfinite(found.summary().to_numpy()).all()
    assert found.summary()["std_error"]["f[T.c]"] < 5.0


def test_refits_come_to_an_end_of_the_family() -> None:
    """Counts that are almost Poisson: some draws are best described by an infinite size."""
    rng = np.random.default_rng(5)
    data = grouped()
    mu = np.exp(0.8 + 0.2 * data["x"])
    data["near"] = rng.poisson(mu * rng.gamma(12.0, 1.0 / 12.0, len(data)))
    fit = rn.glmm("near ~ x + (1 | g)", data, family="nbinom2")
    found = fit.bootstrap(100, seed=1)
    infinite = np.isinf(found.replicates["dispersion"])
    assert 2 < infinite.sum() < 50
    assert found.n_failed == 0
    drawn = fit._draws(100, found.seed, "new", 0)
    for k in [*np.flatnonzero(infinite)[:3], *np.flatnonzero(~infinite)[:3]]:
        whole = fit._refitted(drawn[:, k])
        assert np.isinf(whole.dispersion or 0.0) == infinite[k]
        assert found.replicates["criterion"][k] == pytest.approx(whole.criterion, abs=1e-5)
    low, high = found.confint().loc["dispersion"]
    assert np.isfinite(low)
    assert high == np.inf
    assert np.isnan(found.summary()["std_error"]["dispersion"])
    assert np.isfinite(found.summary()["std_error"]["x"])


@pytest.mark.parametrize("kind", ["parametric", "cluster"])
def test_zeros_rule_out_the_end_without_a_hurdle(kind: str) -> None:
    """A truncated family gives zeros a likelihood without bound: no refit with zeros is one."""
    rng = np.random.default_rng(6)
    data = grouped()
    data["even"] = rng.poisson(np.exp(0.4 + 0.3 * data["x"]))
    fit = rn.glmm("even ~ x + (1 | g)", data, family="hurdle_nbinom2")
    plain = rn.glmm("even ~ x + (1 | g)", data, family="hurdle_poisson")
    assert fit.dispersion == np.inf
    found = fit.bootstrap(12, kind, seed=2)  # type: ignore[arg-type]
    simpler = plain.bootstrap(12, kind, seed=2)  # type: ignore[arg-type]
    frame = found.replicates
    assert np.isfinite(frame["zero:Intercept"]).all()
    assert np.isinf(frame["dispersion"]).sum() > 2
    # The same responses are drawn: the larger family is at least as good, and 1 / size is one
    # parameter more.
    gained = simpler.replicates["criterion"] - frame["criterion"]
    assert gained.between(-1e-4, 20.0).all()


def test_singular_refits_are_counted_and_kept() -> None:
    assert boot().n_singular > 0
    zero = boot().replicates.loc[boot().replicates["singular"], "sd__Intercept|herd"]
    assert np.all(zero == 0.0)


def test_evaluations_are_few() -> None:
    """Searches begin at the fit: 6 on average, where a whole fit begins with passes of its own."""
    assert boot().replicates["evaluations"].mean() < 8.0


def test_a_statistic_of_each_refit() -> None:
    found = cbpp().bootstrap(10, seed=1, statistic=lambda fit: fit.fixef["Intercept"])
    own = boot().replicates["Intercept"].to_numpy()[:10]
    np.testing.assert_allclose(found.replicates["statistic"], own, atol=2e-3)
    assert "responses drawn" in str(found)


def test_what_is_refused() -> None:
    with pytest.raises(rn.OptionError, match="'residual' of a generalised model"):
        cbpp().bootstrap(10, "residual")  # type: ignore[arg-type]
    with pytest.raises(rn.OptionError, match="single grouping factor"):
        broods().bootstrap(10, "cluster")
    with pytest.raises(rn.OptionError, match="replicates"):
        cbpp().bootstrap(0)


def test_confint_is_that_of_the_bootstrap() -> None:
    found = cbpp().confint(method="bootstrap", n=400, seed=1)
    pd.testing.assert_frame_equal(found, boot().confint())


def test_progress_and_an_end_when_asked() -> None:
    """An exception of `tick` ends the work and comes out of it."""
    from ranef.inference.bootstrap import BootstrapPlan
    from ranef.inference.generalised.bootstrap import generalised_bootstrap

    fit = rn.glmm("count ~ x + (x | g)", grouped(groups=60), family="poisson")
    told: list[int] = []
    plan = BootstrapPlan(40, "parametric", 1, 2, told.append)
    generalised_bootstrap(fit._origin(), fit._parameters, fit._control, plan)
    assert told == sorted(told)
    assert told[-1] == 40

    def stop(done: int) -> None:
        raise KeyboardInterrupt

    plan = BootstrapPlan(100_000, "parametric", 1, 2, stop)
    with pytest.raises(KeyboardInterrupt):
        generalised_bootstrap(fit._origin(), fit._parameters, fit._control, plan)
