"""A structured covariance by its parameters, as every page shows it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np

from ranef.covariance import Kind, kind_of
from ranef.present.protocol import TermCovariance
from ranef.present.text.numbers import rounded

__all__ = [
    "correlation_text",
    "correlations_of",
    "heading",
    "kind_of_term",
    "legends",
    "sds_of",
    "short_parameters",
    "structured",
]

_LEAST = 3
_MOST = 6
_ONE = 1e-9  # distance from 1 that counts as none


def kind_of_term(term: TermCovariance) -> Kind | None:
    """The structure of a term; None for a covariance that is free and of full rank."""
    if term.block is None:
        return None
    kind = kind_of(term.block)
    return None if kind.name == "us" else kind


def structured(term: TermCovariance) -> Kind | None:
    """The structure of a term that is shown by its parameters, None for other terms."""
    kind = kind_of_term(term)
    return None if kind is None or kind.free else kind


def sds_of(term: TermCovariance, kind: Kind) -> tuple[tuple[str, float], ...]:
    """Standard deviations that are parameters, by effect; one without a name for all effects."""
    assert term.parameters is not None
    names = ("",) if kind.one_variance else term.label.names
    own = term.parameters[: len(names)].tolist()
    return tuple(zip(names, own, strict=True))


def correlations_of(term: TermCovariance, kind: Kind) -> tuple[tuple[str, float], ...]:
    """Correlations that are parameters, each with the words that distinguish it.

    They are NaN if fewer than two effects vary.
    """
    assert term.parameters is not None
    q = len(term.label.names)
    names = [name.removeprefix("cor").strip() for name in kind.correlations(term.label.names)]
    own = term.parameters[kind.n_sds(q) :].tolist()
    if int(np.count_nonzero(term.sds > 0.0)) < 2:
        own = [math.nan] * len(own)
    return tuple(zip(names, own, strict=True))


def short_parameters(term: TermCovariance) -> Iterator[tuple[str, str, float]]:
    """``SD`` or ``Cor``, the effects (empty for all), and the number.

    A covariance without structure, also one of reduced rank, has all of its pairs.
    """
    kind, names = structured(term), term.label.names
    if kind is None:
        yield from (("SD", name, sd) for name, sd in zip(names, term.sds.tolist(), strict=True))
        for i, j in term.pairs:
            yield "Cor", f"{names[i]}, {names[j]}", term.correlation(i, j)
    else:
        yield from (("SD", name, sd) for name, sd in sds_of(term, kind))
        yield from (("Cor", name, value) for name, value in correlations_of(term, kind))


def heading(term: TermCovariance, kind: Kind) -> str:
    """The tag, and how many effects or occasions there are.

    >>> from ranef.core import TermBlock, TermLabel
    >>> label = TermLabel("g", "g", ("t[1]", "t[2]", "t[4]"), 9, "ar1")
    >>> term = TermCovariance(label, np.eye(3), TermBlock(0, 0, 3, "ar1", 0, (0, 1, 3)))
    >>> heading(term, kind_of(term.block))
    'ar1, 3 occasions with gaps'
    """
    assert term.block is not None
    q, positions = term.block.q, term.block.positions
    if kind.name == "rr":
        return f"rr, rank {term.block.rank} of {q}"
    if not positions:
        return f"{kind.name}, {q} effects"
    counted = kind.family == "ar1"  # the others number their occasions
    gaps = " with gaps" if counted and positions[-1] - positions[0] > q - 1 else ""
    return f"{kind.name}, {q} occasions{gaps}"


def legends(terms: Iterable[TermCovariance]) -> tuple[str, ...]:
    """What the tags of structures that are shown by their parameters mean."""
    kinds = {kind.name: kind.words for term in terms if (kind := structured(term))}
    return tuple(f"{name}: {words}" for name, words in kinds.items())


def correlation_text(x: float) -> str:
    """A correlation, with more decimals if it would read as 1 and is not.

    >>> correlation_text(0.7357), correlation_text(0.99987), correlation_text(1.0)
    ('0.736', '0.9999', '1.000')
    """
    for decimals in range(_LEAST, _MOST + 1):
        shown = rounded(x, decimals)
        if not (abs(x) < 1.0 - _ONE and shown.lstrip("-").startswith("1")):
            break
    return shown
