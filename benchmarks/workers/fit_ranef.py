"""ranef: from formula and frame to a certified fit, or from a design to a certified solution.

From matrices on, the clock runs from the columns of a design to the solution, as glmm's does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.model import Model
from benchmarks.workers.loop import Outcome, Task, serve

QUESTIONS: dict[str, Callable[[Any], Any]] = {
    "kenward-roger": lambda fit: fit.coefficients("kenward-roger"),
    "anova": lambda fit: fit.anova(),
    "leave-one-out": lambda fit: fit.influence(),
}


class Ranef:
    def version(self) -> str:
        import ranef

        return ranef.__version__

    def prepare(self, model: Model, frame: Any) -> Task:
        import ranef as rn

        control = rn.Control(threads=model.threads, crossed=model.crossed)
        if model.family is not None:
            return _generalised(rn, model, frame, control)

        if model.entry == "frame":
            return Task(
                run=lambda: rn.lmm(model.formula, frame, reml=model.reml, control=control),
                outcome=lambda fit: _outcome(fit.criterion, fit.certificate),
            )

        if model.entry == "refits":
            fit = rn.lmm(model.formula, frame, reml=model.reml)
            return Task(
                run=lambda: fit.bootstrap(model.refits, seed=1),
                outcome=lambda boot: Outcome(
                    fit.criterion,
                    round(float(boot.replicates["evaluations"].mean())),
                    f"{model.refits:,} refits, all cores",
                ),
                fits=model.refits,
            )

        if model.entry in QUESTIONS:
            fit, ask = rn.lmm(model.formula, frame, reml=model.reml), QUESTIONS[model.entry]
            return Task(
                run=lambda: ask(type(fit)(**fit.__getstate__())),  # nothing is kept
                outcome=lambda _: _outcome(fit.criterion, fit.certificate),
            )

        from ranef.design import build
        from ranef.formula import parse
        from ranef.frame import read_table
        from ranef.problem import make_problem
        from ranef.solve import solve

        formula = parse(model.formula)
        design = build(formula, read_table(frame, list(formula.variables())))

        def solved() -> Any:
            problem = make_problem(design, design.y, None, model.reml, threads=model.threads)
            return solve(problem, control)

        return Task(run=solved, outcome=lambda s: _outcome(s.criterion, s.certificate))


def _generalised(rn: Any, model: Model, frame: Any, control: Any) -> Task:
    def whole() -> Any:
        return rn.glmm(
            model.formula, frame, family=model.family, weights=model.weights, control=control
        )

    if model.entry == "frame":
        return Task(whole, lambda fit: _outcome(fit.criterion, fit.certificate))
    fit = whole()
    return Task(
        run=lambda: fit.bootstrap(model.refits, seed=1),
        outcome=lambda boot: Outcome(
            fit.criterion,
            round(float(boot.replicates["evaluations"].mean())),
            f"{model.refits:,} refits, all cores",
        ),
        fits=model.refits,
    )


def _outcome(criterion: float, certificate: Any) -> Outcome:
    return Outcome(criterion, certificate.evaluations, certificate.verdict)


if __name__ == "__main__":
    serve(Ranef())
