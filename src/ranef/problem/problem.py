"""What is minimised, without the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from ranef.core import (
    NO_PENALTY,
    CoreKernel,
    CrossedSolver,
    CrossProducts,
    Penalty,
    Rows,
    TermBlock,
    TermLabel,
    change_response,
)
from ranef.core.columns import row_threads
from ranef.covariance import structure_of
from ranef.design import Design
from ranef.problem.residuals import ResidualPart
from ranef.source import Source, in_memory, rows_of
from ranef.source.scaling import COLLINEAR, Scaling, orthogonal_scaling, with_response
from ranef.types import Array

if TYPE_CHECKING:
    from ranef.priors.assign import Assigned
    from ranef.residual import ResidualStructure

__all__ = ["Problem", "make_problem"]


@dataclass(frozen=True, slots=True)
class Problem:
    """A profiled criterion: cross-products, structure of the random effects, ML or REML.

    Attributes
    ----------
    products : CrossProducts
        Of the inner (shifted, scaled) columns.
    terms : tuple of TermBlock
        Where each random-effects term stands.
    labels : tuple of TermLabel
    scaling : Scaling
    reml : bool
    prior : Assigned or None
        Then the criterion is penalised: it has -2 log density of the prior on top.
    rows : Rows or None
        Of the inner columns, where cross-products lose digits that the fit needs: a kernel then
        sums what is left of X and y over them.
    residual : ResidualPart or None
        The structure of the residuals. If its parameters are known, `products` are those at these
        parameters. If not, the search is over them and the covariances together.
    solver : CrossedSolver or None
        If crossed factors are solved by iterations: the criterion is then an estimate.
    path : str
        Why they are solved as they are; empty if there are none, or if it is not decided.
    average : bool
        Whether average information stands in for exact second derivatives.
    """

    products: CrossProducts = field(repr=False)
    terms: tuple[TermBlock, ...]
    labels: tuple[TermLabel, ...]
    scaling: Scaling = field(repr=False)
    reml: bool
    prior: Assigned | None = None
    rows: Rows | None = field(default=None, repr=False)
    residual: ResidualPart | None = field(default=None, repr=False)
    solver: CrossedSolver | None = None
    path: str = ""
    average: bool = False

    @property
    def n(self) -> int:
        return int(self.products.n)

    @property
    def p(self) -> int:
        return int(self.products.p)

    @property
    def sizes(self) -> Sequence[tuple[int, int]]:
        """Levels, and columns of all terms, by grouping factor."""
        return self.products.sizes

    @property
    def other_words(self) -> Sequence[str]:
        """A phrase for each parameter that is searched for beside the covariances."""
        return () if self.residual is None else self.residual.structure.parameter_words

    def other_sizes(self, step: Array) -> Array:
        """A step of these parameters in units of the sizes that they have."""
        return step

    @property
    def nu(self) -> float:
        """Degrees of freedom of the residual variance: n (ML) or n - p (REML).

        Each coefficient with a normal prior adds one: its prior is a row of data.
        """
        return float(self.n - (self.p if self.reml else 0) + self._n_priors)

    @property
    def _n_priors(self) -> int:
        return 0 if self.prior is None else self.prior.n_fixed

    @property
    def n_theta(self) -> int:
        return sum(structure_of(term).size for term in self.terms)

    @property
    def n_residual(self) -> int:
        """Parameters of the residuals beside their variance."""
        return 0 if self.residual is None else self.residual.size

    @property
    def searched(self) -> ResidualPart | None:
        """The structure of the residuals, if its parameters are to be searched for."""
        part = self.residual
        return part if part is not None and part.phi is None else None

    def penalty(self) -> Penalty:
        """What the priors add, in inner coordinates."""
        if self.prior is None:
            return NO_PENALTY
        shift = np.zeros(self.p)
        if self.scaling.intercept is not None:
            shift[self.scaling.intercept] = self.scaling.y_shift / self.scaling.y_scale
        return self.prior.penalty(self.terms, self.scaling.B, self.scaling.R, shift)

    def kernel(self, threads: int = 1) -> CoreKernel:
        """A new workspace for the criterion on the data's scale, made by some threads.

        Raises
        ------
        TooLargeError
            Crossed factors with so many levels that the fit does not fit in memory.
        """
        constant = self.scaling.criterion_constant(self.nu, self.reml)
        penalty = NO_PENALTY
        if self.prior is not None:
            constant += self.prior.fixed_constant()
            penalty = self.penalty()
        part = self.searched
        kernel = CoreKernel(
            self.products,
            self.reml,
            constant,
            penalty,
            threads,
            () if part is None else part.basis,
            None if part is None else part.core,
            self.solver,
            self.average,
        )
        if kernel.dense_columns:
            from ranef.problem.memory import check_memory

            factors = {
                t.group: label.factor for t, label in zip(self.terms, self.labels, strict=True)
            }
            crossed = [factors[group] for group in kernel.crossed]
            check_memory(kernel.memory, kernel.dense_columns, crossed)
        if self.rows is not None:
            kernel.refine(self.rows)
        return kernel

    def with_response(
        self, design: Design, y: Array, weights: Array | None, threads: int | None = None
    ) -> Problem:
        """The same model for another response, less offset.

        `design`, but for its response, and `weights` are those that the problem was made from.
        """
        scaling = with_response(self.scaling, design.response, y)
        moved = replace(self, scaling=scaling, rows=None)
        rows = moved.rows_of(design, y, weights)
        products = change_response(self.products, rows, row_threads(design.n, threads))
        return replace(moved, products=products)

    def with_rows(self, design: Design, y: Array, weights: Array | None) -> Problem:
        """The same, from the rows where cross-products lose digits; `y` less offset."""
        return replace(self, rows=self.rows_of(design, y, weights))

    def rows_of(self, design: Design, y: Array, weights: Array | None) -> Rows:
        """The rows that the cross-products are of: their residuals are independent.

        Parameters
        ----------
        design : Design
        y : ndarray, shape (n,)
            Response less offset.
        weights : ndarray or None, shape (n,)
        """
        rows = rows_of(design, self.scaling, y, weights)
        whitening = None if self.residual is None else self.residual.whitening
        return rows if whitening is None else whitening.rows(rows)

    def at_residual(self, phi: Array) -> Problem:
        """The problem at known parameters of the residuals: one of independent residuals."""
        assert self.residual is not None
        products = self.residual.products(phi)
        return replace(self, products=products, residual=self.residual.at(phi), rows=None)

    def to_search(self) -> Problem:
        """The problem whose parameters of the residuals are searched for, if it has any."""
        if self.residual is None:
            return self
        start = self.residual.start()
        return replace(self, products=self.residual.products(start), rows=None,
                       residual=self.residual.at(None))  # fmt: skip

    def with_reml(self, reml: bool) -> Problem:
        return replace(self, reml=reml)

    def with_prior(self, prior: Assigned | None) -> Problem:
        return replace(self, prior=prior)


def make_problem(
    design: Design,
    y: Array,
    weights: Array | None,
    reml: bool,
    prior: Assigned | None = None,
    threads: int | None = None,
    residual: ResidualStructure | None = None,
) -> Problem:
    """Form the cross-products of a design and describe the criterion.

    Parameters
    ----------
    design : Design
    y : ndarray, shape (n,)
        Response less offset.
    weights : ndarray or None, shape (n,)
        Precision weights.
    reml : bool
    prior : Assigned, optional
    threads : int, optional
        Threads that pass over the rows (see :func:`~ranef.core.columns.row_threads`).
    residual : ResidualStructure, optional
        Of these rows; its parameters are not known yet.
    """
    threads = row_threads(design.n, threads)
    source: Source = in_memory(design, y, weights, threads)
    (products,) = source.gather()
    if products.p > 1 and products.fixed_part[0] < COLLINEAR:
        inner = orthogonal_scaling(design, source.scaling)
        source = in_memory(design, y, weights, threads, inner)
        (products,) = source.gather()
    part = None
    if residual is not None:
        basis = tuple(source.gather_basis(residual))
        part = ResidualPart(residual, basis, products.sum_log_weights)
        products = part.products(part.start())
    plan = design.plan
    scaling = source.scaling
    return Problem(products, plan.blocks, plan.labels, scaling, reml, prior, residual=part)
