"""The covariance matrix of a structure as a formula.

Standard deviations have one index, as in Snijders and Bosker: tau_0^2 is the variance that without
structure is tau_00. A distance in time is d.
"""

from __future__ import annotations

from collections.abc import Sequence

from ranef.present.equation.lines import CLAUSE, Line
from ranef.present.equation.parts import RandomPart, matrix
from ranef.present.equation.width import width_of

__all__ = ["law_of_structure"]

_MOST_WRITTEN_OUT = 4  # effects
_MOST_PLACES = 12
_WIDEST_LAW = 21.0  # em of a covariance matrix that is written out
_WIDEST_EFFECT = 10.0  # em of an effect in a vector


def law_of_structure(
    part: RandomPart, symbols: Sequence[str], indices: Sequence[str], own: str
) -> Line:
    r"""The distribution of the effects of a level.

    Parameters
    ----------
    part : RandomPart
    symbols : sequence of str
        The effects of a level.
    indices : sequence of str
        The index of each effect.
    own : str
        Index of all parameters if there are several structures, else empty.
    """
    q = len(symbols)
    if part.structure == "rr":
        return _law(symbols, rf"{_lambda(own)} {_lambda(own)}'", _loadings(part, own))
    if part.structure == "homdiag":
        return _law(symbols, rf"{_tau(part, '', own)}^2 \, I_{{{q}}}")
    rows = _matrix(part, indices, own) if q <= _MOST_WRITTEN_OUT else ""
    widest = max(map(width_of, symbols))
    if not rows or width_of(rows) > _WIDEST_LAW or widest > _WIDEST_EFFECT:
        return _general(part, symbols, own)
    return _law(symbols, rows)


def _matrix(part: RandomPart, indices: Sequence[str], own: str) -> str:
    """The lower triangle of the covariance matrix."""
    return matrix(
        [
            [
                _entry(part, indices[a], indices[b], own, str(_between(part, a, b)))
                if a != b
                else f"{_tau(part, indices[a], own)}^2"
                for b in range(a + 1)
            ]
            for a in range(len(indices))
        ]
    )


def _general(part: RandomPart, symbols: Sequence[str], own: str) -> Line:
    """The covariance matrix by its element in row s and column t."""
    covariance = _entry(part, "s", "t", own, _distance(part))
    letters = r"\mathrm{T}" + (f"_{{{own}}}" if own else "")
    element = r"\mathrm{T}_{" + ", ".join(filter(None, (own, "st"))) + "}"
    rest = _places(part)
    if part.structure.endswith("toep"):
        rest = (f"{_rho(own, '0')} = 1",)
    elif part.structure.endswith("cs"):
        covariance += r" \; (s \ne t)"
        diagonal = element.replace("st", "ss")
        rest = (f"{diagonal} = {_tau(part, 's', own)}^2",)
    return _law(symbols, letters, (f"{element} = {covariance}", *rest), short=True)


def _law(
    symbols: Sequence[str], covariance: str, rest: Sequence[str] = (), short: bool = False
) -> Line:
    if short or len(symbols) > _MOST_WRITTEN_OUT:
        vector = rf"({symbols[0]}, \dots, {symbols[-1]})'"
    else:
        vector = matrix([[symbol] for symbol in symbols])
    law = rf"\mathcal{{N}}\left(0, {covariance}\right)"
    return Line(vector, r"\sim", (law, *rest), CLAUSE)


def _tau(part: RandomPart, index: str, own: str) -> str:
    indices = ", ".join(filter(None, (own, "" if part.one_variance else index)))
    return r"\tau" + (f"_{{{indices}}}" if indices else "")


def _rho(own: str, lag: str = "") -> str:
    indices = ", ".join(filter(None, (own, lag)))
    return r"\rho" + (f"_{{{indices}}}" if indices else "")


def _entry(part: RandomPart, a: str, b: str, own: str, distance: str) -> str:
    """The covariance of two effects."""
    if part.one_variance:
        sds = f"{_tau(part, '', own)}^2"
    else:
        sds = rf"{_tau(part, b, own)} {_tau(part, a, own)}"
    if part.structure.endswith("toep"):
        return rf"{sds} {_rho(own, distance)}"
    if part.structure.endswith("ar1"):
        power = "" if distance == "1" else f"^{{{distance}}}"
        return rf"{sds} {_rho(own)}{power}"
    return rf"{sds} {_rho(own)}"


def _between(part: RandomPart, a: int, b: int) -> int:
    at = part.positions
    return abs(at[a] - at[b]) if at and part.structure.endswith("ar1") else abs(a - b)


def _distance(part: RandomPart) -> str:
    at = part.positions
    gaps = bool(at) and at[-1] - at[0] > len(at) - 1 and part.structure.endswith("ar1")
    return "|d_s - d_t|" if gaps else "|s - t|"


def _places(part: RandomPart) -> tuple[str, ...]:
    """Where the occasions stand in time, if that is not 0, 1, 2, ..."""
    if "d" not in _distance(part) or len(part.positions) > _MOST_PLACES:
        return ()
    return (f"d = ({', '.join(map(str, part.positions))})",)


def _lambda(own: str) -> str:
    return r"\Lambda" + (f"_{{{own}}}" if own else "")


def _loadings(part: RandomPart, own: str) -> tuple[str, ...]:
    """The lower trapezoid, or its size if it is large."""
    q, rank = len(part.names), part.rank
    if q > _MOST_WRITTEN_OUT:
        return (rf"{_lambda(own)} \in \mathbb{{R}}^{{{q} \times {rank}}}",)
    rows = [
        [rf"\lambda_{{{a + 1}{b + 1}}}" if b <= a else "0" for b in range(rank)] for a in range(q)
    ]
    return (rf"{_lambda(own)} = {matrix(rows)}",)
