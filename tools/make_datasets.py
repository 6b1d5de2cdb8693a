"""Build the bundled data sets from a folder of CSV files.

    python tools/make_datasets.py FOLDER

FOLDER holds ``NAME.csv`` (or ``NAME.csv.gz``), ``NAME.levels.json`` with the levels of its factors
in order, and ``README.md`` with a section per data set: what it is, source, citation and a table of
columns. Written into ``src/ranef/datasets``: ``data/NAME.parquet`` and ``catalogue.json``.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

TARGET = Path(__file__).resolve().parent.parent / "src" / "ranef" / "datasets"

ORDER = [
    "hsb",
    "sleepstudy",
    "dyestuff",
    "dyestuff2",
    "penicillin",
    "pastes",
    "insteval",
    "cake",
    "cbpp",
    "machines",
    "orthodont",
    "oxide",
    "scotssec",
    "egsingle",
    "contraception",
    "grouseticks",
    "mmmec",
    "verbagg",
]

LICENCES = {
    "lme4": "distributed with the R package lme4 (GPL, version 2 or later)",
    "nlme": "distributed with the R package nlme (GPL, version 2 or later)",
    "mlmRev": "distributed with the R package mlmRev (GPL, version 2 or later)",
}

UNITS = {
    "hsb": {"math": "points", "size": "students"},
    "sleepstudy": {"Reaction": "ms", "Days": "days"},
    "dyestuff": {"Yield": "grams of standard colour"},
    "penicillin": {"diameter": "mm"},
    "insteval": {"y": "1 (poor) to 5 (very good)"},
    "cake": {"angle": "degrees", "temp": "degrees F", "temperature": "degrees F"},
    "cbpp": {"incidence": "animals", "size": "animals"},
    "machines": {"score": "points"},
    "orthodont": {"distance": "mm", "age": "years"},
    "scotssec": {"verbal": "points", "attain": "points"},
    "egsingle": {
        "math": "IRT scale",
        "year": "years",
        "size": "students",
        "lowinc": "per cent",
        "mobility": "per cent",
    },
    "contraception": {"age": "years", "livch": "children"},
    "grouseticks": {"TICKS": "ticks", "HEIGHT": "m", "cHEIGHT": "m"},
    "mmmec": {"deaths": "deaths", "expected": "deaths"},
}


def sections(readme: str) -> dict[str, str]:
    """The README's section of each data set."""
    parts = re.split(r"^## (\w+)\.csv(?:\.gz)?$", readme, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def entry(name: str, text: str, frame: pd.DataFrame) -> dict[str, Any]:
    """The catalogue entry of one data set."""
    facts = dict(re.findall(r"^- (source|citation|transformation): (.*)$", text, re.MULTILINE))
    meanings = dict(re.findall(r"^\| ([\w.]+) \| [^|]*\| (.*) \|$", text, re.MULTILINE))
    title = next(line for line in text.splitlines() if line.strip())
    source = facts["source"].strip("`")
    package = source.partition("::")[0]
    units = UNITS.get(name, {})
    return {
        "title": title,
        "source": source,
        "citation": facts["citation"],
        "changes": facts["transformation"],
        "licence": LICENCES[package],
        "rows": len(frame),
        "columns": {
            str(column): {
                "type": _type(frame[column]),
                "unit": units.get(str(column), ""),
                "meaning": _without_unit(meanings[str(column)], units.get(str(column), "")),
            }
            for column in frame
        },
    }


def _without_unit(meaning: str, unit: str) -> str:
    return meaning.removesuffix(f" ({unit})") if unit else meaning


def _type(column: pd.Series[Any]) -> str:
    if isinstance(column.dtype, pd.CategoricalDtype):
        kind = "ordered factor" if column.dtype.ordered else "factor"
        return f"{kind}, {len(column.dtype.categories)} levels"
    return "integer" if column.dtype.kind == "i" else "number"


def read(folder: Path, name: str) -> pd.DataFrame:
    """One CSV file with its factors as categories."""
    path = next(p for p in (folder / f"{name}.csv", folder / f"{name}.csv.gz") if p.exists())
    levels_path = folder / f"{name}.levels.json"
    factors = json.loads(levels_path.read_text()) if levels_path.exists() else {}
    frame = pd.read_csv(
        path, keep_default_na=False, na_values=[""], dtype=dict.fromkeys(factors, "str")
    )
    for column, factor in factors.items():
        unknown = set(frame[column].dropna()) - set(factor["levels"])
        if unknown:
            raise SystemExit(f"{name}: levels of {column} do not list {sorted(unknown)}")
        frame[column] = pd.Categorical(frame[column], factor["levels"], ordered=factor["ordered"])
    return frame


def main(folder: Path) -> None:
    """Write every data set and the catalogue."""
    described = sections((folder / "README.md").read_text())
    (TARGET / "data").mkdir(parents=True, exist_ok=True)
    catalogue = {}
    for name in ORDER:
        frame = read(folder, name)
        catalogue[name] = entry(name, described[name], frame)
        path = TARGET / "data" / f"{name}.parquet"
        table = pa.Table.from_pandas(frame, preserve_index=False)
        pq.write_table(table, path, compression="zstd", compression_level=22, version="2.6")
        if not pq.read_table(path).to_pandas().equals(frame):
            raise SystemExit(f"{name}: the file does not read back as written")
        print(f"{name:<14} {len(frame):>6} rows {path.stat().st_size:>8} bytes")
    text = json.dumps(catalogue, indent=1, ensure_ascii=False)
    (TARGET / "catalogue.json").write_text(text + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
