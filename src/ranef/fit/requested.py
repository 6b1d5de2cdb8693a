"""What a fit was asked for, in the form that its words and code are made from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ranef.fit.mixed_record import MixedRecord
from ranef.formula.nodes import Name

if TYPE_CHECKING:
    from ranef.present.request import Request

__all__ = ["Requested", "request_of"]


class Requested(MixedRecord):
    """The member that words and code about a fit are made from."""

    @property
    def _request(self) -> Request:
        """The model and the options of the fit."""
        return request_of(self)


def request_of(fit: Any) -> Request:
    """The model and the options of a fit of any kind."""
    from ranef.present.request import Request

    spec = fit._spec
    return Request(
        formula=spec.formula,
        reml=fit.reml,
        states=fit._states,
        weights=_name_of_weights(fit),
        offset=fit._data.offset_name,
        family=getattr(spec, "family", None),
        parts=getattr(spec, "parts", {}),
        n_agq=getattr(spec, "n_agq", 1),
        residual=getattr(spec, "residual", None),
        prior=fit.prior,
        subset=_subset(fit),
        **_time(fit),
        answers=_answers(fit),
    )


def _name_of_weights(fit: Any) -> str | None:
    """The column of the weights, empty if it is not known; None without weights."""
    given = fit._spec.given
    if given is not None:
        if given.weights is None:
            return None
        return given.weights if isinstance(given.weights, str) else ""
    if fit._kept is not None:
        return None if fit._kept.weights is None else str(fit._kept.weights)
    if fit._data.own_weights is None:
        return None
    return "" if fit._data.elsewhere is None else str(fit._data.elsewhere.weights)


def _subset(fit: Any) -> str:
    if fit._spec.given is None:
        return "" if fit._kept is None else str(fit._kept.subset)
    return fit._spec.given.subset or ""


def _answers(fit: Any) -> dict[str, tuple[str, ...]]:
    """The categories of the response by its column."""
    response = fit._design.generalised
    column = fit._spec.formula.response
    named = response is not None and response.levels and isinstance(column, Name)
    return {column.name: response.levels} if named else {}


def _time(fit: Any) -> dict[str, Any]:
    """The unit of time of correlated residuals, and the levels of a time that is a category."""
    part = getattr(fit._problem, "residual", None)
    if part is None or part.structure.spec.kind != "ar1":
        return {}
    name = part.structure.spec.variables[0].name
    levels = () if fit._kept is not None else fit._table[name].levels
    return {"step": part.structure.step, "times": tuple(levels or ())}
