"""The page of one fit: its parts, its names, and that it is whole by itself."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.report.html_page import Element, parsed, section

import ranef as rn

KEYS = [
    *("short", "estimates", "groups", "predictions", "checks"),
    *("others", "paper", "data", "computed"),
]


def test_sections_and_links(hsb_page: Element) -> None:
    assert [one["id"] for one in hsb_page.all("section")] == KEYS
    links = [one["href"] for one in hsb_page.one("nav").all("a")]
    assert links == [f"#{key}" for key in KEYS]


def test_landmarks_and_headings(hsb_page: Element) -> None:
    for tag in ("header", "main", "nav", "footer", "h1", "title"):
        assert hsb_page.one(tag).text or tag == "nav"
    assert hsb_page.one("html")["lang"] == "en"
    headings = [one for one in hsb_page.all() if re.fullmatch("h[1-6]", one.tag)]
    assert [one.tag for one in headings] == ["h1", *["h2"] * len(KEYS)]
    for one in hsb_page.all("section"):
        assert one["aria-labelledby"] == one.one("h2")["id"]
    first = hsb_page.one("body").all("a")[0]
    assert (first.get("class"), first["href"]) == ("skip", "#main")


def test_every_address_is_there_once(hsb_page: Element) -> None:
    ids = [one["id"] for one in hsb_page.all() if one.get("id")]
    assert len(ids) == len(set(ids))
    named = [one["href"][1:] for one in hsb_page.all("a")]
    named += [one["data-copy"] for one in hsb_page.all("button")]
    named += [
        m for one in hsb_page.all() for m in re.findall(r"url\(#(.*?)\)", one.get("clip-path"))
    ]
    assert set(named) <= set(ids)


def test_it_loads_nothing(hsb_file: Path, hsb_page: Element) -> None:
    text = hsb_file.read_text(encoding="utf-8")
    assert "http" not in re.sub(r' xmlns="[^"]*"', "", text)
    assert "@import" not in text
    assert "url(" not in re.sub(r"url\(#", "", text)
    for name in ("src", "srcset", "xlink:href", "action", "data"):
        assert not [one for one in hsb_page.all() if one.get(name)]
    assert not hsb_page.all("link")
    assert len(hsb_page.all("script")) == 1
    assert len(hsb_page.one("script").children[0]) < 800


def test_it_is_small(hsb_file: Path) -> None:
    assert hsb_file.stat().st_size < 200_000


def test_pictures_say_what_they_show(hsb_page: Element) -> None:
    pictures = hsb_page.all("svg", "fig")
    assert len(pictures) >= 8
    labels = [one["aria-label"] for one in pictures]
    assert all(one["role"] == "img" for one in pictures)
    assert len(set(labels)) == len(labels)
    assert all(re.search(r"\d", label) for label in labels), "a finding has a number"
    assert all(len(label) > 30 for label in labels)
    figures = hsb_page.all("figure")
    assert len(figures) == len(pictures)
    assert all(figure["aria-label"] == figure.one("figcaption").text for figure in figures)
    assert all(one["aria-label"] for one in hsb_page.all() if one.get("role") == "group")
    others = [one for one in hsb_page.all("svg") if one not in pictures]
    assert all(one.get("aria-hidden") == "true" for one in others)


def test_colours_of_pictures_are_those_of_the_page(hsb_page: Element) -> None:
    style = hsb_page.one("style").children[0]
    assert isinstance(style, str)
    defined = set(re.findall(r"(--[\w-]+):", style))
    for path in [p for one in hsb_page.all("svg", "fig") for p in one.all("path")]:
        used = re.findall(r"(?:fill|stroke):([^;]+)", path["style"])
        assert used
        for colour in used:
            assert colour == "none" or re.fullmatch(r"var\((--\w+)\)", colour)[1] in defined


def test_tables_have_captions_and_scopes(hsb_page: Element) -> None:
    tables = hsb_page.all("table")
    assert len(tables) >= 6
    for table in tables:
        assert table.one("caption").text
        heads = table.all("th")
        assert {one["scope"] for one in heads} <= {"col", "row", "colgroup", "rowgroup"}
        assert all(one.text for one in heads)


def test_verdict(hsb_page: Element) -> None:
    verdict = hsb_page.one("div", "verdict")
    assert "sound" in verdict["class"].split()
    assert "At its optimum, on the boundary." in verdict.text
    assert "perfectly correlated (+1)" in verdict.text
    assert "1 of 2" in verdict.one("dl").text
    assert "dual eigenvalue +73.4" in verdict.text


def test_in_short_is_short_and_has_the_numbers(hsb_page: Element) -> None:
    items = [one.text for one in section(hsb_page, "short").all("li")]
    assert 3 <= len(items) <= 5
    assert "2.96 more of math where sector = 0 (95% interval 2.67 to 3.24)" in items[0]
    assert "slope of ses is 1.31 lower where sector = 1" in items[0]
    text = " ".join(items)
    assert "the mean of ses by sch.id is missing" in text
    assert "The size of sector (1.26 to 2.81) depends on the rung" in text


def test_estimates_are_those_of_the_fit(hsb, hsb_page: Element) -> None:
    rows = section(hsb_page, "estimates").one("table").all("tr")[1:]
    frame = hsb.coefficients()
    assert len(rows) == len(frame)
    for row, (_, one) in zip(rows, frame.iterrows(), strict=True):
        cells = [cell.text.replace("\N{MINUS SIGN}", "-") for cell in row.all("td")]
        assert cells[0] == f"{one['estimate']:.2f}"
        assert cells[1] == f"{one['std_error']:.2f}"
        assert cells[2] == f"{one['conf_low']:.2f} to {one['conf_high']:.2f}"
        assert float(cells[5]) == pytest.approx(one["statistic"], abs=0.006)
    assert "slope where sector = 0" in rows[1].text
    assert "math where ses = 0 and sector = 0" in rows[0].text


def test_groups(hsb_page: Element) -> None:
    text = section(hsb_page, "groups").text
    assert "1.68 to 2.23" in text
    assert "0.16 to 1.00" in text
    assert "profile likelihood" in text
    assert "51 of 160 levels differ clearly" in text
    assert "Lowest: 7172, 4523 and 8367. Highest: 3427, 7688 and 1433." in text


def test_other_models_open_to_their_judgement(hsb, hsb_page: Element) -> None:
    ladder = section(hsb_page, "others").one("table", "lad")
    rungs = hsb.diagnose().ladder.rungs
    rows = ladder.one("tbody").all("tr")
    assert len(rows) == len(rungs)
    for row, rung in zip(rows[1:], rungs[1:], strict=True):
        details = row.one("details")
        assert details.one("summary").text == rung.title
        assert (
            rung.call.abbreviated().formula in details.text.replace('" "', "")
            or len(rung.formula) > 80
        )
    kinds = [row.one("span", "v")["class"] for row in rows]
    assert kinds[:3] == ["v boundary", "v boundary", "v interior"]


def test_the_table_for_the_paper_has_the_model_with_the_means(hsb_page: Element) -> None:
    table = section(hsb_page, "paper").one("table")
    heads = [one.text for one in table.one("thead").all("th")]
    assert heads == ["As asked", "Centred + mean of ses"]
    text = section(hsb_page, "paper").text
    assert "46525.69" in text
    assert "\\begin{tabular}" in text
    assert "We fitted a linear mixed model" in text


def test_data_and_equations(hsb_page: Element) -> None:
    here = section(hsb_page, "data")
    assert "14 to 67 rows, median 47" in here.text
    assert "No row was left out." in here.text
    assert "4 variables that are not in the model" in here.text
    assert len(here.all("math")) == 1
    assert here.one("math").all("msub")


def test_it_can_be_fitted_again(hsb_page: Element) -> None:
    text = section(hsb_page, "computed").text
    assert 'fit = rn.lmm("math ~ ses * sector + (ses | sch.id)", data)' in text
    assert f"ranef {rn.__version__}" in text
    assert "7 evaluations" in text


def test_the_same_fit_has_the_same_bytes(tmp_path: Path) -> None:
    """Made twice, under another style of the user's, and in another process and terminal."""
    import matplotlib as mpl

    data = rn.datasets.load("dyestuff")
    fit = rn.lmm("Yield ~ 1 + (1 | Batch)", data)
    first = fit.report(tmp_path / "first.html").read_bytes()
    with mpl.rc_context({"axes.facecolor": "black", "font.size": 20.0, "svg.fonttype": "path"}):
        assert fit.report(tmp_path / "second.html").read_bytes() == first
    code = (
        "import sys, ranef as rn\n"
        "fit = rn.lmm('Yield ~ 1 + (1 | Batch)', rn.datasets.load('dyestuff'))\n"
        "fit.report(sys.argv[1])\n"
    )
    path = tmp_path / "third.html"
    environment = {"COLUMNS": "40", "MPLBACKEND": "agg", "PATH": ""}
    subprocess.run([sys.executable, "-c", code, str(path)], check=True, env=environment)
    assert path.read_bytes() == first


def test_parsed_sees_what_is_not_closed() -> None:
    with pytest.raises(AssertionError):
        parsed("<p><b>x</p>")
