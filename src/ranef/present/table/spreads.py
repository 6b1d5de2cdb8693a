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
from ranef.present.text.words import Words

__all__ = ["SCALES", "Scale", "Spreads", "spreads_of"]

Scale = Literal["variance", "sd"]
_PREFIX = {"variance": ("Var", "Cov"), "sd": ("SD", "Corr")}
_SPOKEN = {"variance": ("Variance", "Covariance"), "sd": ("SD", "Correlation")}
SCALES = tuple(_PREFIX)


@dataclass(frozen=True, slots=True)
class Spreads:
    """Numbers of one model by the label of their row, and words for these labels."""

    components: dict[str, float] = field(default_factory=dict)
    covariances: dict[str, float] = field(default_factory=dict)
    correlations: dict[str, float] = field(default_factory=dict)
    residual: dict[str, float] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Naming:
    """What the rows of a table are called."""

    words: Words
    scale: Scale
    in_words: bool

    @property
    def spoken(self) -> bool:
        """Whether a row of certain effects is in words: standard deviations always are."""
        return self.in_words or self.scale == "sd"

    def row(self, label: str, kind: int, group: str, effects: list[str]) -> str:
        """Words for a row; `kind` is 0 for a variance or SD, 1 for a covariance or correlation."""
        if self.spoken:
            return self.words.spread(_SPOKEN[self.scale][kind], group, effects)
        if not self.words.labels:
            return label
        parts = [self.words.group(group), *map(self._effect, effects)]
        return f"{_PREFIX[self.scale][kind]}: {' '.join(parts)}"

    def _effect(self, name: str) -> str:
        """The words of a label, or the name as texreg has it."""
        labelled = Words(self.words.labels).coefficient(name) != spell(name)
        return self.words.coefficient(name) if labelled else label_parts([spell(name)])


def spreads_of(model: FittedModel, scale: Scale, words: Words, in_words: bool) -> Spreads:
    """Variances and covariances, or standard deviations and correlations.

    A variance of one effect has the same label whatever the structure, and so has a correlation of
    structures that differ only in whether variances are equal: they stand in one row.

    Parameters
    ----------
    model : FittedModel
    scale : {"variance", "sd"}
    words : Words
    in_words : bool
        Whether readers see words alone, and not texreg's labels.
    """
    out, naming = Spreads(), _Naming(words, scale, in_words)
    for term in model._covariances:
        kind = structured(term)
        if kind is None:
            _free(out, term, naming)
        else:
            _structured(out, term, kind, naming)
    if model._has_residual:
        label = f"{_PREFIX[scale][0]}: {RESIDUAL}"
        out.residual[label] = residual_sd(model) if scale == "sd" else residual_sd(model) ** 2
        if in_words:
            out.words[label] = f"{_SPOKEN[scale][0]} of residuals"
    _residuals(out, model, in_words)
    return out


def _free(out: Spreads, term: TermCovariance, naming: _Naming) -> None:
    diagonal, off_diagonal = _PREFIX[naming.scale]
    sd = naming.scale == "sd"
    group, raw = term.label.label, list(term.label.names)
    names = [spell(name) for name in raw]
    for i, name in enumerate(names):
        label = f"{diagonal}: {label_parts([group, name])}"
        out.components[label] = float(term.sds[i] if sd else term.matrix[i, i])
        out.words[label] = naming.row(label, 0, group, [raw[i]])
    for i, j in term.pairs:
        both = term.correlation(i, j) if sd else term.covariance(i, j)
        if not math.isnan(both):  # no correlation with an effect that does not vary
            label = f"{off_diagonal}: {label_parts([group, names[i], names[j]])}"
            out.covariances[label] = both
            out.words[label] = naming.row(label, 1, group, [raw[i], raw[j]])


def _structured(out: Spreads, term: TermCovariance, kind: Kind, naming: _Naming) -> None:
    group = term.label.label
    short, said = _PREFIX[naming.scale][0], naming.words.group(group)
    for name, sd in sds_of(term, kind):
        row = label_parts([group, spell(name)]) if name else f"{label_parts([group])} (all)"
        label = f"{short}: {row}"
        out.components[label] = sd if naming.scale == "sd" else sd**2
        if name:
            out.words[label] = naming.row(label, 0, group, [name])
        elif naming.in_words:
            out.words[label] = f"{_SPOKEN[naming.scale][0]} of all effects, {said}"
        elif naming.words.labels:
            out.words[label] = f"{short}: {said} (all)"
    for name, value in correlations_of(term, kind):
        if math.isnan(value):
            continue
        which = ", ".join(part for part in (kind.family, name.removeprefix("at ")) if part)
        label = f"Corr: {label_parts([group])} ({which})"
        out.correlations[label] = value
        if naming.in_words:
            out.words[label] = f"Correlation ({which}), {said}"
        elif naming.words.labels:
            out.words[label] = f"Corr: {said} ({which})"


def _residuals(out: Spreads, model: FittedModel, in_words: bool) -> None:
    """The structure of the residuals: ratios of standard deviations, or a correlation."""
    lines = model._residual_lines
    for line in lines[1:] if lines and lines[0].sd else lines:
        what = "SD ratio" if line.sd else line.label
        of = label_parts([RESIDUAL, line.label]) if line.sd else RESIDUAL
        label = f"{what}: {of}"
        out.residual[label] = line.value / residual_sd(model) if line.sd else line.value
        if in_words:
            out.words[label] = f"{what} of residuals" + (f", {line.label}" if line.sd else "")
