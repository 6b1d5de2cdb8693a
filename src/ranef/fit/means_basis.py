"""What means of all kinds share: variables, offsets, and the method for degrees of freedom."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.fit.mixed_record import MixedRecord
from ranef.types import Array

if TYPE_CHECKING:
    from ranef.frame import Table
    from ranef.inference.means.rows import Basis
    from ranef.inference.means.variables import Variable

__all__ = ["MeansBasis"]


class MeansBasis(MixedRecord):
    """Of the mixins of marginal means and of averages over rows."""

    def _variables(self) -> dict[str, Variable]:
        from ranef.inference.means.variables import variables_of

        return variables_of(self._design.encoding, self._reference)

    def _frequencies(self, variables: Mapping[str, Variable]) -> Array | None:
        """How often each row counts that levels are read from; None if all count once."""
        elsewhere = self._data.elsewhere
        if elsewhere is None:
            return None
        values = [v.name for v in variables.values() if v.kind in ("pair", "truth")]
        if values:
            elsewhere.missed(f"how often the values of {', '.join(values)} occur")
        return elsewhere.frequencies

    def _basis(self, ddf: str, vcov: Any) -> Basis:
        """The one place where means meet a method for degrees of freedom."""
        from ranef.inference.means.rows import Basis

        return Basis(
            self._design.encoding,
            self._estimates.beta,
            self._method(ddf, vcov),
            self._spread,
            self._response_scale,
        )

    @abstractmethod
    def _spread(self, which: str) -> tuple[float, float]:
        """A standard deviation that effects are measured by, and its degrees of freedom.

        `which` is ``"residual"`` or ``"total"``.
        """

    def _offsets(self, rows: Table, place: slice | None) -> Array:
        """Offsets of rows of the fit, or of a grid if `place` is None.

        The part of the offset that the formula does not hold is that of the rows, or its mean. A
        variable of rows of the fit may have been moved.
        """
        encoding = self._design.encoding
        own = encoding.offset(rows)
        total = np.zeros(rows.n_rows) if own is None else own
        offset, elsewhere = self._data.offset, self._data.elsewhere
        if elsewhere is not None:
            return np.asarray(total + elsewhere.mean_offset)
        if offset is None:
            return total
        given = self._design.offset
        rest = offset if given is None else offset - given
        return np.asarray(total + (float(np.mean(rest)) if place is None else rest[place]))
