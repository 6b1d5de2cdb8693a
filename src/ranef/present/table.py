"""Models side by side: the block model of the table and its facade.

The records here say what stands in which cell; how that looks is one file a format
(``table_text``, ``table_markdown``, ``table_html``, ``table_latex``, ``table_docx``).
The order of the blocks is that of texreg (Leifeld 2013, Journal of Statistical Software 55(8)).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ranef.options import text

if TYPE_CHECKING:
    import os

    import pandas as pd

__all__ = [
    "Block",
    "Cell",
    "Coefficient",
    "ComparisonTable",
    "InformationCriteria",
    "ModelColumn",
    "Row",
]


@dataclass(frozen=True, slots=True)
class InformationCriteria:
    """AIC, BIC and log-likelihood of one fit."""

    aic: float
    bic: float
    loglik: float


@dataclass(frozen=True, slots=True)
class Coefficient:
    """One fixed effect; an aliased one has NaN throughout."""

    estimate: float
    std_error: float
    p_value: float


@dataclass(frozen=True, slots=True)
class ModelColumn:
    """One model of the table.

    Attributes
    ----------
    label : str
    formula : str
    reml : bool
    coefficients : mapping of str to Coefficient
    as_fitted : InformationCriteria
        Of the fit itself, REML or ML.
    ml : InformationCriteria or None
        Of the ML fit of the same model; None where it is not known.
    nobs : int
    ngroups : mapping of str to int
    components : mapping of str to float
        Variances or standard deviations, by row label (``"Var: g (Intercept)"``).
    covariances : mapping of str to float
        Covariances or correlations, by row label.
    residual : mapping of str to float
        The residual variance or standard deviation, empty for models without one.
    verdict : str
    certified : bool
    certificate : str
        The verdict as one sentence.
    priors : tuple of str
        One phrase for each prior.
    """

    label: str
    formula: str
    reml: bool
    coefficients: Mapping[str, Coefficient]
    as_fitted: InformationCriteria
    ml: InformationCriteria | None
    nobs: int
    ngroups: Mapping[str, int]
    components: Mapping[str, float]
    covariances: Mapping[str, float]
    residual: Mapping[str, float]
    verdict: str
    certified: bool
    certificate: str
    priors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """A number, or nothing (`value` None), with what belongs to it.

    Attributes
    ----------
    value : float or int or None
        An int prints without decimals, a NaN as ``dropped``.
    std_error : float or None
    stars : str
    """

    value: float | int | None = None
    std_error: float | None = None
    stars: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `decimals` holds for all of its cells."""

    label: str
    cells: tuple[Cell, ...]
    decimals: int


@dataclass(frozen=True, slots=True)
class Block:
    """Rows between two rules: ``"coefficients"``, ``"fit"`` or ``"variances"``."""

    name: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, repr=False)
class ComparisonTable:
    """A table of models side by side. ``str()`` is the text form.

    Attributes
    ----------
    columns : tuple of ModelColumn
    blocks : tuple of Block
    legend : str
        What the stars mean, empty where there are none.
    notes : tuple of str
        What may be compared, and the verdict on each fit.
    """

    columns: tuple[ModelColumn, ...]
    blocks: tuple[Block, ...]
    legend: str
    notes: tuple[str, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(column.label for column in self.columns)

    def __str__(self) -> str:
        from .table_text import render_text

        return render_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.to_html()

    def _repr_latex_(self) -> str:
        return self.to_latex()

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
        from .table_markdown import render_markdown

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
        from .table_html import render_html

        return render_html(self)

    def to_latex(self, caption: str = "", label: str = "") -> str:
        """A LaTeX ``table``; needs the packages booktabs and threeparttable.

        Parameters
        ----------
        caption, label : str
            Both left out where empty. The caption is LaTeX and is not escaped.

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
        from .table_latex import render_latex

        text("caption", caption)
        text("label", label)
        return render_latex(self, caption=caption, label=label)

    def to_docx(self, path: str | os.PathLike[str], title: str = "") -> Path:
        """Write a Word document with the table and return its path.

        Parameters
        ----------
        path : path-like
            Written over where it exists.
        title : str
            A heading above the table, left out where empty.

        Returns
        -------
        Path

        Raises
        ------
        MissingLibraryError
            python-docx is not installed.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff"))
        >>> path = rn.compare(fit).to_docx("table.docx")  # doctest: +SKIP
        """
        from .table_docx import write_docx

        text("title", title)
        return write_docx(self, Path(path), title=title)

    def to_frame(self) -> pd.DataFrame:
        """The numbers, unrounded: one row a line of the table, two columns a model.

        Returns
        -------
        DataFrame
            Indexed by block and row; columns ``(model, "estimate")``, ``(model, "std_error")``.
            Models of equal label are kept apart by position only.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("Yield ~ 1 + (1 | Batch)", rn.datasets.load("dyestuff"))
        >>> rn.compare(fit).to_frame().loc["coefficients"].round(2).to_numpy().tolist()
        [[1527.5, 19.38]]
        """
        import pandas as pd

        index = pd.MultiIndex.from_tuples(
            [(block.name, row.label) for block in self.blocks for row in block.rows],
            names=["block", "row"],
        )
        columns = pd.MultiIndex.from_tuples(
            [(label, part) for label in self.labels for part in ("estimate", "std_error")],
            names=["model", "part"],
        )
        numbers = [
            [_number(x) for cell in row.cells for x in (cell.value, cell.std_error)]
            for block in self.blocks
            for row in block.rows
        ]
        return pd.DataFrame(numbers, index=index, columns=columns, dtype=float)


def _number(x: float | int | None) -> float:
    return math.nan if x is None else float(x)
