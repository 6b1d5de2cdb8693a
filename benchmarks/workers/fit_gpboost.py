"""gpboost (PyPI): random intercepts by maximum likelihood, from matrices that it is handed."""

from __future__ import annotations

from typing import Any

from benchmarks.model import Model
from benchmarks.workers.loop import Outcome, Task, serve


class Gpboost:
    def version(self) -> str:
        from importlib.metadata import version

        return version("gpboost")

    def prepare(self, model: Model, frame: Any) -> Task:
        import gpboost
        import numpy as np
        from formulaic import model_matrix

        response, right = (part.strip() for part in model.formula.split("~"))
        fixed = right.split("+ (")[0].strip()
        x = model_matrix(fixed, frame)
        y = frame[response].to_numpy(dtype=float)
        groups = np.column_stack([_codes(frame, name) for name in model.intercepts])

        def run() -> Any:
            fitted = gpboost.GPModel(
                group_data=groups, likelihood="gaussian", num_parallel_threads=1
            )
            fitted.fit(y=y, X=x.to_numpy())
            return fitted

        return Task(run, lambda fit: Outcome(2.0 * fit.get_current_neg_log_likelihood()))


def _codes(frame: Any, name: str) -> Any:
    """Level numbers of a column, or of the combinations of several (``a:b``)."""
    return frame.groupby(name.split(":"), observed=True).ngroup().to_numpy()


if __name__ == "__main__":
    serve(Gpboost())
