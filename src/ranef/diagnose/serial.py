"""Serial correlation: residuals of rows that follow one another within a group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ranef.design.terms import RandomTerm
from ranef.diagnose.call import quoted
from ranef.diagnose.subject import Subject
from ranef.errors import RanefError
from ranef.frame.grouping import parts_of_group
from ranef.page.phrases import p_value
from ranef.residual import learn_residual, parse_residual
from ranef.residual.base import GroupCodes
from ranef.residual.spec import text_of
from ranef.types import Array, Codes, Finding

__all__ = [
    "Innovations",
    "Serial",
    "neighbour_correlation",
    "serial_correlations",
    "serial_findings",
    "whitened",
]

LEVEL = 1e-3
"""For all factors and orders of a fit together (Bonferroni)."""

LARGE = 0.10
"""Correlation of neighbours that is worth a word."""

LEVEL_OF_ROWS, LARGE_OF_ROWS = 1e-4, 0.2
"""The same for the order of the rows in the data: what sorts them is not known."""

LIKELY = 0.025
"""p value below which other findings allow for serial correlation."""

TIES = 0.02
"""Share of neighbours with equal values up to which a variable orders the rows."""

FEWEST_PAIRS = 30
FEW_VALUES = 50
BINS = 20


@dataclass(frozen=True, slots=True)
class Serial:
    """Neighbours within the levels of one factor, in one order.

    Attributes
    ----------
    factor : str
    order : str
        The variable that orders the rows; empty for the order in which they stand in the data.
    by : ndarray, shape (n,)
        Its values.
    correlation : float
        Of neighbours, less what chance gives.
    p_value : float
        One-sided, against a positive correlation.
    tests : int
        How many of them were made.
    """

    factor: str
    order: str
    by: Array = field(repr=False)
    correlation: float
    p_value: float
    tests: int = 1

    @property
    def likely(self) -> bool:
        """Whether other findings have to allow for it."""
        return self.p_value < LIKELY

    @property
    def clear(self) -> bool:
        """Whether it is worth a finding."""
        level, large = (LEVEL, LARGE) if self.order else (LEVEL_OF_ROWS, LARGE_OF_ROWS)
        return self.p_value * self.tests < level and self.correlation >= large


@dataclass(frozen=True, slots=True)
class Innovations:
    """What is new in each residual beside its neighbour before; each group loses its first row.

    ``rho``; ``codes`` of the rows kept; their ``values`` in units of the residual SD, and their
    ``leverage`` in the regression within groups; ``left``, the sum of products of neighbours less
    what the regression makes of independent values (minus the leverage between neighbours).
    """

    rho: float
    codes: Codes = field(repr=False)
    values: Array = field(repr=False)
    leverage: Array = field(repr=False)
    left: float


def serial_correlations(subject: Subject, residuals: Array) -> dict[str, Serial]:
    """For each grouping factor the order in which neighbours are most alike.

    A variable orders the rows of a factor where its values differ within the levels: a number, or
    a category with an order. What all levels share along the order, a curve of time, is taken out
    first. Only where no variable of the model orders the rows their order in the data is looked at.
    """
    tested = []
    for term in {term.factor: term for term in subject.design.terms}.values():
        orders = [
            (name, values)
            for name, values in _variables(subject)
            if _share_tied(values, term.codes) <= TIES
        ]
        for name, by in orders or [("", np.arange(subject.design.n, dtype=np.float64))]:
            found = _tested(term, name, by, residuals)
            tested += [] if found is None else [found]
    best: dict[str, Serial] = {}
    for each in tested:
        if each.factor not in best or each.p_value < best[each.factor].p_value:
            best[each.factor] = each
    return {
        factor: Serial(s.factor, s.order, s.by, s.correlation, s.p_value, len(tested))
        for factor, s in best.items()
    }


def neighbour_correlation(values: Array, codes: Codes) -> tuple[float, float, int]:
    """Correlation of neighbours within groups, its standardised statistic, and the pairs.

    Values stand in order, groups one after the other. Given the values of each group, all their
    orders are equally likely where nothing is serial: the sum of products of neighbours, about the
    group's mean, then has mean -m_2 and a variance in closed form (Wald and Wolfowitz 1943, without
    the pair that closes the circle). That holds whatever the groups' variances and the shape of the
    distribution. Where a slope of the ordering variable has been fitted to each group, neighbours
    are a little less alike than by chance, and the test is on the cautious side.

    References
    ----------
    Wald, A. and Wolfowitz, J. (1943), An exact test for randomness in the non-parametric case based
    on serial correlation, Annals of Mathematical Statistics 14, 378-388.
    """
    levels = int(codes.max(initial=-1)) + 1
    n = np.bincount(codes, minlength=levels).astype(np.float64)
    means = np.bincount(codes, weights=values, minlength=levels) / np.maximum(n, 1.0)
    d = values - means[codes]
    same = codes[1:] == codes[:-1]
    products = np.bincount(codes[1:][same], weights=(d[1:] * d[:-1])[same], minlength=levels)
    p2 = np.bincount(codes, weights=d**2, minlength=levels)
    p4 = np.bincount(codes, weights=d**4, minlength=levels)
    use = (n >= 3.0) & (p2 > 0.0)
    n, p2, p4, products = n[use], p2[use], p4[use], products[use]
    if not n.size:
        return 0.0, 0.0, 0
    mean = -p2 / n
    two, three = n * (n - 1.0), n * (n - 1.0) * (n - 2.0)
    second = (n - 1.0) * (p2**2 - p4) / two
    second += 2.0 * (n - 2.0) * (2.0 * p4 - p2**2) / three
    second += (3.0 * p2**2 - 6.0 * p4) / two
    variance = float(np.sum(np.maximum(second - mean**2, 0.0)))
    beyond = float(np.sum(products - mean))
    correlation = beyond / float(np.sum(p2 * (n - 1.0) / n))
    pairs = int(np.sum(n - 1.0))
    return correlation, beyond / float(np.sqrt(variance)) if variance > 0.0 else 0.0, pairs


def whitened(serial: Serial, residuals: Array, term: RandomTerm, Z: Array) -> Innovations:
    """Residuals from which serial correlation of the first order has been taken out.

    With rho such that what is left, e_i - rho e_(i-1) less its regression in each group on the
    columns of Z transformed likewise, has neighbours as alike as independent values would have.
    """
    order = np.lexsort((serial.by, term.codes))
    low, high = 0.0, 0.98
    found = _taken_out(low, residuals, term, Z, order)
    for _ in range(12):
        middle = 0.5 * (low + high)
        found = _taken_out(middle, residuals, term, Z, order)
        low, high = (middle, high) if found.left > 0.0 else (low, middle)
    return found


def _taken_out(
    rho: float, residuals: Array, term: RandomTerm, Z: Array, order: NDArray[np.intp]
) -> Innovations:
    codes = term.codes[order]
    later = np.flatnonzero(codes[1:] == codes[:-1]) + 1
    rows, before = order[later], order[later - 1]
    scale = np.sqrt(1.0 - rho**2)
    e = (residuals[rows] - rho * residuals[before]) / scale
    z = (Z[rows] - rho * Z[before]) / scale
    code, n = term.codes[rows], term.n_levels
    q = z.shape[1]
    cross, moment = np.empty((n, q, q)), np.empty((n, q))
    for i in range(q):
        moment[:, i] = np.bincount(code, weights=z[:, i] * e, minlength=n)
        for j in range(q):
            cross[:, i, j] = np.bincount(code, weights=z[:, i] * z[:, j], minlength=n)
    inverse = np.linalg.pinv(cross, rcond=1e-10, hermitian=True)
    b = np.einsum("jab,jb->ja", inverse, moment)
    leverage = np.einsum("ia,iab,ib->i", z, inverse[code], z)
    e = e - np.einsum("ia,ia->i", z, b[code])
    df = np.bincount(code, weights=1.0 - leverage, minlength=n)
    variance = np.bincount(code, weights=e**2, minlength=n) / np.maximum(df, 1e-9)
    same = np.flatnonzero((code[1:] == code[:-1]) & (df[code[1:]] > 0.5))
    beside = np.einsum("ia,iab,ib->i", z[same + 1], inverse[code[same]], z[same])
    left = float(np.sum(e[same + 1] * e[same] + beside * variance[code[same]]))
    return Innovations(rho, code, e, leverage, left)


def _variables(subject: Subject) -> Iterator[tuple[str, Array]]:
    """Numbers and ordered categories of the model that are no groups and not the response."""
    groups = {name.name for bar in subject.formula.bars for name in bar.group_names}
    for name in subject.formula.predictors():
        column = subject.table[name]
        if name not in groups and (column.kind == "number" or column.ordered):
            yield name, column.values.astype(np.float64)


def _share_tied(values: Array, codes: Codes) -> float:
    order = np.lexsort((values, codes))
    same = codes[order][1:] == codes[order][:-1]
    if not same.any():
        return 1.0
    return float(np.mean((values[order][1:] == values[order][:-1])[same]))


def _tested(term: RandomTerm, name: str, by: Array, residuals: Array) -> Serial | None:
    from scipy import special

    order = np.lexsort((by, term.codes))
    codes = term.codes[order]
    along = by[order] if name else _positions(codes)
    values = residuals[order] - _shared(along, residuals[order])
    correlation, z, pairs = neighbour_correlation(values, codes)
    if pairs < FEWEST_PAIRS:
        return None
    return Serial(term.factor, name, by, correlation, float(special.ndtr(-z)))


def _positions(codes: Codes) -> Array:
    """First, second, ... of each group."""
    first = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
    sizes = np.diff(np.r_[first, codes.size])
    return np.asarray(np.arange(codes.size) - np.repeat(first, sizes), dtype=np.float64)


def _shared(along: Array, values: Array) -> Array:
    """What all groups share along the order: means by value, or in bins where values are many."""
    distinct, code = np.unique(along, return_inverse=True)
    if distinct.size > FEW_VALUES:
        edges = np.quantile(along, np.linspace(0.0, 1.0, BINS + 1)[1:-1])
        code = np.searchsorted(edges, along, side="right")
    counts = np.bincount(code)
    means = np.bincount(code, weights=values) / np.maximum(counts, 1)
    return np.asarray(means[code])


def _correlated(subject: Subject, found: Serial) -> str:
    """How to fit residuals that are correlated along an order, if these data allow it."""
    groups = {term.factor: GroupCodes(term.factor, term.codes) for term in subject.design.terms}
    asked = subject.data.residual
    if asked is not None:
        return f": {asked.spec.text} does not model this correlation"
    text = text_of("ar1", [found.order], parts_of_group(found.factor, subject.table.names))
    try:
        learn_residual(parse_residual(text), subject.table, tuple(groups.values()))
    except RanefError as error:
        return (
            f": {text_of('ar1', ['time'], ['g'])} as residual= needs a time in whole numbers "
            + (f"({error.what})")
        )
    return f": residual={quoted(text)} fits residuals correlated in {found.order}"


def serial_findings(subject: Subject, serial: Mapping[str, Serial]) -> Iterator[Finding]:
    """The clearest one: nested factors see the same neighbours."""
    clear = sorted((s for s in serial.values() if s.clear), key=lambda s: s.p_value)
    for found in clear[:1]:
        p = min(1.0, found.p_value * found.tests)
        evidence = f"correlation of neighbours {found.correlation:.2f}, {p_value(p)}"
        response = subject.design.response
        if found.order:
            yield Finding(
                code="serial-correlation",
                severity="warning",
                message=f"residuals of '{response}' within '{found.factor}' are serially "
                f"correlated in {found.order}: the model takes them as independent",
                evidence=evidence,
                where=f"{found.order} by {found.factor}",
                fix=f"a random slope or a curve of {found.order} takes up slow changes. Where "
                f"neighbours stay alike, standard errors of what changes slowly with {found.order} "
                f"are too small{_correlated(subject, found)}",
            )
        else:
            yield Finding(
                code="serial-correlation",
                severity="note",
                message=f"residuals of '{response}' that follow one another in the data are alike "
                f"within '{found.factor}'",
                evidence=evidence,
                where=found.factor,
                fix="if the rows stand in order of time, residuals are serially correlated: put "
                "the time into the model. If they are sorted by something else, ask whether that "
                "belongs in the model",
            )
