"""Right calls of generalised models in the compiled core."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ranef import _core
from studies.core_parts import plan_from, priors_from, read, reading, rows_from

__all__ = ["generalised_calls"]


def generalised_calls(call: Callable[..., None], p: Any, rng: np.random.Generator) -> None:
    """A generalised model, its search and what it says at a point."""
    groups, x, shifts, scales, y, *_ = p.rows
    family, link = [("binomial", "logit"), ("poisson", "log"), ("nbinom2", "log")][rng.integers(3)]
    y = (y > 0.0) * 1.0 if family == "binomial" else np.floor(np.exp(np.clip(y, -3.0, 3.0)))
    rows = (groups, x, shifts, scales, y, 0.0, 1.0, None)
    channels, others = [], 0
    if family == "nbinom2" and rng.random() < 0.5:
        channels, others = [([None, rng.normal(size=y.size)], [0.0, 0.0], [1.0, 2.0], [0, 1])], 2
    elif family == "nbinom2":
        which = rng.integers(-1, 3, y.size).astype(np.int32)
        which[:3] = 0, 1, 2
        channels, others = [([], None, None, [], which)], 3
    size = len(x) + others
    half = rng.normal(size=(size, size))
    normal = (np.asfortranarray(half + half.T), rng.normal(size=size), 0.0)
    held = [(0, 0.5)] if size > 0 and rng.random() < 0.5 else []
    offset = rng.normal(size=y.size)
    n_agq = int(rng.choice([1, 3])) if len(groups) == 1 and len(groups[0][2]) < 4 else 1
    parts = (rows, offset, channels, others, family, link, [], n_agq, p.priors, normal, held, 1)

    def model_of(*parts: Any) -> Any:
        rows, offset, channels, *middle = parts
        priors, *last = middle[5:]
        terms = [_channel(*one) for one in channels]
        return _core.Generalised(
            rows_from(rows), offset, terms, *middle[:5], priors_from(priors), *last
        )

    model = model_of(*parts[:8], [], None, held, 1)
    identities = [np.asfortranarray(np.eye(q)) for _, q in p.products.sizes]
    directions = [(g, d) for g, d in enumerate(identities)]
    c = np.zeros(size)
    start = np.concatenate([p.solved.inner, c])

    def used(lambda_: Any, c: Any, tolerance: Any) -> None:
        if model.evaluate(lambda_, c, tolerance):
            model.gamma(), model.slopes(), model.second([]), model.eta(), model.row_derivatives(3)

    call("Channel", _channel, *(channels or [([None], None, None, [0])])[0])
    call("Generalised", lambda *parts: read(model_of(*parts)), *parts)
    call("Generalised.evaluate", used, identities, c, 1e-10)
    call("Generalised.solve", reading(model.solve), p.scaling, start, 20, 1e-8, 1, True)
    alone = (p.scaling, None, 20, 1e-8, 0, False)
    call("Generalised.solve from its start", reading(model.solve), *alone)
    call("Generalised.solve to an end", reading(model.solve), *alone, [(0, 1, 0.5)])
    call("Generalised.next_term", model.next_term)
    call("Generalised.joint_scores", model.joint_scores)
    free = model_of(*parts[:8], [], None, [], 1)
    plan = (1, 0, 2, 1, start, 10, 1e-6, lambda done: None)
    two = np.asfortranarray(np.column_stack([y, y[::-1]]))

    def refits(plan: Any, responses: Any, again: Any) -> None:
        read(free.refit(p.scaling, responses, False, again, plan_from(plan), []))

    def refits_of_levels(plan: Any, again: Any) -> None:
        read(free.refit_drawn(p.scaling, again, plan_from(plan), []))

    call("Generalised.refit", refits, plan, two, start)
    if len(groups) == 1:
        call("Generalised.refit_drawn", refits_of_levels, plan, start)
    call("drawn_levels", _core.drawn_levels, 1, 2, 5)
    model.evaluate(identities, c, 1e-10)
    call("Generalised.second", model.second, directions, True)
    call("Generalised.mode_derivatives", model.mode_derivatives, directions)
    call("Generalised.row_derivatives", model.row_derivatives, 4)
    asked = (groups, x, shifts, scales, y, 0.0, 1.0, None)
    call("Generalised.row_variances", lambda r: model.row_variances(rows_from(r)), asked)
    for name in ("gamma", "slopes", "modes", "conditional_variances", "eta"):
        call(f"Generalised.{name}", getattr(model, name))


def _channel(columns: Any, shifts: Any, scales: Any, coefficients: Any, which: Any = None) -> Any:
    return _core.Channel(columns, shifts, scales, coefficients=coefficients, which=which)
