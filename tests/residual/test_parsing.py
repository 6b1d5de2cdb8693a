"""The text of a residual structure: what is read, and what every refusal says."""

from __future__ import annotations

from typing import Any

import pytest

from ranef.errors import FormulaError, OptionError
from ranef.residual import KINDS, parse_residual
from ranef.residual.spec import text_of


@pytest.mark.parametrize(
    ("text", "variables", "group"),
    [
        ("strata(Sex)", ["Sex"], []),
        (" ~ strata( a , `my f`) ", ["a", "my f"], []),
        ("ar1(time | g)", ["time"], ["g"]),
        ("ar1(`week no`|school:pupil)", ["week no"], ["school", "pupil"]),
    ],
)
def test_structures_are_read(text: str, variables: list[str], group: list[str]) -> None:
    spec = parse_residual(text)
    assert [name.name for name in spec.variables] == variables
    assert [name.name for name in spec.group] == group
    assert spec.columns == (*variables, *group)


def test_texts_are_read_back() -> None:
    spec = parse_residual(text_of("ar1", ["week no"], ["a", "b c"]))
    assert spec.columns == ("week no", "a", "b c")
    assert spec.same_as(parse_residual("ar1( `week no` | a : `b c` )"))
    assert not spec.same_as(parse_residual("ar1(`week no` | a)"))


@pytest.mark.parametrize(
    ("text", "caret", "fix"),
    [
        ("strate(f)", "strate", "did you mean 'strata'?"),
        ("varIdent(f)", "varIdent", "strata(f)"),
        ("corAR1(t | g)", "corAR1", "ar1(time | g)"),
        ("corARMA(t | g)", "corARMA", "no other correlations"),
        ("varPower(x)", "varPower", "no variance that depends on a number"),
        ("cs(0 + f | g)", "cs", "random effects alone"),
        ("Sex", "Sex", "strata(Sex)"),
        ("strata", "strata", "strata(f)"),
        ("strata()", ")", "strata(f)"),
        ("strata(log(x))", "log(", "compute the column"),
        ("strata(a, a)", "a", "name it once"),
        ("strata(a | b)", "|", "strata(f)"),
        ("ar1(time)", ")", "ar1(time | g)"),
        ("ar1(time | 1)", "1", "ar1(time | g)"),
        ("ar1(time | g", "(", "closing"),
        ("ar1(time | g) x", "x", "ar1(time | g)"),
        ("ar1(time | g) + strata(f)", "+", "leave out one of them"),
    ],
)
def test_refusals_point_at_the_culprit(text: str, caret: str, fix: str) -> None:
    with pytest.raises(FormulaError) as refused:
        parse_residual(text)
    shown, carets = refused.value.where.splitlines()
    assert shown[carets.index("^") : carets.rindex("^") + 1] == caret.replace("closing", ")")
    assert fix in refused.value.fix or fix.replace("closing", "matching") in refused.value.fix


@pytest.mark.parametrize("text", [3, None, "", "  ~ "])
def test_what_is_no_text_is_refused(text: Any) -> None:
    with pytest.raises(OptionError) as refused:
        parse_residual(text)
    assert all(kind.EXAMPLE in refused.value.fix for kind in KINDS.values())


@pytest.mark.parametrize("word", sorted(KINDS))
def test_examples_of_the_structures_are_read(word: str) -> None:
    assert parse_residual(KINDS[word].EXAMPLE).kind == word
