"""``ranef moments`` and ``ranef merge``: sums over rows in a file, and the sum of several files."""

from __future__ import annotations

from glob import glob
from pathlib import Path
from typing import Annotated, Any

import typer

from ranef.cli.data import is_pattern
from ranef.cli.family import AskedFamily
from ranef.cli.options import Data, Formula, Offset, Reading, Weights, read
from ranef.cli.status import OK
from ranef.errors import DataError, OptionError
from ranef.present.progress import progress

__all__ = ["merge", "moments"]

_FEW = 10
"""Rows below which a cell is called small."""

_PRIVACY = "https://ranef.readthedocs.io/en/latest/understanding/privacy.html"

Output = Annotated[
    Path,
    typer.Option(
        "-o", "--output", metavar="FILE", help="A Parquet file; it is never half-written."
    ),
]


def moments(
    data: Data,
    formula: Formula,
    output: Output,
    reading: Reading,
    weights: Weights = None,
    offset: Offset = None,
) -> int:
    """Sum the rows of data for a model and write the sums to a file.

    The file fits the model without the rows: ranef fit site.parquet FORMULA. Files of several sites
    or months are put together by ranef merge.
    """
    import ranef as rn
    from ranef.sums import Moments

    _check_output(output, data)
    with progress(f"summing {data}"):
        rows = read(data, reading, [formula], None, AskedFamily(), weights, offset)
        if isinstance(rows, Moments):
            raise DataError(
                "this file holds moments already, and moments are made of rows",
                where=f"DATA {data}",
                found=str(rows),
                fix="ranef merge adds files of moments; ranef fit fits a model to one",
            )
        made = rn.moments(formula, rows, weights=weights, offset=offset)
        made.save(output)
    print(f"{made}\n{_small(made)}\nwritten to {output}")
    return OK


def _small(made: Any) -> str:
    """What the file tells about single rows, in words."""
    from ranef.page import paragraph

    counts = made.small_cells(_FEW)
    lines = []
    for name, (cells, below, single) in zip(counts.index, counts.to_numpy().tolist(), strict=True):
        lines += paragraph(
            f"small cells of {name}: of {cells:,} {below:,} with fewer than {_FEW} rows, "
            f"{single:,} with a single row",
            "",
            "  ",
        )
    if counts["below"].any():
        lines += paragraph(
            "Sums of a single row are its data, and those of few rows tell about people. Before "
            f"the file leaves you, read what sums tell about single rows: {_PRIVACY}",
        )
    return "\n".join(lines)


def merge(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE...", help="Files of ranef moments.", show_default=False),
    ],
    output: Output,
) -> int:
    """Add the sums in several files and write them to one file."""
    import ranef as rn
    from ranef.sums.merge import merged

    _check_output(output)
    with progress(f"adding {len(files)} files"):
        made = merged([rn.load_moments(file) for file in files], files)
        made.save(output)
    print(f"{made}\nwritten to {output}")
    return OK


def _check_output(output: Path, data: str | None = None) -> None:
    """Refuse a file that no command would read again, and one whose rows would be lost.

    Raises
    ------
    OptionError
    """
    if output.suffix.lower() not in (".parquet", ".pq"):
        raise OptionError(
            "moments are written to a Parquet file",
            where=f"-o {output}",
            found=f"a name that ends in '{output.suffix}'" if output.suffix else "no ending",
            fix=f"-o {output.with_suffix('.parquet')}",
        )
    if data is None or not output.exists():
        return
    files = glob(data, recursive=True) if is_pattern(data) else [data]
    if any(Path(file).exists() and output.samefile(file) for file in files):
        raise OptionError(
            "the moments would take the place of the data",
            where=f"-o {output}",
            found=f"a file of DATA {data}",
            fix=f"give another name: -o {output.with_name(output.stem + '_moments.parquet')}",
        )
