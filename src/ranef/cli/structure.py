"""``ranef structure``: what level each variable of a data set lives on."""

from __future__ import annotations

from typing import Annotated

import typer

from ranef.cli.data import read_data
from ranef.cli.options import Data, Json, Reading
from ranef.cli.status import OK
from ranef.present.progress import progress

__all__ = ["structure"]


def structure(
    data: Data,
    groups: Annotated[
        list[str],
        typer.Option(
            "--groups",
            metavar="COLUMN",
            help="A grouping column; may be repeated, or several with commas between them.",
            show_default=False,
        ),
    ],
    reading: Reading,
    json: Json = False,
) -> int:
    """Describe the levels of a data set, before any model."""
    import ranef as rn

    names = [name.strip() for wish in groups for name in wish.split(",") if name.strip()]
    with progress(f"reading {data}"):
        frame = read_data(data, reading)
    with progress("describing the variables"):
        described = rn.structure(frame, groups=names)
    if json:
        from ranef.cli.record import structure_record, to_json

        print(to_json(structure_record(described)))
    else:
        print(described)
    return OK
