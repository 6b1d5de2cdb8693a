"""What a kernel is: one interface for the compiled core and the dense one of the tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from ranef._core import Rows, RowsGroup
from ranef.core.terms import TermBlock
from ranef.types import Array

__all__ = [
    "LBFGS",
    "NEWTON",
    "Curvature",
    "Direction",
    "Evidence",
    "Kernel",
    "Layout",
    "Optimum",
    "Rows",
    "RowsGroup",
    "Solved",
    "Step",
    "TermBlock",
]

NEWTON = "newton"
"""Trust-region Newton steps."""

LBFGS = "l-bfgs"
"""Limited-memory quasi-Newton steps, from gradients alone."""


@dataclass(frozen=True, slots=True)
class Direction:
    """A symmetric change `d`, shape (q, q), of the relative covariance of one grouping factor."""

    group: int
    d: Array


@dataclass(frozen=True, slots=True)
class Curvature:
    """Second derivatives of the criterion along k directions, and first ones of its parts.

    ``hessian`` (k, k); ``r2`` (k,), derivative of the penalised residual sum of squares;
    ``xx`` (k, p, p), derivative of X'V^-1 X.
    """

    hessian: Array
    r2: Array
    xx: Array


class Step(NamedTuple):
    """One line of the fit log."""

    criterion: float
    predicted_gain: float
    radius: float
    accepted: bool


@dataclass(frozen=True, slots=True)
class Optimum:
    """Where a search ended.

    ``status``: converged, no progress, evaluation limit, broke down. ``method``: what found the
    point, "newton" or "l-bfgs"; the second too where Newton's steps got stuck and it went on.
    """

    theta: Array
    criterion: float
    status: str
    evaluations: int
    escapes: int
    method: str
    log: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """How the random effects of a problem are eliminated.

    ``chain``: grouping factors eliminated level by level, in order; ``tail``: those in one dense
    block after them, of ``dense_columns`` columns; ``entries``: numbers kept for the chain;
    ``hessian``: how second derivatives are formed, "average information" if they are not exact.
    """

    chain: Sequence[int]
    tail: Sequence[int]
    dense_columns: int
    entries: int
    hessian: str


class Evidence(NamedTuple):
    """What speaks for and against an optimum, in numbers.

    ``gain``: predicted decrease that is left, deviance units; ``step``: the largest step to the
    predicted optimum in standard errors; ``dual``: smallest eigenvalue of Gamma on the null spaces
    of the covariances, data's units, NaN in the interior; ``complementarity``: largest element of
    D Gamma; ``curvature``: smallest eigenvalue of the Hessian on the face, NaN where the face is a
    point; ``rank`` by term; ``flat`` (k, f): steps along the k coordinates of the face at no cost;
    ``loose``: the term whose variance leaves the face with each of the last steps of ``flat``;
    ``rounding``: size of the rounding error of the criterion, deviance units.
    """

    gain: float
    step: float
    dual: float
    complementarity: float
    curvature: float
    rank: Sequence[int]
    flat: Array
    loose: Sequence[int] = ()
    rounding: float = 0.0


class Solved(Protocol):
    """A search with its certificate's numbers, on the inner scale unless said.

    ``inner``: theta with non-negative diagonals; ``theta`` and ``covariances``: on the data's
    scale; ``evaluations`` of the search that found it, ``elsewhere`` of the others; ``method``:
    see :class:`Optimum`; ``log``: one row a step, see :class:`Step`; ``evidence``: the fields of
    :class:`Evidence`; ``starts`` searches that ended in ``basins`` different optima;
    ``loses_digits``: whether y is so much larger than what is left of it that sums over the rows
    know more than cross-products; seconds; ``phi``: coordinates of the residuals' structure;
    ``error``: the fields of :class:`~ranef.core.Estimation` where the criterion is an estimate.
    """

    @property
    def inner(self) -> Array: ...
    @property
    def criterion(self) -> float: ...
    @property
    def status(self) -> str: ...
    @property
    def evaluations(self) -> int: ...
    @property
    def escapes(self) -> int: ...
    @property
    def method(self) -> str: ...
    @property
    def log(self) -> Array: ...
    @property
    def theta(self) -> Array: ...
    @property
    def covariances(self) -> Sequence[Array]: ...
    @property
    def evidence(self) -> tuple[Any, ...]: ...
    @property
    def starts(self) -> int: ...
    @property
    def elsewhere(self) -> int: ...
    @property
    def basins(self) -> int: ...
    @property
    def loses_digits(self) -> bool: ...
    @property
    def search_seconds(self) -> float: ...
    @property
    def certificate_seconds(self) -> float: ...
    @property
    def phi(self) -> Array: ...
    @property
    def error(self) -> tuple[float, ...] | None: ...


class Kernel(Protocol):
    """The profiled criterion of one model with its working memory.

    Lambda is given as one lower-triangular (q, q) array for each grouping factor. All members
    but `evaluate`, `optimise` and `nu` speak of the last successful evaluation.
    """

    def evaluate(self, lambda_: Sequence[Array]) -> bool:
        """Compute the criterion; False where the arithmetic broke down."""
        ...

    @property
    def work(self) -> int:
        """Numbers that one evaluation reads: a measure of its cost."""
        ...

    @property
    def layout(self) -> Layout: ...
    @property
    def value(self) -> float: ...
    @property
    def rounding(self) -> float: ...
    @property
    def nu(self) -> float: ...
    @property
    def r2(self) -> float: ...
    @property
    def log_determinant(self) -> float: ...
    @property
    def log_determinant_x(self) -> float: ...
    @property
    def beta(self) -> Array: ...
    @property
    def xx_inverse(self) -> Array: ...

    def gamma(self) -> list[Array]:
        """Derivative with respect to D = Lambda Lambda' of each grouping factor, (q, q) each."""
        ...

    def hessian(self, directions: Sequence[Direction]) -> Curvature: ...

    def average_information(self, directions: Sequence[Direction]) -> Array: ...

    def modes(self) -> list[Array]:
        """Conditional modes of the random effects by grouping factor, (levels, q) each."""
        ...

    def conditional_variances(self) -> list[Array]:
        """Their conditional variances over sigma^2, (levels, q, q) each."""
        ...

    def moment_start(self, terms: Sequence[TermBlock]) -> Array:
        """Start values for theta by the method of moments."""
        ...

    def optimise(
        self,
        terms: Sequence[TermBlock],
        start: Array,
        max_evaluations: int,
        gain: float,
        method: str = NEWTON,
    ) -> Optimum:
        """Minimise over theta: lower triangles of the terms' blocks of Lambda, by column.

        The last evaluation is the one at the optimum.
        """
        ...
