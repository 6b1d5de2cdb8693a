"""The two pictures of the study."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ranef.cli.study.fits import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["pictures"]

_SECTORS = {"0": "public", "1": "Catholic"}
_DPI = 150


def pictures(study: Study, folder: Path) -> dict[Path, str]:
    """Draw a caterpillar plot and the within-school slopes.

    Parameters
    ----------
    study : Study
    folder : Path
        Exists.

    Returns
    -------
    dict of Path to str
        The files, PNG, and what each shows.
    """
    return {
        _write(
            _caterpillar(study), folder / "schools.png"
        ): "what each school adds, with its interval",
        _write(
            _slopes(study), folder / "slopes.png"
        ): "each school's own regression line, by sector",
    }


def _figure(width: float, height: float) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _caterpillar(study: Study) -> Figure:
    figure = _figure(6.4, 7.0)
    axes = study.centred.plot.caterpillar(ax=figure.subplots())
    axes.set_title("What schools add to mathematics achievement", loc="left")
    axes.set_xlabel("points above or below the mean of the sector, with 95% intervals")
    axes.set_ylabel("schools, in order")
    return figure


def _slopes(study: Study) -> Figure:
    figure = _figure(7.4, 4.8)
    axes = study.centred.plot.slopes(x="ses_within", by="sector", ax=figure.subplots())
    axes.set_title("Mathematics achievement and ses within schools", loc="left")
    axes.set_xlabel("ses, deviation from the mean of the school")
    axes.set_ylabel("math, fitted")
    legend = axes.get_legend()
    for text in legend.get_texts():
        text.set_text(_SECTORS.get(text.get_text(), text.get_text()))
    return figure


def _write(figure: Figure, path: Path) -> Path:
    figure.savefig(path, dpi=_DPI)
    return path
