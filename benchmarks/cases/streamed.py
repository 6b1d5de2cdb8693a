"""Rows that stay in a Parquet file: sums by DuckDB and by the core, beside DuckDB's own query."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.cases.case import Session
from benchmarks.processes import Usage, run_process
from benchmarks.result import Goal, Result, Row
from benchmarks.runner import judge
from benchmarks.statistics import median, spread

__all__ = ["STREAMED", "STREAMED_LARGE", "Streamed"]

FORMULA = "y ~ x1 + x2 + x3 + x4 + (x1 | g)"
COLUMNS = ("x1", "x2", "x3", "x4", "y")
QUERY, SQL, BATCHES, MEMORY = (
    "DuckDB's own aggregate query",
    "ranef, by DuckDB",
    "ranef, Arrow batches",
    "ranef, in memory",
)
MOST_MEMORY = 600e6

# The clock starts after the imports, and after a small fit that imports the rest. Each prints
# seconds, seconds of CPU and its objective, if any.
CLOCK = """
import sys, time
path, formula = sys.argv[1:]
{imports}
begun, cpu = time.perf_counter(), time.process_time()
{work}
print(time.perf_counter() - begun, time.process_time() - cpu, {objective})
"""
RANEF = """
import pandas, pyarrow.dataset, pyarrow.compute, duckdb, ranef as rn
rn.lmm("Reaction ~ Days + (Days | Subject)", rn.datasets.load("sleepstudy"))
"""


@dataclass(frozen=True, slots=True)
class Streamed:
    """One model, fitted from a file that is not read into memory.

    Memory is that of the whole process.
    """

    name: str
    title: str
    rows: int
    groups: int
    large: bool = False

    def measure(self, session: Session) -> Result:
        rows = self.rows // 10 if session.quick else self.rows
        path = session.folder / f"{self.name}.parquet"
        session.log(f"  writing {rows:,} rows")
        write(path, rows, self.groups)
        found: dict[str, list[Usage]] = {label: [] for label in commands()}
        repeats = max(1, session.plan.slow_repeats)
        for _ in range(repeats):
            for label, script in commands().items():
                session.log(f"  {label}")
                command = (sys.executable, "-c", script, str(path), FORMULA)
                found[label].append(run_process(command))
        made = judge([_row(label, runs) for label, runs in found.items()], MEMORY)
        return Result(self.name, self.title, made, goals(made) if self.large else ())


def goals(rows: tuple[Row, ...]) -> tuple[Goal, ...]:
    """Processor time against the query, and memory."""
    of = {row.label: row for row in rows}

    def times(label: str) -> float | None:
        ours, theirs = of[label].cpu_seconds, of[QUERY].cpu_seconds
        return ours / theirs if ours and theirs else None

    made = []
    for label, bound in ((SQL, 1.3), (BATCHES, 2.0)):
        made.append(Goal(f"{label} / {QUERY}", bound, times(label), False, "x"))
        memory = of[label].memory
        megabytes = None if memory is None else memory / 1e6
        made.append(Goal(f"memory of {label}", MOST_MEMORY / 1e6, megabytes, False, " MB"))
    return tuple(made)


def commands() -> Mapping[str, str]:
    """Scripts by label."""
    parts = ", ".join(f"{column} - {_origin(column)} AS u{column}" for column in COLUMNS)
    single = [f"sum(u{column})" for column in COLUMNS]
    double = [f"sum(u{a} * u{b})" for k, a in enumerate(COLUMNS) for b in COLUMNS[k:]]
    asked = ", ".join(["count(*)", *single, *double])
    query = f"SELECT g, {asked} FROM (SELECT g, {parts} FROM read_parquet($1)) GROUP BY g"
    fit = "fit = rn.lmm(formula, {})"
    return {
        QUERY: CLOCK.format(
            imports="import duckdb, pyarrow",
            work=f'duckdb.sql("{query}", params=[path]).to_arrow_table()',
            objective='"nan"',
        ),
        SQL: CLOCK.format(imports=RANEF, work=fit.format("path"), objective="fit.criterion"),
        BATCHES: CLOCK.format(
            imports=RANEF,
            work=fit.format("pyarrow.dataset.dataset(path)"),
            objective="fit.criterion",
        ),
        MEMORY: CLOCK.format(
            imports=f"{RANEF}import pyarrow.parquet",
            work=fit.format("pyarrow.parquet.read_table(path)"),
            objective="fit.criterion",
        ),
    }


def _origin(column: str) -> float:
    return {"x1": 100.0, "x3": 5.0, "y": 1115.0}.get(column, 0.0)


def write(path: Path, rows: int, groups: int, seed: int = 0) -> None:
    """Rows of groups in no order, some of them at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(seed)
    root = np.linalg.cholesky(np.array([[1.0, 0.3], [0.3, 0.25]]))
    b = rng.normal(size=(groups, 2)) @ root.T
    writer = None
    for start in range(0, rows, 1_000_000):
        n = min(1_000_000, rows - start)
        g = rng.integers(0, groups, n).astype(np.int32)
        x = rng.normal(size=(n, 4)) + np.array([100.0, 0.0, 5.0, 0.0])
        y = 1000.0 + x @ [1.0, 2.0, 3.0, 4.0] + b[g, 0] + b[g, 1] * (x[:, 0] - 100.0)
        columns = {f"x{k + 1}": x[:, k] for k in range(4)}
        table = pa.table({"g": g, **columns, "y": y + 2.0 * rng.normal(size=n)})
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table, row_group_size=250_000)
    if writer is not None:
        writer.close()


def _row(label: str, runs: list[Usage]) -> Row:
    said = [[float(word) for word in run.output.split()[-3:]] for run in runs]
    times = [seconds for seconds, _, _ in said]
    objective = said[0][2]
    return Row(
        label=label,
        first=times[0],
        seconds=median(times),
        runs=len(runs),
        spread=spread(times),
        objective=None if np.isnan(objective) else objective,
        memory=int(median(run.peak_bytes for run in runs)),
        cpu_seconds=median(cpu for _, cpu, _ in said),
        threads=2,
    )


STREAMED = Streamed(
    name="streamed",
    title="2,000,000 rows that stay in a Parquet file, 10,000 groups, `y ~ x1 + ... + (x1 | g)`",
    rows=2_000_000,
    groups=10_000,
)

STREAMED_LARGE = Streamed(
    name="streamed-large",
    title="20,000,000 rows that stay in a Parquet file, 100,000 groups, `y ~ x1 + ... + (x1 | g)`",
    rows=20_000_000,
    groups=100_000,
    large=True,
)
