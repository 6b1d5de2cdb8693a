"""``ranef report``."""

from __future__ import annotations

from pathlib import Path

import pytest

import ranef as rn

SLEEP = ("report", "dataset:sleepstudy", "Reaction ~ Days + (Days | Subject)")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "ranef.present.report.pictures.canvas.inline_svg", lambda *_: '<svg role="img"></svg>'
    )


def test_the_page_is_that_of_the_fit(ranef, tmp_path: Path) -> None:
    run = ranef(*SLEEP, "-o", str(tmp_path / "page.html"))
    assert run == (0, f"{tmp_path / 'page.html'}\n", "")
    fit = rn.lmm(SLEEP[2], rn.datasets.load("sleepstudy"))
    here = fit.report(tmp_path / "here.html").read_text(encoding="utf-8")
    made = (tmp_path / "page.html").read_text(encoding="utf-8")
    # What was read from a file knows no other columns and has other groups: the rest is the same.
    assert made.partition('<section id="data"')[0] == here.partition('<section id="data"')[0]


def test_options_reach_the_page(ranef, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    run = ranef(
        *SLEEP,
        *("--output", str(page), "--title", "Sleep & speed", "--ml"),
        *("--label", "Days=Days awake", "--label", "Subject=Driver"),
        *("--against", "Reaction ~ Days + (1 | Subject)", "--note", "First.", "--note", "Second."),
    )
    assert (run.status, run.err) == (0, "")
    text = page.read_text(encoding="utf-8")
    for said in ("Sleep &amp; speed", "Days awake", "18 of Driver", "Model 2", "First.", "Second."):
        assert said in text
    assert "by maximum likelihood" in text


def test_a_family_and_a_fit_that_is_not_certified(ranef, tmp_path: Path) -> None:
    data = rn.datasets.load("sleepstudy")
    data["twin"] = "s" + data["Subject"].astype(str)
    data["slow"] = (data["Reaction"] > 300).astype(int)
    data.to_csv(tmp_path / "sleep.csv", index=False)
    page = tmp_path / "page.html"
    formula = "Reaction ~ Days + (1 | Subject) + (1 | twin)"
    run = ranef("report", str(tmp_path / "sleep.csv"), formula, "-o", str(page))
    assert (run.status, run.err) == (3, "")
    assert "Not identified." in page.read_text(encoding="utf-8")
    run = ranef(
        *("report", str(tmp_path / "sleep.csv"), "slow ~ Days + (1 | Subject)"),
        *("--family", "binomial", "-o", str(page)),
    )
    assert run.status == 0
    assert "binomial with a logit link" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-o", "page.pdf"), "a report is a page of HTML"),
        (("-o", "nowhere/page.html"), "no such folder"),
        (("--label", "Days"), "--label takes a name and its words"),
        (("--agq", "3"), "--agq belongs to --family"),
    ],
)
def test_wrong_use(ranef, tmp_path: Path, monkeypatch, arguments, said: str) -> None:
    monkeypatch.chdir(tmp_path)
    run = ranef(*SLEEP, *arguments)
    assert (run.status, run.out) == (2, "")
    assert said in run.err
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_column_writes_nothing(ranef, tmp_path: Path) -> None:
    run = ranef(
        *("report", "dataset:sleepstudy", "Reaction ~ Day + (1 | Subject)"),
        *("-o", str(tmp_path / "page.html")),
    )
    assert run.status == 2
    assert "unknown column 'Day'" in run.err
    assert list(tmp_path.iterdir()) == []
