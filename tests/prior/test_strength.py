"""The weakest prior that leaves the boundary, and estimates along the strength of a prior."""

from __future__ import annotations

import numpy as np
import pytest

import ranef as rn
from ranef.errors import OptionError

HSB = "math ~ ses * sector + (ses | sch.id)"


@pytest.fixture(scope="module")
def hsb():
    return rn.lmm(HSB, rn.datasets.load("hsb"))


@pytest.fixture(scope="module")
def path(hsb):
    return rn.priors.sensitivity(hsb, strengths=[1.0, 0.0, 0.01, 0.1])


def correlation(fit) -> float:
    return float(fit.varcorr()["sd"].iloc[2])


@pytest.mark.parametrize("family", ["wishart", "lkj"])
def test_the_weakest_prior_is_just_off_the_boundary(hsb, family):
    weakest = rn.priors.smallest(hsb, family)
    assert weakest.fit.certificate.verdict == "interior optimum"
    assert 0.95 * 0.99 < correlation(weakest.fit) <= 0.95
    assert weakest.without.criterion == pytest.approx(hsb.criterion, abs=1e-6)
    assert 0.0 < weakest.cost < 0.1
    assert weakest.changes["change_in_se"].abs().max() < 0.01
    again = rn.lmm(HSB, rn.datasets.load("hsb"), prior=weakest.prior)
    assert again.criterion == pytest.approx(weakest.fit.criterion, abs=1e-8)
    assert "blme's default" in str(weakest) or "LKJ(2)" in str(weakest)
    assert "not whether it converges" in " ".join(str(weakest).split())


def test_a_stricter_rule_takes_a_stronger_prior(hsb):
    strict = rn.priors.smallest(hsb, correlation=0.6)
    assert correlation(strict.fit) == pytest.approx(0.6, abs=0.006)
    assert strict.strength > rn.priors.smallest(hsb).strength


def test_no_prior_where_none_is_needed():
    fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
    weakest = rn.priors.smallest(fit)
    assert (weakest.strength, weakest.prior, weakest.cost) == (0.0, None, 0.0)
    assert str(weakest).startswith("No prior is needed")


def test_a_variance_of_zero():
    data = rn.datasets.load("dyestuff2")
    weakest = rn.priors.smallest(rn.lmm("Yield ~ 1 + (1 | Batch)", data), "gamma", share=0.05)
    assert 0.05 <= weakest.fit.theta[0] < 0.0505


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"family": "cauchy"}, "unknown family"),
        ({"family": "gamma"}, "says nothing"),
        ({"correlation": 1.0}, "between 0 and 1"),
        ({"family": "lkj", "share": 0.9}, "no prior of the family"),
    ],
)
def test_what_cannot_be_done_says_so(hsb, options, text):
    with pytest.raises(OptionError, match=text) as caught:
        rn.priors.smallest(hsb, **options)
    assert caught.value.fix


@pytest.mark.parametrize("question", [rn.priors.sensitivity, rn.priors.smallest])
def test_generalised_fits_are_refused_in_words(question):
    data = rn.datasets.load("cbpp")
    fit = rn.glmm("incidence / size ~ period + (1 | herd)", data, weights="size")
    with pytest.raises(OptionError, match="for linear models") as caught:
        question(fit)
    assert "fit.update(prior=...)" in caught.value.fix


def test_sensitivity_holds_the_fits_along_the_path(hsb, path):
    frame = path.frame
    assert frame["strength"].unique().tolist() == [0.0, 0.01, 0.1, 1.0]
    default = rn.lmm(HSB, rn.datasets.load("hsb"), prior=rn.priors.Wishart())
    for strength, fit in ((0.0, hsb), (1.0, default)):
        here = frame[frame["strength"] == strength]
        fixed = here[here["effect"] == "fixed"].set_index("term")
        assert fixed["estimate"].to_numpy() == pytest.approx(fit.fixef.to_numpy(), rel=1e-6)
        errors = np.sqrt(np.diag(fit.vcov))
        assert fixed["std_error"].to_numpy() == pytest.approx(errors, rel=1e-6)
        half = (fixed["conf_high"] - fixed["conf_low"]).to_numpy() / 2.0
        assert half == pytest.approx(1.959964 * errors, rel=1e-6)
        sds = here[here["effect"] == "sd"]["estimate"].to_numpy()
        assert sds == pytest.approx(fit.varcorr()["sd"].to_numpy()[:2], rel=1e-6)
        (rho,) = here[here["effect"] == "correlation"]["estimate"]
        assert rho == pytest.approx(correlation(fit), rel=1e-6)
    assert np.all(np.diff(frame.groupby("strength")["cost"].first()) > 0.0)


def test_a_prior_that_outweighs_the_data_has_no_mode_and_no_numbers():
    fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff2"))
    frame = rn.priors.sensitivity(fit, "gamma", [3.0, 10.0]).frame
    certified = frame["verdict"].str.endswith("interior optimum")
    assert certified.tolist() == [True, True, False, False]
    assert frame["estimate"].notna().tolist() == certified.tolist()


def test_the_plot_shows_every_parameter(path):
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    panels = path.plot()
    assert [ax.get_title(loc="left") for ax in panels] == [
        "Fixed effects, 95% intervals",
        "SDs",
        "Correlations",
    ]
    names = [text.get_text() for ax in panels for text in ax.get_legend().get_texts()]
    assert names[:3] == ["ses", "sector", "ses:sector"]
    assert names[-1] == "(Intercept), ses by sch.id"
    assert [t.get_text() for t in panels[-1].get_xticklabels()][:2] == ["none", "0.01"]
    plt.close(panels[0].figure)
    (first, *_) = path.plot(terms=["ses"])
    assert len(first.get_legend().get_texts()) == 1
    plt.close(first.figure)
    with pytest.raises(OptionError, match="no fixed effect 'sess'"):
        path.plot(terms=["sess"])


@pytest.mark.parametrize("strengths", [[-1.0], [], "many", [np.inf]])
def test_strengths_are_numbers(hsb, strengths):
    with pytest.raises(OptionError, match="not negative"):
        rn.priors.sensitivity(hsb, strengths=strengths)
