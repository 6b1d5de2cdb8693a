"""``ranef demo``: a study from the data to the answer, on the bundled HSB data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ranef.cli.run import NOT_CERTIFIED, OK
from ranef.errors import OptionError
from ranef.present.progress import progress

__all__ = ["demo"]


def demo(
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="DIR", help="The folder for the pictures."),
    ] = Path("ranef-demo"),
) -> int:
    """Work through a study, from the data to the answer.

    The data are those of 7,185 pupils in 160 schools. The study starts where other software
    reports that a model failed to converge, and ends with what the data say.
    """
    folder = _folder(output)
    with progress("fitting six models to 7,185 pupils"):
        from ranef.cli.study import chapters, work_through

        study = work_through()
    for chapter in chapters(study):
        print(chapter)
        print()
    with progress("drawing two pictures"):
        from ranef.cli.study import chapter_pictures, pictures

        chapter = chapter_pictures(pictures(study, folder))
    print(chapter)
    certified = all(model.certificate.certified for model in study.models)
    return OK if certified else NOT_CERTIFIED


def _folder(path: Path) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError(
            f"cannot make the folder {path}",
            found=error.strerror or str(error),
            fix="name another one: ranef demo --output DIR",
        ) from error
    return path
