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

        weights = None if model.weights is None else frame[model.weights].to_numpy()

        def whole() -> Any:
            if model.family is not None:
                return glmm.fit(frame, model.formula, model.family, weights=weights)
            return glmm.fit(frame, model.formula, reml=model.reml, satterthwaite=False)

        if model.entry == "frame":
            return Task(
                whole, lambda fit: _outcome(fit.loglik, fit.n_eval + fit.n_grad, fit.converged)
            )

        if model.entry == "refits":
            return _refits(glmm, whole(), model, frame)

        arguments = _compiled_call(glmm, whole)
        return Task(
            run=lambda: glmm._native.fit(*arguments),
            outcome=lambda record: _outcome(record["loglik"], None, record["converged"]),
        )


def _refits(glmm: Any, fit: Any, model: Model, frame: Any, count: int = 200) -> Task:
    """A loop of fits: it has no bootstrap of linear models.

    The responses are made beforehand, the observed one with noise: what is timed is the fit.
    """
    import numpy as np

    rng = np.random.default_rng(1)
    response = model.formula.split("~")[0].strip()
    y = frame[response].to_numpy()
    frames = [
        frame.assign(**{response: y + y.std() * rng.normal(size=y.size)}) for _ in range(count)
    ]

    def run() -> None:
        for replicate in frames:
            glmm.fit(replicate, model.formula, reml=model.reml, satterthwaite=False)

    note = f"a loop of {count} fits"
    return Task(run, lambda _: Outcome(-2.0 * fit.loglik, None, note), fits=count)


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
