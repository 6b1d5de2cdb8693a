"""lme4, in R."""

from __future__ import annotations

from ranef.present.code.plan import Plan, refusal
from ranef.present.code.r import family_in_r, formula_in_r, name_in_r, prelude, random_part
from ranef.present.code.script import Script, wrapped_call
from ranef.present.code.separate import separate_columns

__all__ = ["code"]

PROGRAM = "lme4"

_NOT_CANONICAL = {
    *(("binomial", link) for link in ("probit", "cloglog", "cauchit")),
    *(("poisson", link) for link in ("sqrt", "identity")),
}


def code(plan: Plan) -> Script:
    """The model for ``lmer`` and ``glmer``."""
    plan.need_no_prior(PROGRAM)
    plan.need_rows(PROGRAM)
    _check(plan)
    notes, separate = [], separate_columns(plan)
    lines = prelude(plan, PROGRAM, ["lme4"])
    for column in separate.columns:
        lines.append(f"d${name_in_r(column.name)} <- with(d, {column.in_r()})")
    formula = formula_in_r(plan, PROGRAM, random_part(separate.by_span))
    arguments = [formula, "data = d"]
    if plan.request.weights:
        arguments.append(f"weights = {name_in_r(plan.request.weights)}")
    if plan.request.offset_column:
        arguments.append(f"offset = {name_in_r(plan.request.offset_column)}")
    if plan.linear or (plan.family == "gaussian" and plan.link == "identity"):
        function = "lmer"
        arguments.append(f"REML = {'TRUE' if plan.request.reml else 'FALSE'}")
        if not plan.formula.bars:
            return _least_squares(plan, lines, arguments)
    elif plan.family == "nbinom2":
        function = "glmer.nb"
        notes.append(
            "# glmer.nb() searches for the size around the other estimates, and approximates"
        )
        notes.append(
            "# the likelihood with expected second derivatives: estimates differ slightly."
        )
        if plan.link != "log":
            raise refusal(PROGRAM, f"negative binomial counts with a {plan.link} link", plan.text)
    else:
        function = "glmer"
        arguments.append(f"family = {family_in_r(plan, PROGRAM, 'glmmTMB')}")
        if plan.request.n_agq > 1:
            arguments.append(f"nAGQ = {plan.request.n_agq}")
        if (plan.family, plan.link) in _NOT_CANONICAL:
            notes.append("# For this link glmer() approximates the likelihood with expected second")
            notes.append("# derivatives, and ranef with observed ones: estimates differ slightly.")
        elif plan.request.n_agq > 1:
            notes.append("# With nAGQ > 1, logLik() of lme4 leaves out the constants.")
        if plan.family in ("gamma", "inverse_gaussian", "gaussian"):
            notes.append(
                "# glmer() estimates the dispersion from residuals, and not by maximum likelihood:"
            )
            notes.append("# its log-likelihood and its variances differ from those of this fit.")
    call = wrapped_call(f"fit <- {function}(", arguments)
    return Script([*lines, *notes, call, "summary(fit)"], PROGRAM, "r")


def _check(plan: Plan) -> None:
    """Refuse structures that lme4 does not have."""
    for bar in plan.formula.bars:
        if bar.structure != "us":
            raise refusal(PROGRAM, f"the covariance {bar.structure}()", bar.text, "glmmTMB")
    residual = plan.request.residual
    if residual is not None:
        raise refusal(PROGRAM, "a structure of the residuals", residual.text, "nlme and glmmTMB")
    for part, formula in plan.request.parts.items():
        if formula.fixed or part == "zero":
            raise refusal(PROGRAM, f"a model of the {part}", formula.text, "glmmTMB")


def _least_squares(plan: Plan, lines: list[str], arguments: list[str]) -> Script:
    kept = [argument for argument in arguments if not argument.startswith("REML")]
    body = [line for line in lines if not line.startswith("library")]
    note = "# Without random effects the model is one of lm(), and lme4 is not needed."
    return Script([*body, note, wrapped_call("fit <- lm(", kept), "summary(fit)"], PROGRAM, "r")
