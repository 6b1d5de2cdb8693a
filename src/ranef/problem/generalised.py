"""What is minimised for a generalised model: -2 log of its approximate marginal likelihood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from ranef.core import NO_PENALTY, Penalty, Rows, TermBlock, TermLabel
from ranef.core.generalised import Channel, GeneralisedKernel, NormalPrior
from ranef.family import Boundary, Family
from ranef.source.scaling import Scaling
from ranef.types import Array

if TYPE_CHECKING:
    from ranef.priors.assign import Assigned

__all__ = ["GeneralisedProblem", "PsiNames", "answer_channels"]

NONE = -1
"""Of a row: no coefficient."""


def answer_channels(y: Array, count: int, place: int) -> tuple[Channel, Channel]:
    """The cut points above and below each answer; those of the ends of the scale are not read.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Answers from 1 to count + 1.
    count : int
        Cut points.
    place : int
        Of the first one among the coefficients after beta.
    """
    answer = np.asarray(y, dtype=np.int32)
    above = np.where(answer <= count, answer - 1 + place, NONE)
    below = np.where(answer > 1, answer - 2 + place, NONE)
    first, second = (np.ascontiguousarray(w, dtype=np.int32) for w in (above, below))
    return Channel(which=first), Channel(which=second)


@dataclass(frozen=True, slots=True)
class PsiNames:
    """The coefficients of one part of the model beside the mean.

    Attributes
    ----------
    part : str
        ``"dispersion"``, ``"zero"`` or ``"thresholds"``.
    names : tuple of str
    """

    part: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class GeneralisedProblem:
    """The marginal likelihood of a generalised model, without what its arrays were made from.

    The coefficients c are beta, then those of the other parts of the model. D is the covariance of
    the random effects itself, in units of the linear predictor.

    Attributes
    ----------
    rows : Rows
        Of inner columns of X and Z; the response as the family takes it, and its weights.
    offset : ndarray or None, shape (n,)
    channels : tuple of Channel
        The family's predictors beside eta.
    psi : tuple of PsiNames
        Parts of the coefficients after beta, in order.
    change : ndarray, shape (p + k, p + k)
        Coefficients on the data's scale are `change` times the inner ones. Inner columns of X of
        ordered answers have their means taken off, which is in the rows of the cut points.
    terms : tuple of TermBlock
    labels : tuple of TermLabel
    scaling : Scaling
        Its response is neither shifted nor scaled.
    family : Family
    n_agq : int
        1 for Laplace's method, otherwise nodes of adaptive quadrature.
    x_names : tuple of str
    prior : Assigned or None
        Of the covariances and the fixed effects, in units of the linear predictor.
    given : tuple of ndarray or None
        Columns of X on the data's scale, if the rows hold orthogonal combinations of them.
    """

    rows: Rows = field(repr=False)
    offset: Array | None = field(repr=False)
    channels: tuple[Channel, ...] = field(repr=False)
    psi: tuple[PsiNames, ...]
    change: Array = field(repr=False)
    terms: tuple[TermBlock, ...]
    labels: tuple[TermLabel, ...]
    scaling: Scaling = field(repr=False)
    family: Family
    n_agq: int
    x_names: tuple[str, ...]
    prior: Assigned | None = None
    given: tuple[Array | None, ...] | None = field(default=None, repr=False)

    @property
    def n(self) -> int:
        return int(self.rows.y.size)

    @property
    def p(self) -> int:
        return len(self.x_names)

    @property
    def n_psi(self) -> int:
        """Coefficients after beta."""
        return sum(len(part.names) for part in self.psi)

    @property
    def n_theta(self) -> int:
        from ranef.covariance import structure_of

        return sum(structure_of(term).size for term in self.terms)

    @property
    def sizes(self) -> Sequence[tuple[int, int]]:
        """Levels, and columns of all terms, by grouping factor."""
        return [(group.n_levels, len(group.columns)) for group in self.rows.groups]

    @property
    def coefficient_names(self) -> tuple[str, ...]:
        """Of all coefficients; those after beta have the name of their part before a colon."""
        rest = [f"{part.part}:{name}" for part in self.psi for name in part.names]
        return (*self.x_names, *rest)

    @property
    def other_words(self) -> Sequence[str]:
        """A phrase for each parameter that is searched for beside the covariances."""
        rest = [f"{name} of the {part.part} part" for part in self.psi for name in part.names]
        return [f"the coefficient of {name}" for name in self.x_names] + rest

    def other_sizes(self, step: Array) -> Array:
        """A step of the inner coefficients as one of those on the data's scale, without units.

        A coefficient counts in the inverse of its column's size, the intercept as it is.
        """
        sizes = np.abs(np.diag(self.change)).copy()
        if self.scaling.orthogonal is not None:
            sizes[: self.p] = np.linalg.norm(self.change[: self.p, : self.p], axis=1)
        return np.asarray(self.change @ step / sizes)

    def part(self, name: str) -> slice | None:
        """Where the coefficients of a part stand among all of them."""
        start = self.p
        for part in self.psi:
            if part.part == name:
                return slice(start, start + len(part.names))
            start += len(part.names)
        return None

    @property
    def ordered(self) -> bool:
        """Whether the response is one of ordered answers, whose cut points are the other part."""
        return self.part("thresholds") is not None

    @property
    def n_answers(self) -> int:
        """How many ordered answers there are; 0 for other responses."""
        return self.n_psi + 1 if self.ordered else 0

    def penalty(self) -> Penalty:
        """What priors of the covariances add, in inner coordinates."""
        if self.prior is None:
            return NO_PENALTY
        whole = self.prior.penalty(self.terms, self.scaling.B, np.eye(self.p), np.zeros(self.p))
        return Penalty(whole.terms)

    def normal(self) -> NormalPrior | None:
        """What normal priors of the fixed effects add, in inner coefficients."""
        if self.prior is None or self.prior.fixed is None:
            return None
        sds = self.prior.fixed.sds(self.x_names)
        has = np.flatnonzero(np.isfinite(sds))
        rows = self.change[has] / sds[has, None]
        constant = has.size * np.log(2.0 * np.pi) + 2.0 * float(np.log(sds[has]).sum())
        return NormalPrior(rows.T @ rows, np.zeros(self.change.shape[0]), constant)

    def kernel(self, threads: int = 1, held: Sequence[tuple[int, float]] = ()) -> GeneralisedKernel:
        """A new workspace for the marginal likelihood.

        Parameters
        ----------
        threads : int
        held : sequence of (int, float)
            Inner coefficients that are known, and their values.
        """
        return GeneralisedKernel(
            self.rows,
            self.offset,
            self.channels,
            self.n_psi,
            self.family.core_name,
            self.family.link,
            self.family.core_constants(self.n_answers),
            self.n_agq,
            self.penalty(),
            self.normal(),
            held,
            threads,
        )

    def eta_of_fixed(self, inner: Array) -> Array:
        """The linear predictor without random effects at inner coefficients, shape (n,)."""
        out = np.zeros(self.n) if self.offset is None else self.offset.copy()
        columns = zip(self.rows.x, self.rows.x_shifts, self.rows.x_scales, strict=True)
        for k, (column, shift, scale) in enumerate(columns):
            out += inner[k] * ((1.0 if column is None else column) - shift) / scale
        return out

    def middle(self, inner: Array) -> float:
        """What the predictor lacks of that of the data: inner cut points lack it too."""
        cuts = self.part("thresholds")
        if cuts is None:
            return 0.0
        return float(self.change[cuts.start, : self.p] @ inner[: self.p])

    def further_predictors(self, inner: Array) -> list[Array]:
        """The family's predictors beside eta at inner coefficients, shape (n,) each."""
        others = inner[self.p :]
        out = []
        for channel in self.channels:
            psi = np.zeros(self.n)
            if channel.which is not None:
                known = channel.which >= 0
                psi[known] = others[channel.which[known]]
            for column, k in zip(channel.columns, channel.coefficients, strict=True):
                psi += others[k] if column is None else others[k] * column
            out.append(psi)
        return out

    def coefficients(self, inner: Array) -> Array:
        """Coefficients on the data's scale."""
        return np.asarray(self.change @ inner)

    def inner(self, coefficients: Array) -> Array:
        """Inner coefficients from those on the data's scale."""
        return np.asarray(np.linalg.solve(self.change, coefficients))

    def with_prior(self, prior: Assigned | None) -> GeneralisedProblem:
        return replace(self, prior=prior)

    def with_nodes(self, n_agq: int) -> GeneralisedProblem:
        """The same likelihood by adaptive quadrature with so many nodes, or by Laplace's method."""
        return replace(self, n_agq=n_agq)

    def at_boundary(self, boundary: Boundary) -> GeneralisedProblem:
        """The problem of the family that this one becomes at an end of one of its predictors.

        The predictor has a single coefficient, which is left out.
        """
        place = self.part(boundary.part)
        assert place is not None
        assert place.stop == place.start + 1
        kept = np.delete(np.arange(self.change.shape[0]), place.start)
        at = place.start - self.p
        channels = tuple(
            replace(c, coefficients=tuple(k - (k > at) for k in c.coefficients))
            for part, c in zip(self.family.parts, self.channels, strict=True)
            if part != boundary.part
        )
        return replace(
            self,
            channels=channels,
            psi=tuple(part for part in self.psi if part.part != boundary.part),
            change=self.change[np.ix_(kept, kept)],
            family=boundary.becomes,
        )

    def with_response(self, y: Array) -> GeneralisedProblem:
        """The same model for another response, as the family takes it, shape (n,)."""
        y = np.ascontiguousarray(y, dtype=np.float64)
        channels = answer_channels(y, self.n_psi, 0) if self.ordered else self.channels
        return replace(self, rows=self.rows.replace(y=y), channels=channels)
