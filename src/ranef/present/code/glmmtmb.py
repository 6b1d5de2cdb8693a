"""glmmTMB, in R."""

from __future__ import annotations

from collections.abc import Callable

from ranef.formula import Bar
from ranef.formula.nodes import Expr, RandomPart
from ranef.formula.structures import BY_DISTANCE, tagged
from ranef.present.code.plan import Plan, refusal
from ranef.present.code.r import (
    family_in_r,
    formula_in_r,
    name_in_r,
    part_formula,
    prelude,
    time_column,
)
from ranef.present.code.script import Script, wrapped_call

__all__ = ["code"]

PROGRAM = "glmmTMB"

_FAMILIES = {
    "nbinom2": "nbinom2",
    "nbinom1": "nbinom1",
    "beta": "beta_family",
    "betabinomial": "betabinomial",
    "tweedie": "tweedie",
    "truncated_poisson": "truncated_poisson",
    "truncated_nbinom2": "truncated_nbinom2",
    "hurdle_poisson": "truncated_poisson",
    "hurdle_nbinom2": "truncated_nbinom2",
    "zero_inflated_poisson": "poisson",
    "zero_inflated_nbinom2": "nbinom2",
    "zero_inflated_nbinom1": "nbinom1",
}
_NEWER = ("homdiag", "homcs", "hetar1", "homtoep")
_INSTEAD = {"cumulative": "ordinal (clmm)", "inverse_gaussian": "lme4"}


def code(plan: Plan) -> Script:
    """The model for ``glmmTMB``."""
    plan.need_no_prior(PROGRAM)
    plan.need_rows(PROGRAM)
    _check_weights(plan)
    lines = prelude(plan, PROGRAM, ["glmmTMB"])
    lines += _occasions(plan)
    formula = formula_in_r(plan, PROGRAM, _random(plan))
    dispersion = part_formula(plan, "dispersion", PROGRAM)
    if plan.request.residual is not None:
        more, dispersion, extra = _residual(plan)
        formula, lines = formula + more, lines + extra
    arguments = [formula, "data = d"]
    if not plan.linear:
        arguments.append(f"family = {_family(plan)}")
        if "zero" in plan.request.parts:
            arguments.append(f"ziformula = {part_formula(plan, 'zero', PROGRAM) or '~ 1'}")
    if dispersion:
        arguments.append(f"dispformula = {dispersion}")
    if plan.request.weights:
        arguments.append(f"weights = {name_in_r(plan.request.weights)}")
    if plan.request.offset_column:
        arguments.append(f"offset = {name_in_r(plan.request.offset_column)}")
    if plan.linear:
        arguments.append(f"REML = {'TRUE' if plan.request.reml else 'FALSE'}")
    arguments += _power(plan)
    notes = _newer(plan)
    if plan.request.n_agq > 1:
        notes.append(
            f"# glmmTMB has Laplace's approximation alone; this fit used {plan.request.n_agq} "
            "nodes of quadrature:"
        )
        notes.append("# estimates differ by the error of the approximation.")
    call = wrapped_call("fit <- glmmTMB(", arguments)
    return Script([*lines, *notes, *plan.singular("#"), call, "summary(fit)"], PROGRAM, "r")


def _check_weights(plan: Plan) -> None:
    family = plan.request.family
    divides = family is None or family.WEIGHTS == "dispersion"
    if plan.request.weights is not None and divides:
        others = "lme4 and nlme" if family is None else "lme4"
        raise refusal(PROGRAM, "weights that divide the residual variance", plan.text, others)


def _family(plan: Plan) -> str:
    if plan.family in _INSTEAD:
        return family_in_r(plan, PROGRAM, _INSTEAD[plan.family], {"inverse_gaussian": ""})
    return family_in_r(plan, PROGRAM, "", _FAMILIES)


def _power(plan: Plan) -> list[str]:
    """A known power of a Tweedie family; glmmTMB would estimate it."""
    family = plan.request.family
    if family is None or family.name != "tweedie":
        return []
    power = family.constants[0]
    return [
        f"start = list(psi = qlogis({power:g} - 1))",
        "map = list(psi = factor(NA))",
    ]


def _random(plan: Plan) -> Callable[[RandomPart, Callable[[Expr], str]], str]:
    def random(part: RandomPart, inside: Callable[[Expr], str]) -> str:
        bar = plan.bars_at(part.span)[0]
        occasions = plan.occasions(bar)
        left = inside(part.lhs) if occasions is None else f"0 + {name_in_r(occasions.column)}"
        structure = part.structure if part.correlated else "diag"
        if _has_gaps(plan, bar):
            structure = "ou"
        inner = f"{left} | {inside(part.group)}"
        return f"rr({inner}, d = {part.rank})" if structure == "rr" else tagged(structure, inner, 0)

    return random


def _has_gaps(plan: Plan, bar: Bar) -> bool:
    """Whether occasions are missing whose distance counts: ar1() of glmmTMB does not count it."""
    if bar.structure not in BY_DISTANCE:
        return False
    term = next(t for t in plan.model._covariances if t.label.factor == bar.label and t.block)
    assert term.block is not None
    at = term.block.positions
    if at[-1] - at[0] == len(at) - 1:
        return False
    assert term.parameters is not None
    if bar.structure != "ar1" or term.parameters[-1] < 0.0:
        raise refusal(PROGRAM, f"{bar.structure}() with gaps between occasions", bar.text)
    return True


def _occasions(plan: Plan) -> list[str]:
    """Times as positions, where gaps between them count."""
    lines = []
    for bar in plan.formula.bars:
        coded = plan.occasions(bar)
        if coded is not None and _has_gaps(plan, bar):
            column = name_in_r(coded.column)
            lines.append(f"d${column} <- numFactor(as.numeric(as.character(d${column})))")
    return lines


def _newer(plan: Plan) -> list[str]:
    """Structures that older versions lack."""
    tags = dict.fromkeys(b.structure for b in plan.formula.bars if b.structure in _NEWER)
    return [f"# {tag}() is in newer versions of glmmTMB than 1.1.5." for tag in tags]


def _residual(plan: Plan) -> tuple[str, str, list[str]]:
    """What the residuals add to the formula, the dispersion's formula, and further columns."""
    spec = plan.request.residual
    assert spec is not None
    if spec.kind == "strata":
        names = [name_in_r(variable.name) for variable in spec.variables]
        levels = f"interaction({', '.join(names)})" if len(names) > 1 else f"factor({names[0]})"
        return "", f"~ {levels}", []
    column, line = time_column(plan, PROGRAM)
    d = f"d${name_in_r(column)}"
    rho = plan.model._residual_lines[0].value
    # ar1() counts levels, and those that no row has do not count; ou() has no negative rho.
    structure = "ou" if rho > 0.0 else "ar1"
    levels = f"{d} <- numFactor({d})" if rho > 0.0 else f"{d} <- factor({d})"
    groups = ":".join(name_in_r(name.name) for name in spec.group)
    return f" + {structure}(0 + {name_in_r(column)} | {groups})", "~ 0", [line, levels]
