"""How estimates move with the strength of a prior."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.answers import refuse_unknown_options
from ranef.errors import OptionError
from ranef.fit.facade import Fit
from ranef.fit.smallest_prior import checked_fit, family_of
from ranef.inference.prior_strength import Penalised, along
from ranef.options import confidence, numbers, shown
from ranef.present.progress import progress_bar
from ranef.present.results.sensitivity import sensitivity_html, sensitivity_text
from ranef.present.text.words import Words

if TYPE_CHECKING:
    import pandas as pd

    from ranef.present.plots.panels import Panels

__all__ = ["Sensitivity", "sensitivity"]


@dataclass(frozen=True, slots=True, repr=False)
class Sensitivity:
    """Estimates along the strength of a prior. ``str()`` is a table at four strengths.

    Attributes
    ----------
    family : str
    frame : DataFrame
        One row a strength and parameter: strength (0 is no prior, 1 the family's default), effect
        (``"fixed"``, ``"sd"`` or ``"correlation"``), group (None for fixed effects), term,
        estimate, std_error, conf_low, conf_high (Wald, of fixed effects), cost (increase of
        -2 loglik over the fit without a prior, deviance units), verdict. Where a fit is not
        certified, its numbers are NaN: a prior that outweighs the data may have no mode.
    level : float
        Of the intervals.
    """

    family: str
    frame: pd.DataFrame = field(repr=False)
    level: float
    _words: Words = field(default_factory=Words, repr=False)

    def __str__(self) -> str:
        return sensitivity_text(self.frame, self.family, self.level, self._words)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return sensitivity_html(self.frame, self.family, self.level, self._words)

    def plot(
        self,
        terms: Sequence[str] | None = None,
        *,
        ax: Any = None,
        labels: Mapping[str, str] | None = None,
    ) -> Panels:
        """Draw fixed effects, SDs and correlations against the strength, one panel each.

        Parameters
        ----------
        terms : sequence of str, optional
            Fixed effects to draw; all but the intercept by default.
        ax : sequence of Axes, optional
            Where to draw, one for each panel; a new figure by default.
        labels : mapping of str to str, optional
            Words for variables, beside those that the fit has.

        Returns
        -------
        Panels
            ``.data`` is a frame of the estimates that are drawn.
        """
        from ranef.present.plots.ribbon import ribbon
        from ranef.present.plots.wording import with_labels

        words = with_labels(self._words, labels)
        return ribbon(self.frame, self.family, self.level, terms, ax, words)


@refuse_unknown_options("rn.priors.sensitivity")
def sensitivity(
    fit: Fit,
    family: str = "wishart",
    strengths: Sequence[float] | None = None,
    level: float = 0.95,
) -> Sensitivity:
    """Fit again along the strength of a prior and collect what moves.

    Parameters
    ----------
    fit : Fit
    family : {"wishart", "gamma", "lkj"}
        The prior is put on every random-effects term it can say something about, in the place of
        covariance priors that the fit has.
    strengths : sequence of float, optional
        0 is no prior, 1 the family's default (blme's, or LKJ(2)); 0 and 25 values from 0.01 to 10
        by default.
    level : float
        Of the Wald intervals of the fixed effects.

    Returns
    -------
    Sensitivity
        With ``.frame`` and ``.plot()``.

    Examples
    --------
    >>> import ranef as rn
    >>> fit = rn.lmm("math ~ ses * sector + (ses | sch.id)", rn.datasets.load("hsb"))
    >>> path = rn.priors.sensitivity(fit, strengths=[0, 0.1, 1])
    >>> slope = path.frame.query("effect == 'correlation'")
    >>> slope["estimate"].round(2).tolist()
    [1.0, 0.82, 0.58]
    """
    values = _strengths(strengths)
    fit = checked_fit(fit)
    confidence("level", level)
    priors = family_of(fit, family, range(len(fit._problem.terms)))
    with progress_bar("sensitivity to the prior", len(values)) as tick:
        points, plain = along(priors, values, tick)
    rows = [row for point in points for row in _rows(fit, point, plain.estimates.loglik, level)]
    import pandas as pd

    return Sensitivity(family, pd.DataFrame(rows), level, fit._words)


NOT_NEGATIVE = "strengths are numbers that are not negative"
SCALE = "0 is no prior, 1 the default of the family"


def _strengths(strengths: Sequence[float] | None) -> list[float]:
    if strengths is None:
        return [0.0, *np.geomspace(0.01, 10.0, 25).tolist()]
    values = numbers("strengths", strengths, what=NOT_NEGATIVE, fix=SCALE)
    if values.ndim != 1 or not values.size or not np.all((values >= 0.0) & np.isfinite(values)):
        raise OptionError(
            NOT_NEGATIVE,
            found=f"strengths={shown(strengths)}",
            fix=SCALE,
        )
    return [float(v) for v in np.unique(values)]


def _rows(fit: Fit, point: Penalised, loglik: float, level: float) -> list[dict[str, Any]]:
    from statistics import NormalDist

    z = NormalDist().inv_cdf(0.5 + 0.5 * level)
    estimates, certificate = point.estimates, point.solution.certificate
    nan = float("nan")
    known = 1.0 if certificate.certified else nan

    def row(
        effect: str, group: str | None, term: str, value: float, error: float = nan
    ) -> dict[str, Any]:
        value, error = known * value, known * error
        return {
            "strength": point.strength,
            "effect": effect,
            "group": group,
            "term": term,
            "estimate": value,
            "std_error": error,
            "conf_low": value - z * error,
            "conf_high": value + z * error,
            "cost": known * 2.0 * (loglik - estimates.loglik),
            "verdict": certificate.verdict,
        }

    errors = np.sqrt(np.diag(estimates.vcov))
    out = [
        row("fixed", None, name, float(b), float(e))
        for name, b, e in zip(fit._design.x_names, estimates.beta, errors, strict=True)
    ]
    for label, covariance in zip(fit._problem.labels, estimates.covariances, strict=True):
        sds = np.sqrt(np.diag(covariance))
        out += [
            row("sd", label.label, name, float(sd))
            for name, sd in zip(label.names, sds, strict=True)
        ]
        for i in range(len(sds)):
            for j in range(i + 1, len(sds)):
                product = sds[i] * sds[j]
                value = float(covariance[i, j] / product) if product > 0.0 else nan
                term = f"{label.names[i]}, {label.names[j]}"
                out.append(row("correlation", label.label, term, value))
    return out
