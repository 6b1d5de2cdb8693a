"""Pictures of profiles and bootstraps: curves, densities, regions, and their data."""

from __future__ import annotations

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402
from scipy.special import ndtr, ndtri  # noqa: E402

import ranef as rn  # noqa: E402
from ranef.errors import OptionError  # noqa: E402
from ranef.inference.profile_curves import contour, density_of, radius, zeta_curve  # noqa: E402


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def data():
    return rn.datasets.load("sleepstudy")


@pytest.fixture(scope="module")
def profile(data):
    return rn.lmm("Reaction ~ Days + (Days | Subject)", data).profile(0.99)


@pytest.fixture(scope="module")
def edge():
    """The correlation is at its bound."""
    fit = rn.lmm("math ~ ses * sector + (ses | sch.id)", rn.datasets.load("hsb"))
    return fit.profile()


@pytest.fixture(scope="module")
def boot(data):
    return rn.lmm("Reaction ~ Days + (Days | Subject)", data).bootstrap(150, seed=1)


def test_other_parameters_at_a_point_are_those_of_a_fit_there(profile, data):
    """Days held at the lowest value of its profile: an offset does the same."""
    trace = profile._traces[1]
    held = data.assign(held=data["Days"] * trace.values[0])
    fit = rn.lmm("Reaction ~ 1 + offset(held) + (Days | Subject)", held, reml=False)
    sds = fit.tidy("ran_pars")["estimate"].to_numpy()
    expected = [fit.fixef["Intercept"], trace.values[0], *sds]
    np.testing.assert_allclose(trace.along[0], expected, rtol=1e-4)


def test_the_held_parameter_has_its_values_along_every_profile(profile):
    fits = [profile]
    binary = rn.datasets.load("cbpp")
    model = rn.glmm("incidence / size ~ period + (1 | herd)", binary, weights="size")
    fits.append(model.profile())
    structured = rn.lmm(
        "Reaction ~ Days + cs(0 + factor(late) | Subject)",
        rn.datasets.load("sleepstudy").assign(late=lambda d: d["Days"] > 4),
    )
    fits.append(structured.profile())
    for found in fits:
        for k, trace in enumerate(found._traces):
            if trace.values.size:
                np.testing.assert_allclose(trace.along[:, k], trace.values, rtol=1e-7, atol=1e-9)


def test_a_region_has_the_deviance_of_its_level(profile, data):
    x, y = contour(profile._traces[0], profile._traces[1], (0, 1), 0.8)
    best = rn.lmm("Reaction ~ Days + (Days | Subject)", data, reml=False).deviance
    found = []
    for k in range(0, 200, 25):
        held = data.assign(held=x[k] + y[k] * data["Days"])
        fit = rn.lmm("Reaction ~ 0 + offset(held) + (Days | Subject)", held, reml=False)
        found.append(fit.deviance - best)
    np.testing.assert_allclose(found, radius(0.8) ** 2, rtol=0.08)
    # At its outermost points the curve touches the profile itself.
    own = profile._traces[0]
    reach = np.interp([-radius(0.8), radius(0.8)], *zeta_curve(own)[::-1])
    np.testing.assert_allclose([x.min(), x.max()], reach, rtol=1e-3)


def test_a_density_has_the_profile_s_intervals_as_its_quantiles(profile):
    for trace in profile._traces:
        found = density_of(trace, 2001)
        mass = np.trapezoid(found.density, found.x)
        assert mass == pytest.approx(ndtr(trace.zeta[-1]) - ndtr(trace.zeta[0]), abs=2e-3)
        low, _ = trace.interval(0.8)
        below = found.x <= low
        share = ndtr(trace.zeta[0]) + np.trapezoid(found.density[below], found.x[below])
        assert share == pytest.approx(0.1, abs=5e-3)


def test_zeta_of_all_parameters_is_signed(profile):
    panels = profile.plot()
    assert [ax.get_title(loc="left").replace("\n", " ") for ax in panels] == [
        "(Intercept)",
        "Days",
        "SD of intercepts, Subject",
        "SD of slopes of Days, Subject",
        "Correlation of intercepts and slopes of Days, Subject",
        "Residual SD",
    ]
    for trace, ax in zip(profile._traces, panels, strict=True):
        points = ax.data[ax.data["what"] == "point"]
        np.testing.assert_allclose(points["zeta"], trace.zeta)
        assert points["zeta"].min() < 0.0 < points["zeta"].max()
        curve = ax.data[ax.data["what"] == "curve"]
        drawn = max(ax.lines, key=lambda line: len(line.get_xdata()))
        np.testing.assert_allclose(drawn.get_xydata(), curve[["value", "zeta"]])
        heights = {round(float(line.get_ydata()[0]), 6) for line in ax.lines}
        assert {round(float(ndtri(0.975)), 6), round(float(-ndtri(0.975)), 6)} <= heights


