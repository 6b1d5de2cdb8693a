"""The fixed effects and the coefficients of the other parts, each with a bar on one scale."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ranef.inference.ddf.registry import in_words
from ranef.page.html import escaped
from ranef.present.distribution import PartTable
from ranef.present.report.blocks import Row, note, table
from ranef.present.report.figures import (
    count,
    decimals_of,
    estimate,
    interval,
    p_value,
    table_decimals,
    value,
)
from ranef.present.report.material import Material
from ranef.present.report.pictures.paths import number
from ranef.types import INTERCEPT, Array

__all__ = ["body"]

_MOST_ROWS = 60
_WIDE, _HIGH = 190.0, 22.0
_FAR = 12.0
"""An interval this many times as long as the middle one sets no scale for the others."""


def body(material: Material) -> str:
    """The table of the mean, and one for each other part of the model."""
    distribution = material.model._distribution
    parts = () if distribution is None else distribution.parts
    return "".join([_main(material), *(_part(material, part) for part in parts)])


def _main(material: Material) -> str:
    frame = material.coefficients.iloc[:_MOST_ROWS]
    names = [str(name) for name in frame.index]
    if not names:
        return note("The model has no fixed effects.")
    errors = frame["std_error"].to_numpy(dtype=float)
    decimals = table_decimals(errors.tolist())
    low, high = (frame[c].to_numpy(dtype=float) for c in ("conf_low", "conf_high"))
    bars = _bars(names, frame["estimate"].to_numpy(dtype=float), low, high)
    ratio = material.model._response_scale.ratio
    with_df = material.t_tests
    rows = []
    for k, name in enumerate(names):
        row = frame.iloc[k]
        cells = [
            estimate(float(row["estimate"]), errors[k], decimals[k]),
            value(errors[k], decimals[k]),
            interval(low[k], high[k], decimals[k]),
            bars[k],
        ]
        if ratio:
            cells += _ratio(name, float(row["estimate"]), low[k], high[k])
        if with_df:
            cells.append(_df(float(row["df"])))
        cells += [value(float(row["statistic"]), 2), escaped(p_value(float(row["p_value"])))]
        told = material.meanings.of(name)
        line = f"<small>{escaped(told)}</small>" if told else ""
        rows.append(Row(f"{escaped(material.name(name))}{line}", tuple(cells)))
    heads = ["Coefficient", "Estimate", "SE", "95% interval", '<span class="vh">Bar</span>']
    if ratio:
        heads += [escaped(f"{ratio[:1].upper()}{ratio[1:]}"), "95% interval"]
    heads += ["df"] if with_df else []
    heads += ["t" if with_df else "z", "p"]
    shown = table("Fixed effects", heads, rows, kind="est")
    return shown + note(*_notes(material))


def _notes(material: Material) -> list[str]:
    model, distribution = material.model, material.model._distribution
    scale = (
        f"On the scale of {material.response}."
        if distribution is None
        else f"On the scale of the {material.meanings.outcome}."
    )
    tests = "z tests."
    if material.t_tests:
        tests = f"t tests, {in_words('auto')}." if model.ngroups else "t tests."
    said = [scale, tests, "Bars: 95% intervals on one scale; the line is zero."]
    if INTERCEPT in material.coefficients.index and len(material.coefficients) > 1:
        said[-1] = "Bars: 95% intervals on one scale, without the intercept; the line is zero."
    if distribution is not None and distribution.dispersion_name:
        error = distribution.dispersion_error
        known = math.isfinite(error)
        decimals = decimals_of([error if known else distribution.dispersion])[0]
        size = estimate(distribution.dispersion, error, decimals)
        se = f" (SE {value(error, decimals)})" if known else ""
        said.append(f"Dispersion: {distribution.dispersion_name} {size}{se}.")
    more = len(material.coefficients) - _MOST_ROWS
    if more > 0:
        said.append(f"{count(more)} more coefficients are in fit.coefficients().")
    if model.dropped:
        said.append(f"Left out, since other columns determine them: {', '.join(model.dropped)}.")
    zeros = model._df_in_words("auto", None)
    return [*said, zeros]


def _part(material: Material, part: PartTable) -> str:
    errors = part.frame["std_error"].to_numpy(dtype=float)
    decimals = table_decimals(errors.tolist())
    tested = bool(part.frame["p_value"].notna().any())
    rows = []
    for k, (name, row) in enumerate(part.frame.iterrows()):
        b, error = float(row["estimate"]), float(row["std_error"])
        low, high = b - 1.959964 * error, b + 1.959964 * error
        cells = [
            estimate(b, error, decimals[k]),
            value(error, decimals[k]) if math.isfinite(error) else "",
            interval(low, high, decimals[k]) if math.isfinite(error) else "",
        ]
        if tested:
            cells += [value(float(row["statistic"]), 2), escaped(p_value(float(row["p_value"])))]
        rows.append(Row(escaped(material.name(str(name))), tuple(cells)))
    heads = ["Coefficient", "Estimate", "SE", "95% interval", *(["z", "p"] if tested else [])]
    of = f" {part.formula}" if part.formula else ""
    caption = f"{part.title}{of}: {part.scale}"
    return table(caption, heads, rows, kind="est", hidden=False)


def _df(df: float) -> str:
    if math.isinf(df):
        return "∞"
    return value(df, 0) if df >= 100.0 else value(df, 1)


def _ratio(name: str, b: float, low: float, high: float) -> list[str]:
    """exp of a coefficient and of its interval; the intercept has no ratio."""
    if name == INTERCEPT or not math.isfinite(low + high) or max(abs(low), abs(high)) > 300.0:
        return ["", ""]
    size, ends = math.exp(b), (math.exp(low), math.exp(high))
    decimals = decimals_of([max((ends[1] - ends[0]) / 4.0, 1e-8)])[0]
    decimals = max(decimals, 2) if size < 100.0 else decimals
    return [value(size, decimals), interval(*ends, decimals)]


def _bars(names: Sequence[str], estimates: Array, low: Array, high: Array) -> list[str]:
    """A bar for each coefficient on a common scale; none for an intercept among others."""
    drawn = np.isfinite(low) & np.isfinite(high)
    if len(names) > 1:
        drawn &= np.array([name != INTERCEPT for name in names])
    if not drawn.any():
        return [""] * len(names)
    lengths = (high - low)[drawn]
    usual = drawn & ((high - low) <= _FAR * max(float(np.median(lengths)), 1e-300))
    left = min(0.0, float(low[usual].min()) if usual.any() else 0.0)
    right = max(0.0, float(high[usual].max()) if usual.any() else 0.0)
    span = right - left or 1.0

    def at(x: float) -> float:
        return 6.0 + (_WIDE - 12.0) * min(max((x - left) / span, 0.0), 1.0)

    middle = number(_HIGH / 2.0)
    zero = number(at(0.0))
    out = []
    for k in range(len(names)):
        if not drawn[k]:
            out.append("")
            continue
        a, b, dot = number(at(low[k])), number(at(high[k])), number(at(estimates[k]))
        out.append(
            f'<svg class="bar" viewBox="0 0 190 22" aria-hidden="true">'
            f'<path class="zero" d="M{zero} -8V30"/><path class="ci" d="M{a} {middle}H{b}"/>'
            f'<circle class="dot" cx="{dot}" cy="{middle}" r="4"/></svg>'
        )
    return out
