"""mixedlm (PyPI), lme4's interface on a Rust backend."""

from __future__ import annotations

from typing import Any

from benchmarks.model import Model
from benchmarks.workers.loop import Outcome, Task, serve


class Mixedlm:
    def version(self) -> str:
        from importlib.metadata import version

        return version("mixedlm")

    def prepare(self, model: Model, frame: Any) -> Task:
        import mixedlm

        return Task(
            run=lambda: mixedlm.lmer(model.formula, frame, REML=model.reml),
            outcome=_outcome,
        )


def _outcome(fit: Any) -> Outcome:
    loglik = fit.logLik()
    value = float(getattr(loglik, "value", loglik))
    return Outcome(-2.0 * value, None, "" if fit.converged else "not converged")


if __name__ == "__main__":
    serve(Mixedlm())
