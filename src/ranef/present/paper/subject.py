"""What a sentence about a coefficient says before its numbers, without claiming a cause."""

from __future__ import annotations

from collections.abc import Sequence

from ranef.design.state import Category, State
from ranef.formula.naming import factors, without_level
from ranef.present.equation.columns import Piece, piece_of
from ranef.present.paper.terms import variables_of
from ranef.present.text.prose import listed
from ranef.present.text.words import Words, centring_of
from ranef.types import INTERCEPT

__all__ = ["clause", "condition", "term_clause"]


def clause(name: str, response: str, significant: bool, words: Words) -> str:
    """``"ses predicted math, "``, ``"For sex, level F differed from level M in attain, "``."""
    if name == INTERCEPT:
        return f"The intercept for {response} was "
    parts = factors(name)
    if len(parts) == 1:
        piece = piece_of(parts[0], words)
        own = words.categories.get(piece.variable)
        if own is not None and piece.level:
            return _difference(piece, own, response, significant, words)
        said = words.coefficient(name)
        subject = f"The contrast {said}" if own is not None else said
    else:
        subject = f"The interaction of {listed([words.coefficient(part) for part in parts])}"
    return f"{subject} {_predicted(significant)} {response}, "


def term_clause(term: str, response: str, significant: bool, words: Words) -> str:
    """The same of a term of several coefficients."""
    parts = [_variable(part, words) for part in factors(term)]
    subject = parts[0] if len(parts) == 1 else f"The interaction of {listed(parts)}"
    return f"{subject} {_predicted(significant)} {response}, "


def _predicted(significant: bool) -> str:
    return "predicted" if significant else "did not significantly predict"


def _difference(piece: Piece, own: Category, response: str, significant: bool, words: Words) -> str:
    name = _variable(piece.variable, words)
    if "[T." not in piece.text:
        return f"The coefficient of level {piece.level} of {name} for {response} was "
    differed = "differed" if significant else "did not differ significantly"
    return f"For {name}, level {piece.level} {differed} from level {_base(own)} in {response}, "


def _base(own: Category) -> str:
    names = own.levels.names
    return own.contrast.base or (names[-1] if own.contrast.kind == "SAS" else names[0])


def _variable(text: str, words: Words) -> str:
    own = words.categories.get(text)
    return (
        words.variable(text) if own is None else words.labels.get(text, words.variable(own.column))
    )


def condition(name: str, names: Sequence[str], state: State, words: Words) -> str:
    """At which values of other variables a coefficient holds, if it is part of an interaction."""
    own = set(variables_of(name)) if name != INTERCEPT else set()
    moderators: dict[str, None] = {}
    for other in names:
        variables = variables_of(other)
        if other != INTERCEPT and own < set(variables) and name != INTERCEPT:
            moderators |= dict.fromkeys(v for v in variables if v not in own)
    if not moderators:
        return ""
    where = [_held(variable, names, state, words) for variable in moderators]
    what = "interaction" if len(own) > 1 else "coefficient"
    return (
        f"Because of its interaction with {listed([_variable(v, words) for v in moderators])}, "
        f"this {what} holds where {listed(where)}."
    )


def _held(variable: str, names: Sequence[str], state: State, words: Words) -> str:
    said = _variable(variable, words)
    category = words.categories.get(variable)
    if category is None:
        pair = centring_of(variable)
        if pair is not None and variable.startswith("within"):
            return f"{words.variable(pair[0])} is at the mean of its {words.group(pair[1])}"
        if variable.startswith(("center(", "scale(", "standardize(")):
            return f"{said} is 0, at the mean"
        return f"{said} is 0"
    codes = {part for name in names for part in factors(name) if without_level(part) == variable}
    if all(part[len(variable) :].startswith("[T.") for part in codes):
        return f"{said} is {_base(category)}"
    if category.contrast.kind in ("sum", "helmert", "poly"):
        return f"{said} is at the mean of its levels"
    return f"the contrasts of {said} are 0"
