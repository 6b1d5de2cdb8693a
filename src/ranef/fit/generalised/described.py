"""A generalised fit in the words and tables that pages show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.family import Family, Part
from ranef.family.base import SCALES
from ranef.fit.generalised.record import GeneralisedRecord
from ranef.present.distribution import Distribution, PartTable
from ranef.types import INTERCEPT, Array

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Described"]

UNTESTED = "thresholds"


class Described(GeneralisedRecord):
    """What the presentation of a generalised fit reads beside what all fits have."""

    @property
    def _distribution(self) -> Distribution:
        """The distribution of the response, and the other parts of the model."""
        return distribution_of(self)


def distribution_of(record: GeneralisedRecord) -> Distribution:
    """The family, its dispersion and the other parts of a fit."""
    family, problem = record._family, record._problem
    response = record._design.generalised
    named = family.RESPONSE == "binary" and response is not None and len(response.levels) == 2
    parts = tuple(
        _part(record, part)
        for part, names in zip(family.parts, problem.psi, strict=True)
        if part != "dispersion" or names.names != (INTERCEPT,)
    )
    name, value, error = "", np.nan, np.nan
    place = problem.part("dispersion")
    if place is not None and all(part.part != "dispersion" for part in parts):
        name = family.dispersion_name or ""
        value, error = _dispersion(record, place.start)
    nodes = problem.n_agq
    return Distribution(
        family=family.name,
        link=family.link,
        words=family.words,
        success=response.levels[1] if named and response is not None else "",
        approximation="Laplace approximation" if nodes == 1 else f"quadrature, {nodes} nodes",
        dispersion_name=name,
        dispersion=value,
        dispersion_error=error,
        trials=family.WEIGHTS == "trials" and record._data.weights is not None,
        offset=record._data.offset is not None,
        parts=parts,
    )


def _dispersion(record: GeneralisedRecord, place: int) -> tuple[float, float]:
    """The reported dispersion and its standard error: it is exp(c psi)."""
    family, estimates = record._family, record._estimates
    psi = float(estimates.coefficients[place])
    value = float(family.dispersion(psi))
    error = float(np.sqrt(estimates.joint.coefficients[place, place]))
    return value, abs(power_of(family)) * value * error


def power_of(family: Family) -> float:
    """c of the reported dispersion exp(c psi)."""
    return float(np.log(family.dispersion(1.0)))


def _part(record: GeneralisedRecord, part: Part) -> PartTable:
    formula = record._spec.parts.get(part)
    return PartTable(
        part,
        "" if formula is None else formula.text,
        scale_of(record._family, part),
        _frame(record, part),
        "odds ratio" if part == "zero" else "",
    )


def _frame(record: GeneralisedRecord, part: Part) -> pd.DataFrame:
    import pandas as pd
    from scipy.special import ndtr

    place = record._problem.part(part)
    assert place is not None
    names = next(own.names for own in record._problem.psi if own.part == part)
    estimate = record._estimates.coefficients[place]
    error = np.sqrt(np.diag(record._estimates.joint.coefficients)[place])
    z: Array = estimate / error if part != UNTESTED else np.full(estimate.size, np.nan)
    columns: dict[str, Any] = {
        "estimate": estimate.copy(),
        "std_error": error,
        "statistic": z,
        "p_value": 2.0 * ndtr(-np.abs(z)),
    }
    return pd.DataFrame(columns, index=list(names))


def scale_of(family: Family, part: Part) -> str:
    """What the predictor of a part is, in words."""
    if part == "zero":
        extra = "a zero" if family.name.startswith("hurdle") else "an extra zero"
        return f"log odds of {extra}"
    if part == "thresholds":
        return f"{SCALES[family.link]} of the answers below"
    name, power = family.dispersion_name, power_of(family)
    if power == 1.0:
        return f"log of {name}"
    return f"log of {name}^{1.0 / power:g}"
