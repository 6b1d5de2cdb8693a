"""Errors keep what they know on their way through a copy, a pickle or another process."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
import pandas as pd
import pytest

import ranef as rn

FORMULA = "y ~ x + z + (x + z | g) + (1 | h)"
CLASSES = sorted({getattr(rn, name) for name in rn.__all__ if name.endswith("Error")}, key=str)


def data() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    g = np.repeat(np.arange(8), 5)
    values = {"y": rng.normal(size=40), "x": rng.normal(size=40), "z": g % 3, "g": g, "h": 1}
    return pd.DataFrame(values)


def refused() -> rn.RanefError:
    with pytest.raises(rn.RanefError) as caught:
        rn.lmm(FORMULA, data())
    return caught.value


def fail() -> None:
    rn.lmm(FORMULA, data())


@pytest.mark.parametrize("cls", CLASSES)
def test_every_class_comes_back(cls: Any) -> None:
    error = cls("what", where="a\n^", found="found", fix="fix")
    error.add_note("while fitting the third model")
    error.shard = 3
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(again) is cls
        assert str(again) == str(error)
        assert (again.what, again.where, again.found, again.fix) == ("what", "a\n^", "found", "fix")
        assert again.__notes__ == error.__notes__
        assert again.shard == 3
        assert again.findings == ()
        assert again.remedy is None


def test_findings_survive_a_pickle() -> None:
    error = refused()
    again = pickle.loads(pickle.dumps(error))
    assert [finding.code for finding in again.findings] == [f.code for f in error.findings]
    assert "one-group" in [finding.code for finding in again.findings]
    assert again.remedy is None
    assert pickle.loads(pickle.dumps(again)).findings == error.findings


def test_a_remedy_that_was_fitted_survives_too() -> None:
    error = refused()
    assert error.remedy is not None
    again = pickle.loads(pickle.dumps(error))
    assert again.remedy.formula == error.remedy.formula
    assert again.remedy.criterion == error.remedy.criterion


def test_a_copy_still_fits_the_remedy() -> None:
    error = refused()
    for again in (copy.copy(error), copy.deepcopy(error)):
        assert again.remedy.formula == error.remedy.formula
        assert again.findings == error.findings


def test_findings_that_cannot_be_made_do_not_hide_the_error() -> None:
    def broken() -> Any:
        raise ZeroDivisionError

    error = rn.DesignError("what")
    error.explained_by(broken, broken)
    assert pickle.loads(pickle.dumps(error)).findings == ()


def test_an_error_of_another_process_brings_its_findings() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        error = pool.submit(fail).exception(timeout=120)
    assert isinstance(error, rn.RanefError)
    assert "one-group" in [finding.code for finding in error.findings]
