"""The structures of residuals: one line for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ranef.errors import OptionError, suggestion
from ranef.frame import Table
from ranef.options import shown
from ranef.residual.ar1 import AR1
from ranef.residual.base import GroupCodes, ResidualStructure
from ranef.residual.reader import Reader
from ranef.residual.spec import ResidualSpec
from ranef.residual.strata import Strata

__all__ = ["KINDS", "learn_residual", "parse_residual"]

KINDS: dict[str, type[ResidualStructure]] = {
    "strata": Strata,
    "ar1": AR1,
}
"""By the word before the parenthesis."""

_STRATA = "strata(f) has a residual variance for each level of f"
_AR1 = "ar1(time | g) has correlations rho^d at the distance d in time, gaps respected"
_BY_NUMBER = "ranef has no variance that depends on a number: strata(f) has one for each level of f"
_LONGER = f"ranef has no other correlations of residuals: {_AR1}"
_EFFECTS = (
    "ranef has it for random effects alone, as a term of the formula: {}(0 + f | g); "
    "residuals have strata(f) or ar1(time | g)"
)
_ELSEWHERE = {
    "varIdent": _STRATA,
    **dict.fromkeys(("varPower", "varExp", "varConstPower", "varConstProp"), _BY_NUMBER),
    "varFixed": "known variances are weights: weights= takes their inverse",
    "varComb": "a model has one residual structure",
    **dict.fromkeys(("corAR1", "corCAR1", "ou", "sp_exp", "ar"), _AR1),
    **dict.fromkeys(("corARMA", "corSymm", "corExp", "corGaus", "corLin", "arma"), _LONGER),
    "corCompSymm": "a random intercept correlates the rows of a group: (1 | g) in the formula",
    **{tag: _EFFECTS.format(tag) for tag in ("cs", "us", "toep", "hetar1", "diag", "rr")},
}
"""Words of other programs, and those of random effects."""


def parse_residual(text: Any) -> ResidualSpec:
    """Read the text of a structure.

    Parameters
    ----------
    text : str
        ``"strata(f)"``, ``"strata(a, b)"`` or ``"ar1(time | g)"``.

    Raises
    ------
    OptionError
        It is not text.
    FormulaError
        The text does not name a structure; carets stand under the first wrong token.

    Examples
    --------
    >>> parse_residual("ar1(week | school:pupil)").columns
    ('week', 'school', 'pupil')
    """
    examples = ", ".join(f'"{kind.EXAMPLE}"' for kind in KINDS.values())
    if not isinstance(text, str):
        raise OptionError(
            "the residual structure is a text",
            found=f"residual={shown(text)}",
            fix=f"one of {examples}",
        )
    text = text.strip().removeprefix("~").strip()
    reader = Reader(text)
    word = reader.peek()
    if word.kind == "end":
        raise OptionError("the residual structure is empty", fix=f"one of {examples}")
    if word.kind != "name" or reader.tokens[1].kind != "(" or word.value not in KINDS:
        fix = _ELSEWHERE.get(word.value) or suggestion(word.value, KINDS) or f"one of {examples}"
        bare = word.kind == "name" and reader.tokens[1].kind == "end" and word.value not in KINDS
        if bare and word.value not in _ELSEWHERE and not suggestion(word.value, KINDS):
            fix = f"write strata({text}) for a residual variance for each of its levels"
        elif word.value in KINDS:
            fix = f"write {KINDS[word.value].EXAMPLE}"
        raise reader.error(
            f"unknown residual structure {reader.quote(word)}"
            if word.value not in KINDS
            else f"{word.value} lacks its parentheses",
            found=f"structures {', '.join(KINDS)}",
            fix=fix,
        )
    reader.take()
    opening = reader.take()
    kind = KINDS[word.value]
    fix = f"write it as in {kind.EXAMPLE}: {kind.WORDS}"
    spec = kind.read(reader, word.value, fix)
    reader.finish(opening, fix)
    return spec


def learn_residual(
    spec: ResidualSpec, table: Table, groups: Sequence[GroupCodes]
) -> ResidualStructure:
    """The structure of the rows of a model.

    Parameters
    ----------
    spec : ResidualSpec
    table : Table
        Complete rows.
    groups : sequence of GroupCodes
        The grouping factors of the model.

    Raises
    ------
    DataError, DesignError
        The rows do not allow it.
    """
    return KINDS[spec.kind].learn(spec, table, groups)
