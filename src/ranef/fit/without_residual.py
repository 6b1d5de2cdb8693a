"""A model without a residual variance: what is said in its place, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, Self

from ranef.errors import OptionError
from ranef.fit.mixed_record import MixedRecord
from ranef.types import Array

if TYPE_CHECKING:
    from ranef.residual.base import Line

__all__ = ["WithoutResidual"]


class WithoutResidual(MixedRecord):
    """What a linear model measures by its residual standard deviation."""

    @property
    def sigma(self) -> None:
        """None: there is no residual variance."""
        return None

    @property
    def _covariance_scale(self) -> float:
        """Covariances are not relative to anything."""
        return 1.0

    @property
    def _residual_text(self) -> str:
        """No structure of residuals."""
        return ""

    @property
    def _residual_lines(self) -> tuple[Line, ...]:
        """No parameters of one."""
        return ()

    def _spread(self, which: str) -> tuple[float, float]:
        """There is no standard deviation of the response to measure effects by.

        Raises
        ------
        OptionError
        """
        return self._refuse(
            "effect sizes in standard deviations are for linear models",
            "give a number, effect_size(sigma=1.0); .response has the contrasts as ratios",
        )

    def _standardised(self) -> Self:
        """The response cannot be standardised.

        Raises
        ------
        OptionError
        """
        return self._refuse(_STANDARDISE, _RESCALE)

    def _coefficient_units(self, within: bool) -> Array:
        """The same."""
        return self._refuse(_STANDARDISE, _RESCALE)

    def _refuse(self, what: str, fix: str) -> NoReturn:
        raise OptionError(
            what,
            where=self._formula.text,
            found="a generalised model, which has no residual variance",
            fix=fix,
        )


_STANDARDISE = "standardize is for linear models"
_RESCALE = "divide the predictors by their standard deviations before fitting"
