"""The plain words under a coefficient."""

from __future__ import annotations

import pytest

import ranef as rn
from ranef.fit.reporting import material_of

SCOT = {
    "Intercept": "attain where sex is M and social = 0",
    "sex[T.F]": "F less M where social = 0",
    "social": "slope where sex is M",
    "sex[T.F]:social": "slope of social where sex is F less that where sex is M",
}


def meanings(formula: str, name: str, **options):
    fit = rn.lmm(formula, rn.datasets.load(name), **options)
    return material_of(fit).meanings


@pytest.fixture(autouse=True)
def _nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only names matter here."""
    for question in ("_diagnosis", "_check", "_structure", "_other_variables"):
        monkeypatch.setattr(f"ranef.fit.reporting.{question}", lambda *_: None)


def test_categories_and_products() -> None:
    told = meanings("attain ~ sex * social + (1 | primary)", "scotssec")
    assert {name: told.of(name) for name in told.names} == SCOT


def test_numbers_of_two_values() -> None:
    told = meanings("math ~ ses * sector + (1 | sch.id)", "hsb")
    assert told.of("sector") == "1 less 0 where ses = 0"
    assert told.of("ses:sector") == "slope of ses where sector = 1 less that where sector = 0"


def test_within_and_between() -> None:
    told = meanings("math ~ within(ses, sch.id) + between(ses, sch.id) + (1 | sch.id)", "hsb")
    assert told.of("within(ses, sch.id)") == "slope among the rows of a group"
    assert told.of("between(ses, sch.id)") == "slope among the means of the groups"
    assert told.of("Intercept").startswith("math where ses is at the mean of its group")


def test_what_is_not_said() -> None:
    told = meanings("angle ~ recipe * temperature + (1 | replicate)", "cake")
    assert told.of("Intercept").startswith("angle where recipe is")
    poly = meanings("Reaction ~ poly(Days, 2) + (1 | Subject)", "sleepstudy")
    assert [poly.of(name) for name in poly.names] == ["", "", ""]
    sums = meanings("angle ~ recipe + (1 | replicate)", "cake", contrasts={"recipe": "sum"})
    assert [sums.of(name) for name in sums.names] == ["", "", ""]


def test_no_intercept() -> None:
    told = meanings("score ~ 0 + Machine + (1 | Worker)", "machines")
    assert told.of("Machine[A]") == "score at this level"
