"""Covariance structures by the tags that name them in a formula: ``cs(0 + f | g)``.

The tags are those of glmmTMB; lme4's ``hom=`` chooses between a structure and its twin. The word
before the parenthesis is a tag only if a bar stands inside: ``cs(x, df=4)`` is a spline.
"""

from __future__ import annotations

from collections.abc import Sequence

from ranef.errors import suggestion
from ranef.formula.functions import KNOWN
from ranef.formula.nodes import Constant, Expr, Number, Span
from ranef.formula.position import formula_error

__all__ = [
    "BY_DISTANCE",
    "ORDERED",
    "STRUCTURES",
    "elsewhere",
    "no_bar",
    "read_options",
    "tagged",
    "unknown_structure",
]

STRUCTURES = (
    *("us", "diag", "homdiag", "cs", "homcs", "ar1", "hetar1", "toep", "homtoep"),
    "rr",
)
"""Tags that a formula knows."""

ORDERED = frozenset({"ar1", "hetar1", "toep", "homtoep"})
"""Structures of occasions: the columns are the levels of one factor, in their order."""

BY_DISTANCE = frozenset({"ar1", "hetar1"})
"""Those of them whose correlations respect gaps between the occasions."""

RANK = 2
"""The rank of ``rr(x | g)``, as in glmmTMB."""

_TWINS = {
    "diag": ("diag", "homdiag"),
    "cs": ("cs", "homcs"),
    "ar1": ("hetar1", "ar1"),
    "toep": ("toep", "homtoep"),
}
"""What ``hom=FALSE`` and ``hom=TRUE`` make of a tag."""

_FREE = "us(x | g), or (x | g), leaves the covariance matrix free"
_DIAGONAL = "diag(x | g), or (x || g), has independent effects"
_ONE_VARIANCE = "homdiag(x | g) has independent effects of one variance"
_HET_CS = "cs(0 + f | g) has a variance for each column, homcs(0 + f | g) one for all"
_HET_AR1 = "hetar1(0 + time | g) has a variance for each time, ar1(0 + time | g) one for all"
_HET_TOEP = "toep(0 + time | g) has a variance for each time, homtoep(0 + time | g) one for all"
_OU = "ar1(0 + time | g) respects the gaps between times that are whole numbers"
_DISTANCE = "ranef has no spatial covariances: ar1(0 + time | g) depends on a distance in time"
_GIVEN = "ranef has no covariance given as a matrix"
_FACTORS = "rr(x | g, 2) has rank 2; unlike a factor-analytic structure it adds no variances"
_RESIDUAL = (
    'residual="ar1(time | g)" is an argument beside the formula; ar1(0 + time | g) is one of '
    "random effects"
)

_ELSEWHERE = {
    # glmmTMB
    "ou": _OU,
    "exp": _DISTANCE,
    "gau": _DISTANCE,
    "mat": _DISTANCE,
    "propto": _GIVEN,
    "equalto": _GIVEN,
    # nlme
    **dict.fromkeys(("pdSymm", "pdLogChol", "pdNatural"), _FREE),
    "pdDiag": _DIAGONAL,
    "pdIdent": _ONE_VARIANCE,
    "pdCompSymm": "homcs(0 + f | g) has one variance and one correlation",
    "pdBlocked": "write one random part for each block: (1 | g) + (0 + x | g)",
    **dict.fromkeys(("corAR1", "corCAR1", "corCompSymm", "corSymm", "corARMA"), _RESIDUAL),
    # SAS, SPSS and mmrm
    **dict.fromkeys(("un", "unstr"), _FREE),
    "vc": f"{_DIAGONAL}; {_ONE_VARIANCE}",
    "csh": _HET_CS,
    **dict.fromkeys(("arh", "arh1", "ar1h"), _HET_AR1),
    "toeph": _HET_TOEP,
    **dict.fromkeys(("sp_exp", "sp_pow", "sp_gau"), _DISTANCE),
    **dict.fromkeys(("fa", "fa0", "fa1", "xfa"), _FACTORS),
    # ASReml and sommer
    **dict.fromkeys(("idv", "ism"), _ONE_VARIANCE),
    **dict.fromkeys(("idh", "dsm"), _DIAGONAL),
    "usm": _FREE,
    # MixedModels.jl
    "zerocorr": _DIAGONAL,
}


