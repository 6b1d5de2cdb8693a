"""A generalised fit that was saved and loaded answers as before, to the last bit, without data."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from tests.generalised import fits

import ranef as rn

FITS: dict[str, Callable[[], Any]] = {
    "trials": fits.cbpp,
    "quadrature": lambda: fits.cbpp(n_agq=9),
    "probit": lambda: fits.cbpp(family="binomial(probit)"),
    "categories": fits.contraception,
    "crossed": fits.broods,
    "slopes": lambda: fits.of_groups("amount", "gamma(log)"),
    "zeros": lambda: fits.of_groups("inflated", "nbinom2", "1", zero_inflation="~ z"),
    "dispersion": lambda: fits.of_groups("count", "nbinom1", "1", dispersion="~ x"),
    "ordered": fits.answers,
    "hurdle": lambda: fits.of_groups("inflated", "hurdle_poisson", "1"),
    "tweedie": lambda: fits.of_groups("amount", "tweedie(1.6)", "1"),
    "prior": lambda: fits.of_groups("count", "poisson", "1", prior=rn.priors.Normal()),
}


def answers(fit: Any, new: pd.DataFrame) -> dict[str, Any]:
    link = {"kind": "link", "interval": "confidence", "se": True}
    out: dict[str, Any] = {
        "summary": str(fit.summary()),
        "html": fit.summary()._repr_html_(),
        "repr": repr(fit),
        "equation": str(fit.equation()),
        "certificate": str(fit.certificate),
        "log": str(fit.log),
        "findings": str(fit.findings),
        "compared": str(rn.compare(fit)),
        "prior": repr(fit.prior),
        "family": (fit.family, fit.link, fit.n_agq, fit.dispersion),
        "theta": fit.theta.tobytes(),
        "vcov": fit.vcov,
        "varcorr": fit.varcorr(),
        "glance": fit.glance(),
        "coefficients": fit.coefficients(),
        "anova": fit.anova(),
        "zero": fit.fixef_zero.to_frame(),
        "thresholds": fit.thresholds.to_frame(),
        "population": fit.predict(new, level="population", **link),
        "known variances": fit.predict(
            new, level="population", uncertainty="known variances", **link
        ),
        "drawn": str(fit.simulate(2, seed=3, newdata=new)),
    }
    for effects in ("fixed", "ran_pars", "ran_vals"):
        out[f"tidy {effects}"] = fit.tidy(effects)
    for condvar in (True, "full"):
        out |= {f"{group} {condvar}": modes for group, modes in fit.ranef(condvar).items()}
    return out


@pytest.mark.parametrize("name", FITS)
def test_a_loaded_fit_answers_to_the_last_bit(name: str, tmp_path: Any) -> None:
    fit = FITS[name]()
    path, again = tmp_path / "m.ranef", tmp_path / "again.ranef"
    fit.save(path)
    loaded = rn.load(path)
    assert type(loaded) is type(fit)
    new = fit.model_frame().iloc[[0, 3, 50]]
    before, after = answers(fit, new), answers(loaded, new)
    for key, value in before.items():
        if isinstance(value, pd.DataFrame):
            assert_frame_equal(value, after[key], check_exact=True, obj=key)
        else:
            assert value == after[key], key
    loaded.save(again)
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("name", ["trials", "crossed", "slopes"])
def test_conditional_predictions_have_the_same_errors(name: str, tmp_path: Any) -> None:
    """Their variances are added in another order: equal to rounding. New levels are known."""
    fit = FITS[name]()
    fit.save(tmp_path / "m.ranef")
    loaded = rn.load(tmp_path / "m.ranef")
    new = fit.model_frame().iloc[[0, 3, 50, 51]].copy()
    for factor in fit.ngroups:
        new[factor] = new[factor].astype(str)
        new.iloc[3, new.columns.get_loc(factor)] = "nobody"
    options = {"new_levels": "population", "interval": "confidence", "se": True}
    assert_frame_equal(
        fit.predict(new, **options), loaded.predict(new, **options), rtol=1e-11, atol=0.0
    )
    if name == "crossed":  # pairs of levels that have no rows together
        new["BROOD"] = fit.model_frame()["BROOD"].astype(str).iloc[[200, 201, 300, 310]].to_numpy()
        assert_frame_equal(
            fit.predict(new, **options), loaded.predict(new, **options), rtol=1e-11, atol=0.0
        )


@pytest.mark.parametrize("name", ["trials", "crossed", "ordered"])
def test_what_needs_rows_says_so(name: str, tmp_path: Any) -> None:
    fit = FITS[name]()
    fit.save(tmp_path / "m.ranef")
    loaded = rn.load(tmp_path / "m.ranef")
    for asked in (
        lambda: loaded.fitted,
        lambda: loaded.residuals(),
        lambda: loaded.r2(),
        lambda: loaded.leverage,
        lambda: loaded.influence(list(loaded.ngroups)[0]),
        lambda: loaded.check_residuals(3),
        lambda: loaded.simulate(1),
        lambda: loaded.predict(),
    ):
        with pytest.raises(rn.DataError, match="needs the data") as caught:
            asked()
        assert "rn.glmm(" in caught.value.fix


def test_a_file_holds_no_rows(tmp_path: Any) -> None:
    """1,934 rows, and numbers for 60 districts."""
    path = tmp_path / "m.ranef"
    fits.contraception().save(path)
    assert path.stat().st_size < 20_000
    with zipfile.ZipFile(path) as archive:
        head = json.loads(archive.read("ranef.json"))
    assert (head["kind"], head["rows"]) == ("generalised fit", 1934)


def test_pairs_of_levels_that_are_not_in_the_file_are_told(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ranef.inference.generalised import kept_kernel

    monkeypatch.setattr(kept_kernel, "MOST", 10)
    fit = fits.broods()
    fit.save(tmp_path / "m.ranef")
    loaded = rn.load(tmp_path / "m.ranef")
    new = fit.model_frame().iloc[[0, 200]].copy()
    options = {"interval": "confidence", "se": True}
    assert_frame_equal(fit.predict(new, **options), loaded.predict(new, **options), rtol=1e-11)
    new["BROOD"] = new["BROOD"].to_numpy()[::-1]
    assert np.isfinite(fit.predict(new, **options).to_numpy()).all()
    with pytest.raises(rn.DataError, match="needs the data"):
        loaded.predict(new, **options)
