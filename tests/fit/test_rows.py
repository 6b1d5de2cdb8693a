"""What belongs to the rows finds its own row again, or fails loudly."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import ranef as rn

FORMULA = "y ~ x + (x | g)"


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    """Labels that are no positions, some rows with missing values."""
    rng = np.random.default_rng(1)
    n = 120
    g = np.arange(n) % 10
    d = pd.DataFrame({"x": rng.normal(size=n), "g": g})
    d["y"] = 1 + d.x + rng.normal(size=10)[g] * (1 + d.x) + rng.normal(size=n)
    d.loc[[3, 17, 40], "y"] = np.nan
    d.loc[[4, 99], "x"] = np.nan
    d.index = pd.Index(rng.permutation(n) + 1000)
    return d


@pytest.fixture(scope="module")
def fit(data: pd.DataFrame) -> rn.Fit:
    return rn.lmm(FORMULA, data)


PER_ROW = {
    "fitted": lambda fit: fit.fitted,
    "residuals": lambda fit: fit.residuals(),
    "pearson": lambda fit: fit.residuals("pearson"),
    "all residuals": lambda fit: fit.residuals(rows="all"),
    "leverage": lambda fit: fit.leverage,
    "augment": lambda fit: fit.augment()[".resid"],
    "model_frame": lambda fit: fit.model_frame()["x"],
    "simulate": lambda fit: fit.simulate(1, seed=1)[0],
    "intervals": lambda fit: fit.predict(interval="confidence")["conf_low"],
}


@pytest.mark.parametrize("name", PER_ROW)
def test_values_land_on_their_own_rows(data, fit, name):
    values = PER_ROW[name](fit)
    used = data.dropna().index
    shuffled = data.sample(frac=1.0, random_state=2)
    shuffled["r"] = values
    assert shuffled["r"].notna().sum() == fit.nobs
    np.testing.assert_array_equal(shuffled["r"].loc[used], np.asarray(values.dropna()))
    assert shuffled["r"].drop(used).isna().all()


def test_the_values_are_those_of_the_rows(data, fit):
    expected = fit.predict(data)
    assigned = data.assign(f=fit.fitted, r=fit.residuals(), all=fit.residuals(rows="all"))
    used = data.y.notna() & data.x.notna()
    np.testing.assert_allclose(assigned.f[used], expected[used], rtol=1e-10)
    np.testing.assert_allclose(assigned.r, data.y - assigned.f, rtol=1e-9)
    pd.testing.assert_series_equal(assigned.r, assigned["all"], check_names=False)
    augmented = fit.augment()
    pd.testing.assert_frame_equal(augmented[["y", "x"]], data.loc[used, ["y", "x"]])
    assert ".row" not in augmented


def test_a_series_is_array_like(data, fit):
    r = fit.residuals()
    plain = np.asarray(r)
    assert r.shape == (fit.nobs,)
    assert (r**2).mean() == pytest.approx((plain**2).mean())
    assert np.std(r) == pytest.approx(plain.std())
    np.testing.assert_array_equal(r + np.ones(fit.nobs), plain + 1.0)
    np.testing.assert_array_equal(np.sqrt(np.abs(r)), np.sqrt(np.abs(plain)))
    np.testing.assert_array_equal((fit.fitted > 0).to_numpy(), np.asarray(fit.fitted) > 0)
    # By label, as in the data; by position with iloc.
    label = data.index[60]
    assert r[label] == pytest.approx(data.y[label] - fit.fitted[label])
    assert r.iloc[3] == plain[3]


def test_labels_of_plain_frames_are_positions():
    data = rn.datasets.load("sleepstudy")
    fit = rn.lmm("Reaction ~ Days + (1 | Subject)", data)
    assert fit.fitted[3] == np.asarray(fit.fitted)[3]
    data.loc[1, "Reaction"] = np.nan
    less = rn.lmm("Reaction ~ Days + (1 | Subject)", data)
    assert less.fitted[3] == np.asarray(less.fitted)[2]
    with pytest.raises(KeyError):
        less.fitted[1]


FRAMES = {"polars": pl.from_pandas, "pyarrow": pa.Table.from_pandas, "mapping": dict}


@pytest.mark.parametrize("library", FRAMES)
def test_rows_without_labels_are_numbered(data, library):
    frame = FRAMES[library](data.reset_index(drop=True))
    fit = rn.lmm(FORMULA, frame)
    used = np.flatnonzero(data.y.notna() & data.x.notna())
    for values in (fit.fitted, fit.residuals(), fit.leverage):
        assert type(values) is np.ndarray
        assert values.shape == used.shape
    whole = fit.residuals(rows="all")
    assert whole.shape == (len(data),)
    np.testing.assert_array_equal(whole[used], fit.residuals())
    assert np.isnan(np.delete(whole, used)).all()
    augmented = fit.augment()
    assert augmented.columns[0] == ".row"
    np.testing.assert_array_equal(augmented[".row"], used)
    np.testing.assert_array_equal(augmented["y"], data.y.to_numpy()[used])
    assert augmented.sort_values(".row").index.name is None
    np.testing.assert_array_equal(fit.model_frame().index, used)


def test_polars_refuses_an_array_of_another_length(data):
    frame = pl.from_pandas(data.reset_index(drop=True))
    fit = rn.lmm(FORMULA, frame)
    with pytest.raises(pl.exceptions.ShapeError):
        frame.with_columns(pl.Series("r", fit.residuals()))
    padded = frame.with_columns(pl.Series("r", fit.residuals(rows="all"), nan_to_null=True))
    assert padded["r"].null_count() == 5
    joined = frame.with_row_index(".row").join(
        pl.from_pandas(fit.augment()).with_columns(pl.col(".row").cast(pl.UInt32)),
        on=".row",
        how="left",
    )
    assert joined[".resid"].to_list() == padded["r"].to_list()


def test_repeated_labels_cannot_name_rows(data):
    twice = data.set_axis(np.arange(len(data)) // 2)
    fit = rn.lmm(FORMULA, twice)
    assert type(fit.residuals()) is np.ndarray
    for values in (fit.residuals(), fit.augment()[".resid"], fit.simulate(1, seed=1)[0]):
        with pytest.raises(ValueError, match=r"length of index|duplicate labels"):
            twice.assign(r=values)
    padded = twice.assign(r=fit.residuals(rows="all"))
    np.testing.assert_allclose(padded.r, data.y.to_numpy() - fit.predict(data))
    # With no row left out the labels do no harm.
    whole = rn.lmm(FORMULA, twice.dropna())
    assigned = twice.dropna().assign(r=whole.residuals(), s=whole.augment()[".resid"])
    np.testing.assert_array_equal(assigned.r, assigned.s)


def test_labels_that_repeat_only_in_rows_left_out_are_refused(data):
    labels = np.arange(len(data))
    labels[3] = labels[5]  # row 3 has no response
    labels[[4, 17, 40, 99]] = [200, 201, 202, 203]
    fit = rn.lmm(FORMULA, data.set_axis(labels))
    assert type(fit.fitted) is np.ndarray
    for call in (fit.augment, fit.model_frame, lambda: fit.simulate(1)):
        with pytest.raises(rn.DataError, match="the labels of the rows repeat") as caught:
            call()
        assert caught.value.found == "label '5' on several rows, 5 rows left out"


def test_other_indexes_are_kept():
    data = rn.datasets.load("sleepstudy")
    dates = pd.date_range("2020-01-01", periods=180, freq="h")
    pairs = pd.MultiIndex.from_arrays([data.Subject, data.Days], names=["s", "d"])
    for index in (dates, pairs, pd.Index([f"r{i}" for i in range(180)], name="Days")):
        own = data.set_axis(index)
        fit = rn.lmm("Reaction ~ Days + (1 | Subject)", own)
        pd.testing.assert_index_equal(fit.fitted.index, index)
        back = own.sample(frac=1, random_state=1).assign(f=fit.fitted).loc[index]
        np.testing.assert_array_equal(back.f, np.asarray(fit.fitted))
        again = pickle.loads(pickle.dumps(fit))
        pd.testing.assert_series_equal(again.fitted, fit.fitted, check_freq=False)
        assert len(fit.augment()) == 180


def test_predictions_with_limits_have_the_labels_of_the_new_data(data, fit):
    new = data.loc[data.x.notna(), ["x", "g"]].tail(7)
    got = fit.predict(new, interval="prediction", se=True)
    assert list(got.columns) == ["estimate", "std_error", "conf_low", "conf_high"]
    pd.testing.assert_index_equal(got.index, new.index)
    joined = pd.concat([new, got], axis=1)
    np.testing.assert_allclose(joined.estimate, fit.predict(new))
    assert list(fit.predict(new, se=True).columns) == ["estimate", "std_error"]


def test_unknown_rows(fit):
    with pytest.raises(rn.OptionError, match="unknown rows 'every'"):
        fit.residuals(rows="every")


def test_series_of_weights_offsets_and_responses_go_by_label(data):
    weights = pd.Series(np.linspace(1, 3, len(data)), index=data.index)
    offset = pd.Series(np.linspace(-2, 2, len(data)), index=data.index)
    plain = rn.lmm(FORMULA, data, weights=weights.to_numpy(), offset=offset.to_numpy())
    mixed = {
        "weights": weights.sample(frac=1, random_state=1),
        "offset": offset.sample(frac=1, random_state=2),
    }
    assert rn.lmm(FORMULA, data, **mixed).criterion == plain.criterion
    # Other labels are none of these rows': such a series counts by position.
    other = weights.reset_index(drop=True)
    assert rn.lmm(FORMULA, data, weights=other, offset=offset).criterion == plain.criterion
    y = plain.fitted + np.sin(np.arange(plain.nobs))
    mixed_up = y.sample(frac=1, random_state=3)
    assert plain.refit(mixed_up).criterion == plain.refit(np.asarray(y)).criterion


@pytest.mark.parametrize("keep_labels", [True, False])
def test_rows_in_another_order_are_the_same_data(data, keep_labels):
    shuffled = data.sample(frac=1.0, random_state=4)
    if not keep_labels:
        shuffled = shuffled.reset_index(drop=True)
    one, two = rn.lmm(FORMULA, data), rn.lmm("y ~ x + (1 | g)", shuffled)
    other = rn.lmm("y ~ x + (1 | g)", data.assign(y=data.y + 0.1 * data.x))
    same_order = str(rn.compare(one, rn.lmm("y ~ x + (1 | g)", data)))
    assert str(rn.compare(one, two)) == same_order
    assert str(rn.compare(one, other)) != same_order
