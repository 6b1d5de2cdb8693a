"""The content of a table of models side by side, in blocks of rows.

Each format has a file that renders it. The order of the blocks is that of texreg (Leifeld 2013,
Journal of Statistical Software 55(8)).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ranef.present.table.styles import DEFAULT, Style
from ranef.present.text.names import one_line

__all__ = [
    "Block",
    "Cell",
    "Coefficient",
    "InformationCriteria",
    "Line",
    "ModelColumn",
    "Piece",
    "Row",
    "Spanner",
    "TableRecord",
]


@dataclass(frozen=True, slots=True)
class InformationCriteria:
    """AIC, BIC and log-likelihood of one fit."""

    aic: float
    bic: float
    loglik: float


@dataclass(frozen=True, slots=True)
class Coefficient:
    """One fixed effect with its test and interval; an aliased one has NaN throughout."""

    estimate: float
    std_error: float
    p_value: float
    statistic: float = float("nan")
    df: float = float("nan")
    conf_low: float = float("nan")
    conf_high: float = float("nan")


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
        Covariances or correlations of terms without structure, by row label.
    residual : mapping of str to float
        The residual variance or standard deviation, empty for models without one.
    verdict : str
    certified : bool
    certificate : str
        The verdict as one sentence.
    priors : tuple of str
        One phrase for each prior.
    correlations : mapping of str to float
        Correlations that are parameters of a structure, by row label (``"Corr: g (ar1)"``).
    structures : tuple of str
        What each structure means.
    family, link : str
        Of the response, as a table shows them; those of a linear model are ``"gaussian"`` and
        ``"identity"``.
    approximation : str
        Of the likelihood; empty if it is exact.
    ratio : str
        What exp of a coefficient is, if ratios are shown; else empty.
    parts : mapping of str to Coefficient
        Coefficients of the parts of the model beside the mean, by row label (``"Zero: x"``).
    error : float
        Of -2 log-likelihood, AIC and BIC, if they are estimates: half-width of a 95% interval.
    dispersion : mapping of str to float
        The dispersion of the family, by row label (``"Dispersion: size"``).
    number : int
        Its place in the table, from 1.
    response : str
        What readers call the response.
    words : mapping of str to str
        What readers call the rows above.
    measures : mapping of str to float, int, str or None
        The statistics of the whole model that are shown besides, by their names.
    singular : tuple of str
        In which directions the random effects do not vary.
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
    correlations: Mapping[str, float] = field(default_factory=dict)
    structures: tuple[str, ...] = ()
    family: str = "gaussian"
    link: str = "identity"
    approximation: str = ""
    ratio: str = ""
    parts: Mapping[str, Coefficient] = field(default_factory=dict)
    dispersion: Mapping[str, float] = field(default_factory=dict)
    number: int = 1
    response: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    measures: Mapping[str, float | int | str | None] = field(default_factory=dict)
    singular: tuple[str, ...] = ()
    error: float = 0.0


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line that a format prints in one way.

    Attributes
    ----------
    text : str
    kind : {"words", "number", "stars", "symbol"}
        A number has a plain minus sign, and ``e-07`` where it is in scientific notation; stars are
        raised; a symbol is in italics.
    """

    text: str
    kind: Literal["words", "number", "stars", "symbol"] = "words"


Line = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """A number, a word, or nothing (`value` None), with what belongs to it.

    Attributes
    ----------
    value : float, int, str or None
    std_error : float or None
    stars : str
    lines : tuple of tuple of Piece
        What is printed, line by line.
    more : mapping of str to float
        Other numbers that are printed, by their names in ``Fit.tidy``.
    """

    value: float | int | str | None = None
    std_error: float | None = None
    stars: str = ""
    lines: tuple[Line, ...] = ()
    more: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not self.lines


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table; `decimals` holds for all of its cells.

    Attributes
    ----------
    label : str
        What readers see.
    cells : tuple of Cell
    decimals : int
    name : str
        What programs look for: the name of the coefficient, or the label without words for it.
    """

    label: str
    cells: tuple[Cell, ...]
    decimals: int
    name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "label", one_line(self.label))

    @property
    def height(self) -> int:
        """Printed lines."""
        return max(1, *(len(cell.lines) for cell in self.cells))


@dataclass(frozen=True, slots=True)
class Block:
    """Rows between two rules: ``"coefficients"``, ``"fit"`` or ``"variances"``."""

    name: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Spanner:
    """A heading above the columns from `first` to `last`, counted from zero."""

    text: str
    first: int
    last: int


@dataclass(frozen=True, slots=True, repr=False)
class TableRecord:
    """What the formats write: heads of the columns, then blocks of rows, legend and notes.

    Attributes
    ----------
    columns : tuple of ModelColumn
    blocks : tuple of Block
    legend : str
        What the stars mean, empty where there are none.
    notes : tuple of str
    spanners : tuple of Spanner
    responses : tuple of str
        One for each column if they differ, else empty.
    caption : str
    style : Style
    """

    columns: tuple[ModelColumn, ...]
    blocks: tuple[Block, ...]
    legend: str
    notes: tuple[str, ...]
    spanners: tuple[Spanner, ...] = ()
    responses: tuple[str, ...] = ()
    caption: str = ""
    style: Style = DEFAULT

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(column.label for column in self.columns)
