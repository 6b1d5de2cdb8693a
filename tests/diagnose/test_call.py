"""Calls to type."""

from __future__ import annotations

import ast

import pytest

from ranef.diagnose.call import Call

FORMULA = "y ~ x * z + log(w) + (x + z | school:class) + (1 | region) + I(x^2) + poly(age, 3)"


@pytest.mark.parametrize("formula", [FORMULA, 'y ~ x + C(f, levels=["a", "b"]) + (1 | g)'])
@pytest.mark.parametrize("width", [0, 40, 60, 200])
def test_a_call_on_several_lines_is_the_same_call(formula: str, width: int) -> None:
    arguments = ("reml=False", "weights=weights", 'offset="exposure of the year"')
    text = Call(formula, 'data[data["g"] != 3]', arguments).text(width)
    assert not width or max(map(len, text.splitlines())) <= max(width, 45)
    call = ast.parse(text, mode="eval").body
    assert isinstance(call, ast.Call)
    assert ast.literal_eval(call.args[0]) == formula
    assert ast.unparse(call.args[1]) == "data[data['g'] != 3]"
    assert [keyword.arg for keyword in call.keywords] == ["reml", "weights", "offset"]


@pytest.mark.parametrize(("count", "short"), [(6, False), (7, True)])
def test_seven_start_values_are_shown_by_a_name(count: int, short: bool) -> None:
    values = ", ".join(map(str, range(count)))
    call = Call("y ~ x + (1 | g)", arguments=("reml=False", f"start=[{values}]"))
    shown = call.abbreviated().arguments
    assert shown[0] == "reml=False"
    assert shown[1] == ("start=theta" if short else f"start=[{values}]")


def test_a_variant_keeps_the_arguments() -> None:
    call = Call("y ~ x + (1 | g)", arguments=("reml=False",))
    other = call.changed("y ~ 1 + (1 | g)", arguments=("prior=p",))
    assert other.text() == 'rn.lmm("y ~ 1 + (1 | g)", data, reml=False, prior=p)'
