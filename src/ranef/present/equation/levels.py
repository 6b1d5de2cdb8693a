"""The level-1 and level-2 equations, and the one they combine to."""

from __future__ import annotations

from dataclasses import dataclass

from ranef.formula.naming import factors
from ranef.present.equation.families import law_lines, linked
from ranef.present.equation.parts import Parts, RandomPart, text, variable
from ranef.types import INTERCEPT

__all__ = [
    "Slope",
    "gamma_numbers",
    "left_side",
    "level_lines",
    "of_category",
    "offset_of",
    "slopes_of",
]


@dataclass(frozen=True, slots=True)
class Slope:
    """One coefficient of level 1 and what level 2 says of it.

    Attributes
    ----------
    name : str
        ``"Intercept"`` or a level-1 variable or product.
    predictors : tuple of str
        Level-2 variables, ``""`` for the constant.
    random : bool
    """

    name: str
    predictors: tuple[str, ...]
    random: bool


def slopes_of(parts: Parts) -> tuple[Slope, ...] | None:
    """The level-1 coefficients; None where the model is not one of two levels.

    A random effect of a group-level variable has no place in these equations.
    """
    if len(parts.factors) != 1:
        return None
    random = [name for term in parts.random if not term.category for name in term.names]
    if len(set(random)) < len(random):
        return None
    if any(piece in parts.group_level for name in random for piece in factors(name)):
        return None
    predictors: dict[str, list[str]] = {INTERCEPT: []}
    for name in parts.fixed:
        pieces = [] if name == INTERCEPT else list(factors(name))
        own = ":".join(p for p in pieces if p not in parts.group_level) or INTERCEPT
        predictors.setdefault(own, []).append(":".join(p for p in pieces if p in parts.group_level))
    for name in random:
        predictors.setdefault(name, [])
    slopes = (Slope(name, tuple(p), name in random) for name, p in predictors.items())
    return tuple(slope for slope in slopes if slope.predictors or slope.random)


def left_side(parts: Parts, index: str) -> str:
    """The response, or its transformed mean where there is no residual."""
    if parts.distribution is not None:
        return linked(parts.distribution, index)
    y = f"{text(parts.response)}_{{{index}}}"
    return y if parts.linear else rf"g(\mathrm{{E}}[{y}])"


def offset_of(parts: Parts, index: str) -> list[str]:
    """The known part of the linear predictor of a generalised model."""
    own = parts.distribution
    return [rf"\text{{offset}}_{{{index}}}"] if own is not None and own.offset else []


def level_lines(parts: Parts) -> list[str]:
    """Lines for both levels and their distributions; none for other models."""
    slopes = slopes_of(parts)
    if slopes is None:
        return []
    level_1 = [
        rf"\beta_{{{k}j}}" + ("" if s.name == INTERCEPT else rf" \, {variable(s.name, 'ij')}")
        for k, s in enumerate(slopes)
    ]
    level_1 += [of_category(term, "ij", "j") for term in parts.random if term.category]
    error = [r"e_{ij}"] if parts.linear else []
    level_1 += offset_of(parts, "ij")
    laws = [] if parts.distribution is None else law_lines(parts, "ij")
    lines = [
        *laws,
        rf"\text{{Level 1:}} \quad {left_side(parts, 'ij')} &= {' + '.join(level_1 + error)}",
    ]
    for k, slope in enumerate(slopes):
        head = r"\text{Level 2:} \quad " if k == 0 else ""
        right = [
            rf"\gamma_{{{k}{m}}}" + (rf" \, {variable(p, 'j')}" if p else "")
            for m, p in zip(gamma_numbers(slope), slope.predictors, strict=True)
        ]
        right += [f"u_{{{k}j}}"] if slope.random else []
        lines.append(rf"{head}\beta_{{{k}j}} &= {' + '.join(right)}")
    return lines


def of_category(part: RandomPart, row: str, group: str, upper: str = "") -> str:
    """The effect of a row's own category, if each category has one."""
    return rf"u{upper}_{{{text(part.category)}[{row}],\, {group}}}"


def gamma_numbers(slope: Slope) -> list[int]:
    """Second indices of gamma: 0 is the constant's, also where there is none."""
    first = 0 if "" in slope.predictors else 1
    ordered = sorted(range(len(slope.predictors)), key=lambda i: slope.predictors[i] != "")
    rank = {i: first + r for r, i in enumerate(ordered)}
    return [rank[i] for i in range(len(slope.predictors))]
