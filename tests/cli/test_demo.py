"""``ranef demo``: run once as installed, then read."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from .conftest import Run, installed


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    return installed("demo", "--output", "pictures", cwd=folder)


@pytest.fixture(scope="module")
def chapters(run: Run) -> dict[int, str]:
    parts = re.split(r"^(\d)\. .*\n=+$", run.out, flags=re.MULTILINE)
    return {int(number): text for number, text in zip(parts[1::2], parts[2::2], strict=True)}


def row(text: str, label: str) -> list[float]:
    """The numbers of the line that starts with `label`."""
    line = next(line for line in text.splitlines() if line.strip().startswith(label + " "))
    return [float(x) for x in re.findall(r"-?\d+\.\d+", line.strip().removeprefix(label))]


def sentence(text: str) -> str:
    return " ".join(text.split())


def test_it_runs_and_says_nothing_on_standard_error(run: Run) -> None:
    assert (run.status, run.err) == (0, "")


def test_it_reads_well_on_a_terminal(run: Run, chapters: dict[int, str]) -> None:
    assert list(chapters) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert max(map(len, run.out.splitlines())) <= 100
    assert max(text.count("\n") for text in chapters.values()) <= 46
    assert "\x1b" not in run.out
    assert not re.search(r"\bnan\b", run.out)


def test_levels(chapters: dict[int, str]) -> None:
    assert "7,185 pupils in 160 schools" in sentence(chapters[1])
    assert "size, sector and meanses describe schools" in sentence(chapters[1])
    assert "27% of its variance" in chapters[1]


def test_the_alarm_and_what_it_is_worth(chapters: dict[int, str]) -> None:
    text = sentence(chapters[2])
    assert "Model failed to converge with max|grad| = 0.00578925" in text
    assert "the optimum is 46569.112187" in text
    assert "The difference is 1.8e-05 deviance units" in text
    assert "oundary optimum" in text
    assert "rank 1 of 2" in text
    assert row(chapters[2], "ses:sector")[:2] == [-1.313, 0.216]


def test_schools_as_a_factor(chapters: dict[int, str]) -> None:
    text = sentence(chapters[3])
    assert "7,185 rows, 162 columns, 1 aliased" in text
    assert "The aliased column is C(sch.id)[T.9586]" in text
    assert "If the schools are written first, sector itself is left out" in text
    assert row(chapters[3], "ses") == [2.782, 0.145]
    assert row(chapters[3], "ses:sector") == [-1.349, 0.218]


def test_centred_slopes(chapters: dict[int, str]) -> None:
    text = sentence(chapters[4])
    assert text.count("interior optimum, certified") == 2
    assert "2.80 (SE 0.15)" in text
    assert "1.46 (SE 0.18)" in text
    assert "0.70 without it and 0.27 with it" in text


def test_the_table(chapters: dict[int, str]) -> None:
    published = {
        "ses_within": [2.21, 2.80],
        "ses_within:sector": [-1.34],
        "AIC": [46681.31, 46654.60],
        "BIC": [46729.47, 46709.64],
        "Log Likelihood": [-23333.66, -23319.30],
        "AIC (ML)": [46677.86, 46649.88],
        "Var: sch.id (Intercept)": [6.84, 6.74],
        "Var: sch.id ses_within": [0.70, 0.27],
        "Cov: sch.id (Intercept) ses_within": [1.27, 1.05],
        "Var: Residual": [36.71, 36.71],
    }
    assert {label: row(chapters[5], label) for label in published} == published
    assert "not comparable here" in sentence(chapters[5])
    assert "lowers AIC by 27.98" in sentence(chapters[5])


def test_the_school_mean_explains_the_singularity(chapters: dict[int, str]) -> None:
    assert row(chapters[6], "school variance") == [3.82, 2.36, 6.74, 2.35]
    assert row(chapters[6], "correlation") == [1.00, 0.44, 0.78, 0.25]
    assert row(chapters[6], "sector") == [2.13, 1.26, 2.81, 1.27]
    verdicts = chapters[6].partition("verdict")[2].split()[:4]
    assert verdicts == ["boundary", "interior", "interior", "interior"]
    assert "from 6.74 to 2.35" in sentence(chapters[6])
    assert "from 2.81 to 1.27" in sentence(chapters[6])


def test_the_diagnosis_finds_the_same(chapters: dict[int, str]) -> None:
    assert row(chapters[7], "as asked") == [46579.18, 2.96, 2.13, -1.31]
    assert row(chapters[7], "centred by sch.id") == [46649.88, 2.80, 2.81, -1.34]
    assert row(chapters[7], "+ mean of ses") == [46527.16, 2.79, 1.26, -1.35]
    assert "The likely cause: the mean of ses by sch.id is missing" in sentence(chapters[7])
    assert "ses:sector (-1.35 to -1.31) hold in every rung" in sentence(chapters[7])


@pytest.mark.parametrize(("name", "least"), [("schools.png", 0.05), ("slopes.png", 0.1)])
def test_pictures_show_something(run: Run, folder: Path, name: str, least: float) -> None:
    path = folder / "pictures" / name
    assert str(Path("pictures") / name) in run.out
    pixels = matplotlib.image.imread(path)[..., :3]
    assert min(pixels.shape[:2]) > 500
    assert np.mean(np.any(pixels < 0.97, axis=-1)) > least
    assert len(np.unique((pixels * 8).astype(int).reshape(-1, 3), axis=0)) > 10


def test_a_folder_that_cannot_be_made(ranef, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    answer = ranef("demo", "--output", str(tmp_path / "file"))
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.startswith(f"cannot make the folder {tmp_path / 'file'}\n")
