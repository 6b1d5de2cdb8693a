"""Tables, goals, and blocks of the page."""

from dataclasses import replace

import pytest
from benchmarks.report import render, replace_block, seconds
from benchmarks.result import Goal, Result, Row, ratio

OURS = Row("ranef", 0.05, 0.002, 7, 0.1, 100.0, evaluations=9, memory=3 * 2**20)


def cells(text: str, label: str) -> list[str]:
    (line,) = (line for line in text.splitlines() if line.startswith(f"| {label}"))
    return [cell.strip() for cell in line.replace("\\|", "/").strip("|").split("|")]


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (12.34, "12.3 s"), (0.1234, "123 ms"), (0.00123, "1.23 ms"), (4e-7, "0.40 µs")],
)
def test_seconds(value: float | None, text: str) -> None:
    assert seconds(value) == text


def test_a_row_has_time_ratio_objective_and_memory() -> None:
    theirs = Row("lme4", 0.09, 0.04, 7, 0.05, 100.00001)
    text = render(Result("c", "A | B", (OURS, theirs), ()), "when")
    expected = ["ranef", "50.0 ms", "2.00 ms ± 10%", "-", "7", "-", "100.0000", "9", "3 MiB"]
    assert cells(text, "ranef") == expected
    assert cells(text, "lme4")[5] == "20"
    assert text.startswith("### A | B\n\nwhen\n")


def test_a_time_at_another_optimum_does_not_count() -> None:
    theirs = Row("statsmodels", 1.0, 1.0, 3, 0.0, 305.18, off=205.18, note="not converged")
    found = cells(render(Result("c", "C", (OURS, theirs), ()), ""), "statsmodels")
    assert found[0] == "statsmodels (not converged)"
    assert found[5:7] == ["(500)", "305.1800 (**off by +205**)"]


def test_a_tool_without_a_time_says_why() -> None:
    found = cells(
        render(Result("c", "C", (OURS, Row("glmm", note="ended | early")), ()), ""), "glmm"
    )
    assert found == ["glmm (ended / early)", *["-"] * 8]


def test_ratios_are_of_processor_time_where_both_have_one_thread() -> None:
    ours = Row("ranef", seconds=1.0, cpu_seconds=0.5)
    theirs = Row("lme4", seconds=3.0, cpu_seconds=2.0)
    assert ratio(theirs, ours) == 4.0
    assert ratio(replace(theirs, cpu_seconds=None), ours) == 3.0
    assert ratio(ours, replace(theirs, threads=2)) == pytest.approx(1 / 3)
    assert ratio(None, ours) is None


@pytest.mark.parametrize(
    ("goal", "text"),
    [
        (Goal("a / b", 20.0, 20.0, unit="x"), "a / b: 20x (goal at least 20x: reached)"),
        (Goal("a / b", 20.0, 19.9, unit="x"), "a / b: 19.9x (goal at least 20x: not reached)"),
        (Goal("exponent", 1.05, 1.04, False), "exponent: 1.04 (goal at most 1.05: reached)"),
        (Goal("exponent", 1.05, None, False), "exponent: not measured (goal at most 1.05)"),
    ],
)
def test_goals(goal: Goal, text: str) -> None:
    assert render(Result("c", "C", (OURS,), (goal,)), "").endswith(f"\n- {text}")


def test_a_block_is_replaced_and_the_rest_of_the_page_stays() -> None:
    page = "# T\n<!-- begin a -->\nold\n<!-- end a -->\nmiddle\n<!-- begin b -->\n<!-- end b -->\n"
    once = replace_block(page, "a", r"new \1")
    assert once == page.replace("old", r"new \1")
    assert replace_block(once, "a", r"new \1") == once


def test_a_new_block_goes_to_the_end() -> None:
    assert replace_block("# T\n", "c", "x") == "# T\n\n<!-- begin c -->\nx\n<!-- end c -->\n"


def test_a_block_without_an_end_is_refused() -> None:
    with pytest.raises(ValueError, match="end a"):
        replace_block("<!-- begin a -->", "a", "x")
