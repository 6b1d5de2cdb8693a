"""The chapters of the study, in order."""

from __future__ import annotations

from ranef.cli.study.chapter_centred import chapter_centred
from ranef.cli.study.chapter_comparison import chapter_comparison
from ranef.cli.study.chapter_context import chapter_context
from ranef.cli.study.chapter_data import chapter_data
from ranef.cli.study.chapter_diagnosis import chapter_diagnosis
from ranef.cli.study.chapter_raw import chapter_raw
from ranef.cli.study.chapter_schools import chapter_schools
from ranef.cli.study.fits import Study
from ranef.cli.study.page import Chapter

__all__ = ["chapters"]

_CHAPTERS = (
    chapter_data,
    chapter_raw,
    chapter_schools,
    chapter_centred,
    chapter_comparison,
    chapter_context,
    chapter_diagnosis,
)


def chapters(study: Study) -> tuple[Chapter, ...]:
    """The text of the study; every number of a sentence is read from the fits."""
    return tuple(chapter(study) for chapter in _CHAPTERS)
