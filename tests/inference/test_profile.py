"""Profiles: exact derivatives, limits of the space, what a profile is by definition."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest

import ranef as rn
from ranef.inference.parameters import Parameter
from ranef.inference.profile_variance import VarianceParameter

from .conftest import data, fitted

HELD = {
    "one factor": [("sd", 0, 1, -1), ("cor", 0, 1, 0), ("sigma", -1, -1, -1)],
    "nested": [("sd", 0, 0, -1), ("cor", 0, 1, 0), ("sd", 1, 0, -1)],
    "crossed": [("sd", 1, 0, -1), ("sigma", -1, -1, -1)],
    "two terms": [("sd", 0, 0, -1)],
}
VALUES = {"sd": 0.7, "cor": 0.4, "sigma": 1.2}


def test_gradient_and_hessian_against_differences(layout: str) -> None:
    ml = fitted(layout, True, False)
    for kind, term, i, j in HELD[layout]:
        held = VarianceParameter(ml._problem, Parameter("", kind, term, i, j), ml.sigma)
        at = held.start(ml._estimates.covariances, ml._solution.theta)
        at = at + 0.1 * np.cos(np.arange(at.size))
        value = VALUES[kind]
        held._evaluate(value, at)
        gradient, hessian = held._derivatives(value, at)
        step = 1e-4
        for k, unit in enumerate(np.eye(at.size)):
            above, below = (held._evaluate(value, at + s * step * unit) for s in (1, -1))
            slopes = []
            for s in (1, -1):
                held._evaluate(value, at + s * step * unit)
                slopes.append(held._derivatives(value, at + s * step * unit)[0])
            scale = 1.0 + np.abs(hessian).max()
            assert (above - below) / (2 * step) == pytest.approx(gradient[k], abs=1e-6 * scale)
            np.testing.assert_allclose(
                (slopes[0] - slopes[1]) / (2 * step), hessian[k], atol=1e-6 * scale
            )


def test_a_fixed_effect_held_is_an_offset(layout: str) -> None:
    """The deviance with a coefficient at c is that of the model without it, c x taken off y."""
    fit = fitted(layout, True, True)
    frame = fit.profile().frame
    points = frame[frame["parameter"] == "x"]
    reduced = fit.formula.replace("y ~ x +", "y ~ 1 +")
    for value, deviance in points[["value", "deviance"]].iloc[[0, 3]].itertuples(index=False):
        held = data().assign(y=lambda d, v=value: d["y"] - v * d["x"])
        again = rn.lmm(reduced, held, weights="w", reml=False)
        assert deviance == pytest.approx(again.deviance, abs=1e-7)


def test_ends_are_where_zeta_is_the_normal_quantile(fit: rn.Fit) -> None:
    profile = fit.profile(level=0.9)
    frame = profile.frame
    ends = profile.confint(0.9)
    for name in profile.parameters:
        zeta = frame.loc[frame["parameter"] == name, "zeta"].to_numpy()
        assert np.all(np.diff(zeta) > 0.0)
        if ends.loc[name, "conf_low"] not in (0.0, -1.0):
            assert zeta[0] == pytest.approx(-1.6448536, abs=1e-6)
        if ends.loc[name, "conf_high"] != 1.0:
            assert zeta[-1] == pytest.approx(1.6448536, abs=1e-6)


def test_reml_and_ml_fits_have_the_same_profile() -> None:
    one, other = (fitted("one factor", True, reml).profile().confint() for reml in (True, False))
    np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_limits_of_the_parameter_space() -> None:
    fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff2"))
    assert fit.confint("profile").loc["sd__Intercept|Batch", "conf_low"] == 0.0
    hsb = rn.lmm("math ~ ses * sector + (ses | sch.id)", rn.datasets.load("hsb"))
    low, high = hsb.confint("profile").loc["cor__Intercept.ses|sch.id"]
    assert high == 1.0
    assert -1.0 < low < 1.0


def test_inner_levels_are_interpolated_well(sleep: rn.Fit) -> None:
    wide, exact = sleep.profile(level=0.99), sleep.profile(level=0.8)
    widths = np.diff(exact.confint(0.8).to_numpy(), axis=1)
    error = (wide.confint(0.8) - exact.confint(0.8)).abs().to_numpy() / widths
    assert error.max() < 2e-3


def test_the_bar_moves_forward_to_its_end(sleep: rn.Fit, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    total = []

    @contextmanager
    def bar(text: str, of: int) -> Iterator[Callable[[int], None]]:
        total.append(of)
        yield seen.append

    monkeypatch.setattr("ranef.fit.refitting.progress_bar", bar)
    sleep.profile()
    assert seen == sorted(seen)
    assert seen[-1] == total[0]
    assert len(set(seen)) > total[0] / 2


def test_wrong_use_is_refused(sleep: rn.Fit) -> None:
    with pytest.raises(rn.OptionError, match="the profile reaches to a level"):
        sleep.profile(level=0.8).confint(0.95)
    with pytest.raises(rn.OptionError, match="a confidence level lies between 0 and 1"):
        sleep.profile(level=1.5)
    with pytest.raises(rn.OptionError, match="unknown method 'exact'"):
        sleep.confint("exact")  # type: ignore[arg-type]
    prior = rn.lmm("y ~ x + (1 | g)", data(), prior=rn.priors.Gamma())
    with pytest.raises(rn.OptionError, match="has a prior"):
        prior.profile()


def test_the_record_is_printed(sleep: rn.Fit) -> None:
    profile = sleep.profile()
    text = str(profile)
    assert max(map(len, text.splitlines())) <= 100
    assert "cor__Intercept.Days|Subject" in text
    assert "<table" in profile._repr_html_()


def test_the_plot_shows_the_profile(sleep: rn.Fit) -> None:
    import matplotlib

    matplotlib.use("Agg")
    ax = sleep.plot.profile("sigma", level=0.95)
    points = sleep.profile().frame.query("parameter == 'sigma'")
    np.testing.assert_allclose(ax.lines[-1].get_xdata(), points["value"])
    np.testing.assert_allclose(ax.lines[-1].get_ydata(), points["zeta"].abs())
    with pytest.raises(rn.OptionError, match="there is no parameter 'tau'"):
        sleep.plot.profile("tau")
