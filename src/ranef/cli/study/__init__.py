"""The study of ``ranef demo``: mathematics achievement of pupils in schools."""

from ranef.cli.study.chapter_pictures import chapter_pictures
from ranef.cli.study.chapters import chapters
from ranef.cli.study.fits import Study, work_through
from ranef.cli.study.least_squares import LeastSquares, least_squares
from ranef.cli.study.pictures import pictures

__all__ = [
    "LeastSquares",
    "Study",
    "chapter_pictures",
    "chapters",
    "least_squares",
    "pictures",
    "work_through",
]
