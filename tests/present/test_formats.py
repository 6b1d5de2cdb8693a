"""What every format of the table of models has to do, whatever it looks like."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from tests.generalised import fits

import ranef as rn
from ranef.errors import OptionError
from ranef.present.table.build import build_table
from ranef.present.table.formats import FORMATS, Format, format_of

LABELS = ["raw & <b>50%</b>", "a|b_c"]


@pytest.fixture(scope="module")
def table(hsb):
    return build_table([hsb("add_reml"), hsb("int_reml")], LABELS, ml=[hsb("add_ml"), None])


def every_format(function):
    return pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.name)(function)


def words_of(known: Format, content: str | bytes) -> str:
    """What a reader sees, without marks of the format, signs of minus and white space."""
    if isinstance(content, bytes):
        content = _read_docx(content)
    if known.name == "html":
        content = _Html(content).text
    if known.name == "markdown":
        content = re.sub(r"\\(.)", r"\1", content)
    if known.name == "latex":
        heads = r"\\begin\{tabular\}\[b\]\{@\{\}c@\{\}\}(.*?)\\end\{tabular\}"
        content = re.sub(heads, lambda found: found[1].replace(r"\\", ""), content)
        content = re.sub(r"\\phantom\{[.0]+\}|(?<!\\)%.*", "", content)
        content = re.sub(r"\\text(bar|less|greater|asteriskcentered)\{\}", _latex_sign, content)
        content = re.sub(r"\\rlap\{\$\)\$\}", ")", content)
        content = content.replace("{[}", "[").replace("{]}", "]")
        content = re.sub(r"\\([&%_#{}])", r"\1", content).replace("$", "")
    if known.name == "typst":
        content = re.sub(r'blank\("[.0]+"\)', "", content)
        texts = re.findall(r'"((?:[^"\\]|\\.)*)"', content)
        content = re.sub(r"\\(.)", r"\1", "".join(texts))
    return re.sub(r"\s+", "", content.replace("\N{MINUS SIGN}", "-"))


def _latex_sign(match: re.Match[str]) -> str:
    return {"bar": "|", "less": "<", "greater": ">", "asteriskcentered": "*"}[match.group(1)]


def _read_docx(content: bytes) -> str:
    docx = pytest.importorskip("docx")
    document = docx.Document(io.BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*cells, *(paragraph.text for paragraph in document.paragraphs)])


class _Html(HTMLParser):
    def __init__(self, source: str) -> None:
        super().__init__()
        self.text = ""
        self.feed(source)

    def handle_data(self, data):
        self.text += data


@every_format
def test_labels_numbers_and_notes_are_there(table, known):
    words = words_of(known, known.render(table))
    for label in (*table.labels, *(row.label for block in table.blocks for row in block.rows)):
        assert label.replace(" ", "") in words
    for number in ("11.11", "(0.29)", "-1.34", "46654.60", "7185"):
        assert number in words
    for note in (table.legend, *table.notes):
        assert note.replace(" ", "") in words


@every_format
def test_families_ratios_and_other_parts_are_there(known):
    """A table of generalised models: words among the numbers, and names that formats act on."""
    poisson = fits.of_groups("inflated", "poisson", "1")
    zeros = fits.of_groups("inflated", "nbinom2", "1", zero_inflation="~ z")
    table = rn.compare(poisson, zeros, labels=["one", "two"], exponentiate=True)
    words = words_of(known, known.render(table))
    for row in ("Family", "Zero:z:b(vsa)", "Dispersion:size"):
        assert row in words
    for cell in ("poisson", "zeroinflatednbinom2", f"{np.exp(zeros.fixef['x']):.2f}"):
        assert cell in words
    for note in table.notes:
        assert note.replace(" ", "") in words


@every_format
def test_a_dropped_coefficient_is_told(hsb, known):
    table = build_table([hsb("int_reml", dropped=("smn",))])
    words = words_of(known, known.render(table))
    assert "smn" in words
    assert "dropped" in words


@every_format
def test_rendering_changes_nothing(table, known):
    before = str(table)
    first, second = known.render(table), known.render(table)
    assert words_of(known, first) == words_of(known, second)
    assert str(table) == before


@every_format
def test_a_file_is_written_by_its_ending(table, known, tmp_path):
    path = table.write(tmp_path / f"table{known.ending}")
    assert format_of(path) is known
    content = path.read_bytes()
    written = content.decode() if known.is_text else content
    assert words_of(known, written) == words_of(known, known.render(table))
    if known.is_text:
        assert content.endswith(b"\n")
        assert not content.endswith(b"\n\n")


def test_names_and_endings_tell_the_formats_apart():
    assert len({known.name for known in FORMATS}) == len(FORMATS)
    assert len({known.ending for known in FORMATS}) == len(FORMATS)


@pytest.mark.parametrize("name", ["table.xlsx", "table", ".tex.bak"])
def test_other_endings_are_refused(table, tmp_path, name):
    with pytest.raises(OptionError, match="cannot tell the format of the table") as refused:
        table.write(tmp_path / name)
    assert ".docx" in str(refused.value)
    assert not list(tmp_path.iterdir())


def test_an_ending_is_read_without_case(table, tmp_path):
    assert table.write(tmp_path / "TABLE.TEX").read_text().startswith(r"\begin{table}")


@pytest.mark.parametrize("path", [None, 5, b"table.md"])
def test_a_path_is_a_name(table, path):
    for method in (table.write, table.to_docx):
        with pytest.raises(OptionError, match="path must be the name of a file"):
            method(path)
