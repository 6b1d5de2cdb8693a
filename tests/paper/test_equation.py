"""Equations: predictors on their levels, lines that fit, LaTeX that compiles, MathML."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from tests.paper import models

import ranef as rn
from ranef.present.equation.lines import page_rows
from ranef.present.equation.mathml import to_mathml
from ranef.present.equation.tex import parse
from ranef.present.equation.width import width_of

POINTS = 10  # of the font in which an em is measured
PREAMBLE = r"""\documentclass{article}
\usepackage[utf8]{inputenc}\usepackage[T1]{fontenc}\usepackage{textcomp}
\usepackage{amsmath}\usepackage{amssymb}\newbox\cell
\begin{document}
"""


def rows_of(name: str) -> list[str]:
    rows = page_rows(models.fit(name).equation().lines)
    return [cell for row in rows for cell in (row.left, row.right) if cell]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_latex_compiles_and_no_line_is_too_wide(tmp_path: Path) -> None:
    body, measured = [], []
    for name in models.FITS:
        body.append(f"\\[\n{models.fit(name).equation()}\n\\]\n")
        measured += rows_of(name)
    for k, cell in enumerate(measured):
        body.append(rf"\setbox\cell\hbox{{$\displaystyle{{}}{cell}$}}\typeout{{W{k}=\the\wd\cell}}")
    (tmp_path / "all.tex").write_text(PREAMBLE + "\n".join(body) + "\n\\end{document}\n")
    command = ["pdflatex", "-interaction=nonstopmode", "-draftmode", "all.tex"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=100)
    log = (tmp_path / "all.log").read_text(errors="replace")
    assert [line for line in log.splitlines() if line.startswith("!")] == []
    assert "Overfull \\hbox" not in log
    widths = dict(re.findall(r"W(\d+)=([\d.]+)pt", log.replace("\n", "")))
    short = [
        (cell, float(widths[str(k)]) / POINTS - width_of(cell))
        for k, cell in enumerate(measured)
        if float(widths[str(k)]) / POINTS - width_of(cell) > 0.5
    ]
    assert short == []


@pytest.mark.parametrize("name", models.FITS)
def test_mathml_says_what_latex_says(name: str) -> None:
    text = to_mathml(models.fit(name), form="both")
    root = ElementTree.fromstring(text)
    shown = re.sub(r"\s", "", "".join(root.itertext()))
    for cell in rows_of(name):
        letters = re.findall(r"\\text\{((?:[^{}\\$])*)\}", cell)
        assert all(re.sub(r"\s", "", word) in shown for word in letters)
    rows = [row for row in root[0] if row.tag.endswith("mtr")]
    assert all([cell.get("class") for cell in row] == ["lab", "rt", "lt"] for row in rows)


def test_the_tree_of_a_formula_is_whole() -> None:
    for name in models.FITS:
        for cell in rows_of(name):
            assert width_of(cell) > 0.0
            assert parse(cell).items


def test_a_variable_of_combined_groups_belongs_to_them() -> None:
    text = models.fit("cake").equation("levels")
    assert r"\beta_{0j} &= \gamma_{00} + \gamma_{01} \, \mathrm{I}(\text{recipe}_{j}" in text
    assert (
        r"\sum_{m \ne \text{175}} \beta^{(m)}_{1j} \, \mathrm{I}(\text{temperature}_{ij} = m)"
        in text
    )
    assert r"\text{recipe}_{ij}" not in text
    assert len(text.splitlines()) == 7


def test_categories_of_few_levels_are_indicators() -> None:
    text = models.fit("insteval").equation()
    assert r"\beta_{1} \, \mathrm{I}(\text{service}_{i} = \text{1})" in text
    assert r"\text{service = 1}" not in text


def test_contrasts_are_named() -> None:
    text = models.fit("contrasts").equation("mixed")
    assert r"\mathrm{sum}_{\text{A}}(\text{recipe}_{j})" in text
    assert r"\mathrm{poly}_{m}(\text{temperature}_{ij})" in text


def test_three_levels_have_equations_of_their_own() -> None:
    text = models.fit("egsingle").equation("levels")
    assert r"\text{math}_{ijk} &= \pi_{0jk} + \pi_{1jk} \, \text{year}_{ijk} + e_{ijk}" in text
    assert r"\pi_{0jk} &= \beta_{00k} + \beta_{01k} \, \mathrm{I}(\text{black}_{jk} = " in text
    assert r"\beta_{00k} &= \gamma_{000} + \gamma_{001} \, \text{size}_{k} + u_{00k}" in text
    assert r"\beta_{pqk} &= \gamma_{pq0}, \quad (p, q) = (0, 1), (1, 1)" in text
    assert r"\tau^{(3)}_{10}" in text


def test_group_means_have_a_bar() -> None:
    text = models.fit("within").equation("levels")
    assert r"\beta_{1j} \, (\text{SES}_{ij} - \overline{\text{SES}}_{j})" in text
    assert r"\gamma_{02} \, \overline{\text{SES}}_{j}" in text


def test_functions_are_mathematics() -> None:
    text = models.fit("functions").equation("mixed")
    assert r"\log(\text{Reaction}_{ij}) &=" in text
    assert r"\mathrm{poly}_{2}(\text{Days}_{ij})" in text
    assert r"\text{Days}_{ij}^{3} / 2" in text
    assert r"\sqrt{\text{Days}_{ij}}" in text


def test_priors_are_lines() -> None:
    text = models.fit("prior").equation("mixed")
    assert r"\text{Priors:} \quad \mathrm{Cor}(u^{\text{Subject}}) &\sim \text{LKJ(eta=2)}" in text
    assert r"\gamma / \sigma &\sim" in text


def test_ten_coefficients_have_commas_between_indices() -> None:
    rng = np.random.default_rng(2)
    data = pd.DataFrame(rng.normal(size=(120, 12)), columns=[f"x{k}" for k in range(12)])
    data["g"] = np.arange(120) % 10
    data["y"] = data["x1"] + rng.normal(size=120)
    predictors = " + ".join(f"x{k}" for k in range(12))
    text = rn.lmm(f"y ~ {predictors} + (x11 | g)", data).equation()
    assert r"\beta_{1,j} \, \text{x0}_{ij}" in text
    assert r"\beta_{12,j} &= \gamma_{12,0} + u_{12,j}" in text
    assert r"\beta_{p,j} &= \gamma_{p,0}, \quad p = 1, \dots, 11" in text
    assert r"\beta_{10j}" not in text
    assert r"\tau_{12,0} & \tau_{12,12}" in text


def test_names_have_no_backticks_and_long_groups_have_numbers() -> None:
    text = models.fit("odd and crossed").equation()
    assert "`" not in text
    assert "asciigrave" not in text
    assert r"u^{(1)}_{0,g_{1}[i]}" in text
    assert r"g_{1} &= \text{school of the pupil in the second wave}" in text


def test_labels_of_the_call_are_used() -> None:
    text = models.fit("hsb").equation("levels", labels={"ses": "family background"})
    assert r"\text{family background}_{ij}" in text


def test_models_that_have_no_levels() -> None:
    with pytest.raises(rn.OptionError, match="not written by levels"):
        models.fit("insteval").equation("levels")
    with pytest.raises(rn.OptionError, match="form"):
        models.fit("hsb").equation("both forms")
    assert "Level" not in models.fit("insteval").equation()
    assert "<mtext>Level 1</mtext>" in to_mathml(models.fit("hsb"))
    assert "<mtext>Level 2, school</mtext>" in to_mathml(models.fit("within"))


def test_notebooks_typeset_the_equation() -> None:
    made = models.fit("hsb").equation()
    assert isinstance(made, str)
    assert repr(made) == str(made)
    assert made._repr_latex_().startswith("$$\n\\begin{aligned}")
    assert "<math" in made._repr_html_()


def test_a_saved_fit_has_the_same_equation(tmp_path: Path) -> None:
    fit = models.fit("egsingle")
    fit.save(tmp_path / "m.ranef")
    again = rn.load(tmp_path / "m.ranef")
    assert again.equation() == fit.equation()
