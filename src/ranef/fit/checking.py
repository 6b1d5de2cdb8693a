"""A linear fit beside responses that are simulated from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ranef.fit.simulating import Simulating
from ranef.present.progress import progress, progress_bar
from ranef.types import Array

if TYPE_CHECKING:
    from ranef.inference.checks.record import ModelCheck
    from ranef.inference.checks.simulated import Responses, SimulatedData

__all__ = ["Checking"]


class Checking(Simulating):
    """What ``fit.plot.check()`` and ``fit.plot.simulated()`` draw; it delegates to functions."""

    def _check(self, n: int | None, level: float, seed: int | None) -> ModelCheck:
        """Residuals, effects and influence beside those of `n` simulated responses."""
        from ranef.fit.units import level_names
        from ranef.inference.checks.bands import number_of_simulations
        from ranef.inference.checks.linear import linear_looks
        from ranef.inference.checks.looks import check_of
        from ranef.inference.simulate import draw_key

        count = number_of_simulations(n, level, self._problem.n)
        key, part = draw_key(seed), self._problem.residual
        with progress_bar("simulations for the check of the model", count) as tick:
            own, simulate, group = linear_looks(
                self._problem,
                self._solution,
                self._design,
                self._data.y,
                self._weights,
                self._data.offset,
                part is None or part.whitening is None,
                lambda first, some: self._draws(some, key, "new", first),
                count,
                self._control.threads,
                tick,
            )
            return check_of(
                own,
                simulate,
                self._problem.labels,
                [term.levels for term in self._design.terms],
                level_names(self, group),
                "Standardised residual",
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

        def responses(draws: Array) -> Responses:
            from ranef.inference.checks.simulated import Responses

            return Responses(self._design.y, draws)

        return compared(self, responses, statistic, by, n, level, seed, random, many)
