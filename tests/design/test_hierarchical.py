"""Hierarchical terms: the same columns as formulaic makes, in the same order."""

from __future__ import annotations

from itertools import combinations
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ranef.design import coding
from ranef.design.coding import Coded, code
from ranef.design.hierarchical import is_hierarchical
from ranef.design.learn import learn_state
from ranef.formula import parse
from ranef.frame.table import Column, Table

N = 60


def _table() -> Table:
    rng = np.random.default_rng(5)
    columns = {name: Column(name, "number", rng.normal(size=N)) for name in "yxz"}
    for name, count in (("a", 2), ("b", 3), ("c", 4)):
        codes = rng.permutation(np.resize(np.arange(count), N)).astype(np.int32)
        columns[name] = Column(name, "factor", codes, tuple(f"{name}{k}" for k in range(count)))
    return Table(columns, N)


TABLE = _table()


def _both(formula: str) -> tuple[Coded, Coded]:
    parsed = parse(formula)
    state = learn_state(parsed, TABLE, {})
    ours = code(parsed.intercept, parsed.fixed, TABLE, state)
    with patch.object(coding, "is_hierarchical", return_value=False):
        theirs = code(parsed.intercept, parsed.fixed, TABLE, state)
    return ours, theirs


def _same(formula: str) -> None:
    ours, theirs = _both(formula)
    assert ours.names == theirs.names
    assert ours.term_columns == theirs.term_columns
    np.testing.assert_allclose(ours.columns.matrix(), theirs.columns.matrix(), rtol=1e-14)


@given(st.sets(st.sampled_from([s for k in (1, 2, 3) for s in combinations("xzabc", k)])))
@settings(max_examples=60, deadline=None)
def test_columns_are_those_of_formulaic(top: set[tuple[str, ...]]) -> None:
    """`*` brings the margins with each product."""
    _same("y ~ 1" + "".join(" + " + "*".join(term) for term in sorted(top)) + " + (1 | c)")


@pytest.mark.parametrize(
    "formula",
    [
        "y ~ relevel(b, ref='b1') * x + (1 | c)",
        "y ~ C(b, contr.treatment(base='b2')) + a + (1 | c)",
        "y ~ log(abs(x)) * a + (1 | c)",
    ],
)
def test_other_references_and_calls(formula: str) -> None:
    _same(formula)


@pytest.mark.parametrize(
    "formula",
    ["y ~ x + a:x + (1 | c)", "y ~ 0 + a + (1 | c)", "y ~ a:b + (1 | c)", "y ~ a + a:b + (1 | c)"],
)
def test_what_is_not_hierarchical_is_left_to_formulaic(formula: str) -> None:
    """There a category can have a column for every level."""
    parsed = parse(formula)
    names = [term.name.split(":") for term in parsed.fixed]
    assert not (parsed.intercept and is_hierarchical(names))
    _same(formula)


def test_sum_contrasts_are_left_to_formulaic() -> None:
    parsed = parse("y ~ C(b, contr.sum) + (1 | c)")
    made = code(True, parsed.fixed, TABLE, learn_state(parsed, TABLE, {}))
    assert made.columns.matrix().min() == -1.0
