"""What is minimised, without the rows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ranef.design import Design
from ranef.kernel import CoreKernel, CrossProducts, Kernel, ReferenceKernel, TermBlock
from ranef.source.memory import gather, place_terms
from ranef.source.scaling import Scaling, scaling_of
from ranef.types import Array

__all__ = ["Problem", "TermLabel", "make_problem"]


@dataclass(frozen=True, slots=True)
class TermLabel:
    """Names of a random-effects term: as printed, its factor, its q coefficients."""

    label: str
    factor: str
    names: tuple[str, ...]
    n_levels: int


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
    """

    products: CrossProducts = field(repr=False)
    terms: tuple[TermBlock, ...]
    labels: tuple[TermLabel, ...]
    scaling: Scaling = field(repr=False)
    reml: bool

    @property
    def n(self) -> int:
        return int(self.products.n)

    @property
    def p(self) -> int:
        return int(self.products.p)

    @property
    def nu(self) -> float:
        """Degrees of freedom of the residual variance: n (ML) or n - p (REML)."""
        return float(self.n - (self.p if self.reml else 0))

    @property
    def n_theta(self) -> int:
        return sum(t.q * (t.q + 1) // 2 for t in self.terms)

    def kernel(self, reference: bool = False) -> Kernel:
        """A new workspace for the criterion on the data's scale."""
        constant = self.scaling.criterion_constant(self.nu, self.reml)
        if reference:
            return ReferenceKernel(self.products, self.reml, constant)
        return CoreKernel(self.products, self.reml, constant)

    def with_reml(self, reml: bool) -> Problem:
        return replace(self, reml=reml)


def make_problem(design: Design, y: Array, weights: Array | None, reml: bool) -> Problem:
    """Form the cross-products of a design and describe the criterion.

    Parameters
    ----------
    design : Design
    y : ndarray, shape (n,)
        Response less offset.
    weights : ndarray or None, shape (n,)
        Precision weights.
    reml : bool
    """
    scaling = scaling_of(design, y)
    labels = tuple(TermLabel(t.label, t.factor, t.names, t.n_levels) for t in design.terms)
    products = gather(design, scaling, y, weights)
    return Problem(products, place_terms(design.terms), labels, scaling, reml)
