"""``ranef compare``: the options of its table, and files."""

from __future__ import annotations

from pathlib import Path

import pytest

import ranef as rn

SLEEP = ("Reaction ~ Days + (1 | Subject)", "Reaction ~ Days + (Days | Subject)")
COMPARE = ("compare", "dataset:sleepstudy", *SLEEP)


@pytest.fixture(scope="module")
def fits():
    data = rn.datasets.load("sleepstudy")
    return {"intercepts": rn.lmm(SLEEP[0], data), "slopes": rn.lmm(SLEEP[1], data)}


def test_the_options_are_those_of_python(ranef, fits) -> None:
    words = ("--heading", "intercepts", "--heading", "slopes", "--label", "Days=Nights = x")
    rows = ("--keep", "Days", "--gof", "nobs, r2", "--statistic", "ci", "--statistic", "p")
    more = ("--no-stars", "--digits", "3", "--scale", "sd", "--note", "One.", "--caption", "Sleep")
    run = ranef(*COMPARE, *words, *rows, *more)
    table = rn.compare(
        fits,
        labels={"Days": "Nights = x"},
        keep="Days",
        gof=["nobs", "r2"],
        statistic=["ci", "p"],
        stars=False,
        digits=3,
        scale="sd",
        notes=["One."],
        caption="Sleep",
    )
    assert run.status == 0, run.err
    assert run.out.startswith(f"{table}\n\nintercepts: ")


def test_rows_and_styles(ranef, fits) -> None:
    options = ("--coef-map", "Days=Slope", "--style", "apa", "--no-random", "--vcov", "CR2")
    run = ranef(*COMPARE, *options, "--format", "typst")
    table = rn.compare(
        *fits.values(), coef_map={"Days": "Slope"}, style="apa", random=False, vcov="CR2"
    )
    assert run == (0, f"{table.to_typst()}\n", "")


@pytest.mark.parametrize("ending", [".docx", ".tex", ".typ", ".html", ".md", ".txt"])
def test_a_file_is_written_by_its_ending(ranef, fits, tmp_path: Path, ending: str) -> None:
    if ending == ".docx":
        pytest.importorskip("docx", reason="python-docx is not installed")
    target = tmp_path / f"table{ending}"
    run = ranef(*COMPARE, "-o", str(target))
    assert run.status == 0, run.err
    assert run.out.startswith(f"{target} holds the table")
    expected = rn.compare(*fits.values()).write(tmp_path / f"again{ending}")
    if ending != ".docx":  # its parts have the time in them
        assert target.read_bytes() == expected.read_bytes()
    assert target.stat().st_size > 500


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (("-o", "table.pdf"), "cannot tell the format of the table from the name 'table.pdf'"),
        (("-o", "nowhere/table.md"), "there is no folder nowhere"),
        (("--heading", "one"), "--heading is given once for each model"),
        (("--heading", "a", "--heading", "a"), "two models have the same heading"),
        (("--label", "Days"), "--label takes a name and its words with = between them"),
        (("--statistic", "sd"), "unknown statistic 'sd'"),
        (("--digits", "-1"), "the number of decimals is at least 0"),
        (("--gof", "aci"), "unknown gof 'aci'"),
        (("--drop", "Dais"), "drop names 'Dais', which is not a coefficient of any model"),
    ],
)
def test_wrong_options_are_refused_and_nothing_is_written(
    ranef, tmp_path: Path, monkeypatch, options: tuple[str, ...], line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    run = ranef(*COMPARE, *options)
    assert (run.status, run.out) == (2, "")
    assert run.err.startswith(line)
    assert not list(tmp_path.iterdir())


def test_from_a_file_of_data_to_a_table_in_word(ranef, tmp_path: Path) -> None:
    docx = pytest.importorskip("docx", reason="python-docx is not installed")
    rn.datasets.load("sleepstudy").to_csv(tmp_path / "sleep.csv", index=False)
    target = tmp_path / "table.docx"
    run = ranef("compare", str(tmp_path / "sleep.csv"), *SLEEP, "-o", str(target))
    assert run.status == 0
    grid = docx.Document(str(target)).tables[0]
    assert [cell.text for cell in grid.rows[0].cells] == ["", "Model 1", "Model 2"]
    assert grid.rows[2].cells[0].text == "Days"
