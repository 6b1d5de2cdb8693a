"""Marginal means, ratios, averages and slopes of generalised fits, beside R's."""

from __future__ import annotations

import numpy as np
import pytest
from tests.generalised.fits import broods, cbpp, contraception, grouped

import ranef as rn

# emmeans 1.8.4 of fits by glmmTMB 1.1.5, with df=Inf; its optima are up to 5e-6 off.
TMB = {"rtol": 3e-5}


def test_probabilities_and_odds_ratios_of_cbpp() -> None:
    means = cbpp().emmeans("period")
    frame = means.response.frame
    np.testing.assert_allclose(
        frame["estimate"], [0.1980490901, 0.0838719621, 0.0739729634, 0.0483907346], **TMB
    )
    np.testing.assert_allclose(
        frame["std_error"], [0.0369225241, 0.0238360529, 0.0226241669, 0.0198044142], **TMB
    )
    np.testing.assert_allclose(frame["conf_low"][0], 0.1353841147, **TMB)
    np.testing.assert_allclose(frame["conf_high"][0], 0.280315812, **TMB)
    pairs = means.pairs(adjust="none")
    np.testing.assert_allclose(
        pairs.frame["p_value"],
        [0.00121166, 0.00054943, 0.000218, 0.72025397, 0.21117031, 0.35102774],
        rtol=3e-4,  # p-values move by more than statistics
    )
    ratios = pairs.response.frame
    np.testing.assert_allclose(
        ratios["estimate"],
        [2.69751854, 3.09154603, 4.85647899, 1.14607035, 1.80035055, 1.57089008],
        **TMB,
    )
    np.testing.assert_allclose(ratios["std_error"][0], 0.827173817, **TMB)
    np.testing.assert_allclose(ratios["conf_high"][0], 4.92015748, **TMB)
    assert "odds ratio" in str(pairs.response)
    tukey = means.pairs().frame["p_value"]
    np.testing.assert_allclose(tukey, [0.0066, 0.0031, 0.0012, 0.9843, 0.5947, 0.7873], atol=6e-5)


def test_averages_over_other_categories() -> None:
    # R's numbers are for age in decades: in years glmmTMB's differences of the likelihood are 1e-4
    # off in the standard errors.
    fit = contraception()
    livch = fit.emmeans("livch")
    np.testing.assert_allclose(
        livch.response.frame["estimate"],
        [0.334827254, 0.532113548, 0.557261216, 0.556914556],
        **TMB,
    )
    np.testing.assert_allclose(
        livch.response.frame["std_error"],
        [0.0379386578, 0.0368695483, 0.0360196443, 0.0312833423],
        **TMB,
    )
    ratios = livch.pairs().response.frame
    np.testing.assert_allclose(
        ratios["estimate"][:3], [0.442611310, 0.399921823, 0.400484090], **TMB
    )
    np.testing.assert_allclose(ratios["std_error"][0], 0.0722923719, **TMB)
    urban = fit.emmeans("urban").response.frame
    np.testing.assert_allclose(urban["estimate"], [0.407716880, 0.580265415], **TMB)
    # emtrends takes a difference to the right, over a thousandth of the range: the derivative of
    # this parabola half of that further.
    age = fit.model_frame()["age"]
    at = {"age": age.mean() + 0.0005 * (age.max() - age.min())}
    trend = fit.emtrends("age", by="urban", at=at).frame
    np.testing.assert_allclose(trend["estimate"], 0.00336268856, rtol=1e-3)  # age in years
    np.testing.assert_allclose(trend["std_error"], 0.00927308506, rtol=1e-3)


def test_counts_and_rate_ratios_with_two_factors() -> None:
    means = broods().emmeans("YEAR")
    frame = means.response.frame
    np.testing.assert_allclose(frame["estimate"], [1.688298281, 5.424308692, 0.628434766], **TMB)
    np.testing.assert_allclose(frame["std_error"], [0.328797016, 0.894376161, 0.131885698], **TMB)
    np.testing.assert_allclose(frame["conf_low"], [1.152596272, 3.926410958, 0.416508459], **TMB)
    pairs = means.pairs(adjust="none").response
    np.testing.assert_allclose(
        pairs.frame["estimate"], [0.311246719, 2.686513177, 8.631458638], **TMB
    )
    np.testing.assert_allclose(
        pairs.frame["conf_high"], [0.49129856, 4.44670287, 13.88455287], **TMB
    )
    assert "rate ratio" in str(pairs)


@pytest.mark.parametrize("by", [None, "urban"])
def test_comparisons_are_averages_of_differences_of_means(by: str | None) -> None:
    fit = contraception()
    data = fit.model_frame()
    found = fit.comparisons("urban", by=by)
    both = [fit.predict(data.assign(urban=v), "population") for v in ("N", "Y")]
    apart = both[1] - both[0]
    if by is None:
        wanted = [apart.mean()]
    else:
        wanted = [apart[data["urban"] == v].mean() for v in ("N", "Y")]
    np.testing.assert_allclose(found["estimate"], wanted, rtol=1e-10)
    # Their errors are those of the delta method, here by differences in each coefficient.
    x = [fit._design.encoding.fixed(_table(data.assign(urban=v))) for v in ("N", "Y")]
    p = [1 / (1 + np.exp(-m @ fit.fixef.to_numpy())) for m in x]
    gradient = (
        p[1][:, None] * (1 - p[1])[:, None] * x[1] - p[0][:, None] * (1 - p[0])[:, None] * x[0]
    )
    rows = [np.ones(len(data), bool)] if by is None else [(data["urban"] == v) for v in ("N", "Y")]
    for k, own in enumerate(rows):
        g = gradient[np.asarray(own)].mean(axis=0)
        sd = np.sqrt(g @ fit.vcov.to_numpy() @ g)
        assert found["std_error"][k] == pytest.approx(sd, rel=1e-8)


def test_predictions_and_slopes_average_over_rows() -> None:
    fit = contraception()
    data = fit.model_frame()
    average = fit.predictions(by="urban")
    mean = fit.predict(level="population")
    wanted = [mean[(data["urban"] == v).to_numpy()].mean() for v in average["urban"]]
    np.testing.assert_allclose(average["estimate"], wanted, rtol=1e-10)
    slope = fit.slopes("age")
    h = 1e-4
    ends = [fit.predict(data.assign(age=data["age"] + s), "population") for s in (h, -h)]
    np.testing.assert_allclose(slope["estimate"], ((ends[0] - ends[1]) / (2 * h)).mean(), rtol=1e-6)


def test_means_of_gamma_responses() -> None:
    fit = rn.glmm("amount ~ z + (1 | g)", grouped(), family="gamma")
    means = fit.emmeans("z")
    wanted = np.exp([fit.fixef["Intercept"], fit.fixef["Intercept"] + fit.fixef["z[T.b]"]])
    np.testing.assert_allclose(means.response.frame["estimate"], wanted, rtol=1e-12)
    assert "ratio of means" in str(means.pairs().response)


def _table(data: object) -> object:
    from ranef.frame import read_table

    return read_table(data)
