"""Which pictures there are, and how to go on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ranef.cli.study.page import Chapter, prose, shown

__all__ = ["chapter_pictures"]


def chapter_pictures(files: Mapping[Path, str]) -> Chapter:
    """The files with what they show."""
    width = max(len(str(path)) for path in files)
    return Chapter(
        "8. Pictures",
        (
            shown("\n".join(f"{path!s:<{width}}  {what}" for path, what in files.items())),
            prose(
                """The same study with the Python code of every step is in docs/hsb-study.md; for
                data of your own, ranef fit --help."""
            ),
        ),
    )