def elsewhere(word: str) -> str:
    """What to write instead of another program's word for a covariance; may be empty."""
    return _ELSEWHERE.get(word, "")


def tagged(structure: str, inner: str, rank: int) -> str:
    """The text of a random part.

    Parameters
    ----------
    structure : str
    inner : str
        What stands between the parentheses, ``"x | g"``.
    rank : int
        The rank of ``"rr"``.

    Examples
    --------
    >>> tagged("us", "x | g", 0), tagged("cs", "0 + f | g", 0), tagged("rr", "x | g", 1)
    ('(x | g)', 'cs(0 + f | g)', 'rr(x | g, 1)')
    """
    name = "" if structure == "us" else structure
    option = f", {rank}" if structure == "rr" else ""
    return f"{name}({inner}{option})"


def read_options(
    tag: str,
    args: Sequence[Expr],
    keywords: Sequence[tuple[str, Expr]],
    text: str,
) -> tuple[str, int]:
    """The structure and its rank, from a tag and the arguments after its bar expression.

    Parameters
    ----------
    tag : str
        One of `STRUCTURES`.
    args, keywords
        As written after the bar expression.
    text : str
        The formula.

    Raises
    ------
    FormulaError
        An option that the tag does not have, a rank that is not a positive whole number.
    """
    given: list[tuple[str, Expr]] = [("", arg) for arg in args] + list(keywords)
    if not given:
        return tag, RANK if tag == "rr" else 0
    if len(given) > 1:
        raise formula_error(
            f"{tag}() has at most one option", text, given[1][1].span, fix="remove this one"
        )
    name, value = given[0]
    if tag == "rr" and name in ("", "d"):
        if not isinstance(value, Number) or value.value < 1 or not value.value.is_integer():
            raise formula_error(
                "the rank of rr() must be a positive whole number",
                text,
                value.span,
                fix=f"write rr(x | g, {RANK})",
            )
        return tag, int(value.value)
    if tag in _TWINS and name == "hom":
        if not isinstance(value, Constant) or not isinstance(value.value, bool):
            raise formula_error("hom= is TRUE or FALSE", text, value.span, fix="write hom=TRUE")
        return _TWINS[tag][value.value], 0
    if tag == "rr":
        fix = f"the only option is the rank: rr(x | g, {RANK}) or rr(x | g, d={RANK})"
    elif tag in _TWINS:
        fix = "the only option is hom=TRUE, one variance for all columns, or hom=FALSE"
    else:
        fix = f"write {tag}(x | g)"
    what = f"the option {name}=" if name else "this option"
    raise formula_error(f"{tag}() does not have {what}", text, value.span, fix=fix)


def no_bar(tag: str, text: str, span: Span) -> Exception:
    """The error for ``ar1(x)``: a tag without a bar."""
    example = "0 + time | group" if tag in ORDERED else "x | group"
    return formula_error(
        f"{tag}() has no bar",
        text,
        span,
        found=f"'{tag}' is a covariance structure of random effects",
        fix=f"write {tag}({example}); if '{tag}' is a column, write it without parentheses",
    )


def unknown_structure(word: str, text: str, span: Span) -> Exception:
    """The error for ``csh(x | g)``: a bar within a call that is no tag."""
    fix = elsewhere(word)
    if not fix and word in KNOWN:
        fix = f"to use {word}() of a column, write it inside: ({word}(x) | group)"
    return formula_error(
        f"unknown covariance structure '{word}'",
        text,
        span,
        found="structures " + ", ".join(STRUCTURES),
        fix=fix
        or suggestion(word, STRUCTURES)
        or "without a word before the parenthesis, (x | group), the covariance matrix is free",
    )
