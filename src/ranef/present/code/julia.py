"""MixedModels.jl, in Julia."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ranef.formula import Bar
from ranef.formula.condition import Condition, Joined, parse_condition
from ranef.formula.naming import columns_of
from ranef.formula.nodes import Call, Expr, Name
from ranef.formula.render import number_text, to_text
from ranef.present.code.dialect import Dialect, written
from ranef.present.code.names import Names
from ranef.present.code.plan import Coded, Plan, refusal
from ranef.present.code.script import Script

__all__ = ["code"]

PROGRAM = "MixedModels.jl"

_FUNCTIONS = {
    **{name: name for name in ("abs", "cos", "exp", "exp2", "expm1", "floor", "log", "log10")},
    **{name: name for name in ("log1p", "log2", "round", "sign", "sin", "sqrt", "tan")},
    "ceiling": "ceil",
    "I": "({})",
}
_CODINGS = {"sum": "EffectsCoding", "helmert": "HelmertCoding", "diff": "SeqDiffCoding"}
_LINKS = {
    "logit": "LogitLink",
    "probit": "ProbitLink",
    "cloglog": "CloglogLink",
    "cauchit": "CauchitLink",
    "log": "LogLink",
    "sqrt": "SqrtLink",
    "identity": "IdentityLink",
}
_CANONICAL = {("binomial", "logit"), ("poisson", "log")}
_RESERVED = ("end", "if", "for", "function", "let", "begin", "module", "true", "false", "in")


def code(plan: Plan) -> Script:
    """The model for ``fit(MixedModel, ...)``."""
    plan.need_no_prior(PROGRAM)
    plan.need_rows(PROGRAM)
    _check(plan)
    writer = _Writer(plan)
    response, weights = writer.response()
    right = writer.right()
    lines = writer.data()
    arguments = ["MixedModel", f"@formula({response} ~ {right})", "d"]
    if not plan.linear and not writer.normal:
        family = {"binomial": "Bernoulli" if weights is None else "Binomial", "poisson": "Poisson"}
        arguments += [f"{family[plan.family]}()", f"{_LINKS[plan.link]}()"]
    keywords = writer.keywords(weights)
    exact = plan.linear or (plan.family, plan.link) in _CANONICAL
    notes, check = [], []
    if not exact:
        notes = [
            "# For this link MixedModels.jl approximates the likelihood with expected second",
            "# derivatives, and ranef with observed ones: estimates differ slightly.",
        ]
    elif plan.linear or plan.request.n_agq == 1:
        theirs = "objective(m)" if plan.linear else "-2 * loglikelihood(m)"
        check = [plan.check("#", theirs)]
    call = ["m = fit(", *(f"  {a}," for a in arguments[:-1]), f"  {arguments[-1]};"]
    call += [f"  {keyword}," for keyword in keywords]
    packages = ["CSV", "DataFrames", "MixedModels", "StatsModels"]
    packages += ["Statistics"] if any("mean(" in line for line in lines) else []
    using = f"using {', '.join(packages)}"
    return Script([using, *lines, *notes, *call, ")", *check], PROGRAM, "julia")


def _check(plan: Plan) -> None:
    if not plan.formula.bars:
        raise refusal(PROGRAM, "a model without random effects", plan.text, "lm of GLM.jl")
    for bar in plan.formula.bars:
        if bar.structure != "us":
            raise refusal(PROGRAM, f"the covariance {bar.structure}()", bar.text, "glmmTMB")
    if plan.request.residual is not None:
        where = plan.request.residual.text
        raise refusal(PROGRAM, "a structure of the residuals", where, "nlme and glmmTMB")
    for part, formula in plan.request.parts.items():
        if formula.fixed or part == "zero":
            raise refusal(PROGRAM, f"a model of the {part}", formula.text, "glmmTMB")
    normal = plan.family == "gaussian" and plan.link == "identity"
    if not plan.linear and not normal and plan.family not in ("binomial", "poisson"):
        family = plan.request.family
        title = "" if family is None else family.title
        raise refusal(PROGRAM, f"the family {title}", plan.text, "glmmTMB")


class _Writer:
    """Writes the parts, and remembers the columns that they need."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.names = Names(r"\W", 60, _RESERVED)
        self.names.know(plan.columns)
        self.made: dict[str, str] = {}
        self.normal = plan.family == "gaussian" and plan.link == "identity"

    # -- expressions -------------------------------------------------------------------------
    def column(self, name: str) -> str:
        return f"d.{self.names.of(name)}"

    def dialect(self) -> Dialect:
        return Dialect(
            PROGRAM,
            self.column,
            _text,
            _FUNCTIONS,
            constants=("true", "false", "nothing"),
            vector=("[", "]"),
            call=self._call,
        )

    def _call(self, call: Call, inside: Callable[[Expr], str]) -> str | None:
        if call.function in ("center", "scale", "standardize") and len(call.args) == 1:
            x = inside(call.args[0])
            centred = f"({x} - $(mean({x})))"
            return centred if call.function == "center" else f"{centred} / $(std({x}))"
        if call.function == "dummy" and len(call.args) == 2:
            left, right = map(inside, call.args)
            return f"({left} == {right})"
        return None

    def factor(self, expr: Expr) -> str:
        """A factor of a term: a column, one that is made if it is not of the data."""
        text = to_text(expr)
        if text in self.plan.made:
            return self.names.of(self.plan.made[text])
        if isinstance(expr, Name):
            return self.names.of(expr.name)
        if text not in self.made:
            value = written(expr, self.dialect(), self.plan.made)
            self.made[text] = f"{self.column(text)} = @. {value}"
        return self.names.of(text)

    # -- the formula ---------------------------------------------------------------------------
    def response(self) -> tuple[str, str | None]:
        """The response, and the numbers of trials if there are any."""
        plan = self.plan
        expr = plan.response
        if isinstance(expr, Call) and expr.function == "cbind":
            hits, misses = (written(arg, self.dialect()) for arg in expr.args[:2])
            self.made["trials"] = f"d.trials = @. {hits} + {misses}"
            self.made["response"] = f"d.response = @. {hits} / d.trials"
            return "response", "d.trials"
        weights = plan.request.weights
        trials = None if weights is None else f"float.({self.column(weights)})"
        if plan.request.answers:
            ((name, levels),) = plan.request.answers.items()
            self.made["response"] = f"d.response = {self.column(name)} .== {_text(levels[-1])}"
            return "response", trials
        less = self._offsets() if plan.linear or self.normal else []
        if less or not isinstance(expr, Name):
            value = " - ".join([written(expr, self.dialect(), plan.made), *less])
            self.made["response"] = f"d.response = @. {value}"
            return "response", trials
        return self.names.of(expr.name), trials

    def _offsets(self) -> list[str]:
        """Known parts of the predictor; linear models have them on the left side."""
        plan = self.plan
        out = [f"({written(o, self.dialect(), plan.made)})" for o in plan.formula.offsets]
        return out + (
            [self.column(plan.request.offset_column)] if plan.request.offset_column else []
        )

    def sum(self, intercept: bool, terms: Sequence[object]) -> str:
        said = [" & ".join(map(self.factor, term.factors)) for term in terms]  # type: ignore[attr-defined]
        return " + ".join(["1" if intercept else "0", *said])

    def right(self) -> str:
        formula = self.plan.formula
        return " + ".join(
            [self.sum(formula.intercept, formula.fixed), *map(self.random, formula.bars)]
        )

    def random(self, bar: Bar) -> str:
        left = self.sum(bar.model.intercept, bar.model.terms)
        group = " & ".join(self.names.of(column) for column in bar.factors)
        one = f"({left} | {group})"
        several = bool(bar.model.terms)
        return one if bar.correlated or not several else f"zerocorr{one}"

    # -- data ------------------------------------------------------------------------------------
    def data(self) -> list[str]:
        plan = self.plan
        groups = [column for bar in plan.formula.bars for column in bar.factors]
        cut = {coded.own.column for coded in plan.categories if coded.own.cuts is not None}
        texts = [coded.own.column for coded in plan.categories if coded.own.column not in cut]
        texts += [name for one in plan.centred for name in one.groups]
        texts += list(plan.request.answers)
        kinds = ", ".join(f"{_text(n)} => String" for n in dict.fromkeys([*groups, *texts]))
        lines = [f"d = CSV.read({_text(plan.data)}, DataFrame; types = Dict({kinds}))"]
        renamed = self.names.renamed(plan.columns)
        if renamed:
            pairs = ", ".join(f"{_text(a)} => {_text(b)}" for a, b in renamed.items())
            lines.append("# Names that a formula of Julia can hold:")
            lines.append(f"rename!(d, {pairs})")
        if plan.request.subset:
            condition = self._condition(parse_condition(plan.request.subset))
            lines.append(f"d = d[coalesce.((@. {condition}), false), :]")
        for one in plan.centred:
            lines += self._centred(one.x, one.groups, one.column, one.within)
        if len(plan.model.missing_rows):
            names = ", ".join(f":{self.names.of(name)}" for name in plan.columns)
            lines.append(f"dropmissing!(d, [{names}])")
        for coded in plan.categories:
            lines += self._category(coded)
        return [*lines, *self.made.values()]

    def _centred(self, x: Expr, groups: Sequence[str], column: str, within: bool) -> list[str]:
        name = self.names.of(column)
        by = ", ".join(f":{self.names.of(group)}" for group in groups)
        lines = []
        if isinstance(x, Name):
            source = self.names.of(x.name)
        else:
            source = self.names.of(f"{column} x")
            lines.append(f"d.{source} = @. {written(x, self.dialect(), self.plan.made)}")
        mean = f":{source} => (v -> mean(skipmissing(v))) => :{name}"
        lines.append(f"transform!(groupby(d, [{by}]), {mean})")
        if within:
            lines.append(f"d.{name} = d.{source} .- d.{name}")
        return lines

    def _category(self, coded: Coded) -> list[str]:
        own = coded.own
        if own.cuts is None:
            if coded.column == own.column:
                return []
            return [f"{self.column(coded.column)} = {self.column(own.column)}"]
        cuts, source, target = own.cuts, self.column(own.column), self.column(coded.column)
        lines = [f'{target} = fill("", nrow(d))']
        for k, level in zip(cuts.kept, cuts.levels.names, strict=True):
            low, high = cuts.breaks[k], cuts.breaks[k + 1]
            first = cuts.lowest and (k == 0 if cuts.right else k == len(cuts.breaks) - 2)
            left = "<=" if not cuts.right or first else "<"
            right = "<=" if cuts.right or first else "<"
            inside = f"{number_text(low)} {left} {source} {right} {number_text(high)}"
            lines.append(f"{target}[@. {inside}] .= {_text(level)}")
        return lines

    def _condition(self, condition: Condition) -> str:
        if not isinstance(condition, Joined):
            return written(condition, self.dialect())
        if condition.word == "not":
            return f"!({self._condition(condition.parts[0])})"
        sign = " & " if condition.word == "and" else " | "
        return sign.join(f"({self._condition(part)})" for part in condition.parts)

    # -- keywords --------------------------------------------------------------------------------
    def keywords(self, weights: str | None) -> list[str]:
        plan = self.plan
        codings = [f":{self.names.of(c.column)} => {self._coding(c)}" for c in plan.categories]
        labels = dict.fromkeys(bar.label for bar in plan.formula.bars)
        groups = dict.fromkeys(column for label in labels for column in columns_of(label))
        coded = {one.column for one in plan.categories}
        codings += [
            f":{self.names.of(column)} => Grouping()" for column in groups if column not in coded
        ]
        out = ["contrasts = Dict(" + "".join(f"\n    {coding}," for coding in codings) + "\n  )"]
        if weights is not None:
            out.append(f"wts = {weights}")
        if not plan.linear and not self.normal:
            out += [f"offset = {' .+ '.join(self._offsets())}"] if self._offsets() else []
            return [*out, f"nAGQ = {plan.request.n_agq}"]
        return [*out, f"REML = {'true' if plan.request.reml else 'false'}"]

    def _coding(self, coded: Coded) -> str:
        levels = f"levels = [{', '.join(map(_text, coded.levels))}]"
        kind = coded.own.contrast.kind
        if coded.base is not None:
            return f"DummyCoding(; base = {_text(coded.base)}, {levels})"
        if kind == "sum":
            return f"EffectsCoding(; base = {_text(coded.levels[-1])}, {levels})"
        if kind in _CODINGS:
            return f"{_CODINGS[kind]}(; {levels})"
        rows = "; ".join(" ".join(number_text(float(x)) for x in row) for row in coded.matrix)
        return f"StatsModels.ContrastsCoding([{rows}]; {levels})"


def _text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'"{escaped}"'
