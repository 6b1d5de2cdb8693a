"""The data and the models of the study, fitted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ranef.cli.study.least_squares import LeastSquares, least_squares

if TYPE_CHECKING:
    import pandas as pd

    from ranef.frame.structure import Structure

__all__ = ["FORMULAS", "GROUP", "Study", "work_through"]

GROUP = "sch.id"
FORMULAS = {
    "raw": "math ~ ses * sector + (ses | sch.id)",
    "additive": "math ~ ses_within + sector + (ses_within | sch.id)",
    "centred": "math ~ ses_within * sector + (ses_within | sch.id)",
    "context": "math ~ ses_within * sector + ses_between * sector + (ses_within | sch.id)",
    "raw_context": "math ~ ses * sector + ses_between * sector + (ses | sch.id)",
}


@dataclass(frozen=True, slots=True)
class Study:
    """Everything the chapters speak of.

    Attributes
    ----------
    pupils : pandas.DataFrame
        The HSB data with ``ses_within`` and ``ses_between``.
    structure : Structure
    raw : Fit
        Raw ses, its slope random, in interaction with sector (REML, as all of them).
    schools : LeastSquares
        Schools as a fixed factor, after ses and sector.
    additive, centred : Fit
        ses centred within school, without and with its interaction with sector.
    table : ComparisonTable
        These two side by side.
    context, raw_context : Fit
        The school mean of ses added, to the centred model and to the raw one.
    diagnosis : Diagnosis
        Of the raw model.
    """

    pupils: pd.DataFrame = field(repr=False)
    structure: Structure = field(repr=False)
    raw: Any
    schools: LeastSquares
    additive: Any
    centred: Any
    table: Any = field(repr=False)
    context: Any
    raw_context: Any
    diagnosis: Any = field(repr=False)

    @property
    def models(self) -> tuple[Any, ...]:
        """The mixed models, in the order of the study."""
        return (self.raw, self.additive, self.centred, self.context, self.raw_context)


def work_through() -> Study:
    """Load the data and fit every model of the study."""
    import ranef as rn

    pupils = rn.datasets.load("hsb")
    structure = rn.structure(pupils, groups=[GROUP])
    pupils = rn.center(pupils, "ses", by=GROUP, how="within")
    fits = {name: rn.lmm(formula, pupils) for name, formula in FORMULAS.items()}
    return Study(
        pupils=pupils,
        structure=structure,
        schools=least_squares("math ~ ses * sector + factor(sch.id)", pupils),
        table=rn.compare(
            fits["additive"], fits["centred"], labels=["no interaction", "interaction"]
        ),
        diagnosis=fits["raw"].diagnose(),
        **fits,
    )
