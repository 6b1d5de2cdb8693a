"""The pages as a reader sees them, kept as files that were read and found good.

After a change of wording write them anew, and read them:
``python -m tests.diagnose.test_pages`` from the folder of the project. Pages of models that take
long are written too, but not made in a test.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

import ranef as rn
from ranef.present.diagnosis.facade import Diagnosis

from .conftest import LARGE, MODELS, data_of

PAGES = Path(__file__).parent / "pages"
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
DiagnosisOf = Callable[[str], Diagnosis]


def same(printed: str, kept: str) -> bool:
    """Equal line by line, with numbers that differ by at most a unit of their last place."""
    if NUMBER.sub("#", printed) != NUMBER.sub("#", kept):
        return False
    pairs = zip(NUMBER.findall(printed), NUMBER.findall(kept), strict=True)
    return all(abs(float(a) - float(b)) <= 1.01 * _unit(b) for a, b in pairs)


def _unit(number: str) -> float:
    mantissa, _, exponent = number.partition("e")
    return 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2])) * (
        0 if "." not in mantissa else 1
    )


@pytest.mark.parametrize("name", list(MODELS))
def test_page(name: str, diagnosis_of: DiagnosisOf) -> None:
    printed = str(diagnosis_of(name))
    assert same(printed, (PAGES / f"{name}.txt").read_text(encoding="utf-8").rstrip("\n")), printed


@pytest.mark.parametrize("name", list(MODELS))
def test_a_page_fits_a_terminal_and_keeps_its_tone(name: str, diagnosis_of: DiagnosisOf) -> None:
    page = str(diagnosis_of(name))
    assert max(map(len, page.splitlines())) <= 100
    assert not re.search(r"fail|nan\b|\bbad\b|wrong|\s$|  \.", page, flags=re.IGNORECASE)
    for sentence in diagnosis_of(name).summary:
        assert sentence[0].isupper()
        assert sentence.endswith(".")


class _Checker(HTMLParser):
    """Tags closed in order, and the text between them."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.mark.parametrize("name", list(MODELS))
def test_html_says_the_same(name: str, diagnosis_of: DiagnosisOf) -> None:
    diagnosis = diagnosis_of(name)
    checker = _Checker()
    checker.feed(diagnosis._repr_html_())
    assert not checker.open
    text = " ".join("".join(checker.text).split())
    assert all(sentence in text for sentence in diagnosis.summary)
    if diagnosis.ladder.remedy:
        for rung in diagnosis.ladder.rungs[1:]:
            assert rung.judgement in text
            assert rung.call.abbreviated().text() in text


def test_html_folds_the_rungs_and_has_changes_in_columns(diagnosis_of: DiagnosisOf) -> None:
    diagnosis = diagnosis_of("hsb")
    html = diagnosis._repr_html_()
    assert html.count("<details") == html.count("<summary>") == len(diagnosis.ladder.rungs) - 1
    table = html.partition("The coefficients, rung by rung")[2].partition("</table>")[0]
    over, under = re.findall(r"<tr>(.*?)</tr>", table)[:2]
    spans = [int(n) for n in re.findall(r'colspan="(\d+)"', over)]
    heads = re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", under)
    assert spans == [2, 2, 2, 2]
    assert heads == ["", "rung", *["estimate (SE)", "change"] * 3]
    for row in re.findall(r"<tr>(.*?)</tr>", table)[2:]:
        cells = re.findall(r"<td[^>]*>([^<]*)</td>", row)
        assert len(cells) == sum(spans)
        assert all(re.fullmatch("([+\N{MINUS SIGN}]\\d\\.\\d)?", cell) for cell in cells[3::2])


def test_what_the_summary_says_is_not_said_again(diagnosis_of: DiagnosisOf) -> None:
    diagnosis = diagnosis_of("hsb")
    (boundary,) = (f for f in diagnosis.findings if f.code == "boundary")
    for page in (str(diagnosis), diagnosis._repr_html_()):
        assert "optimum is singular" in " ".join(page.split())
        assert boundary.message not in " ".join(page.split())
        assert boundary.fix[5:40] in " ".join(page.split())


def test_html_is_escaped() -> None:
    data = rn.datasets.load("sleepstudy").rename(columns={"Days": "<b>Days"})
    html = rn.lmm("Reaction ~ `<b>Days` + (`<b>Days` | Subject)", data).diagnose()._repr_html_()
    assert "<b>Days" not in html
    assert "&lt;b&gt;Days" in html


def test_json_holds_what_the_frame_holds(diagnosis_of: DiagnosisOf) -> None:
    diagnosis = diagnosis_of("hsb")
    record = json.loads(diagnosis.to_json())
    frame = diagnosis.remedies
    assert list(record) == [
        *("formula", "reml", "nobs", "ngroups", "verdict", "remedy"),
        *("summary", "looked_at", "findings", "remedies"),
    ]
    assert [rung["rung"] for rung in record["remedies"]] == frame["rung"].tolist()
    for rung, (_, row) in zip(record["remedies"], frame.iterrows(), strict=True):
        assert rung["criterion"] == row["criterion"]
        assert rung["code"] == row["code"]
        changes = {effect["name"]: effect["change"] for effect in rung["effects"]}
        assert changes == {name: row[f"{name} change"] for name in changes}
        p = math.nan if rung["test"] is None else rung["test"]["p_high"]
        assert p == pytest.approx(row["p_value"], nan_ok=True)
    assert [finding["code"] for finding in record["findings"]] == [
        finding.code for finding in diagnosis.findings
    ]


def write() -> None:
    """All pages anew."""
    for name, (_, formula, arguments) in (MODELS | LARGE).items():
        page = rn.lmm(formula, data_of(name), **arguments).diagnose()
        (PAGES / f"{name}.txt").write_text(f"{page}\n", encoding="utf-8")


if __name__ == "__main__":
    os.environ["COLUMNS"] = "100"
    write()
