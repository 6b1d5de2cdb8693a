"""What becomes of a covariance structure when a formula is made from another one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ranef.design import build
from ranef.diagnose.groups import factors_of, group_findings
from ranef.diagnose.larger.slopes import slope_candidates
from ranef.diagnose.refused import simpler_formulas
from ranef.diagnose.rewrite import (
    bar_with,
    free,
    part_with,
    parts_of,
    per_factor,
    uncorrelated,
    with_bar,
)
from ranef.diagnose.scales import origin_findings
from ranef.fit.subject import subject_of
from ranef.formula import parse, to_source
from ranef.frame import Table, read_table


def data(groups: int = 12, times: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(11)
    n = 2 * groups * times
    made = {name: rng.normal(size=n) for name in ("y", "x", "z")}
    made["time"] = np.tile(np.arange(times), 2 * groups)
    made["g"], made["h"] = np.repeat(np.arange(groups), 2 * times), np.arange(n) % 5
    return pd.DataFrame(made).assign(f=lambda d: d["time"].map(lambda t: f"t{t}"))


@pytest.fixture(scope="module")
def table() -> Table:
    return read_table(data())


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("(x | g)", "(x || g)"),
        ("cs(0 + f | g)", "(0 + f || g)"),
        ("homcs(f | g)", "homdiag(f | g)"),
        ("homdiag(f | g)", "homdiag(f | g)"),
        ("ar1(0 + time | g)", "homdiag(0 + C(time) | g)"),
        ("hetar1(0 + time | g)", "(0 + C(time) || g)"),
        ("toep(0 + C(f) | g)", "(0 + C(f) || g)"),
        ("homtoep(0 + time | g)", "homdiag(0 + C(time) | g)"),
        ("rr(x + z | g, 1)", "rr(x + z | g, 1)"),
    ],
)
def test_zero_correlation_is_a_special_case(part: str, expected: str) -> None:
    formula = parse(f"y ~ x + {part}")
    ((written,), (bar,)) = per_factor(formula), formula.bars
    assert to_source(uncorrelated(written, bar)) == expected


def test_other_effects_keep_the_structure_if_they_can_have_it() -> None:
    formula = parse("y ~ x + cs(x + z | g) + rr(x + z | g, 3) + rr(x + z | g, 2)")
    one = formula.bars[0].model.terms[:1]
    kept = [to_source(bar_with(formula, k, one)) for k in range(3)]
    assert kept == ["cs(x | g)", "(x | g)", "rr(x | g, 2)"]
    assert {to_source(bar_with(formula, k, ())) for k in range(3)} == {"(1 | g)"}
    assert to_source(part_with(per_factor(formula)[0], False, one)) == "cs(0 + x | g)"
    assert to_source(free(per_factor(formula)[1])) == "(x + z | g)"


def test_nested_parts_are_written_out_with_their_tags() -> None:
    formula = parse("y ~ x + homcs(0 + f | g/h) + (1 | k)")
    assert with_bar(formula, 1, None) == "y ~ x + homcs(0 + f | h:g) + (1 | k)"


def test_centring_leaves_occasions_alone() -> None:
    parts = parts_of(parse("y ~ time + ar1(0 + time | g) + cs(time | h)"))
    centred = parts.mapped(lambda expr: replace(expr, name="c") if hasattr(expr, "name") else expr)
    assert centred.text == "y ~ c + ar1(0 + time | g) + cs(c | h)"


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("homcs(0 + f | h)", ["(1 | h)"]),
        ("ar1(0 + time | h)", ["(1 | h)"]),
        ("cs(x | g)", ["(1 | g)"]),
        ("(1 | g) + ar1(0 + time | g)", ["(1 | g)"]),
    ],
)
def test_simpler_formulas_of_a_structure(table: Table, part: str, expected: list[str]) -> None:
    formula = parse(f"y ~ x + {part}")
    made = build(formula, table)
    assert [
        text.removeprefix("y ~ x + ") for text in simpler_formulas(formula, table, made, None)
    ] == expected


@pytest.mark.parametrize(
    ("part", "parameters"),
    [
        ("(0 + f | h)", 6),
        ("cs(0 + f | h)", 0),
        ("toep(0 + time | h)", 5),
        ("ar1(0 + time | h)", 0),
        ("rr(0 + f | h, 2)", 5),
        ("homcs(0 + f | h)", 0),
    ],
)
def test_too_few_groups_for_the_parameters(table: Table, part: str, parameters: int) -> None:
    formula = parse(f"y ~ x + {part}")
    found = [
        finding.message
        for finding in group_findings(formula, table, factors_of(formula, table))
        if finding.code == "too-few-groups"
    ]
    asked = f"asks for {parameters} variances and covariances"
    assert [asked in message for message in found] == [True] * bool(parameters)


def test_a_far_origin_is_no_matter_of_taste_for_a_structure() -> None:
    far = read_table(data().assign(x=lambda d: d["x"] + 2000.0))

    def codes(part: str) -> list[str]:
        return [finding.code for finding in origin_findings(parse(f"y ~ z + {part}"), far)]

    assert codes("(x | g)") == codes("rr(x | g, 1)") == ["far-origin"]
    assert codes("cs(x | g)") == codes("homdiag(x | g)") == []


def test_a_slope_stands_beside_a_structure() -> None:
    import ranef as rn

    subject = subject_of(rn.lmm("y ~ x + z + (1 | g)", data()))
    (add_x, _) = (candidate.extend for candidate in slope_candidates(subject))
    assert add_x(parse("y ~ x + cs(0 + f | g)")) == "y ~ x + cs(0 + f | g) + (0 + x | g)"
    assert add_x(parse("y ~ x + (1 | g)")) == "y ~ x + (x | g)"
