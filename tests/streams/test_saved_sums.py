"""Fits of sums that were saved or pickled answer as before."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from tests.streams.answers import FORMULA, rows, same

import ranef as rn


@pytest.mark.parametrize("options", [{}, {"offset": "o"}, {"weights": "w"}])
def test_a_saved_fit_of_sums_goes_on(options: dict[str, str], tmp_path: Path) -> None:
    """Its sums are in the file: next month is added to them, and other models are fitted."""
    data = rows()
    first, second = (rn.moments(FORMULA, part, **options) for part in (data[:300], data[300:]))
    fit = rn.lmm(FORMULA, first, contrasts={"f": "sum"}, reml=False)
    fit.save(tmp_path / "a.ranef")
    loaded = rn.load(tmp_path / "a.ranef")
    loaded.save(tmp_path / "b.ranef")
    assert (tmp_path / "a.ranef").read_bytes() == (tmp_path / "b.ranef").read_bytes()
    assert loaded.vcov.equals(fit.vcov)
    assert str(loaded.summary()) == str(fit.summary())
    more = rn.lmm(FORMULA, loaded.moments + second, start=loaded.theta)
    same(more.glance(), rn.lmm(FORMULA, first + second).glance(), "next month")
    smaller = loaded.update("~ . - x:f")
    same(smaller.tidy(), fit.update("~ . - x:f").tidy(), "update")
    same(rn.anova(fit.update("~ . - x:f"), loaded), rn.anova(smaller, fit), "rn.anova")
    with pytest.raises(rn.DataError, match="level that the fit does not have"):
        loaded.moments + rn.moments(FORMULA, data.assign(f="new"), **options)


def test_a_saved_fit_with_a_prior_goes_on(tmp_path: Path) -> None:
    prior = {"fixed": rn.priors.Normal({"x": 0.5}), "g": rn.priors.Wishart()}
    fit = rn.lmm(FORMULA, rn.moments(FORMULA, rows()), prior=prior)
    fit.save(tmp_path / "m.ranef")
    loaded = rn.load(tmp_path / "m.ranef")
    same(loaded.update("~ . - x:f").tidy(), fit.update("~ . - x:f").tidy(), "update")


def test_a_file_with_the_sums_of_another_model_is_damaged(tmp_path: Path) -> None:
    from ranef.store.container import write_file

    fit = rn.lmm(FORMULA, rn.moments(FORMULA, rows()))
    others = rn.moments("y ~ w + (1 | g)", rows())
    for wrong in (others, others.n, None):
        parts = fit._stored_parts() | {"_moments": wrong}
        write_file(tmp_path / "m.ranef", "fit of sums", {}, parts)
        with pytest.raises(rn.DataError, match="damaged"):
            rn.load(tmp_path / "m.ranef")


def test_sums_too_many_for_a_file_stay_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is then that of any fit, and no message sends anybody round in a circle."""
    monkeypatch.setattr("ranef.fit.stored_sums.MOST", 10)
    fit = rn.lmm(FORMULA, rn.moments(FORMULA, rows()))
    fit.save(tmp_path / "m.ranef")
    loaded = rn.load(tmp_path / "m.ranef")
    assert loaded.tidy().equals(fit.tidy())
    with pytest.raises(rn.OptionError, match="does not know its data") as caught:
        _ = loaded.moments
    assert "rn.load_moments" in caught.value.fix
    with pytest.raises(rn.DataError, match="loaded from a file"):
        rn.anova(fit.update("~ . - x:f"), loaded)


def test_a_pickled_fit_keeps_its_sums(tmp_path: Path) -> None:
    fit = rn.lmm(FORMULA, rn.moments(FORMULA, rows()))
    again = pickle.loads(pickle.dumps(fit))
    same(again.anova(2), fit.anova(2), "anova")
    same(again.r2().frame, fit.r2().frame, "r2")
    fit.save(tmp_path / "m.ranef")
    same(rn.load(tmp_path / "m.ranef").anova(2), fit.anova(2), "a saved fit")
