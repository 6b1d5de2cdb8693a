"""ranef: from formula and frame to a certified fit, or from a design to a certified solution."""

from __future__ import annotations

from typing import Any

from benchmarks.model import Model
from benchmarks.workers.loop import Outcome, Task, serve


class Ranef:
    def version(self) -> str:
        import ranef

        return ranef.__version__

    def prepare(self, model: Model, frame: Any) -> Task:
        import ranef as rn

        control = rn.Control(threads=model.threads)
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

        from ranef.design import build
        from ranef.formula import parse
        from ranef.frame import read_table
        from ranef.solve import solve_design

        formula = parse(model.formula)
        design = build(formula, read_table(frame, list(formula.variables())))
        return Task(
            run=lambda: solve_design(design, design.y, None, model.reml, control=control),
            outcome=lambda solved: _outcome(solved.solution.criterion, solved.solution.certificate),
        )


def _outcome(criterion: float, certificate: Any) -> Outcome:
    return Outcome(criterion, certificate.evaluations, certificate.verdict)


if __name__ == "__main__":
    serve(Ranef())
