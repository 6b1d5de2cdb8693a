"""Columns of Stata: names, expressions, categories, and the data they are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ranef.formula.condition import Condition, Joined, parse_condition
from ranef.formula.nodes import Call, Expr, Name
from ranef.formula.render import number_text, to_text
from ranef.present.code.dialect import Dialect, written
from ranef.present.code.names import Names
from ranef.present.code.plan import Coded, Plan
from ranef.present.code.separate import Column, column_of

__all__ = ["PROGRAM", "Columns", "text_in_stata"]

PROGRAM = "Stata"

_FUNCTIONS = {
    **{name: name for name in ("abs", "cos", "exp", "expm1", "floor", "log10", "log1p", "round")},
    **{name: name for name in ("sign", "sin", "sqrt", "tan")},
    "ceiling": "ceil",
    "exp2": "2^({})",
    "expm1": "(exp({}) - 1)",
    "log": "ln",
    "log1p": "ln(1 + {})",
    "log2": "(ln({}) / ln(2))",
    "I": "({})",
}

_RESERVED = {
    *("if", "in", "using", "with", "_all", "_n", "_cons", "byte", "int", "long", "float"),
    *("double", "str", "strl"),
}


class Columns:
    """Writes variables, and remembers the columns that they need."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.names = Names(r"[^A-Za-z0-9_]", 32, _RESERVED)
        self.names.know(plan.columns)
        self.made: dict[str, str] = {}
        self.trials = ""

    # -- expressions -------------------------------------------------------------------------
    def dialect(self) -> Dialect:
        return Dialect(PROGRAM, self.names.of, text_in_stata, _FUNCTIONS, call=self._call)

    def _call(self, call: Call, inside: Callable[[Expr], str]) -> str | None:
        if call.function == "dummy" and len(call.args) == 2:
            left, right = map(inside, call.args)
            return f"({left} == {right})"
        return None

    def variable(self, expr: Expr) -> str:
        """A column of numbers, made if it is not of the data."""
        if isinstance(expr, Name):
            return self.names.of(expr.name)
        text = to_text(expr)
        if text in self.plan.made:
            return self.names.of(self.plan.made[text])
        name = self.names.of(text)
        if text not in self.made:
            self.made[text] = self._generate(name, expr)
        return name

    def _generate(self, name: str, expr: Expr) -> str:
        scaled = isinstance(expr, Call) and expr.function in ("center", "scale", "standardize")
        if scaled and isinstance(expr, Call) and len(expr.args) == 1 and not expr.keywords:
            x = written(expr.args[0], self.dialect(), self.plan.made)
            if expr.function != "center":
                return f"egen double {name} = std({x})"
            return f"egen double {name} = mean({x})\nreplace {name} = {x} - {name}"
        return f"generate double {name} = {written(expr, self.dialect(), self.plan.made)}"

    def effect(self, name: str) -> str:
        """A random effect's column: a number, or an indicator that is made."""
        column = column_of(name, self.plan)
        if not column.levels and len(column.numbers) == 1:
            return self.variable(column.numbers[0])
        new = self.names.of(column.name)
        self.made.setdefault(column.name, f"generate double {new} = {self._product(column)}")
        return new

    def _product(self, column: Column) -> str:
        parts = [written(number, self.dialect(), self.plan.made) for number in column.numbers]
        parts += [self._coded(coded, values) for coded, values in column.levels]
        return " * ".join(parts)

    def _coded(self, coded: Coded, values: Sequence[float]) -> str:
        terms = [
            f"({self._is(coded, k)})"
            if value == 1.0
            else f"{number_text(value)} * ({self._is(coded, k)})"
            for k, value in enumerate(values)
            if value != 0.0
        ]
        joined = " + ".join(terms)
        return terms[0] if len(terms) == 1 else f"({joined})"

    def _is(self, coded: Coded, k: int) -> str:
        name = self.category(coded)
        return f"{name} == {coded.levels[k] if coded.numeric else k + 1}"

    def category(self, coded: Coded) -> str:
        """The column of numbers behind a category."""
        source = self.names.of(coded.own.column)
        if coded.own.cuts is not None:
            name = self.names.of(coded.column)
            self.made.setdefault(coded.text, self._cut(coded, name, source))
            return name
        if coded.numeric:
            return source
        name = self.names.of(f"{coded.own.column}_n")
        key = f"code of {coded.own.column}"
        if key not in self.made:
            labels = " ".join(
                f"{k} {text_in_stata(v)}" for k, v in enumerate(coded.levels, start=1)
            )
            self.made[key] = (
                f"label define {name} {labels}\nencode {source}, generate({name}) label({name})"
            )
        return name

    def _cut(self, coded: Coded, name: str, source: str) -> str:
        cuts = coded.own.cuts
        assert cuts is not None
        lines = [f"generate {name} = ."]
        for number, k in enumerate(cuts.kept, start=1):
            low, high = number_text(cuts.breaks[k]), number_text(cuts.breaks[k + 1])
            first = cuts.lowest and (k == 0 if cuts.right else k == len(cuts.breaks) - 2)
            left = ">=" if not cuts.right or first else ">"
            right = "<=" if cuts.right or first else "<"
            inside = f"{source} {left} {low} & {source} {right} {high}"
            lines.append(f"replace {name} = {number} if {inside}")
        return "\n".join(lines)

    # -- data ------------------------------------------------------------------------------------
    def data(self) -> list[str]:
        plan = self.plan
        lines = [f"import delimited {text_in_stata(plan.data)}, clear case(preserve)"]
        renamed = self.names.renamed(plan.columns)
        if renamed:
            pairs = ", ".join(f"{a} is {b} here" for a, b in renamed.items())
            lines.append(f"* Names that Stata takes ({pairs}): rename them in the data first.")
        if plan.request.subset:
            lines.append(f"keep if {self._condition(parse_condition(plan.request.subset))}")
        for one in plan.centred:
            name = self.names.of(one.column)
            x = written(one.x, self.dialect(), plan.made)
            by = " ".join(map(self.names.of, one.groups))
            lines.append(f"egen double {name} = mean({x}), by({by})")
            if one.within:
                lines.append(f"replace {name} = {x} - {name}")
        if len(plan.model.missing_rows):
            names = ", ".join(map(self.names.of, plan.columns))
            lines.append(f"drop if missing({names})")
        return lines

    def _condition(self, condition: Condition) -> str:
        if not isinstance(condition, Joined):
            return written(condition, self.dialect())
        if condition.word == "not":
            return f"!({self._condition(condition.parts[0])})"
        sign = " & " if condition.word == "and" else " | "
        return sign.join(f"({self._condition(part)})" for part in condition.parts)


def text_in_stata(text: str) -> str:
    """A quoted text."""
    return f'`"{text}"\'' if '"' in text else f'"{text}"'
