"""The fixed effects and the coefficients of the other parts, each with a bar on one scale."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import median

from ranef.inference.ddf.registry import in_words
from ranef.page.html import escaped
from ranef.page.phrases import p_number, whole
from ranef.present.distribution import PartTable
from ranef.present.report.blocks import Row, note, table
from ranef.present.report.figures import decimals_of, estimate, interval, table_decimals, value
from ranef.present.report.material import Coefficient, Material
from ranef.present.report.pictures.paths import number
from ranef.types import INTERCEPT

__all__ = ["body"]

_MOST_ROWS = 60
_WIDE, _HIGH, _EDGE = 190.0, 22.0, 6.0
_LARGEST = 300.0
"""Logarithm of a ratio that is shown."""
_FAR = 12.0
"""An interval this many times as long as the middle one sets no scale for the others."""


def body(material: Material) -> str:
    """The table of the mean, and one for each other part of the model."""
    distribution = material.model._distribution
    parts = () if distribution is None else distribution.parts
    return "".join([_main(material), *(_part(material, part) for part in parts)])


def _main(material: Material) -> str:
    lines = dict(list(material.coefficients.items())[:_MOST_ROWS])
    if not lines:
        return note("The model has no fixed effects.")
    bars = _bars(lines)
    ratio = material.model._response_scale.ratio
    with_df = material.t_tests
    rows = []
    for name, one in lines.items():
        decimals = material.decimals[name]
        cells = [
            estimate(one.estimate, one.std_error, decimals),
            value(one.std_error, decimals),
            interval(one.conf_low, one.conf_high, decimals),
            bars.get(name, ""),
        ]
        if ratio:
            cells += _ratio(name, one)
        if with_df:
            cells.append(_df(one.df))
        cells += [value(one.statistic, 2), escaped(p_number(one.p_value))]
        told = material.meanings.of(name)
        small = f"<small>{escaped(told)}</small>" if told else ""
        rows.append(Row(f"{escaped(material.name(name))}{small}", tuple(cells)))
    heads = ["Coefficient", "Estimate", "SE", "95% interval", '<span class="vh">Bar</span>']
    if ratio:
        heads += [escaped(f"{ratio[:1].upper()}{ratio[1:]}"), "95% interval"]
    heads += ["df"] if with_df else []
    heads += ["t" if with_df else "z", "p"]
    shown = table("Fixed effects", heads, rows, kind="est ratios" if ratio else "est")
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
    if INTERCEPT in material.coefficients and len(material.coefficients) > 1:
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
        said.append(f"{whole(more)} more coefficients are in fit.coefficients().")
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
            cells += [value(float(row["statistic"]), 2), escaped(p_number(float(row["p_value"])))]
        rows.append(Row(escaped(material.name(str(name))), tuple(cells)))
    heads = ["Coefficient", "Estimate", "SE", "95% interval", *(["z", "p"] if tested else [])]
    of = f" {part.formula}" if part.formula else ""
    caption = f"{part.title}{of}: {part.scale}"
    return table(caption, heads, rows, kind="est", hidden=False)


def _df(df: float) -> str:
    if math.isinf(df):
        return "∞"
    return value(df, 0) if df >= 100.0 else value(df, 1)


def _ratio(name: str, one: Coefficient) -> list[str]:
    """exp of a coefficient and of its interval; the intercept has no ratio."""
    far = max(abs(one.conf_low), abs(one.conf_high))
    if name == INTERCEPT or not far < _LARGEST:
        return ["", ""]
    size, ends = math.exp(one.estimate), (math.exp(one.conf_low), math.exp(one.conf_high))
    decimals = decimals_of([max((ends[1] - ends[0]) / 4.0, 1e-8)])[0]
    decimals = max(decimals, 2) if size < 100.0 else decimals
    return [value(size, decimals), interval(*ends, decimals)]


def _bars(lines: Mapping[str, Coefficient]) -> dict[str, str]:
    """A bar for each coefficient on a common scale; none for an intercept among others."""
    drawn = {
        name: one
        for name, one in lines.items()
        if math.isfinite(one.conf_low + one.conf_high) and (name != INTERCEPT or len(lines) == 1)
    }
    if not drawn:
        return {}
    usual = median(one.conf_high - one.conf_low for one in drawn.values())
    scale = [one for one in drawn.values() if one.conf_high - one.conf_low <= _FAR * usual]
    left = min(0.0, *(one.conf_low for one in scale))
    right = max(0.0, *(one.conf_high for one in scale))
    span = right - left or 1.0

    def at(x: float) -> str:
        share = min(max((x - left) / span, 0.0), 1.0)
        return number(_EDGE + (_WIDE - 2.0 * _EDGE) * share)

    middle = number(_HIGH / 2.0)
    return {
        name: f'<svg class="bar" viewBox="0 0 {_WIDE:g} {_HIGH:g}" aria-hidden="true">'
        f'<path class="zero" d="M{at(0.0)} -8V30"/>'
        f'<path class="ci" d="M{at(one.conf_low)} {middle}H{at(one.conf_high)}"/>'
        f'<circle class="dot" cx="{at(one.estimate)}" cy="{middle}" r="4"/></svg>'
        for name, one in drawn.items()
    }
