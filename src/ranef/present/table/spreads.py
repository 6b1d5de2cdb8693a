"""The rows of variances in a table: all of a free covariance, the parameters of a structure."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from ranef.covariance import Kind
from ranef.formula.naming import RESIDUAL, label_parts
from ranef.present.protocol import FittedModel, TermCovariance, residual_sd
from ranef.present.structured import correlations_of, sds_of, structured
from ranef.present.text.names import spell

__all__ = ["SCALES", "Scale", "Spreads", "spreads_of"]

Scale = Literal["variance", "sd"]
_PREFIX = {"variance": ("Var", "Cov"), "sd": ("SD", "Corr")}
SCALES = tuple(_PREFIX)


@dataclass(frozen=True, slots=True)
class Spreads:
    """Numbers of one model by the label of their row."""

    components: dict[str, float] = field(default_factory=dict)
    covariances: dict[str, float] = field(default_factory=dict)
    correlations: dict[str, float] = field(default_factory=dict)
    residual: dict[str, float] = field(default_factory=dict)


def spreads_of(model: FittedModel, scale: Scale) -> Spreads:
    """Variances and covariances, or standard deviations and correlations.

    A variance of one effect has the same label whatever the structure, and so has a correlation of
    structures that differ only in whether variances are equal: they stand in one row.
    """
    out = Spreads()
    for term in model._covariances:
        kind = structured(term)
        if kind is None:
            _free(out, term, scale)
        else:
            _structured(out, term, kind, scale)
    if model._has_residual:
        residual = residual_sd(model) if scale == "sd" else residual_sd(model) ** 2
        out.residual[f"{_PREFIX[scale][0]}: {RESIDUAL}"] = residual
    _residuals(out, model)
    return out


def _free(out: Spreads, term: TermCovariance, scale: Scale) -> None:
    diagonal, off_diagonal = _PREFIX[scale]
    sd = scale == "sd"
    group, names = term.label.label, [spell(name) for name in term.label.names]
    for i, name in enumerate(names):
        own = term.sds[i] if sd else term.matrix[i, i]
        out.components[f"{diagonal}: {label_parts([group, name])}"] = float(own)
    for i, j in term.pairs:
        both = term.correlation(i, j) if sd else term.covariance(i, j)
        if not math.isnan(both):  # no correlation with an effect that does not vary
            out.covariances[f"{off_diagonal}: {label_parts([group, names[i], names[j]])}"] = both


def _structured(out: Spreads, term: TermCovariance, kind: Kind, scale: Scale) -> None:
    group = term.label.label
    for name, sd in sds_of(term, kind):
        row = label_parts([group, spell(name)]) if name else f"{label_parts([group])} (all)"
        out.components[f"{_PREFIX[scale][0]}: {row}"] = sd if scale == "sd" else sd**2
    for name, value in correlations_of(term, kind):
        if math.isnan(value):
            continue
        which = ", ".join(part for part in (kind.family, name.removeprefix("at ")) if part)
        out.correlations[f"Corr: {label_parts([group])} ({which})"] = value


def _residuals(out: Spreads, model: FittedModel) -> None:
    """The structure of the residuals: ratios of standard deviations, or a correlation."""
    lines = model._residual_lines
    for line in lines[1:] if lines and lines[0].sd else lines:
        what = "SD ratio" if line.sd else line.label
        of = label_parts([RESIDUAL, line.label]) if line.sd else RESIDUAL
        out.residual[f"{what}: {of}"] = line.value / residual_sd(model) if line.sd else line.value
