r"""The distribution of a generalised model's response, and the equations of its other parts.

mu is what the inverse link gives, pi the probability of an extra zero (of a zero in hurdle models).
The dispersion is theta if the family calls it the size, else phi or sigma.
"""

from __future__ import annotations

from typing import NamedTuple

from ranef.present.distribution import Distribution, PartTable
from ranef.present.equation.columns import letters_of, summed
from ranef.present.equation.lines import CLAUSE, Line
from ranef.present.equation.parts import Parts
from ranef.types import INTERCEPT

__all__ = ["law_lines", "linked", "part_lines"]


class Law(NamedTuple):
    """A distribution: its symbol and its variance; {m} mean, {d} dispersion, {n} trials.

    The variance is empty if the symbol says it.
    """

    symbol: str
    variance: str = ""
    dispersion: str = ""
    power: str = ""


_LAWS = {
    "binomial": Law(r"\mathrm{{Binomial}}({n}, {m})"),
    "poisson": Law(r"\mathrm{{Poisson}}({m})"),
    "nbinom2": Law(r"\mathrm{{NegBin}}({m}, {d})", "{m} + {m}^2 / {d}", r"\theta"),
    "nbinom1": Law(r"\mathrm{{NegBin}}({m}, {d})", r"{m} \, (1 + {d})", r"\phi"),
    "gamma": Law(r"\mathrm{{Gamma}}({m}, {d})", r"{d}^2 \, {m}^2", r"\sigma", "^{-2}"),
    "gaussian": Law(r"\mathcal{{N}}({m}, {d}^2)", "", r"\sigma", "^2"),
    "inverse_gaussian": Law(r"\mathrm{{InvGauss}}({m}, {d})", r"{d}^2 \, {m}^3", r"\sigma", "^2"),
    "beta": Law(r"\mathrm{{Beta}}({m}, {d})", r"{m} \, (1 - {m}) / (1 + {d})", r"\phi"),
    "betabinomial": Law(r"\mathrm{{BetaBinomial}}({n}, {m}, {d})", "", r"\phi"),
    "tweedie": Law(r"\mathrm{{Tweedie}}({m}, {d})", r"{d} \, {m}^p", r"\phi"),
}
_ZERO = ("zero_inflated_", "hurdle_")
_TRUNCATED = ("truncated_", "hurdle_")

_LINKS = {
    "logit": r"\operatorname{{logit}}({})",
    "probit": r"\Phi^{{-1}}({})",
    "cloglog": r"\log(-\log(1 - {}))",
    "cauchit": r"\operatorname{{cauchit}}({})",
    "log": r"\log({})",
    "sqrt": r"\sqrt{{{}}}",
    "identity": "{}",
    "inverse": "1 / {}",
    "1/mu^2": "1 / {}^2",
}


def linked(distribution: Distribution, index: str) -> str:
    """The left side of the equation of the mean: its link, or the predictor of ordered answers."""
    if distribution.family == "cumulative":
        return rf"\eta_{{{index}}}"
    return _LINKS[distribution.link].format(rf"\mu_{{{index}}}")


def law_lines(parts: Parts, index: str) -> list[Line]:
    """The distribution of the response given mu, and the equations of its other parts."""
    distribution = parts.distribution
    assert distribution is not None
    y = parts.writer.variable(parts.response, index)
    if distribution.family == "cumulative":
        return [_ordered(distribution, y, index)]
    base = distribution.family
    for prefix in (*_ZERO, *_TRUNCATED):
        base = base.removeprefix(prefix)
    law = _LAWS[base]
    m, d, n = rf"\mu_{{{index}}}", _dispersion(law, distribution, index), rf"n_{{{index}}}"
    symbol = law.symbol.format(m=m, d=d, n=n)
    if base in ("binomial", "betabinomial"):
        if distribution.trials:
            y = y if parts.counted else rf"{n} \, {y}"
        else:
            symbol = symbol.replace(rf"{n}, ", "").replace("Binomial", "Bernoulli")
    if distribution.family.startswith(_TRUNCATED):
        symbol = rf"{symbol} \text{{ above }} 0"
    if distribution.family.startswith(_ZERO):
        pi = _zero(distribution, index)
        symbol = (
            rf"\begin{{cases}} 0 & \text{{with probability }} {pi} \\ "
            rf"{symbol} & \text{{otherwise}} \end{{cases}}"
        )
    lines = [Line(y, r"\sim", (symbol,))]
    if law.variance and base == distribution.family:
        lines.append(Line(rf"\mathrm{{Var}}({y})", "=", (law.variance.format(m=m, d=d),)))
    return [*lines, *part_lines(parts, law, index)]


def part_lines(parts: Parts, law: Law, index: str) -> list[Line]:
    """The equations of the zero part and of the dispersion that are not constant."""
    distribution = parts.distribution
    assert distribution is not None
    lines = []
    zero, dispersion = distribution.part("zero"), distribution.part("dispersion")
    if not _constant(zero):
        left = _LINKS["logit"].format(_zero(distribution, index))
        lines.append(Line(left, "=", _terms(parts, "zero", "zeta", index)))
    if dispersion is not None:
        left = rf"\log({law.dispersion}_{{{index}}}{law.power})"
        lines.append(Line(left, "=", _terms(parts, "dispersion", "delta", index)))
    return lines


def _ordered(distribution: Distribution, y: str, index: str) -> Line:
    """Cumulative probabilities of the answers."""
    left = _LINKS[distribution.link].format(rf"\mathrm{{P}}({y} \le k)")
    part = distribution.part("thresholds")
    last = 0 if part is None else len(part.frame)
    order = r" < \dots < ".join([r"\alpha_1", rf"\alpha_{{{last}}}"]) if last > 1 else ""
    terms = (rf"\alpha_k - \eta_{{{index}}}", *([order] if order else []))
    return Line(left, "=", terms, CLAUSE)


def _zero(distribution: Distribution, index: str) -> str:
    return r"\pi" if _constant(distribution.part("zero")) else rf"\pi_{{{index}}}"


def _dispersion(law: Law, distribution: Distribution, index: str) -> str:
    if distribution.part("dispersion") is None:
        return law.dispersion
    return rf"{law.dispersion}_{{{index}}}"


def _constant(part: PartTable | None) -> bool:
    return part is None or list(part.frame.index) == [INTERCEPT]


def _terms(parts: Parts, part: str, letter: str, index: str) -> tuple[str, ...]:
    """The coefficients of a part times their variables."""
    terms = []
    for k, column in enumerate(parts.others[part]):
        lowest = min((parts.hierarchy.level(p.text) for p in column.pieces), default=1)
        own = parts.hierarchy.indices[lowest - 1] if parts.hierarchy.factors else index
        product = column.written(own, parts.writer)
        symbol = rf"\{letter}{letters_of(column.pieces)}_{{{k}}}"
        terms.append(summed(column.pieces) + symbol + (rf" \, {product}" if product else ""))
    return tuple(terms)
