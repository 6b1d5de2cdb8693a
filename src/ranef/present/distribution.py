"""What pages say of the distribution of a generalised model's response, and of its other parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from ranef.family import Part

__all__ = ["Distribution", "PartTable"]


@dataclass(frozen=True, slots=True)
class PartTable:
    """The coefficients of one part of a model beside the mean.

    Attributes
    ----------
    part : {"zero", "dispersion", "thresholds"}
    formula : str
        Its formula, ``"~ x"``; empty for thresholds.
    scale : str
        What its predictor is: ``"log odds of an extra zero"``.
    frame : DataFrame
        One row a coefficient: estimate, std_error, statistic, p_value. The last two are NaN for
        thresholds, which are not tested.
    ratio : str
        What exp of a coefficient is, empty if it has no name.
    """

    part: Part
    formula: str
    scale: str
    frame: pd.DataFrame = field(repr=False)
    ratio: str = ""

    @property
    def title(self) -> str:
        """``"Zero part"``."""
        return "Thresholds" if self.part == "thresholds" else f"{self.part.capitalize()} part"


@dataclass(frozen=True, slots=True)
class Distribution:
    """The distribution of the response.

    Attributes
    ----------
    family, link : str
        Names.
    words : str
        ``"binomial with a logit link"``.
    success : str
        The category whose probability is modelled, empty if the response has no names for it.
    approximation : str
        ``"Laplace approximation"``, or ``"quadrature, 9 nodes"``.
    dispersion_name : str
        ``"size"``; empty without a dispersion, or if it depends on predictors.
    dispersion, dispersion_error : float
        It and its standard error by the delta method; NaN without.
    trials : bool
        Whether the response is of several trials in a row.
    offset : bool
        Whether the linear predictor has a known part.
    parts : tuple of PartTable
        Those with coefficients to show. A dispersion that is the same in all rows is none of them.
    """

    family: str
    link: str
    words: str
    success: str
    approximation: str
    dispersion_name: str
    dispersion: float
    dispersion_error: float
    trials: bool
    offset: bool
    parts: tuple[PartTable, ...]

    @property
    def sentence(self) -> str:
        """The family on a page: ``"binomial with a logit link, success: yes"``."""
        return f"{self.words}, success: {self.success}" if self.success else self.words

    def part(self, name: str) -> PartTable | None:
        """One of the parts."""
        return next((part for part in self.parts if part.part == name), None)
