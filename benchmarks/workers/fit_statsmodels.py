"""statsmodels (PyPI): MixedLM, one grouping factor."""

from __future__ import annotations

from typing import Any

from benchmarks.model import Model
from benchmarks.workers.loop import Outcome, Task, serve


class StatsmodelsMixedLM:
    def version(self) -> str:
        from importlib.metadata import version

        return version("statsmodels")

    def prepare(self, model: Model, frame: Any) -> Task:
        import statsmodels.formula.api as smf

        words = model.statsmodels
        if words is None:
            raise ValueError("this model is not given in statsmodels' words")
        return Task(
            run=lambda: smf.mixedlm(
                words.fixed, frame, groups=frame[words.groups], re_formula=words.random
            ).fit(reml=model.reml),
            outcome=lambda fit: Outcome(
                -2.0 * float(fit.llf), None, "" if fit.converged else "not converged"
            ),
        )


if __name__ == "__main__":
    serve(StatsmodelsMixedLM())
