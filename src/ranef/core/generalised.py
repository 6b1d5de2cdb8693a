"""The marginal likelihood of a generalised model, with its working memory, in C++."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

import ranef._core as _core
from ranef._core import family_start
from ranef.core.arguments import core_penalties
from ranef.core.penalty import NO_PENALTY, Penalty
from ranef.core.protocol import NEWTON, Direction, Layout, Rows, RowsGroup
from ranef.core.sums import CoreScaling
from ranef.types import Array, Codes

__all__ = [
    "Channel",
    "GeneralisedKernel",
    "NormalPrior",
    "family_start",
    "log_concave",
    "log_densities",
    "row_signs",
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


def row_signs(
    family: str, link: str, constants: Sequence[float], y: Array, weights: Array | None
) -> NDArray[np.int8]:
    """1 for rows whose log-density rises for ever with eta, -1 as it falls, 0 for all others."""
    _, signs = _core.family_start(family, link, list(constants), y, weights)
    return np.asarray(signs, dtype=np.int8)


def log_densities(
    family: str,
    link: str,
    constants: Sequence[float],
    eta: Array,
    psi: Sequence[Array],
    y: Array,
    weights: Array | None,
) -> Array:
    """Log-densities of rows, shape (n,), with all constants."""
    by_eta = _core.family_rows(family, link, list(constants), 2, eta, list(psi), y, weights)[0]
    return np.asarray(by_eta[0])


def log_concave(family: str, link: str, constants: Sequence[float]) -> bool:
    """Whether log-densities are concave in eta for every response."""
    return bool(_core.family_facts(family, link, list(constants))[0])


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
