"""The content of a table of models side by side, in blocks of rows.

Each format has a file that renders it. The order of the blocks is that of texreg (Leifeld 2013,
Journal of Statistical Software 55(8)).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = [
    "Block",
    "Cell",
    "Coefficient",
    "InformationCriteria",
    "ModelColumn",
    "Row",
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
    dispersion : mapping of str to float
        The dispersion of the family, by row label (``"Dispersion: size"``).
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


@dataclass(frozen=True, slots=True)
class Cell:
    """A number, a word, or nothing (`value` None), with what belongs to it.

    Attributes
    ----------
    value : float, int, str or None
        An int prints without decimals, a NaN as ``dropped``.
    std_error : float or None
    stars : str
    """

    value: float | int | str | None = None
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
class TableRecord:
    """What the formats write: a row of `columns` heads, then blocks of rows, legend and notes."""

    columns: tuple[ModelColumn, ...]
    blocks: tuple[Block, ...]
    legend: str
    notes: tuple[str, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(column.label for column in self.columns)
