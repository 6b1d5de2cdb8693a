"""A generalised fit beside responses that are simulated from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ranef.fit.generalised.influential import GeneralisedInfluential
from ranef.fit.generalised.simulating import GeneralisedSimulating
from ranef.present.progress import progress, progress_bar

if TYPE_CHECKING:
    from ranef.inference.checks.record import ModelCheck
    from ranef.inference.checks.simulated import SimulatedData

__all__ = ["GeneralisedSimulatedCheck"]


class GeneralisedSimulatedCheck(GeneralisedSimulating, GeneralisedInfluential):
    """What ``fit.plot.check()`` and ``fit.plot.simulated()`` draw; it delegates to functions."""

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
            own, simulate, group = generalised_looks(
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
                simulate,
                self._problem.labels,
                [term.levels for term in self._design.terms],
                level_names(self, group),
                "Quantile residual",
                level,
                key,
            )

    @progress("simulating from the model")
    def _compared(
        self,
        statistic: Any,
        by: str | None,
        n: int | None,
        level: float,
        seed: int | None,
        random: str,
        many: int,
    ) -> SimulatedData:
        """The response beside simulated responses, in the form in which they are drawn."""
        from ranef.fit.splitting import compared
        from ranef.inference.checks.responses import responses_of_family

        own, coded = self._data.y, self._design.generalised
        levels = () if coded is None else coded.levels
        return compared(
            self,
            lambda drawn: responses_of_family(self._family, own, drawn, self._weights, levels),
            statistic,
            by,
            n,
            level,
            seed,
            random,
            many,
        )
