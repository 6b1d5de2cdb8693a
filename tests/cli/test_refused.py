"""``ranef diagnose`` of models that the data refuse: the findings first, then the error."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ranef as rn

from .conftest import installed

#: Formula, the finding that belongs to it, and the first words of the error.
REFUSED = {
    "constant within groups": (
        "belongs ~ x + (1 | room)",
        "response-constant-within",
        "'belongs' never varies within a level of 'room'",
    ),
    "one level": ("y ~ x + (1 | city)", "one-group", "the grouping factor 'city' has one level"),
    "a level for each row": (
        "y ~ x + (1 | id)",
        "as-many-groups-as-rows",
        "'id' has as many levels as there are rows",
    ),
    "constant slope": (
        "y ~ x + lit + (lit | room)",
        "constant-slope",
        "the random slope of 'lit' cannot be told from the intercept of 'room'",
    ),
    "perfect fit": (
        "computed ~ x + twice + (1 | room)",
        "aliased-columns",
        "the fixed part fits 'computed' exactly",
    ),
    "infinite": ("endless ~ x + (1 | room)", "infinite-values", "'endless' is infinite in 1 row"),
    "constant": ("same ~ x + (1 | room)", "constant-variable", "the response 'same' is constant"),
}


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(5)
    room, x = np.repeat(np.arange(12), 6), rng.normal(size=72)
    frame = pd.DataFrame({"y": x + rng.normal(size=72), "x": x, "twice": 2.0 * x})
    frame = frame.assign(
        room=[f"r{k}" for k in room],
        city="Ulm",
        id=[f"p{k}" for k in range(72)],
        size=(room % 5) + 1.0,
        lit=room % 2,
        step=np.arange(72) % 3,
        trio=[f"t{k // 3}" for k in range(72)],
        belongs=room % 7 + 0.5,
        computed=2.0 + 3.0 * x,
        endless=np.where(np.arange(72) == 7, np.inf, frame["y"]),
        same=1.0,
        gappy=np.where(np.arange(72) == 3, np.nan, x),
    )
    path = tmp_path_factory.mktemp("rooms") / "rooms.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.mark.parametrize("kind", ["constant within groups", "one level", "a level for each row"])
def test_the_findings_come_before_the_error(kind: str, rooms: Path) -> None:
    formula, code, what = REFUSED[kind]
    run = installed("diagnose", str(rooms), formula, cwd=rooms.parent)
    assert run.status == 2
    assert run.out.startswith(f"Diagnosis of {formula}\nThe model is refused")
    assert f"\n  problem {code}: " in run.out
    error, *rest = run.err.splitlines()
    assert error == what
    assert rest[-1].startswith("  fix    ")
    assert "  found  " in run.err
    assert max(map(len, run.out.splitlines())) <= 100


@pytest.mark.parametrize("kind", ["perfect fit", "one level", "constant slope"])
def test_json_holds_findings_and_error(kind: str, rooms: Path) -> None:
    formula, code, what = REFUSED[kind]
    run = installed("diagnose", str(rooms), formula, "--json", cwd=rooms.parent)
    record = json.loads(run.out)
    assert (run.status, list(record)) == (2, ["formula", "findings", "error", "remedy"])
    assert code in [finding["code"] for finding in record["findings"]]
    assert list(record["error"]) == ["kind", "what", "where", "found", "fix"]
    assert (record["error"]["kind"], record["error"]["what"]) == ("DesignError", what)
    assert run.err.startswith(what)


@pytest.mark.parametrize("kind", list(REFUSED))
def test_the_error_itself_carries_the_findings(kind: str, rooms: Path) -> None:
    formula, code, what = REFUSED[kind]
    with pytest.raises(rn.errors.RanefError) as caught:
        rn.lmm(formula, pd.read_csv(rooms))
    assert caught.value.what == what
    assert code in [finding.code for finding in caught.value.findings]


def test_what_can_be_fitted_instead_is_fitted(rooms: Path) -> None:
    formula = "y ~ x + size + (x + size | room) + (1 | city)"
    with pytest.raises(rn.errors.DesignError) as caught:
        rn.lmm(formula, pd.read_csv(rooms), reml=False)
    remedy = caught.value.remedy
    assert remedy.formula == "y ~ x + size + (x + size | room)"
    assert caught.value.remedy is remedy
    assert not remedy.reml
    assert remedy.certificate.certified
    run = installed("diagnose", str(rooms), formula, cwd=rooms.parent)
    assert "Fitted without what the data refuse: y ~ x + size + (x + size | room)\n  " in run.out
    record = json.loads(installed("diagnose", str(rooms), formula, "--json", cwd=rooms.parent).out)
    assert record["remedy"]["formula"] == remedy.formula
    assert record["remedy"]["certified"] is True


def test_the_remedy_keeps_what_is_identified(rooms: Path) -> None:
    formula = "y ~ x + lit + (x + lit | room)"
    with pytest.raises(rn.errors.DesignError) as caught:
        rn.lmm(formula, pd.read_csv(rooms))
    assert caught.value.remedy.formula == "y ~ x + lit + (x | room)"


def test_too_many_random_effects_leave_as_many_as_are_identified(rooms: Path) -> None:
    formula = "y ~ x + (step + I(step**2) | trio)"
    with pytest.raises(rn.errors.DesignError, match="too many random effects") as caught:
        rn.lmm(formula, pd.read_csv(rooms))
    assert caught.value.remedy.formula == "y ~ x + (step + I(step ** 2) || trio)"


def test_where_nothing_random_is_left_there_is_no_remedy(rooms: Path) -> None:
    with pytest.raises(rn.errors.DesignError) as caught:
        rn.lmm("y ~ x + (1 | city)", pd.read_csv(rooms))
    assert caught.value.remedy is None


def test_rows_left_out_are_told(rooms: Path) -> None:
    with pytest.raises(rn.errors.DesignError) as caught:
        rn.lmm("y ~ gappy + (1 | city)", pd.read_csv(rooms))
    assert [finding.code for finding in caught.value.findings] == ["one-group", "missing-rows"]


def test_values_that_cannot_be_squared_raise_no_warning(rooms: Path) -> None:
    data = pd.read_csv(rooms)
    data["x"] *= 1e200
    with pytest.raises(rn.errors.DataError) as caught:
        rn.lmm("y ~ x + (1 | room)", data)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "outlying-scale" in [finding.code for finding in caught.value.findings]


def test_an_error_before_the_data_has_no_findings(rooms: Path, ranef) -> None:
    with pytest.raises(rn.errors.UnknownColumnError) as caught:
        rn.lmm("y ~ z + (1 | room)", pd.read_csv(rooms))
    assert caught.value.findings == ()
    run = ranef("diagnose", str(rooms), "y ~ z + (1 | room)", "--json")
    record = json.loads(run.out)
    assert (run.status, record["findings"]) == (2, [])
    assert record["error"]["what"] == "unknown column 'z' in the fixed part"
