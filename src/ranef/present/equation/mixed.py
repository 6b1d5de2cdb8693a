"""The mixed form: everything in one line, then the distributions."""

from __future__ import annotations

from ranef.present.equation.families import law_lines
from ranef.present.equation.levels import (
    Slope,
    gamma_numbers,
    left_side,
    of_category,
    offset_of,
    slopes_of,
)
from ranef.present.equation.parts import Parts, matrix, text, variable
from ranef.present.equation.structures import law_of_structure
from ranef.types import INTERCEPT

__all__ = ["mixed_lines"]


def mixed_lines(parts: Parts) -> list[str]:
    """The combined equation and the laws of its random parts."""
    slopes = slopes_of(parts)
    return _two_level(parts, slopes) if slopes is not None else _general(parts)


def _two_level(parts: Parts, slopes: tuple[Slope, ...]) -> list[str]:
    fixed, random = [], []
    for k, slope in enumerate(slopes):
        own = [] if slope.name == INTERCEPT else [variable(slope.name, "ij")]
        for m, predictor in zip(gamma_numbers(slope), slope.predictors, strict=True):
            pieces = [variable(predictor, "j")] if predictor else []
            fixed.append(r" \, ".join([rf"\gamma_{{{k}{m}}}", *pieces, *own]))
        if slope.random:
            random.append(r" \, ".join([f"u_{{{k}j}}", *own]))
    random += [of_category(term, "ij", "j") for term in parts.random if term.category]
    random += offset_of(parts, "ij")
    error = ["e_{ij}"] if parts.linear else []
    head = rf"\text{{Mixed:}} \quad {left_side(parts, 'ij')} &= "
    number = {slope.name: k for k, slope in enumerate(slopes)}
    lines = [head + " + ".join(fixed + random + error)]
    several = sum(term.structure != "us" for term in parts.random) > 1
    for term in parts.random:
        index = text(term.label) if several else ""
        if term.category:
            symbols = [rf"u_{{{level},\, j}}" for level in term.levels]
            lines.append(law_of_structure(term, symbols, term.levels, index))
            continue
        ks = [number[name] for name in term.names]
        symbols = [f"u_{{{k}j}}" for k in ks]
        if term.structure == "us":
            lines.append(_law(symbols, _taus(ks)))
        else:
            lines.append(law_of_structure(term, symbols, [str(k) for k in ks], index))
    return lines + _error(parts, "ij")


def _taus(ks: list[int]) -> list[list[str]]:
    return [[rf"\tau_{{{max(a, b)}{min(a, b)}}}" for b in ks] for a in ks]


def _general(parts: Parts) -> list[str]:
    """Any number of factors: the group of row i is written g[i]."""
    fixed = [
        rf"\beta_{{{k}}}" + ("" if name == INTERCEPT else rf" \, {variable(name, 'i')}")
        for k, name in enumerate(parts.fixed)
    ]
    random, laws = [], []
    number: dict[str, int] = {}
    for term in parts.random:
        symbols: list[tuple[str, int]] = []
        group = text(term.factor)
        if term.category:
            random.append(of_category(term, "i", f"{group}[i]", f"^{{{group}}}"))
            own = [rf"u^{{{group}}}_{{{level},\, j}}" for level in term.levels]
            laws.append(law_of_structure(term, own, term.levels, text(term.label)))
            continue
        for name in term.names:
            k = number.setdefault(term.factor, 0)
            number[term.factor] = k + 1
            column = "" if name == INTERCEPT else rf" \, {variable(name, 'i')}"
            random.append(rf"u^{{{group}}}_{{{k},{group}[i]}}{column}")
            symbols.append((rf"u^{{{group}}}_{{{k},j}}", k))
        if term.structure != "us":
            names, numbers = [symbol for symbol, _ in symbols], [str(k) for _, k in symbols]
            laws.append(law_of_structure(term, names, numbers, text(term.label)))
            continue
        law = [
            [rf"\tau^{{{text(term.factor)}}}_{{{max(a, b)}{min(a, b)}}}" for _, b in symbols]
            for _, a in symbols
        ]
        laws.append(_law([symbol for symbol, _ in symbols], law))
    random += offset_of(parts, "i")
    error = ["e_i"] if parts.linear else []
    first = [] if parts.distribution is None else law_lines(parts, "i")
    line = f"{left_side(parts, 'i')} &= {' + '.join(fixed + random + error)}"
    return [*first, line, *laws, *_error(parts, "i")]


def _law(symbols: list[str], covariance: list[list[str]]) -> str:
    if len(symbols) == 1:
        return rf"{symbols[0]} &\sim \mathcal{{N}}(0, {covariance[0][0]})"
    vector = matrix([[symbol] for symbol in symbols])
    rows = matrix([row[: i + 1] for i, row in enumerate(covariance)])
    return rf"{vector} &\sim \mathcal{{N}}\left(0, {rows}\right)"


def _error(parts: Parts, index: str) -> list[str]:
    if not parts.linear:
        return []
    variance = rf"\sigma_{{s[{index}]}}^2" if parts.residual == "strata" else r"\sigma^2"
    lines = [rf"e_{{{index}}} &\sim \mathcal{{N}}(0, {variance})"]
    if parts.residual == "ar1":
        own, other = (index, "i'j") if len(index) == 2 else (index, "i'")
        lines.append(
            rf"\mathrm{{Cor}}(e_{{{own}}}, e_{{{other}}}) &= "
            rf"\rho^{{|t_{{{own}}} - t_{{{other}}}|}}"
        )
    return lines
