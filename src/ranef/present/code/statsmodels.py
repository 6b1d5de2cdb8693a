"""statsmodels, in Python."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from ranef.errors import OptionError
from ranef.formula import Bar
from ranef.formula.condition import Condition, Joined, parse_condition
from ranef.formula.naming import columns_of
from ranef.formula.nodes import Call, Expr, Name
from ranef.formula.render import number_text, to_text
from ranef.present.code.dialect import Dialect, written
from ranef.present.code.plan import Coded, Plan, refusal
from ranef.present.code.script import Script, wrapped_call
from ranef.present.code.separate import Column, separate_columns

__all__ = ["code"]

PROGRAM = "statsmodels"

_NUMPY = ("abs", "cos", "exp", "exp2", "expm1", "floor", "log", "log10", "log1p", "log2")
_FUNCTIONS = {
    **{name: f"np.{name}" for name in (*_NUMPY, "round", "sign", "sin", "sqrt", "tan")},
    "ceiling": "np.ceil",
    "I": "I",
    "bs": "bs",
    "cr": "cr",
    "cc": "cc",
    "center": "center({})",
    "scale": "scale({})",
    "standardize": "scale({})",
}
_OTHERS = "lme4 and glmmTMB"


def code(plan: Plan) -> Script:
    """The model for ``mixedlm``."""
    plan.need_no_prior(PROGRAM)
    plan.need_rows(PROGRAM)
    _check(plan)
    response, more = _response(plan)
    formula = f"{response} ~ {_right(plan)}"
    lines = _data(plan, separate_columns(plan).columns) + more
    if not plan.formula.bars:
        return _least_squares(plan, lines, formula)
    arguments, more = _random(plan)
    call = wrapped_call("model = smf.mixedlm(", [_quoted(formula), "d", *arguments], indent=4)
    lines += [
        *more,
        call,
        f"fit = model.fit(reml={plan.request.reml})",
        "print(fit.summary())",
        plan.check("#", "-2 * fit.llf"),
        "# statsmodels can stop before the optimum: compare the two.",
    ]
    return Script([*_imports(formula, lines), *lines], PROGRAM, "python")


def _check(plan: Plan) -> None:
    if not plan.linear:
        what = "generalised mixed models by maximum likelihood"
        raise refusal(PROGRAM, what, plan.text, _OTHERS)
    if plan.request.residual is not None:
        what = "a structure of the residuals"
        raise refusal(PROGRAM, what, plan.request.residual.text, "nlme and glmmTMB")
    if plan.model.dropped:
        raise OptionError(
            f"{PROGRAM} cannot leave out columns that others determine",
            where=plan.text,
            found=f"left out of the fit: {', '.join(plan.model.dropped)}",
            fix="remove them from the formula, and fit again",
        )
    if plan.request.weights and plan.formula.bars:
        raise refusal(PROGRAM, "weights in a mixed model", plan.text, "lme4 and nlme")


# -- names and expressions ------------------------------------------------------------------------
def _name(name: str) -> str:
    plain = name.isidentifier() and not keyword.iskeyword(name)
    return name if plain else f"Q({_quoted(name)})"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\")
    if '"' in escaped and "'" not in escaped:
        return f"'{escaped}'"
    return '"' + escaped.replace('"', '\\"') + '"'


def _dialect(name: Callable[[str], str] = _name) -> Dialect:
    return Dialect(
        PROGRAM,
        name,
        lambda text: "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'",
        _FUNCTIONS,
        operators={"^": "**"},
        constants=("True", "False", "None"),
        vector=("[", "]"),
        call=_call,
    )


def _call(call: Call, inside: Callable[[Expr], str]) -> str | None:
    if call.function == "dummy" and len(call.args) == 2:
        return f"I(1.0 * ({inside(call.args[0])} == {inside(call.args[1])}))"
    if call.function in ("bs", "cr", "cc"):
        arguments = [inside(arg) for arg in call.args]
        keys = {"intercept": "include_intercept"}
        arguments += [f"{keys.get(key, key)}={inside(value)}" for key, value in call.keywords]
        return f"{call.function}({', '.join(arguments)})"
    return None


def _frame(name: str) -> str:
    return f"d[{_quoted(name)}]"


def _factor(plan: Plan, expr: Expr) -> str:
    """A factor of a term, categories with their coding."""
    coded = plan.category(to_text(expr))
    if coded is None:
        return written(expr, _dialect(), plan.made)
    name, kind = _name(coded.column), coded.own.contrast.kind
    if coded.base is not None:
        first = coded.base == coded.levels[0]
        return f"C({name})" if first else f"C({name}, Treatment('{coded.base}'))"
    if kind in ("sum", "poly"):
        return f"C({name}, {kind.title()})"
    return f"C({name}, {_matrix_name(coded)})"


def _matrix_name(coded: Coded) -> str:
    return re.sub(r"\W+", "_", coded.column) + "_contrasts"


def _right(plan: Plan) -> str:
    terms = [
        ":".join(_factor(plan, factor) for factor in term.factors) for term in plan.formula.fixed
    ]
    if not terms:
        return "1" if plan.formula.intercept else "0"
    return " + ".join(([] if plan.formula.intercept else ["0"]) + terms)


def _response(plan: Plan) -> tuple[str, list[str]]:
    """The response less offsets, of which mixedlm has none."""
    response = written(plan.response, _dialect(), plan.made)
    offsets = [written(o, _dialect(_frame), plan.made) for o in plan.formula.offsets]
    offsets += [_frame(plan.request.offset_column)] if plan.request.offset_column else []
    if not offsets:
        return response, []
    less = " - ".join([written(plan.response, _dialect(_frame), plan.made), *offsets])
    return "less_offset", [f'd["less_offset"] = {less}']


# -- data -----------------------------------------------------------------------------------------
def _imports(formula: str, lines: Sequence[str]) -> list[str]:
    numpy = ["import numpy as np"] if "np." in "\n".join([formula, *lines]) else []
    out = [*numpy, "import pandas as pd", "import statsmodels.formula.api as smf", ""]
    if "scale(" in formula:
        out += ["", "def scale(x):", "    return (x - x.mean()) / x.std()", "", ""]
    return out


def _data(plan: Plan, columns: Sequence[Column]) -> list[str]:
    texts = {coded.own.column for coded in plan.categories if coded.own.cuts is None}
    kinds = ", ".join(f"{_quoted(name)}: str" for name in sorted(texts))
    dtype = f", dtype={{{kinds}}}" if texts else ""
    lines = [f"d = pd.read_csv({_quoted(plan.data)}{dtype})"]
    if plan.request.subset:
        lines.append(f"d = d[{_condition(parse_condition(plan.request.subset))}]")
    for one in plan.centred:
        x = written(one.x, _dialect(_frame), plan.made)
        means = f"{x if isinstance(one.x, Name) else f'({x})'}.groupby({_groups(one.groups)})"
        mean = f'{means}.transform("mean")'
        lines.append(f"{_frame(one.column)} = {f'{x} - {mean}' if one.within else mean}")
    if len(plan.model.missing_rows):
        names = ", ".join(map(_quoted, plan.columns))
        lines.append(f"d = d.dropna(subset=[{names}])")
    for coded in plan.categories:
        lines += _category(coded)
    for column in columns:
        lines.append(f"{_frame(column.name)} = {_product(column)}")
    return lines


def _groups(columns: Sequence[str]) -> str:
    listed = ", ".join(map(_frame, columns))
    return listed if len(columns) == 1 else f"[{listed}]"


def _category(coded: Coded) -> list[str]:
    own = coded.own
    target, source = _frame(coded.column), _frame(own.column)
    if own.cuts is not None:
        cuts = own.cuts
        breaks = ", ".join(map(number_text, cuts.breaks))
        ends = f"right={cuts.right}, include_lowest={cuts.lowest}"
        lines = [f"{target} = pd.cut({source}, [{breaks}], {ends}).cat.remove_unused_categories()"]
    else:
        levels = ", ".join(map(_quoted, coded.levels))
        lines = [f"{target} = pd.Categorical({source}, categories=[{levels}])"]
    if coded.base is None and own.contrast.kind not in ("sum", "poly"):
        rows = ", ".join(
            f"[{', '.join(number_text(float(x)) for x in row)}]" for row in coded.matrix
        )
        lines.append(f"{_matrix_name(coded)} = [{rows}]")
    return lines


def _product(column: Column) -> str:
    parts = [written(number, _dialect(_frame)) for number in column.numbers]
    for coded, values in column.levels:
        terms = [
            f"{number_text(value)} * ({_frame(coded.column)} == {_quoted(level)})"
            for level, value in zip(coded.levels, values, strict=True)
            if value != 0.0
        ]
        parts.append(terms[0] if len(terms) == 1 else f"({' + '.join(terms)})")
    return " * ".join(parts)


def _condition(condition: Condition) -> str:
    if not isinstance(condition, Joined):
        return written(condition, _dialect(_frame))
    if condition.word == "not":
        return f"~({_condition(condition.parts[0])})"
    sign = " & " if condition.word == "and" else " | "
    return sign.join(f"({_condition(part)})" for part in condition.parts)


# -- the random part ------------------------------------------------------------------------------
def _random(plan: Plan) -> tuple[list[str], list[str]]:
    """Arguments of mixedlm, and the columns they need."""
    by_label: dict[str, list[Bar]] = {}
    for bar in plan.formula.bars:
        by_label.setdefault(bar.label, []).append(bar)
    order = sorted(by_label, key=lambda label: len(columns_of(label)))
    nested = all(set(columns_of(a)) < set(columns_of(b)) for a, b in pairwise(order))
    lines: list[str] = []
    names = {label: _group(plan, label, lines) for label in order}
    separate = separate_columns(plan).by_span
    variances: dict[str, str] = {}
    if nested:
        outer, *inner = order
        arguments = [f"groups={_quoted(names[outer])}"]
        arguments += _outer(plan, by_label[outer], separate, variances, bool(inner))
    else:
        lines += [
            'd["everything"] = 1',
            "# Crossed groups are dense matrices of all rows in statsmodels: this takes long.",
        ]
        arguments, inner = ['groups="everything"', 're_formula="0"'], order
    for label in inner:
        for bar in by_label[label]:
            _inner(plan, bar, names[label], separate, variances)
    if variances:
        listed = ", ".join(f"{_quoted(k)}: {_quoted(v)}" for k, v in variances.items())
        arguments.append(f"vc_formula={{{listed}}}")
    return arguments, lines


Separated = dict[tuple[int, int], list[tuple[Bar, list[str]]]]


def _outer(
    plan: Plan,
    bars: Sequence[Bar],
    separate: Separated,
    variances: dict[str, str],
    inner: bool,
) -> list[str]:
    """The formula of correlated effects of the outer groups; the others are variances."""
    formula = ""
    for bar in bars:
        if not bar.correlated:
            terms = _independent(plan, bar, separate)
            if not formula and "1" in terms:
                formula, terms = "1", [term for term in terms if term != "1"]
            variances |= {_key(term, variances): term for term in terms}
        elif bar.structure == "homdiag":
            variances[_key("homdiag", variances)] = _sum(plan, bar)
        elif bar.structure != "us" or formula:
            what = (
                f"the covariance {bar.structure}()"
                if bar.structure != "us"
                else ("two correlated terms of one factor")
            )
            raise refusal(PROGRAM, what, bar.text, "glmmTMB")
        else:
            formula = _sum(plan, bar)
    if formula == "1" and not variances and not inner:
        return []
    return [f"re_formula={_quoted(formula or '0')}"]


def _inner(plan: Plan, bar: Bar, name: str, separate: Separated, variances: dict[str, str]) -> None:
    """Variances of inner or crossed groups."""
    single = bar.model.intercept and not bar.model.terms
    one = not bar.model.intercept and len(bar.model.terms) == 1
    number = one and not any(map(plan.is_category, bar.model.terms[0].factors))
    if bar.structure != "us" or (bar.correlated and not single and not number):
        what = "correlated effects of inner or crossed groups"
        raise refusal(PROGRAM, what, bar.text, "lme4")
    group = f"C({_name(name)})"
    for term in _independent(plan, bar, separate):
        key = _key(name if term == "1" else f"{name} {term}", variances)
        variances[key] = f"0 + {group}" if term == "1" else f"0 + {group}:{_bare(term)}"


def _independent(plan: Plan, bar: Bar, separate: Separated) -> list[str]:
    """The terms of a bar one by one: ``"1"``, ``"0 + x"``."""
    for own, terms in separate.get(bar.span, []):
        if own is bar:
            return [term if term == "1" else f"0 + {_name(_bare(term))}" for term in terms]
    out = ["1"] if bar.model.intercept else []
    return out + [
        "0 + " + ":".join(_factor(plan, factor) for factor in term.factors)
        for term in bar.model.terms
    ]


def _bare(term: str) -> str:
    return term.removeprefix("0 + ")


def _key(term: str, known: dict[str, str]) -> str:
    """A name of a variance."""
    name = re.sub(r"\W+", "_", _bare(term)).strip("_") or "intercept"
    name = "intercept" if name == "1" else name
    while name in known:
        name += "_"
    return name


def _sum(plan: Plan, bar: Bar) -> str:
    terms = [":".join(_factor(plan, factor) for factor in term.factors) for term in bar.model.terms]
    if not terms:
        return "1"
    return " + ".join(([] if bar.model.intercept else ["0"]) + terms)


def _group(plan: Plan, label: str, lines: list[str]) -> str:
    """The column of a grouping factor, made if it is of several."""
    columns = columns_of(label)
    if len(columns) == 1:
        return columns[0]
    name = "_".join(re.sub(r"\W+", "_", column) for column in columns)
    while name in plan.columns:
        name += "_"
    joined = ' + ":" + '.join(f"{_frame(column)}.astype(str)" for column in columns)
    lines.append(f"{_frame(name)} = {joined}")
    return name


def _least_squares(plan: Plan, lines: list[str], formula: str) -> Script:
    function = "wls" if plan.request.weights else "ols"
    arguments = [_quoted(formula), "d"]
    if plan.request.weights:
        arguments.append(f"weights={_frame(plan.request.weights)}")
    call = wrapped_call(f"fit = smf.{function}(", arguments, ").fit()", indent=4)
    lines = [*_imports(formula, lines), *lines, call, "print(fit.summary())"]
    return Script(lines, PROGRAM, "python")
