"""The records of the ladder: what to fit, and what came of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ranef.diagnose.call import Call
from ranef.diagnose.subject import AnySubject
from ranef.page.phrases import count, figures, p_between
from ranef.page.shown import Sentence

__all__ = ["Conclusion", "Effect", "Ladder", "Plan", "Rung", "Test", "Tried"]

Conclusion = Literal["above zero", "below zero", "open"]
"""Where the 95% interval of a coefficient lies; ``"open"`` where it holds zero."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A model to fit in place of the one asked for.

    Attributes
    ----------
    key : str
        Stable name of the rung: ``"zero-correlation"``.
    title : str
        A few words for the table: ``"without slope of ses"``.
    formula : str
    renames : mapping of str to str
        Factors of the asked formula that are called otherwise in this one:
        ``{"ses": "within(ses, sch.id)"}``.
    arguments : tuple of str
        What the call has besides: ``("prior=rn.priors.Wishart()",)``.
    dropped : str
        The random effect that this model goes without, where it is one.
    group : str
        The grouping factor that the change is about.
    random : bool
        Whether the formula has a random part.
    rows : ndarray of bool or None, shape (n,)
        The rows to keep, where some are left out.
    data : str
        The data in the call: ``'data[data["school"] != "s17"]'``.
    fit : AnySubject or None
        Where the model has been fitted already.
    costly : bool
        Whether it is known to take long: it is named and not fitted.
    order : int
        Among plans of one place: those of the first grouping factor go before those of the second.
    """

    key: str
    title: str
    formula: str
    renames: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    dropped: str = ""
    group: str = ""
    random: bool = True
    rows: NDArray[np.bool_] | None = field(default=None, repr=False, compare=False)
    data: str = "data"
    fit: AnySubject | None = field(default=None, repr=False, compare=False)
    costly: bool = False
    order: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class Test(Sentence):
    """A likelihood-ratio test between two rungs. ``str()`` is a sentence.

    Attributes
    ----------
    smaller, larger : str
        Keys of the two rungs.
    statistic : float
        Deviance units.
    law : str
        Distribution under the smaller model, in words.
    p_low, p_high : float
        The p value; two where only bounds are known.
    method : str
        ``"REML"`` or ``"ML"``.
    note : str
        What keeps the law from being exact; empty where it is.
    """

    smaller: str
    larger: str
    statistic: float
    law: str
    p_low: float
    p_high: float
    method: str
    note: str = ""

    def __str__(self) -> str:
        p = p_between(self.p_high if self.exact else self.p_low, self.p_high)
        law = f"{self.method} LRT {self.statistic:.2f}, {self.law}"
        return f"{self.smaller} in {self.larger}: {law}: {p}"

    @property
    def models(self) -> tuple[str, str]:
        """The two titles."""
        return self.smaller, self.larger

    @property
    def exact(self) -> bool:
        """Whether the law is known, so that the two p values are one."""
        return self.p_low == self.p_high


@dataclass(frozen=True, slots=True, repr=False)
class Effect(Sentence):
    """A focal coefficient in a rung, beside the asked model. ``str()`` is a sentence.

    Attributes
    ----------
    name : str
        In the asked model.
    here : str
        In this rung: ``"within(ses, sch.id)"``.
    estimate, std_error : float
    change : float
        Difference of the estimates in standard errors of the asked model.
    se_ratio : float
        Standard error over that of the asked model.
    conclusion : str
    holds : bool
        Whether the conclusion is that of the asked model.
    conf_low, conf_high : float
        The 95% interval that the conclusion is about.
    """

    name: str
    here: str
    estimate: float
    std_error: float
    change: float
    se_ratio: float
    conclusion: Conclusion
    holds: bool
    conf_low: float = math.nan
    conf_high: float = math.nan

    def __str__(self) -> str:
        if math.isnan(self.std_error):
            return f"{self.here}: no estimate"
        value, error = figures(self.estimate), figures(self.std_error, 2)
        moved = f"{self.change:+.1f} standard errors from the asked model"
        return f"{self.here} {value} (SE {error}), {moved}"


@dataclass(frozen=True, slots=True)
class Tried:
    """A plan with its fits: as the asked model was fitted, and by ML.

    `arguments` are what the call of this fit has besides those of the plan. `refusal` is a sentence
    about why there is no fit.
    """

    plan: Plan
    fit: AnySubject | None = field(repr=False)
    ml: AnySubject | None = field(repr=False)
    refusal: str = ""
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Rung(Sentence):
    """One rung of the ladder. ``str()`` is its title with what it says.

    Attributes
    ----------
    key, title, formula : str
    call : Call
        What to type.
    verdict : str
        Of the certificate; ``"not fitted"`` if the data do not allow the model, ``"not tried"`` if
        it was left out for its cost.
    ranks : str
        Rank and size of each covariance matrix: ``"1 of 2"``.
    criterion : float
        -2 log-likelihood (of REML under REML), without a prior's part.
    comparable : bool
        Whether it compares with that of the asked model.
    nobs : int
        Rows used.
    df : int
        Parameters.
    loglik_ml, aic_ml, bic_ml : float
        Of the fit by ML: comparable over all rungs; NaN where other rows are used.
    effects : tuple of Effect
    test : Test or None
    judgement : str
        One sentence or two.
    """

    key: str
    title: str
    formula: str
    call: Call
    verdict: str
    ranks: str = ""
    criterion: float = math.nan
    comparable: bool = False
    nobs: int = 0
    df: int = 0
    loglik_ml: float = math.nan
    aic_ml: float = math.nan
    bic_ml: float = math.nan
    effects: tuple[Effect, ...] = ()
    test: Test | None = None
    judgement: str = ""

    def __str__(self) -> str:
        return f"{self.title}: {self.judgement or self.verdict}"

    @property
    def code(self) -> str:
        """The call to type."""
        return self.call.text()

    @property
    def fitted(self) -> bool:
        """Whether there is a fit behind it."""
        return self.verdict not in ("not fitted", "not tried")

    @property
    def certified(self) -> bool:
        """Whether the fit is at an optimum."""
        return self.verdict in ("interior optimum", "boundary optimum")


@dataclass(frozen=True, slots=True, repr=False)
class Ladder(Sentence):
    """All rungs, the asked model first, and what they say together. ``str()`` names them.

    Attributes
    ----------
    rungs : tuple of Rung
    summary : tuple of str
        Sentences.
    remedy : bool
        Whether there is something to remedy; otherwise the page is short.
    looked_at : str
        How many larger random parts were looked at, and what came of it.
    recommended : int or None
        The rung whose formula the summary recommends.
    about_optimum : int
        How many of the first sentences of the summary only say that the fit is at its optimum.
    about_coefficients : int
        How many of the last ones say which conclusions hold.
    """

    rungs: tuple[Rung, ...]
    summary: tuple[str, ...]
    remedy: bool
    looked_at: str = ""
    recommended: int | None = None
    about_optimum: int = 0
    about_coefficients: int = 0

    def __str__(self) -> str:
        titles = ", ".join(f"{k} {rung.title}" for k, rung in enumerate(self.rungs))
        return f"{count(len(self.rungs), 'rung')}: {titles}"

    def __getitem__(self, key: str) -> Rung:
        return next(rung for rung in self.rungs if rung.key == key)
