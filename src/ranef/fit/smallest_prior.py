"""The weakest prior of a family that takes a fit off the boundary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ranef.answers import refuse_unknown_options
from ranef.errors import OptionError
from ranef.fit.facade import Fit
from ranef.fit.mixed_fit import MixedFit
from ranef.inference.prior_strength import Family, Rule, terms_of, weakest
from ranef.options import instance, real
from ranef.page import paragraph
from ranef.page.shown import Sentence
from ranef.present.progress import progress
from ranef.priors.assign import Assigned

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SmallestPrior", "checked_fit", "family_of", "smallest"]


def checked_fit(fit: Any) -> Fit:
    """`fit`, if it is one."""
    if isinstance(fit, MixedFit) and not isinstance(fit, Fit):
        raise OptionError(
            "sensitivity to priors is for linear models",
            where=fit.formula,
            found="a generalised model",
            fix="fit it with several priors, fit.update(prior=...), and compare the estimates",
        )
    return instance("fit", fit, Fit, "give what rn.lmm returned")


def family_of(fit: Fit, name: Any, wanted: Sequence[int]) -> Family:
    """Priors on the terms, of those wanted, that the family says something about."""
    terms = terms_of(fit._problem, name, wanted)
    return Family(name, terms, fit._problem, fit._design.x_names, fit._control)


@dataclass(frozen=True, slots=True, repr=False)
class SmallestPrior(Sentence):
    """The weakest prior of a family that takes a fit off the boundary. ``str()`` says it in words.

    Attributes
    ----------
    family : str
    strength : float
        1 is the family's default (blme's Wishart or gamma, LKJ(2)); 0 where none is needed.
    prior : dict or None
        As `prior=` takes it.
    fit : Fit
        The fit with that prior.
    without : Fit
        The fit without it.
    cost : float
        What it takes from the likelihood: increase of -2 loglik, deviance units.
    changes : DataFrame
        Fixed effects without and with the prior, their standard errors, and the change in units
        of the standard error without.
    rule : str
        What off the boundary means.
    """

    family: str
    strength: float
    prior: dict[str, object] | None
    fit: Fit = field(repr=False)
    without: Fit = field(repr=False)
    cost: float
    changes: pd.DataFrame = field(repr=False)
    rule: str = field(repr=False)

    def __str__(self) -> str:
        return "\n".join(paragraph(_text(self)))

    __repr__ = __str__


@refuse_unknown_options("rn.priors.smallest")
@progress("searching for the weakest prior")
def smallest(
    fit: Fit, family: str = "wishart", correlation: float = 0.95, share: float = 0.01
) -> SmallestPrior:
    """Find the weakest prior of a family that takes a fit off the boundary.

    Any prior whose density is zero at the boundary moves the mode off it, by as little as the
    prior is weak. Off the boundary therefore needs a rule: the fit is certified as an interior
    optimum; no correlation is beyond +-`correlation` (more than two effects: no eigenvalue of the
    correlation matrix below 1 - `correlation`); every random effect contributes an SD of at least
    `share` sigma to a typical row.

    Parameters
    ----------
    fit : Fit
    family : {"wishart", "gamma", "lkj"}
        Gamma is for terms of one effect, LKJ for terms of several.
    correlation : float
        Between 0 and 1.
    share : float
        Not negative.

    Returns
    -------
    SmallestPrior
        Only terms on the boundary get the prior; it takes the place of covariance priors they
        had. Its strength is known to one per cent.

    Raises
    ------
    OptionError
        An unknown family, or one that cannot take this fit off the boundary.

    References
    ----------
    Chung, Rabe-Hesketh, Dorie, Gelman and Liu (2013), Psychometrika 78(4), on how weak a prior
    that moves a boundary estimate may be.

    Examples
    --------
    >>> import ranef as rn
    >>> fit = rn.lmm("math ~ ses * sector + (ses | sch.id)", rn.datasets.load("hsb"))
    >>> weakest = rn.priors.smallest(fit)
    >>> weakest.fit.certificate.verdict, weakest.strength < 0.05, weakest.cost < 0.1
    ('interior optimum', True, True)
    """
    fit = checked_fit(fit)
    real("correlation", correlation, above=0.0, below=1.0, fix="the default is 0.95")
    real("share", share, least=0.0, below=1.0, fix="the default is 0.01")
    everything = tuple(range(len(fit._problem.terms)))
    rule = Rule(correlation, share)
    off = rule.by_term(fit._solution)
    on = [k for k in everything if not off[k]]
    priors = family_of(fit, family, on or everything)
    if not on:
        return _result(fit, fit, family, 0.0, fit._problem.prior, str(rule))
    found = weakest(priors, rule)
    return _result(
        fit._with_prior(found.prior),
        fit._with_prior(priors.prior(0.0)),
        family,
        found.strength,
        found.prior,
        str(rule),
    )


def _result(
    fit: Fit, without: Fit, family: str, strength: float, prior: Assigned | None, rule: str
) -> SmallestPrior:
    import pandas as pd

    errors = np.sqrt(np.diag(without.vcov))
    changes = pd.DataFrame(
        {
            "without": without.fixef,
            "with_prior": fit.fixef,
            "std_error_without": pd.Series(errors, index=without.vcov.index),
            "std_error_with": pd.Series(np.sqrt(np.diag(fit.vcov)), index=fit.vcov.index),
        }
    ).reindex(without.fixef.index)
    changes["change_in_se"] = (changes["with_prior"] - changes["without"]) / changes[
        "std_error_without"
    ]
    return SmallestPrior(
        family=family,
        strength=strength,
        prior=None if prior is None else prior.by_name(),
        fit=fit,
        without=without,
        cost=2.0 * (without.loglik - fit.loglik),
        changes=changes,
        rule=rule,
    )


def _text(result: SmallestPrior) -> str:
    verdict = result.without.certificate.verdict
    if result.strength == 0.0:
        return f"No prior is needed: the fit is off the boundary as it is ({result.rule})."
    prior = result.fit._problem.prior
    phrases = "" if prior is None else "; ".join(prior.sentences())
    defaults = {"wishart": "blme's default", "gamma": "blme's default", "lkj": "LKJ(2)"}
    named = {"wishart": "Wishart", "lkj": "LKJ"}.get(result.family, result.family)
    change = result.changes["change_in_se"].abs().dropna()
    name, most = str(change.idxmax()), float(change.max())
    correlations = [
        f"the correlation of {a} and {b} by {g} from {_correlation(result.without, g, a, b):.2f} "
        f"to {_correlation(result.fit, g, a, b):.2f}"
        for g, a, b in _pairs(result.without)
    ]
    moved = f" It moves {', '.join(correlations)}." if len(correlations) == 1 else ""
    sound = (
        " Without it the fit is at its optimum as well, on the boundary: the prior changes what is "
        "asked, not whether it converges."
        if verdict == "boundary optimum"
        else ""
    )
    return (
        f"The weakest {named} prior that takes the fit off the boundary is {phrases}: "
        f"{result.strength:.2g} of the strength of {defaults[result.family]}. It costs "
        f"{result.cost:.2g} deviance units of the likelihood and moves no fixed effect by more "
        f"than {most:.2g} standard errors ({name}).{moved} Off the boundary means: {result.rule}."
        f"{sound}"
    )


def _pairs(fit: Fit) -> list[tuple[str, str, str]]:
    frame = fit.varcorr()
    rows = frame[frame["term2"].notna()]
    return list(rows[["group", "term1", "term2"]].itertuples(index=False, name=None))


def _correlation(fit: Fit, group: str, a: str, b: str) -> float:
    frame = fit.varcorr()
    row = frame[(frame["group"] == group) & (frame["term1"] == a) & (frame["term2"] == b)]
    return float(row["sd"].iloc[0])
