"""PySpark DataFrames give the fit of the same rows in memory; skipped without PySpark or Java."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.streams.agreement import agrees
from tests.streams.test_conformance import CASES

import ranef as rn
from ranef.errors import DataError

if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
    pytest.skip("PySpark needs Java", allow_module_level=True)
sql = pytest.importorskip("pyspark.sql")
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = sql.SparkSession.builder.master("local[2]").appName("ranef")
    settings = {
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse")),
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    made = builder.getOrCreate()
    made.sparkContext.setLogLevel("ERROR")
    yield made
    made.stop()


def frame(case: str, session: Any, folder: Path) -> tuple[Any, Any]:
    rows = CASES[case][1]()
    rows.to_parquet(folder / "rows.parquet")
    return rows, session.read.parquet(str(folder / "rows.parquet"))


@pytest.mark.parametrize(("case", "exact"), [("group means", False), ("weights and offset", True)])
def test_a_cluster_gives_the_fit_of_the_rows(
    case: str, exact: bool, session: Any, tmp_path: Path
) -> None:
    formula, _, options = CASES[case]
    rows, there = frame(case, session, tmp_path)
    source = rn.scan(there, exact=True) if exact else there
    agrees(rn.lmm(formula, source, **options), rn.lmm(formula, rows, **options))
    assert not session.catalog.listTables()


def test_a_job_that_fails_says_where(session: Any, tmp_path: Path) -> None:
    _, there = frame("slopes", session, tmp_path)
    (tmp_path / "rows.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match="could not be read to the end"):
        rn.lmm("math ~ ses + (1 | `sch.id`)", there)
    assert not session.catalog.listTables()
