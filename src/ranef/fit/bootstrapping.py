"""A bootstrap of whatever a function makes of a fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.errors import OptionError, RanefError
from ranef.inference.bootstrap import BootstrapDraws, BootstrapPlan
from ranef.inference.parameters import Parameter
from ranef.inference.simulate import draw_key
from ranef.options import shown
from ranef.present.progress import progress_bar
from ranef.present.results.bootstrap import Bootstrap
from ranef.types import Array

if TYPE_CHECKING:
    from ranef.fit.generalised.refitting import GeneralisedRefitting
    from ranef.fit.refitting import Refitting

__all__ = ["bootstrap_statistic"]

AT_ONCE = 64  # responses that are drawn together


def bootstrap_statistic(
    fit: Refitting | GeneralisedRefitting,
    statistic: Callable[[Any], Any] | None,
    plan: BootstrapPlan,
) -> Bootstrap:
    """Refit responses drawn from a fit, and record a statistic of each refit.

    Parameters
    ----------
    fit : Fit
    statistic : callable, optional
        All parameters of the model where None.
    plan : BootstrapPlan

    Raises
    ------
    OptionError
        A kind that draws no responses, a statistic that fails or gives no numbers.
    """
    if plan.kind not in ("parametric", "conditional"):
        raise OptionError(
            f"a bootstrap of kind {shown(plan.kind)} has no refits to take a statistic of",
            found=f"kind={shown(plan.kind)}",
            fix='use kind="parametric" or kind="conditional"',
        )
    if statistic is None:
        statistic = _all_parameters
    if not callable(statistic):
        raise OptionError(
            "statistic is a function of a fit",
            found=f"statistic={shown(statistic)}",
            fix='write one, as in statistic=lambda fit: fit.fixef["x"] / fit.sigma',
        )
    names, estimates = _value(statistic, fit)
    seed, n = draw_key(plan.seed), int(plan.n)
    random = "new" if plan.kind == "parametric" else "conditional"
    values = np.full((n, len(names)), np.nan)
    criterion, evaluations = np.full(n, np.nan), np.zeros(n, dtype=np.int64)
    singular, converged, unbounded = np.zeros((3, n), dtype=np.bool_)
    with progress_bar(f"{plan.kind} bootstrap", n) as tick:
        for first in range(0, n, AT_ONCE):
            some = fit._draws(min(AT_ONCE, n - first), seed, random, first)  # type: ignore[union-attr]
            for k, y in enumerate(some.T, start=first):
                try:
                    refit = fit._refitted(y)
                except RanefError:
                    continue
                found, values[k] = _value(statistic, refit)
                if found != names:
                    raise OptionError(
                        "the statistic has other names in a refit",
                        found=f"{', '.join(found[:5])} in replicate {k} (from 0)",
                        fix="return the same numbers for every fit",
                    )
                certificate = refit._solution.certificate
                criterion[k] = refit._solution.criterion
                evaluations[k] = certificate.evaluations
                singular[k] = certificate.singular
                converged[k] = certificate.certified
                unbounded[k] = certificate.verdict == "no finite maximum"
                tick(k + 1)
    draws = BootstrapDraws(
        parameters=tuple(Parameter(name, "statistic") for name in names),
        values=values,
        criterion=criterion,
        singular=singular,
        converged=converged,
        evaluations=evaluations,
        kind=plan.kind,
        seed=seed,
        unbounded=None if fit._estimates.sigma is not None else unbounded,
    )
    return Bootstrap(fit._formula.text, draws, estimates, fit._words)


def _all_parameters(fit: Any) -> dict[str, float]:
    from ranef.inference.parameters import values_of

    estimates = fit._estimates
    values = values_of(
        fit._parameters,
        estimates.beta[None, :],
        [c[None, :, :] for c in estimates.covariances],
        np.array([estimates.sigma]),
    )[0]
    found: dict[str, float] = {
        p.name: v for p, v in zip(fit._parameters, values.tolist(), strict=True)
    }
    found.update(fit._residual_values)
    return found


def _value(statistic: Callable[[Any], Any], fit: Any) -> tuple[list[str], Array]:
    """Names and numbers of what a statistic returns."""
    try:
        made = statistic(fit)
    except Exception as error:
        raise OptionError(
            "the statistic cannot be computed",
            found=f"{type(error).__name__}: {error}"[:200],
            fix="try it on the fit itself: statistic(fit)",
        ) from error
    names: list[str] | None = None
    if isinstance(made, Mapping):
        names, made = [str(key) for key in made], list(made.values())
    elif hasattr(made, "index") and hasattr(made, "to_numpy"):
        names, made = [str(key) for key in made.index], made.to_numpy()
    try:
        values = np.array(made, dtype=np.float64)
        if values.ndim > 1 or values.size == 0:
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise OptionError(
            "the statistic does not return numbers",
            found=f"{shown(made)}",
            fix="return a number, or a Series, mapping or array of numbers",
        ) from None
    if names is None:
        names = ["statistic"] if values.ndim == 0 else [f"statistic{k}" for k in range(values.size)]
    return names, values.reshape(-1)
