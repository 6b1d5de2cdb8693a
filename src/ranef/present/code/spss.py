"""SPSS: ``MIXED``."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence

from ranef.formula import Bar, Term
from ranef.formula.condition import Condition, Joined, parse_condition
from ranef.formula.naming import factors, without_level
from ranef.formula.nodes import Call, Expr, Name
from ranef.formula.render import number_text, to_text
from ranef.formula.structures import BY_DISTANCE
from ranef.present.code.dialect import Dialect, written
from ranef.present.code.names import Names
from ranef.present.code.plan import Coded, Plan, refusal
from ranef.present.code.script import Script
from ranef.present.code.separate import Column, column_of, effects_of
from ranef.types import INTERCEPT

__all__ = ["code"]

PROGRAM = "SPSS"

_FUNCTIONS = {
    "abs": "ABS",
    "cos": "COS",
    "exp": "EXP",
    "exp2": "(2 ** ({}))",
    "expm1": "(EXP({}) - 1)",
    "log": "LN",
    "log10": "LG10",
    "log1p": "LN(1 + {})",
    "log2": "(LN({}) / LN(2))",
    "round": "RND",
    "sin": "SIN",
    "sqrt": "SQRT",
    "I": "({})",
}
_OPERATORS = {"^": "**", "==": "=", "!=": "~="}
_COVARIANCES = {
    "us": "UN",
    "diag": "DIAG",
    "homdiag": "ID",
    "cs": "CSH",
    "homcs": "CS",
    "ar1": "AR1",
    "hetar1": "ARH1",
    "toep": "TPH",
    "homtoep": "TP",
}
_RESERVED = {
    *("all", "and", "by", "eq", "ge", "gt", "le", "lt", "ne", "not", "or", "to", "with"),
}


def code(plan: Plan) -> Script:
    """The model for ``MIXED``."""
    plan.need_no_prior(PROGRAM)
    plan.need_rows(PROGRAM)
    if not plan.linear:
        what = "generalised mixed models by maximum likelihood (GENLINMIXED has pseudo-likelihood)"
        raise refusal(PROGRAM, what, plan.text, "lme4 and glmmTMB")
    writer = _Writer(plan)
    response = writer.response()
    fixed = writer.fixed()
    random = writer.random()
    residual = writer.residual()
    lines = writer.data()
    lines += [*writer.made.values(), *(["EXECUTE."] if writer.made or plan.centred else [])]
    method = "REML" if plan.request.reml else "ML"
    weights = [f"  /REGWGT={writer.names.of(plan.request.weights)}"] if plan.request.weights else []
    call = [
        f"MIXED {response}{writer.by()}{writer.covariates()}",
        f"  /FIXED={fixed}",
        f"  /METHOD={method}",
        "  /PRINT=SOLUTION TESTCOV",
        *random,
        *residual,
        *weights,
    ]
    call[-1] += "."
    wrapped = [part for line in call for part in _wrapped(line)]
    return Script([*lines, *writer.notes, *wrapped], PROGRAM, "spss")


def _wrapped(line: str) -> list[str]:
    """A subcommand in lines that are not too long for a syntax file."""
    return textwrap.wrap(line, 79, subsequent_indent="    ", break_long_words=False) or [line]


class _Writer:
    """Writes the parts, and remembers the columns that they need."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.names = Names(r"[^A-Za-z0-9_.@#$]", 64, _RESERVED)
        self.names.know(plan.columns)
        self.made: dict[str, str] = {}
        self.notes: list[str] = []
        self.factors: dict[str, None] = {}
        self.numbers: dict[str, None] = {}

    def dialect(self) -> Dialect:
        return Dialect(
            PROGRAM, self.names.of, _text, _FUNCTIONS, operators=_OPERATORS, call=self._call
        )

    def _call(self, call: Call, inside: Callable[[Expr], str]) -> str | None:
        if call.function == "dummy" and len(call.args) == 2:
            left, right = map(inside, call.args)
            return f"({left} = {right})"
        return None

    def number(self, expr: Expr) -> str:
        """A covariate, made if it is not of the data."""
        text = to_text(expr)
        if isinstance(expr, Name):
            name = self.names.of(expr.name)
        elif text in self.plan.made:
            name = self.names.of(self.plan.made[text])
        else:
            name = self.names.of(text)
            value = written(expr, self.dialect(), self.plan.made)
            self.made.setdefault(text, f"COMPUTE {name} = {value}.")
        self.numbers[name] = None
        return name

    def product(self, column: Column) -> str:
        """A column of a model matrix, made."""
        name = self.names.of(column.name)
        parts = [written(number, self.dialect(), self.plan.made) for number in column.numbers]
        parts += [self._coded(coded, values) for coded, values in column.levels]
        self.made.setdefault(column.name, f"COMPUTE {name} = {' * '.join(parts)}.")
        self.numbers[name] = None
        return name

    def _coded(self, coded: Coded, values: Sequence[float]) -> str:
        terms = []
        for k, value in enumerate(values):
            if value != 0.0:
                factor = "" if value == 1.0 else f"{number_text(value)} * "
                terms.append(f"{factor}({self._is(coded, k)})")
        joined = " + ".join(terms)
        return joined if len(terms) == 1 else f"({joined})"

    def _is(self, coded: Coded, k: int) -> str:
        name = self.names.of(coded.own.column)
        cuts = coded.own.cuts
        if cuts is None:
            level = coded.levels[k]
            return f"{name} = {level if coded.numeric else _text(level)}"
        at = cuts.kept[k]
        first = cuts.lowest and (at == 0 if cuts.right else at == len(cuts.breaks) - 2)
        left = ">=" if not cuts.right or first else ">"
        right = "<=" if cuts.right or first else "<"
        low, high = number_text(cuts.breaks[at]), number_text(cuts.breaks[at + 1])
        return f"{name} {left} {low} AND {name} {right} {high}"

    # -- the model -----------------------------------------------------------------------------
    def response(self) -> str:
        """The response less offsets, of which MIXED has none."""
        plan = self.plan
        offsets = [f"({written(o, self.dialect(), plan.made)})" for o in plan.formula.offsets]
        if plan.request.offset_column:
            offsets.append(self.names.of(plan.request.offset_column))
        expr = plan.response
        if isinstance(expr, Name) and not offsets:
            return self.names.of(expr.name)
        value = " - ".join([written(expr, self.dialect(), plan.made), *offsets])
        self.made["response"] = f"COMPUTE response = {value}."
        return "response"

    def fixed(self) -> str:
        formula = self.plan.formula
        terms = [text for term in formula.fixed for text in self.term(term)]
        end = "| SSTYPE(3)" if formula.intercept else "| NOINT SSTYPE(3)"
        return f"{' '.join(terms)} {end}".strip()

    def term(self, term: Term) -> list[str]:
        """``ses*sector``; the columns of a category whose contrasts SPSS does not have."""
        coded = [self.plan.category(to_text(factor)) for factor in term.factors]
        plain = all(
            own is None
            or (own.base is not None and own.own.cuts is None and own.text == own.column)
            for own in coded
        )
        if plain:
            return ["*".join(map(self._factor, term.factors))]
        names = [str(name) for name in self.plan.model.fixef.dropna().index]
        return ["*".join(map(self._column, factors(name))) for name in names if _same(name, term)]

    def _column(self, factor: str) -> str:
        """One factor of a coefficient."""
        column = column_of(factor, self.plan)
        single = not column.levels and len(column.numbers) == 1
        return self.number(column.numbers[0]) if single else self.product(column)

    def _factor(self, expr: Expr) -> str:
        coded = self.plan.category(to_text(expr))
        if coded is None:
            return self.number(expr)
        name = self.names.of(coded.column)
        self.factors[name] = None
        if coded.base != coded.levels[-1]:
            note = (
                "* SPSS compares levels with the last one: coefficients differ, the fit does not."
            )
            self.notes = [note]
        return name

    def random(self) -> list[str]:
        bars = self.plan.formula.bars
        return [
            self._random(bar, own) for bar, own in zip(bars, effects_of(self.plan), strict=True)
        ]

    def _random(self, bar: Bar, names: Sequence[str]) -> str:
        structure = bar.structure if bar.correlated else "diag"
        if structure not in _COVARIANCES:
            raise refusal(PROGRAM, f"the covariance {structure}()", bar.text, "glmmTMB")
        if structure in BY_DISTANCE:
            term = next(t for t in self.plan.model._covariances if t.label.factor == bar.label)
            at = () if term.block is None else term.block.positions
            if at and at[-1] - at[0] > len(at) - 1:
                what = f"{structure}() with gaps between occasions"
                raise refusal(PROGRAM, what, bar.text, "glmmTMB")
        effects = []
        for name in names:
            if name == INTERCEPT:
                effects.append("INTERCEPT")
                continue
            several = len(factors(name)) > 1
            effects.append(
                self.product(column_of(name, self.plan)) if several else self._column(name)
            )
        subject = "*".join(self.names.of(column) for column in bar.factors)
        kind = "ID" if len(names) == 1 else _COVARIANCES[structure]
        return f"  /RANDOM={' '.join(effects)} | SUBJECT({subject}) COVTYPE({kind})"

    def residual(self) -> list[str]:
        spec = self.plan.request.residual
        if spec is None:
            return []
        variables = "*".join(self.names.of(name.name) for name in spec.variables)
        if spec.kind == "strata":
            self.made["row"] = "COMPUTE row_number = $CASENUM."
            return [f"  /REPEATED={variables} | SUBJECT(row_number) COVTYPE(DIAG)"]
        self.notes.append(
            "* AR1 takes the times in their order: where one is missing, the distance is too short."
        )
        subject = "*".join(self.names.of(name.name) for name in spec.group)
        return [f"  /REPEATED={variables} | SUBJECT({subject}) COVTYPE(AR1)"]

    def by(self) -> str:
        return f" BY {' '.join(self.factors)}" if self.factors else ""

    def covariates(self) -> str:
        return f" WITH {' '.join(self.numbers)}" if self.numbers else ""

    # -- data ------------------------------------------------------------------------------------
    def data(self) -> list[str]:
        plan = self.plan
        lines = [f"* The active data set holds {plan.data}."]
        renamed = self.names.renamed(plan.columns)
        if renamed:
            pairs = ", ".join(f"{a} is {b} here" for a, b in renamed.items())
            lines.append(f"* Names that SPSS takes ({pairs}): rename them in the data first.")
        if plan.request.subset:
            lines.append(f"SELECT IF ({self._condition(parse_condition(plan.request.subset))}).")
        for one in plan.centred:
            name = self.names.of(one.column)
            if isinstance(one.x, Name):
                x = self.names.of(one.x.name)
            else:
                x = self.names.of(f"{one.column}_x")
                lines.append(f"COMPUTE {x} = {written(one.x, self.dialect(), plan.made)}.")
            by = " ".join(map(self.names.of, one.groups))
            lines += [
                "AGGREGATE /OUTFILE=* MODE=ADDVARIABLES",
                f"  /BREAK={by}",
                f"  /{name}=MEAN({x}).",
            ]
            if one.within:
                lines.append(f"COMPUTE {name} = {x} - {name}.")
        return lines

    def _condition(self, condition: Condition) -> str:
        if not isinstance(condition, Joined):
            return written(condition, self.dialect())
        if condition.word == "not":
            return f"NOT ({self._condition(condition.parts[0])})"
        sign = " AND " if condition.word == "and" else " OR "
        return sign.join(f"({self._condition(part)})" for part in condition.parts)


def _same(name: str, term: Term) -> bool:
    """Whether a coefficient is one of a term."""
    own = sorted(without_level(factor) for factor in factors(name))
    return name != INTERCEPT and own == sorted(to_text(factor) for factor in term.factors)


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
