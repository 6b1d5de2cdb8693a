"""What sums the rows of a model: the one way in which they enter a criterion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ranef.core import CrossProducts
from ranef.residual import ResidualStructure
from ranef.source.scaling import Scaling

__all__ = ["Source"]


class Source(Protocol):
    """Rows that can be summed, again and again.

    A criterion needs of them the cross-products A = [Z X y]'W[Z X y] and nothing else. If W depends
    on parameters phi of the residuals, A(phi) is a short sum c_1(phi) A_1 + c_2(phi) A_2 + ...
    of cross-products that do not: the source gives the A_k, the model of the residuals the c_k.
    """

    @property
    def n(self) -> int:
        """Rows."""
        ...

    @property
    def scaling(self) -> Scaling:
        """How the columns that are summed are made from the data's."""
        ...

    def gather(self, point: Sequence[float] = ()) -> list[CrossProducts]:
        """The A_k, in one pass over the rows.

        Parameters
        ----------
        point : sequence of float
            Parameters that the A_k themselves depend on; none if the weights of the rows are
            known. Then one A_k is all there is.
        """
        ...

    def gather_basis(self, residual: ResidualStructure) -> list[CrossProducts]:
        """The A_k of a structure of the residuals, a pass over the rows for each."""
        ...
