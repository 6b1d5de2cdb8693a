"""A generalised fit beside responses that are simulated from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ranef.fit.generalised.influential import GeneralisedInfluential
from ranef.fit.generalised.simulating import GeneralisedSimulating
from ranef.present.progress import progress_bar

if TYPE_CHECKING:
    from ranef.inference.checks.record import ModelCheck

__all__ = ["GeneralisedSimulatedCheck"]


class GeneralisedSimulatedCheck(GeneralisedSimulating, GeneralisedInfluential):
    """What ``fit.plot.check()`` draws; it delegates to functions."""

    def _check(self, n: int | None, level: float, seed: int | None) -> ModelCheck:
        """Residuals, effects and influence beside those of `n` simulated responses."""
        from ranef.fit.units import level_names
        from ranef.inference.checks.bands import number_of_simulations
        from ranef.inference.checks.generalised import generalised_looks
        from ranef.inference.checks.looks import check_of
        from ranef.inference.simulate import draw_key

        count = number_of_simulations(n, level, self._problem.n)
        key = draw_key(seed)
        with progress_bar("simulations for the check of the model", count) as tick:
            own, simulated, group = generalised_looks(
                self._solution,
                self._family,
                self._psi,
                self._data.y,
                self._weights,
                lambda: self._leverage,
                self._control.threads,
                lambda first, some: self._draws(some, key, "new", first),
                key,
                count,
                tick,
            )
            return check_of(
                own,
                simulated,
                self._problem.labels,
                [term.levels for term in self._design.terms],
                level_names(self, group),
                "Quantile residual",
                level,
                key,
            )
