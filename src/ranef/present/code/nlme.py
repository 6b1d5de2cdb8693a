"""nlme, in R: structures of the residuals, and random effects of nested groups."""

from __future__ import annotations

from collections.abc import Sequence

from ranef.formula import Bar
from ranef.formula.naming import columns_of
from ranef.present.code.dialect import written
from ranef.present.code.plan import Plan, refusal
from ranef.present.code.r import name_in_r, prelude, r_dialect, time_column
from ranef.present.code.script import Script, wrapped_call

__all__ = ["code"]

PROGRAM = "nlme"

_CLASSES = {"us": "pdSymm", "homcs": "pdCompSymm", "homdiag": "pdIdent"}


def code(plan: Plan) -> Script:
    """The model for ``lme``."""
    plan.need_no_prior(PROGRAM)
    plan.need_rows(PROGRAM)
    if not plan.linear:
        raise refusal(PROGRAM, "generalised models", plan.text, "lme4 and glmmTMB")
    if not plan.formula.bars:
        raise refusal(PROGRAM, "a model without random effects", plan.text, "lm() of R")
    lines = prelude(plan, PROGRAM, ["nlme"])
    response, more = _response(plan)
    weights, further = _weights(plan)
    correlation = []
    if _residual_kind(plan) == "ar1":
        time, line = time_column(plan, PROGRAM)
        more.append(line)
        correlation = [f"correlation = {_correlation(plan, time)}"]
    arguments = [
        f"{response} ~ {_sum(plan, plan.formula.intercept, plan.formula.fixed)}",
        "data = d",
        f"random = {_random(plan)}",
        *correlation,
        *([f"weights = {weights}"] if weights else []),
        f'method = "{"REML" if plan.request.reml else "ML"}"',
        "na.action = na.omit",
    ]
    call = wrapped_call("fit <- lme(", arguments)
    return Script(
        [*lines, *more, *further, *plan.singular("#"), call, "summary(fit)"], PROGRAM, "r"
    )


def _response(plan: Plan) -> tuple[str, list[str]]:
    """The response less offsets, of which lme has none."""
    dialect = r_dialect(PROGRAM)
    response = written(plan.response, dialect, plan.made)
    offsets = [written(offset, dialect, plan.made) for offset in plan.formula.offsets]
    offsets += [name_in_r(plan.request.offset_column)] if plan.request.offset_column else []
    if not offsets:
        return response, []
    less = " - ".join([response, *(f"({offset})" for offset in offsets)])
    return "less_offset", [f"d$less_offset <- with(d, {less})"]


def _sum(plan: Plan, intercept: bool, terms: Sequence[object]) -> str:
    dialect = r_dialect(PROGRAM)
    said = [
        ":".join(written(factor, dialect, plan.made) for factor in term.factors)  # type: ignore[attr-defined]
        for term in terms
    ]
    if not said:
        return "1" if intercept else "0"
    return " + ".join(([] if intercept else ["0"]) + said)


def _random(plan: Plan) -> str:
    """A list by grouping factor, the outer one first; each is nested in those before it."""
    by_label: dict[str, list[Bar]] = {}
    for bar in plan.formula.bars:
        by_label.setdefault(bar.label, []).append(bar)
    order = sorted(by_label, key=lambda label: len(columns_of(label)))
    known: set[str] = set()
    entries = []
    for label in order:
        own = set(columns_of(label))
        new = [column for column in columns_of(label) if column not in known]
        if not known < own or (known and len(new) != 1):
            raise refusal(PROGRAM, "grouping factors that are not nested", plan.text, "lme4")
        known |= own
        if len(new) > 1:
            raise refusal(PROGRAM, f"groups of several columns ({label})", plan.text, "lme4")
        entries.append(f"{name_in_r(new[0])} = {_of_factor(plan, by_label[label])}")
    simple = len(entries) == 1 and "pd" not in entries[0]
    if simple:
        name, _, formula = entries[0].partition(" = ")
        return f"{formula} | {name}"
    return f"list({', '.join(entries)})"


def _of_factor(plan: Plan, bars: Sequence[Bar]) -> str:
    parts = [part for bar in bars for part in _of_bar(plan, bar)]
    return parts[0] if len(parts) == 1 else f"pdBlocked(list({', '.join(map(_as_class, parts))}))"


def _of_bar(plan: Plan, bar: Bar) -> list[str]:
    formula = f"~ {_sum(plan, bar.model.intercept, bar.model.terms)}"
    if not bar.correlated:
        return [f"pdDiag({formula})"]
    if bar.structure not in _CLASSES:
        raise refusal(PROGRAM, f"the covariance {bar.structure}()", bar.text, "glmmTMB")
    if bar.structure == "us":
        return [formula]
    return [f"{_CLASSES[bar.structure]}({formula})"]


def _as_class(part: str) -> str:
    return part if part.startswith("pd") else f"pdSymm({part})"


def _residual_kind(plan: Plan) -> str:
    return "" if plan.request.residual is None else plan.request.residual.kind


def _correlation(plan: Plan, time: str) -> str:
    spec = plan.request.residual
    assert spec is not None
    groups = "/".join(name_in_r(name.name) for name in spec.group)
    return f"corAR1(form = ~ {name_in_r(time)} | {groups})"


def _weights(plan: Plan) -> tuple[str, list[str]]:
    """Variances by stratum, and known ones of weights."""
    parts, lines = [], []
    spec = plan.request.residual
    if spec is not None and spec.kind == "strata":
        names = " * ".join(name_in_r(variable.name) for variable in spec.variables)
        parts.append(f"varIdent(form = ~ 1 | {names})")
    if plan.request.weights:
        lines.append(f"d$known_variance <- 1 / d${name_in_r(plan.request.weights)}")
        parts.append("varFixed(~ known_variance)")
    joined = f"varComb({', '.join(parts)})" if len(parts) > 1 else "".join(parts)
    return joined, lines