def test_cut_offs_of_an_optimum_at_the_edge_are_where_the_curve_meets_them(edge):
    ax = edge.plot("zeta", "cor__Intercept.ses|sch.id")
    low, high = edge.confint().loc["cor__Intercept.ses|sch.id"]
    assert high == 1.0
    shaded = ax.patches[0].get_extents().transformed(ax.transData.inverted())
    assert (shaded.x0, shaded.x1) == pytest.approx((low, high))
    heights = [line.get_ydata()[0] for line in ax.lines]
    assert pytest.approx(-ndtri(0.975)) in heights
    said = [t.get_text() for t in ax.texts if t.get_text().endswith("%")]
    assert said == []  # there is no room above the bound, where nothing is drawn
    assert "A diamond is a bound of the parameter." in ax.data.attrs["note"]


def test_a_density_at_the_edge_says_what_lies_there(edge):
    ax = edge.plot("density", "cor__Intercept.ses|sch.id")
    assert any("50% at 1" in t.get_text() for t in ax.texts)


def test_pairs_have_the_regions_that_the_profiles_reach(profile, edge):
    panels = profile.plot("pairs", ["Intercept", "Days", "sigma"])
    assert len(panels) == 6
    pair = panels.data[panels.data["panel"] == "Intercept, Days"]
    assert set(pair["level"].dropna()) == {0.5, 0.8, 0.95}
    low = edge.plot("pairs", ["ses", "cor__Intercept.ses|sch.id"])
    assert low.data[low.data["panel"].str.contains(", ")]["level"].isna().all()
    panels.figure.canvas.draw()


@pytest.mark.parametrize(
    ("kind", "parameters", "message"),
    [
        ("zetas", None, "kind"),
        ("zeta", "Day", "no parameter 'Day'"),
        ("pairs", "Days", "2 to 8 parameters"),
        ("zeta", [], "names no parameter"),
    ],
)
def test_profiles_refuse_what_they_cannot_draw(profile, kind, parameters, message):
    with pytest.raises(OptionError, match=message):
        profile.plot(kind, parameters)


def test_one_parameter_is_drawn_where_it_is_asked(profile, boot):
    for record in (profile, boot):
        _, ax = plt.subplots()
        made = record.plot(parameters="Days", ax=ax, labels={"Days": "Days of deprivation"})
        assert made is ax
        assert ax.get_title(loc="left").startswith("Days of deprivation")
        with pytest.raises(OptionError, match="sequence of 6 axes"):
            record.plot(ax=ax)


# -- bootstrap ----------------------------------------------------------------------------------
def test_each_parameter_has_its_replicates_estimate_and_interval(boot):
    panels = boot.plot(level=0.9)
    assert list(dict.fromkeys(panels.data["panel"])) == list(boot.estimates.index)
    ends = boot.confint(0.9)
    for name, ax in zip(boot.estimates.index, panels, strict=True):
        own = ax.data.set_index("what")["value"]
        assert own["estimate"] == boot.estimates[name]
        assert [own["conf_low"], own["conf_high"]] == ends.loc[name].to_list()
        curve = ax.data[ax.data["what"] == "density"]
        assert curve["value"].between(*ax.get_xlim()).all()
    mass = panels[1].data[panels[1].data["what"] == "density"]
    assert np.trapezoid(mass["density"], mass["value"]) == pytest.approx(1.0, abs=5e-3)


def test_replicates_at_a_bound_have_a_line_of_their_own(boot):
    ax = boot.plot("cor__Intercept.Days|Subject")
    at = ax.data[ax.data["what"] == "share at a bound"]
    values = boot.replicates["cor__Intercept.Days|Subject"].dropna()
    expected = [(b, (values - b).abs().le(1e-6).mean()) for b in (-1.0, 1.0)]
    expected = [(b, share) for b, share in expected if share > 0.0]
    assert expected
    np.testing.assert_allclose(at[["value", "density"]].to_numpy(dtype=float), expected)
    assert any("at 1" in t.get_text() for t in ax.texts)


def test_a_bootstrap_refuses_unknown_parameters_and_types(boot):
    with pytest.raises(OptionError, match="no parameter 'days'"):
        boot.plot("days")
    with pytest.raises(OptionError, match="type of interval"):
        boot.plot(type="bca")
