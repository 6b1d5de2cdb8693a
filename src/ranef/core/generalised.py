"""The marginal likelihood of a generalised model, with its working memory, in C++."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import ranef._core as _core
from ranef._core import RefitPlan, family_start
from ranef.core.arguments import core_penalties
from ranef.core.penalty import NO_PENALTY, Penalty
from ranef.core.protocol import NEWTON, Direction, Layout, Rows, RowsGroup
from ranef.core.sums import CoreScaling
from ranef.core.workspace import one_blas_thread
from ranef.types import Array, Codes

__all__ = [
    "Channel",
    "GeneralisedKernel",
    "GeneralisedRefits",
    "NormalPrior",
    "RefitPlan",
    "drawn_levels",
    "family_start",
]


@dataclass(frozen=True, slots=True, eq=False)
class Channel:
    """How one of the predictors beside eta follows from the coefficients after beta.

    Attributes
    ----------
    columns : tuple of ndarray or None, shape (n,)
        None is the constant 1. The predictor is the sum of them, each times its coefficient.
    coefficients : tuple of int
        Place of each column's coefficient among those after beta.
    which : ndarray of int32 or None, shape (n,)
        In place of columns: the coefficient that is the predictor of each row.
    """

    columns: tuple[Array | None, ...] = field(default=(), repr=False)
    coefficients: tuple[int, ...] = ()
    which: Codes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class NormalPrior:
    """A penalty of all coefficients c: (c - centre)' precision (c - centre) + constant."""

    precision: Array
    centre: Array
    constant: float


class GeneralisedRefits(NamedTuple):
    """Where the searches ended, one row a replicate; NaN where the arithmetic broke down.

    ``theta`` are inner coordinates and ``coefficients`` inner ones, ``covariances`` those of all
    terms on the data's scale, each of q x q entries. `gain`, `step` and `flat` (directions) are the
    evidence; ``rank`` is by term.
    """

    theta: Array
    coefficients: Array
    covariances: Array
    criterion: Array
    converged: NDArray[np.bool_]
    gain: Array
    step: Array
    flat: NDArray[np.int64]
    rank: NDArray[np.int64]
    evaluations: NDArray[np.int64]


def drawn_levels(seed: int, replicate: int, n_levels: int) -> Array:
    """The levels that a replicate of drawn levels has, shape (n_levels,)."""
    return np.asarray(_core.drawn_levels(seed, replicate, n_levels), dtype=np.intp)


def _refits(found: _core.GeneralisedRefits) -> GeneralisedRefits:
    count = found.criterion.size
    return GeneralisedRefits(
        theta=found.theta.T,
        coefficients=found.coefficients.T,
        covariances=found.covariances.T,
        criterion=found.criterion,
        converged=np.asarray(found.converged, dtype=np.bool_),
        gain=found.gain,
        step=found.step,
        flat=np.asarray(found.flat, dtype=np.int64),
        rank=np.asarray(found.rank, dtype=np.int64).reshape(count, -1),
        evaluations=np.asarray(found.evaluations, dtype=np.int64),
    )


def _channel(channel: Channel) -> _core.Channel:
    return _core.Channel(
        list(channel.columns), coefficients=list(channel.coefficients), which=channel.which
    )


