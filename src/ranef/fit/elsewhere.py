"""The rows of a fit that are not in memory: their sums, and where they can be read again.

Every method that needs more than the estimates asks here. The answer is sums that are held, or sums
of another pass over the rows, or an error that names the pass that would be needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import numpy as np

from ranef.design import Data, Design
from ranef.design.contrasts import to_argument
from ranef.errors import OptionError
from ranef.fit.same_rows import check_pass
from ranef.fit.stored import without_rows
from ranef.formula import Formula
from ranef.frame import Table
from ranef.present.progress import progress
from ranef.problem import Problem
from ranef.source.scaling import Scaling
from ranef.store.absent import Absent
from ranef.streams import moments_of, open_source
from ranef.streams.source import Source
from ranef.sums import Contracted, Moments, NotHeldError, contract
from ranef.sums.inner import InnerColumns, LevelProducts
from ranef.sums.levels import SumLevels
from ranef.sums.sums import column_of_sums
from ranef.types import Array

if TYPE_CHECKING:
    from ranef.inference.term_hypotheses import TermHypotheses
    from ranef.priors.assign import Assigned

__all__ = ["Elsewhere", "ModelOfSums", "model_of_sums"]

_ONE_PASS = Lock()


class ModelOfSums(NamedTuple):
    """A model whose rows were summed.

    Attributes
    ----------
    data : Data
        Its rows are absent: reading them raises an error.
    contracted : Contracted
    seconds : dict of str to float
        What it took, by phase.
    """

    data: Data
    contracted: Contracted
    seconds: dict[str, float]

    def problem(self, reml: bool, prior: Assigned | None) -> Problem:
        """What is minimised."""
        made = self.contracted
        plan, scaling = made.design.plan, Scaling(made.scaling)
        return Problem(made.products, plan.blocks, plan.labels, scaling, reml, prior)


@dataclass(frozen=True, eq=False)
class Elsewhere:
    """What is known of rows that are not in memory.

    Attributes
    ----------
    formula : Formula
        Of the fit.
    moments : Moments
    contracted : Contracted
    source : object
        What the user gave, if its rows can be read again; None otherwise. It is not pickled.
    """

    formula: Formula
    moments: Moments = field(repr=False)
    contracted: Contracted = field(repr=False)
    source: Any = field(default=None, repr=False)

    @property
    def stand_in(self) -> Table:
        """Rows with the levels, means and span of the data."""
        return self.contracted.stand_in

    @cached_property
    def levels(self) -> SumLevels:
        """Answers questions of a diagnosis about columns within groups."""
        return SumLevels(self.contracted)

    @property
    def outermost(self) -> str | None:
        """The grouping factor in which all others are nested; None if there is none."""
        columns = self.contracted.columns
        return None if columns.outermost is None else columns.factor(columns.outermost)

    @property
    def frequencies(self) -> Array:
        """How many rows of the data have the categories of each row of `stand_in`."""
        return self.contracted.frequencies

    @property
    def mean_offset(self) -> float:
        """The mean of the offset that is an argument and not part of the formula."""
        name = self.moments.plan.offset
        return 0.0 if name is None else self.moments.numbers[name].mean

    @property
    def design(self) -> Design:
        """The design, whose columns hold coefficients of cells in place of rows."""
        return self.contracted.design

    def varies_between(self, name: str, factor: str) -> bool:
        """Whether the means of a number in the levels of a grouping factor differ."""
        from ranef.sums.steady import level_means

        columns = next(bar.factors for bar in self.formula.bars if bar.label == factor)
        means, numbers = level_means(self.moments, name, columns), self.moments.numbers
        spread = numbers[name].high - numbers[name].low if name in numbers else 0.0
        return means is not None and float(np.ptp(means)) > 1e-9 * spread

    @property
    def weights(self) -> str | None:
        """The column of the weights."""
        return self.moments.plan.weights

    @cached_property
    def totals(self) -> dict[str, float]:
        """Sums and means by name, which differ if two fits are of different rows."""
        moments = self.moments
        last = len(moments.plan.columns) - 1
        shift, scale = float(moments.shifts[last]), float(moments.scales[last])
        weight, first, second = (
            float(np.sum(np.asarray(column_of_sums(moments.cells[0], *place))))
            for place in ((0, 0), (0, last), (last, last))
        )
        mean = shift + scale * first / weight
        spread = scale * float(np.sqrt(max(second / weight - (first / weight) ** 2, 0.0)))
        found = {"rows": float(moments.n), "the sum of the weights": weight}
        found |= {"the mean of the response": mean, "the SD of the response": spread}
        if moments.plan.offset is not None:
            found[f"the offset '{moments.plan.offset}'"] = 1.0
        return found | {f"mean of {n}": own.mean for n, own in moments.numbers.items()}

    def constant_within(self, factor: str) -> frozenset[str]:
        """Variables of the model with one value in each level of a grouping factor."""
        from ranef.sums.steady import constant_within

        columns = next(bar.factors for bar in self.formula.bars if bar.label == factor)
        return constant_within(self.moments, columns) & {*self.formula.variables()}

    def absent(self, what: str) -> Absent:
        """A placeholder for values of single rows: reading it raises an error."""
        made: Absent = absent_from(self.formula, self.source)(what)
        return made

    def missed(self, what: str) -> NoReturn:
        """Raise the error that an answer needs the rows.

        Raises
        ------
        DataError
        """
        self.absent(what).missed()

    def rows(self) -> Source:
        """The rows, for another pass.

        Raises
        ------
        OptionError
            They cannot be read again.
        """
        if self.source is None:
            raise OptionError(
                "this fit cannot read its rows again",
                found="a fit from moments, from a file, or of a stream that is read once",
                fix="fit.predict(source, to=path) predicts the rows of any source",
            )
        return open_source(self.source)

    def holding(self, formula: Formula) -> Moments:
        """The sums, or those of another pass over the rows if a formula needs it.

        Raises
        ------
        NotHeldError
            The sums do not hold it, and the rows cannot be read again.
        """
        return self._held(formula, self.moments.plan.weights)

    @cached_property
    def _unweighted(self) -> Contracted:
        return contract(
            self._summed(self.formula, None),
            self.formula,
            to_argument(self.design.encoding.state, self.formula.variables()),
        )

    def unweighted(self, what: str) -> Contracted:
        """The model with sums over the rows as they are, without weights.

        Parameters
        ----------
        what : str
            What is asked for.

        Raises
        ------
        DataError
            The sums have weights, and the rows cannot be read again.
        """
        if self.moments.plan.weights is None:
            return self.contracted
        if self.source is None:
            raise NotHeldError(
                "this answer needs sums without the weights",
                where=what,
                found=f"moments with weights='{self.moments.plan.weights}'",
                fix="fit the rows, or a source whose rows can be read again: rn.scan(data)",
            )
        return self._unweighted

    def level_products(self, what: str) -> LevelProducts:
        """Cross-products of each level of the only grouping factor.

        Parameters
        ----------
        what : str
            What is asked for.

        Raises
        ------
        DataError
            There are several factors: their levels share rows.
        """
        columns = self.contracted.columns
        if len(columns.groups) != 1:
            self.missed(what)
        return columns.level_products(0)

    def hypotheses(self, type: int) -> TermHypotheses:
        """What tests of the terms ask."""
        from ranef.inference.term_hypotheses import hypotheses_of_sums

        return hypotheses_of_sums(self.design, self.stand_in, type, lambda: self.root)

    @property
    def root(self) -> Array:
        """R with R'R = X'X, shape (p, p). It replaces X where only X'X matters."""
        from ranef.inference.term_hypotheses import root_of_sums

        made = self.unweighted("which means the terms compare")
        return root_of_sums(made.products, Scaling(made.scaling).R)

    def unweighted_columns(self, what: str) -> InnerColumns:
        """The inner columns of :meth:`unweighted`."""
        return self.unweighted(what).columns

    @property
    def repeatable(self) -> bool:
        """Whether the rows can be read again."""
        return self.source is not None

    def means_along(self, name: str) -> str:
        """The call for estimated means of a variable, which takes the place of its picture."""
        number = self.moments.numbers.get(name)
        if number is None:
            return f'fit.emmeans("{name}").plot()'
        span = f"[{number.low:g}, {number.high:g}]"
        return f'fit.emmeans("{name}", at={{"{name}": {span}}}).plot()'

    @property
    def n_cells(self) -> int:
        """How many cells the sums have: a contraction reads them in place of rows."""
        moments = self.moments
        return sum(table.num_rows for table in (*moments.cells, *moments.pairs, *moments.means))

    def needs_pass(self, formula: Formula) -> bool:
        """Whether the rows have to be read, and can be read, for the sums of another formula."""
        from ranef.sums.model import SummedModel

        if self.source is None or self._key(formula, self.weights) in self._passes:
            return False
        try:
            SummedModel(self.moments, formula)
        except NotHeldError:
            return True
        return False

    def _held(self, formula: Formula, weights: str | None) -> Moments:
        from ranef.sums.model import SummedModel

        try:
            SummedModel(self.moments, formula)
        except NotHeldError:
            if self.source is None:
                raise
            return self._summed(formula, weights)
        return self.moments

    def _key(self, formula: Formula, weights: str | None) -> tuple[Any, ...]:
        """What tells one pass from another."""
        return formula.text, tuple(term.name for term in formula.fixed), weights

    def _summed(self, formula: Formula, weights: str | None) -> Moments:
        """The sums of another pass over the rows, kept."""
        key = self._key(formula, weights)
        with _ONE_PASS:  # the rungs of a ladder are fitted side by side
            if key not in self._passes:
                with progress("summing the rows again"):
                    made = moments_of(self.rows(), formula, weights, self.moments.plan.offset)
                check_pass(self.moments, made)
                self._passes[key] = made
            return self._passes[key]

    @cached_property
    def _passes(self) -> dict[tuple[Any, ...], Moments]:
        return {}

    def __getstate__(self) -> dict[str, Any]:
        kept = ("formula", "moments", "contracted")
        return {**{name: getattr(self, name) for name in kept}, "source": None}


