"""How expressions are written in the SQL of an engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ranef.errors import OptionError
from ranef.formula.nodes import Binary, Call, Constant, Expr, Name, Negative, Number, String, Sum
from ranef.formula.position import pointer
from ranef.formula.render import to_text

__all__ = ["DUCKDB", "SPARK", "Dialect"]

_ARITHMETIC = {
    "abs": "abs({0})",
    "ceiling": "ceil({0})",
    "cos": "cos({0})",
    "exp": "exp({0})",
    "exp2": "power(2.0, {0})",
    "expm1": "(exp({0}) - 1.0)",
    "floor": "floor({0})",
    "I": "{0}",
    "sign": "sign({0})",
    "sin": "sin({0})",
    "tan": "tan({0})",
    # Outside of its domain a function is not a number, in place of an error or of NULL.
    "log": "CASE WHEN {0} > 0 THEN ln({0}) ELSE {nan} END",
    "log10": "CASE WHEN {0} > 0 THEN log10({0}) ELSE {nan} END",
    "log2": "CASE WHEN {0} > 0 THEN log2({0}) ELSE {nan} END",
    "log1p": "CASE WHEN {0} > -1 THEN ln(1.0 + {0}) ELSE {nan} END",
    "sqrt": "CASE WHEN {0} >= 0 THEN sqrt({0}) ELSE {nan} END",
}
_COMPARED = {"==": "=", "!=": "<>", "<": "<", ">": ">", "<=": "<=", ">=": ">="}


@dataclass(frozen=True, slots=True)
class Dialect:
    """The SQL of an engine.

    Attributes
    ----------
    quote : str
        Around names.
    double : str
        The type of double precision.
    nan : str
        Not a number.
    functions : mapping of str to str
        Functions that the engine spells in its own way.
    whole : str or None
        A type of whole numbers up to 2^126, if the engine has one.
    text : str
        The type of text.
    """

    quote: str
    double: str
    nan: str
    functions: Mapping[str, str] = field(default_factory=dict)
    whole: str | None = None
    text: str = "VARCHAR"

    def name(self, column: str) -> str:
        """A column."""
        return self.quote + column.replace(self.quote, 2 * self.quote) + self.quote

    def number(self, value: float) -> str:
        """A number in double precision."""
        return f"CAST({float(value)!r} AS {self.double})"

    def number_of(self, column: str) -> str:
        """A column of numbers or truth values, in double precision."""
        return f"CAST({self.name(column)} AS {self.double})"

    def expression(self, expr: Expr, formula: str) -> str:
        """A numeric expression of a formula.

        Raises
        ------
        OptionError
            It has no SQL.
        """
        match expr:
            case Name():
                return self.number_of(expr.name)
            case Number() | Constant():
                return self.number(float(expr.value or 0))
            case Negative():
                return f"(-{self.expression(expr.operand, formula)})"
            case Sum():
                parts = [
                    f"{'-' if sign < 0 else '+'} {self.expression(item, formula)}"
                    for sign, item in expr.items
                ]
                return f"(0.0 {' '.join(parts)})"
            case Binary():
                return self._binary(expr, formula)
            case Call() if len(expr.args) == 1 and expr.function in self._known:
                inner = self.expression(expr.args[0], formula)
                return f"({self._known[expr.function].format(inner, nan=self.nan)})"
        span = getattr(expr, "span", (0, 0))
        raise OptionError(
            f"{to_text(expr)} cannot be computed by the database",
            where=pointer(formula, span) if span[1] else formula,
            fix="make it a column of the data, or read the data into memory",
        )

    @property
    def _known(self) -> Mapping[str, str]:
        return {**_ARITHMETIC, **self.functions}

    def _binary(self, expr: Binary, formula: str) -> str:
        for text, name in ((expr.left, expr.right), (expr.right, expr.left)):
            if isinstance(text, String) and isinstance(name, Name):
                literal = "'" + text.value.replace("'", "''") + "'"
                test = f"{self.name(name.name)} {_COMPARED[expr.operator]} {literal}"
                return f"(CASE WHEN {test} THEN 1.0 ELSE 0.0 END)"
        left, right = self.expression(expr.left, formula), self.expression(expr.right, formula)
        if expr.operator in _COMPARED:
            return f"(CASE WHEN {left} {_COMPARED[expr.operator]} {right} THEN 1.0 ELSE 0.0 END)"
        if expr.operator == "^":
            return f"power({left}, {right})"
        if expr.operator == "/":
            return f"(CASE WHEN {right} <> 0 THEN {left} / {right} ELSE {self.nan} END)"
        return f"({left} {expr.operator} {right})"


DUCKDB = Dialect(
    '"', "DOUBLE", "CAST('nan' AS DOUBLE)", {"round": "round_even({0}, 0)"}, whole="HUGEINT"
)
SPARK = Dialect(
    "`",
    "DOUBLE",
    "CAST('NaN' AS DOUBLE)",
    {"round": "bround({0})"},
    whole="DECIMAL(38, 0)",
    text="STRING",
)