class GeneralisedKernel:
    """F(D, c), -2 log of an approximate marginal likelihood; c = (beta, coefficients of all psi).

    Parameters
    ----------
    rows : Rows
        Of inner columns; its weights are those of the family.
    offset : ndarray or None, shape (n,)
    channels : sequence of Channel
    others : int
        Coefficients after beta.
    family, link : str
        As the core names them.
    constants : sequence of float
        Known parameters of the family.
    n_agq : int
        1 for Laplace's method, otherwise nodes of adaptive quadrature in each dimension.
    penalty : Penalty
        Priors of the covariances.
    normal : NormalPrior, optional
    held : sequence of (int, float)
        Coefficients that are known, and their values.
    threads : int

    Attributes
    ----------
    moves : int
        How often it may have been evaluated at another point.
    """

    def __init__(
        self,
        rows: Rows,
        offset: Array | None,
        channels: Sequence[Channel],
        others: int,
        family: str,
        link: str,
        constants: Sequence[float],
        n_agq: int = 1,
        penalty: Penalty = NO_PENALTY,
        normal: NormalPrior | None = None,
        held: Sequence[tuple[int, float]] = (),
        threads: int = 1,
    ) -> None:
        self.workspace = _core.Generalised(
            rows,
            offset,
            [_channel(c) for c in channels],
            others,
            family,
            link,
            list(constants),
            n_agq,
            core_penalties(penalty),
            None if normal is None else (normal.precision, normal.centre, normal.constant),
            list(held),
            threads,
        )
        self.moves = 0

    def evaluate(
        self, lambda_: Sequence[Array], coefficients: Array, tolerance: float = 1e-12
    ) -> bool:
        """Compute F; False where it cannot be computed.

        `tolerance` is what the search for the modes may leave to gain, in deviance units.
        """
        self.moves += 1
        return self.workspace.evaluate(list(lambda_), coefficients, tolerance)

    def solve(
        self,
        scaling: CoreScaling,
        start: Array | None,
        max_evaluations: int,
        gain: float,
        restarts: int,
        method: str = NEWTON,
        ends: Sequence[tuple[int, int, float]] = (),
    ) -> _core.Solved:
        """Search, certificate and restarts; the last evaluation is the one at the solution.

        `ends`: coefficient, sign and value. The search ends where a coefficient comes to the value
        from below (sign 1) or from above (-1).
        """
        self.moves += 1
        return self.workspace.solve(
            scaling, start, max_evaluations, gain, restarts, method == NEWTON, list(ends)
        )

    def refit(
        self, scaling: CoreScaling, responses: Array, ordered: bool, again: Array, plan: RefitPlan
    ) -> GeneralisedRefits:
        """The model fitted to other responses, shape (n, count), as the family takes them.

        Parameters
        ----------
        scaling : CoreScaling
        responses : ndarray, shape (n, count)
        ordered : bool
            The response is an answer of 1 to K, which the channels follow.
        again : ndarray
            Coordinates of the covariances and all coefficients, where a search begins again that
            did not get to an optimum; the start of the plan is of the same length.
        plan : RefitPlan
            Its seed and its first number say nothing here.
        """
        with self._shared_cores():
            return _refits(self.workspace.refit(scaling, responses, ordered, again, plan))

    def refit_drawn(self, scaling: CoreScaling, again: Array, plan: RefitPlan) -> GeneralisedRefits:
        """The model fitted to levels of its only factor drawn with replacement."""
        return _refits(self.workspace.refit_drawn(scaling, again, plan))

    def _shared_cores(self) -> AbstractContextManager[Any]:
        """Replicates share the cores: threads of the BLAS would only stand in their way."""
        return one_blas_thread() if self.workspace.layout[2] > 64 else nullcontext()

    @property
    def value(self) -> float:
        return self.workspace.value

    @property
    def rounding(self) -> float:
        return self.workspace.rounding

    def gamma(self) -> list[Array]:
        """dF/dD of each grouping factor, (q, q) each."""
        return self.workspace.gamma()

    @property
    def slopes(self) -> Array:
        """dF/dc, shape (p + others,)."""
        return self.workspace.slopes()

    def second(self, directions: Sequence[Direction]) -> Array:
        """Second derivatives along changes of D and then along c."""
        return self.workspace.second([(d.group, d.d) for d in directions])

    def modes(self) -> list[Array]:
        """Conditional modes by grouping factor, (levels, q) each."""
        return [block[:, :, 0] for block in self.workspace.modes()]

    def conditional_variances(self) -> list[Array]:
        """Conditional covariances given all parameters, (levels, q, q) each."""
        return self.workspace.conditional_variances()

    def row_variances(self, groups: Sequence[RowsGroup]) -> Array:
        """Conditional variances z'P z of rows given all parameters, all factors together.

        Parameters
        ----------
        groups : sequence of RowsGroup
            Of every grouping factor, inner columns. A code of -1 leaves the factor out of the row.

        Returns
        -------
        ndarray, shape (rows,)
        """
        rows = Rows(groups=groups, x=[], y=np.zeros(groups[0].codes.size))
        return self.workspace.row_variances(rows)

    def mode_derivatives(self, directions: Sequence[Direction]) -> list[Array]:
        """Derivatives of the modes along changes of D and then c, (levels, q, k) each."""
        return self.workspace.mode_derivatives([(d.group, d.d) for d in directions])

    def row_derivatives(self, order: int) -> tuple[Array, list[Array]]:
        """Log-densities of rows at the modes and their derivatives.

        Of order 0 to `order` in eta, shape (order + 1, n); if `order` is at least 3, of order 0 to
        ``order - 1`` of the first derivative in each further predictor, shape (order, n) each.
        """
        by_eta, by_psi, _ = self.workspace.row_derivatives(order)
        return by_eta, by_psi

    def next_term(self) -> tuple[float, bool]:
        """What the next term of Laplace's expansion adds to F, and whether all of it is there."""
        return self.workspace.next_term()

    @property
    def separation_margin(self) -> float:
        """Below 1 it proves that the coefficients have a finite maximum; from the last search.

        NaN if that search was given its start values, or the question was not answered.
        """
        return self.workspace.separation_margin

    @property
    def joint_scores(self) -> Array | None:
        """dl/deta of the rows at joint modes of the coefficients and the random effects.

        Those at which the last search began; None if it was given its start values.
        """
        return self.workspace.joint_scores()

    @property
    def suspected_direction(self) -> Array | None:
        """The last change of inner beta on the way to these modes, if they prove nothing."""
        return self.workspace.suspected_direction

    @property
    def expected_steps(self) -> int:
        """Steps of the last search for the modes where the log-density was not concave."""
        return self.workspace.expected_steps

    @property
    def eta(self) -> Array:
        """Linear predictors of the rows at the modes, shape (n,)."""
        return self.workspace.eta()

    @property
    def working_weights(self) -> Array:
        """-d2 log density / d eta2 of the rows at the modes, shape (n,)."""
        of_eta, _, _ = self.workspace.row_derivatives(2)
        return np.asarray(-of_eta[2])

    @property
    def layout(self) -> Layout:
        chain, tail, columns, entries = self.workspace.layout
        how = "sums over levels" if len(chain) == 1 and not tail else "tangents"
        return Layout(chain, tail, columns, entries, how)

    @property
    def work(self) -> float:
        return self.workspace.work

    @property
    def held(self) -> int:
        """About how many bytes it holds between calls."""
        return int(8 * self.work)
