"""Tables on the page: LaTeX and Typst compile, Word documents are laid out, nothing runs over."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ranef as rn
from ranef.present.table.latex_text import engine_comment, escape_latex
from ranef.present.table.typst import escape_typst

ODD = ["a^b", "t~u", r"c\d", "e_f", "p%q", "r&s", "h#i", "{j}", "k$l", "*m", "[n]", "größe"]
ODD += ["β ≤ 2 µ", "x²⁴₂", "naïve “q” – œ", "ế ğ", "--dash", "a|b <c>", '"quote"', "ΑΩ√→"]


def needs(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed")
    return path


@pytest.fixture(scope="module")
def odd():
    """A model whose names are what formats act on."""
    rng = np.random.default_rng(1)
    data = pd.DataFrame({name: rng.normal(size=240) for name in ODD})
    data["g ^_&"] = np.repeat(np.arange(20), 12)
    data["y$"] = rng.normal(size=240) + rng.normal(size=20)[data["g ^_&"]]
    part = " + ".join(f"`{name}`" for name in ODD)
    return rn.lmm(f"`y$` ~ {part} + (1 | `g ^_&`)", data)


@pytest.fixture(scope="module")
def models():
    pupils = rn.center(rn.datasets.load("hsb"), "ses", by="sch.id", how="within")
    formulas = [
        "math ~ ses * sector + (ses | sch.id)",
        "math ~ ses_within * sector + (ses_within | sch.id)",
        "math ~ ses_within * sector + ses_between * sector + (ses_within | sch.id)",
        "math ~ minority + ses + female + (1 | sch.id)",
        "math ~ within(ses, sch.id) * sector + between(ses, sch.id) + (1 | sch.id)",
        "math ~ ses + (1 | sch.id)",
    ]
    return [rn.lmm(formula, pupils, reml=False) for formula in formulas]


@pytest.fixture(scope="module")
def tables(models, odd):
    """Narrow and wide, short and long, plain and with everything."""
    named = {"One": {"raw": models[0], "centred, with a long heading": models[1]}, "x": models[3]}
    return {
        "one": rn.compare(models[5], caption="One & only"),
        "four": rn.compare(models[:4]),
        "six": rn.compare(models),
        "twelve": rn.compare(
            [*models, *models], labels=[f"A rather long heading {i}" for i in range(12)]
        ),
        "apa": rn.compare(named, style="apa", caption="Table 3. Achievement", stars=True),
        "intervals": rn.compare(models[:3], statistic=["ci", "p"], scale="sd", stars=False),
        "whole": rn.compare(models[:3], statistic="{estimate}{stars} [{conf_low}, {conf_high}]"),
        "odd": rn.compare(
            [odd, odd],
            labels=["^ ~ \\ _ % & # { } $", "größe & <b>"],
            caption="All of ^ ~ \\ _ % & # { } $",
            add_rows={"*star": ["*", "[x]"], "[b]": ["{", "}"]},
            notes="^ ~ \\ _ % & # { } $ and 5 < 6",
        ),
    }


# -- LaTeX -----------------------------------------------------------------------------------------
def compiled(body: str, packages: str, folder: Path) -> str:
    """The last log of pdfLaTeX, which is run until the columns of long tables are settled."""
    program = needs("pdflatex")
    head = r"\documentclass{article}\usepackage[T1]{fontenc}\usepackage{" + packages + "}"
    source = f"{head}\n\\begin{{document}}\n{body}\n\\end{{document}}\n"
    (folder / "t.tex").write_text(source, encoding="utf-8")
    log = "Rerun"
    for _ in range(5):
        if "Rerun" not in log:
            break
        done = subprocess.run(
            [program, "-draftmode", "-interaction=nonstopmode", "-halt-on-error", "t.tex"],
            cwd=folder,
            capture_output=True,
            env={**os.environ, "max_print_line": "1000"},
            check=False,
        )
        log = done.stdout.decode("latin-1")
    return log


def test_latex_compiles_and_nothing_runs_over(tables, tmp_path):
    texts = [table.to_latex(label=f"tab:{name}") for name, table in tables.items()]
    texts += [table._repr_latex_() for table in tables.values()]
    log = compiled("\n\\clearpage\n".join(texts), "booktabs,longtable,pdflscape", tmp_path)
    assert "\n!" not in log
    assert "Overfull" not in log
    assert "undefined" not in log
    assert "Transcript written on t.log" in log


def test_notebooks_need_no_further_package(tables):
    """Of those that nbconvert and Quarto load: booktabs and longtable."""
    for table in tables.values():
        source = table._repr_latex_()
        assert re.findall(r"\\usepackage\{(.*?)\}", source)[0] in ("booktabs", "booktabs,longtable")
        assert "landscape" not in source


def test_the_first_line_names_the_packages(tables):
    first = {name: table.to_latex().splitlines() for name, table in tables.items()}
    assert first["one"][0] == r"\begin{table}  % \usepackage{booktabs}"
    assert first["six"][0] == r"\begin{landscape}"
    assert first["six"][1].startswith(r"\begin")
    assert "pdflscape" in "".join(first["six"][:2])
    assert "longtable" in first["odd"][0]


@pytest.mark.parametrize("name", ["one", "six"])
def test_the_page_is_turned_if_that_is_asked_for(tables, name):
    assert r"\begin{landscape}" in tables[name].to_latex(landscape=True)
    assert r"\begin{landscape}" not in tables[name].to_latex(landscape=False)


def test_a_caption_of_the_call_is_latex(tables):
    assert r"\caption{One \& only}" in tables["one"].to_latex()
    assert r"\caption{\emph{x}}" in tables["one"].to_latex(caption=r"\emph{x}")


def test_what_pdflatex_lacks_is_told(odd):
    table = rn.compare(odd, labels=["学校"], keep="e_f", gof=[])
    line = table.to_latex().splitlines()[1]
    assert line.startswith("% pdfLaTeX cannot print 学校: compile with LuaLaTeX")
    assert engine_comment("ą") == r"% needs \usepackage[T1]{fontenc}"
    assert engine_comment("é ß β ≤ ế") == ""
    assert escape_latex("ế") == r"\'{\^{e}}"


# -- Typst -----------------------------------------------------------------------------------------
def test_typst_compiles(tables, tmp_path):
    typst = pytest.importorskip("typst", reason="the package typst is not installed")
    body = "\n#pagebreak()\n".join(t.to_typst(label=f"tab:{k}") for k, t in tables.items())
    (tmp_path / "t.typ").write_text(body, encoding="utf-8")
    assert typst.compile(str(tmp_path / "t.typ")).startswith(b"%PDF")


def test_typst_has_every_name_as_a_string(tables):
    source = tables["odd"].to_typst()
    for name in ODD:
        written = f"`{name}`" if name in ("a|b <c>",) else name
        assert escape_typst(written) in source
    assert "#set page(flipped: true)" in tables["twelve"].to_typst()
    with pytest.raises(rn.OptionError, match="a label of Typst"):
        tables["one"].to_typst(label="a b")


# -- Word ------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def documents(tables, tmp_path_factory):
    pytest.importorskip("docx", reason="python-docx is not installed")
    folder = tmp_path_factory.mktemp("docx")
    return {name: table.write(folder / f"{name}.docx") for name, table in tables.items()}


def read(path):
    import docx

    return docx.Document(io.BytesIO(path.read_bytes()))


def test_word_tables_are_as_wide_as_their_columns(documents):
    for name, path in documents.items():
        page = read(path)
        section = page.sections[0]
        room = section.page_width.pt - section.left_margin.pt - section.right_margin.pt
        turned = section.page_width > section.page_height
        assert turned == (name in ("six", "twelve", "whole"))
        for grid in page.tables:
            width = sum(column.width.pt for column in grid.columns)
            assert width <= room
            assert grid.autofit is False
    assert len(read(documents["twelve"]).tables) == 2
    assert sum(column.width.pt for column in read(documents["one"]).tables[0].columns) < 300


def test_word_numbers_stand_at_a_decimal_tab(documents):
    from docx.enum.text import WD_TAB_ALIGNMENT

    grid = read(documents["four"]).tables[0]
    stops = {
        (stop.position.pt, stop.alignment)
        for row in grid.rows[1:]
        for paragraph in row.cells[1].paragraphs
        for stop in paragraph.paragraph_format.tab_stops
    }
    assert len(stops) == 1
    assert next(iter(stops))[1] == WD_TAB_ALIGNMENT.DECIMAL


def test_word_heads_repeat_and_captions_have_their_style(documents):
    from docx.oxml.ns import qn

    page = read(documents["apa"])
    number, title = page.paragraphs[:2]
    assert (number.style.name, title.style.name) == ("Caption", "Caption")
    assert (number.text, title.text) == ("Table ", "Achievement")  # the number is a field
    fields = number._p.findall(qn("w:fldSimple"))
    assert [field.get(qn("w:instr")).split() for field in fields] == [
        ["SEQ", "Table", "\\*", "ARABIC", "\\r", "3"]
    ]
    repeated = [row._tr.find(f".//{qn('w:tblHeader')}") is not None for row in page.tables[0].rows]
    assert repeated[:3] == [True, True, False]
    assert not any(repeated[2:])
    for cell in page.tables[0]._tbl.iter(qn("w:tcPr")):  # Word refuses another order
        tags = [child.tag for child in cell]
        if qn("w:tcBorders") in tags and qn("w:vAlign") in tags:
            assert tags.index(qn("w:tcBorders")) < tags.index(qn("w:vAlign"))


def test_word_documents_are_rendered(documents, tmp_path):
    office, text = needs("soffice"), needs("pdftotext")
    names = ["four", "apa"]
    subprocess.run(
        [
            office,
            f"-env:UserInstallation=file://{tmp_path}/home",
            *("--headless", "--convert-to", "pdf", "--outdir", str(tmp_path)),
            *(str(documents[name]) for name in names),
        ],
        capture_output=True,
        check=True,
        timeout=120,
    )
    for name in names:
        shown = subprocess.run(
            [text, "-layout", str(tmp_path / f"{name}.pdf"), "-"], capture_output=True, check=True
        ).stdout.decode()
        assert shown.count("\f") == 1, f"{name} has one page"
        if name == "four":
            line = next(x for x in shown.splitlines() if "Log Likelihood" in x)
            assert len(re.findall(r"\d\.\d\d", line)) == 4
        else:
            assert re.search(r"Table 3\s*\n\s*Achievement", shown)


# -- HTML ------------------------------------------------------------------------------------------
class Tags(HTMLParser):
    def __init__(self, source):
        super().__init__()
        self.found = []
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_html_says_what_is_a_head_of_what(tables):
    page = tables["apa"].to_html()
    tags = Tags(page).found
    scopes = [attrs.get("scope") for tag, attrs in tags if tag == "th"]
    assert scopes.count("colgroup") == 1
    assert scopes.count("col") == 3
    rows = sum(len(block.rows) for block in tables["apa"].blocks)
    assert scopes.count("row") == rows
    assert None not in scopes
    assert [tag for tag, _ in tags].count("caption") == 1
    assert "<b>Table 3</b><br><i>Achievement</i>" in page
    assert "script" not in [tag for tag, _ in tags]


def test_html_takes_the_colours_of_its_page(tables):
    colours = re.findall(r"(?<!-)color:\s*([^;\"]+)|#[0-9a-f]{3,6}\b", tables["apa"].to_html())
    assert not colours
    assert "currentColor" in tables["apa"].to_html()
