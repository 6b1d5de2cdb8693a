"""What the sections of a report are made of: a fit, and what has been asked of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from ranef.errors import RanefError
from ranef.present.report.blocks import Missing
from ranef.present.report.figures import table_decimals
from ranef.present.report.meaning import Meanings, two_valued
from ranef.present.text.names import response_of
from ranef.types import INTERCEPT

if TYPE_CHECKING:
    import pandas as pd

    from ranef.explore.structure_record import StructureRecord
    from ranef.inference.checks.record import ModelCheck
    from ranef.present.diagnosis.record import DiagnosisRecord
    from ranef.present.protocol import FittedModel
    from ranef.present.results.fit_log import FitLog
    from ranef.present.table.facade import ComparisonTable
    from ranef.present.text.words import Words

__all__ = ["Coefficient", "Material", "asked"]

T = TypeVar("T")


def asked(what: str, question: Callable[[], T]) -> T | Missing:
    """The answer to a question about a fit, or why there is none.

    Parameters
    ----------
    what : str
        Of the page, as the reader is told that it is missing.
    question : callable
    """
    try:
        return question()
    except RanefError as error:
        why = error.what[:1].upper() + error.what[1:]
        return Missing(what, why, error.fix)


class Coefficient(NamedTuple):
    """A line of the table of fixed effects."""

    estimate: float
    std_error: float
    df: float
    statistic: float
    p_value: float
    conf_low: float
    conf_high: float

    @property
    def clear(self) -> bool:
        """Whether its interval excludes zero."""
        return self.conf_low > 0.0 or self.conf_high < 0.0


@dataclass(frozen=True)
class Material:
    """A fit and the answers that the page shows.

    Attributes
    ----------
    model : FittedModel
    title : str
        As asked; empty for the formula in words.
    notes : tuple of str
        The author's.
    spreads : DataFrame or Missing
        Standard deviations and correlations with intervals, as ``fit.tidy("ran_pars")``.
    spread_method : str
        How these intervals were made, a sentence; or why there are none.
    diagnosis : DiagnosisRecord, Missing or None
        None if the model has no random part.
    check : ModelCheck, Missing or None
        Residuals and effects over bands simulated from the model; None if the estimates are not
        those of an optimum.
    table : ComparisonTable or Missing
        The model and those beside it.
    beside : str
        Why the other models of the table are there; empty if there are none.
    methods : str or Missing
        The paragraph for a paper, as HTML.
    equation : str or Missing
        MathML.
    structure, others : StructureRecord, Missing or None
        What varies where: the variables of the model, and the other columns of the data.
    call : str
        What fits the model again.
    log : FitLog
    frame : DataFrame or Missing
        The rows used.
    """

    model: FittedModel
    title: str
    notes: tuple[str, ...]
    spreads: pd.DataFrame | Missing = field(repr=False)
    spread_method: str
    diagnosis: DiagnosisRecord | Missing | None = field(repr=False)
    check: ModelCheck | Missing | None = field(repr=False)
    table: ComparisonTable | Missing = field(repr=False)
    beside: str
    methods: str | Missing = field(repr=False)
    equation: str | Missing = field(repr=False)
    structure: StructureRecord | Missing | None = field(repr=False)
    others: StructureRecord | Missing | None = field(repr=False)
    call: str
    log: FitLog = field(repr=False)
    frame: pd.DataFrame | Missing = field(repr=False)

    @property
    def words(self) -> Words:
        """What readers call the parts of the model."""
        return self.model._words

    @cached_property
    def response(self) -> str:
        """What readers call the response."""
        return self.words.variable(response_of(self.model.formula))

    @cached_property
    def coefficients(self) -> dict[str, Coefficient]:
        """Tests and intervals of the fixed effects that are in the model, by name."""
        table = self.model.coefficients()[list(Coefficient._fields)]
        lines = zip(map(str, table.index), table.to_numpy(dtype=float).tolist(), strict=True)
        return {n: Coefficient(*line) for n, line in lines if n not in self.model.dropped}

    @cached_property
    def decimals(self) -> dict[str, int]:
        """Of each coefficient and its interval, in the table and in sentences."""
        found = table_decimals([one.std_error for one in self.coefficients.values()])
        return dict(zip(self.coefficients, found, strict=True))

    @property
    def focal(self) -> list[str]:
        """Names of the coefficients but the intercept."""
        return [name for name in self.coefficients if name != INTERCEPT]

    @cached_property
    def meanings(self) -> Meanings:
        """What each coefficient says."""
        names = tuple(self.coefficients)
        scale = self.model._response_scale
        linear = self.model._distribution is None
        outcome = self.response if linear else scale.predictor or "linear predictor"
        frame = self.frame
        known = () if isinstance(frame, Missing) else two_valued(names, frame)
        return Meanings(names, self.words, outcome, frozenset(known))

    @property
    def t_tests(self) -> bool:
        """Whether tests have degrees of freedom."""
        return any(one.df < float("inf") for one in self.coefficients.values())

    def name(self, coefficient: str) -> str:
        """What readers call a coefficient."""
        return self.words.coefficient(coefficient)

    def any(self) -> Any:
        """The fit, for questions that only some fits answer."""
        return self.model
