"""Stata: ``mixed`` and its relatives for generalised models."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ranef.formula import Bar, Term
from ranef.formula.naming import columns_of
from ranef.formula.nodes import Binary, Call, Expr, Name
from ranef.formula.render import to_text
from ranef.present.code.dialect import written
from ranef.present.code.plan import Plan, refusal
from ranef.present.code.script import Script
from ranef.present.code.separate import effects_of
from ranef.present.code.stata_columns import PROGRAM, Columns, text_in_stata
from ranef.types import INTERCEPT

__all__ = ["code"]

_WIDEST = 79
_COVARIANCES = {"us": "unstructured", "homcs": "exchangeable", "homdiag": "identity"}
_COMMANDS = {
    ("binomial", "logit"): ("melogit", ""),
    ("binomial", "probit"): ("meprobit", ""),
    ("binomial", "cloglog"): ("mecloglog", ""),
    ("poisson", "log"): ("mepoisson", ""),
    ("nbinom2", "log"): ("menbreg", ""),
    ("nbinom1", "log"): ("menbreg", "dispersion(constant)"),
    ("gamma", "log"): ("meglm", "family(gamma) link(log)"),
    ("cumulative", "logit"): ("meologit", ""),
    ("cumulative", "probit"): ("meoprobit", ""),
    ("cumulative", "cloglog"): ("meglm", "family(ordinal) link(cloglog)"),
}


def code(plan: Plan) -> Script:
    """The model for ``mixed`` or one of the ``me`` commands."""
    plan.need_no_prior(PROGRAM)
    plan.need_rows(PROGRAM)
    writer = _Writer(plan)
    if not plan.formula.bars:
        return _least_squares(plan, writer)
    command, options = _command(plan)
    response = writer.response()
    fixed = writer.fixed()
    random = writer.random()
    if plan.request.residual is not None:
        options.append(writer.residual())
    if not plan.formula.intercept:
        fixed += ", noconstant"
    lines = [*writer.data(), *writer.made.values()]
    options += writer.options(response)
    first = f"{command} {response} {fixed}".rstrip()
    if len(first) > _WIDEST:
        first = f"{command} {response} ///\n    " + " ///\n    ".join(fixed.split(" "))
    end = f", {' '.join(filter(None, options))}"
    call = " ///\n    || ".join([first, *random]) + f" ///\n    {end}"
    return Script([*lines, *plan.singular("*"), call], PROGRAM, "stata")


def _least_squares(plan: Plan, writer: _Writer) -> Script:
    response, fixed = writer.response(), writer.fixed()
    weights = plan.request.weights
    weighted = f" [aweight = {writer.names.of(weights)}]" if weights else ""
    constant = "" if plan.formula.intercept else ", noconstant"
    call = f"regress {response} {fixed}".rstrip() + weighted + constant
    return Script([*writer.data(), *writer.made.values(), call], PROGRAM, "stata")


def _command(plan: Plan) -> tuple[str, list[str]]:
    """The command and its options for the kind of model."""
    for part, formula in plan.request.parts.items():
        if formula.fixed or part == "zero":
            raise refusal(PROGRAM, f"a model of the {part}", formula.text, "glmmTMB")
    if plan.linear or (plan.family == "gaussian" and plan.link == "identity"):
        if plan.request.weights is not None:
            what = "weights that divide the residual variance"
            raise refusal(f"{PROGRAM}'s mixed", what, plan.text, "lme4 and nlme")
        if not plan.request.reml:
            return "mixed", ["mle"]
        known_residuals = plan.request.residual is None
        return "mixed", ["reml", *(["dfmethod(satterthwaite)"] if known_residuals else [])]
    known = _COMMANDS.get((plan.family, plan.link))
    if known is None:
        family = plan.request.family
        title = "" if family is None else family.words
        raise refusal(PROGRAM, f"the family {title}", plan.text, "glmmTMB")
    family = plan.request.family
    if plan.request.weights is not None and family is not None and family.WEIGHTS != "trials":
        raise refusal(PROGRAM, "these weights", plan.text, "glmmTMB")
    nodes = plan.request.n_agq
    return known[0], [known[1], "intmethod(laplace)" if nodes == 1 else f"intpoints({nodes})"]


class _Writer(Columns):
    """Writes the parts of the model."""

    def response(self) -> str:
        plan, expr = self.plan, self.plan.response
        if isinstance(expr, Call) and expr.function == "cbind":
            hits, misses = (written(arg, self.dialect()) for arg in expr.args[:2])
            self.made["trials"] = f"generate trials = {hits} + {misses}"
            self.trials = "trials"
            return self.variable(expr.args[0])
        if plan.request.answers:
            ((column, levels),) = plan.request.answers.items()
            name, source = self.names.of(f"{column}_n"), self.names.of(column)
            if len(levels) == 2:
                same = levels[-1] if levels[-1].isdigit() else text_in_stata(levels[-1])
                line = f"generate {name} = {source} == {same} if !missing({source})"
            else:
                labels = " ".join(f"{k} {text_in_stata(v)}" for k, v in enumerate(levels, start=1))
                encode = f"encode {source}, generate({name}) label({name})"
                line = f"label define {name} {labels}\n{encode}"
                if all(level.isdigit() for level in levels):
                    return source
            self.made["response"] = line
            return name
        if plan.request.weights is not None and plan.family in ("binomial", "betabinomial"):
            self.trials = self.names.of(plan.request.weights)
            if isinstance(expr, Binary) and expr.operator == "/" and isinstance(expr.left, Name):
                divisor = expr.right
                if isinstance(divisor, Name) and divisor.name == plan.request.weights:
                    return self.names.of(expr.left.name)
            y = written(expr, self.dialect(), plan.made)
            self.made["response"] = f"generate successes = round(({y}) * {self.trials})"
            return "successes"
        less = self._offsets() if plan.linear else []
        if less or not isinstance(expr, Name):
            y = " - ".join([written(expr, self.dialect(), plan.made), *less])
            self.made["response"] = f"generate double response = {y}"
            return "response"
        return self.names.of(expr.name)

    def _offsets(self) -> list[str]:
        plan = self.plan
        out = [f"({written(o, self.dialect(), plan.made)})" for o in plan.formula.offsets]
        return out + (
            [self.names.of(plan.request.offset_column)] if plan.request.offset_column else []
        )

    def fixed(self) -> str:
        return " ".join(map(self.term, self.plan.formula.fixed))

    def term(self, term: Term) -> str:
        """``c.ses#c.sector``, ``ib1.recipe_n#c.temp``."""
        parts = [self.factor(factor, full=False) for factor in term.factors]
        if len(parts) == 1:
            return parts[0].removeprefix("c.")
        return "#".join(parts)

    def factor(self, expr: Expr, full: bool) -> str:
        coded = self.plan.category(to_text(expr))
        if coded is None:
            return f"c.{self.variable(expr)}"
        if coded.base is not None:
            at = coded.levels.index(coded.base)
            base = coded.base if coded.numeric and coded.own.cuts is None else str(at + 1)
            alone = not self.plan.formula.intercept and self._first_category() == coded.text
            return f"ib{'n' if alone else base}.{self.category(coded)}"
        columns = []
        for k, label in enumerate(coded.labels, start=1):
            name = self.names.of(f"{coded.column} contrast {k}")
            values = [float(x) for x in coded.matrix[:, k - 1]]
            source = self.category(coded)
            self.made.setdefault(
                f"{coded.text} {label}",
                f"generate double {name} = {self._coded(coded, values)} if !missing({source})",
            )
            columns.append(f"c.{name}")
        return columns[0] if len(columns) == 1 else f"({' '.join(columns)})"

    def _first_category(self) -> str:
        for term in self.plan.formula.fixed:
            for expr in term.factors:
                if self.plan.is_category(expr):
                    return to_text(expr)
        return ""

    def random(self) -> list[str]:
        """The random-effects equations, the outer groups first."""
        plan = self.plan
        effects = effects_of(plan)
        order = sorted(range(len(effects)), key=lambda k: len(plan.formula.bars[k].factors))
        labels = list(dict.fromkeys(plan.formula.bars[k].label for k in order))
        nested = all(set(columns_of(a)) < set(columns_of(b)) for a, b in pairwise(labels))
        if not nested:
            return self._crossed(effects)
        out, known = [], set()
        for label in labels:
            new = [column for column in columns_of(label) if column not in known]
            known |= set(new)
            group = self._group(new)
            for k in order:
                bar = plan.formula.bars[k]
                if bar.label == label:
                    out.append(f"{group}: {self._equation(bar, effects[k])}".rstrip())
        return out

    def _group(self, columns: Sequence[str]) -> str:
        if len(columns) == 1:
            return self.names.of(columns[0])
        name = self.names.of(" ".join(columns))
        listed = " ".join(map(self.names.of, columns))
        self.made.setdefault(name, f"egen {name} = group({listed})")
        return name

    def _equation(self, bar: Bar, names: Sequence[str]) -> str:
        structure = bar.structure if bar.correlated else "diag"
        if structure not in (*_COVARIANCES, "diag"):
            raise refusal(PROGRAM, f"the covariance {structure}()", bar.text, "glmmTMB")
        slopes = [self.effect(name) for name in names if name != INTERCEPT]
        options = [] if INTERCEPT in names else ["noconstant"]
        if len(names) > 1:
            options.append(f"covariance({_COVARIANCES.get(structure, 'independent')})")
        text = " ".join(slopes)
        return f"{text}, {' '.join(options)}" if options else text

    def _crossed(self, effects: Sequence[tuple[str, ...]]) -> list[str]:
        """Crossed factors: all but one as indicators of one group that holds all rows."""
        bars = self.plan.formula.bars
        labels = list(dict.fromkeys(bar.label for bar in bars))
        sizes = self.plan.model.ngroups
        plain = [
            label
            for label in labels
            if all(
                e == (INTERCEPT,) for b, e in zip(bars, effects, strict=True) if b.label == label
            )
        ]
        last = next((label for label in labels if label not in plain), None)
        last = last or max(labels, key=lambda label: sizes[label])
        if any(label not in plain and label != last for label in labels):
            what = "crossed groups that both have slopes"
            raise refusal(PROGRAM, what, self.plan.text, "lme4")
        out = [f"_all: R.{self._group(columns_of(label))}" for label in labels if label != last]
        group = self._group(columns_of(last))
        for bar, own in zip(bars, effects, strict=True):
            if bar.label == last:
                out.append(f"{group}: {self._equation(bar, own)}".rstrip())
        return out

    def residual(self) -> str:
        """Residuals within the innermost groups."""
        spec = self.plan.request.residual
        assert spec is not None
        if spec.kind == "strata":
            if len(spec.variables) > 1:
                raise refusal(PROGRAM, "strata of several variables", spec.text, "nlme")
            return f"residuals(independent, by({self._stratum(spec.variables[0].name)}))"
        inner = max(self.plan.formula.bars, key=lambda bar: len(bar.factors))
        if {name.name for name in spec.group} != set(inner.factors):
            what = "residuals that are correlated within other groups than the innermost ones"
            raise refusal(PROGRAM, what, spec.text, "nlme")
        time = self.names.of(spec.variables[0].name)
        step = self.plan.request.step
        if step > 1:
            name = self.names.of(f"{spec.variables[0].name}_step")
            by = " ".join(self.names.of(group.name) for group in spec.group)
            self.made["time"] = (
                f"egen {name} = min({time}), by({by})\nreplace {name} = ({time} - {name}) / {step}"
            )
            time = name
        return f"residuals(ar 1, t({time}))"

    def _stratum(self, column: str) -> str:
        coded = next((c for c in self.plan.categories if c.own.column == column), None)
        return self.names.of(column) if coded is None else self.category(coded)

    def options(self, response: str) -> list[str]:
        plan = self.plan
        out = [f"binomial({self.trials})"] if self.trials else []
        if not plan.linear and self._offsets():
            self.made["offset"] = f"generate double known = {' + '.join(self._offsets())}"
            out.append("offset(known)")
        return out
