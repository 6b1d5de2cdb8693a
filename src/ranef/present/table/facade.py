"""The table of models that users hold; it can be written in every format."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ranef.errors import OptionError
from ranef.options import boolean, shown, text
from ranef.present.table.docx import render_docx
from ranef.present.table.drawn import drawn_coefficients
from ranef.present.table.formats import format_of
from ranef.present.table.frame import render_frame
from ranef.present.table.gt import render_gt
from ranef.present.table.html import render_html
from ranef.present.table.latex import render_latex
from ranef.present.table.markdown import render_markdown
from ranef.present.table.record import TableRecord
from ranef.present.table.text import render_text
from ranef.present.table.typst import render_typst

if TYPE_CHECKING:
    import pandas as pd
    from great_tables import GT
    from matplotlib.axes import Axes

    from ranef.present.plots.panels import Panels

__all__ = ["ComparisonTable"]


class ComparisonTable(TableRecord):
    """A table of models side by side. ``str()`` is the text form.

    Attributes
    ----------
    columns : tuple of ModelColumn
    blocks : tuple of Block
    legend : str
        What the stars mean, empty where there are none.
    notes : tuple of str
        What may be compared, and the verdict on each fit.
    spanners : tuple of Spanner
        Headings above several columns.
    responses : tuple of str
        What readers call the response of each model, if these differ.
    caption : str
    style : Style
    """

    __slots__ = ()

    def __str__(self) -> str:
        return render_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.to_html()

    def _repr_latex_(self) -> str:
        """Upright, so that it needs no package beside those that nbconvert and Quarto load."""
        return render_latex(self, landscape=False)

    def to_markdown(self) -> str:
        """The table in Markdown, one line a coefficient: ``2.80*** (0.15)``.

        Returns
        -------
        str

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff"))
        >>> print(rn.compare(fit).to_markdown().splitlines()[2].replace(" ", ""))
        |(Intercept)|1527.50\\*\\*\\*(19.38)|
        """
        return render_markdown(self)

    def to_html(self) -> str:
        """An HTML fragment: a table with its own style, all text escaped.

        Returns
        -------
        str

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff"))
        >>> "19.38" in rn.compare(fit).to_html()
        True
        """
        return render_html(self)

    def to_latex(self, caption: str = "", label: str = "", landscape: bool | None = None) -> str:
        """A LaTeX table that fits its page; the first line names the packages that it needs.

        They are booktabs, and for some tables array, longtable or pdflscape. A table that is too
        wide has smaller letters, then stands on a page of its own that is turned, then has its
        columns in panels. One that is too long runs over pages. Sizes are for the class article.

        Parameters
        ----------
        caption, label : str
            Left out if empty. This caption is LaTeX and is not escaped; that of
            ``rn.compare(..., caption=)`` stands there without it, and is.
        landscape : bool, optional
            Whether the page is turned; decided by the width if it is not given.

        Returns
        -------
        str

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff"))
        >>> print(rn.compare(fit).to_latex(label="tab:dye").splitlines()[2])
        \\label{tab:dye}
        """
        text("caption", caption)
        text("label", label)
        turned = None if landscape is None else boolean("landscape", landscape)
        return render_latex(self, caption, label, turned)

    def to_typst(self, caption: str = "", label: str = "") -> str:
        """A figure in Typst. A wide one is on a page that is turned, a long one runs over pages.

        Parameters
        ----------
        caption, label : str
            Left out if empty. This caption is Typst markup; that of ``rn.compare(..., caption=)``
            stands there without it, as text.

        Returns
        -------
        str

        Raises
        ------
        OptionError
            A label that Typst does not take.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff"))
        >>> print(rn.compare(fit).to_typst(label="tab:dye").splitlines()[-1])
        ) <tab:dye>
        """
        return render_typst(self, text("caption", caption), text("label", label))

    def to_gt(self) -> GT:
        """The table as one of great-tables, to style and save it there.

        Returns
        -------
        GT

        Raises
        ------
        MissingLibraryError
            great-tables is not installed.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff"))
        >>> made = rn.compare(fit).to_gt()  # doctest: +SKIP
        """
        return render_gt(self)

    def to_docx(self, path: str | os.PathLike[str], title: str = "") -> Path:
        """Write a Word document with the table and return its path.

        Parameters
        ----------
        path : path-like
            Written over where it exists.
        title : str
            The caption above the table; that of ``rn.compare(..., caption=)`` if it is empty.

        Returns
        -------
        Path

        Raises
        ------
        OptionError
            `path` is not the name of a file.
        MissingLibraryError
            python-docx is not installed.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff"))
        >>> path = rn.compare(fit).to_docx("table.docx")  # doctest: +SKIP
        """
        target = _file(path)
        text("title", title)
        content = render_docx(self, title)
        _write(target, content)
        return target

    def write(self, path: str | os.PathLike[str]) -> Path:
        """Write the table to a file, in the format that its name ends in.

        Parameters
        ----------
        path : path-like
            Ends in ``.txt``, ``.md``, ``.html``, ``.tex``, ``.typ`` or ``.docx``. An existing file
            is overwritten.

        Returns
        -------
        Path

        Raises
        ------
        OptionError
            Another ending, or `path` is not the name of a file.
        MissingLibraryError
            A Word document is asked for, and python-docx is not installed.

        Examples
        --------
        >>> import tempfile
        >>> import ranef as rn
        >>> fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff"))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     rn.compare(fit).write(f"{folder}/table.md").name
        'table.md'
        """
        target = _file(path)
        content = format_of(target).render(self)
        if isinstance(content, str):
            content = f"{content.rstrip()}\n".encode()
        _write(target, content)
        return target

    def plot(
        self,
        level: float = 0.95,
        *,
        scales: Literal["auto", "shared", "free"] = "auto",
        intercept: bool = False,
        ax: Any = None,
    ) -> Axes | Panels:
        """The coefficients of the table with their intervals, model beside model.

        Parameters
        ----------
        level : float
            Of the intervals: by the t distribution with the degrees of freedom of the tests.
        scales : {"auto", "shared", "free"}
            One axis for all coefficients, or a panel with its own axis for each. ``"auto"``: one
            axis if no interval is more than 15 times as wide as another.
        intercept : bool
            Whether the intercept is shown although there are other coefficients.
        ax : Axes or sequence of Axes, optional
            Where to draw: one, or as many as there are coefficients; a new figure by default.

        Returns
        -------
        Axes, or Panels
            Panels if each coefficient has its own. ``.data`` has the numbers drawn.

        Raises
        ------
        OptionError
            An option outside of what it accepts, or another number of axes.

        Examples
        --------
        >>> import ranef as rn
        >>> from matplotlib.figure import Figure
        >>> data = rn.datasets.load("sleepstudy")
        >>> m1 = rn.lmm("Reaction ~ Days + (1 | Subject)", data)
        >>> m2 = rn.lmm("Reaction ~ Days + (Days | Subject)", data)
        >>> ax = rn.compare(m1, m2).plot(ax=Figure().subplots())
        >>> ax.data[["model", "conf_low", "conf_high"]].round(2)
             model  conf_low  conf_high
        0  Model 1      8.88      12.06
        1  Model 2      7.21      13.73
        """
        from ranef.present.plots.coefficients import coefficients

        ratio = next((column.ratio for column in self.columns if column.ratio), "")
        found = drawn_coefficients(self)
        return coefficients(found, self.labels, ratio, level, scales, intercept, ax)

    def to_frame(self) -> pd.DataFrame:
        """The numbers, unrounded: one row a line of the table, two columns a model.

        Words, as the names of families, are NaN. Rows have the names that programs know: those of
        ``fit.fixef`` and of texreg, or those that ``coef_map`` gives.

        Returns
        -------
        DataFrame
            Indexed by block and row; columns ``(model, "estimate")``, ``(model, "std_error")``, and
            what else is printed by ``statistic=``. Models of equal label are kept apart by position
            only.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff"))
        >>> rn.compare(fit).to_frame().loc["coefficients"].round(2).to_numpy().tolist()
        [[1527.5, 19.38]]
        """
        return render_frame(self)


def _file(path: object) -> Path:
    if not isinstance(path, (str, os.PathLike)):
        raise OptionError(
            "path must be the name of a file",
            found=f"path={shown(path)}",
            fix='use a name such as "table.docx"',
        )
    return Path(path)


def _write(target: Path, content: bytes) -> None:
    """Write a whole file.

    Raises
    ------
    OptionError
        There is no such folder, or it cannot be written to.
    """
    try:
        target.write_bytes(content)
    except (OSError, ValueError) as error:  # a name with a zero byte is a ValueError
        raise OptionError(
            "the file cannot be written",
            where=shown(str(target)).strip("'"),
            found=getattr(error, "strerror", None) or str(error),
            fix="give the path of a file in a folder that exists and can be written to",
        ) from error
