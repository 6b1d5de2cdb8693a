"""Sources: they sum the rows of a model, which enter a criterion only in this way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ranef.core import CrossProducts
from ranef.residual import ResidualStructure
from ranef.source.scaling import Scaling

__all__ = ["Source"]


class Source(Protocol):
    """Rows that can be summed any number of times.

    From the rows a criterion needs only the cross-products A = [Z X y]'W[Z X y]. If W depends
    on parameters phi of the residuals, A(phi) is a short sum c_1(phi) A_1 + c_2(phi) A_2 + ...
    of cross-products that do not: the source gives the A_k, the model of the residuals the c_k.
    """

    @property
    def n(self) -> int:
        """Rows."""
        ...

    @property
    def scaling(self) -> Scaling:
        """The scaling that leads from the columns of the data to those that are summed."""
        ...

    def gather(self, point: Sequence[float] = ()) -> list[CrossProducts]:
        """The A_k, in one pass over the rows.

        Parameters
        ----------
        point : sequence of float
            Parameters that the A_k themselves depend on; empty if the weights of the rows are
            known. Then there is one A_k.
        """
        ...

    def gather_basis(self, residual: ResidualStructure) -> list[CrossProducts]:
        """The A_k of a structure of the residuals, a pass over the rows for each."""
        ...
