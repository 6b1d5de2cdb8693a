"""A fit of sums in a file, and back: the sums go with it, so that they answer as before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ranef.design.contrasts import to_argument
from ranef.errors import RanefError
from ranef.fit.elsewhere import model_of_sums
from ranef.fit.given import Given
from ranef.fit.record import FitRecord
from ranef.sums import Moments

if TYPE_CHECKING:
    from ranef.fit.facade import Fit

__all__ = ["MOST", "fit_from", "held_sums"]

MOST = 200_000_000
"""Bytes of sums up to which a file holds them."""


def held_sums(record: FitRecord) -> Moments | None:
    """The sums that go into the file of a fit; None if there are none, or too many."""
    own = record._elsewhere
    return None if own is None or own.moments.nbytes > MOST else own.moments


def fit_from(parts: Any) -> Fit | None:
    """The fit of these parts of a file; None if they are not those of a fit of sums."""
    from ranef.fit import stored_linear

    if not isinstance(parts, dict) or not isinstance(parts.get("_moments"), Moments):
        return None
    others = dict(parts)
    moments = others.pop("_moments")
    fit = stored_linear.fit_from(others)
    if fit is None:
        return None
    formula, prior = fit._formula, fit._spec.prior
    contrasts = to_argument(fit._design.encoding.state, formula.variables())
    try:
        made = model_of_sums(formula, moments, contrasts)
    except RanefError:  # sums of another model
        return None
    if made.contracted.design.x_names != fit._design.x_names:
        return None
    data = replace(made.data, missing=fit.missing_rows)
    given = Given(
        moments,
        moments.plan.weights,
        moments.plan.offset,
        contrasts or None,
        None if prior is None else prior.by_name(),
        control=fit._control,
    )
    return replace(fit, _spec=replace(fit._spec, given=given), _data=data)
