"""glmm (PyPI), a Rust engine.

Without Satterthwaite's degrees of freedom: no tool here computes tests within the fit. It has no
entry for matrices: there the clock runs over its compiled function alone, on columns that are
extracted and coded already.
"""

from __future__ import annotations

from typing import Any

from benchmarks.model import Model
from benchmarks.workers.loop import Outcome, Task, serve


class Glmm:
    def version(self) -> str:
        from importlib.metadata import version

        return version("glmm")

    def prepare(self, model: Model, frame: Any) -> Task:
        import glmm

        def whole() -> Any:
            return glmm.fit(frame, model.formula, reml=model.reml, satterthwaite=False)

        if model.entry == "frame":
            return Task(
                whole, lambda fit: _outcome(fit.loglik, fit.n_eval + fit.n_grad, fit.converged)
            )

        arguments = _compiled_call(glmm, whole)
        return Task(
            run=lambda: glmm._native.fit(*arguments),
            outcome=lambda record: _outcome(record["loglik"], None, record["converged"]),
        )


def _compiled_call(glmm: Any, whole: Any) -> tuple[Any, ...]:
    """What `glmm.fit` hands to the compiled function."""
    native, seen = glmm._native, []

    class Listening:
        def __getattr__(self, name: str) -> Any:
            return getattr(native, name)

        def fit(self, *arguments: Any) -> Any:
            seen.append(arguments)
            return native.fit(*arguments)

    glmm._native = Listening()
    try:
        whole()
    finally:
        glmm._native = native
    return seen[0]


def _outcome(loglik: float, evaluations: int | None, converged: bool) -> Outcome:
    return Outcome(-2.0 * loglik, evaluations, "" if converged else "not converged")


if __name__ == "__main__":
    serve(Glmm())
