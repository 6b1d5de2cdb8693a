"""How good the approximation of the likelihood is, as a record that prints itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from ranef.inference.generalised.laplace_error import ErrorEstimate
from ranef.page.phrases import figures
from ranef.page.shown import Sentence
from ranef.present.text.names import spell
from ranef.types import Finding

if TYPE_CHECKING:
    import pandas as pd

    from ranef.solve import Certificate

__all__ = ["MUCH", "SHIFT", "LaplaceError"]

MUCH = 1.0
"""Deviance units from which on the error is worth a finding."""

SHIFT = 0.1
"""Standard errors, likewise."""

LEAST = 1e-6
"""Deviance units, or standard errors, below which an error is not told from rounding."""

BEST_NODES = {1: 15, 2: 9, 3: 7}
"""Nodes that are advised, by the random effects of a level."""


class Refitted(Protocol):
    """A fit, as far as a finding quotes it."""

    @property
    def loglik(self) -> float: ...
    @property
    def certificate(self) -> Certificate: ...
    def varcorr(self) -> pd.DataFrame: ...


@dataclass(frozen=True, slots=True, repr=False)
class LaplaceError(Sentence):
    """How far the approximate likelihood is from the likelihood, at the estimates.

    Made by :attr:`ranef.GeneralisedFit.laplace_error`. ``str()`` is a sentence.

    Attributes
    ----------
    deviance : float
        -2 log-likelihood less that of the fit, in deviance units.
    uncertainty : float
        Standard error of it, if it was simulated; 0 otherwise.
    largest_shift : float
        Largest foretold shift of an estimate, in standard errors; NaN if the design has several
        grouping factors or many random effects, for which only the deviance is known.
    method : str
        ``"quadrature"``, ``"next term"`` of Laplace's expansion, or ``"importance sampling"``.
    n_agq : int
        Nodes of the fit: 1 for Laplace's method.

    Examples
    --------
    >>> import ranef as rn
    >>> data = rn.datasets.load("cbpp")
    >>> fit = rn.glmm("incidence / size ~ period + (1 | herd)", data, weights="size")
    >>> fit.laplace_error.method, abs(fit.laplace_error.largest_shift) < 0.1
    ('quadrature', True)
    """

    deviance: float
    uncertainty: float
    largest_shift: float
    method: str
    n_agq: int
    _estimate: ErrorEstimate = field(repr=False)
    _effects: int = field(default=0, repr=False)
    _refit: Callable[[int], Refitted | None] | None = field(default=None, repr=False)

    @property
    def large(self) -> bool:
        """Whether it is worth a finding: more than 1 deviance unit, or 0.1 standard errors."""
        beyond = not abs(self.deviance) <= MUCH + 2.0 * self.uncertainty
        return beyond or self.largest_shift > SHIFT

    @property
    def remedy_nodes(self) -> int | None:
        """Nodes of quadrature that would do; None if there are several factors, or none would."""
        best = BEST_NODES.get(self._effects)
        return best if best is not None and best > self.n_agq else None

    @property
    def remedy(self) -> Refitted | None:
        """The same model fitted with these nodes.

        None without, and if quadrature has no value: at these estimates, or for any.
        """
        nodes = self.remedy_nodes
        if nodes is None or self._refit is None or not math.isfinite(self.deviance):
            return None
        return self._refit(nodes)

    @property
    def finding(self) -> Finding | None:
        """The finding ``laplace-error``; None if the error is small."""
        if not self.large:
            return None
        evidence = str(self)
        remedy = self.remedy
        if remedy is not None:
            fix = f"fit the model with quadrature, n_agq={self.remedy_nodes}"
            evidence += f". With n_agq={self.remedy_nodes}: {_changes(remedy)}"
        else:
            fix = (
                "treat variances and likelihood ratio tests with care; a model with "
                "fewer random effects, or more data for each level, is approximated better"
            )
        known = "is not" if math.isfinite(self.deviance) else "may not be"
        return Finding(
            "laplace-error",
            "warning",
            f"{self._approximation} {known} close to the likelihood",
            evidence,
            fix=fix,
        )

    @property
    def _approximation(self) -> str:
        return "Laplace's approximation" if self.n_agq == 1 else f"{self.n_agq} nodes"

    def __str__(self) -> str:
        e = self._estimate
        about = (
            f" (standard error {figures(self.uncertainty, 2)})" if self.uncertainty > 0.0 else ""
        )
        how = f"quadrature with {e.nodes} nodes" if e.nodes else self.method
        if e.method == "next term":
            how = "the next term of its expansion"
            how += "" if e.complete else ", without the part that needs pairs of rows"
        if not math.isfinite(self.deviance):
            return (
                f"it is not known how far {self._approximation} is from the likelihood: {how} has "
                "no value at the estimates"
            )
        gives = "Laplace's method gives" if self.n_agq == 1 else f"{self.n_agq} nodes give"
        if self.uncertainty == 0.0 and abs(self.deviance) < LEAST:
            size = f"exact to {LEAST:g} deviance units"
        else:
            side = "high" if self.deviance < 0.0 else "low"
            size = f"{figures(abs(self.deviance))}{about} deviance units too {side}"
        out = f"{gives} a -2 log-likelihood that is {size} at the estimates, as computed by {how}"
        if self.largest_shift == self.largest_shift:
            shift = max(self.largest_shift, LEAST)
            out += f"; correcting it would shift estimates by at most {shift:.2g} standard errors"
        else:
            out += "; by how much the estimates would shift is not computed for this design"
        return out


def _changes(fit: Refitted) -> str:
    """What a fit has found, for a finding."""
    table = fit.varcorr()
    sds = [
        f"SD of {spell(str(row.term1))} by {row.group} {row.sd:.3g}"
        for row in table[table["term2"].isna()].itertuples()
    ]
    return f"{fit.certificate.verdict}, log-likelihood {fit.loglik:.6g}, {', '.join(sds)}"
