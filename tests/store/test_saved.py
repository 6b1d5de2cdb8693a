"""A fit that was saved and loaded answers as before, to the last bit, without the data."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import ranef as rn


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    n = 240
    data = pd.DataFrame({"g": rng.integers(0, 16, n), "h": rng.integers(0, 7, n)})
    data["k"] = data.g // 4
    data["x"] = rng.normal(size=n) + 0.3 * data.g
    data["x2"] = 2.0 * data.x - 1.0
    data["f"] = pd.Categorical(np.array(["low", "mid", "high"])[rng.integers(0, 3, n)])
    data["w"] = rng.uniform(0.5, 2.0, n)
    data["o"] = rng.normal(size=n)
    data["name"] = "group " + data.g.astype(str)
    data["y"] = (
        data.x
        + rng.normal(size=16)[data.g] * (1 + 0.5 * data.x)
        + rng.normal(size=7)[data.h]
        + rng.normal(size=4)[data.k]
        + rng.normal(size=n)
    )
    data.loc[[3, 70], "x"] = np.nan
    return data


MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "nested": ("y ~ x + (1 | k/g)", {}),
    "crossed": ("y ~ x * f + (x | g) + (1 | h)", {}),
    "independent slopes": ("y ~ x + (x || name)", {"reml": False}),
    "weights": ("y ~ x + f + (x | g)", {"weights": "w"}),
    "offset": ("y ~ x + offset(o) + (1 | g)", {"offset": "w"}),
    "means": ("y ~ within(x, g) + between(x, g) + (within(x, g) | g)", {}),
    "poly": ("y ~ poly(x, 2) + scale(o) + (1 | name)", {}),
    "splines": ("y ~ bs(x, df=4) + cr(o, df=3) + (1 | g)", {}),
    "contrasts": ("y ~ f + log(w) + I(x**2) + (0 + f | h)", {"contrasts": {"f": "sum"}}),
    "dropped": ("y ~ x + x2 + (1 | g)", {}),
    "nearly collinear": ("y ~ x + I(x + 1e-5 * o) + (1 | g)", {}),
    "prior": ("y ~ x + (x | g)", {"prior": [rn.priors.Wishart(), rn.priors.Normal()]}),
    "prior by name": ("y ~ x + (x | g)", {"prior": {"fixed": rn.priors.Normal({"x": 0.5})}}),
    "no fixed part": ("y ~ 0 + (1 | g) + (0 + x | h)", {"control": rn.Control(restarts=1)}),
}


def answers(fit: Any, new: pd.DataFrame) -> dict[str, Any]:
    options = {"new_levels": "population", "se": True}
    out = {
        "summary": str(fit.summary()),
        "html": fit.summary()._repr_html_(),
        "repr": repr(fit),
        "equation": str(fit.equation()),
        "certificate": str(fit.certificate),
        "log": str(fit.log),
        "findings": str(fit.findings),
        "missing": str(fit.missing_rows),
        "prior": repr(fit.prior),
        "dropped": fit.dropped,
        "compared": str(rn.compare(fit)),
        "theta": fit.theta.tobytes(),
        "vcov": fit.vcov,
        "varcorr": fit.varcorr(),
        "glance": fit.glance(),
        "mean": fit.predict(new, new_levels="population").tobytes(),
        "known": fit.predict(new.head(3), interval="confidence", **options),
        "population": fit.predict(new, level="population", interval="prediction", se=True),
        "new": fit.predict(new, interval="prediction", new_levels="population"),
        "drawn": fit.predict(new, new_levels="sample", seed=3).tobytes(),
        "corrected": fit.predict(new, new_levels="population", se="corrected"),
        "bootstrap": str(fit.bootstrap(2, seed=1)),
    }
    out |= {f"{group} modes": modes for group, modes in fit.ranef().items()}
    for effects in ("fixed", "ran_pars", "ran_vals"):
        out[f"tidy {effects}"] = fit.tidy(effects)
    if fit.fixef.notna().any():
        out["coefficients"] = fit.coefficients()
        out["anova"] = fit.anova()
        out["anova 2"] = fit.anova(type=2)
    return out


def assert_same(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert before.keys() == after.keys()
    for name, value in before.items():
        if isinstance(value, pd.DataFrame):
            assert_frame_equal(value, after[name], check_exact=True, obj=name)
        else:
            assert value == after[name], name


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_loaded_fit_answers_to_the_last_bit(name: str, tmp_path: Any) -> None:
    formula, options = MODELS[name]
    data = frame()
    fit = rn.lmm(formula, data, **options)
    new = data.iloc[[0, 1, 2, 8, 9]].copy()
    new["between(x, g)"] = 0.25
    new.loc[new.index[3:], ["g", "h", "k"]] = 99
    new.loc[new.index[3:], "name"] = "nobody"
    path = tmp_path / "m.ranef"
    fit.save(path)
    loaded = rn.load(path)
    before = answers(fit, new)
    assert_same(before, answers(loaded, new))
    again = tmp_path / "again.ranef"
    loaded.save(again)
    assert again.read_bytes() == path.read_bytes()
    if fit.reml and fit.prior is None:
        other, expected = loaded.with_reml(False), fit.with_reml(False)
        assert other.theta.tobytes() == expected.theta.tobytes()
        assert other.criterion == expected.criterion
        assert other.findings == expected.findings
        # The residuals of that fit are not known: none are shown, not those of this one.
        assert "Scaled residuals" not in str(other.summary())


def test_a_fit_that_went_back_to_the_rows_keeps_their_columns(tmp_path: Any) -> None:
    """Sums have lost digits where effects are ten million sigma: the answers need the rows."""
    data = frame()
    data["y"] += 1e7 * np.random.default_rng(0).normal(size=16)[data.g]
    fit = rn.lmm("y ~ x + (1 | g)", data)
    assert fit._problem.rows is not None
    fit.save(tmp_path / "m.ranef")
    loaded = rn.load(tmp_path / "m.ranef")
    new = data.iloc[[0, 9]]
    assert_same(answers(fit, new), answers(loaded, new))


def test_a_file_is_small_and_holds_no_rows(tmp_path: Any) -> None:
    data = rn.datasets.load("hsb")
    fit = rn.lmm("math ~ ses * sector + (ses | sch.id)", data)
    path = tmp_path / "m.ranef"
    fit.save(path)
    # 160 schools of two effects: 160 (4 + 10) numbers, beside 7,185 rows of six columns.
    assert path.stat().st_size < 40_000
    sleep = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
    sleep.save(path)
    assert path.stat().st_size < 4_000


def test_the_file_can_be_read_without_ranef(tmp_path: Any) -> None:
    fit = rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
    path = tmp_path / "m.ranef"
    fit.save(path)
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["ranef.json", "arrays.npy"]
        head = json.loads(archive.read("ranef.json"))
        with archive.open("arrays.npy") as stream:
            arrays = [
                np.lib.format.read_array(stream, allow_pickle=False) for _ in range(head["arrays"])
            ]
    assert head["formula"] == fit.formula
    assert head["criterion"] == fit.criterion
    assert any(a.shape == (2,) and np.array_equal(a, fit.fixef.to_numpy()) for a in arrays)


NEEDS_ROWS: dict[str, Callable[[Any], Any]] = {
    "fitted": lambda fit: fit.fitted,
    "residuals": lambda fit: fit.residuals(),
    "leverage": lambda fit: fit.leverage,
    "augment": lambda fit: fit.augment(),
    "model_frame": lambda fit: fit.model_frame(),
    "predict": lambda fit: fit.predict(),
    "predict by bootstrap": lambda fit: fit.predict(
        {"x": [0.0], "g": [1]}, interval="confidence", method="bootstrap"
    ),
    "simulate": lambda fit: fit.simulate(1),
    "refit": lambda fit: fit.refit(np.arange(238.0)),
    "diagnose": lambda fit: fit.diagnose(),
    "drop1": lambda fit: fit.drop1(),
    "residual bootstrap": lambda fit: fit.bootstrap(2, kind="residual"),
    "plot": lambda fit: fit.plot.residuals(),
}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: Any) -> Any:
    path = tmp_path_factory.mktemp("store") / "m.ranef"
    rn.lmm("y ~ x + (x | g)", frame(), reml=False, weights="w").save(path)
    return rn.load(path)


@pytest.mark.parametrize("what", NEEDS_ROWS)
def test_what_needs_the_data_says_so(loaded: Any, what: str) -> None:
    with pytest.raises(rn.DataError, match="needs the data") as caught:
        NEEDS_ROWS[what](loaded)
    assert 'rn.lmm("y ~ x + (x | g)", data, reml=False' in caught.value.fix


def test_a_file_is_replaced_whole_or_not_at_all(
    loaded: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m.ranef"
    path.write_text("mine")
    loaded.save(str(path))
    whole = path.read_bytes()
    assert repr(rn.load(str(path))) == repr(loaded)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(rn.OptionError, match="cannot be written") as caught:
            loaded.save(path)
    assert "No space left" in caught.value.found
    assert path.read_bytes() == whole
    assert [entry.name for entry in tmp_path.iterdir()] == ["m.ranef"]


@pytest.mark.parametrize("path", [None, 3, "", ["m.ranef"], "no/such/folder/m.ranef", "a\0b"])
def test_paths_that_are_none(loaded: Any, path: Any) -> None:
    with pytest.raises(rn.OptionError):
        loaded.save(path)
    with pytest.raises(rn.OptionError):
        rn.load(path)


def test_a_folder_is_no_file(loaded: Any, tmp_path: Any) -> None:
    for call in (loaded.save, rn.load):
        for path in (tmp_path, ".", "/", tmp_path / ("long" * 200), __file__ + "/m.ranef"):
            with pytest.raises(rn.OptionError, match="cannot be"):
                call(path)
