"""Effects between groups beside those within."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from ranef.fit.mixed_record import MixedRecord
from ranef.present.progress import progress
from ranef.types import Array

if TYPE_CHECKING:
    from ranef.inference.contextual import Contextual, Look
    from ranef.inference.ddf import Method

__all__ = ["Explained"]


class Explained(MixedRecord):
    """The method that sets two slopes beside each other; it delegates to a function."""

    @progress("fitting the slopes within and between groups")
    def contextual(self, variable: str, by: str | None = None) -> Contextual:
        """The slope of a predictor between groups less its slope within them, with a test.

        Parameters
        ----------
        variable : str
            A number of the fixed part that varies within groups and between their means. The
            model is fitted once more with ``within(x, g)`` and ``between(x, g)`` in its place,
            unless it holds both; priors play no part in that.
        by : str, optional
            The grouping factor, where the predictor varies between levels of several.

        Returns
        -------
        Contextual
            ``within``, ``between`` and ``estimate``, their difference, each with a standard error;
            a test; prints as a sentence.

        Raises
        ------
        OptionError
            The predictor has no two slopes in this model.

        Examples
        --------
        >>> import ranef as rn
        >>> fit = rn.lmm("math ~ ses * sector + (ses | sch.id)", rn.datasets.load("hsb"))
        >>> effect = fit.contextual("ses")
        >>> round(effect.between, 2), round(effect.within, 2), round(effect.estimate, 2)
        (5.78, 2.79, 2.99)
        """
        from ranef.inference.contextual import contextual

        return contextual(self._formula, self._design, self._look, variable, by)

    @property
    def _look(self) -> Look:
        """What answers questions about the rows."""
        from ranef.inference.contextual import InRows

        return InRows(self._formula, self._data, self._coefficients_of)

    @abstractmethod
    def _coefficients_of(self, data: Any) -> tuple[Array, Method]:
        """Fixed effects of the same model for another design, and what judges them."""
