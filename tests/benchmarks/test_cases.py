"""The registry of cases, their goals, their data, and the page that shows them."""

from pathlib import Path

import numpy as np
import pytest
from benchmarks.cases import ALL
from benchmarks.cases.fit_case import FitCase
from benchmarks.cases.fresh_process import ALONE, FRESH_PROCESS
from benchmarks.cases.hsb import HSB
from benchmarks.cases.maximal import MAXIMAL, simulate
from benchmarks.cases.one_factor import ONE_FACTOR_LARGE
from benchmarks.model import Model
from benchmarks.peers import NAMES
from benchmarks.result import Row

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
FIT_CASES = [case for case in ALL if isinstance(case, FitCase)]


def test_names_are_unique_and_each_has_its_place_on_the_page() -> None:
    names = [case.name for case in ALL]
    page = PAGE.read_text(encoding="utf-8")
    assert len(set(names)) == len(names)
    assert [name for name in names if f"<!-- begin {name} -->" not in page] == []


@pytest.mark.parametrize("case", FIT_CASES, ids=lambda case: case.name)
def test_goals_name_tools_of_the_case(case: FitCase) -> None:
    assert set(case.ratios) <= set(case.tools) <= set(NAMES)


@pytest.mark.parametrize("case", FIT_CASES, ids=lambda case: case.name)
def test_models_survive_the_way_to_a_worker(case: FitCase) -> None:
    assert Model.from_json(case.model.to_json()) == case.model


def test_ratios_are_theirs_over_ours() -> None:
    rows = [Row("ranef", seconds=0.002), Row("lme4", seconds=0.05), Row("glmm", note="ended")]
    values = {goal.what: goal.value for goal in HSB.goals(rows)}
    assert values == {"lme4 / ranef": 25.0, "statsmodels / ranef": None, "glmm / ranef": None}


def test_a_second_core_is_held_against_one() -> None:
    rows = [Row("ranef", seconds=0.8), Row("ranef, 2 threads", seconds=0.4)]
    goals = {goal.what: goal for goal in ONE_FACTOR_LARGE.goals(rows)}
    assert goals["ranef / ranef, 2 threads"].value == 2.0
    assert goals["ranef / ranef, 2 threads"].reached is True


def test_libraries_alone_bound_a_fresh_process() -> None:
    rows = [
        Row("ranef, pandas", seconds=0.5),
        Row("ranef, Polars", seconds=0.34),
        Row(ALONE, seconds=0.3),
        Row("glmm, pandas", seconds=0.5),
    ]
    found = [(goal.value, goal.reached) for goal in FRESH_PROCESS.goals(rows)]
    assert found == [(1.0, True), (0.5 / 0.34, False), (pytest.approx(0.08), True)]
    assert [goal.value for goal in FRESH_PROCESS.goals(rows[:3])] == [None, None, None]


def test_a_lower_objective_elsewhere_is_an_excess_of_ours() -> None:
    rows = [Row("ranef", objective=10.5, evaluations=30), Row("glmm", objective=10.0)]
    goals = {goal.what: goal for goal in MAXIMAL.goals(rows)}
    assert goals["objective above the lowest"].value == 0.5
    assert goals["objective above the lowest"].reached is False
    assert goals["evaluations"].reached is False


def test_hsb_is_centred_within_schools() -> None:
    means = HSB.data().groupby("sch")["cwc"].mean()
    assert np.allclose(means, 0.0, atol=1e-12)


def test_the_maximal_design_is_crossed_and_repeatable() -> None:
    data = simulate(subjects=6, items=4, seed=5)
    assert data.groupby(["G", "H"], observed=True).size().eq(1).all()
    assert np.array_equal(data["STU"], data["S"] * data["T"] * data["U"])
    assert data.equals(simulate(subjects=6, items=4, seed=5))