def absent_from(formula: Formula, source: Any) -> Any:
    """The placeholder for rows in a fit of sums: its error says how to get the answer."""
    fix = f'read the rows into memory and fit them: rn.lmm("{formula.text}", data)'
    if source is not None:
        fix = (
            'fit.augment(to="rows.parquet") writes fitted values and residuals in one pass; for '
            f"other answers {fix}"
        )

    def absent(what: str) -> Absent:
        return Absent(what, fix, "the fit was made from sums of the rows")

    return absent


def model_of_sums(
    formula: Formula,
    moments: Moments,
    contrasts: Mapping[str, Any] | None = None,
    source: Any = None,
) -> ModelOfSums:
    """Contract sums to a model.

    Parameters
    ----------
    formula : Formula
    moments : Moments
    contrasts : mapping, optional
    source : object, optional
        Where the rows can be read again.

    Raises
    ------
    NotHeldError
        The moments do not hold what the formula needs.
    DataError, DesignError
        As for rows in memory, where sums show it.
    """
    begun = perf_counter()
    made = contract(moments, formula, contrasts)
    seconds = {"contraction": perf_counter() - begun}
    absent = absent_from(formula, source)
    weights, offset = moments.plan.weights, moments.plan.offset
    data = Data(
        without_rows(made.design, absent),
        absent("the data"),
        moments.missing,
        None if weights is None else absent("the weights"),
        None,
        offset,
        elsewhere=Elsewhere(formula, moments, made, source),
    )
    return ModelOfSums(data, made, seconds)
