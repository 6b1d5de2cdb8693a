"""The presentation of a fit as methods, for the facade to inherit. No number is made here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

from ranef.answers import refuse_unknown_options

if TYPE_CHECKING:
    import pandas as pd

    from ranef.present.plots.accessor import PlotAccessor
    from ranef.present.protocol import FittedModel
    from ranef.present.summary import Summary

__all__ = ["Presented"]


@refuse_unknown_options("fit")
class Presented:
    """Methods that show a fitted model."""

    def summary(self, ddf: str = "satterthwaite") -> Summary:
        """The fit on a page, with tests of the fixed effects; HTML in notebooks.

        `ddf` is ``"satterthwaite"``, ``"residual"`` or ``"asymptotic"``.
        """
        from ranef.present.summary import summarize

        return summarize(cast("FittedModel", self), ddf)

    def tidy(
        self,
        effects: Literal["fixed", "ran_pars", "ran_vals"] = "fixed",
        ddf: str = "satterthwaite",
        level: float = 0.95,
    ) -> pd.DataFrame:
        """One row a parameter or conditional mode, with broom.mixed's columns."""
        from ranef.present.tidy import tidy

        return tidy(cast("FittedModel", self), effects, ddf, level)

    def glance(self) -> pd.DataFrame:
        """The fit in one row."""
        from ranef.present.tidy import glance

        return glance(cast("FittedModel", self))

    def augment(self) -> pd.DataFrame:
        """The rows used with fitted values, residuals and leverages."""
        from ranef.present.tidy import augment

        return augment(cast("FittedModel", self))

    def equation(self) -> str:
        """The model in LaTeX."""
        from ranef.present.equation import equation

        return equation(cast("FittedModel", self))

    @property
    def plot(self) -> PlotAccessor:
        """Plots: caterpillar, residuals, qq, slopes, shrinkage, effects, profile."""
        from ranef.present.plots.accessor import PlotAccessor

        return PlotAccessor(cast("FittedModel", self))

    def __str__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()
