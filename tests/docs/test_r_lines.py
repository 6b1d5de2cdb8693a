"""The lines of R on the page for users of lme4 run, and print what stands under them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tools.pages import same

import ranef as rn

PAGE = Path(__file__).parents[2] / "docs" / "from" / "lme4.md"
BLOCK = re.compile(r"^```r\n(.*?)^```\n\n```text\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
RSCRIPT = shutil.which("Rscript")


def has_lme4() -> bool:
    if RSCRIPT is None:
        return False
    test = [RSCRIPT, "-e", "quit(status = !requireNamespace('lme4', quietly = TRUE))"]
    return subprocess.run(test, capture_output=True, check=False).returncode == 0


def test_lines_of_r_print_what_is_written(tmp_path: Path) -> None:
    if not has_lme4():
        pytest.skip("needs Rscript with the package lme4")
    assert RSCRIPT is not None
    rn.center(rn.datasets.load("hsb"), "ses", by="sch.id").to_csv(tmp_path / "hsb.csv", index=False)
    for name in ("sleepstudy", "egsingle", "scotssec"):
        rn.datasets.load(name).to_csv(tmp_path / f"{name}.csv", index=False)
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    assert len(blocks) >= 4
    code = "".join(f'{lines}cat("<end of block>\\n")\n' for lines, _ in blocks)
    run = subprocess.run(
        [RSCRIPT, "-e", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    for printed, (lines, written) in zip(
        run.stdout.split("<end of block>\n"), blocks, strict=False
    ):
        assert same(printed, written), f"{lines}prints\n{printed}"
